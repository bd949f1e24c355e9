"""Measure the upgrade of the embedded database to a new major version of PostgreSQL: `python -m benchmarks.upgrading`.

It makes a site with a million books (--books) and 200,000 reviews on the oldest PostgreSQL of this machine
(apt-get install postgresql-15), and starts it with the one that Flyleaf brings. Then it does the same with a copy,
kills everything in the middle, and starts that again.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import text

from benchmarks.backup import fill
from benchmarks.search import catalogue, product
from benchmarks.search.building import is_current, work_folder
from flyleaf.config import PROJECT, Config
from flyleaf.database.connect import open_database
from flyleaf.embedded import binaries, cluster
from flyleaf.embedded.errors import EmbeddedServerError
from tests.places import copy_folder, end_processes, eventually, processes_of

START = """
import sys
from pathlib import Path
from flyleaf.config import Config
from flyleaf.database.connect import open_database
open_database(Config(data=Path(sys.argv[1])), print)
"""


@dataclass
class Costs:
    """Seconds by the clock and of processors, and the most bytes that the folder took."""

    seconds: float = 0.0
    processor: dict[int, float] = field(default_factory=dict)
    bytes: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upgrading", description="Measure an upgrade.")
    parser.add_argument("--books", type=int, default=1_000_000, help="size of the generated catalogue (1,000,000)")
    books = parser.parse_args().books
    older = _oldest()
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="flyleaf-upgrading-") as folder:
        Path(folder).chmod(0o755)
        data, copy = Path(folder, "data"), Path(folder, "copy")
        content = _make(data, older, books)
        copy_folder(data, copy)
        before = _size(data)
        print(
            f"{books:,} books, PostgreSQL {cluster.major_version(data / 'postgres')}: {before / 1e6:,.0f} MB",
            flush=True,
        )
        with _measured(data) as costs:
            assert _content(data) == content
        print(
            f"upgraded after {costs.seconds:.0f} s, {sum(costs.processor.values()):.0f} s of processors; at most "
            f"{(costs.bytes - before) / 1e6:,.0f} MB more; the new one has {_size(data / 'postgres') / 1e6:,.0f} MB",
            flush=True,
        )
        with subprocess.Popen([sys.executable, "-c", START, copy], cwd=PROJECT):
            time.sleep(costs.seconds / 2)
            end_processes(copy)
        left = sorted(path.name for path in copy.iterdir())
        print(f"killed after {costs.seconds / 2:.0f} s: {', '.join(left)}", flush=True)
        assert cluster.major_version(copy / "postgres") == cluster.major_version(data / f"postgres-{older.major}.old")
        with _measured(copy) as costs:
            assert _content(copy) == content
        left = sorted(path.name for path in copy.iterdir())
        print(f"started again, it took {costs.seconds:.0f} s, and everything was there: {', '.join(left)}")
    return 0


def _oldest() -> binaries.Binaries:
    for path in sorted(binaries.DEBIAN.glob("*/bin")):
        with contextlib.suppress(EmbeddedServerError):
            return binaries.find(path)
    raise SystemExit("There is no older PostgreSQL: apt-get install postgresql-15.")


def _make(data: Path, older: binaries.Binaries, books: int) -> list[int]:
    file = work_folder(None, books, 42) / "catalogue.csv"
    if not is_current(file):
        catalogue.write(file, books, 42)
    config = Config(data=data, pg_bindir=older.folder)
    with open_database(config, print) as database:
        product.build(config, database, file)
        fill(database, 10_000, 200_000)
    assert eventually(lambda: not processes_of(data), seconds=120)
    return _content(data, older)


def _content(data: Path, programs: binaries.Binaries | None = None) -> list[int]:
    """Start the database, and return how many rows its tables have."""
    tables = ("books", "readers", "reviews", "rating_counts")
    config = Config(data=data, pg_bindir=programs.folder if programs else None)
    with (
        open_database(config, lambda line: print(f"    {line}", flush=True)) as database,
        database.transaction_as_is() as connection,
    ):
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        counts = [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]
    assert eventually(lambda: not processes_of(data), seconds=120)
    return counts


@contextlib.contextmanager
def _measured(data: Path) -> Iterator[Costs]:
    costs, done, began = Costs(), threading.Event(), time.monotonic()

    def watch() -> None:
        while not done.wait(0.5):
            costs.bytes = max(costs.bytes, _size(data))
            for process in processes_of(data):
                with contextlib.suppress(psutil.Error):
                    used = process.cpu_times()
                    costs.processor[process.pid] = used.user + used.system

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield costs
    finally:
        costs.seconds = time.monotonic() - began
        done.set()
        thread.join()


def _size(folder: Path) -> int:
    """Return the bytes that its files take on the disk; those that disappear meanwhile count nothing."""
    size = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += Path(path, name).lstat().st_blocks * 512
    return size


if __name__ == "__main__":
    sys.exit(main())
