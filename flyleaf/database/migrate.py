"""Bring the schema up to date: Alembic runs the files of migrations/versions, in their order, each of plain SQL."""

import shlex
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from flyleaf.database.errors import DatabaseUnusableError

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_SERVER = 140_000  # PostgreSQL 14, as server_version_num writes it
# Any number that no other program takes: the site's starts wait for each other here.
MIGRATION_LOCK = 7_303_001

# Without the search's schema, which connections have first on their path: no migration is to find its tables there.
OPERATORS_PATH = """
    SELECT set_config('search_path', reset_val, true) FROM pg_settings WHERE name = 'search_path'
"""


def revisions() -> set[str]:
    """Return all revisions: the numbers that the files' names begin with."""
    return {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}


def head() -> str:
    """The newest revision."""
    return max(revisions())


def revision(connection: Connection) -> str | None:
    """Return the revision of the schema; None where there is none of Flyleaf's."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_migrated(connection: Connection) -> bool:
    """Whether the schema is at the newest revision that this code knows."""
    return revision(connection) == head()


def migrate(engine: Engine) -> None:
    """All missing revisions in one transaction, or nothing.

    Raises DatabaseUnusableError where the server is too old, the database not in UTF-8, or the schema newer than this
    Flyleaf.
    """
    with engine.begin() as connection:
        _require_utf8(connection)
        if is_migrated(connection):
            return
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # a revision may compute a while
        use_operators_path(connection)
        lock_migrations(connection)
        if not is_migrated(connection):
            upgrade(connection)


def use_operators_path(connection: Connection) -> None:
    """Have names mean the site's tables, not the search's, until the transaction ends."""
    connection.execute(text(OPERATORS_PATH))


def _require_utf8(connection: Connection) -> None:
    statement = text("SELECT current_setting('server_encoding'), current_database()")
    encoding, database = connection.execute(statement).one()
    if encoding != "UTF8":
        new = shlex.quote(f"{database}_utf8")
        raise DatabaseUnusableError(
            f"The database {database} is in {encoding}, not in UTF-8: make another one (createdb -T template0 -E UTF8 "
            f"--locale=C.UTF-8 {new}), and set DATABASE_URL to that."
        )


def lock_migrations(connection: Connection) -> None:
    """Keep every other program from changing the schema until the transaction ends, without limits of time."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})


def upgrade(connection: Connection, target: str = "head") -> None:
    """Bring the schema up to the revision `target`, within `lock_migrations`. Raises DatabaseUnusableError."""
    version = int(connection.execute(text("SELECT current_setting('server_version_num')")).scalar_one())
    if version < OLDEST_SERVER:
        raise DatabaseUnusableError(f"PostgreSQL {version // 10_000} is too old: Flyleaf needs 14 or newer.")
    # Imported here: it takes a fifth of a second that a start without a new migration need not wait.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise DatabaseUnusableError(
            f"The database's schema is not of this Flyleaf ({error}): run the newer version that made it, or set "
            "DATABASE_URL to another database."
        ) from error
