"""Score answers: the rank of the intended book, and the time taken."""

import statistics
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.search.kinds import fold, thirteen
from benchmarks.search.workload import Query

SHOWN = 10  # results; later ones don't count as found
PASSES = 3  # of these, the shortest time counts

Found = tuple[str, str, str]  # ISBN, title, author
Search = Callable[[str], Sequence[Found]]  # the first SHOWN results, the best first


@dataclass
class Answer:
    """An engine's answer to a query. `rank` counts from 1; 0 means not among the first SHOWN."""

    query: Query
    rank: int
    times: list[float] = field(default_factory=list)
    first: Found | None = None

    @property
    def milliseconds(self) -> float:
        return min(self.times, default=0.0)


@dataclass(frozen=True)
class Score:
    """The score of some queries. The relevance is None if no query is for a book."""

    queries: int
    success_1: float | None
    success_10: float | None
    mrr: float | None
    times: Sequence[float]  # milliseconds, sorted

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "Score":
        ranks = [answer.rank for answer in answers if answer.query.mode != "none"]
        times = sorted(answer.milliseconds for answer in answers)
        if not ranks:
            return cls(len(answers), None, None, None, times)
        return cls(
            len(answers),
            ranks.count(1) / len(ranks),
            sum(rank > 0 for rank in ranks) / len(ranks),
            statistics.fmean(1 / rank if rank else 0.0 for rank in ranks),
            times,
        )

    def percentile(self, percent: float) -> float:
        return self.times[min(len(self.times) - 1, int(len(self.times) * percent / 100))]


def rank(query: Query, results: Sequence[Found]) -> int:
    """Return the rank of the first correct result, counted from 1, or 0 if there is none."""
    places = (place for place, found in enumerate(results[:SHOWN], 1) if _is_meant(query, *found))
    return next(places, 0)


def _is_meant(query: Query, isbn: str, title: str, author: str) -> bool:
    match query.mode:
        case "item":
            return f"{fold(title)}|{fold(author)}" == query.target
        case "author":
            return fold(author) == query.target
        case "isbn":
            return thirteen(isbn) == query.target
        case "isbn_prefix":
            return thirteen(isbn).startswith(query.target) or isbn.startswith(query.target)
        case "substring":
            return query.target in fold(f"{title} {author}")
    return False


def compare(
    searches: Mapping[str, Search],
    queries: Sequence[Query],
    passes: int = PASSES,
    once: Collection[str] = (),
) -> dict[str, list[Answer]]:
    """Ask every engine every query, in turns, so that other load on the machine affects all of them equally.

    Engines in `once` are too slow to repeat, and are asked in the first pass only.
    """
    answers: dict[str, list[Answer]] = {name: [] for name in searches}
    for query in queries:
        for name, search in searches.items():
            start = time.perf_counter()
            results = search(query.text)
            milliseconds = 1000 * (time.perf_counter() - start)
            answers[name].append(Answer(query, rank(query, results), [milliseconds], next(iter(results), None)))
    for _ in range(passes - 1):
        for number, query in enumerate(queries):
            for name, search in searches.items():
                if name not in once:
                    answers[name][number].times.append(timed(search, query.text))
    return answers


def timed(search: Callable[[str], object], text: str) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    search(text)
    return 1000 * (time.perf_counter() - start)


def by_kind(answers: Sequence[Answer]) -> dict[str, Score]:
    kinds = sorted({answer.query.kind for answer in answers})
    return {kind: Score.of([answer for answer in answers if answer.query.kind == kind]) for kind in kinds}


def table(answers: Mapping[str, Sequence[Answer]]) -> Iterator[str]:
    """Yield the lines of a table: one per engine for each kind of query, then for all kinds together."""
    names = f"{'':18}{'':15}{'queries':>8}"
    yield names + "".join(f"{name:>9}" for name in "succ@1 succ@10 MRR p50 p95 p99 max".split()) + " ms"
    scores = {name: by_kind(given) | {"all": Score.of(given)} for name, given in answers.items()}
    kinds = next(iter(scores.values()), {})
    for kind in kinds:
        for name, of_engine in scores.items():
            score = of_engine[kind]
            found = (score.success_1, score.success_10, score.mrr)
            relevance = "".join(f"{'' if value is None else f'{value:.3f}':>9}" for value in found)
            times = "".join(f"{score.percentile(p):9.2f}" for p in (50, 95, 99, 100))
            yield f"{kind:18}{name:15}{score.queries:8}{relevance}{times}"


def shortfalls(ours: Sequence[Answer], theirs: Sequence[Answer], allowed: float) -> Iterator[str]:
    """Return the kinds of queries in which our MRR is lower by more than `allowed`."""
    peer = by_kind(theirs)
    for kind, score in by_kind(ours).items():
        other = peer[kind].mrr
        if score.mrr is not None and other is not None and score.mrr < other - allowed:
            yield f"{kind} {score.mrr:.3f} against {other:.3f}"
