"""python -m benchmarks.growing [--sizes 10000,100000,…]: how a site's costs grow with its books and reviews.

A site of each size has as many reviews as books, and a tenth as many readers. Every reader has reviewed the first book,
and the first reader has reviewed one book of 200. One of a hundred reviews was reported. It prints a table, and draws
docs/growth.svg. The sites and results are kept in benchmarks/work/, so that each size can be measured on its own, and
the pages again on a quieter machine.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from urllib.parse import quote_plus, urlencode

from sqlalchemy import text

from benchmarks.asked import query_for, sample
from benchmarks.backup import run_command
from benchmarks.importing import run_import
from benchmarks.load import Round, measure
from benchmarks.memory import memory, processes
from benchmarks.plot import draw
from benchmarks.search import catalogue, product
from benchmarks.search.building import is_current, work_folder
from benchmarks.site import free_port, log_in, running
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.paging import Key

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SEED = 42
QUERIES = 200
WARMING = 3  # rounds; in the first two, what a new worker does once takes 100 ms of two of 400 requests
READERS = """
INSERT INTO readers (name, name_key, password_hash, created_at)
SELECT 'Reader ' || n, 'reader ' || n, repeat('x', 97), now() - n * interval '1 second'
  FROM generate_series(1, :readers) AS n
"""
# Readers have one review of a work: the first edition of each is reviewed.
FIRST_EDITIONS = """
(SELECT min(book_id) AS book_id FROM search_editions GROUP BY work_id) AS edition ON edition.book_id = :first + book
"""
# Of every reader: one of the first book, and nine of others.
REVIEWS = f"""
INSERT INTO reviews (book_id, reader_id, rating, text, created_at)
SELECT :first + book, reader, 1 + (book + reader) % 5, repeat('What I think of it. ', 1 + (book + reader)::int % 20),
       now() - (reader * 10 + k) * interval '1 second'
  FROM (SELECT reader, k, CASE k WHEN 0 THEN 0 ELSE (reader::bigint * 9 + k) % :books END AS book
          FROM generate_series(:reader, :last) AS reader, generate_series(0, 9) AS k) AS written
  JOIN {FIRST_EDITIONS}
    ON CONFLICT DO NOTHING
"""  # constants
PROLIFIC = f"""
INSERT INTO reviews (book_id, reader_id, rating, text, created_at)
SELECT :first + book, :reader, 4, 'Good.', now() - book * interval '1 minute'
  FROM generate_series(1, :books / 200) AS book
  JOIN {FIRST_EDITIONS}
    ON CONFLICT DO NOTHING
