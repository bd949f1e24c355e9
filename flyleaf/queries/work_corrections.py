"""What people decide about works, beside the rule that makes them of titles and authors.

The search follows a decision at once, and so do later imports. Undoing it restores exactly what
was there. Books are named by their ids.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text

# The advisory lock that makes corrections one at a time, so that merges never form a circle. The number only has to be
# unique in the database.
CORRECTIONS_LOCK = 7_303_005
CORRECTIONS_MAX = 100  # of one book's history
_EDITIONS_MAX = 100


class Kind(StrEnum):
    """What was decided."""

    MERGE = "merge"  # the works of both books are one
    MOVE = "move"  # the book alone is an edition of the other book's work
    SPLIT = "split"  # the book is a work of its own


@dataclass(frozen=True, slots=True)
class WorkCorrection:
    """A decision. The books are None if they were deleted, the names of readers if their accounts were. What the site
    suggested has no `reader_name` either, and `is_by_site` is true."""

    id: int
    kind: Kind
    book_id: int | None
    address: str | None
    title: str | None
    other_book_id: int | None
    other_address: str | None
    other_title: str | None
    reader_id: int | None
    reader_name: str | None
    is_by_site: bool
    accepter_name: str | None
    reason: str | None
    made_at: datetime
    undone_at: datetime | None
    undone_by_name: str | None


def merge_works(
    connection: Connection, book_id: int, other_book_id: int, reader_id: int | None, reason: str | None
) -> int | None:
    """Make the work of a book part of another book's work, with all its editions, also those that are imported later.

    Return the correction's id; None if there is nothing to do: both are editions of one work, or one doesn't exist.
    """
    return _insert(connection, Kind.MERGE, book_id, other_book_id, reader_id, reason)


def move_edition(
    connection: Connection, book_id: int, other_book_id: int, reader_id: int | None, reason: str | None
) -> int | None:
    """Make a book an edition of another book's work. Return the correction's id, or None as `merge_works` does."""
    return _insert(connection, Kind.MOVE, book_id, other_book_id, reader_id, reason)


def split_edition(connection: Connection, book_id: int, reader_id: int | None, reason: str | None) -> int | None:
    """Make a book a work of its own. Return the correction's id, or None if its work has no other edition."""
    return _insert(connection, Kind.SPLIT, book_id, None, reader_id, reason)


def _insert(
    connection: Connection,
    kind: Kind,
    book_id: int,
    other_book_id: int | None,
    reader_id: int | None,
    reason: str | None,
) -> int | None:
    return correct_work(connection, kind, book_id, other_book_id, reason, proposed_by=reader_id, accepted_by=reader_id)


def correct_work(
    connection: Connection,
    kind: Kind,
    book_id: int,
    other_book_id: int | None,
    reason: str | None,
    *,
    proposed_by: int | None,
    accepted_by: int | None,
    is_by_site: bool = False,
) -> int | None:
    """Do what the kind says. Return the correction's id, or None if there is nothing to do."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CORRECTIONS_LOCK})
    values = {
        "kind": kind,
        "book_id": book_id,
        "other_book_id": other_book_id,
        "proposed_by": proposed_by,
        "accepted_by": accepted_by,
        "is_by_site": is_by_site,
        "reason": reason,
    }
    statement = _SPLIT if kind is Kind.SPLIT else _JOIN
    return connection.execute(statement, values).scalar_one_or_none()


def would_change_works(connection: Connection, kind: Kind, book_id: int, other_book_id: int | None) -> bool:
    """Return whether there is anything to do: a split needs a work of several editions, the others two works."""
    statement = _HAS_OTHERS if kind is Kind.SPLIT else _ARE_TWO
    return bool(connection.execute(statement, {"book_id": book_id, "other_book_id": other_book_id}).scalar_one())


def select_corrected_address(connection: Connection, correction_id: int) -> str | None:
    """Return the address of the book that a correction was about, or of the other one if that was deleted."""
    return connection.execute(
        text("""
            SELECT coalesce(book.isbn, book.identity)
              FROM work_corrections AS correction
              JOIN books AS book ON book.id = coalesce(correction.book_id, correction.other_book_id)
             WHERE correction.id = :id
        """),
        {"id": correction_id},
    ).scalar_one_or_none()


def undo_work_correction(connection: Connection, correction_id: int, reader_id: int | None) -> bool:
    """Undo a correction. Return False if that was done before, or there is none."""
    row = connection.execute(
        text("""
            UPDATE work_corrections
               SET undone_at = now(), undone_by = :reader_id
             WHERE id = :id AND undone_at IS NULL
            RETURNING id
        """),
        {"id": correction_id, "reader_id": reader_id},
    ).one_or_none()
    return row is not None


def select_work_corrections(connection: Connection, book_id: int) -> list[WorkCorrection]:
    """Return what was decided about a book's work and its editions, the newest first; what was undone, too."""
    rows = connection.execute(
        _HISTORY, {"book_id": book_id, "editions_max": _EDITIONS_MAX, "corrections_max": CORRECTIONS_MAX}
    )
    return [_correction(**row._mapping) for row in rows]


