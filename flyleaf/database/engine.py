"""The site's database: transactions on the primary, and reads from its replicas if there are any."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import psycopg2
from sqlalchemy import Connection, ExceptionContext, NullPool, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from flyleaf.database import pool
from flyleaf.database.errors import DatabaseUnusableError, is_unavailable, sqlstate, unusable
from flyleaf.database.pool import Pool
from flyleaf.database.preparation import Preparation
from flyleaf.database.replicas import BehindError, Replica, Replicas, position
from flyleaf.search.schema import SearchNotReadyError, is_built
from flyleaf.search.superseded import drop_superseded, note_use

UNDEFINED = ("42P01", "42883", "42704")  # SQLSTATEs for an unknown table, function or type
READ_ONLY = "25006"  # of a transaction that writes, and of a server that is now a standby
TOOK_TOO_LONG = "57014"  # a statement that would take as long elsewhere

Read = TypeVar("Read")


class MaybeNewError(LookupError):
    """What was looked for is not there. A replica may just not have it yet, so `read` looks at the primary, too."""


class Database:
    """The database at the SQLAlchemy `url`. The first transaction opens the first connection.

    `transaction` is for pages that write, and `read` for those that don't: it uses the replicas. All else runs as the
    owner of the tables, if that is another role.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 8,
        owner_url: str | None = None,
        read_urls: Sequence[str] = (),
        replica_lag_seconds: float = 10.0,
    ) -> None:
        """Connect pages to `url`, what they only read to the standbys at `read_urls`, and everything that changes the
        schema or imports to `owner_url`."""
        self._primary = Pool(url, pool_size)
        self.engine = self._primary.engine
        self.owner = self.engine if owner_url is None else pool.create(owner_url, poolclass=NullPool)
        self.replicas = Replicas(read_urls, url, replica_lag_seconds)
        self._pools: list[Pool] = [self._primary, *self.replicas.all]
        site, owner = self.engine.url.username, self.owner.url.username
        role = None if site == owner else site
        self._preparation = Preparation(self.owner, role, self._create_role)

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Connection]:
        """Open a transaction that is committed at the end of the block, or rolled back if the block raises.

        The connection is cut after TRANSACTION_SECONDS, which raises OperationalError; longer work uses
        command_transaction. The first transaction migrates, so that a site may start before its server does.
        """
        try:
            with self._primary.transaction(self._preparation.ensure_migrated, read_only=read_only) as connection:
                self._preparation.build_search_in_background()
                yield connection
        except DBAPIError as error:
            if _is_undefined(error) and not self._has_search():
                raise SearchNotReadyError(
                    "Another version of Flyleaf has dropped this version's search tables."
                ) from error
            if sqlstate(error) == READ_ONLY and not read_only:
                self.engine.dispose()  # the primary has become a standby: new connections find its successor
            raise

    def read(self, work: Callable[[Connection], Read], since: int = 0) -> Read:
        """Return what `work` reads, in a read-only transaction on a replica or else on the primary.

        `work` sees everything up to the position `since`. It runs again elsewhere if the server fails meanwhile, so it
        may do nothing but read. While the primary doesn't answer, a replica that is behind is better than none.
        """
        well = self.replicas.well()
        needed = self.replicas.needed(since)
        for replica in well:
            try:
                with replica.reading(needed) as connection:
                    return work(connection)
            except (BehindError, MaybeNewError, SearchNotReadyError):
                continue
            except Exception as error:
                if not _may_work_elsewhere(error) and not _is_undefined(error):
                    raise
                replica.leave_out(error)
        try:
            with self.transaction(read_only=True) as connection:
                return work(connection)
        except Exception as error:
            if not _may_work_elsewhere(error) or not (well := self.replicas.well()):
                raise
            return self._read_behind(work, well[0], error)

    def _read_behind(self, work: Callable[[Connection], Read], replica: Replica, error: Exception) -> Read:
        """Return what the replica has, however far behind it is, because the primary has failed with `error`."""
        try:
            with replica.reading(0) as connection:
                return work(connection)
        except MaybeNewError:
            raise error from None

    def position(self) -> int:
        """Return the position up to which the primary has written. What was committed before is there `since` then."""
        with self.transaction(read_only=True) as connection:
            return position(connection.execute(text("SELECT CAST(pg_current_wal_insert_lsn() AS text)")).scalar())

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

    def keep_search(self) -> None:
        """Note that this version of the search is in use, and drop what older ones have left once they aren't. Called
        every minute by each process of the site. Raises DatabaseUnusableError."""
        with self.transaction() as connection:
            note_use(connection)
        with self._errors_for_operators():
            drop_superseded(self.owner)

    def disconnect(self) -> None:
        """Close the connections of the pool. The next transaction opens new ones."""
        self.engine.dispose()
        self.owner.dispose()
        self.replicas.stop()

    @property
    def pool_size(self) -> int:
        """The greatest number of connections that pages of this process use at the same time."""
        return sum(one.size for one in self._pools)

    def watch_pool(self, taken: Callable[[], object], returned: Callable[[], object]) -> None:
        """Have the functions called whenever a page takes a connection from a pool, and when it returns it."""

        def checkout(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
            record.info["is_taken"] = True
            taken()

        def checkin(_connection: object, record: ConnectionPoolEntry) -> None:
            if record.info.pop("is_taken", False):  # not if the connection failed before a page had it
                returned()

        for one in self._pools:
            event.listen(one.engine, "checkout", checkout)
            event.listen(one.engine, "checkin", checkin)

    def watch_statements(self, begin: Callable[[str], Callable[[bool], object]]) -> None:
        """Have `begin` called with each statement of a page, and what it returns with whether the statement worked."""

        def started(_: object, __: object, ___: str, ____: object, context: Any, _____: object) -> None:
            context.end = begin(context.statement)  # without the settings that it brings through a pooler

        def finish(context: Any, worked: bool) -> None:
            if end := context.__dict__.pop("end", None):  # reading its rows can fail after the statement has worked
                end(worked)

        def failed(failure: ExceptionContext) -> None:
            if failure.execution_context is not None:
                finish(failure.execution_context, False)

        for one in self._pools:
            event.listen(one.engine, "before_cursor_execute", started)
            event.listen(one.engine, "after_cursor_execute", lambda *arguments: finish(arguments[4], True))
            event.listen(one.engine, "handle_error", failed)

    def close(self) -> None:
        """Close the connections for good."""
        self.disconnect()

    def _create_role(self) -> None:
        """Create the role that pages run as, where the site may do that itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _has_search(self) -> bool:
        """Return whether the search's tables exist. If not, the next transactions check again."""
        with self.engine.begin() as connection:
            if is_built(connection):
                return True
        self._preparation.forget_search()
        self.engine.dispose()  # the pooled connections know that the search is ready; new ones ask
        return False


def _is_undefined(error: Exception) -> bool:
    """Return whether the server lacks a table or function. A replica may not have replayed a migration, or the search's
    tables, yet."""
    return isinstance(error, DBAPIError) and sqlstate(error) in UNDEFINED


def _may_work_elsewhere(error: Exception) -> bool:
    """Return whether the server has failed, and not the statement."""
    is_of_the_statement = isinstance(error, DBAPIError) and sqlstate(error) in (READ_ONLY, TOOK_TOO_LONG)
    return is_unavailable(error) and not is_of_the_statement
