"""Bring the schema up to date: Alembic runs the files in migrations/versions, which contain plain SQL, in order."""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from flyleaf.database import in_use
from flyleaf.database.connection_settings import is_pooled
from flyleaf.database.errors import DatabaseUnusableError

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_SERVER = 140_000  # PostgreSQL 14, in the format of server_version_num
# The advisory lock that serialises migrations. The number only has to be unique in the database.
MIGRATION_LOCK = 7_303_001
PAUSE = 0.1  # seconds between attempts to get it
# The first released version had a different migration 0002.
HAS_FIRST_SEARCH = "SELECT to_regclass('books_folded') IS NOT NULL"
FIRST_SEARCH_UNDONE = MIGRATIONS / "sql" / "first_search_undone.sql"

# The search_path without the search's schema, so that migrations never find tables there.
OPERATORS_PATH = """
    SELECT set_config('search_path', reset_val, :local) FROM pg_settings WHERE name = 'search_path'
"""
# For a session that migrates, which may take a while.
NO_LIMITS = """
    SELECT set_config(name, '0', false)
      FROM unnest(ARRAY['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) AS name
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
    """Bring the schema up to date: an empty database in one transaction, and one in use in steps that block nobody for
    long.

    Raises DatabaseUnusableError if the server is too old, the database is not in UTF-8, or the schema is newer than
    this version of Flyleaf.
    """
    with engine.begin() as connection:
        _require_utf8(connection)
        if is_migrated(connection):
            return
    with _alone(engine) as connection:
        while _apply_next(connection):
            pass


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that has no time limits and keeps other programs from migrating until the block ends."""
    with engine.connect() as connection:
        if is_pooled(connection):
            raise DatabaseUnusableError(
                "The schema has to be updated, which needs the server itself, and a pooler such as PgBouncer answers: "
                "set DATABASE_OWNER_URL to the server's own address."
            )
        try:
            with connection.begin():
                connection.execute(text(NO_LIMITS))
                connection.execute(text(OPERATORS_PATH), {"local": False})
            # CREATE INDEX CONCURRENTLY waits for running statements, so none may wait for the one who runs it.
            while not _try_lock(connection):
                time.sleep(PAUSE)
            yield connection
        finally:
            connection.invalidate()  # it is closed instead of pooled: lock and settings go with it


def _try_lock(connection: Connection) -> bool:
    with connection.begin():
        return bool(connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK}).scalar())


def _apply_next(connection: Connection) -> bool:
    """Apply the next revision, or all of them to an empty database. Return False if none is missing."""
    with connection.begin():
        found = revision(connection)
        if found == head():
            return False
        if found is None:
            upgrade(connection)
            return True
        has_first_search = connection.execute(text(HAS_FIRST_SEARCH)).scalar()
    if found > head():
        raise DatabaseUnusableError(
            _unknown_schema(f"its newest migration is {found}, and this version knows {head()}")
        )
    if found == "0002" and has_first_search:
        undo = FIRST_SEARCH_UNDONE.read_text(encoding="utf-8")
        in_use.in_short_transaction(connection, lambda: connection.exec_driver_sql(undo))
    else:
        following = min(name for name in revisions() if name > found)
        in_use.apply(connection, following, lambda: upgrade(connection, following))
    return True


def use_operators_path(connection: Connection) -> None:
    """Leave the search's schema out of the search_path until the transaction ends."""
    connection.execute(text(OPERATORS_PATH), {"local": True})


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
