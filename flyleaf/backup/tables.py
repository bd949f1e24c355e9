"""Choose the tables of a backup, and copy their rows out of and into the database."""

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection, text

# The tables that a backup leaves out, and why. All others are included, so that a new table can't be forgotten.
LEFT_OUT = {
    "alembic_version": "the backup's header names the schema",
    "attempts": "limits last a few hours",
    "sessions": "sessions that ended after the backup must not come back: readers log in again",
    "api_tokens": "a token that was revoked after the backup must not work again: readers make new ones",  # nosec B105
    "password_resets": "links work once, for a day: one used after the backup must not work again",  # nosec B105
    "passkey_challenges": "questions of minutes, each answered once",
    "pending_logins": "logins wait for a second factor for minutes",
    "login_links": "like password resets",
    "duplicate_search": "how far the site has looked for duplicates: it looks again every day",
    "external_rating_requests": "books to look up on another site: opening their pages queues them again",
    "cover_requests": "the same, for covers",
    "versions_in_use": "it is about running programs",
    "covers": "their pictures are files, and are fetched again for books that readers open",
}
# The search's derived tables, which were in this schema before revision 0006.
LEFT_OUT_PREFIX = "search_"

TABLES = """
SELECT class.relname::text AS name,
       array_agg(column_.attname::text ORDER BY column_.attnum) AS columns
  FROM pg_class AS class
  JOIN pg_attribute AS column_ ON column_.attrelid = class.oid
 WHERE class.relnamespace = CAST(current_schema() AS regnamespace)
   AND class.relkind IN ('r', 'p')
   AND NOT class.relispartition
   AND column_.attnum > 0
   AND NOT column_.attisdropped
   AND column_.attgenerated = ''
   AND NOT EXISTS (SELECT FROM pg_depend
                    WHERE classid = CAST('pg_class' AS regclass) AND objid = class.oid AND deptype = 'e')
 GROUP BY class.relname
 ORDER BY class.relname
"""

REFERENCES = """
SELECT child.relname::text AS child, parent.relname::text AS parent
  FROM pg_constraint AS reference
  JOIN pg_class AS child ON child.oid = reference.conrelid
  JOIN pg_class AS parent ON parent.oid = reference.confrelid
 WHERE reference.contype = 'f'
   AND child.relnamespace = CAST(current_schema() AS regnamespace)
   AND child.oid <> parent.oid
 ORDER BY child.relname, parent.relname
"""

LAST_IDS = """
SELECT class.relname::text AS name,
       column_.attname::text AS column,
       pg_sequence_last_value(CAST(pg_get_serial_sequence(
           quote_ident(class.relname), column_.attname) AS regclass)) AS last_id
  FROM pg_class AS class
  JOIN pg_attribute AS column_ ON column_.attrelid = class.oid
 WHERE class.relnamespace = CAST(current_schema() AS regnamespace)
   AND class.relkind IN ('r', 'p')
   AND column_.attnum > 0
   AND NOT column_.attisdropped
   AND pg_get_serial_sequence(quote_ident(class.relname), column_.attname) IS NOT NULL
 ORDER BY class.relname, column_.attname
"""

SET_LAST_ID = "SELECT setval(CAST(pg_get_serial_sequence(quote_ident(:name), :column) AS regclass), :last_id)"

# With these settings, every server writes the same text and reads it back unchanged.
SETTINGS = """
SET LOCAL search_path TO DEFAULT;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL timezone = 'UTC';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex'
"""


@dataclass(frozen=True)
class Table:
    """A table and its stored columns, without generated ones."""

    name: str
    columns: tuple[str, ...]

    def lock(self, connection: Connection) -> None:
        """Prevent changes of the table's columns until the transaction ends. Rows may still be written."""
        self._run(connection, "LOCK TABLE {table} IN ACCESS SHARE MODE")

    def set_triggers(self, connection: Connection, *, on: bool) -> None:
        """Enable or disable the table's own triggers, and lock out other writers until the transaction ends."""
        self._run(connection, f"ALTER TABLE {{table}} {'ENABLE' if on else 'DISABLE'} TRIGGER USER")

    def is_empty(self, connection: Connection) -> bool:
        return bool(self._run(connection, "SELECT NOT EXISTS (SELECT FROM {table})").fetchone()[0])

    def write_to(self, connection: Connection, file: Any) -> int:
        """Write all rows in COPY's text format and return their number."""
        return self._copy(connection, "COPY {table} ({columns}) TO STDOUT WITH (ENCODING 'UTF8')", file)

    def read_from(self, connection: Connection, file: Any) -> int:
        """Add the rows that `write_to` wrote and return their number."""
        return self._copy(connection, "COPY {table} ({columns}) FROM STDIN WITH (ENCODING 'UTF8')", file)

    def _copy(self, connection: Connection, statement: str, file: Any) -> int:
        with _driver(connection).cursor() as cursor:
            cursor.copy_expert(self._named(statement), file, size=1 << 18)
            return int(cursor.rowcount)

    def _run(self, connection: Connection, statement: str) -> Any:
        cursor = _driver(connection).cursor()
        cursor.execute(self._named(statement))
        return cursor

    def _named(self, statement: str) -> sql.Composed:
        return sql.SQL(statement).format(
            table=sql.Identifier(self.name), columns=sql.SQL(", ").join(map(sql.Identifier, self.columns))
        )


def make_readable(connection: Connection) -> None:
    """Set the formats of values, whatever the server's settings are, lift time limits, and make names refer to
    Flyleaf's own tables and not to the search's. This doesn't take the transaction's snapshot yet."""
    connection.execute(text(SETTINGS))


def table_names(connection: Connection) -> list[str]:
    """Return the names of all tables."""
    return [row.name for row in connection.execute(text(TABLES))]


def stored_tables(connection: Connection) -> list[Table]:
    """Return the tables of a backup, each after the tables that it refers to."""
    found = {row.name: Table(row.name, tuple(row.columns)) for row in connection.execute(text(TABLES))}
    kept = {name for name in found if name not in LEFT_OUT and not name.startswith(LEFT_OUT_PREFIX)}
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in sorted(kept)})
    for row in connection.execute(text(REFERENCES)):
        if row.child in kept and row.parent in kept:
            order.add(row.child, row.parent)
    return [found[name] for name in order.static_order()]


def last_ids(connection: Connection, tables: list[Table]) -> dict[str, dict[str, int]]:
    """Return the last id that each table has assigned, even if the row was deleted."""
    names = {table.name for table in tables}
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(text(LAST_IDS)):
        if row.name in names and row.last_id is not None:
            found.setdefault(row.name, {})[row.column] = row.last_id
    return found


def set_last_ids(connection: Connection, table: Table, last: dict[str, int]) -> None:
    """Continue the table's ids after the last assigned one."""
    for column, last_id in last.items():
        values = {"name": table.name, "column": column, "last_id": last_id}
        connection.execute(text(SET_LAST_ID), values)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
