"""What the rows of an upload change on shelves: which rows of the tables that reads."""

import pytest
from sqlalchemy import Connection, text

from flyleaf.history import HistoryRow
from flyleaf.queries.shelves import find_line
from flyleaf.queries.upload_entries import RowEntry, write_entries
from tests.plans import explain, recorded
from tests.queries.conftest import add_reader

LINES = 3_000


@pytest.mark.parametrize("way", ["one", "many"])
def test_an_entry_is_found_without_reading_all_of_a_readers(connection: Connection, way: str) -> None:
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
        if way == "one":
            assert find_line(connection, reader_id, "Line 7", "A", None) is not None
        else:
            assert all("entry" in changed for changed in write_entries(connection, reader_id, rows).values())
    finding = [(statement, values) for statement, values in statements if "search_title_key" in statement]
    assert len(finding) == 1
    assert explain(connection, *finding[0]).rows < LINES / 10
    assert connection.scalar(text("SELECT count(*) FROM shelved_books")) == LINES
