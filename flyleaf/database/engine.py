"""The process's connection pool, and the transactions that requests, commands and imports run in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg2
from sqlalchemy import Connection, Engine, ExceptionContext, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flyleaf.database import connection_settings
from flyleaf.database.errors import DatabaseUnusableError, sqlstate, unusable
from flyleaf.database.gate import Gate
from flyleaf.database.preparation import Preparation
from flyleaf.database.prepared import execute_prepared
from flyleaf.database.watchdog import Watchdog
from flyleaf.search.schema import SearchNotReadyError, is_built
from flyleaf.search.superseded import program_name

CONNECT_TIMEOUT = 3  # seconds
OVERFLOW = 2  # connections beyond the pool's size, closed after use
PING_SECONDS = 1.0  # for a pooled connection to answer; otherwise it is replaced
TRANSACTION_SECONDS = 3.5  # for all statements of a request; longer than statement_timeout
# The client kernel's timeouts, for a server that disappears without closing connections.
TCP_TIMEOUTS = {
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,  # milliseconds
}

UNDEFINED = ("42P01", "42883", "42704")  # SQLSTATEs for an unknown table, function or type


class Database:
    """The database at the SQLAlchemy `url`. The first transaction opens the first connection.

    `transaction` is for pages. All else runs as the owner of the tables, if that is another role.
    """

    def __init__(self, url: str, pool_size: int = 8, owner_url: str | None = None) -> None:
        """Connect pages to `url`, and everything that changes the schema or imports to `owner_url`."""
        self.engine = _create_engine(url, pool_size=pool_size, max_overflow=OVERFLOW, pool_timeout=CONNECT_TIMEOUT)
        self._pool_size = pool_size + OVERFLOW
        self.owner = self.engine if owner_url is None else _create_engine(owner_url, poolclass=NullPool)
        self._watchdog = Watchdog()
        self._gate = Gate()
        event.listen(self.engine, "checkout", self._ping)
        site, owner = self.engine.url.username, self.owner.url.username
        role = None if site == owner else site
        self._preparation = Preparation(self.owner, role, self._create_role)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end of the block, or rolled back if the block raises.

        The connection is cut after TRANSACTION_SECONDS, which raises OperationalError; longer work uses
        command_transaction. The first transaction migrates, so that a site may start before its server does.
        """
        with self._gate.passing():
            self._preparation.ensure_migrated()
            opened = self.engine.connect()
        self._preparation.build_search_in_background()
        try:
            with (
                opened as connection,
                self._watchdog.watch(_descriptor(connection.connection.driver_connection), TRANSACTION_SECONDS),
                connection.begin(),
            ):
                yield connection
        except DBAPIError as error:
            if error.connection_invalidated:
                self._gate.shut()
            elif sqlstate(error) in UNDEFINED and not self._has_search():
                raise SearchNotReadyError(
                    "Another version of Flyleaf has dropped this version's search tables."
                ) from error
            raise

    @contextmanager
    def command_transaction(self) -> Iterator[Connection]:
        """Open a transaction without a time limit, for commands. Every database error becomes a DatabaseUnusableError,
        whose message is one line for the operator."""
        with self._errors_for_operators():
            self._preparation.ensure_migrated()
            with self.owner.begin() as connection:
                yield connection

    @contextmanager
    def transaction_as_is(self, **options: Any) -> Iterator[Connection]:
        """Open a transaction like command_transaction's, but without migrating. `options` are SQLAlchemy's execution
        options for the connection."""
        with (
            self._errors_for_operators(),
            self.owner.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _errors_for_operators(self) -> Iterator[None]:
        """Turn every database error into a DatabaseUnusableError."""
        try:
            yield
        except DBAPIError as error:
            raise unusable(error, self.owner.url) from error
        except psycopg2.Error as error:  # from statements passed directly to the driver
            raise unusable(DBAPIError(None, None, error), self.owner.url) from error
        except PoolTimeout as error:
            raise DatabaseUnusableError("The database has no free connections: try again later.") from error

    def migrate(self) -> None:
        """Bring the schema up to date. Raises DatabaseUnusableError, whose message says what the server lacks."""
        try:
            self._preparation.ensure_migrated()
        except DBAPIError as error:
            raise unusable(error, self.owner.url) from error

    def trust_schema(self) -> None:
        """Take the schema for one that this program has migrated before, instead of checking it."""
        self._preparation.trust_schema()

    def build_search(self) -> None:
        """Bring the schema up to date and build the search's tables if they are missing, which takes most of a minute
        for a million books. Raises DatabaseUnusableError."""
        self.migrate()
        try:
            self._preparation.build_search()
        except DBAPIError as error:
            raise unusable(error, self.owner.url) from error

    def disconnect(self) -> None:
        """Close the connections of the pool. The next transaction opens new ones."""
        self.engine.dispose()
        self.owner.dispose()

    @property
    def pool_size(self) -> int:
        """The greatest number of connections that pages of this process use at the same time."""
        return self._pool_size

    def watch_pool(self, taken: Callable[[], object], returned: Callable[[], object]) -> None:
        """Have the functions called whenever a page takes a connection from the pool, and when it returns it."""
        event.listen(self.engine, "checkout", lambda *_: taken())
        event.listen(self.engine, "checkin", lambda *_: returned())

    def watch_statements(self, begin: Callable[[str], Callable[[bool], object]]) -> None:
        """Have `begin` called with each statement of a page, and what it returns with whether the statement worked."""

        def started(_: object, __: object, statement: str, ___: object, context: Any, ____: object) -> None:
            context.end = begin(statement)

        def failed(failure: ExceptionContext) -> None:
            if end := getattr(failure.execution_context, "end", None):
                end(False)

        event.listen(self.engine, "before_cursor_execute", started)
        event.listen(self.engine, "after_cursor_execute", lambda *arguments: arguments[4].end(True))
        event.listen(self.engine, "handle_error", failed)

    def close(self) -> None:
        """Close the connections for good."""
        self.disconnect()

    def _create_role(self) -> None:
        """Create the role that pages run as, where the site may do that itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ping(self, connection: Any, *_: object) -> None:
        """Check a pooled connection, so that one that was closed by a restart, or hangs, is replaced."""
        try:
            with self._watchdog.watch(_descriptor(connection), PING_SECONDS):
                self.engine.dialect.do_ping(connection)
        except psycopg2.Error as error:
            self._gate.shut()  # until a new connection succeeds
            raise InvalidatePoolError from error  # the other pooled connections are probably broken too

    def _has_search(self) -> bool:
        """Return whether the search's tables exist. If not, the next transactions check again."""
        with self.engine.begin() as connection:
            if is_built(connection):
                return True
        self._preparation.forget_search()
        self.engine.dispose()  # the pooled connections know that the search is ready; new ones ask
        return False


def _create_engine(url: str, **options: Any) -> Engine:
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


def _descriptor(connection: Any) -> int:
    """Return the descriptor of the driver's socket."""
    try:
        return int(connection.fileno())
    except psycopg2.Error as error:  # already closed
        raise DisconnectionError from error
