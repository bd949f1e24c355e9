"""One connection pool for the process, and the transaction that every request, command and import runs in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from flyleaf.database.errors import DatabaseUnusableError, describe
from flyleaf.database.migrate import migrate

CONNECT_TIMEOUT = 3  # seconds
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


class Database:
    """The database at `url`, as SQLAlchemy writes it. Nothing is connected before the first transaction."""

    def __init__(self, url: str, pool_size: int = 8) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=2,
            pool_timeout=CONNECT_TIMEOUT,
            pool_pre_ping=True,  # a connection that a restart of the server killed is replaced, not handed out
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT,
                "application_name": "flyleaf",
                "options": " ".join(f"-c {name}={value}" for name, value in SERVER_TIMEOUTS.items()),
                **TCP_TIMEOUTS,
            },
        )
        self._migrated = False
        self._migrating = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is committed at the end, or rolled back where the block raises.

        The first one brings the schema up to date, so that a site that was started before its server needs nobody.
        """
        self._ensure_migrated()
        with self.engine.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema up to date. Raises DatabaseUnusableError, whose text says what the server lacks."""
        try:
            self._ensure_migrated()
        except DBAPIError as error:
            raise DatabaseUnusableError(describe(error, self.engine.url)) from error

    def close(self) -> None:
        """Close the connections of the pool."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ensure_migrated(self) -> None:
        if self._migrated:
            return
        with self._migrating:
            if not self._migrated:
                migrate(self.engine)
                self._migrated = True
