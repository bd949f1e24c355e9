"""Departures: accounts that are deleted. They are closed at once, and their reviews follow in steps of bounded size."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.queries.api_tokens import delete_api_tokens
from flyleaf.queries.second_factors import delete_second_factors
from flyleaf.queries.sessions import delete_all_sessions
from flyleaf.queries.shelves import delete_some_shelved_books
from flyleaf.queries.uploads import delete_readers_upload

REVIEWS_AT_ONCE = 500  # these take a tenth of a second
VOTES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Departure:
    """A deleted account that still has reviews. `keeps_reviews`: they stay, without a reader. `ended` are the hashes of
    the sessions that ended when it was deleted."""

    reader_id: int
    keeps_reviews: bool
    ended: tuple[bytes, ...] = ()


def insert_departure(connection: Connection, reader_id: int, *, keeps_reviews: bool) -> Departure | None:
    """Close the account for good: its name is free, and nobody can log in to it. Return None if it is closed."""
    closed = connection.execute(
        text("""
            UPDATE readers
               SET name = NULL, name_key = NULL, password_hash = '', language = NULL, theme = NULL,
                   is_moderator = false, lock_reason = NULL
             WHERE id = :reader_id AND name IS NOT NULL
            RETURNING id
        """),
        {"reader_id": reader_id},
    ).one_or_none()
    if closed is None:
        return None
    ended = delete_all_sessions(connection, reader_id)
    connection.execute(text("DELETE FROM password_resets WHERE reader_id = :reader_id"), {"reader_id": reader_id})
    delete_second_factors(connection, reader_id)
    delete_api_tokens(connection, reader_id)
    connection.execute(
        text("INSERT INTO departures (reader_id, keeps_reviews) VALUES (:reader_id, :keeps_reviews)"),
        {"reader_id": reader_id, "keeps_reviews": keeps_reviews},
    )
    return Departure(reader_id, keeps_reviews, tuple(ended))


def take_departure(connection: Connection) -> Departure | None:
    """Return a departure to continue, or None. No other transaction gets the same one meanwhile."""
    row = connection.execute(
        text("""
            SELECT reader_id, keeps_reviews
              FROM departures
             ORDER BY reader_id
             LIMIT 1
               FOR UPDATE SKIP LOCKED
        """)
    ).one_or_none()
    return Departure(**row._mapping) if row else None


def continue_next_departure(connection: Connection) -> bool:
    """Take a departure and continue it. Return False if there is none."""
    departure = take_departure(connection)
    if departure is not None:
        continue_departure(connection, departure)
    return departure is not None


def continue_departure(connection: Connection, departure: Departure) -> bool:
    """Delete the account's next votes, its next reviews, or release them, and the next books on its shelves. Return
    whether more are left; if not, the account is gone.

    The reader is locked before the reviews are read, so that none is written in between. Reviews, and those that had
    the votes, are locked in a fixed order, and before their books' counts, which prevents deadlocks with moderators. A
    private, superseded or refused review is deleted in any case: only its reader saw it. The oldest go first, as it
    would count again without the newer one.
    """
    connection.execute(
        text("SELECT id FROM readers WHERE id = :reader_id FOR UPDATE"), {"reader_id": departure.reader_id}
    )
    locked = connection.execute(
        text("""
            WITH own AS MATERIALIZED (
                SELECT id
                  FROM reviews
                 WHERE reader_id = :reader_id
                 ORDER BY created_at, id
                 LIMIT :reviews
            ), voted AS MATERIALIZED (
                SELECT review_id AS id
                  FROM helpful_votes
                 WHERE reader_id = :reader_id
                 ORDER BY voted_at, review_id
                 LIMIT :votes
            )
            SELECT r.id, next.is_own
              FROM (SELECT id, true AS is_own FROM own UNION ALL SELECT id, false FROM voted) AS next
              JOIN reviews AS r ON r.id = next.id
             ORDER BY r.id
               FOR UPDATE OF r
        """),
        {"reader_id": departure.reader_id, "reviews": REVIEWS_AT_ONCE, "votes": VOTES_AT_ONCE},
    ).all()
    ids = [row.id for row in locked if row.is_own]
    voted = [row.id for row in locked if not row.is_own]
    connection.execute(
        text("DELETE FROM helpful_votes WHERE reader_id = :reader_id AND review_id = ANY (:ids)"),
        {"reader_id": departure.reader_id, "ids": voted},
    )
    connection.execute(
        text("""
            DELETE FROM reviews
             WHERE id = ANY (:ids)
               AND (NOT :keeps_reviews
                    OR is_private
                    OR withdrawn_at IS NOT NULL
                    OR counts_from = 'infinity'
                    OR EXISTS (SELECT FROM search_reviews WHERE review_id = reviews.id AND is_superseded))
        """),
        {"ids": ids, "keeps_reviews": departure.keeps_reviews},
    )
    connection.execute(text("UPDATE reviews SET reader_id = NULL WHERE id = ANY (:ids)"), {"ids": ids})
    some_are_left = len(ids) == REVIEWS_AT_ONCE or len(voted) == VOTES_AT_ONCE
    if delete_some_shelved_books(connection, departure.reader_id) or some_are_left:
        return True
    if delete_readers_upload(connection, departure.reader_id):
        return True
    connection.execute(text("DELETE FROM readers WHERE id = :reader_id"), {"reader_id": departure.reader_id})
    return False
