"""The importer killed in its midst: none of its books, or all of them."""

import contextlib
import json
import random
import subprocess
import sys
from pathlib import Path

from benchmarks.search import catalogue
from faults.outcome import Outcome
from faults.site import EmbeddedServer, execute, wait_for, without_settings
from flyleaf.config import PROJECT
from flyleaf.importing.loader import IMPORT_LOCK

BOOKS = 100_000
KILLS = 20
COUNTS = "SELECT (SELECT count(*) FROM books), (SELECT coalesce(sum(editions), 0) FROM search_works)"


def killed_importer(data: Path, server: EmbeddedServer, folder: Path) -> Outcome:
    """Killed at 20 random moments, then let run, and once more."""
    outcome = Outcome(f"import of {BOOKS:,} books killed {KILLS} times")
    file = folder / "catalogue.csv"
    catalogue.write(file, BOOKS, 1)
    before = _counts(server)
    whole = sum(_finished(data, file, "--dry-run")["seconds"].values()) * 1.3 + 1  # the search is not built in one
    dice = random.Random(2)
    for _ in range(KILLS):
        importer = _started(data, file)
        with contextlib.suppress(subprocess.TimeoutExpired):
            importer.wait(dice.uniform(0.2, whole))
        importer.kill()
        importer.communicate()
        wait_for(lambda: _nobody_imports(server), 30, "the server still works for an importer that was killed")
        if _counts(server) != before:  # it had committed: all of them
            break
    books = _counts(server)
    outcome.require(books == before or books[0] == books[1] > before[0], f"{books} of {before} after a kill")
    rerun, again = _finished(data, file), _finished(data, file)
    books, editions = _counts(server)
    outcome.require(books == editions >= BOOKS, f"{books} books, {editions} in the search")
    outcome.require(again["added"] == again["changed"] == 0, f"a second run changed {again['changed']}")
    outcome.figures = (
        f"{before[0]:,} books after each; the rerun added {rerun['added']:,}, a second one 0, and changed 0"
    )
    return outcome


def _started(data: Path, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "import.py", "--json", *map(str, arguments)]
    environment = {**without_settings(), "FLYLEAF_DATA": str(data)}
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _finished(data: Path, *arguments: str | Path) -> dict[str, dict[str, float]]:
    importer = _started(data, *arguments)
    result: dict[str, dict[str, float]] = json.loads(importer.communicate()[0])
    return result


def _counts(server: EmbeddedServer) -> tuple[int, int]:
    """Books, and editions in the search."""
    with contextlib.closing(server.connect()) as connection:
        [(books, editions)] = execute(connection, COUNTS)
    return int(books), int(editions)


def _nobody_imports(server: EmbeddedServer) -> bool:
    with contextlib.closing(server.connect()) as connection:
        return bool(execute(connection, "SELECT pg_try_advisory_xact_lock(%s)", (IMPORT_LOCK,))[0][0])
