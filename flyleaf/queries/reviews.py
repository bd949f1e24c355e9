"""Reviews: what one reader thinks of one work. Each is written about an edition, and all editions' pages show it.

A reader has one review of a work: a second one is refused by the database, and search/sql/3_reviews.sql says how. If
works are joined later, there may be two. The newer one stands; the older one is superseded, which means that it is
kept, but neither counted nor shown to others. While the search has yet to learn which work a book is an edition of, the
book stands for itself.

A review that its reader deletes is withdrawn instead if a moderator has hidden it or is yet to look at it, or if its
rating is held or refused. Its text is gone, and nobody sees it, but its place is taken. So neither the same words nor
the rating can come back as if nothing had happened.

A private review is seen by its reader only, and not counted. Neither is one that is held: queries/held_ratings.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from flyleaf.limits import HELD_DAYS, REVIEWS_ON_A_PAGE
from flyleaf.queries.held_ratings import judge_rating
from flyleaf.queries.moderation import queue_review, unqueue_review
from flyleaf.queries.related_books import Edition

UNIQUE_VIOLATION = "23505"
# The id of the reader's review of the work that a book is an edition of.
_OWN_REVIEW = """
    coalesce((SELECT own.review_id
                FROM search_editions AS edition
                JOIN search_reviews AS own ON own.work_id = edition.work_id
               WHERE edition.book_id = :book_id AND own.reader_id = :reader_id AND NOT own.is_superseded),
             (SELECT own.id FROM reviews AS own WHERE own.book_id = :book_id AND own.reader_id = :reader_id))
"""
COLUMNS = """
    r.id, r.reader_id, a.name AS reader_name, r.rating, r.text, r.created_at, r.edited_at, r.hidden_reason,
    CAST(r.exact_rating AS float8) AS exact_rating, r.is_private, r.language AS written_in,
    r.counts_from IS NOT NULL AS is_held, r.helpful_count,
    r.book_id, coalesce(b.isbn, b.identity) AS address, b.title, b.year, b.publisher, b.language
"""
JOINED = "JOIN books AS b ON b.id = r.book_id LEFT JOIN readers AS a ON a.id = r.reader_id"
# If the reader has withdrawn several, which happens where works were joined, the one of this edition is replaced. It is
# held as long as either was, and refused if either was.
_REPLACE_WITHDRAWN = text(f"""
    UPDATE reviews AS r
       SET book_id = :book_id, rating = :rating, text = :words, created_at = now(), edited_at = NULL,
           hidden_at = NULL, withdrawn_at = NULL,
           exact_rating = nullif(CAST(:exact_rating AS numeric), :rating), is_private = :is_private,
           language = :language, is_new = :is_new,
           counts_from = coalesce(greatest(r.counts_from, standing.counts_from),
                                  CASE WHEN :is_held THEN now() + make_interval(days => :held_days) END)
      FROM reviews AS standing
     WHERE standing.id = {_OWN_REVIEW}
       AND standing.withdrawn_at IS NOT NULL
       AND standing.hidden_reason IS NULL
       AND r.id = coalesce((SELECT id FROM reviews WHERE book_id = :book_id AND reader_id = :reader_id), standing.id)
       AND r.withdrawn_at IS NOT NULL
    RETURNING r.id
""")  # noqa: S608  # constants
_INSERT = text("""
    INSERT INTO reviews (book_id, reader_id, rating, text, exact_rating, is_private, language, is_new, counts_from)
    VALUES (:book_id, :reader_id, :rating, :words, nullif(CAST(:exact_rating AS numeric), :rating), :is_private,
            :language, :is_new, CASE WHEN :is_held THEN now() + make_interval(days => :held_days) END)
    ON CONFLICT (book_id, reader_id) DO NOTHING
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Review:
    """A review of 1 to 5 stars. The reader is None if the account was deleted. `hidden_reason` is why a moderator has
    hidden it from others; None means that it is visible. `edition` is the book that it was written about, if that is
    another edition than the one whose page shows it.

    `exact_rating` is what the reader gave in quarters of a star, if those aren't whole ones. If it `is_private`, only
    its reader sees it. `written_in` is the code of its language, None if the reader has not said."""

    id: int
    reader_id: int | None
    reader_name: str | None
    rating: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    hidden_reason: str | None
    exact_rating: float | None
    is_private: bool
    written_in: str | None
    is_held: bool
    helpful_count: int
    edition: Edition | None = None


def select_review(connection: Connection, book_id: int, reader_id: int) -> Review | None:
    """Return this reader's review of this book's work, or None."""
    row = connection.execute(
        text(f"SELECT {COLUMNS} FROM reviews AS r {JOINED} WHERE r.id = {_OWN_REVIEW} AND r.withdrawn_at IS NULL"),  # noqa: S608  # constants
        {"book_id": book_id, "reader_id": reader_id},
    ).one_or_none()
    return make_review(book_id, **row._mapping) if row else None


def select_superseded_reviews(connection: Connection, book_id: int, reader_id: int) -> list[Review]:
    """Return what else this reader has written of this book's work, newest first."""
    rows = connection.execute(
        text(f"""
            SELECT {COLUMNS}
              FROM search_editions AS edition
              JOIN search_reviews AS own ON own.work_id = edition.work_id
              JOIN reviews AS r ON r.id = own.review_id
              {JOINED}
             WHERE edition.book_id = :book_id
               AND own.reader_id = :reader_id
               AND own.is_superseded
               AND r.withdrawn_at IS NULL
             ORDER BY r.created_at DESC, r.id DESC
             LIMIT :limit
        """),  # noqa: S608  # constants
        {"book_id": book_id, "reader_id": reader_id, "limit": REVIEWS_ON_A_PAGE},
    )
    return [make_review(book_id, **row._mapping) for row in rows]


