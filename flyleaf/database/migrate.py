"""Bring the schema up to date: Alembic runs the files of migrations/versions, in their order, each of plain SQL."""

import shlex
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from flyleaf.database.errors import DatabaseUnusableError, sqlstate

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_SERVER = 140_000  # PostgreSQL 14, as server_version_num writes it
# Any number that no other program takes: the site's starts wait for each other here.
MIGRATION_LOCK = 7_303_001
LOCK_NOT_AVAILABLE = "55P03"
QUEUE = "200ms"  # that a migration stays in the queue for a table which others use; then it lets them pass
PAUSE = 0.5  # seconds until it comes back
PATIENCE = 30.0  # seconds until it gives up, for the next who asks to try again
# The first version's 0002 was another one.
HAS_FIRST_SEARCH = "SELECT to_regclass('books_folded') IS NOT NULL"
FIRST_SEARCH_UNDONE = MIGRATIONS / "sql" / "first_search_undone.sql"

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
    """Bring the schema up to date: an empty database in one transaction or not at all, one that is in use by a
    transaction for each revision, so that no lock is held for longer than one needs it.

    Raises DatabaseUnusableError where the server is too old, the database not in UTF-8, or the schema newer than this
    Flyleaf.
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
    """Apply one revision, or all on an empty database; False where none is missing."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # a revision may compute a while
    use_operators_path(connection)
    lock_migrations(connection)
    found = revision(connection)
    if found == head():
        return False
    if found and found > head():
        raise DatabaseUnusableError(_not_ours(f"its newest migration is {found}, and this version knows {head()}"))
    if found:  # who comes while a lock is waited for waits, too: not for long
        connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": QUEUE})
    if found == "0002" and connection.execute(text(HAS_FIRST_SEARCH)).scalar():
        connection.exec_driver_sql(FIRST_SEARCH_UNDONE.read_text(encoding="utf-8"))
    else:
        upgrade(connection, "+1" if found else "head")
    return True


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
    _require_utf8(connection)
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
        raise DatabaseUnusableError(_not_ours(str(error))) from error


def _not_ours(why: str) -> str:
    return (
        f"The database's schema is not of this Flyleaf ({why}): run the newer version that made it, or set "
        "DATABASE_URL to another database."
    )
