"""A transaction for a test, and rows that a test knows to be there."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Connection, text

from flyleaf.database import Database
from flyleaf.paging import Key, Place
from flyleaf.queries.named_shelves import Status, provide_shelf
from flyleaf.queries.readers import Credentials, Reader, insert_reader, select_credentials
from flyleaf.queries.shelf_entries import NewEntry, add_to_shelves, insert_entries


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction that is rolled back: there is nothing to delete afterwards."""
    with database.owner.connect() as connection:
        yield connection


@pytest.fixture
def book_id(dune: str, connection: Connection) -> int:
    book_id: int = connection.execute(text("SELECT id FROM books")).scalar_one()
    return book_id


def add_reader(connection: Connection, name: str, password_hash: str = "") -> Reader:
    """A new reader, whose name nobody has. The account is old enough for its ratings to count at once."""
    reader = insert_reader(connection, name, password_hash)
    assert reader is not None
    connection.execute(
        text("UPDATE readers SET created_at = now() - interval '25 hours' WHERE id = :id"), {"id": reader.id}
    )
    return reader


def shelve_line(
    connection: Connection,
    reader_id: int,
    title: str,
    author: str = "",
    *,
    status: Status | None = None,
    shelves: Sequence[str] = (),
    notes: str | None = None,
) -> int:
    """Put a book that the catalogue lacks on a reader's shelves, and return the entry's id."""
    [id_] = insert_entries(connection, reader_id, [NewEntry(None, title, author, status=status, notes=notes)])
    assert id_ is not None
    add_to_shelves(connection, [(provide_shelf(connection, reader_id, name), id_) for name in shelves])
    return id_


def credentials(connection: Connection, name: str) -> Credentials:
    """Those of a reader who is there."""
    found = select_credentials(connection, name)
    assert found is not None
    return found


def key(place: Place | None) -> Key:
    """The place of the page before or after another one, which has one."""
    assert isinstance(place, Key)
    return place
