"""Small and full disks."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from faults import database
from faults.outcome import Outcome
from faults.site import Site

MEGABYTES = 16
TOO_LITTLE = 60  # for a new database
ENOUGH = 205
LONGEST_REFUSAL = 10.0  # seconds


def full(folder: Path) -> float:
    """Fill the disk of the folder for a while."""
    filler = fill(folder)
    time.sleep(database.SECONDS)
    filler.unlink()
    return time.monotonic()


def starts_with_little(folder: Path) -> Outcome:
    """Start for the first time on a disk that is too small, then on one that is just large enough, and again while that
    is full."""
    outcome = Outcome(f"starts on disks of {TOO_LITTLE} and {ENOUGH} MB")
    with small(folder / "too-small", TOO_LITTLE) as mounted:
        if not mounted:
            outcome.skipped = "only root can mount a small disk"
            return outcome
        refused = _refusal(Site(folder / "too-small" / "data", log=folder / "too-small.log"), outcome)
    with small(folder / "small", ENOUGH):
        site = Site(folder / "small" / "data", log=folder / "small.log")
        site.start()
        site.stop()
        filler = fill(folder / "small")
        again = _refusal(site, outcome)
        filler.unlink()
        site.start()
        site.stop()
    outcome.figures = f"refused after {refused:.1f} s; full: refused after {again:.1f} s"
    return outcome


@contextlib.contextmanager
def small(folder: Path, megabytes: int = MEGABYTES) -> Iterator[bool]:
    """Mount a disk of a few megabytes at `folder`, or yield False if that isn't permitted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield False
        return
    folder.mkdir(mode=0o700, parents=True)
    folder.parent.chmod(0o711)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "flyleaf-faults", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write a file until the folder's disk is full, and return it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


def _refusal(site: Site, outcome: Outcome) -> float:
    """Return after how many seconds the start was refused. It must say how much is free."""
    start = time.monotonic()
    code = site.launch().wait(60)
    seconds = time.monotonic() - start
    said = site.log.read_text().splitlines()[-1]
    outcome.require(code == 1 and "MB are free" in said, f"exit {code}: {said}")
    outcome.require(seconds < LONGEST_REFUSAL, f"refused after {seconds:.1f} s")
    return seconds
