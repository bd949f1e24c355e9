"""Identifiers of other schemes, typed or pasted."""

import pytest
from sqlalchemy import Connection, text

from flyleaf.search import SearchQuery, search_books, suggest

BOOKS = {
    "goodreads:2767052": (
        "The Hunger Games",
        ["goodreads:2767052", "asin:B002MQYOFW", "oclc:123456", "openlibrary:OL7M"],
    ),
    "lccn:65022547": ("Old Sand", ["lccn:65022547", "librarythingwork:3203347"]),
    "flyleaf:0123456789abcdef": ("Beowulf", ["flyleaf:0123456789abcdef"]),
}


@pytest.fixture(autouse=True)
def books(connection: Connection) -> None:
    """Three books without an ISBN, beside those that have one."""
    for identity, (title, identifiers) in BOOKS.items():
        book = connection.execute(
            text("INSERT INTO books (identity, title) VALUES (:identity, :title) RETURNING id"),
            {"identity": identity, "title": title},
        ).scalar_one()
        for identifier in identifiers:
            scheme, value = identifier.split(":")
            connection.execute(
                text("INSERT INTO identifiers (scheme, value, book_id) VALUES (:scheme, :value, :book)"),
                {"scheme": scheme, "value": value, "book": book},
            )


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("goodreads:2767052", "The Hunger Games"),
        (" Goodreads: 2767052 ", "The Hunger Games"),
        ("https://www.goodreads.com/book/show/2767052-the-hunger-games?from_search=true", "The Hunger Games"),
        ("goodreads.com/en/book/show/2767052.The_Hunger_Games", "The Hunger Games"),
        ("B002MQYOFW", "The Hunger Games"),
        ("b002mqyofw", "The Hunger Games"),
        ("https://www.amazon.co.uk/Hunger-Games-ebook/dp/B002MQYOFW/ref=sr_1_1", "The Hunger Games"),
        ("https://www.amazon.com/gp/product/B002MQYOFW", "The Hunger Games"),
        ("ocm00123456", "The Hunger Games"),
        ("(OCoLC)123456", "The Hunger Games"),
        ("OCLC 123456", "The Hunger Games"),
        ("oclc:123456", "The Hunger Games"),
        ("https://search.worldcat.org/title/123456", "The Hunger Games"),
        ("OL7M", "The Hunger Games"),
        ("https://openlibrary.org/books/OL7M/The_Hunger_Games", "The Hunger Games"),
        ("65-22547", "Old Sand"),
        ("65022547", "Old Sand"),
        ("LCCN 65-22547", "Old Sand"),
        ("https://lccn.loc.gov/65022547", "Old Sand"),
        ("https://www.librarything.com/work/3203347/reviews", "Old Sand"),
        ("flyleaf:0123456789abcdef", "Beowulf"),
    ],
)
def test_an_identifier_finds_its_book(connection: Connection, typed: str, title: str) -> None:
    page = search_books(connection, SearchQuery(typed))
    assert [(result.title, result.isbn, result.match.stage) for result in page.results] == [(title, None, "identifier")]
    assert (page.total, page.has_next, page.corrected_query) == (1, False, None)
    assert [one.text for one in suggest(connection, typed)] == [title]


def test_one_that_no_book_has(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("goodreads:27670520"))
    assert (page.results, page.did_you_mean, page.corrected_query) == ((), (), None)


@pytest.mark.parametrize(
    "typed",
    [
        "https://www.goodreads.com/book/show/0",
        "goodreads.com/book/show/1111111111111111",
        "https://openlibrary.org/books/OL0M",
        "lccn.loc.gov/abc",
        "https://www.librarything.com/work/000",
        "https://app.thestorygraph.com/books/------------------------------------",
        "oclc 0",
    ],
)
def test_an_address_of_no_book_is_searched_like_any_words(connection: Connection, typed: str) -> None:
    assert all(result.match.stage != "identifier" for result in search_books(connection, SearchQuery(typed)).results)


@pytest.mark.parametrize(
    ("typed", "title"),
    [("0441172717", "Dune"), ("9780441172719", "Dune"), ("97804411", "Dune"), ("hunger games", "The Hunger Games")],
)
def test_what_is_none_is_found_as_before(connection: Connection, typed: str, title: str) -> None:
    [first, *_] = search_books(connection, SearchQuery(typed)).results
    assert first.title == title
    assert first.match.stage != "identifier"


def test_a_number_of_the_library_of_congress_that_is_an_isbn(connection: Connection) -> None:
    """Ten digits with a right check digit."""
    connection.execute(
        text("INSERT INTO identifiers (scheme, value, book_id) SELECT 'lccn', '0441172717', max(id) FROM books")
    )
    [result] = search_books(connection, SearchQuery("0441172717")).results
    assert result.title == "Dune"


def test_books_without_an_isbn_are_no_beginning_of_one(connection: Connection) -> None:
    assert {result.isbn is None for result in search_books(connection, SearchQuery("97801")).results} == {False}
