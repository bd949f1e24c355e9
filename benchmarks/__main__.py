"""make bench, or python -m benchmarks [CATALOGUE.csv …]: measure how long a start takes and what a page costs.

Everything is measured in one run on the site as `make run` serves it. Pages are compared with the floor, a route on the
same server that looks up one row by its key, because absolute times mean little on another machine.
"""

import argparse
import csv
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote_plus

from benchmarks.load import Round, Summary, measure
from benchmarks.site import free_port, log_in, running
from flyleaf.config import PROJECT
from flyleaf.isbn import parse

ROUNDS = 7
REQUESTS = 400  # per round and kind of page
CONNECTIONS = 4


def kinds_of_pages(catalogue: Path) -> dict[str, list[str]]:
    """Return the addresses to request for each kind of page, in the same order in every run."""
    chance = random.Random(1)
    with catalogue.open(encoding="utf-8", newline="") as file:
        books = chance.sample(list(csv.DictReader(file)), REQUESTS)
    isbns = [parse(book["isbn"]) for book in books]
    queries = []
    for book in books:
        words = re.findall(r"\w+", book["title"])
        author = re.findall(r"\w+", book["author"])[-1:]
        queries.append(" ".join(chance.choice([words[:6], words[:2], author, words[-1:] + author])) or "book")
    return {
        "floor": [f"/floor/{isbn.identity}" for isbn in isbns],
        "search": [f"/search?q={quote_plus(query)}" for query in queries],
        "book": [f"/books/{isbn.isbn}" for isbn in isbns],
        "api": [f"/api/{isbn.isbn}" for isbn in isbns],
        "api search": [f"/api/search?q={quote_plus(query)}" for query in queries],
    }


def bench_start(folder: Path) -> None:
    """Print the time to the first page, for a first start (which creates the database and imports books.csv) and later
    ones."""
    with running(["application.py"], folder / "start", free_port()) as first:
        pass
    later = []
    for _ in range(5):
        with running(["application.py"], folder / "start", free_port()) as seconds:
            later.append(seconds)
    print(f"\nfrom the command to the first page: {first:.1f} s; later starts {statistics.median(later):.2f} s")


def bench_pages(catalogue: Path, folder: Path) -> None:
    """Print what the pages cost on this catalogue, compared with the floor."""
    data, port = folder / catalogue.stem, free_port()
    environment = os.environ | {"FLYLEAF_DATA": str(data)}
    environment.pop("DATABASE_URL", None)
    subprocess.run(
        [sys.executable, "import.py", str(catalogue)], cwd=PROJECT, env=environment, check=True, capture_output=True
    )
    with running(["-m", "benchmarks.floor"], data, port):
        cookie, pages = log_in(port), kinds_of_pages(catalogue)
        rounds: dict[str, list[Round]] = {kind: [] for kind in pages}
        for number in range(ROUNDS + 1):
            for kind, paths in pages.items():
                one = measure(port, paths, CONNECTIONS, cookie)
                if number:  # the first round is a warm-up
                    rounds[kind].append(one)
    print(f"\n{catalogue.name}, {CONNECTIONS} connections, medians of {ROUNDS} rounds of {REQUESTS} requests")
    print(f"{'':12}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'cost':>8}")
    for kind, taken in rounds.items():
        summary = Summary.of(taken)
        cost = statistics.median(
            floor.requests_a_second / one.requests_a_second
            for floor, one in zip(rounds["floor"], taken, strict=True)
        )  # fmt: skip
        print(f"{kind:12}{summary.requests_a_second:12.0f}{summary.p50:9.2f}{summary.p99:9.2f}{cost:7.2f}x")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what a start and a page cost.")
    parser.add_argument("catalogues", nargs="*", type=Path, default=[PROJECT / "books.csv"])
    catalogues: list[Path] = parser.parse_args().catalogues
    folder = Path(tempfile.mkdtemp(prefix="flyleaf-bench-"))
    folder.chmod(0o711)  # as root, the database runs under another account
    try:
        bench_start(folder)
        for catalogue in catalogues:
            bench_pages(catalogue.absolute(), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
