"""Starts over what power failures, full disks and kills leave behind, stops in the midst of a start, and two first
starts at once."""

import os
import signal
import time
from pathlib import Path

import psutil
import requests

from faults.outcome import Outcome
from faults.site import Site, wait_for
from flyleaf.embedded.folder import choose

LONGEST_START = 5.0  # seconds longer than a start without a fault
LONGEST_STOP = 2.0
MOMENTS = 16


def over_remains(folder: Path) -> Outcome:
    """Start over lock files that are empty or name a living process, a lost PG_VERSION and a killed start."""
    outcome = Outcome("starts over what was left behind")
    site = Site(folder / "remains")
    site.start()
    site.stop()
    usual = _seconds_to_start(site)
    account, postgres = choose(site.data).account, site.data / "postgres"
    figures = [f"usually {usual:.1f} s"]
    for name, file, content in (
        ("empty postmaster.pid", "postmaster.pid", ""),
        ("one that names another program", "postmaster.pid", f"{os.getpid()}\n{postgres}\n1\n5432\n\n\n\nready\n"),
        ("empty PG_VERSION", "PG_VERSION", ""),
        ("lost PG_VERSION", "PG_VERSION", None),
    ):
        (postgres / file).unlink(missing_ok=True)
        if content is not None:
            (postgres / file).write_text(content)
            account.own(postgres / file)
        seconds = _seconds_to_start(site)
        figures.append(f"{name} {seconds:.1f} s")
        outcome.require(seconds < usual + LONGEST_START, f"{name}: {seconds:.1f} s")
    outcome.figures = ", ".join(figures)
    return outcome


def stopped_while_starting(folder: Path) -> Outcome:
    """Send SIGTERM at moments of a first start; the next start must succeed in spite of it."""
    outcome = Outcome(f"SIGTERM at {MOMENTS} moments of a first start")
    trial = Site(folder / "trial")
    whole = _seconds_to_start(trial) + 1
    stops = []
    for number in range(MOMENTS):
        site = Site(folder / f"interrupted-{number}")
        process = site.launch()
        time.sleep(whole * number / MOMENTS)
        seconds = _seconds_to_stop(site)
        stops.append(seconds)
        outcome.require(process.returncode in (0, 130, -signal.SIGTERM), f"exit code {process.returncode}")
        outcome.require(seconds < LONGEST_STOP, f"{seconds:.1f} s after {whole * number / MOMENTS:.1f} s")
        outcome.require(not _uses(site.data), "processes were left")
    site = Site(folder / f"interrupted-{MOMENTS // 2}")
    again = _seconds_to_start(site)
    outcome.figures = f"a start takes {whole - 1:.1f} s; the slowest stop {max(stops):.1f} s; again {again:.1f} s"
    return outcome


def two_first_starts(folder: Path, isbn: str) -> Outcome:
    """Start two sites on one empty folder: neither may say that it is ready before it has books."""
    outcome = Outcome("two first starts at once")
    sites = [Site(folder / "both") for _ in range(2)]
    for site in sites:
        site.launch()
    try:
        for site in sites:
            wait_for(site.answers, 120, "a site does not start")
            ready, book = (requests.get(site.url + path, timeout=20) for path in ("/readyz", f"/api/{isbn}"))
            outcome.require(ready.ok and book.ok, f"ready {ready.status_code}, a book {book.status_code}")
    finally:
        for site in sites:
            site.stop()
    outcome.figures = "both had all books when they answered"
    return outcome


def _seconds_to_start(site: Site) -> float:
    start = time.monotonic()
    site.start()
    seconds = time.monotonic() - start
    site.stop()
    return seconds


def _seconds_to_stop(site: Site) -> float:
    start = time.monotonic()
    site.stop()
    return time.monotonic() - start


def _uses(data: Path) -> bool:
    def names(process: psutil.Process) -> bool:
        try:
            return any(str(data) in argument for argument in process.cmdline())
        except psutil.Error:
            return False

    return any(names(process) for process in psutil.process_iter())
