"""Rows into the catalogue: COPY into a staging table and one merge, in one transaction under the importers' lock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg2
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database.errors import describe
from flyleaf.importing.findings import Findings, Outcome
from flyleaf.importing.merge import create_staging, merge
from flyleaf.importing.report import Report
from flyleaf.importing.rows import Columns, clean_columns
from flyleaf.importing.source import Source
from flyleaf.importing.table import Table
from flyleaf.queries.books import has_books
from flyleaf.queries.search import settle_search

# Any number that no other program takes: a second importer is turned away here.
IMPORT_LOCK = 7_303_002

SETTINGS = """
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL work_mem = '64MB'
"""

RUNNING_FOR = """
SELECT extract(epoch FROM clock_timestamp() - activity.xact_start)::bigint
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


@contextmanager
def import_transaction(database: Database) -> Iterator[Connection]:
    """The transaction of one import, and of no second one: raises ImportRunningError at once where another runs, so
    that people learn it and scheduled imports don't pile up. Raises DatabaseUnusableError."""
    with _transaction(database) as connection:
        connection.execute(text(SETTINGS))
        # The server looks whether a killed importer is still there, in the midst of a statement too. Not all systems
        # can tell it.
        with suppress(DBAPIError), connection.begin_nested():
            connection.execute(text("SET LOCAL client_connection_check_interval = '500ms'"))
        _lock(connection)
        yield connection
    # What the search derives follows at the commit; this takes along what a review at the same moment had locked.
    with _transaction(database) as connection:
        settle_search(connection)


def load(connection: Connection, source: Source, table: Table, report: Report) -> Outcome:
    """Everything that the table holds, in the transaction of `import_transaction`."""
    findings = Findings()
    create_staging(connection)
    with report.reading(source.size) as advance:
        _copy(connection, table, _CopyText(clean_columns(table, findings), lambda: advance(source.position)))
    report.say("Merging into the catalogue …")
    merged = merge(connection, table.columns, findings)
    return Outcome(merged.added, merged.changed, merged.left_alone, findings)


def is_empty(database: Database) -> bool:
    """Whether the catalogue has no book yet. Raises DatabaseUnusableError."""
    with _transaction(database) as connection:
        return not has_books(connection)


@contextmanager
def _transaction(database: Database) -> Iterator[Connection]:
    try:
        with database.transaction() as connection:
            yield connection
    except DBAPIError as error:
        raise DatabaseUnusableError(describe(error, database.engine.url)) from error
    except PoolTimeout as error:
        raise DatabaseUnusableError("The database has no connection free: try again later.") from error


def _lock(connection: Connection) -> None:
    """Until the transaction ends, and with it when the importer is killed."""
    if connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK}).scalar_one():
        return
    seconds = connection.execute(text(RUNNING_FOR), {"lock": IMPORT_LOCK}).scalar()
    since = f", since {seconds:,} s" if seconds is not None else ""
    raise ImportRunningError(f"Another import is running{since}: wait until it has ended, and try again.")


class _CopyText:
    """What psycopg2's copy_expert takes for a file: each `read` gives a batch of rows in COPY's text format."""

    def __init__(self, batches: Iterator[Columns], advance: Callable[[], object]) -> None:
        self._texts = filter(None, map(_copy_text, batches))  # an empty one would be the end
        self._advance = advance
        self.failure: BaseException | None = None  # psycopg2 makes an error of its own of what `read` raises

    def read(self, size: int) -> str:
        try:
            self._advance()
            return next(self._texts, "")
        except BaseException as error:
            self.failure = error
            raise


def _copy_text(columns: Columns) -> str:
    """Clean cells hold neither tabs nor line ends, so only backslashes are escaped. An empty cell is NULL."""
    text = "".join([f"{row}\n" for row in map("\t".join, zip(*columns, strict=True))])
    return text.replace("\\", "\\\\") if "\\" in text else text


def _copy(connection: Connection, table: Table, rows: _CopyText) -> None:
    columns = ", ".join(("line", "isbn", "isbn13", *table.columns[1:]))
    driver = connection.connection.driver_connection
    if driver is None:
        raise DatabaseUnusableError("The database has closed the connection.")
    try:
        with driver.cursor() as cursor:
            cursor.copy_expert(f"COPY import_rows ({columns}) FROM STDIN WITH (NULL '')", rows)
    except psycopg2.Error as error:
        if rows.failure is not None:
            raise rows.failure from None
        raise DBAPIError("COPY", None, error) from error
