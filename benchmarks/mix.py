"""make bench-load, or python -m benchmarks.mix [--books N]: many readers at once, who do what readers do.

They search, open books, log in and write reviews without a pause (benchmarks/readers.py), so that both processors are
busy. Every operation is compared with the floor, a route on the same server that looks up one row, asked for in the
same mix; and the whole mix with a run in which everybody asks for the floor only. Then the same with two nodes: a
second site on the same database and sessions. In between: in which packages the site's time goes, and in which
statements PostgreSQL's.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import flask
from sqlalchemy import Engine, create_engine, text

from benchmarks.memory import print_memory, processes
from benchmarks.search import catalogue, product
from benchmarks.site import free_port, running
from flyleaf.config import PROJECT
from flyleaf.embedded.cluster import SUPERUSER

SEED = 7
ARRIVE = 4  # readers a second: each registers first
WORK = PROJECT / "benchmarks" / "work"
PACKAGES = 14  # of the profile
# The share of PostgreSQL's time, to plan and to run, of the statements that take most of it; blocks are of 8 KB.
STATEMENTS = """
SELECT (total_plan_time + total_exec_time) / sum(total_plan_time + total_exec_time) OVER () AS share,
       calls, mean_plan_time + mean_exec_time AS milliseconds,
       (shared_blks_hit + shared_blks_read)::float / calls AS blocks,
       shared_blks_read::float / calls AS read, regexp_replace(query, '\\s+', ' ', 'g') AS query
  FROM pg_stat_statements
 WHERE calls > 0
 ORDER BY share DESC
 LIMIT 12
"""
ROOTS = ("flyleaf", "benchmarks", "templates")
SITE_PACKAGES = Path(flask.__file__).parent.parent


class Operation(NamedTuple):
    """One row of locust's statistics; times in milliseconds."""

    name: str
    requests: int
    failures: int
    a_second: float
    p50: float
    p95: float
    p99: float


def attack(
    folder: Path, books: Path, hosts: Sequence[str], readers: int, seconds: int, only: str = ""
) -> list[Operation]:
    """Let the readers loose and return what each operation took; the last row is all of them together."""
    environment = {**os.environ, "MIX": json.dumps([str(books), list(hosts), only])}
    arrival = readers / ARRIVE  # seconds, after which the statistics start anew
    options = f"--headless --only-summary --reset-stats --exit-code-on-error 0 -u {readers} -r {ARRIVE} "
    options += f"-t {arrival + seconds:.0f}s --csv {folder / 'mix'}"
    command = [sys.executable, "-m", "locust", "-f", "benchmarks/readers.py", *options.split()]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    with (folder / "mix_stats.csv").open(newline="") as file:
        rows = [
            Operation(
                row["Name"],
                int(row["Request Count"]),
                int(row["Failure Count"]),
                float(row["Requests/s"]),
                *(float(row[column]) for column in ("50%", "95%", "99%")),
            )
            for row in csv.DictReader(file)
        ]
    return [row for row in rows if row.name != "prepare"]


def failures(folder: Path) -> list[str]:
    """Return why requests of the last attack failed, and how often."""
    with (folder / "mix_failures.csv").open(newline="") as file:
        return [f"{row['Occurrences']} {row['Name']}: {row['Error'][:200]}" for row in csv.DictReader(file)]


def report(title: str, operations: Sequence[Operation], bare: float, reasons: Sequence[str]) -> None:
    """Print a table of the operations. `bare`: floors a second; `reasons`: why requests failed."""
    floor = next(one for one in operations if one.name == "floor")
    total = next(one for one in operations if one.name == "Aggregated")
    failed = sum(one.failures for one in operations if one is not total)
    print(f"\n{title}: {total.a_second:.0f} requests a second, {total.a_second / bare:.2f} of the floor's {bare:.0f}")
    print(f"{'':14}{'requests':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}   as a ratio to the floor's")
    for one in operations:
        if one is not total:
            ratios = f"{one.p50 / floor.p50:8.2f}{one.p95 / floor.p95:8.2f}{one.p99 / floor.p99:8.2f}"
            print(f"{one.name:14}{one.requests:10}{one.p50:9.0f}{one.p95:9.0f}{one.p99:9.0f}{ratios}")
    print(f"{failed} requests failed{': ' if failed else ''}{'; '.join(reasons)}")


