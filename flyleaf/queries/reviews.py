"""Reviews: what one reader thinks of one book.

A review that its reader deletes is withdrawn instead if a moderator has hidden it or is yet to look at it. Its text is
gone, and nobody sees it, but its place is taken. So the same words can't come back as if nothing had happened.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import REVIEWS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.moderation import queue_review, unqueue_review

_COLUMNS = """
    r.id, r.reader_id, a.name AS reader_name, r.rating, r.text, r.created_at, r.edited_at, r.hidden_reason
"""
_OTHERS = f"""
    SELECT {_COLUMNS}
      FROM reviews AS r
      LEFT JOIN readers AS a ON a.id = r.reader_id
     WHERE r.book_id = :book_id
       AND r.reader_id IS DISTINCT FROM :without_reader_id
       AND r.hidden_at IS NULL
"""  # noqa: S608  # constants
_BY_OTHERS = Listed(
    older=text(f"""{_OTHERS}
       AND (r.created_at, r.id) < (:at, :id)
     ORDER BY r.created_at DESC, r.id DESC
     LIMIT :limit"""),
    newer=text(f"""{_OTHERS}
       AND (r.created_at, r.id) > (:at, :id)
     ORDER BY r.created_at, r.id
     LIMIT :limit"""),
)
_REVIEWED = """
    SELECT r.id, b.isbn, coalesce(b.isbn, b.identity) AS address, b.title, b.author, b.language, r.rating, r.text,
           r.created_at, r.edited_at, r.hidden_reason, r.withdrawn_at
      FROM reviews AS r
      JOIN books AS b ON b.id = r.book_id
     WHERE r.reader_id = :reader_id
       AND (:with_hidden OR r.hidden_at IS NULL)
       AND (:with_withdrawn OR r.withdrawn_at IS NULL)
"""
_BY_READER = Listed(
    older=text(f"""{_REVIEWED}
       AND (r.created_at, r.id) < (:at, :id)
     ORDER BY r.created_at DESC, r.id DESC
     LIMIT :limit"""),
    newer=text(f"""{_REVIEWED}
       AND (r.created_at, r.id) > (:at, :id)
     ORDER BY r.created_at, r.id
     LIMIT :limit"""),
)


@dataclass(frozen=True, slots=True)
class Review:
    """A review of 1 to 5 stars. The reader is None if the account was deleted. `hidden_reason` is why a moderator has
    hidden it from others; None means that it is visible."""

    id: int
    reader_id: int | None
    reader_name: str | None
    rating: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    hidden_reason: str | None


@dataclass(frozen=True, slots=True)
class ReviewedBook:
    """A review with its book."""

    id: int
    isbn: str | None
    address: str
    title: str
    author: str
    language: str | None
    rating: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    hidden_reason: str | None  # why a moderator has hidden it from others
    withdrawn_at: datetime | None  # when its reader deleted it, if it is still known


def select_reviews(connection: Connection, book_id: int, place: Key, *, without_reader_id: int) -> Page[Review]:
    """Return the page of a book's reviews at the place, newest first, without the review of the given reader."""
    named = {"book_id": book_id, "without_reader_id": without_reader_id}
    return select_page(
        connection, _BY_OTHERS, named, place, REVIEWS_ON_A_PAGE, Review, lambda one: (one.created_at, one.id)
    )


def select_review(connection: Connection, book_id: int, reader_id: int) -> Review | None:
    """Return this reader's review of this book, or None."""
    row = connection.execute(
        text(f"""
            SELECT {_COLUMNS}
              FROM reviews AS r
              JOIN readers AS a ON a.id = r.reader_id
             WHERE r.book_id = :book_id AND r.reader_id = :reader_id AND r.withdrawn_at IS NULL
        """),  # noqa: S608  # constants
        {"book_id": book_id, "reader_id": reader_id},
    ).one_or_none()
    return Review(**row._mapping) if row else None


def select_reviewed_books(
    connection: Connection,
    reader_id: int,
    place: Key,
    *,
    with_hidden: bool,
    with_withdrawn: bool = False,
    size: int = REVIEWS_ON_A_PAGE,
) -> Page[ReviewedBook]:
    """Return the page of a reader's reviews at the place, newest first."""
    named = {"reader_id": reader_id, "with_hidden": with_hidden, "with_withdrawn": with_withdrawn}
    return select_page(connection, _BY_READER, named, place, size, ReviewedBook, lambda one: (one.created_at, one.id))


def insert_review(connection: Connection, book_id: int, reader_id: int, rating: int, words: str) -> bool:
    """Add a review. Return False, and change nothing, if the reader has already reviewed the book, or a moderator has
    hidden what the reader wrote of it.

    It takes the place of a review that was reported and then withdrawn. Its reports are open, so it is queued again.
    """
    row = connection.execute(
        text("""
            INSERT INTO reviews AS r (book_id, reader_id, rating, text)
            VALUES (:book_id, :reader_id, :rating, :words)
            ON CONFLICT (book_id, reader_id) DO UPDATE
               SET rating = excluded.rating, text = excluded.text, created_at = now(), edited_at = NULL,
                   hidden_at = NULL, withdrawn_at = NULL
             WHERE r.withdrawn_at IS NOT NULL AND r.hidden_reason IS NULL
            RETURNING id
        """),
        {"book_id": book_id, "reader_id": reader_id, "rating": rating, "words": words},
    ).one_or_none()
    if row is not None:
        queue_review(connection, row.id)
    return row is not None


def update_review(connection: Connection, book_id: int, reader_id: int, rating: int, words: str) -> bool:
    """Change a review. Return False if the reader has not reviewed the book."""
    row = connection.execute(
        text("""
            UPDATE reviews
               SET rating = :rating, text = :words, edited_at = now()
             WHERE book_id = :book_id AND reader_id = :reader_id AND withdrawn_at IS NULL
            RETURNING id
        """),
        {"book_id": book_id, "reader_id": reader_id, "rating": rating, "words": words},
    ).one_or_none()
    return row is not None


def delete_review(connection: Connection, book_id: int, reader_id: int) -> bool:
    """Delete a review, or withdraw it. Return False if the reader has not reviewed the book."""
    review_id = connection.execute(
        text("""
            SELECT id
              FROM reviews
             WHERE book_id = :book_id AND reader_id = :reader_id AND withdrawn_at IS NULL
               FOR UPDATE
        """),
        {"book_id": book_id, "reader_id": reader_id},
    ).scalar()
    if review_id is None:
        return False
    withdrawn = connection.execute(
        text("""
            UPDATE reviews AS r
               SET text = '', withdrawn_at = now(), hidden_at = coalesce(hidden_at, now())
             WHERE r.id = :review_id
               AND (r.hidden_at IS NOT NULL
                    OR EXISTS (SELECT FROM review_reports AS o WHERE o.review_id = r.id AND o.settled_at IS NULL))
            RETURNING r.id
        """),
        {"review_id": review_id},
    ).one_or_none()
    if withdrawn is None:
        connection.execute(text("DELETE FROM reviews WHERE id = :review_id"), {"review_id": review_id})
    else:
        unqueue_review(connection, review_id)
    return True
