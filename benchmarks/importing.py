"""make bench-import, or python -m benchmarks.importing: measure imports, compared with baselines in the same run.

    a whole import            compared with tantivy's index of the same file: that of the search benchmark, and a bare
                              one of titles, names and ISBNs as they are
    loading into staging      compared with a bare COPY of the same file, as psql's \\copy does it
    MARC records              compared with a bare loop of pymarc (--marc FILE)
    a small change            compared with the first import
    searching meanwhile       compared with searching an idle site
    peak memory               of the importing process

The seconds of the processors are those of the program and of its server together. On a busy machine they say more than
the clock. The catalogue is generated from the shipped books and kept in benchmarks/work/.
"""

import argparse
import csv
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymarc
from sqlalchemy import text

from benchmarks.search import catalogue, peer, product, workload
from benchmarks.search.building import is_current, work_folder
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.importing.cleaning.rows import clean_columns
from flyleaf.importing.formats import marc
from flyleaf.importing.reading.source import open_source
from flyleaf.importing.reporting.findings import Findings
from flyleaf.search import SearchQuery, search_books

BARE = """
CREATE TEMP TABLE bare (
    isbn text, title text, author text, year smallint, average_rating numeric, ratings_count integer
) ON COMMIT DROP
"""
PAIRS = 5
CHANGED = 100  # one row in this many gets another title


@dataclass(frozen=True)
class Import:
    """One run of import.py."""

    seconds: float
    processors: float  # seconds, of the program and the server
    phases: dict[str, float]
    megabytes: float  # peak memory
    numbers: dict[str, Any]


def main() -> int:
    options = _arguments()
    if options.marc:
        bench_marc(options.marc)
    folder = work_folder(options.catalogue, options.books, options.seed)
    books = options.catalogue or folder / "catalogue.csv"
    if options.catalogue is None and not is_current(books):
        catalogue.write(books, options.books, options.seed)
    peers = {
        "tantivy": timed(peer.build, books, folder / "tantivy"),
        "bare tantivy": timed(peer.build_bare, books, folder / "bare-tantivy"),
    }
    with product.serving(folder / "site") as (config, database):
        bench_imports(config, database, books, peers)
        if options.meanwhile:
            bench_search_meanwhile(config, database, books)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.importing", description="Measure what an import costs.")
    parser.add_argument("--books", type=int, default=1_000_000, help="size of the generated catalogue (1,000,000)")
    parser.add_argument("--seed", type=int, default=42, help="a different seed generates a different catalogue")
    parser.add_argument("--catalogue", type=Path, help="use this CSV file with the same six columns instead")
    parser.add_argument("--marc", type=Path, help="also read this file of MARC 21 records, compared with pymarc")
    parser.add_argument("--no-meanwhile", dest="meanwhile", action="store_false", help="don't search during an import")
    return parser.parse_args()


def timed(build: Callable[[Path, Path], None], books: Path, folder: Path) -> tuple[float, float]:
    """Return the seconds that an index takes, by the clock and of the processors."""
    # In a separate process: the peak memory of a child starts from the memory of its parent.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(_timed, build, books, folder).result()


def _timed(build: Callable[[Path, Path], None], books: Path, folder: Path) -> tuple[float, float]:
    start = time.perf_counter()
    build(books, folder)
    return time.perf_counter() - start, time.process_time()


def bench_imports(config: Config, database: Database, books: Path, peers: dict[str, tuple[float, float]]) -> None:
    product.empty(database)
    first = run_import(config, database, books)
    again = run_import(config, database, books)
    change = run_import(config, database, changed(books, 1))
    print(f"{books.name}: {first.numbers['read']:,} rows")
    for name, one in (("first import", first), ("the same again", again), ("1 % changed", change)):
        phases = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in one.phases.items())
        print(
            f"  {name:16}{one.seconds:7.1f} s, {one.processors:.1f} of processors ({phases}), {one.megabytes:.0f} MB; "
            f"{one.numbers['added']:,} added, {one.numbers['changed']:,} changed"
        )
    for name, (seconds, processors) in peers.items():
        print(
            f"  the first import takes {first.seconds / seconds:.2f} times the {seconds:.1f} s of {name}, and "
            f"{first.processors / processors:.2f} times its {processors:.1f} s of processors"
        )
    print(f"  1 % changed takes {change.seconds / first.seconds:.2f} of the first import")
    pairs = [(bare_copy(database, books), run_import(config, database, books).phases["reading"]) for _ in range(PAIRS)]
    ratio = statistics.median(ours / bare for bare, ours in pairs)
    bare = statistics.median(bare for bare, _ in pairs)
    print(f"  load into staging: {ratio:.2f} times a bare COPY of {bare:.2f} s (median of {PAIRS} pairs)")


