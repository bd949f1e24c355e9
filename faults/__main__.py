"""make faults, or python -m faults [WORD …]: break things while readers use the site, and print a line for each.

With WORDs, only experiments whose name contains one of them run. The exit code is 1 if any fails. To pass, all errors
must be 503 with Retry-After, every response must take at most 6 s, the site must recover within 5 s after the fault has
ended, and no acknowledged review may be lost or duplicated.
"""

import argparse
import csv
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from faults import database, disk, memory, pressure, starting
from faults.crowd import Crowd
from faults.importer import killed_importer
from faults.outcome import Outcome, observe
from faults.site import EmbeddedServer, OwnServer, Site, wait_for
from flyleaf.config import PROJECT

BOOKS = 4_000


class Report:
    """Runs the selected experiments and prints the outcomes one by one."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self.failed = False

    def wants(self, name: str) -> bool:
        return not self._words or any(word.lower() in name.lower() for word in self._words)

    def make(self, name: str, experiment: Callable[[], Outcome], tries: int = 1) -> None:
        """Run an experiment, at most `tries` times until it passes, because a busy machine may cause delays."""
        if not self.wants(name):
            return
        before: list[str] = []
        try:
            outcome = experiment()
            while outcome.failures and tries > 1:
                before, tries = [*before, *outcome.failures], tries - 1
                outcome = experiment()
        except Exception as error:
            outcome = Outcome(name, failures=[f"{type(error).__name__}: {error}"])
        if before:
            outcome.figures += f"; passed on a later try; failures before: {'; '.join(before)}"
        self.add(outcome)

    def add(self, outcome: Outcome) -> None:
        self.failed |= bool(outcome.failures)
        print(outcome, flush=True)


def with_the_embedded_server(report: Report, folder: Path) -> None:
    data = folder / "embedded"
    with disk.small(data / "sessions") as mounted:
        site = Site(data)
        site.start()
        try:
            server, crowd = EmbeddedServer(data), Crowd(site.url, books())

            def fault(name: str, inflict: database.Fault, *, cuts_connections: bool = False) -> None:
                report.make(name, lambda: observe(name, crowd, server, inflict, cuts_connections=cuts_connections), 2)

            fault("embedded PostgreSQL killed", lambda: database.killed_embedded(server))
            fault("a backend of it killed", lambda: database.killed_backend(server))
            fault("its keeper killed", lambda: database.killed_keeper(server))
            fault("frozen for 15 s", lambda: database.frozen_server(server))
            fault("a lock on reviews for 15 s", lambda: database.reviews_locked(server))
            fault("a worker killed", lambda: killed_worker(site), cuts_connections=True)
            if mounted:
                fault(f"session folder full for 15 s ({disk.MEGABYTES} MB disk)", lambda: disk.full(data / "sessions"))
            else:
                report.add(Outcome("session folder full for 15 s", skipped="only root can mount a small disk"))
            report.make("importer killed", lambda: killed_importer(data, server, folder))
            report.make("half-open and slow clients", lambda: pressure.slow_clients(site), 2)
            if report.wants("races"):
                for outcome in pressure.races(site, server, books()):
                    report.add(outcome)
            report.make("stop with requests in progress", lambda: pressure.stopped_under_way(site, server, books()))
            report.make("socket restarts", lambda: pressure.restarted_behind_a_socket(site))
        finally:
            site.stop()


def with_a_server_of_its_own(report: Report, folder: Path) -> None:
    server = OwnServer(folder / "server")
    server.start()
    server.create()
    server.stop()
    site = Site(folder / "own", DATABASE_URL=server.url)
    try:
        report.make("started before the server", lambda: started_first(site, server))
        server.start()
        if site.process is None:
            site.start()
        crowd = Crowd(site.url, books())

        def fault(name: str, inflict: database.Fault) -> None:
            report.make(name, lambda: observe(name, crowd, server, inflict), 2)

        fault("DATABASE_URL: killed, started after 3 s", lambda: database.killed_and_started(server))
        fault("DATABASE_URL: a backend killed", lambda: database.killed_backend(server))
        fault("DATABASE_URL: stopped for 15 s", lambda: database.stopped(server))
        fault("DATABASE_URL: restarted", lambda: database.restarted(server))
        fault("DATABASE_URL: frozen for 15 s", lambda: database.frozen_server(server))
        fault("DATABASE_URL: a lock on reviews for 15 s", lambda: database.reviews_locked(server))
        fault("DATABASE_URL: connections used up for 15 s", lambda: database.connections_used_up(server))
        report.make("DATABASE_URL: site restarted, server 10 s later", lambda: restarted_without(site, server, crowd))
    finally:
        site.stop()
        server.stop()


def while_starting(report: Report, folder: Path) -> None:
    report.make("starts over what was left behind", lambda: starting.over_remains(folder))
    report.make("stopped while starting", lambda: starting.stopped_while_starting(folder))
    report.make("little disk", lambda: disk.starts_with_little(folder))
    report.make("little memory", lambda: memory.first_start_with_little(folder, books()))
    report.make("two first starts", lambda: starting.two_first_starts(folder, books()[-1]))


def killed_worker(site: Site) -> float:
    workers = site.workers()
    workers[0].kill()
    wait_for(lambda: len(set(site.workers()) - {workers[0]}) == len(workers), 20, "no new worker")
    return time.monotonic()


def started_first(site: Site, server: OwnServer) -> Outcome:
    """Start the site ten seconds before its empty database's server: migration and first import must follow by
    themselves."""
    outcome = Outcome("DATABASE_URL: site first, empty server 10 s later")
    site.start()
    first = requests.get(f"{site.url}/api/{books()[0]}", timeout=20)
    outcome.require(first.status_code == 503 and "Retry-After" in first.headers, f"{first.status_code} meanwhile")
    time.sleep(10)
    server.start()
    start = time.monotonic()
    wait_for(lambda: requests.get(f"{site.url}/readyz", timeout=20).ok, 60, "it never became ready")
    ready = time.monotonic() - start
    wait_for(lambda: requests.get(f"{site.url}/api/{books()[0]}", timeout=20).ok, 60, "the books were never imported")
    outcome.figures = (
        f"503 meanwhile; ready {ready:.1f} s after the server started, books after {time.monotonic() - start:.1f} s"
    )
    return outcome


def restarted_without(site: Site, server: OwnServer, crowd: Crowd) -> Outcome:
    """Start the site while its server is down, with readers who use it before the server is up again."""
    site.stop()
    server.stop()
    site.start()

    def inflict() -> float:
        time.sleep(10)
        server.start()
        return time.monotonic()

    return observe("DATABASE_URL: site restarted, server 10 s later", crowd, server, inflict)


def books() -> list[str]:
    with (PROJECT / "books.csv").open(encoding="utf-8", newline="") as file:
        return [row["isbn"] for _, row in zip(range(BOOKS), csv.DictReader(file), strict=False)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults", description="Break things while readers use the site.")
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only run experiments whose name contains one of these"
    )
    report = Report(parser.parse_args().words)
    folder = Path(tempfile.mkdtemp(prefix="flyleaf-faults-", dir="/tmp"))
    folder.chmod(0o711)  # as root, the database runs under another account
    try:
        with_the_embedded_server(report, folder)
        with_a_server_of_its_own(report, folder)
        while_starting(report, folder)
    finally:
        if report.failed:
            print(f"The logs are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
