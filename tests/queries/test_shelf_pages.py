"""Pages of a shelf: every order, forwards and backwards, filters and search."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from flyleaf.paging import Mark, Number, Page
from flyleaf.queries.named_shelves import Status, provide_shelf
from flyleaf.queries.reviews import insert_review
from flyleaf.queries.shelf_pages import Order, ShelfQuery, select_shelf_page
from flyleaf.queries.shelved_books import ShelvedBook
from flyleaf.queries.shelves import shelve_book
from tests.fixture_types import AddBook
from tests.queries.conftest import add_reader, shelve_line

SIZE = 3
ADDED = datetime(2020, 1, 1, tzinfo=UTC)
# Title, author, year, rating; each the day before the one above.
BOOKS = [
    ("The Hobbit", "J.R.R. Tolkien", 1937, 5),
    ("Emma", "Jane Austen", 1815, None),
    ("A Room of One's Own", "Virginia Woolf", 1929, 4),
    ("Dune", "Frank Herbert", 1965, 5),
    ("Gilgamesh", "", -1800, 1),
    ("Ürgestalten", "Zoë Ångström", None, 2),
    ("Emma", "Alexander McCall Smith", 2014, None),
]
SORTED = {
    Order.DATE: ["The Hobbit", "Emma", "A Room of One's Own", "Dune", "Gilgamesh", "Ürgestalten", "Emma"],
    Order.TITLE: ["Dune", "Emma", "Emma", "Gilgamesh", "The Hobbit", "A Room of One's Own", "Ürgestalten"],
    Order.AUTHOR: ["Gilgamesh", "Ürgestalten", "Emma", "Dune", "Emma", "The Hobbit", "A Room of One's Own"],
    Order.RATING: ["Dune", "The Hobbit", "A Room of One's Own", "Ürgestalten", "Gilgamesh", "Emma", "Emma"],
    Order.YEAR: ["Emma", "Dune", "The Hobbit", "A Room of One's Own", "Emma", "Gilgamesh", "Ürgestalten"],
}


@pytest.fixture
def reader_id(connection: Connection, add_book: AddBook) -> int:
    """Alice, who has all these books on shelves, the first one latest; Bob has one, too."""
    for number, (title, author, year, _) in enumerate(BOOKS):
        add_book(f"{number:010}", title, author, year=year)
    reader_id, bob = add_reader(connection, "Alice").id, add_reader(connection, "Bob").id
    for number, (_, _, _, rating) in enumerate(BOOKS):
        book_id = connection.scalar(text("SELECT id FROM books WHERE isbn = :isbn"), {"isbn": f"{number:010}"})
        status = Status.READ if rating else Status.TO_READ
        shelve_book(connection, reader_id, book_id, status=status, added_at=ADDED - timedelta(days=number))
        shelve_book(connection, bob, book_id, status=Status.READ, shelves=["Mine"])
        if rating:
            insert_review(connection, book_id, reader_id, rating, "")
    return reader_id


def pages(connection: Connection, reader_id: int, query: ShelfQuery) -> Iterator[Page[ShelvedBook]]:
    place: Mark | Number | None = Number(1)
    while isinstance(place, Mark | Number):
        page = select_shelf_page(connection, reader_id, query, place, SIZE)
        yield page
        assert page.next is None or isinstance(page.next, Mark)
        place = page.next


def titles(connection: Connection, reader_id: int, query: ShelfQuery) -> list[str]:
    return [book.title for page in pages(connection, reader_id, query) for book in page.items]


@pytest.mark.every_input
@pytest.mark.parametrize("order", Order)
def test_every_order_forwards_backwards_and_by_number(connection: Connection, reader_id: int, order: Order) -> None:
    query = ShelfQuery(order=order)
    forwards = list(pages(connection, reader_id, query))
    shown = [[book.title for book in page.items] for page in forwards]
    assert [title for page in shown for title in page] == SORTED[order]
    assert forwards[0].previous is None
    second = forwards[2].previous
    assert isinstance(second, Mark)
    back = select_shelf_page(connection, reader_id, query, second, SIZE)
    assert back == forwards[1]
    assert isinstance(back.previous, Mark)
    assert select_shelf_page(connection, reader_id, query, back.previous, SIZE) == forwards[0]
    for number, page in enumerate(forwards, 1):
        assert select_shelf_page(connection, reader_id, query, Number(number), SIZE) == page
    assert select_shelf_page(connection, reader_id, query, Number(4), SIZE) == Page([])


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("emma", ["Emma", "Emma"]),
        ("EMMA austen", ["Emma"]),
        ("angstrom", ["Ürgestalten"]),
        ("hobbit the", ["The Hobbit"]),
        ("tolk hob", ["The Hobbit"]),
        ("100%", []),
        ("_", SORTED[Order.DATE]),
        ("'", SORTED[Order.DATE]),
        ("dune emma", []),
    ],
)
def test_a_shelf_is_searched(connection: Connection, reader_id: int, words: str, found: list[str]) -> None:
    """Words are parts of words. What has no letter or digit is no word."""
    assert titles(connection, reader_id, ShelfQuery(words=words)) == found


def test_a_shelf_is_filtered(connection: Connection, reader_id: int) -> None:
    by_status = ShelfQuery(status=Status.TO_READ, order=Order.TITLE)
    assert titles(connection, reader_id, by_status) == ["Emma", "Emma"]
    assert titles(connection, reader_id, ShelfQuery(rating=5, order=Order.TITLE)) == ["Dune", "The Hobbit"]
    shelve_line(connection, reader_id, "My own", shelves=["Lent"])
    shelve_line(connection, reader_id, "Other", status=Status.READ)
    lent = provide_shelf(connection, reader_id, "lent")
    assert titles(connection, reader_id, ShelfQuery(shelf_id=lent)) == ["My own"]
    assert titles(connection, reader_id, ShelfQuery(shelf_id=lent, status=Status.READ)) == []


@pytest.mark.parametrize(
    ("order", "key"),
    [(Order.DATE, "x"), (Order.DATE, "9" * 17), (Order.YEAR, ""), (Order.RATING, "1.5"), (Order.YEAR, "--1")],
)
def test_a_mark_of_another_order_is_refused(connection: Connection, reader_id: int, order: Order, key: str) -> None:
    with pytest.raises(ValueError):
        select_shelf_page(connection, reader_id, ShelfQuery(order=order), Mark(key or " ", 1))
