"""Bring the schema up to date: Alembic runs the files in migrations/versions, which contain plain SQL, in order."""

import shlex
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from flyleaf.database.errors import DatabaseUnusableError, sqlstate

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_SERVER = 140_000  # PostgreSQL 14, in the format of server_version_num
# The advisory lock that serialises migrations. The number only has to be unique in the database.
MIGRATION_LOCK = 7_303_001
LOCK_NOT_AVAILABLE = "55P03"
QUEUE = "200ms"  # how long a migration waits for a table lock, as all later queries queue behind it
PAUSE = 0.5  # seconds until it tries again
PATIENCE = 30.0  # seconds until it gives up; the next transaction tries again
# The first released version had a different migration 0002.
HAS_FIRST_SEARCH = "SELECT to_regclass('books_folded') IS NOT NULL"
FIRST_SEARCH_UNDONE = MIGRATIONS / "sql" / "first_search_undone.sql"

# The search_path without the search's schema, so that migrations never find tables there.
OPERATORS_PATH = """
    SELECT set_config('search_path', reset_val, true) FROM pg_settings WHERE name = 'search_path'
"""


def revisions() -> set[str]:
    """Return all revisions: the numbers at the start of the files' names."""
    return {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}


def head() -> str:
    """Return the newest revision."""
    return max(revisions())


def revision(connection: Connection) -> str | None:
    """Return the schema's revision, or None if it has no tables of Flyleaf's."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_migrated(connection: Connection) -> bool:
    """Return whether the schema is at the newest revision that this code knows."""
    return revision(connection) == head()


def migrate(engine: Engine) -> None:
    """Bring the schema up to date: an empty database in one transaction, an existing one in a transaction for each
    revision, so that locks are held as briefly as possible.

    Raises DatabaseUnusableError if the server is too old, the database is not in UTF-8, or the schema is newer than
    this version of Flyleaf.
    """
    with engine.begin() as connection:
        _require_utf8(connection)
        if is_migrated(connection):
            return
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with engine.begin() as connection:
                if not _step(connection):
                    return
        except OperationalError as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE or time.monotonic() > until:
                raise
            time.sleep(PAUSE)


def _step(connection: Connection) -> bool:
    """Apply the next revision, or all of them to an empty database. Return False if none is missing."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # a revision may take a while
    use_operators_path(connection)
    lock_migrations(connection)
    found = revision(connection)
    if found == head():
        return False
    if found and found > head():
        raise DatabaseUnusableError(
            _unknown_schema(f"its newest migration is {found}, and this version knows {head()}")
        )
    if found:  # queries that arrive meanwhile wait behind the migration: keep that short
        connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": QUEUE})
    if found == "0002" and connection.execute(text(HAS_FIRST_SEARCH)).scalar():
        connection.exec_driver_sql(FIRST_SEARCH_UNDONE.read_text(encoding="utf-8"))
    else:
        upgrade(connection, "+1" if found else "head")
    return True


def use_operators_path(connection: Connection) -> None:
    """Leave the search's schema out of the search_path until the transaction ends."""
    connection.execute(text(OPERATORS_PATH))


def _require_utf8(connection: Connection) -> None:
    statement = text("SELECT current_setting('server_encoding'), current_database()")
    encoding, database = connection.execute(statement).one()
    if encoding != "UTF8":
        new = shlex.quote(f"{database}_utf8")
        raise DatabaseUnusableError(
            f"The database {database} is in {encoding}, not in UTF-8: create another one "
            f"(createdb -T template0 -E UTF8 --locale=C.UTF-8 {new}), and set DATABASE_URL to it."
        )


def lock_migrations(connection: Connection) -> None:
    """Wait until no other program migrates, without a time limit, and keep others from migrating until the transaction
    ends."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})


def upgrade(connection: Connection, target: str = "head") -> None:
    """Migrate to the revision `target`; call `lock_migrations` first. Raises DatabaseUnusableError."""
    version = int(connection.execute(text("SELECT current_setting('server_version_num')")).scalar_one())
    if version < OLDEST_SERVER:
        raise DatabaseUnusableError(f"PostgreSQL {version // 10_000} is too old: Flyleaf needs 14 or newer.")
    _require_utf8(connection)
    # Imported here because it takes a fifth of a second, which a start without migrations saves.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise DatabaseUnusableError(_unknown_schema(str(error))) from error


def _unknown_schema(why: str) -> str:
    return (
        f"The database's schema doesn't belong to this version of Flyleaf ({why}): run the newer version that made it, "
        "or set DATABASE_URL to another database."
    )
