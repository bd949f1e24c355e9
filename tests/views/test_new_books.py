"""The page of the books that were added last."""

import re

from sqlalchemy import text

from flyleaf.database import Database
from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.new_books import select_new_books
from tests.fixture_types import AddBook, Select, Visit
from tests.plans import explain, recorded, rows_of
from tests.site import Site


def titles(html: str) -> list[str]:
    return re.findall(r'class="shelf-title"[^>]*>([^<]*)<', html)


def test_a_visitor_is_asked_to_log_in(visit: Visit) -> None:
    assert visit().get("/books/new").location == "/login?next=/books/new"


def test_the_newest_come_first_below_the_day_on_which_they_were_added(
    alice: Site, add_book: AddBook, select: Select
) -> None:
    for isbn, title, added_at in (
        ("9780441172719", "Dune", None),
        ("9780141439518", "Emma", "2026-11-26 12:00+00"),
        ("9780441013593", "Ulysses", "2026-11-28 00:30+00"),
        ("9780593098233", "Beloved", "2026-11-28 23:30+00"),
    ):
        add_book(isbn, title)
        select("UPDATE books SET added_at = :added_at WHERE isbn = :isbn", added_at=added_at, isbn=isbn)
    html = alice.get("/books/new").text
    assert titles(html) == ["Beloved", "Ulysses", "Emma"]
    assert re.findall(r"<h2>([^<]*2026)</h2>", html) == ["28 November 2026", "26 November 2026"]


def test_a_day_stands_once_although_an_import_went_on_into_the_next(
    alice: Site, add_book: AddBook, select: Select
) -> None:
    """Its books have the date at which it began. A moderator added Emma meanwhile."""
    for isbn, title, added_at in (
        ("9780441172719", "Dune", "2026-11-27 23:50+00"),
        ("9780141439518", "Emma", "2026-11-28 00:10+00"),
        ("9780441013593", "Ulysses", "2026-11-27 23:50+00"),
    ):
        add_book(isbn, title)
        select("UPDATE books SET added_at = :added_at WHERE isbn = :isbn", added_at=added_at, isbn=isbn)
    html = alice.get("/books/new").text
    assert titles(html) == ["Emma", "Ulysses", "Dune"]
    assert re.findall(r"<h2>([^<]*2026)</h2>", html) == ["28 November 2026", "27 November 2026"]


def test_a_catalogue_without_dates_has_no_new_books(alice: Site, dune: str, select: Select) -> None:
    select("UPDATE books SET added_at = NULL")
    assert "No new books yet." in alice.get("/books/new").text


def test_a_book_that_is_added_has_a_date_and_the_search_page_leads_to_it(alice: Site, dune: str) -> None:
    assert 'href="/books/new"' in alice.get("/search").text
    assert titles(alice.get("/books/new").text) == ["Dune"]


def test_no_more_books_are_read_than_are_shown(database: Database, select: Select) -> None:
    """However many there are whose date isn't known."""
    select(
        "INSERT INTO books (isbn, title, added_at)"
        " SELECT to_char(n, 'fm0000000000'), 'Volume ' || n, NULL FROM generate_series(1, 500) AS n"
    )
    with database.transaction() as connection, recorded(database.engine, "WITH newest") as statements:
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # which is faster for so few rows
        assert select_new_books(connection, PAGE_SIZE) == []
        plan = explain(connection, *statements[0])
    assert [node["Index Name"] for node in plan.nodes if "Index Name" in node] == ["books_pkey"]
    assert max(map(rows_of, plan.nodes)) == PAGE_SIZE
