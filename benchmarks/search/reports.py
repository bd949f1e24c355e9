"""Print the benchmark's results."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from benchmarks.search import product, scoring, workload
from benchmarks.search.adversarial import adversarial
from benchmarks.search.kinds import fold

GROUPS = (*workload.GROUPS, "slow", "suggestions")
ALLOWED = 0.02  # by this much MRR a kind of query may be worse than a peer
REPEATS = 3
COMMON_WORDS = 12
FIRST_ROWS = 200_000


def print_builds(books: Path, seconds: Mapping[str, float]) -> None:
    (ours, taken), *peers = seconds.items()
    beside = ", ".join(f"{taken / other:.1f} times {name}'s {other:.1f} s" for name, other in peers)
    print(f"{books.parent.name}: {ours} imported it in {taken:.1f} s{beside and ', '}{beside}")


def print_groups(answers: Mapping[str, Sequence[scoring.Answer]]) -> None:
    """Print a table for each group of kinds, and the kinds in which a peer finds more."""
    (ours, of_ours), *peers = answers.items()
    for group in (*workload.GROUPS, ""):
        chosen = {
            name: [answer for answer in given if workload.group_of(answer.query.kind) == group]
            for name, given in answers.items()
        }
        if chosen[ours]:
            print("", group or "from a file", *scoring.table(chosen), sep="\n")
    print()
    for name, given in peers:
        below = list(scoring.shortfalls(of_ours, given, ALLOWED))
        print(f"More than {ALLOWED} of MRR below {name}: {'; '.join(below) or 'no kind of query'}")


def print_misses(answers: Sequence[scoring.Answer]) -> None:
    """Print the queries whose book isn't first, except those reserved for checking the tuning."""
    print("\nNot found first (place, or 0: kind: query: what came first)")
    for answer in sorted(answers, key=lambda answer: answer.query.kind):
        if answer.rank != 1 and answer.query.mode != "none" and workload.group_of(answer.query.kind) in workload.OPEN:
            first = "nothing" if answer.first is None else f"{answer.first[1]} / {answer.first[2]}"
            print(f"{answer.rank:3} {answer.query.kind}: {answer.query.text}: {first}")


def commonest(catalogue: Path, size: int = COMMON_WORDS) -> list[str]:
    """Return the most common words of titles, the most common first."""
    with catalogue.open(encoding="utf-8", newline="") as file:
        titles = (row["title"] for row in islice(csv.DictReader(file), FIRST_ROWS))
        counts = Counter(word for title in titles for word in set(fold(title).split()))
    return [word for word, _ in counts.most_common(size)]


def print_slow(ours: product.Product, searches: Mapping[str, scoring.Search], common: Sequence[str]) -> None:
    """Print the cost of queries that are designed to be slow: the lowest of several runs."""
    queries = list(dict.fromkeys((*adversarial(), *(" ".join(common[:size]) for size in range(1, len(common) + 1)))))
    print(f"\n{len(queries)} queries made to be slow")
    for name, search in searches.items():
        repeats = REPEATS if search == ours.search else 1
        print_times(name, [(min(scoring.timed(search, query) for _ in range(repeats)), query) for query in queries])
    waited, processor = [], []
    for query in queries:
        asked = [ours.in_database(ours.search, query) for _ in range(REPEATS)]
        waited.append((min(milliseconds for milliseconds, _ in asked), query))
        if counted := [milliseconds for _, milliseconds in asked if milliseconds is not None]:
            processor.append((min(counted), query))
    for name, times in (("in statements", waited), ("server's processor", processor)):
        if times:
            print_times(name, times)


def print_suggestions(ours: product.Product, queries: Sequence[workload.Query]) -> None:
    typed = list(dict.fromkeys(_beginnings(queries)))
    print(f"\n{len(typed)} beginnings of queries, suggestions")
    print_times("by the clock", [(min(scoring.timed(ours.suggest, text) for _ in range(REPEATS)), text) for text in
                                 typed])  # fmt: skip


def _beginnings(queries: Sequence[workload.Query]) -> Iterator[str]:
    """Yield what a reader types on the way to a query."""
    for query in queries[:300]:
        yield from (query.text[:size] for size in (1, 2, 4, 6, 9))


def print_times(name: str, times: list[tuple[float, str]]) -> None:
    times.sort()
    p50, p99 = times[len(times) // 2][0], times[int(len(times) * 0.99)][0]
    print(f"  {name:20} p50 {p50:6.2f}  p99 {p99:6.2f}  max {times[-1][0]:6.2f} ms")
    print("    slowest: " + ", ".join(f"{text[:40]!r} {milliseconds:.1f}" for milliseconds, text in times[:-4:-1]))
