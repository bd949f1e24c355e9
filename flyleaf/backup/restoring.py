"""Restore a backup into an empty database, all or nothing."""

from collections.abc import Callable

from sqlalchemy import Connection, text

from flyleaf.backup.archive import Backup, BackupError
from flyleaf.backup.tables import LEFT_OUT, Table, make_readable, set_last_ids, stored_tables, table_names
from flyleaf.database import Database
from flyleaf.database.migrate import head, lock_migrations, revision, revisions, upgrade
from flyleaf.search import rebuild_search
from flyleaf.search.schema import is_built, put_first

ELSEWHERE = (
    "Nothing was changed: restore into a new place, with FLYLEAF_DATA set to a new folder, or DATABASE_URL to a "
    "database in which Flyleaf was never started."
)

# Until revision 0007, ratings that came with a file could be among those of other sites. Revision 0001 no longer allows
# them, but did in the databases of the first days; 0007 moves them.
ALLOW_CATALOGUE_RATINGS = """
ALTER TABLE external_ratings
    DROP CONSTRAINT external_ratings_source_check,
    ADD CONSTRAINT external_ratings_source_check CHECK (source IN ('catalogue', 'open_library'))
"""

# A key of feeds that was revoked after the backup must not work again. The next number could be one of those.
REVOKE_FEED_KEYS = "UPDATE readers SET feed_key = 1 + floor(random() * 2147483647)"

Say = Callable[[str], None]


def restore(backup: Backup, database: Database, keep_key: Callable[[str], object], say: Say) -> None:
    """Fill the database from the backup, and pass the secret key to `keep_key` before the commit.

    Raises BackupError if the database isn't empty or the backup doesn't suit it, or DatabaseUnusableError.
    """
    schema = backup.header.schema
    if schema not in revisions():
        raise BackupError(
            f"The backup was made by a newer Flyleaf ({backup.header.flyleaf}, schema {schema}; this one knows schemas "
            f"up to {head()}): update Flyleaf, and restore again."
        )
    with database.transaction_as_is() as connection:
        make_readable(connection)
        lock_migrations(connection)
        _prepare_schema(connection, schema)
        _fill(connection, backup, say)
        if schema != head():
            say(f"Updating the restored data from schema {schema} to {head()}")
            upgrade(connection)
        connection.execute(text(REVOKE_FEED_KEYS))
        _rebuild_search(connection)
        keep_key(backup.secret_key)
    say("Building the search")
    database.build_search()


def _rebuild_search(connection: Connection) -> None:
    """Rebuild the search if it is installed. Otherwise the next update of the schema builds it."""
    put_first(connection)
    if is_built(connection):
        for _ in rebuild_search(connection):
            pass


def _prepare_schema(connection: Connection, schema: str) -> None:
    """Create the backup's schema in a database without one."""
    present = revision(connection)
    if present is None:
        if names := table_names(connection):
            raise BackupError(f"The database is not empty (it has a table {names[0]}). {ELSEWHERE}")
        upgrade(connection, schema)
        if schema < "0007":
            connection.execute(text(ALLOW_CATALOGUE_RATINGS))
    elif present != schema:
        raise BackupError(f"The database has the schema {present} already, and the backup is of {schema}. {ELSEWHERE}")


def _fill(connection: Connection, backup: Backup, say: Say) -> None:
    tables = stored_tables(connection)
    # The backup includes what triggers derive. Switching them off also locks out all other writers.
    for table in tables:
        table.set_triggers(connection, on=False)
    if full := next((table.name for table in tables if not table.is_empty(connection)), None):
        raise BackupError(f"The database is not empty (it has {full}). {ELSEWHERE}")
    _compare(tables, backup, say)
    for table in tables:
        if columns := backup.header.tables.get(table.name):
            _fill_table(connection, Table(table.name, tuple(columns)), backup)
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table in tables:
        table.set_triggers(connection, on=True)


def _compare(tables: list[Table], backup: Backup, say: Say) -> None:
    """Raise BackupError if a table's columns differ from the backup's. Other programs' tables are ignored."""
    known = {table.name: set(table.columns) for table in tables}
    for name, columns in backup.header.tables.items():
        if name not in known:
            if name not in LEFT_OUT:
                say(f"The table {name} is not one of Flyleaf's: it is not restored.")
        elif more := set(columns) - known[name]:
            raise BackupError(f"The backup's table {name} has a column {min(more)} that Flyleaf doesn't know.")


def _fill_table(connection: Connection, table: Table, backup: Backup) -> None:
    count = table.read_from(connection, backup.rows(table.name))
    if count != backup.numbers.rows[table.name]:
        raise BackupError(f"The backup has {count} {table.name} and should have {backup.numbers.rows[table.name]}.")
    set_last_ids(connection, table, backup.numbers.last_ids.get(table.name, {}))
