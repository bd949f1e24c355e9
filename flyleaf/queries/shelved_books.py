"""The books on a reader's shelves: one of them, a page of a shelf, all of them; and their titles after an import."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from flyleaf.history import Precision
from flyleaf.limits import SHELVED_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.named_shelves import Status
from flyleaf.queries.readings import Reading
from flyleaf.queries.shelves import find_shelved_book

# With the reader's rating of the work, whichever edition the review is about.
COLUMNS = """
    s.id, coalesce(b.isbn, b.identity) AS address, coalesce(b.title, s.title) AS title,
    coalesce(b.author, s.author) AS author, CASE WHEN b.id IS NULL THEN s.year ELSE b.year END AS year,
    CASE WHEN b.id IS NULL THEN s.isbn ELSE b.isbn END AS isbn, b.language, s.status, s.notes, s.added_at, r.rating,
    CAST(r.exact_rating AS float8) AS exact_rating,
    ARRAY(SELECT shelf.name
            FROM shelf_members AS member
            JOIN shelves AS shelf ON shelf.id = member.shelf_id
           WHERE member.shelved_book_id = s.id
           ORDER BY shelf.name_key
           LIMIT 200) AS shelves,
    (SELECT array_agg(ARRAY[CAST(id AS text), CAST(started_on AS text), CAST(finished_on AS text),
                            started_precision, finished_precision]
                      ORDER BY coalesce(started_on, finished_on) NULLS FIRST, id)
       FROM readings
      WHERE shelved_book_id = s.id) AS readings
"""
WITH_RATING = """
      LEFT JOIN search_editions AS edition ON edition.book_id = s.book_id
      LEFT JOIN search_reviews AS own
                ON own.work_id = edition.work_id AND own.reader_id = s.reader_id AND NOT own.is_superseded
      LEFT JOIN reviews AS r
                ON r.withdrawn_at IS NULL
               AND r.id = coalesce(own.review_id, (SELECT id FROM reviews AS one
                                                    WHERE one.book_id = s.book_id AND one.reader_id = s.reader_id))
"""
JOINED = f"LEFT JOIN books AS b ON b.id = s.book_id {WITH_RATING}"


@dataclass(frozen=True, slots=True)
class ShelvedBook:
    """A book on a reader's shelves, as the catalogue has it now. `address` is None for a line of the reader's own, of a
    book that the catalogue doesn't have. `shelves` are those that the reader has named. `rating` is the reader's."""

    id: int
    address: str | None
    title: str
    author: str
    year: int | None
    isbn: str | None
    language: str | None
    status: Status | None
    notes: str | None
    added_at: datetime
    rating: int | None
    exact_rating: float | None  # None: `rating` is what the reader gave
    shelves: tuple[str, ...]
    readings: tuple[Reading, ...]  # the first one first


_ALL = Listed(
    older=text(f"""
        SELECT {COLUMNS}
          FROM shelved_books AS s
          {JOINED}
         WHERE s.reader_id = :reader_id AND (s.added_at, s.id) < (:at, :id)
         ORDER BY s.added_at DESC, s.id DESC
         LIMIT :limit"""),  # noqa: S608  # constants
    newer=text(f"""
        SELECT {COLUMNS}
          FROM shelved_books AS s
          {JOINED}
         WHERE s.reader_id = :reader_id AND (s.added_at, s.id) > (:at, :id)
         ORDER BY s.added_at, s.id
         LIMIT :limit"""),  # noqa: S608  # constants
)


def select_shelved_books(
    connection: Connection, reader_id: int, place: Key, size: int = SHELVED_ON_A_PAGE
) -> Page[ShelvedBook]:
    """Return the page of all of a reader's books at the place, whatever shelves they are on, the latest first."""
    named = {"reader_id": reader_id}
    return select_page(connection, _ALL, named, place, size, shelved_book, lambda one: (one.added_at, one.id))


def select_shelved_book(connection: Connection, reader_id: int, book_id: int) -> ShelvedBook | None:
    """Return the reader's entry of a book's work, or None."""
    shelved_id = find_shelved_book(connection, reader_id, book_id)
    return None if shelved_id is None else select_own_shelved_book(connection, reader_id, shelved_id)


def select_own_shelved_book(connection: Connection, reader_id: int, shelved_id: int) -> ShelvedBook | None:
    """Return the reader's entry with this id, or None."""
    row = connection.execute(
        text(f"SELECT {COLUMNS} FROM shelved_books AS s {JOINED} WHERE s.id = :id AND s.reader_id = :reader_id"),  # noqa: S608  # constants
        {"id": shelved_id, "reader_id": reader_id},
    ).one_or_none()
    return shelved_book(**row._mapping) if row else None


def select_statuses(connection: Connection, reader_id: int, identities: Sequence[str]) -> dict[str, Status | None]:
    """Return the reader's status of those of these books whose works are on a shelf, by the books' addresses. None:
    only on shelves that the reader has named."""
    rows = connection.execute(
        text("""
            WITH asked AS MATERIALIZED (
                SELECT b.id, coalesce(b.isbn, b.identity) AS address, edition.work_id
                  FROM books AS b
                  LEFT JOIN search_editions AS edition ON edition.book_id = b.id
                 WHERE b.identity = ANY (:identities)
            ),
            editions AS MATERIALIZED (
                SELECT address, id AS book_id FROM asked
                 UNION
                SELECT address, other.book_id FROM asked JOIN search_editions AS other ON other.work_id = asked.work_id
            )
            SELECT DISTINCT ON (address) address, s.status
              FROM editions
              JOIN shelved_books AS s ON s.book_id = editions.book_id AND s.reader_id = :reader_id
             ORDER BY address, s.added_at DESC, s.id DESC
             LIMIT :most
        """),
        {"reader_id": reader_id, "identities": list(identities), "most": len(identities)},
    )
    return {row.address: Status(row.status) if row.status else None for row in rows}


def shelved_book(
    *, status: str | None, shelves: list[str], readings: list[list[Any]] | None, **columns: Any
) -> ShelvedBook:
    """Return the entry whose columns stand in a row."""
    return ShelvedBook(
        **columns,
        status=Status(status) if status else None,
        shelves=tuple(shelves),
        readings=tuple(_reading(*one) for one in readings or ()),
    )


def _reading(id_: str, started_on: str | None, finished_on: str | None, *precisions: Precision) -> Reading:
    return Reading(int(id_), _date(started_on), _date(finished_on), *precisions)


def _date(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
