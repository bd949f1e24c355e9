"""A reader's own reading history, to take along: the books on their shelves and those that they have reviewed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from flyleaf.history import ReadingDates
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.readings import partial_date

# Of a book on a shelf, with the review of its work, whichever edition that is about.
_ENTRY = """
    SELECT s.id, s.added_at AS at, coalesce(b.title, s.title) AS title, coalesce(b.author, s.author) AS author,
           CASE WHEN b.id IS NULL THEN s.isbn ELSE b.isbn END AS isbn, b.isbn13, b.identity,
           CASE WHEN b.id IS NULL THEN s.year ELSE b.year END AS year, b.publisher, b.pages, b.series,
           s.status, s.notes, s.added_at,
           ARRAY(SELECT shelf.name FROM shelf_members AS member JOIN shelves AS shelf ON shelf.id = member.shelf_id
                  WHERE member.shelved_book_id = s.id ORDER BY shelf.name_key LIMIT 200) AS shelves,
           ARRAY(SELECT jsonb_build_array(started_on, started_precision, finished_on, finished_precision) FROM readings
                  WHERE shelved_book_id = s.id ORDER BY coalesce(started_on, finished_on), id LIMIT 200) AS readings,
           r.rating, CAST(r.exact_rating AS text) AS exact_rating, r.text, r.is_private, r.language,
           r.created_at AS reviewed_at
      FROM shelved_books AS s
      LEFT JOIN books AS b ON b.id = s.book_id
      LEFT JOIN search_editions AS edition ON edition.book_id = s.book_id
      LEFT JOIN search_reviews AS known
                ON known.work_id = edition.work_id AND known.reader_id = s.reader_id AND NOT known.is_superseded
      LEFT JOIN reviews AS r
                ON r.withdrawn_at IS NULL
               AND r.id = coalesce(known.review_id, (SELECT id FROM reviews AS one
                                                      WHERE one.book_id = s.book_id AND one.reader_id = s.reader_id))
     WHERE s.reader_id = :reader_id
"""
# Of a work that is on no shelf.
_REVIEW = """
    SELECT r.id, r.created_at AS at, b.title, b.author, b.isbn, b.isbn13, b.identity, b.year, b.publisher, b.pages,
           b.series, CAST(NULL AS text) AS status, CAST(NULL AS text) AS notes, CAST(NULL AS timestamptz) AS added_at,
           CAST(ARRAY[] AS text[]) AS shelves, CAST(ARRAY[] AS jsonb[]) AS readings,
           r.rating, CAST(r.exact_rating AS text) AS exact_rating, r.text, r.is_private, r.language,
           r.created_at AS reviewed_at
      FROM reviews AS r
      JOIN books AS b ON b.id = r.book_id
     WHERE r.reader_id = :reader_id
       AND r.withdrawn_at IS NULL
       AND NOT EXISTS (SELECT FROM search_reviews WHERE review_id = r.id AND is_superseded)
       AND NOT EXISTS (SELECT FROM shelved_books AS s WHERE s.reader_id = :reader_id AND s.book_id = r.book_id)
       AND NOT EXISTS (SELECT
                         FROM search_editions AS edition
                         JOIN search_editions AS other ON other.work_id = edition.work_id
                         JOIN shelved_books AS s ON s.book_id = other.book_id AND s.reader_id = :reader_id
                        WHERE edition.book_id = r.book_id)
"""
_ENTRIES = Listed(
    older=text(f"{_ENTRY} AND (s.added_at, s.id) < (:at, :id) ORDER BY s.added_at DESC, s.id DESC LIMIT :limit"),
    newer=text(f"{_ENTRY} AND (s.added_at, s.id) > (:at, :id) ORDER BY s.added_at, s.id LIMIT :limit"),
)
_REVIEWS = Listed(
    older=text(f"{_REVIEW} AND (r.created_at, r.id) < (:at, :id) ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"),
    newer=text(f"{_REVIEW} AND (r.created_at, r.id) > (:at, :id) ORDER BY r.created_at, r.id LIMIT :limit"),
)


@dataclass(frozen=True, slots=True)
class OwnBook:
    """A book in a reader's history: what it is, and what they say of it. `identity` is None for a line of their own."""

    id: int  # of the entry or the review
    at: datetime
    title: str
    author: str
    isbn: str | None
    isbn13: str | None
    identity: str | None
    year: int | None
    publisher: str | None
    pages: int | None
    series: str | None
    status: str | None
    shelves: tuple[str, ...]
    readings: tuple[ReadingDates, ...]
    notes: str | None
    added_at: datetime | None
    rating: int | None
    exact_rating: str | None
    text: str | None
    is_private: bool | None
    language: str | None  # of the review
    reviewed_at: datetime | None


def select_own_entries(connection: Connection, reader_id: int, place: Key, size: int) -> Page[OwnBook]:
    """Return the page of the books on the reader's shelves at the place, the latest first, with their reviews."""
    return select_page(connection, _ENTRIES, {"reader_id": reader_id}, place, size, _own_book, _key)


def select_own_reviews(connection: Connection, reader_id: int, place: Key, size: int) -> Page[OwnBook]:
    """Return the page of the reviewed books that are on none of the reader's shelves at the place, newest first."""
    return select_page(connection, _REVIEWS, {"reader_id": reader_id}, place, size, _own_book, _key)


def _key(book: OwnBook) -> tuple[datetime, int]:
    return book.at, book.id


def _own_book(*, shelves: list[str], readings: list[list[Any]], **columns: Any) -> OwnBook:
    dates = tuple((partial_date(*one[:2]), partial_date(*one[2:])) for one in readings)
    return OwnBook(**columns, shelves=tuple(shelves), readings=dates)
