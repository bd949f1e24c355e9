"""The process's connections to one server, and the time that a request may spend on one of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidatePoolError

from flyleaf.database import connection_settings
from flyleaf.database.gate import Gate
from flyleaf.database.prepared import execute_prepared
from flyleaf.database.watchdog import Watchdog
from flyleaf.search.superseded import program_name

CONNECT_TIMEOUT = 3  # seconds
PING_SECONDS = 1.0  # for a pooled connection to answer; otherwise it is replaced
TRANSACTION_SECONDS = 3.5  # for all statements of a request; longer than statement_timeout
OVERFLOW = 2  # connections beyond the pool's size, which are closed after use
# The client kernel's timeouts, for a server that disappears without closing connections.
TCP_TIMEOUTS = {
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,  # milliseconds
}


_READ_ONLY = {"postgresql_readonly": True}


class Pool:
    """At most `size` + OVERFLOW connections to the server at the SQLAlchemy `url`."""

    def __init__(self, url: str, size: int) -> None:
        self.size = size + OVERFLOW
        self.engine = create(url, pool_size=size, max_overflow=OVERFLOW, pool_timeout=CONNECT_TIMEOUT)
        self.watchdog = Watchdog()
        self._gate = Gate()
        event.listen(self.engine, "checkout", self._check)

    @contextmanager
    def transaction(
        self, first: Callable[[], object] = lambda: None, *, read_only: bool = False
    ) -> Iterator[Connection]:
        """Open a transaction that is committed at the end of the block, or rolled back if the block raises.

        `first` is called before it, by one thread at a time while it is unknown whether the server answers. The
        connection is cut after TRANSACTION_SECONDS, which raises OperationalError.
        """
        with self._gate.passing():
            first()
            opened = self.engine.connect()
        try:
            with (
                opened as connection,
                self.watchdog.watch(descriptor(connection.connection.driver_connection), TRANSACTION_SECONDS),
                connection.execution_options(**_READ_ONLY if read_only else {}).begin(),
            ):
                yield connection
        except DBAPIError as error:
            if error.connection_invalidated:
                self._gate.shut()
            raise

    def ping(self, connection: Any, _record: Any) -> None:
        """Ask the server for a sign of life. Raises psycopg2.Error."""
        self.engine.dialect.do_ping(connection)

    def _check(self, connection: Any, record: Any, _proxy: Any) -> None:
        """Check a pooled connection, so that one that was closed by a restart, or hangs, is replaced."""
        try:
            with self.watchdog.watch(descriptor(connection), PING_SECONDS) as watched:
                self.ping(connection, record)
            if watched.was_cut:
                raise psycopg2.OperationalError("The answer came too late.")
            # After a read-only transaction SQLAlchemy has the next ones begin with READ WRITE. A standby refuses that
            # as if it lacked a feature, and a server that is read-only for a while would be written to.
            connection.readonly = None
        except psycopg2.Error as error:
            self._gate.shut()  # until a new connection succeeds
            raise InvalidatePoolError from error  # the other pooled connections are probably broken too


def create(url: str, **options: Any) -> Engine:
    """Return an engine for the server at `url`, whose connections have the site's settings."""
    engine = create_engine(
        url,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            "application_name": program_name(),
            "client_encoding": "UTF8",  # whatever PGCLIENTENCODING or the role's settings say
            **TCP_TIMEOUTS,
        },
        **options,
    )
    connection_settings.apply_to(engine)
    event.listen(engine, "do_execute", execute_prepared)
    return engine


def descriptor(connection: Any) -> int:
    """Return the descriptor of the driver's socket."""
    try:
        return int(connection.fileno())
    except psycopg2.Error as error:  # already closed
        raise DisconnectionError from error
