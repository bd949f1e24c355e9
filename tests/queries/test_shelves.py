"""Shelves, below the pages: one entry a reader and work, and what becomes of it."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, text

from flyleaf.history import PartialDate, ReadingDates
from flyleaf.limits import READINGS_MAX, SHELVES_MAX
from flyleaf.paging import NEWEST
from flyleaf.queries.departures import continue_departure, insert_departure
from flyleaf.queries.named_shelves import (
    Status,
    TooManyShelvesError,
    delete_shelf,
    insert_shelf,
    publish_shelf,
    remove_from_shelf,
    rename_shelf,
    select_shelves,
    status_of,
)
from flyleaf.queries.readings import add_reading, delete_readings
from flyleaf.queries.reviews import insert_review
from flyleaf.queries.shelved_books import ShelvedBook, select_shelved_book, select_shelved_books
from flyleaf.queries.shelves import (
    follow_shelved_books,
    shelve_book,
    unshelve_book,
    update_shelved_book,
)
from flyleaf.queries.work_corrections import merge_works, undo_work_correction
from tests.fixture_types import AddBook
from tests.queries.conftest import add_reader, shelve_line

COMMIT = text("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def reader_id(connection: Connection) -> int:
    return add_reader(connection, "Alice").id


@pytest.fixture
def paperback(add_book: AddBook) -> str:
    """Another edition of Dune."""
    return add_book("9780340960196", "Dune", "Herbert, Frank", year=2005)


def ids(connection: Connection) -> list[int]:
    return list(connection.scalars(text("SELECT id FROM books ORDER BY id")))


def shelved(connection: Connection, reader_id: int) -> list[ShelvedBook]:
    return select_shelved_books(connection, reader_id, NEWEST).items


def finished(day: date) -> ReadingDates:
    return None, PartialDate(day)


def test_an_entry_has_all_that_was_said(connection: Connection, book_id: int, reader_id: int) -> None:
    added_at = datetime(2019, 5, 4, tzinfo=UTC)
    entry = shelve_book(
        connection, reader_id, book_id, status=Status.READ, shelves=["Sci-fi"], notes="From Bob", added_at=added_at
    )
    first = add_reading(connection, reader_id, entry.id, (PartialDate(date(2019, 5, 1)), PartialDate(date(2019, 5, 9))))
    second = add_reading(connection, reader_id, entry.id, finished(date(2021, 1, 1)))
    insert_review(connection, book_id, reader_id, 4, "")
    assert entry.is_new
    book = select_shelved_book(connection, reader_id, book_id)
    assert shelved(connection, reader_id) == [book]
    assert book is not None
    assert (book.title, book.author, book.year, book.isbn) == ("Dune", "Frank Herbert", 1965, "9780441172719")
    assert (book.status, book.shelves, book.notes, book.added_at) == (Status.READ, ("Sci-fi",), "From Bob", added_at)
    assert (book.address, book.rating) == ("9780441172719", 4)
    assert [(one.id, one.started_on, one.finished_on) for one in book.readings] == [
        (first, date(2019, 5, 1), date(2019, 5, 9)),
        (second, None, date(2021, 1, 1)),
    ]


def test_to_shelve_again_changes_what_is_said_and_nothing_else(
    connection: Connection, book_id: int, reader_id: int
) -> None:
    first = shelve_book(connection, reader_id, book_id, status=Status.READING, shelves=["Sci-fi"], notes="Old")
    again = shelve_book(connection, reader_id, book_id, status=Status.READ, shelves=["SCI-FI", "Favourites"])
    assert (again.id, again.is_new) == (first.id, False)
    [book] = shelved(connection, reader_id)
    assert (book.status, book.shelves, book.notes) == (Status.READ, ("Favourites", "Sci-fi"), "Old")


def test_another_edition_is_the_same_entry(
    connection: Connection, book_id: int, paperback: str, reader_id: int
) -> None:
    hardback, other = ids(connection)
    first = shelve_book(connection, reader_id, hardback, status=Status.READING)
    again = shelve_book(connection, reader_id, other, status=Status.READ)
    assert again.id == first.id
    insert_review(connection, other, reader_id, 5, "")
    for edition in (hardback, other):
        book = select_shelved_book(connection, reader_id, edition)
        assert book is not None
        assert (book.address, book.status, book.rating) == ("9780441172719", Status.READ, 5)
    assert unshelve_book(connection, reader_id, other)
    assert shelved(connection, reader_id) == []
    assert not unshelve_book(connection, reader_id, other)


def test_nothing_is_lost_when_works_are_joined_and_parted(
    connection: Connection, book_id: int, add_book: AddBook, reader_id: int
) -> None:
    add_book("9780593099322", "Arrakis", "Frank Herbert")
    dune, arrakis = ids(connection)
    shelve_book(connection, reader_id, dune, status=Status.READ, added_at=datetime(2019, 1, 1, tzinfo=UTC))
    shelve_book(connection, reader_id, arrakis, status=Status.TO_READ, added_at=datetime(2020, 1, 1, tzinfo=UTC))
    correction = merge_works(connection, arrakis, dune, reader_id, None)
    assert correction is not None
    connection.execute(COMMIT)
    assert [book.title for book in shelved(connection, reader_id)] == ["Arrakis", "Dune"]
    shelve_book(connection, reader_id, dune, status=Status.READING)  # the newer one is the work's
    assert [book.status for book in shelved(connection, reader_id)] == [Status.READING, Status.READ]
    undo_work_correction(connection, correction, reader_id)
    connection.execute(COMMIT)
    found = [select_shelved_book(connection, reader_id, one) for one in (dune, arrakis)]
    assert [book and book.status for book in found] == [Status.READ, Status.READING]


def test_a_deleted_book_becomes_a_line_of_the_readers_own(connection: Connection, book_id: int, reader_id: int) -> None:
    entry = shelve_book(connection, reader_id, book_id, status=Status.READ, shelves=["Sci-fi"], notes="Mine")
    add_reading(connection, reader_id, entry.id, finished(date(2021, 1, 1)))
    connection.execute(text("DELETE FROM books"))
    [book] = shelved(connection, reader_id)
    assert (book.address, book.title, book.author, book.year) == (None, "Dune", "Frank Herbert", 1965)
    assert (book.isbn, book.status, book.shelves, book.notes) == ("9780441172719", Status.READ, ("Sci-fi",), "Mine")
    assert len(book.readings) == 1


@pytest.mark.parametrize(
    ("title", "author", "title_key", "author_key"),
    [
        ("The Hobbit", "J.R.R. Tolkien", "hobbit the", "tolkien j j r r tolkien"),
        ("Étranger", "Camus, Albert", "etranger", "camus a camus albert"),
        ("Das Kapital", "", "kapital das", ""),
        ("?", "?", "", ""),
        ("A" * 1000, "B" * 500, "a" * 500, "b" * 500),
    ],
)
def test_shelves_are_sorted_by_title_without_article_and_by_surname(
    connection: Connection, reader_id: int, title: str, author: str, title_key: str, author_key: str
) -> None:
    shelve_line(connection, reader_id, title, author)
    row = connection.execute(text("SELECT title_key, author_key FROM shelved_books")).one()
    assert row == (title_key, author_key)


def test_titles_follow_the_catalogue(connection: Connection, book_id: int, reader_id: int) -> None:
    shelve_book(connection, reader_id, book_id, status=Status.READ)
    connection.execute(text("UPDATE books SET pages = 400"))
    assert not follow_shelved_books(connection)
    connection.execute(text("UPDATE books SET title = 'The Dune', author = 'F. Herbert', year = 1966"))
    assert follow_shelved_books(connection)
    row = connection.execute(text("SELECT title, author, year, title_key FROM shelved_books")).one()
    assert row == ("The Dune", "F. Herbert", 1966, "dune the")
    assert not follow_shelved_books(connection)


def test_books_on_no_shelf_are_not_noted(connection: Connection, book_id: int) -> None:
    connection.execute(text("UPDATE books SET title = 'Other'"))
    assert connection.execute(text("SELECT count(*) FROM shelved_books_behind")).scalar_one() == 0


def test_dates_are_there_once_and_not_without_number(connection: Connection, book_id: int, reader_id: int) -> None:
    entry = shelve_book(connection, reader_id, book_id)
    reading = add_reading(connection, reader_id, entry.id, finished(date(2021, 1, 1)))
    assert reading is not None
    assert add_reading(connection, reader_id, entry.id, finished(date(2021, 1, 1))) is None
    bob = add_reader(connection, "Bob").id
    assert add_reading(connection, bob, entry.id, finished(date(2022, 1, 1))) is None
    assert delete_readings(connection, bob, [reading]) == 0
    for number in range(1, READINGS_MAX):
        assert add_reading(connection, reader_id, entry.id, finished(date(2021, 1, 1).replace(year=1900 + number)))
    assert add_reading(connection, reader_id, entry.id, finished(date(2022, 1, 1))) is None
    assert delete_readings(connection, reader_id, [reading]) == 1


def test_status_and_notes_are_set(connection: Connection, book_id: int, reader_id: int) -> None:
    entry = shelve_book(connection, reader_id, book_id, status=Status.READ, notes="Old")
    assert not update_shelved_book(connection, add_reader(connection, "Bob").id, entry.id, status=None, notes="Bob")
    assert update_shelved_book(connection, reader_id, entry.id, status=None, notes="New")
    [book] = shelved(connection, reader_id)
    assert (book.status, book.notes) == (None, "New")


@pytest.mark.parametrize(
    ("name", "status"),
    [("read", Status.READ), ("READ", Status.READ), ("ｔo-read", Status.TO_READ), ("read it", None), ("", None)],
)
def test_the_names_of_statuses(name: str, status: Status | None) -> None:
    assert status_of(name) == status


def test_a_status_can_not_be_the_name_of_a_shelf(connection: Connection, book_id: int, reader_id: int) -> None:
    with pytest.raises(ValueError, match="Read"):
        shelve_book(connection, reader_id, book_id, shelves=["Read"])
    insert_shelf(connection, reader_id, "Mine")
    for old, new in (("Mine", "READING"), ("read", "Mine")):
        with pytest.raises(ValueError, match=new):
            rename_shelf(connection, reader_id, old, new)


def test_shelves_with_their_numbers_of_books(connection: Connection, book_id: int, reader_id: int) -> None:
    shelve_book(connection, reader_id, book_id, status=Status.READ, shelves=["Sci-fi"])
    shelve_line(connection, reader_id, "Emma", "Jane Austen", status=Status.READ)
    assert publish_shelf(connection, reader_id, "READ", is_public=True)
    assert publish_shelf(connection, reader_id, "sci-FI", is_public=True)
    assert publish_shelf(connection, reader_id, "Sci-fi", is_public=False)
    assert not publish_shelf(connection, reader_id, "None", is_public=True)
    assert [(one.name, one.status, one.is_public, one.book_count) for one in select_shelves(connection, reader_id)] == [
        ("to-read", Status.TO_READ, False, 0),
        ("reading", Status.READING, False, 0),
        ("read", Status.READ, True, 2),
        ("did-not-finish", Status.DID_NOT_FINISH, False, 0),
        ("Sci-fi", None, False, 1),
    ]


def test_to_make_rename_and_delete_a_shelf(connection: Connection, book_id: int, reader_id: int) -> None:
    assert insert_shelf(connection, reader_id, "Sci-fi")
    assert not insert_shelf(connection, reader_id, "SCI-FI")
    assert insert_shelf(connection, reader_id, "Lent")
    assert not rename_shelf(connection, reader_id, "Sci-fi", "lent")
    assert rename_shelf(connection, reader_id, "sci-fi", "SF")
    assert not rename_shelf(connection, reader_id, "Sci-fi", "Other")
    shelve_book(connection, reader_id, book_id, status=Status.READ, shelves=["SF"])
    assert delete_shelf(connection, reader_id, "sf")
    assert not delete_shelf(connection, reader_id, "sf")
    [book] = shelved(connection, reader_id)
    assert (book.status, book.shelves) == (Status.READ, ())


@pytest.mark.parametrize("way", [delete_shelf, None])
def test_a_book_on_no_shelf_stays_if_anything_is_said_of_it(
    connection: Connection, reader_id: int, way: object
) -> None:
    """What was only on the shelf is off it; notes and dates are never lost."""
    lines = [shelve_line(connection, reader_id, title, shelves=["Lent"]) for title in ("Bare", "Dated")]
    lines.append(shelve_line(connection, reader_id, "Noted", shelves=["Lent"], notes="To Bob"))
    add_reading(connection, reader_id, lines[1], finished(date(2020, 1, 1)))
    if way:
        assert delete_shelf(connection, reader_id, "Lent")
    else:
        assert [remove_from_shelf(connection, reader_id, line, "lent") for line in lines] == [True] * 3
        assert not remove_from_shelf(connection, reader_id, lines[1], "lent")
    assert {book.title for book in shelved(connection, reader_id)} == {"Dated", "Noted"}


def test_a_reader_names_so_many_shelves(connection: Connection, reader_id: int) -> None:
    publish_shelf(connection, reader_id, "read", is_public=True)  # has a row, but isn't counted
    for number in range(SHELVES_MAX):
        assert insert_shelf(connection, reader_id, f"Shelf {number}")
    with pytest.raises(TooManyShelvesError):
        insert_shelf(connection, reader_id, "One more")
    assert len(select_shelves(connection, reader_id)) == SHELVES_MAX + len(Status)


def test_readers_do_not_see_one_another(connection: Connection, book_id: int, reader_id: int) -> None:
    bob = add_reader(connection, "Bob").id
    shelve_book(connection, reader_id, book_id, status=Status.READ, shelves=["Sci-fi"])
    assert select_shelved_book(connection, bob, book_id) is None
    assert not unshelve_book(connection, bob, book_id)
    assert not delete_shelf(connection, bob, "Sci-fi")
    assert len(shelved(connection, reader_id)) == 1


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.queries.shelves._BOOKS_AT_ONCE", 2)


@pytest.mark.usefixtures("few_at_once")
def test_an_account_goes_with_its_shelves(connection: Connection, reader_id: int) -> None:
    for title in "abcde":
        shelve_line(connection, reader_id, title, shelves=["Mine"])
    departure = insert_departure(connection, reader_id, keeps_reviews=True)
    assert departure is not None
    steps = 1
    while continue_departure(connection, departure):
        steps += 1
    assert steps == 3
    for table in ("shelved_books", "shelves", "shelf_members", "readers"):
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
