"""Rows into the catalogue: COPY into a staging table and one merge, in one transaction under the importers' lock."""

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
from flyleaf.search import needs_rebuild, rebuild_search, settle_search

# Any number that no other program takes: a second importer is turned away here.
IMPORT_LOCK = 7_303_002

# What an event tells of the files: its 4,000 characters hold as many, were each one a control character, \u0001.
NAMED = 3
NAME_MAX = 200

SETTINGS = """
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL work_mem = '64MB'
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
    """Another import is at work. The text is one line."""


class CatalogueFile(NamedTuple):
    """A file that is open, and recognised."""

    name: str
    source: Source
    table: Table


@contextmanager
def import_transaction(database: Database, wait: Callable[[str], object] | None = None) -> Iterator[Connection]:
    """The transaction of one import, and of no second one. Where another runs, `wait` is told who it is, and it is
    waited for; without `wait` ImportRunningError is raised at once, so that people learn it and scheduled imports
    don't pile up. Raises DatabaseUnusableError."""
    with database.command_transaction() as connection:
        connection.execute(text(SETTINGS))
        # The server looks whether a killed importer is still there, in the midst of a statement too. Not all systems
        # can tell it.
        with suppress(DBAPIError), connection.begin_nested():
            connection.execute(text("SET LOCAL client_connection_check_interval = '500ms'"))
        _lock(connection, wait)
        yield connection


def settle(database: Database, report: Report) -> None:
    """After the commit, with which the search followed: takes along what a review at the same moment had locked.
    A failure is told: whatever changes the catalogue next makes up for it."""
    try:
        with database.command_transaction() as connection:
            connection.execute(text(SETTINGS))
            settle_search(connection)
    except DatabaseUnusableError as error:
        report.say(f"The import is kept, but the search may lack some of it until the next import: {error}")


def load(
    connection: Connection, files: Sequence[CatalogueFile], report: Report, rejects: Rejects | None = None
) -> Outcome:
    """Everything that the files hold, in the transaction of `import_transaction`: one after the other, so that the
    last one has the last word. The names of authors, which other files refer to, come first."""
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
    """What is wrong with a file is told with the file's name."""
    try:
        yield
    except UnusableFileError as error:
        raise UnusableFileError(f"{name}: {error}") from error


def _read(connection: Connection, file: CatalogueFile, report: Report, findings: Findings) -> int:
    """Into staging; how many rows that are."""
    copy = copy_rows if file.table.kind == "books" else copy_author_names
    name = Path(file.name).name
    with naming(file.name), report.phase("reading", f"Reading {name}", file.source.size) as advance:
        rows = copy(connection, file.table, findings, lambda rows: advance(file.source.position, rows))
    for remark in file.source.remarks:
        report.say(remark)
    if "author_keys" in file.table.columns and (unnamed := name_authors(connection)):
        report.say(f"{unnamed:,} rows name their authors by keys alone: import the file of names together with this.")
    return rows


def finish(connection: Connection, files: Sequence[CatalogueFile], outcome: Outcome, report: Report) -> None:
    """What belongs to an import that is kept: the entry in the audit trail, and the search."""
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
    """As many as an event can hold."""
    names = [file.name.encode(errors="replace").decode() for file in files[:NAMED]]  # a name may be no text
    more = f" and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return ", ".join(name if len(name) <= NAME_MAX else f"…{name[-NAME_MAX:]}" for name in names) + more


def _build_search(connection: Connection, report: Report) -> None:
    """What the search derives from the books, where so much changed that it is derived anew. The commit would do the
    same, and tell nobody how far it is."""
    if not needs_rebuild(connection):
        return
    books = count_books(connection)
    with report.phase("search", "Building the search", books) as advance:
        for share in rebuild_search(connection):
            advance(round(share * books), round(share * books))


def is_empty(database: Database) -> bool:
    """Whether the catalogue has no book yet. Raises DatabaseUnusableError."""
    with database.command_transaction() as connection:
        return not has_books(connection)


def _lock(connection: Connection, wait: Callable[[str], object] | None) -> None:
    """Until the transaction ends, and with it when the importer is killed."""
    name = f"flyleaf import, process {os.getpid()}"
    connection.execute(text("SELECT set_config('application_name', :name, true)"), {"name": name})
    if connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK}).scalar_one():
        return
    running = _running(connection)
    if wait is None:
        raise ImportRunningError(f"{running}: wait until it has ended, and try again; --wait does so by itself.")
    wait(f"{running}: waiting for its end …")
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})


def _running(connection: Connection) -> str:
    """Which other import runs, as the beginning of a sentence."""
    row = connection.execute(text(RUNNING), {"lock": IMPORT_LOCK}).one_or_none()
    if row is None:  # it has ended in this moment
        return "Another import is running"
    name = row.name.removeprefix("flyleaf import, ")
    host = f" on {row.host}" if row.host else ""
    return f"Another import is running ({name}{host}, since {row.seconds or 0:,} s)"
