"""Kill the importer halfway: either none or all of its books must be imported."""

import contextlib
import json
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.search import catalogue
from faults.outcome import Outcome
from faults.site import EmbeddedServer, execute, wait_for, without_settings
from flyleaf.config import PROJECT
from flyleaf.queries.imports import IMPORT_LOCK
from flyleaf.search.schema import schema_name

BOOKS = 100_000
KILLS = 20
TRIES = 2 * KILLS  # an import may end before it is killed
COUNTS = f"SELECT (SELECT count(*) FROM books), (SELECT coalesce(sum(editions), 0) FROM {schema_name()}.search_works)"


def killed_importer(data: Path, server: EmbeddedServer, folder: Path) -> Outcome:
    """Kill the importer at 20 random moments, then let it finish twice."""
    outcome = Outcome(f"import of {BOOKS:,} books killed {KILLS} times")
    file = folder / "catalogue.csv"
    catalogue.write(file, BOOKS, 1)
    before = _counts(server)
    early, late = _kill_often(data, server, file, outcome)
    rerun, again = _finished(data, file), _finished(data, file)
    books, editions = _counts(server)
    outcome.require(books == editions >= BOOKS, f"{books} books, {editions} in the search")
    outcome.require(again["added"] == again["changed"] == 0, f"a second run changed {again['changed']}")
    outcome.figures = (
        f"{before[0]:,} books after {early} kills, all of them after {late} after the commit; "
        f"the rerun added {rerun['added']:,}, a second one 0, and changed 0"
    )
    return outcome


def _kill_often(data: Path, server: EmbeddedServer, file: Path, outcome: Outcome) -> tuple[int, int]:
    """Return the number of kills before and after the commit. Committed books are deleted before the next try."""
    before, highest = _counts(server), _highest(server)
    trial = _finished(data, file)
    _delete_imported(server, highest)
    whole = sum(trial["seconds"].values()) + 1  # plus Python's start, which they don't include
    dice = random.Random(2)
    early = late = 0
    for _ in range(TRIES):
        killed = _killed(data, file, dice.uniform(0.2, whole))
        wait_for(lambda: _nobody_imports(server), 30, "the server is still working for a killed importer")
        books = _counts(server)
        if books == before:
            early += killed
        else:
            late += killed
            outcome.require(books[0] == before[0] + trial["added"], f"{books} of {before} after a kill")
            _delete_imported(server, highest)
            outcome.require(_counts(server) == before, f"{_counts(server)} of {before} after they were deleted")
        if early + late == KILLS:
            break
    outcome.require(early + late == KILLS, f"{early + late} kills in {TRIES} imports")
    return early, late


def _started(data: Path, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "import.py", "--json", *map(str, arguments)]
    environment = {**without_settings(), "FLYLEAF_DATA": str(data)}
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _killed(data: Path, file: Path, seconds: float) -> bool:
    """Kill the importer after `seconds`, and return whether it was still running."""
    importer = _started(data, file)
    try:
        importer.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        importer.kill()
        importer.communicate()
    return importer.returncode == -signal.SIGKILL


def _finished(data: Path, *arguments: str | Path) -> dict[str, Any]:
    importer = _started(data, *arguments)
    result: dict[str, Any] = json.loads(importer.communicate()[0])
    return result


def _counts(server: EmbeddedServer) -> tuple[int, int]:
    """Return the number of books, and of editions in the search."""
    with contextlib.closing(server.connect()) as connection:
        [(books, editions)] = execute(connection, COUNTS)
    return int(books), int(editions)


def _highest(server: EmbeddedServer) -> int:
    with contextlib.closing(server.connect()) as connection:
        return int(execute(connection, "SELECT coalesce(max(id), 0) FROM books")[0][0])


def _delete_imported(server: EmbeddedServer, highest: int) -> None:
    """Delete the books that an import added, whose ids are above the previous highest. This uses the site's role, which
    must own the search's tables if they are rebuilt."""
    with contextlib.closing(server.connect("flyleaf")) as connection:
        execute(connection, "SET statement_timeout = 0")
        execute(connection, "DELETE FROM books WHERE id > %s", (highest,))
        execute(connection, f"SET search_path = {schema_name()}, public")
        execute(connection, "SELECT search_settle()")


def _nobody_imports(server: EmbeddedServer) -> bool:
    with contextlib.closing(server.connect()) as connection:
        return bool(execute(connection, "SELECT pg_try_advisory_xact_lock(%s)", (IMPORT_LOCK,))[0][0])
