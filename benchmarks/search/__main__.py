"""make bench-search, or python -m benchmarks.search: compare the search with other engines, on a million books.

The catalogue and the indexes are kept in benchmarks/work/, and the next run with the same options reuses them unless
something that they depend on has changed. `--catalogue` and `--workload-file` take other files.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.search import catalogue, determinism, fts5, peer, product, reports, scoring, workload
from benchmarks.search.building import build_once, is_current, work_folder
from flyleaf.database import Database

OURS = "Flyleaf"
QUICK_BOOKS = 10_000


class Peer(NamedTuple):
    """An engine to compare with. `code`: the files that its index depends on; `index_name`: the peer that builds it."""

    open: Callable[[Path], scoring.Search]
    build: Callable[[Path, Path], None]
    code: tuple[str, ...]
    index_name: str
    is_slow: bool = False


TANTIVY, FTS5 = ("benchmarks/search/peer.py",), ("benchmarks/search/fts5.py",)
PEERS = {
    "tantivy": Peer(lambda folder: peer.Peer(folder / "tantivy").search, peer.build, TANTIVY, "tantivy"),
    "tantivy-or": Peer(lambda folder: peer.AnyWord(folder / "tantivy").search, peer.build, TANTIVY, "tantivy"),
    "fts5": Peer(lambda folder: fts5.Fts5(folder / "fts5").search, fts5.build, FTS5, "fts5", True),
}  # fmt: skip


def main() -> int:
    options = read_arguments()
    folder = work_folder(options.catalogue, options.books, options.seed)
    books = folder / "catalogue.csv"
    if options.catalogue is None and not is_current(books):
        start = time.perf_counter()
        catalogue.write(books, options.books, options.seed)
        print(f"{options.books:,} books made in {time.perf_counter() - start:.0f} s")
    with product.serving(folder / "site") as (config, database):

        def build() -> float:
            seconds = product.build(config, database, options.catalogue or books)
            if options.catalogue is not None:
                product.export(database, books)
            return seconds

        taken = {OURS: build_once(folder, OURS, options.catalogue or books, product.CODE, build)}
        peers = build_peers(folder, books, [name for name in PEERS if not options.only or name in options.only])
        reports.print_builds(books, taken | peers)
        queries = read_queries(options, books, folder)
        if options.determinism:
            texts = list(dict.fromkeys(query.text for query in queries))
            return 1 if determinism.check(folder, database, texts) else 0
        measure(options, folder, database, list(peers), queries)
    return 0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="The search beside other engines.")
    parser.add_argument("--books", type=int, help="in the catalogue that is made (1,000,000)")
    parser.add_argument("--seed", type=int, default=42, help="another one, another catalogue")
    parser.add_argument("--workload", type=int, default=7, help="another one, other queries")
    parser.add_argument("--each", type=int, default=workload.EACH, help="queries of a kind")
    parser.add_argument("--catalogue", type=Path, help="a file to import instead of the one that is made")
    parser.add_argument("--workload-file", type=Path, help="queries as JSON lines instead of those that are made")
    parser.add_argument("--kinds", type=_names, help=f"groups of queries, of {', '.join(reports.GROUPS)} (all)")
    parser.add_argument("--only", type=_names, help=f"engines, of flyleaf, {', '.join(PEERS)} (all)")
    parser.add_argument("--passes", type=int, help=f"times each query is asked; the fastest counts ({scoring.PASSES})")
    parser.add_argument("--quick", action="store_true", help="Flyleaf alone, 10,000 books, surplus words, asked once")
    parser.add_argument("--misses", action="store_true", help="list the queries whose book Flyleaf does not show first")
    parser.add_argument("--determinism", action="store_true", help="list the queries whose answers differ between runs")
    options = parser.parse_args()
    for given, known in ((options.kinds, reports.GROUPS), (options.only, ("flyleaf", *PEERS))):
        if unknown := set(given or ()) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if options.catalogue is not None:
        options.catalogue = options.catalogue.absolute()
    options.books = options.books or (QUICK_BOOKS if options.quick else 1_000_000)
    options.kinds = options.kinds or (["surplus"] if options.quick else list(reports.GROUPS))
    options.only = options.only or (["flyleaf"] if options.quick else [])
    options.passes = options.passes or (1 if options.quick else scoring.PASSES)
    return options


def _names(text: str) -> list[str]:
    return text.split(",")


def build_peers(folder: Path, books: Path, names: Sequence[str]) -> dict[str, float]:
    """Return the seconds that each peer's index took, now or when it was built."""
    seconds = {}
    for name in names:
        one = PEERS[name]
        build = _timed(lambda one=one: one.build(books, folder / one.index_name))  # type: ignore[misc]
        seconds[name] = build_once(folder, one.index_name, books, one.code, build)
    return seconds


def _timed(build: Callable[[], None]) -> Callable[[], float]:
    return lambda: scoring.timed(lambda _: build(), "") / 1000


def read_queries(options: argparse.Namespace, books: Path, folder: Path) -> list[workload.Query]:
    if options.workload_file is not None:
        return workload.load(options.workload_file, options.catalogue)
    groups = [group for group in workload.GROUPS if group in options.kinds or options.determinism]
    queries = workload.make(books, options.workload, options.each, groups)
    workload.save(queries, folder / f"workload-{options.workload}.jsonl")
    return queries


def measure(
    options: argparse.Namespace,
    folder: Path,
    database: Database,
    peers: Sequence[str],
    queries: Sequence[workload.Query],
) -> None:
    """Ask every engine every query and print the results."""
    with database.engine.connect() as connection:
        ours = product.Product(connection)
        searches: Mapping[str, scoring.Search] = {OURS: ours.search} | {
            name: PEERS[name].open(folder) for name in peers
        }
        answers = scoring.compare(searches, queries, options.passes, [name for name in peers if PEERS[name].is_slow])
        reports.print_groups(answers)
        if options.misses:
            reports.print_misses(answers[OURS])
        if "slow" in options.kinds:
            reports.print_slow(ours, searches, reports.commonest(folder / "catalogue.csv"))
        if "suggestions" in options.kinds:
            reports.print_suggestions(ours, queries)


if __name__ == "__main__":
    sys.exit(main())
