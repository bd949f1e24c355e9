"""make bench-backup, or python -m benchmarks.backup: measure a backup and a restore, compared with pg_dump in the
same run.

The site has the catalogue of the other benchmarks, kept in benchmarks/work/, and readers who have reviewed its books.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url, text

from benchmarks.search import catalogue, product
from benchmarks.search.building import is_current, work_folder
from flyleaf.backup.tables import LEFT_OUT
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.embedded import binaries

READERS = """
INSERT INTO readers (name, name_key, password_hash)
SELECT 'Reader ' || number, 'reader ' || number, '$argon2id$v=19$m=19456,t=2,p=1$' || repeat(md5(number::text), 2)
  FROM generate_series(1, :readers) AS number
"""
REVIEWS = """
INSERT INTO reviews (book_id, reader_id, rating, text)
SELECT book.id, reader.id, 1 + (book.id + reader.id) % 5, repeat(md5((book.id * reader.id)::text) || ' ', 6)
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM readers) AS reader
  JOIN (SELECT lead_book_id AS id, row_number() OVER (ORDER BY lead_book_id) AS number FROM search_works) AS book
    ON book.number % (SELECT count(*) FROM readers) = reader.number % (SELECT count(*) FROM readers)
 ORDER BY book.id, reader.id
 LIMIT :reviews
"""


def main() -> int:
    """Print the costs and return the exit code."""
    options = _arguments()
    folder = work_folder(None, options.books, options.seed)
    books = folder / "catalogue.csv"
    if not is_current(books):
        catalogue.write(books, options.books, options.seed)
    with product.serving(folder / "backup-site") as (config, database), tempfile.TemporaryDirectory() as place:
        product.build(config, database, books)
        fill(database, options.readers, options.reviews)
        file = Path(place) / "site.backup"
        saved = run_command(config, "backup", file)
        dumped = _pg_dump(database, Path(place) / "site.dump")
        _print(
            "backup",
            saved,
            f", {file.stat().st_size / 1e6:.0f} MB, {saved[0] / dumped:.2f} times pg_dump's {dumped:.1f} s",
        )
        _print("check", run_command(config, "restore", "--check", file))
        product.empty(database)
        database.close()
        _print("restore", run_command(config, "restore", file), ", with the search built")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.backup", description="Measure what a backup and a restore cost."
    )
    parser.add_argument("--books", type=int, default=1_000_000, help="size of the generated catalogue (1,000,000)")
    parser.add_argument("--readers", type=int, default=10_000, help="accounts (10,000)")
    parser.add_argument("--reviews", type=int, default=200_000, help="their reviews (200,000)")
    parser.add_argument("--seed", type=int, default=42, help="a different seed generates a different catalogue")
    return parser.parse_args()


def fill(database: Database, readers: int, reviews: int) -> None:
    """Add readers who have reviewed the books."""
    with database.command_transaction() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(READERS), {"readers": readers})
        connection.execute(text(REVIEWS), {"reviews": reviews})


def run_command(config: Config, *arguments: str | Path) -> tuple[float, float]:
    """Run python -m flyleaf as an operator does, and return the seconds and the peak memory in megabytes."""
    environment = os.environ | {"FLYLEAF_DATA": str(config.data)}
    environment.pop("DATABASE_URL", None)
    start, most = time.perf_counter(), 0.0
    process = subprocess.Popen([sys.executable, "-m", "flyleaf", *map(str, arguments)], cwd=PROJECT, env=environment)
    while process.poll() is None:
        most = max(most, _megabytes(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} failed")
    return time.perf_counter() - start, most


def _megabytes(process: int) -> float:
    """Return the process's peak memory. (The kernel's figure for an ended child would include this process's own
    memory.)"""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)


def _pg_dump(database: Database, file: Path) -> float:
    """Return the seconds that pg_dump takes for the same tables."""
    address = make_url(str(database.engine.url))
    program = binaries.find(None).program("pg_dump")
    host = str(address.query["host"])
    command: Sequence[str] = [
        program,
        "-Fc",
        "-Z1",
        "-h",
        host,
        "-p",
        "5432",
        "-U",
        "flyleaf",
        "-f",
        str(file),
        "flyleaf",
    ]
    left_out = [f"--exclude-table-data={name}" for name in LEFT_OUT]
    start = time.perf_counter()
    subprocess.run([*command, "-n", "public", *left_out], check=True)
    return time.perf_counter() - start


def _print(name: str, cost: tuple[float, float], more: str = "") -> None:
    print(f"{name:10}{cost[0]:7.1f} s, {cost[1]:4.0f} MB of memory{more}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
