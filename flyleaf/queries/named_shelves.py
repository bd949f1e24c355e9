"""The shelves of a reader: the four statuses, which everybody has, and those that the reader has named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from flyleaf.limits import SHELVES_MAX
from flyleaf.queries.readers import name_key


class Status(StrEnum):
    """What a reader does with a book. These are shelves that every reader has, and a book is on one of them at most."""

    TO_READ = "to-read"
    READING = "reading"
    READ = "read"
    DID_NOT_FINISH = "did-not-finish"


class TooManyShelvesError(Exception):
    """The reader has named as many shelves as one may."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One of a reader's shelves. `status` is None if the reader has named it. `id` is None for a status that is private
    and always has been: it has no row."""

    id: int | None
    name: str
    status: Status | None
    is_public: bool
    book_count: int


def status_of(name: str) -> Status | None:
    """Return the status with this name, in any spelling of its letters, or None if the name is free for a reader."""
    key = name_key(name)
    return Status(key) if key in set(Status) else None


def lock_shelves(connection: Connection, reader_id: int) -> None:
    """Let whatever else writes to this reader's shelves wait until the transaction ends."""
    connection.execute(text("SELECT FROM readers WHERE id = :id FOR NO KEY UPDATE"), {"id": reader_id})


def provide_shelf(connection: Connection, reader_id: int, name: str) -> int:
    """Return the id of the reader's shelf of this name, in any spelling of its letters. It is made if there is none.
    Raises TooManyShelvesError, and ValueError for the name of a status."""
    if status_of(name):
        raise ValueError(name)
    shelf_id = provide_shelves(connection, reader_id, [name]).get(name)
    if shelf_id is None:
        raise TooManyShelvesError
    return shelf_id


