"""The table of series follows the books, and a rebuild gives the same as single changes."""

import pytest
from sqlalchemy import Connection, text

from flyleaf.search import SearchQuery, search_books
from flyleaf.search.schema import put_first
from tests.search.conftest import insert

ROWS = text("""
    SELECT name, key, place, search_series_number(first_number, last_number), work.title_key
      FROM search_series JOIN search_works AS work ON work.id = work_id
     ORDER BY key, first_number, last_number, work.title_key LIMIT 1000""")


def add(connection: Connection, isbn: str, title: str, series: str | None, author: str = "Ann Author") -> int:
    book_id = insert(connection, isbn, title, author)
    connection.execute(text("UPDATE books SET series = :series WHERE id = :id"), {"series": series, "id": book_id})
    return book_id


def rows(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(ROWS)]


def test_series_follow_the_books_and_are_the_same_after_a_rebuild(connection: Connection) -> None:
    put_first(connection)
    add(connection, "9780000000101", "Alpha", "The Greek Series #1; Letters")
    second = add(connection, "9780000000118", "Beta", "Greek #2.50")
    add(connection, "9780000000125", "Beta", "Greek")
    add(connection, "9780000000132", "All of it", "greek #1-3")
    add(connection, "9780000000149", "Odd", "! #1; ?; Greek #x; Greek #12345")
    expected = [
        ("The Greek Series", "greek", 1, "1", "alpha"),
        ("greek", "greek", 1, "1-3", "all of it"),
        ("Greek", "greek", 1, "2.5", "beta"),
        ("Greek #12345", "greek12345", 4, None, "odd"),
        ("Greek #x", "greekx", 3, None, "odd"),
        ("Letters", "letters", 2, None, "alpha"),
    ]
    assert rows(connection) == expected
    connection.execute(text("SELECT search_rebuild()"))
    assert rows(connection) == expected
    connection.execute(text("DELETE FROM books WHERE id = :id"), {"id": second})
    assert ("Greek", "greek", 1, None, "beta") in rows(connection)
    connection.execute(text("UPDATE books SET series = NULL"))
    assert rows(connection) == []


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("zorn 2", "Beta"),
        ("zorn book 2", "Beta"),
        ("the second zorn book", "Beta"),
        ("zorn chronicles 2", "Beta"),
        ("zorn", "Alpha"),
        ("Beta (Zorn, #2)", "Beta"),
        ("zorn ann author 2", "Beta"),
        ("zorn 3", "Gamma"),
        ("third zorn book", "Gamma"),
    ],
)
@pytest.mark.parametrize("is_rebuilt", [False, True])
def test_a_book_is_found_by_its_series(connection: Connection, query: str, first: str, is_rebuilt: bool) -> None:
    put_first(connection)
    add(connection, "9780000000101", "Alpha", "Zorn #1")
    add(connection, "9780000000118", "Beta", "Zorn #2; The Zorn Chronicles #2")
    add(connection, "9780000000132", "Gamma", "The Zorn Series #3")
    if is_rebuilt:
        connection.execute(text("SELECT search_rebuild()"))
    assert search_books(connection, SearchQuery(query)).results[0].title == first


@pytest.mark.parametrize(
    "query",
    ["dune 2", "dune book 2", "the second dune book", "second dune book", "dune chronicles 2", "dune 2 herbert"],
)
def test_a_series_need_not_be_named_with_all_its_words(connection: Connection, query: str) -> None:
    put_first(connection)
    add(connection, "9780000000101", "Dune", "Dune Chronicles #1", "Frank Herbert")
    add(connection, "9780000000118", "Dune Messiah", "Dune Chronicles #2", "Frank Herbert")
    add(connection, "9780000000125", "The Machine Crusade", "Legends of Dune #2", "Brian Herbert")
    add(connection, "9780000000132", "House Harkonnen", "Prelude to Dune #2", "Brian Herbert")
    assert search_books(connection, SearchQuery(query)).results[0].title == "Dune Messiah"


def test_all_books_of_a_series_are_found_by_its_name(connection: Connection) -> None:
    put_first(connection)
    for number, title in enumerate(("Alpha", "Beta", "Gamma"), 1):
        add(connection, f"978000000010{number}", title, f"Zorn #{number}")
    found = search_books(connection, SearchQuery("zorn")).results
    assert found[0].title == "Alpha"
    assert {book.title for book in found} == {"Alpha", "Beta", "Gamma"}
