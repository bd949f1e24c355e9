"""make bench-search, or python -m benchmarks.search: the search beside tantivy, on a catalogue of a million books.

What was made (books, queries, both indexes) is kept in benchmarks/work/ and used again by the next run with the same
numbers, as long as nothing changed that it depends on. `--catalogue` and `--workload-file` take files from elsewhere.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.search import catalogue, peer, product, scoring, workload
from benchmarks.search.adversarial import adversarial
from flyleaf.config import PROJECT

WORK = PROJECT / "benchmarks" / "work"
DEPENDS_ON = ("flyleaf/database/migrations/**/*", "flyleaf/importing/*", "benchmarks/search/peer.py")
ALLOWED = 0.02  # MRR that a kind of query may be worse in than the peer
REPEATS = 3


def main() -> int:
    options = read_arguments()
    folder = work_folder(options)
    books: Path = options.catalogue or folder / "catalogue.csv"
    if options.catalogue is None and not is_current(books):
        start = time.perf_counter()
        catalogue.write(books, options.books, options.seed)
        print(f"{options.books:,} books made in {time.perf_counter() - start:.0f} s")
    queries = read_queries(options, books, folder)
    with product.serving(folder / "site") as (config, database):
        built = build(folder, books, lambda: product.build(config, database, books))
        ours, theirs = built["product"], built["peer"]
        print(f"{books.name}: Flyleaf imported it in {ours:.1f} s, {ours / theirs:.1f} times tantivy's {theirs:.1f} s")
        with database.engine.connect() as connection:
            engine = product.Product(connection)
            compare(engine, peer.Peer(folder / "tantivy"), queries)
            bound(engine)
            time_suggestions(engine, queries)
    return 0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="The search beside tantivy.")
    parser.add_argument("--books", type=int, default=1_000_000, help="in the catalogue that is made (1,000,000)")
    parser.add_argument("--seed", type=int, default=42, help="another one, another catalogue")
    parser.add_argument("--workload", type=int, default=7, help="another one, other queries")
    parser.add_argument("--catalogue", type=Path, help="a CSV file instead of the one that is made")
    parser.add_argument("--workload-file", type=Path, help="queries as JSON lines instead of those that are made")
    return parser.parse_args()


def work_folder(options: argparse.Namespace) -> Path:
    """A folder for this catalogue."""
    name = f"{options.books}-{options.seed}"
    if options.catalogue is not None:
        options.catalogue = options.catalogue.absolute()
        path = hashlib.sha256(str(options.catalogue).encode()).hexdigest()
        name = f"{options.catalogue.stem}-{path[:6]}"
    for folder in (WORK, WORK / name):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)  # as root, the database runs under another account
    return WORK / name


def is_current(books: Path) -> bool:
    """Whether the catalogue is there, and younger than what it is made of."""
    made_of = (Path(catalogue.__file__), PROJECT / "books.csv")
    return books.exists() and all(books.stat().st_mtime >= path.stat().st_mtime for path in made_of)


def read_queries(options: argparse.Namespace, books: Path, folder: Path) -> list[workload.Query]:
    if options.workload_file is not None:
        return workload.load(options.workload_file)
    queries = workload.make(books, options.workload)
    workload.save(queries, folder / f"workload-{options.workload}.jsonl")
    return queries


def build(folder: Path, books: Path, build_product: Callable[[], float]) -> dict[str, float]:
    """Both indexes, one after the other; the seconds that each took, now or when it was built."""
    stamp = folder / "built.json"
    state = fingerprint(books)
    if stamp.exists() and (built := json.loads(stamp.read_text()))["state"] == state:
        return dict(built["seconds"])
    stamp.unlink(missing_ok=True)
    start = time.perf_counter()
    peer.build(books, folder / "tantivy")
    seconds = {"peer": time.perf_counter() - start, "product": build_product()}
    stamp.write_text(json.dumps({"state": state, "seconds": seconds}))
    return seconds


def fingerprint(books: Path) -> str:
    """Changes with the catalogue and with the sources that what is built of it depends on."""
    digest = hashlib.sha256(f"{books.stat().st_size} {books.stat().st_mtime_ns}".encode())
    for pattern in DEPENDS_ON:
        for path in sorted(PROJECT.glob(pattern)):
            if path.suffix in (".py", ".sql"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def compare(engine: product.Product, other: peer.Peer, queries: Sequence[workload.Query]) -> None:
    answers = scoring.compare({"Flyleaf": engine.search, "tantivy": other.search}, queries)
    for name, given in answers.items():
        print("", *scoring.table(name, given), sep="\n")
    ours, theirs = scoring.Score.of(answers["Flyleaf"]), scoring.Score.of(answers["tantivy"])
    below = list(scoring.shortfalls(answers["Flyleaf"], answers["tantivy"], ALLOWED))
    print(f"\nMore than {ALLOWED} of MRR below tantivy: {'; '.join(below) or 'no kind of query'}")
    ratio = ours.percentile(99) / theirs.percentile(99)
    print(f"p99 {ours.percentile(99):.2f} ms, {ratio:.2f} of tantivy's; max {ours.times[-1]:.2f} ms")


def bound(engine: product.Product) -> None:
    """Print what the queries that are made to be slow cost; the smallest of the repeats, as the machine does more."""
    by_clock, waited, processor = [], [], []
    for query in dict.fromkeys(adversarial()):
        asked = [(scoring.timed(engine.search, query), *engine.in_database(engine.search, query)) for _ in
                 range(REPEATS)]  # fmt: skip
        by_clock.append((min(clock for clock, _, _ in asked), query))
        waited.append((min(milliseconds for _, milliseconds, _ in asked), query))
        if counted := [milliseconds for _, _, milliseconds in asked if milliseconds is not None]:
            processor.append((min(counted), query))
    print(f"\n{len(by_clock)} queries made to be slow")
    for name, times in (("by the clock", by_clock), ("in statements", waited), ("server's processor", processor)):
        if times:
            print_times(name, times)


def time_suggestions(engine: product.Product, queries: Sequence[workload.Query]) -> None:
    typed = list(dict.fromkeys(beginnings(queries)))
    print(f"\n{len(typed)} beginnings of queries, suggestions")
    print_times("by the clock", [(min(scoring.timed(engine.suggest, text) for _ in range(REPEATS)), text) for text in
                                 typed])  # fmt: skip


def beginnings(queries: Sequence[workload.Query]) -> Iterator[str]:
    """What a reader types on the way to a query."""
    for query in queries[:300]:
        yield from (query.text[:size] for size in (1, 2, 4, 6, 9))


def print_times(name: str, times: list[tuple[float, str]]) -> None:
    times.sort()
    p50, p99 = times[len(times) // 2][0], times[int(len(times) * 0.99)][0]
    print(f"  {name:20} p50 {p50:6.2f}  p99 {p99:6.2f}  max {times[-1][0]:6.2f} ms")
    print("    slowest: " + ", ".join(f"{text[:40]!r} {milliseconds:.1f}" for milliseconds, text in times[:-4:-1]))


if __name__ == "__main__":
    sys.exit(main())
