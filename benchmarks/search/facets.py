"""python -m benchmarks.search.facets: what facets and a subject cost a search, compared with the same search without.

The catalogue is generated, with languages and subjects that are as unequal as real ones: the most common subject is
that of one book in seven, most are of a few. Both searches of a pair are asked one straight after the other. The
processor time is that of this process and of its server process together: on a busy machine it says more than the
clock.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.search import catalogue, product, workload
from benchmarks.search.building import build_once, is_current, work_folder
from benchmarks.search.reports import commonest
from flyleaf.search import SearchQuery, search_books

PASSES = 3  # of these, the quickest counts
SUBJECTS = 5_000
LANGUAGES = ("eng", "eng", "eng", "eng", "eng", "eng", "spa", "ger", "fre", "por", "ita", "")
RANKS = (1, 10, 100, 1_000, 4_000)  # of the subjects that common words are searched with
WORDS = 40

Times = list[tuple[float, float]]  # of each query, milliseconds by the clock and of the processors


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.facets", description="What facets cost.")
    parser.add_argument("--books", type=int, default=20_000, help="in the catalogue that is made (20,000)")
    parser.add_argument("--seed", type=int, default=42, help="another one, another catalogue")
    parser.add_argument("--each", type=int, default=workload.EACH, help="queries of a kind")
    options = parser.parse_args()
    folder = work_folder(None, options.books, options.seed)
    books, described = folder / "catalogue.csv", folder / "described.csv"
    if not is_current(books):
        catalogue.write(books, options.books, options.seed)
    if not is_current(described, [books, Path(__file__)]):
        described.write_text("".join(describe(books, options.seed)), encoding="utf-8")
    with product.serving(folder / "described") as (config, database):
        build_once(folder, "described", described, product.CODE, lambda: product.build(config, database, described))
        texts = [query.text for query in workload.make(books, 7, options.each)]
        with database.engine.connect() as connection:
            ask = Asked(connection)
            print(f"{options.books:,} books, {len(texts):,} queries")
            report(*ask.in_pairs([(SearchQuery(one), SearchQuery(one, with_facets=True)) for one in texts]), "facets")
            words = commonest(books)[:WORDS]
            for rank in RANKS:
                pairs = [(SearchQuery(word), SearchQuery(word, subject=subject(rank))) for word in words]
                report(*ask.in_pairs(pairs), f"common words, {subject(rank)}")
    return 0


def subject(rank: int) -> str:
    return f"Subject {rank}"


def describe(books: Path, seed: int) -> Iterator[str]:
    """Yield the lines of the catalogue with a language and up to four subjects a book."""
    dice = random.Random(seed)
    with books.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(file):
            if number == 0:
                yield f"{line.rstrip()},language,subjects\n"
                continue
            ranks = [int(SUBJECTS ** dice.random()) for _ in range(dice.choice((0, 1, 1, 2, 3, 4)))]
            yield f"{line.rstrip()},{dice.choice(LANGUAGES)},{'|'.join(map(subject, ranks))}\n"


class Asked:
    """One client on one connection, with a transaction for each search."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        connection.commit()

    def in_pairs(self, pairs: Sequence[tuple[SearchQuery, SearchQuery]]) -> tuple[Times, Times]:
        """Return the times of the first and of the second of each pair."""
        passes = [[(self._time(one), self._time(other)) for one, other in pairs] for _ in range(PASSES)]
        return (
            [_least(times[at][0] for times in passes) for at in range(len(pairs))],
            [_least(times[at][1] for times in passes) for at in range(len(pairs))],
        )

    def _time(self, query: SearchQuery) -> tuple[float, float]:
        clock, processors = time.perf_counter(), self._processors()
        with self._connection.begin():
            search_books(self._connection, query)
        return 1000 * (time.perf_counter() - clock), self._processors() - processors

    def _processors(self) -> float:
        """Return milliseconds so far; on Linux only."""
        server = int(Path(f"/proc/{self._process}/schedstat").read_text().split()[0]) / 1e6
        return 1000 * time.process_time() + server


def _least(times: Iterator[tuple[float, float]]) -> tuple[float, float]:
    clock, processors = zip(*times, strict=True)
    return min(clock), min(processors)


def report(without: Times, with_it: Times, name: str) -> None:
    for at, of in enumerate(("by the clock", "of processors")):
        one, other = sorted(times[at] for times in without), sorted(times[at] for times in with_it)
        figures = ", ".join(f"{label} {ratio(one, other, place)}" for label, place in (("p50", 0.5), ("p99", 0.99)))
        print(f"  {name:30} {of:14} {figures}, max {one[-1]:.1f} and {other[-1]:.1f} ms")


def ratio(one: Sequence[float], other: Sequence[float], place: float) -> str:
    first, second = (times[min(len(times) - 1, int(len(times) * place))] for times in (one, other))
    return f"{first:.2f} and {second:.2f} ms ({second / first:.2f})"


if __name__ == "__main__":
    sys.exit(main())