def provide_shelves(connection: Connection, reader_id: int, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of the reader's shelves of these names, in any spelling of their letters. They are made if there
    are none, as many as a reader may have. Those of statuses are left out."""
    keys = {name: name_key(name) for name in names if status_of(name) is None}
    statement = text("SELECT name_key, id FROM shelves WHERE reader_id = :reader_id AND name_key <> ALL (:statuses)")
    rows = connection.execute(statement, {"reader_id": reader_id, "statuses": list(Status)})
    known: dict[str, int] = {row.name_key: row.id for row in rows}
    missing: dict[str, str] = {}
    for name, key in keys.items():
        if key not in known:
            missing.setdefault(key, name)  # in its first spelling
    made = list(missing)[: max(SHELVES_MAX - len(known), 0)]
    if made:
        inserted = connection.execute(
            text("""
                INSERT INTO shelves (reader_id, name, name_key)
                SELECT :reader_id, name, name_key
                  FROM unnest(CAST(:names AS text[]), CAST(:keys AS text[])) WITH ORDINALITY AS new (name, name_key, n)
                 ORDER BY n
                RETURNING name_key, id
            """),
            {"reader_id": reader_id, "names": [missing[key] for key in made], "keys": made},
        )
        known |= {row.name_key: row.id for row in inserted}
    return {name: known[key] for name, key in keys.items() if key in known}


def select_shelf(connection: Connection, reader_id: int, name: str) -> Shelf | None:
    """Return the reader's shelf of this name, in any spelling of its letters, or None."""
    key = name_key(name)
    return next((shelf for shelf in select_shelves(connection, reader_id) if name_key(shelf.name) == key), None)


def select_shelves(connection: Connection, reader_id: int) -> list[Shelf]:
    """Return a reader's shelves with the number of books on each: the statuses, and those named, by name."""
    rows = connection.execute(
        text("""
            SELECT shelf.id, CASE WHEN status IS NULL THEN shelf.name ELSE status END AS name, status,
                   coalesce(shelf.is_public, false) AS is_public,
                   CASE WHEN status IS NULL
                        THEN (SELECT count(*) FROM shelf_members WHERE shelf_id = shelf.id)
                        ELSE (SELECT count(*) FROM shelved_books AS s
                               WHERE s.reader_id = :reader_id AND s.status = statuses.status) END AS book_count
              FROM (SELECT id, name, name_key, is_public FROM shelves WHERE reader_id = :reader_id) AS shelf
              FULL JOIN unnest(CAST(:statuses AS text[])) WITH ORDINALITY AS statuses (status, place)
                        ON statuses.status = shelf.name_key
             ORDER BY place NULLS LAST, name_key
             LIMIT :most
        """),
        {"reader_id": reader_id, "statuses": list(Status), "most": SHELVES_MAX + len(Status)},
    )
    return [Shelf(row.id, row.name, Status(row.status) if row.status else None, row.is_public, row.book_count)
            for row in rows]  # fmt: skip


def insert_shelf(connection: Connection, reader_id: int, name: str) -> bool:
    """Make a shelf. Return False if the reader has one of this name, in any spelling of its letters. Raises
    TooManyShelvesError."""
    lock_shelves(connection, reader_id)
    if _shelf_id(connection, reader_id, name) is not None:
        return False
    provide_shelf(connection, reader_id, name)
    return True


def rename_shelf(connection: Connection, reader_id: int, name: str, new_name: str) -> bool:
    """Rename a shelf that the reader has named. Return False if there is none of the old name, or another one of the
    new name. Raises ValueError for the name of a status."""
    if status_of(name) or status_of(new_name):
        raise ValueError(new_name)
    lock_shelves(connection, reader_id)
    shelf_id = _shelf_id(connection, reader_id, name)
    if shelf_id is None or _shelf_id(connection, reader_id, new_name) not in (None, shelf_id):
        return False
    connection.execute(
        text("UPDATE shelves SET name = :name, name_key = :name_key WHERE id = :id"),
        {"id": shelf_id, "name": new_name, "name_key": name_key(new_name)},
    )
    return True


def delete_shelf(connection: Connection, reader_id: int, name: str) -> bool:
    """Delete a shelf that the reader has named. Its books stay if they are on another shelf, or have notes or dates.
    Return False if there is none of this name."""
    lock_shelves(connection, reader_id)
    shelf_id = _shelf_id(connection, reader_id, name)
    if shelf_id is None or status_of(name):
        return False
    statement = text("DELETE FROM shelf_members WHERE shelf_id = :id RETURNING shelved_book_id")
    ids = connection.scalars(statement, {"id": shelf_id}).all()
    connection.execute(text("DELETE FROM shelves WHERE id = :id"), {"id": shelf_id})
    _delete_bare(connection, ids)
    return True


def remove_from_shelf(connection: Connection, reader_id: int, shelved_id: int, name: str) -> bool:
    """Take an entry off a shelf that the reader has named. It stays if it is on another one, or has notes or dates.
    Return False if it wasn't there."""
    lock_shelves(connection, reader_id)
    removed = connection.execute(
        text("DELETE FROM shelf_members WHERE shelved_book_id = :id AND shelf_id = :shelf_id RETURNING shelf_id"),
        {"id": shelved_id, "shelf_id": _shelf_id(connection, reader_id, name)},
    ).one_or_none()
    _delete_bare(connection, [shelved_id] if removed else [])
    return removed is not None


def publish_shelf(connection: Connection, reader_id: int, name: str, *, is_public: bool) -> bool:
    """Show a shelf to others, also that of a status, or hide it. Return False if there is none of this name."""
    lock_shelves(connection, reader_id)
    status = status_of(name)
    if status:
        connection.execute(
            text("""
                INSERT INTO shelves (reader_id, name, name_key) VALUES (:reader_id, :status, :status)
                ON CONFLICT (reader_id, name_key) DO NOTHING
            """),
            {"reader_id": reader_id, "status": status},
        )
    row = connection.execute(
        text("UPDATE shelves SET is_public = :is_public WHERE id = :id RETURNING id"),
        {"id": _shelf_id(connection, reader_id, name), "is_public": is_public},
    ).one_or_none()
    return row is not None


def _shelf_id(connection: Connection, reader_id: int, name: str) -> int | None:
    return connection.execute(
        text("SELECT id FROM shelves WHERE reader_id = :reader_id AND name_key = :name_key"),
        {"reader_id": reader_id, "name_key": name_key(name)},
    ).scalar_one_or_none()


def _delete_bare(connection: Connection, ids: Sequence[int]) -> None:
    """Delete those of these entries that say nothing: they are on no shelf, and have neither notes nor dates."""
    connection.execute(
        text("""
            DELETE FROM shelved_books AS s
             WHERE id = ANY (:ids)
               AND status IS NULL
               AND notes IS NULL
               AND NOT EXISTS (SELECT FROM shelf_members WHERE shelved_book_id = s.id)
               AND NOT EXISTS (SELECT FROM readings WHERE shelved_book_id = s.id)
        """),
        {"ids": list(ids)},
    )
