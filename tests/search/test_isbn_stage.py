"""ISBNs in every form, never fuzzy, and what is said of a wrong one."""

import pytest
from sqlalchemy import Connection

from flyleaf.search import SearchQuery, search_books
from flyleaf.search.isbn_stage import compact
from tests.search.conftest import insert


@pytest.mark.parametrize(
    "query",
    [
        "9780441172719",
        "978-0-441-17271-9",
        "978 0 441 17271 9",
        "0441172717",
        "0-441-17271-7",
        "441172717",
        "ISBN 978-0441172719",
        "isbn-10: 0441172717",
        " 978‑0‑441‑17271‑9 ",
        "(0441172717)",
        "isbn: 0441172717.",
        "ISBN #0441172717",
        "０４４１１７２７１７",
        "0-441-17271-7 (paperback)",
        "Dune, ISBN 978-0-441-17271-9",
    ],
)
def test_every_form_of_an_isbn(connection: Connection, query: str) -> None:
    page = search_books(connection, SearchQuery(query))
    assert [result.title for result in page.results] == ["Dune"]
    assert page.results[0].match.stage == "isbn"


def test_the_beginning_of_an_isbn(connection: Connection) -> None:
    for query in ("97804411", "044117", "0-441-17"):
        page = search_books(connection, SearchQuery(query))
        assert [result.title for result in page.results] == ["Dune", "Dune Messiah"], query
        assert page.results[0].match.stage == "isbn_prefix"


@pytest.mark.parametrize(
    "query",
    ["9780441172718", "9780441172791", "0441172771", "0441172718", "04411727177", "978044172719", "97804411727199"],
)
def test_a_slip_is_answered_with_the_book_that_was_meant(connection: Connection, query: str) -> None:
    page = search_books(connection, SearchQuery(query))
    assert page.results == ()
    assert page.invalid_isbn
    assert "Dune" in [result.title for result in page.did_you_mean]


def test_a_swap_that_the_check_digit_does_not_notice(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("9780441127719"))
    assert not page.invalid_isbn
    assert [result.title for result in page.did_you_mean] == ["Dune"]


def test_a_valid_isbn_that_no_book_has_finds_nothing(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("9780306406157"))
    assert page.results == ()
    assert not page.invalid_isbn


def test_a_book_with_a_wrong_check_digit_is_found_by_it(connection: Connection) -> None:
    insert(connection, "9780441172719"[:-1] + "0", "Misprinted")
    connection.exec_driver_sql("UPDATE books SET isbn13 = NULL WHERE title = 'Misprinted'")
    page = search_books(connection, SearchQuery("978-0-441-17271-0"))
    assert [result.title for result in page.results] == ["Misprinted"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1984", None),
        ("12345", "12345"),
        ("080442957X", "080442957X"),
        ("fahrenheit 451", None),
        ("0-8044-2957-x", "080442957X"),
        ("2001 a space", None),
    ],
)
def test_what_looks_like_an_isbn(typed: str, expected: str | None) -> None:
    assert compact(typed) == expected


def test_several_isbns_find_all_their_books(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("0441172717, 9780441172696"))
    assert {result.title for result in page.results} == {"Dune", "Dune Messiah"}
