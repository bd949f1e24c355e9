"""The schema of the database that the search keeps for itself. All in it is derived, from the books and their ratings,
by the SQL files of sql/ and the table of letters; its name is their digest.

So every version of the search has a schema of its own: one is made and filled beside the other, which goes on being
searched and kept up to date, and no program ever meets tables that another version has made.

What the server adds to it is the same for all programs, and not in the name: search_text_rules() tells it, and where it
is no longer what it was at the last rebuild, `build` derives everything anew while the site searches what there is.
"""

import time
import unicodedata
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

FILES = sorted((Path(__file__).parent / "sql").glob("*.sql"))
LETTERS = Path(__file__).parent / "letters.py"
# Any number that no other program takes: who makes or drops such a schema waits for the others here.
INSTALL_LOCK = 7_303_003
QUEUE_SECONDS = 0.1  # for a lock on the tables of the books; whoever comes meanwhile waits, too
PAUSE_SECONDS = 0.3  # until it is tried again
START_HOURS = 24  # to start a site on a schema that was made in advance, before another version may drop it
LOCK_NOT_AVAILABLE = "55P03"


class SearchNotReadyError(RuntimeError):
    """What this version of the search needs is not in the database, or not yet complete."""


@cache
def schema_name() -> str:
    """Of the schema that this code makes and needs."""
    digest = sha256()
    for path in (*FILES, LETTERS):
        digest.update(path.read_bytes())
    # What letters() computes its table from, which takes half a second.
    digest.update(f"{version('anyascii')} {unicodedata.unidata_version}".encode())
    return f"search_{digest.hexdigest()[:12]}"


def put_first(connection: Connection) -> None:
    """Put the search's schema before those that the operator has set, for this transaction."""
    connection.execute(_PUT_FIRST, {"schema": schema_name()})


def is_built(connection: Connection) -> bool:
    """Whether the database has what this version of the search needs, complete."""
    if not _exists(connection):
        return False
    return connection.execute(text("SELECT built_at IS NOT NULL FROM search_state")).scalar() is True


def is_current(connection: Connection) -> bool:
    """The same, and whether this server makes the keys that are in it: one that was moved to a newer PostgreSQL, or to
    another machine, can be searched, but is to be derived anew."""
    return is_built(connection) and connection.execute(_HAS_SAME_RULES).scalar() is True


def is_ready(connection: Connection) -> bool:
    """The same, asked of the database until it has been so on this connection."""
    if "search_is_ready" not in connection.info and is_built(connection):
        connection.info["search_is_ready"] = True
    return "search_is_ready" in connection.info


def require(connection: Connection) -> None:
    """Raise SearchNotReadyError unless there is what can be searched."""
    if not is_ready(connection):
        raise SearchNotReadyError("The search is being prepared.")


def create(engine: Engine, grant: Callable[[Connection], None] = lambda _: None) -> None:
    """Make the schema, beside those of other versions: from then on it notes what changes. `build` fills it.

    `grant` gives the rights to use it, in the same transaction. Of several at once one does it, and the others wait.
    """
    with engine.begin() as connection:
        if _exists(connection):
            return
        take_time(connection)
        put_first(connection)
        if not _exists(connection):
            _create(connection)
            grant(connection)


def is_quick_to_build(engine: Engine, books: int) -> bool:
    """Whether the catalogue has at most so many books."""
    with engine.begin() as connection:
        return connection.execute(_HAS_MORE, {"books": books}).scalar() is None


def build(engine: Engine) -> None:
    """Derive all of it, unless that is done; others go on with theirs meanwhile. Of several at once one does it."""
    with engine.begin() as connection:
        put_first(connection)
        if is_current(connection):
            return
        take_time(connection)
        if not is_current(connection):
            connection.execute(text("SELECT search_rebuild()"))


def _exists(connection: Connection) -> bool:
    return connection.execute(text("SELECT to_regnamespace(:schema)"), {"schema": schema_name()}).scalar() is not None


def take_time(connection: Connection) -> None:
    """No limits, and nobody else meanwhile."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": INSTALL_LOCK})


def _create(connection: Connection) -> None:
    """All but the content; from the commit on what changes is noted."""
    connection.execute(text(f"CREATE SCHEMA {schema_name()}"))
    connection.execute(_NOTE_AS_MADE, {"schema": schema_name(), "hours": START_HOURS})
    # The triggers' functions keep this path, and run as the owner: they must not find a caller's temporary tables.
    connection.execute(text("SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true)"))
    *files, triggers = FILES
    # Without parameters the driver leaves % alone, which the functions are full of.
    plain = connection.execution_options(no_parameters=True)
    for path in files:
        plain.exec_driver_sql(path.read_text(encoding="utf-8"))
    _fill_letters(connection)
    execute_without_queueing(plain, triggers.read_text(encoding="utf-8"))


def _fill_letters(connection: Connection) -> None:
    from flyleaf.search.letters import letters  # the package behind it takes a while, which only this need wait for

    table = list(letters())
    # As two texts: to read a quarter of a million values takes the server seconds.
    connection.execute(
        text("""
            INSERT INTO search_letters (letter, latin)
            SELECT letter, latin
              FROM unnest(string_to_array(:letters, chr(10)), string_to_array(:latins, chr(10)))
                       AS rows (letter, latin)"""),
        {"letters": "\n".join(letter for letter, _ in table), "latins": "\n".join(latin for _, latin in table)},
    )
    connection.execute(text("ANALYZE search_letters"))


def execute_without_queueing(connection: Connection, statements: str, attempts: int | None = None) -> bool:
    """Run what locks tables that a site in use needs; False where others held them at each of the attempts.

    It never stands in the queue for long: whoever came behind it would wait as well.
    """
    connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": f"{QUEUE_SECONDS}s"})
    while attempts is None or attempts > 0:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(statements)
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE:
                raise
            time.sleep(PAUSE_SECONDS)
            attempts = attempts and attempts - 1
        else:
            return True
    return False


_HAS_SAME_RULES = text("SELECT text_rules = search_text_rules() FROM search_state")
_PUT_FIRST = text("""
    SELECT set_config('search_path', concat_ws(', ', :schema, nullif(reset_val, '')), true)
      FROM pg_settings
     WHERE name = 'search_path'""")
_NOTE_AS_MADE = text("""
    INSERT INTO versions_in_use (search_schema, used_until) VALUES (:schema, now() + make_interval(hours => :hours))
        ON CONFLICT (search_schema) DO UPDATE SET used_until = excluded.used_until""")
_HAS_MORE = text("SELECT true FROM books OFFSET :books LIMIT 1")