def make_review(
    shown_on: int, *, book_id: int, address: str, title: str, year: int | None, publisher: str | None,
    language: str | None, **columns: Any,
) -> Review:  # fmt: skip
    """Return the review for the page of the book with the id `shown_on`."""
    return Review(
        **columns, edition=None if book_id == shown_on else Edition(address, title, year, publisher, language)
    )


def insert_review(
    connection: Connection,
    book_id: int,
    reader_id: int,
    rating: int,
    words: str,
    *,
    exact_rating: float | None = None,
    is_private: bool = False,
    language: str | None = None,
) -> bool:
    """Add a review. Return False, and change nothing, if the reader has already reviewed the work, or a moderator has
    hidden what the reader wrote of it.

    It takes the place of a review that was withdrawn. If its reports are open, it is queued again.
    """
    values = {
        "book_id": book_id,
        "reader_id": reader_id,
        "rating": rating,
        "words": words,
        "exact_rating": exact_rating,
        "is_private": is_private,
        "language": language,
        **_judged(connection, book_id, reader_id, is_private=is_private),
    }
    review_id = connection.execute(_REPLACE_WITHDRAWN, values).scalar()
    if review_id is not None:
        queue_review(connection, review_id)
        return True
    try:
        with connection.begin_nested():
            return connection.execute(_INSERT, values).scalar() is not None
    except IntegrityError as error:
        if getattr(error.orig, "pgcode", None) != UNIQUE_VIOLATION:
            raise
        return False


def update_review(
    connection: Connection,
    book_id: int,
    reader_id: int,
    rating: int,
    words: str,
    *,
    exact_rating: float | None = None,
    is_private: bool | None = None,
    language: str | None = None,
) -> bool:
    """Change a review. Return False if the reader has not reviewed the work.

    Without an exact rating, the one that is there stays if it rounds to the same stars. None leaves the others as they
    are; an empty language means that it is unknown.
    """
    judged_as_private = is_private
    if is_private is None:
        judged_as_private = connection.execute(
            text(f"SELECT is_private FROM reviews AS r WHERE r.id = {_OWN_REVIEW} AND r.withdrawn_at IS NULL"),  # noqa: S608  # constants
            {"book_id": book_id, "reader_id": reader_id},
        ).scalar()
    if judged_as_private is None:
        return False
    row = connection.execute(
        text(f"""
            UPDATE reviews AS r
               SET rating = :rating, text = :words, edited_at = now(),
                   exact_rating = CASE WHEN :exact_rating IS NOT NULL OR r.rating <> :rating
                                       THEN nullif(CAST(:exact_rating AS numeric), :rating)
                                       ELSE r.exact_rating END,
                   is_private = coalesce(:is_private, r.is_private),
                   language = nullif(coalesce(:language, r.language), ''),
                   is_new = r.is_new OR :is_new,
                   counts_from = CASE WHEN :is_held
                                      THEN coalesce(r.counts_from, now() + make_interval(days => :held_days))
                                      ELSE r.counts_from END
             WHERE r.id = {_OWN_REVIEW} AND r.withdrawn_at IS NULL
            RETURNING r.id
        """),  # noqa: S608  # constants
        {
            "book_id": book_id,
            "reader_id": reader_id,
            "rating": rating,
            "words": words,
            "exact_rating": exact_rating,
            "is_private": is_private,
            "language": language,
            **_judged(connection, book_id, reader_id, is_private=judged_as_private),
        },
    ).one_or_none()
    return row is not None


def _judged(connection: Connection, book_id: int, reader_id: int, *, is_private: bool) -> dict[str, object]:
    """Return whether the rating that is about to be written is a new account's, and is held."""
    is_new, is_held = (False, False) if is_private else judge_rating(connection, book_id, reader_id)
    return {"is_new": is_new, "is_held": is_held, "held_days": HELD_DAYS}


def delete_review(connection: Connection, review_id: int, reader_id: int) -> bool:
    """Delete a review, or withdraw it. Return False if there is none of this id by the reader."""
    return delete_reviews(connection, [review_id], reader_id) > 0


def delete_reviews(connection: Connection, ids: Sequence[int], reader_id: int) -> int:
    """Delete or withdraw those of the reader's reviews that have these ids, and return their number."""
    found = connection.scalars(
        text("""
            SELECT id
              FROM reviews
             WHERE id = ANY (:ids) AND reader_id = :reader_id AND withdrawn_at IS NULL
             ORDER BY id
               FOR UPDATE
        """),
        {"ids": list(ids), "reader_id": reader_id},
    ).all()
    withdrawn = connection.scalars(
        text("""
            UPDATE reviews AS r
               SET text = '', withdrawn_at = now(), hidden_at = coalesce(hidden_at, now())
             WHERE r.id = ANY (:ids)
               AND (r.hidden_at IS NOT NULL
                    OR r.counts_from IS NOT NULL
                    OR EXISTS (SELECT FROM review_reports AS o WHERE o.review_id = r.id AND o.settled_at IS NULL))
            RETURNING r.id
        """),
        {"ids": list(found)},
    ).all()
    rest = set(found) - set(withdrawn)
    if rest:
        connection.execute(text("DELETE FROM reviews WHERE id = ANY (:ids)"), {"ids": sorted(rest)})
    if withdrawn:
        connection.execute(text("DELETE FROM helpful_votes WHERE review_id = ANY (:ids)"), {"ids": list(withdrawn)})
    for review_id in withdrawn:
        unqueue_review(connection, review_id)
    return len(found)
