"""Profiles: a reader, and what they have reviewed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import REVIEWS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.readers import name_key

_REVIEWED = """
    SELECT r.id, b.isbn, b.title, b.author, b.language, r.rating, r.text, r.created_at, r.edited_at, r.hidden_reason
      FROM reviews AS r
      JOIN books AS b ON b.id = r.book_id
     WHERE r.reader_id = :reader_id
       AND (:with_hidden OR r.hidden_at IS NULL)
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
            SELECT a.id AS reader_id, a.name, a.created_at AS joined_at, count(r.id) AS review_count,
                   round(avg(r.rating), 2)::float8 AS average_rating
              FROM readers AS a
              LEFT JOIN reviews AS r ON r.reader_id = a.id AND r.hidden_at IS NULL
             WHERE a.name_key = :name_key
             GROUP BY a.id
        """),
        {"name_key": name_key(name)},
    ).one_or_none()
    return Profile(**row._mapping) if row else None


def select_reviewed_books(
    connection: Connection, reader_id: int, place: Key, *, with_hidden: bool
) -> Page[ReviewedBook]:
    """Return the page of a reader's reviews at the place, newest first."""
    named = {"reader_id": reader_id, "with_hidden": with_hidden}
    return select_page(
        connection, _BY_READER, named, place, REVIEWS_ON_A_PAGE, ReviewedBook, lambda one: (one.created_at, one.id)
    )
