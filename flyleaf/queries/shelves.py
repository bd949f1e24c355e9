"""Shelves: which books a reader wants to read, is reading and has read, and shelves that they have named.

A reader has one entry of a work, about one of its editions: what is said of another edition changes that entry. If
works are joined later there may be two, as with reviews. Both stay; the newer one is what pages of the work show.

An entry has copies of the book's title, author, ISBN and year. Shelves are sorted and searched by them, and they are
all that is left if the book is deleted: the entry is then a line of the reader's own, like one of a book that the
catalogue has never had.

Everything that writes locks the reader first, so that a reader's own requests come one after another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.queries.named_shelves import Status, lock_shelves, provide_shelf, status_of
from flyleaf.queries.shelf_entries import (
    AUTHOR_KEY,
    TITLE_KEY,
    NewEntry,
    TooManyBooksError,
    add_to_shelves,
    count_room,
    insert_entries,
)

_BOOKS_AT_ONCE = 500  # whose titles follow those of the catalogue, or that are deleted with an account


@dataclass(frozen=True, slots=True)
class Shelved:
    """The entry of a book, which is new or was there before."""

    id: int
    is_new: bool


# The entries of a book's work, the newest first. There are several only if works were joined.
_OF_WORK = """
    SELECT s.id, s.added_at
      FROM (SELECT CAST(:book_id AS bigint) AS book_id
             UNION
            SELECT other.book_id
              FROM search_editions AS edition
              JOIN search_editions AS other ON other.work_id = edition.work_id
             WHERE edition.book_id = :book_id) AS of_work
     CROSS JOIN LATERAL (SELECT id, added_at FROM shelved_books
                          WHERE book_id = of_work.book_id AND reader_id = :reader_id
                         OFFSET 0) AS s  -- or all of the reader's entries may be read
     ORDER BY s.added_at DESC, s.id DESC
"""
_UPDATE = text("""
    UPDATE shelved_books
       SET status = coalesce(:status, status), notes = coalesce(:notes, notes)
     WHERE id = :id
       AND (status IS DISTINCT FROM coalesce(:status, status) OR notes IS DISTINCT FROM coalesce(:notes, notes))
""")


def find_shelved_book(connection: Connection, reader_id: int, book_id: int) -> int | None:
    """Return the id of the reader's entry of a book's work, or None."""
    return connection.execute(text(f"{_OF_WORK} LIMIT 1"), {"reader_id": reader_id, "book_id": book_id}).scalar()


def shelve_book(
    connection: Connection,
    reader_id: int,
    book_id: int,
    *,
    status: Status | None = None,
    shelves: Sequence[str] = (),
    notes: str | None = None,
    added_at: datetime | None = None,
) -> Shelved:
    """Put a book on shelves: on that of a status, and on those of the given names, which are made if there are none.

    If the reader has an entry of the work, also of another edition, that one changes: what is None stays as it was, and
    it keeps the shelves that it is on. `added_at` is for a new entry; None is now. The book has to exist. Raises
    TooManyShelvesError and TooManyBooksError.
    """
    lock_shelves(connection, reader_id)
    known_id = find_shelved_book(connection, reader_id, book_id)
    if known_id is not None:
        connection.execute(_UPDATE, {"id": known_id, "status": status, "notes": notes})
        shelved = Shelved(known_id, is_new=False)
    elif count_room(connection, reader_id, 1):
        entry = NewEntry(book_id, status=status, notes=notes, added_at=added_at)
        [new_id] = insert_entries(connection, reader_id, [entry])
        if new_id is None:
            raise LookupError(book_id)
        shelved = Shelved(new_id, is_new=True)
    else:
        raise TooManyBooksError
    _put(connection, reader_id, shelved.id, shelves)
    return shelved


def put_on_shelf(connection: Connection, reader_id: int, shelved_id: int, name: str) -> None:
    """Give a reader's entry the status of this name, or put it on the shelf that the reader has named so, which is made
    if there is none. Raises TooManyShelvesError."""
    lock_shelves(connection, reader_id)
    status = status_of(name)
    if status:
        connection.execute(
            text("UPDATE shelved_books SET status = :status WHERE id = :id AND reader_id = :reader_id"),
            {"id": shelved_id, "reader_id": reader_id, "status": status},
        )
    else:
        _put(connection, reader_id, shelved_id, [name])


def unshelve_book(connection: Connection, reader_id: int, book_id: int) -> bool:
    """Take a book's work off all shelves, with its dates and notes. Return False if it was on none."""
    lock_shelves(connection, reader_id)
    ids = connection.scalars(text(_OF_WORK), {"reader_id": reader_id, "book_id": book_id}).all()
    return delete_shelved_books(connection, reader_id, ids) > 0


def delete_shelved_books(connection: Connection, reader_id: int, ids: Sequence[int]) -> int:
    """Delete those of a reader's entries that have these ids, with their dates and notes, and return their number."""
    statement = text("DELETE FROM shelved_books WHERE reader_id = :reader_id AND id = ANY (:ids)")
    return connection.execute(statement, {"reader_id": reader_id, "ids": list(ids)}).rowcount


def delete_some_shelved_books(connection: Connection, reader_id: int) -> bool:
    """Delete the next entries of an account that goes. Return whether there may be more."""
    deleted = connection.execute(
        text("""
            DELETE FROM shelved_books
             WHERE id IN (SELECT id FROM shelved_books WHERE reader_id = :reader_id ORDER BY added_at, id LIMIT :limit)
        """),
        {"reader_id": reader_id, "limit": _BOOKS_AT_ONCE},
    )
    return deleted.rowcount == _BOOKS_AT_ONCE


def update_shelved_book(
    connection: Connection, reader_id: int, shelved_id: int, *, status: Status | None, notes: str | None
) -> bool:
    """Set the status and the notes of an entry; None means that it has none. Return False if the reader has no entry of
    this id."""
    row = connection.execute(
        text("""
            UPDATE shelved_books
               SET status = :status, notes = :notes
             WHERE id = :id AND reader_id = :reader_id
            RETURNING id
        """),
        {"id": shelved_id, "reader_id": reader_id, "status": status, "notes": notes},
    ).one_or_none()
    return row is not None


def _put(connection: Connection, reader_id: int, shelved_id: int, names: Sequence[str]) -> None:
    """Put an entry on the reader's shelves of these names. Raises TooManyShelvesError."""
    add_to_shelves(connection, [(provide_shelf(connection, reader_id, name), shelved_id) for name in names])


def follow_shelved_books(connection: Connection) -> bool:
    """Copy titles, authors, ISBNs and years of changed books to the next entries. Return False if there are none.

    Books that an import is changing are left for later.
    """
    ids = connection.scalars(
        text("""
            SELECT book_id
              FROM shelved_books_behind
             ORDER BY book_id
             LIMIT :limit
               FOR UPDATE SKIP LOCKED
        """),
        {"limit": _BOOKS_AT_ONCE},
    ).all()
    connection.execute(
        text(f"""
            UPDATE shelved_books AS s
               SET title = named.title, author = named.author, isbn = named.isbn, year = named.year,
                   title_key = {TITLE_KEY}, author_key = {AUTHOR_KEY}
              FROM books AS named
             WHERE named.id = ANY (:ids)
               AND s.book_id = named.id
        """),  # noqa: S608  # constants
        {"ids": ids},
    )
    connection.execute(text("DELETE FROM shelved_books_behind WHERE book_id = ANY (:ids)"), {"ids": ids})
    return bool(ids)
