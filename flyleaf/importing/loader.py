"""Load rows into the catalogue: COPY to a staging table, then merge, in one transaction under the importers' lock."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.importing.loading.merge import Merged, merge
from flyleaf.importing.loading.staging import copy_author_names, copy_rows, create_staging, name_authors
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.reporting.findings import Findings, Outcome
from flyleaf.importing.reporting.rejects import Rejects
from flyleaf.importing.reporting.report import Report
from flyleaf.importing.table import Table
from flyleaf.queries.books import count_books, has_books
from flyleaf.queries.events import Detail, EventKind, insert_event
from flyleaf.queries.imports import IMPORT_LOCK
from flyleaf.search import needs_rebuild, rebuild_search, settle_search

# File names in an event: this many fit its 4,000 characters even if all are escaped, like \u0001.
NAMED = 3
NAME_MAX = 200

SETTINGS = """
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SELECT set_config('work_mem', reset_val || 'kB', true) FROM pg_settings WHERE name = 'maintenance_work_mem'
"""

RUNNING = """
SELECT activity.application_name AS name,
       host(activity.client_addr) AS host,
       extract(epoch FROM clock_timestamp() - activity.xact_start)::bigint AS seconds
  FROM pg_locks AS locks
  JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
 WHERE locks.locktype = 'advisory'
   AND locks.objid = :lock
   AND locks.granted
   AND activity.datname = current_database()
 LIMIT 1
"""


class ImportRunningError(RuntimeError):
    """Another import is running. The message is one line."""


class CatalogueFile(NamedTuple):
    """An open file whose format is known."""

    name: str
    source: Source
    table: Table


@contextmanager
def import_transaction(database: Database, wait: Callable[[str], object] | None = None) -> Iterator[Connection]:
    """Open the transaction of an import, of which only one can run at a time.

    If another import is running, call `wait` with a line about it and wait until it has ended. Without `wait`, raise
    ImportRunningError at once, so that scheduled imports don't pile up. Raises DatabaseUnusableError.
    """
    with database.command_transaction() as connection:
        connection.execute(text(SETTINGS))
        # The server notices a killed importer even during a statement, on systems that support this.
        with suppress(DBAPIError), connection.begin_nested():
            connection.execute(text("SET LOCAL client_connection_check_interval = '500ms'"))
        _lock(connection, wait)
        yield connection


def settle(database: Database, report: Report) -> None:
    """Update the search for works that a concurrent review had locked during the commit.

    A failure is only reported, because the next change of the catalogue makes up for it.
    """
    try:
        with database.command_transaction() as connection:
            connection.execute(text(SETTINGS))
            settle_search(connection)
    except DatabaseUnusableError as error:
        report.say(f"The import succeeded, but the search may be incomplete until the next import: {error}")


def load(
    connection: Connection, files: Sequence[CatalogueFile], report: Report, rejects: Rejects | None = None
) -> Outcome:
    """Load all files within `import_transaction` and return the outcome.

    Files are merged in order, so that later ones win. Files of author names come first, as other files refer to them.
    """
    findings = Findings(rejects.write if rejects else lambda refusal: None)
    merged = Merged(0, 0, 0)
    create_staging(connection)
    for file in sorted(files, key=lambda file: file.table.kind == "books"):
        unit = file.table.unit
        findings.begin(unit if len(files) == 1 else f"{file.name}, {unit}")
        if rejects:
            rejects.begin(file.name, file.table.columns)
        rows = _read(connection, file, report, findings)
        if file.table.kind == "books":
            with report.phase("merging", "Merging", rows) as advance:
                merged += merge(connection, file.table.columns, findings, lambda done: advance(done, done))
    return Outcome(merged.added, merged.changed, merged.left_alone, findings)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Add the file's name to the message of an UnusableFileError."""
    try:
        yield
    except UnusableFileError as error:
        raise UnusableFileError(f"{name}: {error}") from error


def _read(connection: Connection, file: CatalogueFile, report: Report, findings: Findings) -> int:
    """Copy a file to the staging table and return the number of rows."""
    copy = copy_rows if file.table.kind == "books" else copy_author_names
    name = Path(file.name).name
    with naming(file.name), report.phase("reading", f"Reading {name}", file.source.size) as advance:
        rows = copy(connection, file.table, findings, lambda rows: advance(file.source.position, rows))
    for remark in file.source.remarks:
        report.say(remark)
    if "author_keys" in file.table.columns and (unnamed := name_authors(connection)):
        report.say(
            f"{unnamed:,} rows give only the keys of their authors: import the file of names together with this one."
        )
    return rows


def finish(connection: Connection, files: Sequence[CatalogueFile], outcome: Outcome, report: Report) -> None:
    """Finish an import: record it in the audit trail and build the search."""
    detail: Detail = {
        "files": _names(files),
        "added": outcome.added,
        "changed": outcome.changed,
        "left_alone": outcome.left_alone,
        "refused": outcome.findings.refused.count,
    }
    insert_event(connection, EventKind.CATALOGUE_IMPORTED, detail=detail)
    _build_search(connection, report)


def _names(files: Sequence[CatalogueFile]) -> str:
    """Return as many file names as an event can hold."""
    names = [file.name.encode(errors="replace").decode() for file in files[:NAMED]]  # a name may be invalid UTF-8
    more = f" and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return ", ".join(name if len(name) <= NAME_MAX else f"…{name[-NAME_MAX:]}" for name in names) + more


def _build_search(connection: Connection, report: Report) -> None:
    """Rebuild the search if too much has changed for an update. The commit would do the same, but without progress."""
    if not needs_rebuild(connection):
        return
    books = count_books(connection)
    with report.phase("search", "Building the search", books) as advance:
        for share in rebuild_search(connection):
            advance(round(share * books), round(share * books))


def is_empty(database: Database) -> bool:
    """Return whether the catalogue has no books. Raises DatabaseUnusableError."""
    with database.command_transaction() as connection:
        return not has_books(connection)


def _lock(connection: Connection, wait: Callable[[str], object] | None) -> None:
    """Take the importers' lock, which ends with the transaction, even if the importer is killed."""
    name = f"flyleaf import, process {os.getpid()}"
    connection.execute(text("SELECT set_config('application_name', :name, true)"), {"name": name})
    if connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK}).scalar_one():
        return
    running = _running(connection)
    if wait is None:
        raise ImportRunningError(f"{running}: try again when it has ended, or use --wait.")
    wait(f"{running}: waiting until it ends …")
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})


def _running(connection: Connection) -> str:
    """Return a phrase about the running import, as the start of a sentence."""
    row = connection.execute(text(RUNNING), {"lock": IMPORT_LOCK}).one_or_none()
    if row is None:  # it has just ended
        return "Another import is running"
    name = row.name.removeprefix("flyleaf import, ")
    host = f" on {row.host}" if row.host else ""
    return f"Another import is running ({name}{host}, since {row.seconds or 0:,} s)"
