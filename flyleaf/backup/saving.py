"""Write a backup: a snapshot of the rows, while the site runs."""

from typing import IO

from sqlalchemy import Connection

from flyleaf.backup.archive import BackupError, Header, Numbers, Writer, now
from flyleaf.backup.tables import Table, last_ids, make_readable, stored_tables
from flyleaf.database import Database
from flyleaf.database.migrate import revision


def save(database: Database, secret_key: str, out: IO[bytes]) -> Numbers:
    """Write a backup to `out` and return what it has. The database, which may have an older schema, is not changed.

    Raises BackupError if it isn't Flyleaf's database, DatabaseUnusableError, or OSError from `out`.
    """
    with database.transaction_as_is() as connection:
        make_readable(connection)
        expected = stored_tables(connection)
    with database.transaction_as_is(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        make_readable(connection)
        # Locks come before the first query, which takes the snapshot, so that no update can come between.
        for table in expected:
            table.lock(connection)
        schema = revision(connection)
        tables = stored_tables(connection)
        if schema is None:
            raise BackupError("The database holds nothing yet: there is nothing to back up.")
        if tables != expected:
            raise BackupError("The database was updated at this moment: run the backup again.")
        header = Header(schema, {table.name: list(table.columns) for table in tables}, now())
        writer = Writer(out, header)
        numbers = _write_rows(connection, tables, writer)
        writer.finish(numbers, secret_key)
    return numbers


def _write_rows(connection: Connection, tables: list[Table], writer: Writer) -> Numbers:
    rows = {}
    for table in tables:
        with writer.table(table.name) as parts:
            rows[table.name] = table.write_to(connection, parts)
    # Sequences aren't transactional. Reading them last makes sure that they cover every id in the rows.
    return Numbers(rows, last_ids(connection, tables))