"""  # constants
REPORTS = """
INSERT INTO review_reports (review_id, reader_id, reason, reported_at)
SELECT id, :reader, 'Spam', created_at FROM reviews WHERE id % 100 = 0 AND reader_id <> :reader
"""

Result = Mapping[str, float]
# What is measured, with its unit and the decimals to show.
MEASURES = {
    "import": ("s", 1),
    "memory of the import": ("MB", 0),
    "reviews": ("s", 1),
    "disk": ("MB", 0),
    "memory of the site": ("MB", 0),
    "search, p50": ("ms", 1),
    "search, p99": ("ms", 1),
    "most reviewed book": ("ms", 1),
    "its last page": ("ms", 1),
    "its most helpful reviews": ("ms", 1),
    "its reviews with three stars": ("ms", 1),
    "API of that book": ("ms", 1),
    "profile": ("ms", 1),
    "its last page of reviews": ("ms", 1),
    "moderation": ("ms", 1),
    "its last page of reports": ("ms", 1),
    "backup": ("s", 1),
    "memory of the backup": ("MB", 0),
}
LASTS = {  # each last page beside its first
    "its last page": "most reviewed book",
    "its last page of reviews": "profile",
    "its last page of reports": "moderation",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growing", description="How a site's costs grow.")
    parser.add_argument("--sizes", type=lambda sizes: [int(size) for size in sizes.split(",")], default=SIZES)
    parser.add_argument("--report", action="store_true", help="only print what was measured before")
    options = parser.parse_args()
    kept = work_folder(None, 0, SEED).parent / "growing.json"
    results: dict[str, dict[str, float]] = json.loads(kept.read_text()) if kept.exists() else {}
    for size in () if options.report else options.sizes:
        results[str(size)] = grow(size)
        kept.write_text(json.dumps(results, indent=1))
    by_size = {int(size): result for size, result in sorted(results.items(), key=lambda item: int(item[0]))}
    report(by_size)
    draw(PROJECT / "docs" / "growth.svg", by_size, [name for name, (unit, _) in MEASURES.items() if unit != "MB"])
    return 0


def grow(size: int) -> dict[str, float]:
    """Make a site with this many books and reviews and return what it costs."""
    print(f"{size:,} books …", flush=True)
    folder = work_folder(None, size, SEED)
    books = folder / "catalogue.csv"
    if not is_current(books):
        catalogue.write(books, size, SEED)
    site, built = folder / "growing-site", folder / "growing-site.json"
    with product.serving(site) as (config, database):
        if not built.exists():
            costs = build(config, database, books, size)
            costs["disk"] = sum(file.stat().st_blocks * 512 for file in site.rglob("*") if file.is_file()) / 1e6
            built.write_text(json.dumps(costs))
        database.build_search()  # of a site that an older version has made
        result: dict[str, float] = json.loads(built.read_text())
        measure_pages(result, config, database, books)
        backup = folder / "growing.backup"
        backup.unlink(missing_ok=True)
        result["backup"], result["memory of the backup"] = run_command(config, "backup", backup)
        backup.unlink()
    return result


def build(config: Config, database: Database, books: Path, size: int) -> dict[str, float]:
    """Import the books and write the reviews. Return what both cost."""
    product.empty(database)
    imported = run_import(config, database, books)
    start = time.perf_counter()
    fill(database, size)
    seconds = time.perf_counter() - start
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))  # as autovacuum does within minutes
    return {"import": imported.seconds, "memory of the import": imported.megabytes, "reviews": seconds}


def fill(database: Database, size: int) -> None:
    """Write readers, reviews and reports, through the triggers that count them, in one transaction: the search is
    rebuilt once."""
    readers = size // 10
    with database.command_transaction() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(READERS), {"readers": readers})
        reader = connection.execute(text("SELECT min(id) FROM readers")).scalar_one()
        first = connection.execute(text("SELECT min(id) FROM books")).scalar_one()
        values = {"first": first, "books": size, "reader": reader, "last": reader + readers - 1}
        for statement in (REVIEWS, PROLIFIC, REPORTS):
            connection.execute(text(statement), values)


def measure_pages(result: dict[str, float], config: Config, database: Database, books: Path) -> None:
    """Ask the site, as `make run` serves it, for searches and for the first and last pages of long lists."""
    port, chance = free_port(), random.Random(2)
    with running(["application.py"], config.data, port):
        name = f"Bench {time.time_ns():x}"  # the site may have been measured before
        cookie = log_in(port, name)
        with database.owner.begin() as connection:
            connection.execute(text("UPDATE readers SET is_moderator = true WHERE name = :name"), {"name": name})
            isbn = connection.execute(text("SELECT isbn FROM books ORDER BY id LIMIT 1")).scalar_one()
            oldest = connection.execute(text("SELECT min(created_at) FROM reviews")).scalar_one()
        last = urlencode(Key(oldest, 0, newer=True).arguments)

        def asked(paths: Sequence[str]) -> Round:
            for _ in range(WARMING):
                measure(port, paths, 1, cookie)
            return measure(port, paths, 1, cookie)

        searches = asked([f"/search?q={quote_plus(query_for(book, chance))}" for book in sample(books, QUERIES)])
        result["search, p50"], result["search, p99"] = searches.percentile(50), searches.percentile(99)
        for name, address in {
            "most reviewed book": f"/books/{isbn}",
            "its last page": f"/books/{isbn}?{last}",
            "its most helpful reviews": f"/books/{isbn}?order=helpful",
            "its reviews with three stars": f"/books/{isbn}?stars=3",
            "API of that book": f"/api/{isbn}",
            "profile": "/readers/Reader%201",
            "its last page of reviews": f"/readers/Reader%201?{last}",
            "moderation": "/moderation",
            "its last page of reports": f"/moderation?{last}",
        }.items():
            result[name] = median(asked([address] * 30).milliseconds)
        result["memory of the site"] = sum(
            size.pss / 1e6 for found in processes(config.data).values() for size in memory(found)
        )


def report(results: Mapping[int, Result]) -> None:
    """Print the results as a Markdown table, and what each last page costs beside its first."""
    print("| | " + " | ".join(f"{size:,}" for size in results) + " |")
    print("|---|" + "---|" * len(results))
    for name, (unit, decimals) in MEASURES.items():
        values = (f"{result[name]:,.{decimals}f}" for result in results.values())
        print(f"| {name}, {unit} | " + " | ".join(values) + " |")
    for size, result in results.items():
        for last, first in LASTS.items():
            print(f"{size:,}: {last} costs {result[last] / result[first]:.2f} times the first")


if __name__ == "__main__":
    sys.exit(main())
