"""Examine a database server without changing anything, to find out why the site doesn't run on it."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.database.engine import Database
from flyleaf.database.migrate import revision, use_operators_path
from flyleaf.search.schema import is_built, put_first

EXTENSIONS = ("fuzzystrmatch", "pg_trgm", "unaccent")

SERVER = """
SELECT current_setting('server_version') AS version,
       CAST(current_setting('server_version_num') AS int) AS version_number,
       pg_encoding_to_char(encoding) AS encoding,
       datctype AS locale,
       has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create_tables,
       pg_is_in_recovery() OR CAST(current_setting('default_transaction_read_only') AS bool) AS is_read_only,
       CAST(current_setting('max_connections') AS int) AS connections,
       CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS clock,
       pg_database_size(current_database()) AS bytes
  FROM pg_database
 WHERE datname = current_database()
"""

KNOWS_LETTERS = "SELECT lower(chr(201)) = chr(233)"  # É and é

# By which version of the operating system's sort order the indexes were made, and which one it has now.
SORT_ORDERS = """
SELECT datcollversion AS made_by, pg_database_collation_actual_version(oid) AS now
  FROM pg_database
 WHERE datname = current_database() AND datcollversion <> pg_database_collation_actual_version(oid)
"""
KNOWS_SORT_ORDERS = 150_000  # PostgreSQL's version

MISSING_EXTENSIONS = """
SELECT wanted.name
  FROM unnest(CAST(:names AS text[])) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_available_extensions AS available WHERE available.name = wanted.name)
 ORDER BY wanted.name
"""

OTHERS_TABLES = """
SELECT class.relname::text AS name, pg_get_userbyid(class.relowner)::text AS owner
  FROM pg_class AS class
 WHERE class.relnamespace = CAST(current_schema() AS regnamespace)
   AND class.relkind = 'r'
   AND NOT pg_has_role(class.relowner, 'USAGE')
 ORDER BY class.relname
 LIMIT 1
"""

# Of a database of the first days, for which revision 0008 could not say that they hold.
DOUBTED_CHECKS = """
SELECT EXISTS (SELECT FROM pg_constraint
                WHERE conrelid = to_regclass('books')
                  AND conname IN ('books_average_rating_check', 'books_ratings_count_check')
                  AND NOT convalidated)
"""
BROKEN_BOOKS = """
SELECT isbn FROM books WHERE NOT average_rating BETWEEN 0 AND 5 OR ratings_count < 0 ORDER BY id LIMIT 5
"""

SECRETS = "SELECT reader_id, secret FROM authenticator_apps ORDER BY id LIMIT 100"

OWNS_TABLES = """
SELECT EXISTS (SELECT FROM pg_class AS class
                 JOIN pg_roles AS role ON role.rolname = coalesce(CAST(:role AS text), current_user)
                WHERE class.oid = to_regclass('books') AND pg_has_role(role.oid, class.relowner, 'USAGE'))
"""

WAITING = "SELECT count(*) FROM search_changes"

COVERS = "SELECT count(*) FROM covers WHERE digest IS NOT NULL"


AppSecrets = tuple[tuple[int, bytes], ...]  # of the first authenticator apps: the reader, and what is encrypted


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found."""

    version: str
    version_number: int
    encoding: str
    locale: str
    knows_letters: bool
    sort_orders: tuple[str, str] | None  # of the indexes, and of the operating system now, if they differ
    may_create_schemas: bool
    may_create_tables: bool
    is_read_only: bool
    connections: int
    bytes: int
    seconds_ahead: float  # of this machine's clock, positive if the server's is ahead
    missing_extensions: tuple[str, ...]
    others_table: tuple[str, str] | None  # a table owned by another role, and that role
    broken_books: tuple[str, ...]  # ISBNs of the first books whose ratings elsewhere break a check
    app_secrets: AppSecrets
    pages_own_tables: bool  # they could drop them
    schema: str | None  # the revision; None if Flyleaf has no tables yet
    covers: int  # books that have one from another site
    search_is_ready: bool
    search_changes: int  # books that are not searchable yet


def diagnose(database: Database) -> Diagnosis:
    """Examine the database as it is. Raises DatabaseUnusableError."""
    with database.transaction_as_is() as connection:
        use_operators_path(connection)
        server = dict(connection.execute(text(SERVER)).one()._mapping)
        ahead = server.pop("clock") - time.time()
        letters = server["encoding"] == "UTF8" and connection.execute(text(KNOWS_LETTERS)).scalar_one()
        order = _sort_orders(connection, server["version_number"])
        missing = tuple(connection.scalars(text(MISSING_EXTENSIONS), {"names": list(EXTENSIONS)}))
        other = connection.execute(text(OTHERS_TABLES)).one_or_none()
        broken = _broken_books(connection)
        secrets = _app_secrets(connection)
        role = database.engine.url.username
        owns = connection.execute(text(OWNS_TABLES), {"role": role}).scalar_one()
        schema = revision(connection)
        covers = _covers(connection)
        put_first(connection)
        ready = is_built(connection)
        waiting = connection.execute(text(WAITING)).scalar_one() if ready else 0
        return Diagnosis(
            **server,
            knows_letters=letters,
            sort_orders=order,
            seconds_ahead=ahead,
            missing_extensions=missing,
            others_table=None if other is None else (other.name, other.owner),
            broken_books=broken,
            app_secrets=secrets,
            pages_own_tables=owns,
            schema=schema,
            covers=covers,
            search_is_ready=ready,
            search_changes=waiting,
        )


def _sort_orders(connection: Connection, version: int) -> tuple[str, str] | None:
    if version < KNOWS_SORT_ORDERS:
        return None
    found = connection.execute(text(SORT_ORDERS)).one_or_none()
    return None if found is None else (found.made_by, found.now)


def _broken_books(connection: Connection) -> tuple[str, ...]:
    if not connection.execute(text(DOUBTED_CHECKS)).scalar_one():
        return ()
    connection.execute(text("SET LOCAL statement_timeout = 0"))  # it reads the whole table
    return tuple(connection.scalars(text(BROKEN_BOOKS)))


def _covers(connection: Connection) -> int:
    if connection.execute(text("SELECT to_regclass('covers') IS NULL")).scalar_one():
        return 0
    return int(connection.execute(text(COVERS)).scalar_one())


def _app_secrets(connection: Connection) -> AppSecrets:
    if connection.execute(text("SELECT to_regclass('authenticator_apps') IS NULL")).scalar_one():
        return ()
    return tuple((row.reader_id, bytes(row.secret)) for row in connection.execute(text(SECRETS)))
