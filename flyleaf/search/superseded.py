"""What other versions of the search have left in the database: it is dropped once no program uses it.

A version is in use while a program of it is connected, and until the time that its row in versions_in_use has. Both
count, because a pooler mixes up the names of connections, and programs from before that table have only those.

The first version had no schema of its own. Its objects, all called search_…, stand beside the tables of the books.
"""

from sqlalchemy import Connection, Engine, text

from flyleaf.search.schema import execute_without_queueing, put_first, schema_name, take_time

ATTEMPTS = 20  # to lock the tables of the books for the moment in which triggers are dropped
USE_SECONDS = 300  # for which a process says that it uses a version: several times its pause between two looks
OFTEN_SECONDS = 30  # within which it isn't said again


def program_name() -> str:
    """As which a connection is known in pg_stat_activity, so that others see which version is in use."""
    return f"flyleaf {schema_name()}"


def note_use(connection: Connection) -> None:
    """Say that this version is used, so that no other drops it in the next minutes."""
    values = {"schema": schema_name(), "seconds": USE_SECONDS, "often": OFTEN_SECONDS}
    connection.execute(_NOTE_USE, values)


def drop_superseded(engine: Engine) -> None:
    """Drop what other versions have left; nothing while one of them is in use, or the tables are busy."""
    with engine.begin() as connection:
        if not _is_left(connection) or _is_used(connection):
            return
        take_time(connection)
        put_first(connection)
        # First what is short, and needs the tables of the books: no writer fills the others from then on.
        if not execute_without_queueing(connection.execution_options(no_parameters=True), _UNFASTEN, ATTEMPTS):
            return
        connection.execute(_FORGET_OTHERS, {"schema": schema_name()})
    with engine.begin() as connection:
        take_time(connection)
        connection.execution_options(no_parameters=True).exec_driver_sql(_DROP)


def _is_left(connection: Connection) -> bool:
    return bool(connection.execute(text(_IS_LEFT), {"schema": schema_name()}).scalar())


def _is_used(connection: Connection) -> bool:
    values = {"name": program_name(), "schema": schema_name()}
    return bool(connection.execute(text(_IS_USED), values).scalar())


_IS_LEFT = """
    SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname ~ '^(left_)?search_[0-9a-f]{12}$' AND nspname <> :schema)
           OR EXISTS (SELECT FROM pg_proc
                       WHERE proname = 'search_settle'
                         AND pronamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('books')))
"""
_IS_USED = """
    SELECT EXISTS (SELECT FROM pg_stat_activity
                    WHERE datname = current_database()
                      AND pid <> pg_backend_pid()
                      AND (application_name = 'flyleaf' OR application_name LIKE 'flyleaf %')
                      AND application_name <> :name)
           OR EXISTS (SELECT FROM versions_in_use WHERE used_until > now() AND search_schema <> :schema)
"""
# Written by one of all processes, and only if that changes something. A version that was made in advance, for a day,
# has the usual time once it runs.
_NOTE_USE = text("""
    INSERT INTO versions_in_use AS noted (search_schema, used_until)
    SELECT :schema, now() + make_interval(secs => :seconds)
     WHERE NOT EXISTS (SELECT FROM versions_in_use
                        WHERE search_schema = :schema
                          AND used_until BETWEEN now() + make_interval(secs => :seconds - :often)
                                             AND now() + make_interval(secs => :seconds))
        ON CONFLICT (search_schema) DO UPDATE SET used_until = excluded.used_until""")
_FORGET_OTHERS = text("DELETE FROM versions_in_use WHERE search_schema <> :schema")
# A schema whose triggers are gone is no longer kept up to date: under another name its version does not take it for
# one that is.
_UNFASTEN = r"""
    DO $do$
    DECLARE
        home  oid := (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('books'));
        found record;
    BEGIN
        FOR found IN
            SELECT tgname AS name, tgrelid::regclass AS watched
              FROM pg_trigger
              JOIN pg_class AS watched ON watched.oid = tgrelid
              JOIN pg_proc AS follower ON follower.oid = tgfoid
              JOIN pg_namespace AS schema ON schema.oid = pronamespace
             WHERE NOT tgisinternal
               AND relnamespace = home
               AND (pronamespace = home AND proname LIKE 'search\_%'
                    OR nspname ~ '^search_[0-9a-f]{12}$' AND nspname <> current_schema())
             ORDER BY tgrelid, tgname
        LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', found.name, found.watched);
        END LOOP;
        FOR found IN
            SELECT nspname AS name FROM pg_namespace
             WHERE nspname ~ '^search_[0-9a-f]{12}$' AND nspname <> current_schema()
             ORDER BY nspname
        LOOP
            EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', 'left_' || found.name);
            EXECUTE format('ALTER SCHEMA %I RENAME TO %I', found.name, 'left_' || found.name);
        END LOOP;
    END $do$
"""
_DROP = r"""
    DO $do$
    DECLARE
        home  oid := (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('books'));
        found record;
    BEGIN
        FOR found IN
            SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^left_search_[0-9a-f]{12}$' ORDER BY nspname
        LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', found.name);
        END LOOP;
        FOR found IN
            SELECT CASE relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE 'TYPE' END AS kind, relname AS name
              FROM pg_class
             WHERE relnamespace = home AND relkind IN ('r', 'v', 'c') AND relname LIKE 'search\_%'
             ORDER BY relkind, relname
        LOOP
            EXECUTE format('DROP %s IF EXISTS %s.%I CASCADE', found.kind, home::regnamespace, found.name);
        END LOOP;
        FOR found IN
            SELECT oid::regprocedure::text AS name FROM pg_proc
             WHERE pronamespace = home AND proname LIKE 'search\_%' ORDER BY oid
        LOOP
            EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', found.name);
        END LOOP;
    END $do$
"""
