"""Attempts: what may be tried only so often, counted for all workers of the site together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import Rate

PRUNED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """What is limited, and whose it is, as a hash of 32 bytes; and how often it may be tried."""

    key: bytes
    rate: Rate


@dataclass(frozen=True, slots=True)
class Attempt:
    """`wait`: the seconds until it may be tried; 0 where it may be now, and was counted."""

    wait: int
    moment: datetime


def insert_attempt(connection: Connection, limits: Sequence[Limit]) -> Attempt:
    """Count an attempt under each of the limits, or under none where one of them is reached.

    The rows stay locked to the end of the transaction, so that attempts of the same moment are counted one by one;
    always in the same order, so that nobody waits in a circle.
    """
    waits = [_locked_wait(connection, limit) for limit in sorted(limits, key=lambda limit: limit.key)]
    wait = max((wait for wait in waits if wait is not None), default=0)
    if not wait:
        connection.execute(
            text("UPDATE attempts SET moments = moments || now() WHERE key = ANY (:keys)"),
            {"keys": [limit.key for limit in limits]},
        )
    _prune(connection)
    return Attempt(wait, connection.execute(text("SELECT now()")).scalar_one())


def delete_attempt(connection: Connection, limits: Sequence[Limit], attempt: Attempt) -> None:
    """Take back what `insert_attempt` has counted: it succeeded, and only failures are limited."""
    connection.execute(
        text("""
            WITH locked AS (SELECT key FROM attempts WHERE key = ANY (:keys) ORDER BY key FOR UPDATE)
            UPDATE attempts AS a
               SET moments = array_remove(a.moments, CAST(:moment AS timestamptz))
              FROM locked
             WHERE a.key = locked.key
        """),
        {"keys": [limit.key for limit in limits], "moment": attempt.moment},
    )


def delete_attempts(connection: Connection, limits: Sequence[Limit]) -> None:
    """Forget all that was tried under these limits."""
    connection.execute(
        text("""
            WITH locked AS (SELECT key FROM attempts WHERE key = ANY (:keys) ORDER BY key FOR UPDATE)
            DELETE FROM attempts AS a USING locked WHERE a.key = locked.key
        """),
        {"keys": [limit.key for limit in limits]},
    )


def _locked_wait(connection: Connection, limit: Limit) -> int | None:
    """Lock the row of this limit, made where it is not there, and forget what is too old to count. None: there is room;
    else the whole seconds until there will be."""
    wait = connection.execute(
        text("""
            INSERT INTO attempts AS a (key, moments, kept_until)
            VALUES (:key, '{}', clock_timestamp() + make_interval(secs => :seconds))
            ON CONFLICT (key) DO UPDATE
               SET moments    = ARRAY(SELECT moment
                                        FROM unnest(a.moments) AS moment
                                       WHERE moment > clock_timestamp() - make_interval(secs => :seconds)
                                       ORDER BY moment),
                   kept_until = excluded.kept_until
            RETURNING ceil(extract(epoch FROM moments[cardinality(moments) - :most + 1] - clock_timestamp()) + :seconds)
        """),
        {"key": limit.key, "seconds": limit.rate.seconds, "most": limit.rate.most},
    ).scalar_one()
    return None if wait is None else max(int(wait), 1)


def _prune(connection: Connection) -> None:
    # The last statement of those that lock, and it waits for nobody: so it can't stand in a circle.
    connection.execute(
        text("""
            DELETE FROM attempts
             WHERE key IN (SELECT key
                             FROM attempts
                            WHERE kept_until < now()
                            ORDER BY kept_until
                            LIMIT :limit
                              FOR UPDATE SKIP LOCKED)
        """),
        {"limit": PRUNED_AT_ONCE},
    )
