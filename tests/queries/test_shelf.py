"""A few books to begin with."""

from datetime import date

from flyleaf.database import Database
from flyleaf.queries.shelf import select_shelf
from tests.fixture_types import Select

DAY = date(2026, 11, 24)


def isbns(database: Database, day: date = DAY, size: int = 6) -> list[str]:
    with database.transaction() as connection:
        return [book.address for book in select_shelf(connection, day, size)]


def fill(select: Select, number: int) -> None:
    select(
        "INSERT INTO books (isbn, title)"
        " SELECT to_char(n, 'fm0000000000'), 'Volume ' || n FROM generate_series(1, :number) AS n",
        number=number,
    )


def test_an_empty_catalogue_has_none(database: Database) -> None:
    assert isbns(database) == []


def test_a_small_catalogue_gives_what_it_has(database: Database, select: Select) -> None:
    fill(select, 2)
    assert set(isbns(database)) <= {"0000000001", "0000000002"}
    assert isbns(database)


def test_they_are_the_same_all_day_others_tomorrow_and_from_all_over(database: Database, select: Select) -> None:
    fill(select, 1_000)
    today = isbns(database)
    assert len(today) == 6
    assert today == isbns(database)
    assert today != isbns(database, date(2026, 11, 25))
    numbers = [int(isbn) for isbn in today]
    assert max(numbers) - min(numbers) > 300


def test_a_gap_costs_a_book_at_most(database: Database, select: Select) -> None:
    fill(select, 1_000)
    select("DELETE FROM books WHERE isbn::bigint BETWEEN 100 AND 900")
    assert isbns(database)