def _correction(kind: str, **columns: object) -> WorkCorrection:
    return WorkCorrection(kind=Kind(kind), **columns)  # type: ignore[arg-type]


_JOIN = text("""
    INSERT INTO work_corrections (kind, book_id, other_book_id, from_work, into_work, reader_id, accepted_by,
                                  is_by_site, reason)
    SELECT :kind, book.id, other.id, CASE WHEN :kind = 'merge' THEN book.name END, other.name, :proposed_by,
           :accepted_by, :is_by_site, :reason
      FROM (SELECT id, search_work_name(id) AS name FROM books WHERE id = :book_id) AS book,
           (SELECT id, search_work_name(id) AS name FROM books WHERE id = :other_book_id) AS other
     WHERE search_named_work(book.name) <> search_named_work(other.name)
    RETURNING id""")
_SPLIT = text("""
    INSERT INTO work_corrections (kind, book_id, into_work, reader_id, accepted_by, is_by_site, reason)
    SELECT :kind, book_id, ARRAY[CAST(book_id AS text)], :proposed_by, :accepted_by, :is_by_site, :reason
      FROM search_editions AS edition
     WHERE book_id = :book_id
       AND EXISTS (SELECT FROM search_editions AS other
                    WHERE other.work_id = edition.work_id AND other.book_id <> edition.book_id)
    RETURNING id""")
_ARE_TWO = text("""
    SELECT book.work_id <> other.work_id
      FROM search_editions AS book, search_editions AS other
     WHERE book.book_id = :book_id AND other.book_id = :other_book_id""")
_HAS_OTHERS = text("""
    SELECT EXISTS (SELECT FROM search_editions AS other
                    WHERE other.work_id = edition.work_id AND other.book_id <> edition.book_id)
      FROM search_editions AS edition
     WHERE edition.book_id = :book_id""")
_HISTORY = text("""
    WITH editions AS MATERIALIZED (
        (SELECT :book_id AS book_id)
         UNION
        (SELECT book_id
           FROM search_editions
          WHERE work_id = (SELECT work_id FROM search_editions WHERE book_id = :book_id)
          LIMIT :editions_max)
    ), found AS MATERIALIZED (
        (SELECT correction.id
           FROM editions
           JOIN work_corrections AS correction ON correction.book_id = editions.book_id
          ORDER BY id DESC LIMIT :corrections_max)
         UNION
        (SELECT correction.id
           FROM editions
           JOIN work_corrections AS correction ON correction.other_book_id = editions.book_id
          ORDER BY id DESC LIMIT :corrections_max)
    )
    SELECT correction.id, kind, correction.book_id, coalesce(book.isbn, book.identity) AS address, book.title,
           other_book_id, coalesce(other.isbn, other.identity) AS other_address, other.title AS other_title,
           reader_id, reader.name AS reader_name, is_by_site, accepter.name AS accepter_name, reason, made_at,
           undone_at, undoer.name AS undone_by_name
      FROM found
      JOIN work_corrections AS correction ON correction.id = found.id
      LEFT JOIN books AS book ON book.id = correction.book_id
      LEFT JOIN books AS other ON other.id = correction.other_book_id
      LEFT JOIN readers AS reader ON reader.id = reader_id
      LEFT JOIN readers AS accepter ON accepter.id = accepted_by
      LEFT JOIN readers AS undoer ON undoer.id = undone_by
     ORDER BY correction.id DESC
     LIMIT :corrections_max""")
