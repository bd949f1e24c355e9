"""One connection pool for the process, and the transaction that every request, command and import runs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flyleaf.database.errors import DatabaseUnusableError, sqlstate, unusable
from flyleaf.database.gate import Gate
from flyleaf.database.preparation import Preparation
from flyleaf.database.watchdog import Watchdog
from flyleaf.search.schema import SearchNotReadyError, is_built, put_first_on
from flyleaf.search.superseded import program_name

CONNECT_TIMEOUT = 3  # seconds
PING_SECONDS = 1.0  # for a kept connection to show that it lives; a new one is made where it does not
TRANSACTION_SECONDS = 3.5  # from the first statement of a request to the last; past statement_timeout
# What the server ends by itself, in milliseconds: no page is worth waiting longer for.
SERVER_TIMEOUTS = {
    "statement_timeout": 3_000,
    "lock_timeout": 2_000,
    "idle_in_transaction_session_timeout": 10_000,
}
# What the client's kernel ends where the server is gone without a word.
TCP_TIMEOUTS = {
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,  # milliseconds
}

UNDEFINED = ("42P01", "42883", "42704")  # SQLSTATE: there is no such table, function, type


class Database:
    """The database at `url`, as SQLAlchemy writes it. Nothing is connected before the first transaction."""

    def __init__(self, url: str, pool_size: int = 8) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=2,
            pool_timeout=CONNECT_TIMEOUT,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT,
                "application_name": program_name(),
                "client_encoding": "UTF8",  # whatever PGCLIENTENCODING or the role's settings say
                "options": " ".join(f"-c {name}={value}" for name, value in SERVER_TIMEOUTS.items()),
                **TCP_TIMEOUTS,
            },
        )
        self._watchdog = Watchdog()
        self._gate = Gate()
        event.listen(self.engine, "connect", put_first_on)
        event.listen(self.engine, "checkout", self._ping)
        self._preparation = Preparation(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is committed at the end, or rolled back where the block raises. It is cut after
        TRANSACTION_SECONDS, which raises the driver's OperationalError: what lasts longer is a command_transaction.

        The first one brings the schema up to date, so that a site that was started before its server needs nobody.
        """
        with self._gate.passing():
            self._preparation.ensure_migrated()
            opened = self.engine.connect()
        self._preparation.build_search_beside()
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
                raise SearchNotReadyError("Another version has dropped the search of this one.") from error
            raise

    @contextmanager
    def command_transaction(self) -> Iterator[Connection]:
        """The same for commands, which may take their time, and tell their operator in a line what is wrong: every
        failure of the database is a DatabaseUnusableError."""
        with self._failures_in_words():
            self._preparation.ensure_migrated()
            with self.engine.begin() as connection:
                yield connection

    @contextmanager
    def transaction_as_is(self, **options: Any) -> Iterator[Connection]:
        """Like command_transaction, on the schema as it is: nothing is brought up to date. `options` are SQLAlchemy's
        execution options of the connection."""
        with (
            self._failures_in_words(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _failures_in_words(self) -> Iterator[None]:
        """Turn every failure of the database into a DatabaseUnusableError."""
        try:
            yield
        except DBAPIError as error:
            raise unusable(error, self.engine.url) from error
        except psycopg2.Error as error:  # of statements that were handed to the driver itself
            raise unusable(DBAPIError(None, None, error), self.engine.url) from error
        except PoolTimeout as error:
            raise DatabaseUnusableError("The database has no connection free: try again later.") from error

    def migrate(self) -> None:
        """Bring the schema up to date. Raises DatabaseUnusableError, whose text says what the server lacks."""
        try:
            self._preparation.ensure_migrated()
        except DBAPIError as error:
            raise unusable(error, self.engine.url) from error

    def build_search(self) -> None:
        """Bring the schema up to date and build what the search needs: most of a minute for a million books, where it
        is missing. Raises DatabaseUnusableError."""
        self.migrate()
        try:
            self._preparation.build_search()
        except DBAPIError as error:
            raise unusable(error, self.engine.url) from error

    def close(self) -> None:
        """Close the connections of the pool."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ping(self, connection: Any, *_: object) -> None:
        """A connection that a restart of the server has killed, or that hangs, is replaced, not handed out."""
        try:
            with self._watchdog.watch(_descriptor(connection), PING_SECONDS):
                self.engine.dialect.do_ping(connection)
        except psycopg2.Error as error:
            self._gate.shut()  # until a new connection is made
            raise InvalidatePoolError from error  # the others that are kept are no better

    def _has_search(self) -> bool:
        """Whether the search is there; the transactions from now on look again."""
        with self.engine.begin() as connection:
            if is_built(connection):
                return True
        self._preparation.forget_search()
        return False


def _descriptor(connection: Any) -> int:
    """Of the driver's socket."""
    try:
        return int(connection.fileno())
    except psycopg2.Error as error:  # it has been closed
        raise DisconnectionError from error
