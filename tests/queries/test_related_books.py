"""Below a book: the other editions of its work, and more by its author."""

import dataclasses
from collections.abc import Callable

import pytest

from flyleaf.database import Database
from flyleaf.queries.related_books import (
    EDITIONS_MAX,
    MORE_MAX,
    TITLES_MAX,
    RelatedBooks,
    select_other_titles,
    select_related_books,
)
from tests.fixture_types import AddBook, Select
from tests.site import Site


@pytest.fixture
def related(database: Database, select: Callable[..., int]) -> Callable[[str], RelatedBooks]:
    """What is related to the book with this ISBN."""

    def find(isbn: str) -> RelatedBooks:
        with database.transaction() as connection:
            return select_related_books(connection, select("SELECT id FROM books WHERE isbn = :isbn", isbn=isbn))

    return find


def test_editions_are_the_others_of_the_work_the_newest_first(
    add_book: AddBook, related: Callable[[str], RelatedBooks]
) -> None:
    add_book("9780441172719", year=1990)
    add_book("9780340960196", year=2015, publisher="Hodder", language="en")
    add_book("9780450011849", title="DUNE", year=None)
    add_book("9780441104024", title="Children of Dune")
    found = related("9780441172719")
    assert [dataclasses.astuple(edition) for edition in found.editions] == [
        ("9780340960196", "Dune", 2015, "Hodder", "en"),
        ("9780450011849", "DUNE", None, None, None),
    ]
    assert [work.title for work in found.more_by_author] == ["Children of Dune"]
    assert related("9780340960196").editions[0].isbn == "9780441172719"


def test_more_by_the_author_has_the_most_popular_first(
    add_book: AddBook, related: Callable[[str], RelatedBooks], alice: Site, bob: Site
) -> None:
    add_book()
    titles = ["Heretics", "Chapterhouse", "Messiah", "Whipping Star", "Soul Catcher", "Dosadi", "Eye", "Destination"]
    isbns = [f"97804411{number:05d}" for number in range(len(titles))]
    for isbn, title in zip(isbns, titles, strict=True):
        add_book(isbn, title=title, author="Herbert, Frank" if title == "Eye" else "FRANK HERBERT")
    add_book("9780141439518", title="Emma", author="Jane Austen")
    alice.review(isbns[3], 5)
    bob.review(isbns[3], 2)
    alice.review(isbns[5], 5)
    found = related("9780441172719")
    assert [work.title for work in found.more_by_author] == [
        "Whipping Star", "Dosadi", "Chapterhouse", "Destination", "Heretics", "Messiah",
    ]  # fmt: skip
    assert len(found.more_by_author) == MORE_MAX
    assert (found.more_by_author[0].review_count, found.more_by_author[0].average_score) == (2, 3.5)
    assert found.editions == ()


def test_books_without_an_author_have_no_more(add_book: AddBook, related: Callable[[str], RelatedBooks]) -> None:
    add_book("9780441172719", author="")
    add_book("9780441104024", title="Another", author="")
    add_book("9780340960196", author="")
    found = related("9780441172719")
    assert found.more_by_author == ()
    assert [edition.isbn for edition in found.editions] == ["9780340960196"]


def test_there_is_an_end_to_the_editions(
    database: Database, related: Callable[[str], RelatedBooks], select: Select
) -> None:
    select(
        "INSERT INTO books (isbn, title, author, year) "
        "SELECT lpad(n::text, 10, '0'), 'Dune', 'Frank Herbert', n FROM generate_series(1, 120) AS n"
    )
    found = related("0000000001")
    assert [edition.year for edition in found.editions] == list(range(120, 120 - EDITIONS_MAX, -1))


def test_a_book_that_is_not_there_has_nothing(database: Database) -> None:
    with database.transaction() as connection:
        assert select_related_books(connection, 404) == RelatedBooks()


@pytest.fixture
def other_titles(database: Database, select: Callable[..., int]) -> Callable[[str], tuple[str, ...]]:
    """What else the work of the book with this ISBN is called."""

    def find(isbn: str) -> tuple[str, ...]:
        with database.transaction() as connection:
            return select_other_titles(connection, select("SELECT id FROM books WHERE isbn = :isbn", isbn=isbn))

    return find


def test_other_titles_are_those_of_all_editions_that_differ(
    add_book: AddBook, select: Select, other_titles: Callable[[str], tuple[str, ...]]
) -> None:
    add_book("9780156012195", title="The Little Prince", author="Antoine de Saint-Exupéry")
    add_book("9780156012201", title="The Little Prince: a fable", author="Saint-Exupéry, Antoine de")
    add_book("9780141439518", title="Emma", author="Jane Austen")
    for isbn, titles in (
        ("9780156012195", "Le Petit Prince | Der kleine Prinz"),
        ("9780156012201", "Petit Prince, Le | LITTLE PRINCE"),
    ):
        select("UPDATE books SET other_titles = :titles WHERE isbn = :isbn RETURNING id", titles=titles, isbn=isbn)
    assert other_titles("9780156012195") == ("Le Petit Prince", "Der kleine Prinz")
    assert other_titles("9780156012201") == ("Le Petit Prince", "Der kleine Prinz")
    assert other_titles("9780141439518") == ()


def test_other_titles_are_at_most_ten(
    add_book: AddBook, select: Select, other_titles: Callable[[str], tuple[str, ...]]
) -> None:
    for isbn, letters in (("9780441172719", "abcdefgh"), ("9780340960196", "ijklmnop")):
        add_book(isbn)
        titles = " | ".join(f"The {letter} book" for letter in letters)
        select("UPDATE books SET other_titles = :titles WHERE isbn = :isbn RETURNING id", titles=titles, isbn=isbn)
    assert len(other_titles("9780441172719")) == TITLES_MAX


def test_a_books_page_shows_its_other_titles_without_links(add_book: AddBook, select: Select, alice: Site) -> None:
    add_book()
    assert "Other titles" not in alice.get("/books/9780441172719").text
    select("UPDATE books SET other_titles = :titles RETURNING id", titles=f"Der Wüstenplanet | <b>{'x' * 900}")
    page = alice.get("/books/9780441172719").text
    assert '<dt>Other titles</dt><dd dir="auto">&lt;b&gt;xxx' in page
    assert '<dd dir="auto">Der Wüstenplanet</dd>' in page
    assert "x" * 250 not in page
