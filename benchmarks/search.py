#!/usr/bin/env python3
"""Measure the search against tantivy, on a generated catalogue.

    python benchmarks/search.py FOLDER [--books N] [--seed S] [--workload W] --database URL

FOLDER holds the generator (catalogue.py), the workload (workload.py), the scorer (score.py) and the peer
(peer_tantivy.py). The catalogue is built and imported once and kept; both engines then answer the same queries in one
run, in turns. Prints both tables, the cost of building both, the slowest of the adversarial list, and the suggestions.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.adversarial import adversarial
from flyleaf.queries.search import SearchQuery, search_books, suggest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--books", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--workload", type=int, default=7)
    parser.add_argument("--catalogue", type=Path, help="use this CSV file instead of making one")
    parser.add_argument(
        "--database", required=True, help="of a migrated, empty database, or one that holds this catalogue already"
    )
    parser.add_argument("--work", type=Path, default=Path("instance/bench-search"))
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    catalogue = args.catalogue or make_catalogue(args)
    queries = args.work / f"{catalogue.stem}-{args.workload}.jsonl"
    run(args.folder / "workload.py", str(catalogue), "--seed", str(args.workload), str(queries))
    sys.path.insert(0, str(args.folder))
    engine = create_engine(args.database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        build(connection, catalogue)
        compare(connection, catalogue, queries, args.work / f"tantivy-{catalogue.stem}")
        measure("adversarial", lambda query: search_books(connection, SearchQuery(query)), adversarial())
        measure("suggestions", lambda query: suggest(connection, query), prefixes(queries))


def run(script: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, str(script), *arguments], check=True)


def make_catalogue(args: argparse.Namespace) -> Path:
    path: Path = args.work / f"catalogue-{args.books}-{args.seed}.csv"
    if not path.exists():
        run(args.folder / "catalogue.py", "--books", str(args.books), "--seed", str(args.seed), str(path))
    return path


def build(connection: Connection, catalogue: Path) -> None:
    """Import the catalogue unless it is there: COPY, one INSERT, and what the search derives, timed together."""
    from workload import read, to_isbn13

    if connection.execute(text("SELECT EXISTS (SELECT FROM books)")).scalar_one():
        return
    start = time.perf_counter()
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    with catalogue.open(encoding="utf-8", newline="") as file:
        years = [row["year"] for row in csv.DictReader(file)]
    for (isbn, title, author, count), year in zip(read(catalogue), years, strict=False):
        writer.writerow([isbn, to_isbn13(isbn), title, author, year if year and int(year) <= 2100 else "", count or ""])
    buffer.seek(0)
    with connection.connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            """CREATE TEMP TABLE staging (isbn text, isbn13 text, title text, author text, year int, ratings_count int)
               ON COMMIT DROP"""
        )
        cursor.copy_expert("COPY staging FROM STDIN WITH (FORMAT csv)", buffer)
        cursor.execute(
            """INSERT INTO books (isbn, isbn13, title, author, year)
               SELECT isbn, isbn13, title, author, year FROM staging ON CONFLICT DO NOTHING"""
        )
        cursor.execute("""INSERT INTO external_ratings (book_id, source, ratings_count)
            SELECT id, 'catalogue', ratings_count FROM staging JOIN books USING (isbn)
             WHERE ratings_count IS NOT NULL ON CONFLICT DO NOTHING""")
        imported = time.perf_counter()
        cursor.execute("COMMIT")
        print(f"import {imported - start:.1f} s, search {time.perf_counter() - imported:.1f} s")
        cursor.execute("VACUUM ANALYZE")


def compare(connection: Connection, catalogue: Path, queries: Path, folder: Path) -> None:
    import peer_tantivy
    from score import evaluate, load

    if not (folder / "meta.json").exists():
        peer_tantivy.build(catalogue, folder)
    workload = load(queries)

    def product(query: str) -> list[tuple[str, str, str]]:
        return [(r.isbn, r.title, r.author) for r in search_books(connection, SearchQuery(query, page_size=10)).results]

    ours = evaluate("Flyleaf", product, workload, passes=5)
    peer = evaluate("tantivy", peer_tantivy.Engine(folder).search, workload, passes=5)
    for name, scores in sorted(ours["classes"].items()):
        if "mrr" in scores and scores["mrr"] < peer["classes"][name]["mrr"] - 0.02:
            print(f"BELOW tantivy: {name} {scores['mrr']:.3f} against {peer['classes'][name]['mrr']:.3f}")
    print(f"p99 {ours['p99']:.2f} ms is {ours['p99'] / peer['p99']:.2f} of tantivy's; max {ours['max']:.2f} ms")


def prefixes(queries: Path) -> Iterator[str]:
    """What a reader types on the way to a query: its first 1, 2, 4, 6 and 9 characters."""
    with queries.open(encoding="utf-8") as file:
        for line in list(file)[:300]:
            query = json.loads(line)["query"]
            yield from (query[:size] for size in (1, 2, 4, 6, 9))


def measure(name: str, ask: Callable[[str], Any], queries: Iterator[str]) -> None:
    """The smallest of three times of each query; the percentiles and the slowest of all."""
    times = []
    for query in dict.fromkeys(queries):
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            ask(query)
            best = min(best, time.perf_counter() - start)
        times.append((best * 1e3, query[:60]))
    times.sort()
    middle, high = times[len(times) // 2][0], times[int(len(times) * 0.99)][0]
    print(f"{name}: {len(times)} queries  p50 {middle:.2f}  p99 {high:.2f}  max {times[-1][0]:.2f} ms")
    print("   slowest", [(round(ms, 1), query) for ms, query in times[-5:]])


if __name__ == "__main__":
    main()