def where_time_goes(
    folder: Path, data: Path, books: Path, hosts: Sequence[str], readers: int, seconds: int, superuser: Engine
) -> None:
    """Print the processor time of the site and its database during a run, which packages the workers were in, and which
    statements took PostgreSQL's time."""
    with superuser.begin() as connection:
        connection.execute(text("SELECT pg_stat_statements_reset()"))
    before = {process: process.cpu_times() for found in processes(data).values() for process in found}
    worker = max(processes(data)["workers"], key=lambda process: sum(process.cpu_times()[:2]))
    profile = folder / "profile"
    spying = subprocess.Popen(
        [Path(sys.executable).parent / "py-spy", "record", "--pid", str(worker.pid), "--gil", "--format", "raw",
         "--output", profile, "--duration", str(seconds)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    attack(folder, books, hosts, readers, seconds + 3)
    spying.wait(60)
    used: dict[str, float] = {}
    for kind, found in processes(data).items():
        for process in found:
            times, earlier = process.cpu_times(), before.get(process)
            spent = times.user + times.system - (earlier.user + earlier.system if earlier else 0)
            used[kind] = used.get(kind, 0) + spent
    total = sum(used.values())
    print("\nprocessor time: " + ", ".join(f"{kind} {spent / total:.0%}" for kind, spent in used.items()))
    packages: Counter[str] = Counter()
    for line in profile.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        packages[_package(stack.split(";"))] += int(count)
    shares = (f"{name} {count / packages.total():.0%}" for name, count in packages.most_common(PACKAGES))
    print("a worker's Python: " + ", ".join(shares))
    print("PostgreSQL's time:     calls       ms   blocks   of them read")
    with superuser.begin() as connection:
        for share, calls, milliseconds, hit, read, query in connection.execute(text(STATEMENTS)):
            print(f"{share:17.1%}{calls:11,}{milliseconds:9.2f}{hit:9.1f}{read:15.2f}   {query[:110]}")


def preload_statistics(data: Path) -> None:
    """Let the database, which must not be running, count its statements."""
    with (data / "postgres" / "postgresql.auto.conf").open("a") as settings:
        settings.write("shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track_planning = on\n")


def _package(stack: Sequence[str]) -> str:
    """Return the package of the innermost function that isn't Python's own; of Flyleaf's, the room."""
    for frame in reversed(stack):
        parts = frame.partition("(")[2].rpartition(":")[0].split("/")
        if parts[0] in ROOTS:
            return "/".join(parts[:2]).removesuffix(".py")
        if len(parts) > 1 and (SITE_PACKAGES / parts[0]).exists():
            return parts[0]
    return "Python itself"


def catalogue_of(books: int | None) -> Path:
    """Return the shipped catalogue, or a generated one of this size, which is kept."""
    if books is None:
        return PROJECT / "books.csv"
    path = WORK / f"mix-{books}.csv"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        catalogue.write(path, books, SEED)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mix", description="Measure many readers at once.")
    parser.add_argument("--books", type=int, help="generate a catalogue of this size instead of using books.csv")
    parser.add_argument("--readers", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    books = catalogue_of(options.books)
    with tempfile.TemporaryDirectory(prefix="flyleaf-bench-") as temporary, ExitStack() as nodes:
        folder = Path(temporary)
        folder.chmod(0o711)  # as root, the database runs under another account
        data, port = folder / "data", free_port()
        environment = {**os.environ, "FLYLEAF_DATA": str(data)}
        environment.pop("DATABASE_URL", None)
        subprocess.run(
            [sys.executable, "import.py", books], cwd=PROJECT, env=environment, check=True, capture_output=True
        )
        preload_statistics(data)
        _, database = nodes.enter_context(product.serving(data))
        superuser = create_engine(database.owner.url.set(username=SUPERUSER))
        nodes.callback(superuser.dispose)
        with superuser.begin() as connection:
            connection.execute(text("CREATE EXTENSION pg_stat_statements"))
        nodes.enter_context(running(["-m", "benchmarks.floor"], data, port))
        hosts = [f"http://127.0.0.1:{port}"]
        time.sleep(5)
        print(f"{books.name}; at rest")
        print_memory(data)
        attack(folder, books, hosts, options.readers, 10)  # warm up
        bare = attack(folder, books, hosts, options.readers, options.seconds, "floor")[-1].a_second
        one = attack(folder, books, hosts, options.readers, options.seconds)
        report(f"one node, {options.readers} readers", one, bare, failures(folder))
        print_memory(data)
        where_time_goes(folder, data, books, hosts, options.readers, options.seconds, superuser)
        second = free_port()
        nodes.enter_context(running(["-m", "benchmarks.floor"], data, second))
        hosts.append(f"http://127.0.0.1:{second}")
        two = attack(folder, books, hosts, options.readers, options.seconds)
        report(f"two nodes, {options.readers} readers", two, bare, failures(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
