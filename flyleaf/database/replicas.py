"""Replicas, which requests read from: each is a standby of the primary, and a few milliseconds behind it.

A position in the write-ahead log says what a server knows: the primary's grows with each change, and a replica's is how
far it has replayed. So a reader who changed something reads from a replica only once it has replayed that position, and
a replica is too far behind if it hasn't replayed what the primary had `lag_seconds` ago. Each connection to a replica
tells its position with the ping that it gets before every use.

Threads ask every server twice a second. A replica that doesn't answer them, or fails a request, gets no requests until
it answers again. While the primary doesn't answer, a replica counts as it is: nobody can say how far behind it is.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flyleaf.database import pool
from flyleaf.database.connection_settings import is_pooled
from flyleaf.database.migrate import head
from flyleaf.database.pool import Pool
from flyleaf.database.watchdog import Watchdog

CHECK_EVERY = 0.5  # seconds between two questions to a server
ANSWER_SECONDS = 1.0  # for its answer
FIRST_SECONDS = 1.5  # that a process waits once for the first answers
POOL_SIZE = 8  # connections to each replica that a process keeps

logger = logging.getLogger("flyleaf.replicas")

# What a server and its standbys have in common: the cluster that they were made from, and the database in it.
_IDENTITY = """
    SELECT concat(control.system_identifier, '/', database.oid)
      FROM pg_control_system() AS control, pg_database AS database
     WHERE database.datname = current_database()
"""
# A primary that was demoted, or is not yet promoted, has no position of its own.
_PRIMARYS_POSITION = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN CAST(pg_current_wal_flush_lsn() AS text) END"
# After a failover one of the replicas is the primary, and a former primary may not know yet that it isn't any more.
_POSITION = """
    SELECT CAST(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                     ELSE pg_current_wal_insert_lsn() END AS text)
"""
_REVISION = "SELECT version_num FROM alembic_version"


class BehindError(PoolTimeout):
    """The replica does not yet have what the reader has to see."""


def position(written: str | None) -> int:
    """Return a position in the write-ahead log, 16/B374D848, as a number; 0 for none."""
    high, _, low = (written or "0/0").partition("/")
    return int(high, 16) << 32 | int(low, 16)


def identity_of(connection: Connection) -> str:
    """Return what is the same on a server and its standbys, and nowhere else."""
    return str(connection.execute(text(_IDENTITY)).scalar_one())


def _reached(connection: Connection) -> int:
    """Return the position that this replica has replayed. A pooler may have passed the ping to another replica than
    the transaction, so through one the transaction asks itself."""
    if is_pooled(connection):
        return position(connection.execute(text(_POSITION)).scalar())
    return int(connection.info["position"])


class Replica(Pool):
    """The connections to one replica. It is well while it answers, and has the schema that this program needs."""

    def __init__(self, url: str, is_of_this_site: Callable[[str | None], bool]) -> None:
        super().__init__(url, POOL_SIZE)
        self.is_well = False
        self.replayed: int | None = None  # the position at the last check that it answered
        self._is_of_this_site = is_of_this_site

    def ping(self, connection: Any, record: Any) -> None:
        record.info["position"] = position(_ask(connection, _POSITION))

    @contextmanager
    def reading(self, needed: int) -> Iterator[Connection]:
        """Open a transaction to read in. Raises BehindError if the replica has not replayed the position `needed`."""
        with self.transaction(read_only=True) as connection:
            if _reached(connection) < needed:
                raise BehindError("The replica is behind.")
            yield connection

    def leave_out(self, error: BaseException) -> None:
        """Use the replica again only after its next check."""
        if self.is_well:
            logger.warning("replica left out", extra={"replica": self.name, "cause": str(error).split("\n")[0]})
        self.is_well = False

    def lose(self, error: BaseException) -> None:
        """Leave the replica out, and cut the connections on which requests still wait for it."""
        self.leave_out(error)
        self.watchdog.cut()

    def ask(self, connection: Any) -> None:
        """Use the replica if it answers and has the schema that this program needs. Raises psycopg2.Error."""
        found = _ask(connection, _REVISION)
        if found is None or found < head():
            raise psycopg2.OperationalError("the schema is not yet up to date there")
        if not self._is_of_this_site(_ask(connection, _IDENTITY)):
            raise psycopg2.OperationalError("it has the database of another site")
        self.replayed = position(_ask(connection, _POSITION))
        if not self.is_well:
            logger.info("replica in use", extra={"replica": self.name})
        self.is_well = True

    @property
    def name(self) -> str:
        url = self.engine.url
        host = url.host or url.query.get("host") or "localhost"
        return f"{host}:{url.port or url.query.get('port') or 5432}/{url.database or url.username}"


@dataclass(frozen=True)
class ReplicaState:
    """Whether a replica is used, and how much of the primary's log it has yet to replay: None if it never answered."""

    name: str
    is_well: bool
    bytes_behind: int | None


