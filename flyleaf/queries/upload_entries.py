"""What the row of an upload changes on a reader's shelves, and how that is undone."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, text

from flyleaf.history import HistoryRow
from flyleaf.limits import LINE_ISBN_MAX, NOTES_MAX
from flyleaf.queries.named_shelves import Status, status_of
from flyleaf.queries.readings import add_reading, delete_readings
from flyleaf.queries.shelves import delete_shelved_books, find_line, find_shelved_book, shelve_book, shelve_line

_SNAPSHOT = text("""
    SELECT s.id, s.status, s.notes,
           ARRAY(SELECT shelf_id FROM shelf_members WHERE shelved_book_id = s.id ORDER BY shelf_id) AS shelves,
           ARRAY(SELECT id FROM readings WHERE shelved_book_id = s.id ORDER BY id) AS readings
      FROM shelved_books AS s
     WHERE s.id = :id AND s.reader_id = :reader_id
""")


def write_entry(
    connection: Connection, reader_id: int, said: HistoryRow, book_id: int | None, *, notes: str, replaces: bool
) -> dict[str, Any] | None:
    """Put a row's book on the reader's shelves; without a book, as a line of the reader's own. Return what was there
    before and what is new, for `undo_entry`; None if nothing changed.

    What the entry says already stays, unless the row replaces it. Raises TooManyShelvesError.
    """
    shelves = [name for name in said.shelves if status_of(name) is None]  # a tag may be called "read"
    isbn = said.isbn if said.isbn and len(said.isbn) <= LINE_ISBN_MAX else None
    if book_id is None:
        known_id = find_line(connection, reader_id, said.title, said.author, isbn)
    else:
        known_id = find_shelved_book(connection, reader_id, book_id)
    line_id = None
    if book_id is not None and known_id is None:  # the catalogue lacked it when the reader first brought it
        known_id = line_id = find_line(connection, reader_id, said.title, said.author, isbn)
        _set_book(connection, line_id, book_id)
    before = _snapshot(connection, reader_id, known_id) if known_id is not None else None
    status = said.status if replaces or not (before and before["status"]) else None
    if book_id is not None and not (said.status or shelves or notes or said.readings):
        return None  # only a review
    wanted: dict[str, Any] = {
        "status": Status(status) if status else None,
        "shelves": shelves,
        "notes": (notes or None) if replaces or not (before and before["notes"]) else None,
        "added_at": datetime.combine(said.added_on, time(), UTC) if said.added_on else None,
    }
    if book_id is None:
        shelved = shelve_line(connection, reader_id, said.title, said.author, isbn, year=said.year, **wanted)
    else:
        shelved = shelve_book(connection, reader_id, book_id, **wanted)
    for started_on, finished_on in said.readings:
        add_reading(connection, reader_id, shelved.id, started_on, finished_on)
    after = _snapshot(connection, reader_id, shelved.id)
    if after is None or (after == before and line_id is None):
        return None
    known = before or {"shelves": [], "readings": []}
    return {
        "id": shelved.id,
        "was_line": line_id is not None,
        "before": before and {"status": before["status"], "notes": before["notes"]},
        "after": {"status": after["status"], "notes": after["notes"]},
        "shelves": sorted(set(after["shelves"]) - set(known["shelves"])),
        "readings": sorted(set(after["readings"]) - set(known["readings"])),
    }


def undo_entry(connection: Connection, reader_id: int, written: Mapping[str, Any]) -> bool:
    """Make the entry what it was. Return False if the reader has changed it since: what they changed stays."""
    now = _snapshot(connection, reader_id, written["id"])
    if now is None:
        return True
    connection.execute(
        text("DELETE FROM shelf_members WHERE shelved_book_id = :id AND shelf_id = ANY (:shelves)"),
        {"id": written["id"], "shelves": written["shelves"]},
    )
    delete_readings(connection, reader_id, written["readings"])
    is_changed = {"status": now["status"], "notes": now["notes"]} != written["after"]
    before = written["before"]
    if before is not None:
        if written["was_line"]:
            _set_book(connection, written["id"], None)
        if not is_changed:
            connection.execute(
                text("UPDATE shelved_books SET status = :status, notes = :notes WHERE id = :id"),
                {"id": written["id"], **before},
            )
        return not is_changed
    has_more = not (set(now["shelves"]) <= set(written["shelves"]) and set(now["readings"]) <= set(written["readings"]))
    if is_changed or has_more:
        return False
    delete_shelved_books(connection, reader_id, [written["id"]])
    return True


def _set_book(connection: Connection, entry_id: int | None, book_id: int | None) -> None:
    """Make an entry one of this book, or a line of the reader's own."""
    connection.execute(
        text("UPDATE shelved_books SET book_id = :book_id WHERE id = :id"), {"id": entry_id, "book_id": book_id}
    )


def notes_of(said: HistoryRow, *, has_review: bool) -> str:
    """Return the private notes of a row. What can't be a review, for want of a rating or of the book, is kept here."""
    if has_review:
        return said.notes
    rating = f"★ {said.rating.normalize():f}" if said.rating else ""
    notes = "\n\n".join(filter(None, (rating, said.review, said.notes)))
    return notes if len(notes) <= NOTES_MAX else said.notes


def _snapshot(connection: Connection, reader_id: int, entry_id: int) -> Mapping[str, Any] | None:
    row = connection.execute(_SNAPSHOT, {"id": entry_id, "reader_id": reader_id}).one_or_none()
    return dict(row._mapping) if row else None
