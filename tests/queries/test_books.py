"""Ratings of a book, counted."""

import pytest

from flyleaf.database import Database
from flyleaf.queries.books import RatingCounts, has_books, select_book
from tests.fixture_types import AddBook


@pytest.mark.parametrize(
    ("counts", "average"),
    [
        ((0, 0, 0, 0, 0), None),
        ((1, 0, 0, 0, 0), 1.0),
        ((0, 0, 0, 0, 7), 5.0),
        ((1, 0, 0, 0, 1), 3.0),
        ((0, 0, 0, 1, 2), 4.67),
        ((1, 1, 1, 0, 0), 2.0),
        ((2, 2, 1, 1, 1), 2.57),
        ((10**8, 0, 0, 0, 1), 1.0),
    ],
)
def test_the_average_has_two_places(counts: tuple[int, ...], average: float | None) -> None:
    assert RatingCounts(*counts).average_score == average


def test_the_spread_begins_with_five_stars() -> None:
    assert RatingCounts(1, 0, 0, 0, 3).spread() == [(5, 3, 75), (4, 0, 0), (3, 0, 0), (2, 0, 0), (1, 1, 25)]


def test_without_ratings_nothing_is_divided_by_nothing() -> None:
    assert {percent for _, _, percent in RatingCounts().spread()} == {0}


def test_an_empty_catalogue_is_known(database: Database, add_book: AddBook) -> None:
    with database.transaction() as connection:
        assert not has_books(connection)
    add_book()
    with database.transaction() as connection:
        assert has_books(connection)


def test_a_book_is_found_by_its_identity_alone(database: Database, add_book: AddBook) -> None:
    add_book("0441172717")
    with database.transaction() as connection:
        book = select_book(connection, "9780441172719")
        assert book is not None
        assert book.isbn == "0441172717"
        assert select_book(connection, "0441172717") is None
        assert select_book(connection, "") is None


def test_a_catalogue_has_a_book_once(add_book: AddBook) -> None:
    add_book("0441172717")
    with pytest.raises(Exception, match="identity"):
        add_book("9780441172719")
