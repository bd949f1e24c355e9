"""What the rows of an upload change on shelves: which rows of the tables that reads."""

from dataclasses import replace

from sqlalchemy import Connection, text

from flyleaf.history import HistoryRow
from flyleaf.paging import NEWEST
from flyleaf.queries.named_shelves import Status
from flyleaf.queries.shelved_books import select_shelved_books
from flyleaf.queries.shelves import delete_shelved_books
from flyleaf.queries.upload_entries import RowEntry, write_entries
from tests.plans import explain, recorded
from tests.queries.conftest import add_reader

LINES = 3_000


def test_an_entry_is_found_without_reading_all_of_a_readers(connection: Connection) -> None:
    """The planner took an index of books in which all lines stand together, or one of all that the reader has."""
    reader_id = add_reader(connection, "Alice").id
    connection.execute(
        text("""
            INSERT INTO shelved_books (reader_id, title, author, title_key, author_key)
            SELECT :reader_id, 'Line ' || n, 'A', 'line ' || n, 'a' FROM generate_series(1, :lines) AS n
        """),
        {"reader_id": reader_id, "lines": LINES},
    )
    book_id = connection.scalar(text("INSERT INTO books (identity, title) VALUES ('goodreads:1', 'T') RETURNING id"))
    rows = [
        RowEntry(n, book_id if n == 5 else None, HistoryRow(n, f"Line {n}", "A"), "a note", replaces=False)
        for n in range(1, 6)
    ]
    with recorded(connection.engine) as statements:
        assert all("entry" in changed for changed in write_entries(connection, reader_id, rows).values())
    finding = [(statement, values) for statement, values in statements if "search_title_key" in statement]
    assert len(finding) == 1
    assert explain(connection, *finding[0]).rows < LINES / 10
    assert connection.scalar(text("SELECT count(*) FROM shelved_books")) == LINES


def test_a_line_of_the_readers_own_is_there_once(connection: Connection) -> None:
    reader_id = add_reader(connection, "Alice").id
    first = HistoryRow(1, "The Hobbit", "J.R.R. Tolkien", isbn="0261102214")
    for said in (first, replace(first, status="read"), replace(first, isbn=None)):
        write_entries(connection, reader_id, [RowEntry(1, None, said, "", replaces=False)])
    lines = select_shelved_books(connection, reader_id, NEWEST).items
    assert [(line.isbn, line.status) for line in lines] == [(None, None), ("0261102214", Status.READ)]
    ids = [line.id for line in lines]
    assert delete_shelved_books(connection, add_reader(connection, "Bob").id, ids) == 0
    assert delete_shelved_books(connection, reader_id, ids) == 2
