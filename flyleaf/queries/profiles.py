"""Profiles: a reader, and what they have reviewed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import REVIEWS_ON_A_PAGE
from flyleaf.queries.readers import name_key


@dataclass(frozen=True, slots=True)
class Profile:
    """`average_rating`: of the stars that the reader gave; None without reviews. What is hidden does not count."""

    reader_id: int
    name: str
    joined_at: datetime
    review_count: int
    average_rating: float | None


@dataclass(frozen=True, slots=True)
class ReviewedBook:
    """A review, and the book that it is of."""

    id: int
    isbn: str
    title: str
    author: str
    language: str | None
    rating: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    hidden_reason: str | None  # why others don't see it


def select_profile(connection: Connection, name: str) -> Profile | None:
    """The reader of this name, in any spelling that counts as the same."""
    row = connection.execute(
        text("""
            SELECT a.id, a.name, a.created_at, count(r.id), round(avg(r.rating), 2)::float8
              FROM readers AS a
              LEFT JOIN reviews AS r ON r.reader_id = a.id AND r.hidden_at IS NULL
             WHERE a.name_key = :name_key
             GROUP BY a.id
        """),
        {"name_key": name_key(name)},
    ).one_or_none()
    return Profile(*row) if row else None


def select_reviewed_books(
    connection: Connection, reader_id: int, page: int, *, with_hidden: bool
) -> list[ReviewedBook]:
    """A page of a reader's reviews, newest first, and the first of the next page, where there is one."""
    rows = connection.execute(
        text("""
            SELECT r.id, b.isbn, b.title, b.author, b.language, r.rating, r.text, r.created_at, r.edited_at,
                   r.hidden_reason
              FROM reviews AS r
              JOIN books AS b ON b.id = r.book_id
             WHERE r.reader_id = :reader_id
               AND (:with_hidden OR r.hidden_at IS NULL)
             ORDER BY r.created_at DESC, r.id DESC
             LIMIT :limit OFFSET :skipped
        """),
        {
            "reader_id": reader_id,
            "with_hidden": with_hidden,
            "limit": REVIEWS_ON_A_PAGE + 1,
            "skipped": (page - 1) * REVIEWS_ON_A_PAGE,
        },
    )
    return [ReviewedBook(*row) for row in rows]
