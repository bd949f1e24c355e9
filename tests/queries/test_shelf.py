"""A few books to begin with."""

from datetime import date

from flyleaf.queries.shelf import select_shelf

DAY = date(2026, 11, 24)


def isbns(database, day=DAY, size=6):
    with database.transaction() as connection:
        return [book.isbn for book in select_shelf(connection, day, size)]


def fill(select, number):
    select(
        "INSERT INTO books (isbn, title)"
        " SELECT to_char(n, 'fm0000000000'), 'Volume ' || n FROM generate_series(1, :number) AS n",
        number=number,
    )


def test_an_empty_catalogue_has_none(database):
    assert isbns(database) == []


def test_a_small_catalogue_gives_what_it_has(database, select):
    fill(select, 2)
    assert set(isbns(database)) <= {"0000000001", "0000000002"}
    assert isbns(database)


def test_they_are_the_same_all_day_others_tomorrow_and_from_all_over(database, select):
    fill(select, 1_000)
    today = isbns(database)
    assert len(today) == 6
    assert today == isbns(database)
    assert today != isbns(database, date(2026, 11, 25))
    numbers = [int(isbn) for isbn in today]
    assert max(numbers) - min(numbers) > 300


def test_a_gap_costs_a_book_at_most(database, select):
    fill(select, 1_000)
    select("DELETE FROM books WHERE isbn::bigint BETWEEN 100 AND 900")
    assert isbns(database)
