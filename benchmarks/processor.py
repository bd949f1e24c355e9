"""python -m benchmarks.processor [KIND …]: measure the processor time of each page, and the functions that take it.

Requests of each kind take turns in one process without a web server. The kernel says how much time Python and
PostgreSQL's process had, so other programs disturb the figures little; the number of function calls they don't disturb
at all. With a KIND, such as `book`, its most expensive functions are printed, too. The site's log goes to stderr.
"""

import argparse
import cProfile
import os
import pstats
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.__main__ import kinds_of_pages
from benchmarks.floor import create_floor
from benchmarks.site import PASSWORD, UNLIMITED
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.database.connect import open_database

ROUNDS = 7
REQUESTS = 80  # per round and kind of page
TOP = 45  # lines of a profile


class Measured:
    """The site in this process, and the server's process that its one connection talks to."""

    def __init__(self, app: Flask, database: Database) -> None:
        self._app = app
        browser = app.test_client()
        self._cookie = _log_in(browser)
        with database.transaction() as connection:
            process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        self._schedule = Path(f"/proc/{process}/schedstat")

    def requests(self, paths: Sequence[str]) -> list[dict[str, Any]]:
        """Return the requests for these addresses as a web server hands them over."""
        return [EnvironBuilder(path, headers=[("Cookie", self._cookie)]).get_environ() for path in paths]

    def send(self, requests: Sequence[dict[str, Any]]) -> None:
        """Have each answered. Raises RuntimeError for a response other than 200."""
        for request in requests:
            chunks, status, _ = run_wsgi_app(self._app, dict(request))
            b"".join(chunks)
            if not status.startswith("200"):
                raise RuntimeError(f"{request['PATH_INFO']} was answered with {status}")

    def seconds(self, requests: Sequence[dict[str, Any]]) -> tuple[float, float]:
        """Return the processor time that the requests take, of Python and of PostgreSQL."""
        python, postgresql = time.process_time(), self._postgresql()
        self.send(requests)
        python = time.process_time() - python
        return python, self._postgresql() - postgresql

    def _postgresql(self) -> float:
        return int(self._schedule.read_text().split()[0]) / 1e9


def _log_in(browser: FlaskClient) -> str:
    page = browser.get("/register").get_data(as_text=True)
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]
    fields = {"csrf_token": token, "username": "Bench", "password": PASSWORD, "confirmation": PASSWORD}
    cookies = browser.post("/register", data=fields).headers.getlist("Set-Cookie")
    return next(cookie.partition(";")[0] for cookie in cookies if "session" in cookie)


@contextmanager
def measured(catalogue: Path) -> Iterator[Measured]:
    """Return the site with this catalogue and a reader who is logged in."""
    folder = Path(tempfile.mkdtemp(prefix="flyleaf-bench-"))
    folder.chmod(0o711)  # as root, the database runs under another account
    environment = os.environ | UNLIMITED | {"FLYLEAF_DATA": str(folder / "data")}
    environment.pop("DATABASE_URL", None)
    try:
        subprocess.run(
            [sys.executable, "import.py", str(catalogue)], cwd=PROJECT, env=environment, check=True, capture_output=True
        )
        config = Config.from_environment(environment)
        with open_database(config, print) as database:
            yield Measured(create_floor(config, database), database)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def profiled(site: Measured, requests: Sequence[dict[str, Any]]) -> cProfile.Profile:
    """Return the function calls of the requests."""
    profile = cProfile.Profile()
    profile.runcall(site.send, requests)
    return profile


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processor", description=__doc__.partition("\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="floor, search, book, api, 'api search'")
    explained: list[str] = parser.parse_args().kinds
    catalogue = PROJECT / "books.csv"
    with measured(catalogue) as site:
        requests = {kind: site.requests(paths[:REQUESTS]) for kind, paths in kinds_of_pages(catalogue).items()}
        taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in requests}
        for number in range(ROUNDS + 1):
            for kind, those in requests.items():
                seconds = site.seconds(those)
                if number:  # the first round is a warm-up
                    taken[kind].append(seconds)
        print(f"{'':12}{'Python ms':>11}{'PostgreSQL ms':>15}{'cost':>7}{'calls':>9}")
        for kind, those in requests.items():
            python, postgresql = (1000 * statistics.median(one) / REQUESTS for one in zip(*taken[kind], strict=True))
            cost = statistics.median(
                sum(one) / sum(floor) for one, floor in zip(taken[kind], taken["floor"], strict=True)
            )
            profile = profiled(site, those)
            calls = sum(function.callcount for function in profile.getstats()) / REQUESTS
            print(f"{kind:12}{python:11.2f}{postgresql:15.2f}{cost:6.2f}x{calls:9.0f}")
            if kind in explained:
                stats = pstats.Stats(profile, stream=sys.stdout)
                stats.sort_stats("tottime").print_stats(TOP)
                stats.sort_stats("cumulative").print_stats(2 * TOP)
    return 0


if __name__ == "__main__":
    sys.exit(main())
