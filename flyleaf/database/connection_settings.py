"""The settings of a connection: the search's schema comes first, and no statement takes long.

A connection to the server keeps them. A pooler such as PgBouncer may give each transaction another of its connections,
which it shares with other clients, so through a pooler each transaction has to bring its settings. They go along with
its first statement and cost no round trip. A pooler is recognised by the number of the server's process: it can't know
the real one when a client connects, so it announces another.
"""

from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine, event

from flyleaf.search.schema import schema_name

# The server's own timeouts, in milliseconds: no page is worth a longer wait.
SERVER_TIMEOUTS = {
    "statement_timeout": 3_000,
    "lock_timeout": 2_000,
    "idle_in_transaction_session_timeout": 10_000,
}

_LOCAL_TIMEOUTS = "".join(f"SET LOCAL {name} = {value};" for name, value in SERVER_TIMEOUTS.items())
_SET = """
    WITH path AS (SELECT concat_ws(', ', %(schema)s, nullif(reset_val, '')) AS value
                    FROM pg_settings WHERE name = 'search_path'),
         wanted AS (SELECT 'search_path' AS name, value FROM path
                     UNION ALL
                    SELECT name, value FROM unnest(%(names)s, %(values)s) AS timeouts (name, value))
    SELECT value, (SELECT count(set_config(wanted.name, wanted.value, false))
                     FROM wanted WHERE pg_backend_pid() = %(process)s)
      FROM path
"""


def apply_to(engine: Engine) -> None:
    """Give these settings to each connection of the engine, or to each transaction if a pooler is in between."""
    event.listen(engine, "connect", _connected)
    event.listen(engine, "before_cursor_execute", _with_settings, retval=True)


def is_pooled(connection: Connection) -> bool:
    """Return whether a pooler is between this connection and the server, so that a transaction may meet another
    server process than the one before it."""
    return "settings" in connection.info


def _connected(driver_connection: Any, record: Any) -> None:
    wanted = {
        "schema": schema_name(), "process": driver_connection.info.backend_pid,
        "names": list(SERVER_TIMEOUTS), "values": list(map(str, SERVER_TIMEOUTS.values())),
    }  # fmt: skip
    with driver_connection.cursor() as cursor:
        cursor.execute(_SET, wanted)
        path, settings = cursor.fetchone()
    driver_connection.commit()
    if not settings:
        record.info["settings"] = f"SET LOCAL search_path TO {path};{_LOCAL_TIMEOUTS}"


def _with_settings(
    connection: Connection, cursor: Any, statement: str, values: Any, context: Any, _many: bool
) -> tuple[str, Any]:
    """Put the settings before the first statement of a transaction. A listener of SQLAlchemy's
    `before_cursor_execute`."""
    if is_pooled(connection) and cursor.connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
        settings = connection.info["settings"]
        return (settings if _is_as_written(context) else settings.replace("%", "%%")) + statement, values
    return statement, values


def _is_as_written(context: Any) -> bool:
    """Return whether the driver leaves % alone."""
    return bool(context.execution_options.get("no_parameters"))