class Replicas:
    """All replicas, and what is known of the primary. Without any it does nothing."""

    def __init__(self, urls: Sequence[str], primary_url: str, lag_seconds: float) -> None:
        self.all = [Replica(url, self._is_of_this_site) for url in urls]
        self.primary_answers = True
        self._identity: str | None = None  # the primary's, once it has answered
        self._primary_url = primary_url
        self._lag_seconds = lag_seconds
        self._positions: deque[tuple[float, int]] = deque()  # of the primary, with the time
        self._floor = 0  # what it had `lag_seconds` ago
        self._turn = 0
        self._starting = threading.Lock()
        self._checks: list[_Check] = []

    def well(self) -> list[Replica]:
        """Return the replicas that answer, each of them first in its turn."""
        if not self.all:
            return []
        self._start()
        found = [replica for replica in self.all if replica.is_well]
        self._turn += 1
        first = self._turn % len(found) if found else 0
        return found[first:] + found[:first]

    def needed(self, since: int) -> int:
        """Return the position that a replica must have replayed to show what was there at `since`, and to be no more
        than `lag_seconds` behind."""
        return max(since, self._floor) if self.primary_answers else since

    def states(self) -> list[ReplicaState]:
        """Return how this process sees each replica at the moment."""
        self.well()  # has the threads started
        newest = self._positions[-1][1] if self._positions else 0
        return [
            ReplicaState(one.name, one.is_well, None if one.replayed is None else max(newest - one.replayed, 0))
            for one in self.all
        ]

    @property
    def stand_in(self) -> bool:
        """Return whether pages can be read although the primary doesn't answer."""
        return not self.primary_answers and any(replica.is_well for replica in self.all)

    def stop(self) -> None:
        """Stop the threads and close the connections. The next request starts them again."""
        for check in self._checks:
            check.stop()
        self._checks = []
        for replica in self.all:
            replica.is_well = False
            replica.engine.dispose()

    def _start(self) -> None:
        """Start the threads in this process, and wait a moment for what they find."""
        if self._checks:
            return
        with self._starting:
            if self._checks:
                return
            primary = _Check("primary", self._primary_url, self._ask_primary, self._lose_primary)
            deadline = time.monotonic() + FIRST_SECONDS
            primary.has_asked.wait(FIRST_SECONDS)  # it says which site this is
            checks = [primary]
            for replica in self.all:
                url = replica.engine.url.render_as_string(hide_password=False)
                checks.append(_Check(replica.name, url, replica.ask, replica.lose))
            for check in checks:
                check.has_asked.wait(max(deadline - time.monotonic(), 0))
            self._checks = checks

    def _ask_primary(self, connection: Any) -> None:
        found = _ask(connection, _PRIMARYS_POSITION)
        if found is None:
            raise psycopg2.OperationalError("the server at DATABASE_URL is a standby")
        self._identity = _ask(connection, _IDENTITY)
        now, new = time.monotonic(), position(found)
        if self._positions and new < self._positions[-1][1]:  # another server took over, and lost what was not sent
            self._positions.clear()
        self._positions.append((now, new))
        while len(self._positions) > 1 and self._positions[1][0] <= now - self._lag_seconds:
            self._positions.popleft()
        self._floor = self._positions[0][1]
        self.primary_answers = True

    def _is_of_this_site(self, identity: str | None) -> bool:
        return self._identity in (None, identity)

    def _lose_primary(self, _error: BaseException) -> None:
        self.primary_answers = False


def _ask(connection: Any, statement: str) -> str | None:
    """Return the one value of the statement, which is a transaction of its own."""
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
            return None if row is None else row[0]
    finally:
        if not connection.closed:
            connection.autocommit = False


class _Check:
    """A thread with a connection of its own, which calls `ask` with it, or `fail` with the error."""

    def __init__(self, name: str, url: str, ask: Callable[[Any], None], fail: Callable[[BaseException], None]) -> None:
        self.has_asked = threading.Event()
        self._ask = ask
        self._fail = fail
        self._watchdog = Watchdog()
        self._stopping = threading.Event()
        self._engine: Engine = pool.create(url, pool_size=1, max_overflow=0)
        threading.Thread(target=self._run, name=f"check of {name}", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._ask_once()
            except Exception as error:  # the thread goes on, and the server is left out
                self._fail(error)
            self.has_asked.set()
            self._stopping.wait(CHECK_EVERY)
        self._engine.dispose()

    def _ask_once(self) -> None:
        with self._engine.connect() as connection:
            driver_connection = connection.connection.driver_connection
            try:
                with self._watchdog.watch(pool.descriptor(driver_connection), ANSWER_SECONDS) as watched:
                    self._ask(driver_connection)
                if watched.was_cut:
                    connection.invalidate()  # the next question needs another
            except psycopg2.Error:
                connection.invalidate()
                raise
