"""The reviews of one reader, with their books, page by page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import REVIEWS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page

_REVIEWED = """
    SELECT r.id, b.isbn, coalesce(b.isbn, b.identity) AS address, b.title, b.author, b.language, r.rating, r.text,
           r.created_at, r.edited_at, r.hidden_reason, r.withdrawn_at,
           CAST(r.exact_rating AS float8) AS exact_rating, r.is_private, r.language AS written_in,
           r.counts_from IS NOT NULL AS is_held, r.helpful_count,
           r.id = ANY (ARRAY(SELECT review_id FROM search_reviews
                              WHERE reader_id = :reader_id AND is_superseded)) AS is_superseded
      FROM reviews AS r
      JOIN books AS b ON b.id = r.book_id
     WHERE r.reader_id = :reader_id
       AND (:with_hidden
            OR r.hidden_at IS NULL
               AND NOT r.is_private
               AND r.counts_from IS NULL
               AND r.id <> ALL (ARRAY(SELECT review_id FROM search_reviews
                                       WHERE reader_id = :reader_id AND is_superseded)))
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
class ReviewedBook:
    """A review with its book, whose language is `language`. If it `is_superseded`, only its reader sees it, because of
    a newer one of the work."""

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
    exact_rating: float | None
    is_private: bool
    written_in: str | None
    is_held: bool
    helpful_count: int
    is_superseded: bool


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