def run_import(config: Config, database: Database, *arguments: str | Path) -> Import:
    """Run import.py as an operator does, into the database of the running site."""
    environment = os.environ | {"FLYLEAF_DATA": str(config.data)}
    environment.pop("DATABASE_URL", None)
    start, before = time.perf_counter(), server_processors(database)
    program = [sys.executable, "import.py", "--json", *map(str, arguments)]
    process = subprocess.Popen(program, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    numbers = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(numbers["error"])
    seconds, phases = time.perf_counter() - start, numbers.pop("seconds")
    processors = usage.ru_utime + usage.ru_stime + server_processors(database) - before
    return Import(seconds, processors, phases, usage.ru_maxrss / 1024, numbers)


def server_processors(database: Database) -> float:
    """Return the processor seconds of the server and all of its processes so far; on Linux only."""
    with database.command_transaction() as connection:
        server = _stat(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())[1]
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            numbers = _stat(int(entry.name))
            if int(entry.name) == server:
                ticks += sum(numbers[11:15])  # those of its children that have ended, too
            elif numbers[1] == server:
                ticks += sum(numbers[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[int]:
    """Return the fields of /proc/PID/stat behind the program's name: see proc(5). The state is 0."""
    _, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return [0, *map(int, fields)]


def bare_copy(database: Database, books: Path) -> float:
    """Return the seconds that COPY takes to load the file into a table without indexes."""
    with database.command_transaction() as connection, books.open("rb") as file:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(BARE))
        driver: Any = connection.connection.driver_connection
        start = time.perf_counter()
        with driver.cursor() as cursor:
            cursor.copy_expert("COPY bare FROM STDIN WITH (FORMAT csv, HEADER)", file, size=1 << 16)
        return time.perf_counter() - start


def changed(books: Path, seed: int) -> Path:
    """Return a copy of the file with another title in one row of a hundred."""
    dice = random.Random(seed)
    path = books.with_name(f"{books.stem}-changed-{seed}.csv")
    with books.open(encoding="utf-8", newline="") as file, path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.reader(file)
        writer = csv.writer(out)
        writer.writerow(next(rows))
        for isbn, title, *others in rows:
            writer.writerow([isbn, f"{title} revisited {seed}" if dice.randrange(CHANGED) == 0 else title, *others])
    return path


def bench_search_meanwhile(config: Config, database: Database, books: Path) -> None:
    """Measure one reader's searches while 1 % of the catalogue changes, compared with an idle site."""
    queries = [query.text for query in workload.make(books, 7)]
    quiet = p99(list(searches(database, queries, lambda seconds: seconds > 20)))
    change = changed(books, 2)
    importing = threading.Thread(target=run_import, args=(config, database, change))
    importing.start()
    busy = p99(list(searches(database, queries, lambda seconds: not importing.is_alive())))
    importing.join()
    print(f"  the search meanwhile: p99 {busy:.1f} ms, {busy / quiet:.2f} times an idle site's {quiet:.1f} ms")


def searches(database: Database, queries: Sequence[str], is_over: Callable[[float], bool]) -> Iterator[float]:
    """Search repeatedly until `is_over`, and yield the milliseconds of each search."""
    dice, began = random.Random(3), time.perf_counter()
    while not is_over(time.perf_counter() - began):
        start = time.perf_counter()
        with database.transaction() as connection:
            search_books(connection, SearchQuery(dice.choice(queries)))
        yield 1000 * (time.perf_counter() - start)


def p99(milliseconds: list[float]) -> float:
    return sorted(milliseconds)[int(len(milliseconds) * 0.99)]


def bench_marc(path: Path) -> None:
    pairs = [(bare_loop(path), read_marc(path)) for _ in range(PAIRS)]
    ratio = statistics.median(ours / bare for bare, ours in pairs)
    bare = statistics.median(bare for bare, _ in pairs)
    print(f"{path.name}: read and cleaned in {ratio:.2f} times a bare loop of pymarc, {bare:.1f} s")


def bare_loop(path: Path) -> float:
    start = time.perf_counter()
    with path.open("rb") as file:
        for _ in pymarc.MARCReader(file):
            pass
    return time.perf_counter() - start


def read_marc(path: Path) -> float:
    start = time.perf_counter()
    with open_source(path) as source:
        for _ in clean_columns(marc.read(source), Findings()):
            pass
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
