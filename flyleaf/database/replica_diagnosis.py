"""Examine the replicas without using them: whether they can serve this site, and how far behind they are."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flyleaf.database.engine import Database
from flyleaf.database.errors import DatabaseAbsentError, DatabaseUnusableError, unusable
from flyleaf.database.migrate import revision, use_operators_path
from flyleaf.database.replicas import Replica, identity_of

PATIENCE = 2.0  # seconds for a replica to replay what the primary had when it was asked
POSITION = "SELECT pg_current_wal_flush_lsn()"
REPLICA = """
    SELECT pg_is_in_recovery() AS is_standby,
           CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS is_paused,
           greatest(CAST(:position AS pg_lsn) - pg_last_wal_replay_lsn(), 0) AS bytes_behind,
           CAST(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS double precision)
               AS seconds_behind
"""


@dataclass(frozen=True)
class ReplicaDiagnosis:
    """What is known of a replica: why it can't be reached, or all else."""

    name: str
    problem: str | None = None  # why it can't be reached
    is_absent: bool = False  # nothing answers there now, as behind a health check that closes the primary's port
    is_same_site: bool = True
    is_standby: bool = True
    is_paused: bool = False
    bytes_behind: int = 0
    seconds_behind: float | None = None  # since the latest change that it shows; None: it has shown none
    schema: str | None = None  # the revision


def diagnose_replicas(database: Database) -> list[ReplicaDiagnosis]:
    """Examine all replicas. Raises DatabaseUnusableError if the primary can't be asked."""
    if not database.replicas.all:
        return []
    with database.transaction_as_is() as connection:
        identity = identity_of(connection)
        position = connection.execute(text(POSITION)).scalar_one()
    return [_state(replica, identity, position) for replica in database.replicas.all]


def require_replicas(database: Database) -> list[ReplicaDiagnosis]:
    """Raise DatabaseUnusableError if a replica belongs to another site, or if none is a standby.

    Return those that can't be reached, which may still come. After a failover one of the replicas is the primary.
    """
    states = diagnose_replicas(database)
    for state in states:
        if not state.is_same_site:
            raise DatabaseUnusableError(
                f"DATABASE_READ_URL leads to {state.name}, which has the database of another site: write the address "
                "of a standby of the server at DATABASE_URL, with the same database."
            )
    if states and not any(state.is_standby for state in states):
        names = ", ".join(state.name for state in states)
        raise DatabaseUnusableError(
            f"DATABASE_READ_URL leads to {names}, and no standby is there: write the addresses of standbys of the "
            "server at DATABASE_URL, or unset it."
        )
    return [state for state in states if state.problem is not None]


def _state(replica: Replica, identity: str, position: str) -> ReplicaDiagnosis:
    try:
        with replica.engine.connect() as connection:
            return _examined(replica.name, connection, identity, position)
    except (DBAPIError, DisconnectionError, PoolTimeout) as error:
        if not isinstance(error, DBAPIError):
            return ReplicaDiagnosis(replica.name, problem="It closes its connections at once.", is_absent=True)
        found = unusable(error, replica.engine.url)
        is_absent = isinstance(found, DatabaseAbsentError) or "closed the connection" in str(found)
        problem = str(found).replace("DATABASE_URL", "DATABASE_READ_URL")
        return ReplicaDiagnosis(replica.name, problem=problem, is_absent=is_absent)


def _examined(name: str, connection: Connection, identity: str, position: str) -> ReplicaDiagnosis:
    is_same_site = identity_of(connection) == identity
    deadline = time.monotonic() + PATIENCE
    while True:
        found = connection.execute(text(REPLICA), {"position": position}).one()
        if not found.bytes_behind or found.is_paused or not is_same_site or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    use_operators_path(connection)
    return ReplicaDiagnosis(
        name,
        is_same_site=is_same_site,
        is_standby=found.is_standby,
        is_paused=found.is_paused,
        bytes_behind=int(found.bytes_behind or 0),
        seconds_behind=found.seconds_behind,
        schema=revision(connection),
    )
