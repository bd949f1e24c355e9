"""Attempts: rate limits, counted for all workers of the site together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import Rate

PRUNED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit. `key` is a 32-byte hash of what is limited and for whom."""

    key: bytes
    rate: Rate


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of an attempt. `wait` is the number of seconds until the next one is allowed; 0 means that this one
    is allowed and was counted."""

    wait: int
    moment: datetime


def insert_attempt(connection: Connection, limits: Sequence[Limit]) -> Attempt:
    """Count an attempt under each of the limits, or under none if one of them is reached.

    The rows stay locked until the transaction ends, so that simultaneous attempts are counted one by one. They are
    always locked in the same order, which prevents deadlocks.
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
    """Undo `insert_attempt` after a success: only failures are limited."""
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
    """Forget all attempts under these limits."""
    connection.execute(
        text("""
            WITH locked AS (SELECT key FROM attempts WHERE key = ANY (:keys) ORDER BY key FOR UPDATE)
            DELETE FROM attempts AS a USING locked WHERE a.key = locked.key
        """),
        {"keys": [limit.key for limit in limits]},
    )


def _locked_wait(connection: Connection, limit: Limit) -> int | None:
    """Lock the row of this limit, creating it if necessary, and drop attempts that are too old to count.

    Return the whole seconds until the next attempt is allowed, or None if it is allowed now.
    """
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
    # SKIP LOCKED: this statement never waits, so it can't be part of a deadlock.
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
