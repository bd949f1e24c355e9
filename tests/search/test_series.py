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


def test_a_series_name_finds_its_books_in_their_order(connection: Connection) -> None:
    put_first(connection)
    books = [
        ("9780000000101", "Zorn", "Zorn Chronicles #1", "Ann Ames", None, 900),
        ("9780000000118", "Zorn Messiah", "Zorn Chronicles #2", "Ann Ames", None, 40),
        ("9780000000125", "Children of Zorn", "Zorn Chronicles #3", "Ann Ames, Ed Painter", None, 300),
        ("9780000000132", "Heretics", "Zorn Chronicles #10", "Ann Ames", None, 70),
        ("9780000000149", "God Emperor", "Zorn Chronicles #4", "Ann Ames", None, 80),
        ("9780000000156", "House Ames", "Prelude to Zorn #1", "Bob Ames", "Zorn: House Ames", 800),
    ]
    for isbn, title, series, author, other_titles, ratings in books:
        book = {"id": add(connection, isbn, title, series, author), "titles": other_titles, "ratings": ratings}
        connection.execute(
            text("UPDATE books SET other_titles = :titles, ratings_count = :ratings WHERE id = :id"), book
        )
    in_order = ["Zorn", "Zorn Messiah", "Children of Zorn", "God Emperor", "Heretics"]
    for query in ("zorn", "zorn chronicles", "the zorn chronicles"):
        assert [book.title for book in search_books(connection, SearchQuery(query)).results][:5] == in_order
    assert search_books(connection, SearchQuery("zorn")).results[5].title == "House Ames"
    assert search_books(connection, SearchQuery("zorn messiah")).results[0].title == "Zorn Messiah"


@pytest.mark.parametrize(
    ("series", "name"),
    [
        ("Trilogía de la Zorn", "zorn"),
        ("Zorn-Trilogie", "zorn"),
        ("Saga Zorn", "zorn"),
        ("As Crônicas de Zorn", "zorn"),
        ("Les Chroniques de Zorn", "zorn"),
        ("Die Chroniken von Zorn", "zorn"),
        ("Цикл Зорн", "зорн"),
        ("Zorn-Reihe", "zorn"),
        ("Zorn Cyclus", "zorn"),
        ("Cykl Zorn", "zorn"),
    ],
)
def test_a_series_of_another_language_is_found_without_the_word_for_it(
    connection: Connection, series: str, name: str
) -> None:
    put_first(connection)
    for number, title in enumerate(("Gamma", "Beta", "Alpha"), 1):
        add(connection, f"978000000010{number}", title, f"{series} #{number}")
    for query in (name, series):
        found = search_books(connection, SearchQuery(query)).results
        assert [book.title for book in found] == ["Gamma", "Beta", "Alpha"]
    assert search_books(connection, SearchQuery(f"{name} 2")).results[0].title == "Beta"


def test_spellings_of_a_series_are_one_in_all_languages(connection: Connection) -> None:
    put_first(connection)
    names = ["Zorn", "The Zorn Series", "Zorn-Reihe", "Série Zorn", "Zorn serie", "Zornreeks"]
    keys = connection.execute(text("SELECT search_series_key(name) FROM unnest(:names) AS name"), {"names": names})
    assert keys.scalars().all() == ["zorn"] * 5 + ["zornreeks"]
    lone = connection.execute(text("SELECT search_series_key('Series'), search_series_key('Serie')")).one()
    assert tuple(lone) == ("series", "serie")


def test_series_of_one_name_are_in_order_each_by_itself(connection: Connection) -> None:
    put_first(connection)
    for number in (1, 2, 3):
        add(connection, f"978000000010{number}", f"Alpha {'abc'[number - 1]}", f"Zorn #{number}", "Ann Ames")
        add(connection, f"978000000020{number}", f"Omega {'abc'[number - 1]}", f"Zorn #{number}", "Bob Burns")
    found = [book.title for book in search_books(connection, SearchQuery("zorn")).results]
    assert sorted([found[:3], found[3:]]) == [["Alpha a", "Alpha b", "Alpha c"], ["Omega a", "Omega b", "Omega c"]]


def test_all_books_of_a_series_are_found_by_its_name(connection: Connection) -> None:
    put_first(connection)
    for number, title in enumerate(("Alpha", "Beta", "Gamma"), 1):
        add(connection, f"978000000010{number}", title, f"Zorn #{number}")
    found = search_books(connection, SearchQuery("zorn")).results
    assert found[0].title == "Alpha"
    assert {book.title for book in found} == {"Alpha", "Beta", "Gamma"}
