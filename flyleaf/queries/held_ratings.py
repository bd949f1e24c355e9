"""Ratings by new accounts: if more than a few come to one work within a day, they are held.

A held rating is seen by its reader only and not counted, until a moderator counts it or a week has passed. A moderator
can refuse it, too. reviews.is_new says that the account was younger than a day, reviews.counts_from until when it is
held; "infinity" is never.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import HELD_DAYS, HELD_WORKS_SHOWN, NEW_ACCOUNT_RATINGS

DUE_AT_ONCE = 500
# Of one work at a time: whoever comes second sees the rating of the first.
_LOCK = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('new ratings', work_id))
      FROM (SELECT DISTINCT work_id FROM search_editions WHERE book_id = ANY (:book_ids) ORDER BY work_id) AS works
""")
# By the age of the accounts, because the date of a review may be that of a file that its reader brought. Of very many
# the latest are looked at: each was judged when it came.
_RECENT = """
    SELECT latest.review_id
      FROM (SELECT review_id, reader_id
              FROM search_reviews
             WHERE work_id = (SELECT work_id FROM search_editions WHERE book_id = asked.book_id)
               AND is_new
               AND (is_visible OR is_held)
             ORDER BY review_id DESC
             LIMIT 1000) AS latest
      JOIN readers AS reader ON reader.id = latest.reader_id
     WHERE reader.created_at > now() - interval '2 days'
       AND reader.id <> :reader_id
"""
_WITH_ENOUGH = text(f"""
    SELECT asked.book_id
      FROM unnest(CAST(:book_ids AS bigint[])) AS asked (book_id)
     WHERE (SELECT count(*) FROM ({_RECENT} LIMIT :enough) AS recent) = :enough
     ORDER BY asked.book_id
""")  # noqa: S608  # a constant
# Only those that aren't held yet are locked and written. Otherwise each rating would write all that came before it.
_HOLD = text(f"""
    WITH free AS MATERIALIZED (
        SELECT r.id
          FROM unnest(CAST(:book_ids AS bigint[])) AS asked (book_id)
         CROSS JOIN LATERAL ({_RECENT}) AS recent
          JOIN reviews AS r ON r.id = recent.review_id
         WHERE r.counts_from IS NULL
         ORDER BY r.id
           FOR NO KEY UPDATE OF r
    )
    UPDATE reviews
       SET counts_from = now() + make_interval(days => :days)
      FROM free
     WHERE reviews.id = free.id
""")  # noqa: S608  # a constant
# Locked in a fixed order, and before their works' counts, which prevents deadlocks.
_HELD = """
    SELECT r.id
      FROM search_reviews AS s
      JOIN reviews AS r ON r.id = s.review_id
     WHERE s.work_id = (SELECT work_id FROM search_editions WHERE book_id = :book_id)
       AND s.is_held
     ORDER BY r.id
       FOR NO KEY UPDATE OF r
"""


@dataclass(frozen=True, slots=True)
class HeldWork:
    """A work some of whose ratings wait for a moderator, by one of its editions. `average` is that of the held ones."""

    address: str
    title: str
    author: str
    language: str | None
    held: int
    average: float


def judge_rating(connection: Connection, book_id: int, reader_id: int) -> tuple[bool, bool]:
    """Return whether the reader's account is new, and whether a rating that it gives this book now is held.

    The other new ratings of its work are held with it. Call this before the rating is written.
    """
    is_new, held = judge_ratings(connection, [book_id], reader_id)
    return is_new, book_id in held


def judge_ratings(connection: Connection, book_ids: Sequence[int], reader_id: int) -> tuple[bool, set[int]]:
    """Return whether the reader's account is new, and of which of these books its ratings are held: as judge_rating."""
    is_new = connection.execute(
        text("SELECT created_at > now() - interval '1 day' FROM readers WHERE id = :reader_id"),
        {"reader_id": reader_id},
    ).scalar()
    if not is_new:
        return False, set()
    connection.execute(_LOCK, {"book_ids": list(book_ids)})
    values = {"book_ids": list(book_ids), "reader_id": reader_id, "enough": NEW_ACCOUNT_RATINGS}
    held = connection.scalars(_WITH_ENOUGH, values).all()
    if held:
        connection.execute(_HOLD, {"book_ids": list(held), "reader_id": reader_id, "days": HELD_DAYS})
    return True, set(held)


def select_held_works(connection: Connection) -> list[HeldWork]:
    """Return works with held ratings, those with the most first."""
    rows = connection.execute(
        text("""
            SELECT coalesce(b.isbn, b.identity) AS address, b.title, b.author, b.language, counts.held,
                   (SELECT CAST(round(avg(s.rating), 1) AS float8)
                      FROM search_reviews AS s WHERE s.work_id = counts.work_id AND s.is_held) AS average
              FROM search_ratings AS counts
              JOIN search_works AS work ON work.id = counts.work_id
              JOIN books AS b ON b.id = work.lead_book_id
             WHERE counts.held > 0
             ORDER BY counts.held DESC, counts.work_id
             LIMIT :limit
        """),
        {"limit": HELD_WORKS_SHOWN},
    )
    return [HeldWork(**row._mapping) for row in rows]


def count_held_ratings(connection: Connection, book_id: int) -> int:
    """Count all held ratings of a book's work from now on, and return how many there were."""
    ids = connection.scalars(text(_HELD), {"book_id": book_id}).all()
    connection.execute(
        text("UPDATE reviews SET counts_from = NULL, is_new = false WHERE id = ANY (:ids)"), {"ids": ids}
    )
    return len(ids)


def refuse_held_ratings(connection: Connection, book_id: int) -> int:
    """Never count the held ratings of a book's work, and return how many there were.

    Those of deleted accounts are deleted: nobody would see them any more.
    """
    ids = connection.scalars(text(_HELD), {"book_id": book_id}).all()
    connection.execute(text("DELETE FROM reviews WHERE id = ANY (:ids) AND reader_id IS NULL"), {"ids": ids})
    connection.execute(text("UPDATE reviews SET counts_from = 'infinity' WHERE id = ANY (:ids)"), {"ids": ids})
    return len(ids)


def count_due_ratings(connection: Connection) -> bool:
    """Count some of the ratings that were held for a week. Return whether there were any."""
    ids = connection.scalars(
        text("""
            SELECT id FROM reviews WHERE counts_from <= now() ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
        """),
        {"limit": DUE_AT_ONCE},
    ).all()
    connection.execute(text("UPDATE reviews SET counts_from = NULL WHERE id = ANY (:ids)"), {"ids": ids})
    return bool(ids)
