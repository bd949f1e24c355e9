"""Long lists: a page reads a bounded number of rows, by indexes, whichever page of whatever list it is.

Lists that are ranked have numbered pages, and end: tests/views/test_search_results.py and test_authors.py.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from flyleaf.database import Database
from flyleaf.limits import EVENTS_ON_A_PAGE, REPORTED_ON_A_PAGE, REVIEWS_ON_A_PAGE, SHELVED_ON_A_PAGE
from flyleaf.paging import NEWEST, Key, Mark, Number, Page
from flyleaf.queries.books import select_seen_book
from flyleaf.queries.events import select_events
from flyleaf.queries.listed_reviews import Listing, ReviewOrder, select_review_languages, select_reviews
from flyleaf.queries.moderation import select_hidden_reviews, select_reported_reviews
from flyleaf.queries.named_shelves import Status
from flyleaf.queries.readers import select_credentials, select_profile
from flyleaf.queries.reviewed_books import select_reviewed_books
from flyleaf.queries.shelf_pages import Order, ShelfQuery, select_shelf_page
from tests.plans import Plan, analyze, explain, recorded, rows_of
from tests.postgresql import Server

pytestmark = pytest.mark.slow

MANY = 20_000
READERS_AND_BOOKS = """
    WITH new AS (INSERT INTO books (isbn, title) SELECT lpad(n::text, 10, '0'), 'Volume ' || n
                   FROM generate_series(1, :books) AS n)
    INSERT INTO readers (name, name_key, password_hash)
    SELECT 'Reader ' || n, 'reader ' || n, '' FROM generate_series(1, :readers) AS n
"""
REVIEW = """
    INSERT INTO reviews (book_id, reader_id, rating, text, created_at)
    SELECT b.id, r.id, 3, '', now() - (b.id * 1000 + r.id) * interval '1 second' FROM books AS b, readers AS r
"""
REPORT = """
    INSERT INTO review_reports (review_id, reader_id, reason, reported_at)
    SELECT r.id, (SELECT min(id) FROM readers), 'Spam', r.created_at FROM reviews AS r
"""
HIDE = "UPDATE reviews SET hidden_at = created_at, hidden_reason = 'Spam'"
# All but the newest and the oldest ones. They are hidden from the beginning: once visible, they would be read until the
# next vacuum.
REVIEW_AND_HIDE_MOST = """
    INSERT INTO reviews (book_id, reader_id, rating, text, created_at, hidden_at, hidden_reason)
    SELECT book_id, reader_id, 3, '', created_at, CASE WHEN is_hidden THEN created_at END,
           CASE WHEN is_hidden THEN 'Spam' END
      FROM (SELECT book_id, reader_id, created_at,
                   row_number() OVER (ORDER BY created_at DESC) BETWEEN 16 AND count(*) OVER () - 100 AS is_hidden
              FROM (SELECT b.id AS book_id, r.id AS reader_id,
                           now() - (b.id * 1000 + r.id) * interval '1 second' AS created_at
                      FROM books AS b, readers AS r) AS written) AS moderated
"""
REVIEW_PRIVATELY = REVIEW_AND_HIDE_MOST.replace("hidden_at, hidden_reason", "is_private").replace(
    """CASE WHEN is_hidden THEN created_at END,
           CASE WHEN is_hidden THEN 'Spam' END""",
    "is_hidden",
)
LOG_IN = """
    INSERT INTO events (at, kind, reader_id)
    SELECT r.created_at, 'logged-in', (SELECT min(id) FROM readers) FROM reviews AS r ORDER BY r.created_at
"""
# The search learns of the books now, and not at the commit that never comes.
COMMIT = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"
# The editions of one work, each with a reader who has reviewed it.
EDITIONS = """
    WITH new AS (INSERT INTO books (isbn, title)
                 SELECT to_char(:n * 100000 + n, 'fm0000000000'), :title FROM generate_series(1, :n) AS n
                 RETURNING id, isbn),
         they AS (INSERT INTO readers (name, name_key, password_hash)
                  SELECT :title || ' ' || n, lower(:title || ' ' || n), '' FROM generate_series(1, :n) AS n
                  RETURNING id, name)
    INSERT INTO reviews (book_id, reader_id, rating, text, created_at)
    SELECT new.id, they.id, 4, '', now() - they.id * interval '1 second'
      FROM new JOIN they ON they.name = :title || ' ' || (new.isbn::int - :n * 100000)
"""
# Every book is read by one reader, and a few others have it, too.
SHELVE = """
    INSERT INTO shelved_books (reader_id, book_id, title, title_key, author_key, year, status, added_at)
    SELECT r.id, b.id, title, lower(title), md5(title), 1900 + b.id % 100, 'read', now() - b.id * interval '1 second'
      FROM books AS b, readers AS r
"""
SHELVED = 10_000
TABLES = ("reviews", "search_reviews", "review_reports", "moderation_queue", "events")


def of_the_book(connection: Connection, place: Key) -> Page[Any]:
    book_id: int = connection.execute(text("SELECT min(id) FROM books")).scalar_one()
    return select_reviews(connection, book_id, place, without_reader_id=0)


def listed(listing: Listing) -> Callable[[Connection, Key], Page[Any]]:
    def of_the_book(connection: Connection, place: Key) -> Page[Any]:
        book_id: int = connection.execute(text("SELECT min(id) FROM books")).scalar_one()
        return select_reviews(connection, book_id, place, without_reader_id=0, listing=listing)

    return of_the_book


def of_the_reader(connection: Connection, place: Key) -> Page[Any]:
    return select_reviewed_books(connection, the_reader(connection), place, with_hidden=False)


def ones_own(connection: Connection, place: Key) -> Page[Any]:
    return select_reviewed_books(connection, the_reader(connection), place, with_hidden=True)


def events(connection: Connection, place: Key) -> Page[Any]:
    return select_events(connection, the_reader(connection), place)


def the_reader(connection: Connection) -> int:
    reader_id: int = connection.execute(text("SELECT min(id) FROM readers")).scalar_one()
    return reader_id


# How many books and readers there are, each of whom has reviewed each; how, or what happens then; the list; its page.
LISTS: dict[str, tuple[int, int, str, Callable[[Connection, Key], Page[Any]], int]] = {
    "reported reviews": (100, 200, REPORT, select_reported_reviews, REPORTED_ON_A_PAGE),
    "hidden reviews": (100, 200, HIDE, select_hidden_reviews, REPORTED_ON_A_PAGE),
    "reviews of a book": (1, MANY, "", of_the_book, REVIEWS_ON_A_PAGE),
    "reviews of a book, most of them hidden": (1, MANY, REVIEW_AND_HIDE_MOST, of_the_book, REVIEWS_ON_A_PAGE),
    "reviews of a book, most of them private": (1, MANY, REVIEW_PRIVATELY, of_the_book, REVIEWS_ON_A_PAGE),
    "reviews by a reader, most of them private": (2000, 1, REVIEW_PRIVATELY, of_the_reader, REVIEWS_ON_A_PAGE),
    "reviews by a reader": (2000, 1, "", of_the_reader, REVIEWS_ON_A_PAGE),
    "reviews by a reader, most of them hidden": (2000, 1, REVIEW_AND_HIDE_MOST, of_the_reader, REVIEWS_ON_A_PAGE),
    "one's own reviews": (2000, 1, REVIEW_AND_HIDE_MOST, ones_own, REVIEWS_ON_A_PAGE),
    "events of an account": (1, MANY, LOG_IN, events, EVENTS_ON_A_PAGE),
}


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction that is rolled back, which takes a tenth of the time of deleting all these rows."""
    with database.owner.connect() as connection:
        yield connection


def fill(connection: Connection, books: int, readers: int, more: str) -> None:
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.execute(text(READERS_AND_BOOKS), {"books": books, "readers": readers})
    connection.exec_driver_sql(COMMIT)
    for statement in [more] if more in (REVIEW_AND_HIDE_MOST, REVIEW_PRIVATELY) else [REVIEW, more]:
        if statement:
            connection.execute(text(statement))
    analyze(connection)


def plan_of(connection: Connection, select: Callable[[Connection, Key], object], place: Key) -> Plan:
    with recorded(connection.engine) as statements:
        select(connection, place)
    return explain(connection, *statements[-1])


@pytest.mark.parametrize("name", LISTS)
def test_a_page_reads_as_few_rows_as_it_shows(connection: Connection, name: str) -> None:
    books, readers, more, select, size = LISTS[name]
    fill(connection, books, readers, more)
    page = select(connection, NEWEST)
    assert len(page.items) == size
    assert isinstance(page.next, Key)
    at, id_ = connection.execute(text("SELECT created_at, id FROM reviews ORDER BY 1, 2 OFFSET 1000 LIMIT 1")).one()
    oldest = connection.scalar(text("SELECT min(created_at) FROM reviews"))
    places = {
        "first": NEWEST,
        "second": page.next,
        "deep": Key(at, id_),
        "deep, upwards": Key(at, id_, newer=True),
        "last": Key(oldest, 0, newer=True),
    }
    plans = {where: plan_of(connection, select, place) for where, place in places.items()}
    for where, plan in plans.items():
        assert not any(map(plan.reads_whole, TABLES)), where
        assert plan.rows < 30 * size, where
        # Each row may lie on a page of its own: a database that was used before has room here and there.
        assert plan.buffers < 2 * plans["first"].buffers + size + 20, where


@pytest.fixture
def shelves(connection: Connection) -> int:
    """The id of a reader who has 10,000 books on a shelf, and has rated them."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.execute(text(READERS_AND_BOOKS), {"books": SHELVED, "readers": 3})
    connection.exec_driver_sql(COMMIT)
    connection.execute(text(SHELVE))
    connection.execute(text(REVIEW))
    analyze(connection)
    return the_reader(connection)


def plan_of_shelf(connection: Connection, reader_id: int, query: ShelfQuery, place: Mark | Number) -> Plan:
    with recorded(connection.engine) as statements:
        page = select_shelf_page(connection, reader_id, query, place)
    assert len(page.items) == SHELVED_ON_A_PAGE
    return explain(connection, *statements[-1])


def test_a_page_of_a_long_shelf_reads_as_few_rows_as_it_shows(
    connection: Connection, shelves: int, subtests: pytest.Subtests
) -> None:
    """In each order that has an index, however deep the page is."""
    for order in (Order.DATE, Order.TITLE, Order.AUTHOR, Order.YEAR):
        for status in (None, Status.READ):
            query = ShelfQuery(status=status, order=order)
            deep = select_shelf_page(connection, shelves, query, Number(400))
            assert isinstance(deep.next, Mark)
            assert isinstance(deep.previous, Mark)
            for place in (Number(1), deep.next, deep.previous):
                with subtests.test(order=order, status=status, place=place):
                    plan = plan_of_shelf(connection, shelves, query, place)
                    assert not any(map(plan.reads_whole, ("shelved_books", "books", "reviews")))
                    assert plan.rows < 30 * SHELVED_ON_A_PAGE


def test_a_search_of_a_long_shelf_reads_nothing_of_others(connection: Connection, shelves: int) -> None:
    """Nor does an order or a filter by rating, for which all of the reader's books are read."""
    for query in (ShelfQuery(words="volume 99"), ShelfQuery(order=Order.RATING), ShelfQuery(rating=3)):
        plan = plan_of_shelf(connection, shelves, query, Number(1))
        read = [node for node in plan.nodes if node.get("Relation Name") == "shelved_books"]
        assert sum(map(rows_of, read)) <= SHELVED + 2 * SHELVED_ON_A_PAGE


@pytest.fixture(scope="module")
def listed_connection(server: Server) -> Iterator[Connection]:
    """A transaction with many reviews of one book: of all stars, in three languages, more or less helpful."""
    database = Database(server.create_database("listed_reviews", template="template"))
    with database.owner.connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # other tests may come in between
        fill(connection, 1, MANY, "")
        connection.execute(
            text("""UPDATE reviews SET rating = 1 + id % 5, helpful_count = id % 100,
                                       language = (ARRAY['en', 'pt', NULL])[1 + id % 3]""")
        )
        connection.execute(text("SELECT search_rebuild()"))
        analyze(connection)
        yield connection
    database.close()
    server.drop_database("listed_reviews")


@pytest.mark.every_input
@pytest.mark.parametrize("order", ReviewOrder)
@pytest.mark.parametrize("rating", [None, 3])
@pytest.mark.parametrize("written_in", [None, "pt"])
def test_sorted_and_filtered_reviews_are_read_by_indexes(
    listed_connection: Connection, order: ReviewOrder, rating: int | None, written_in: str | None
) -> None:
    select = listed(Listing(order, rating, written_in))
    first = select(listed_connection, NEWEST)
    assert len(first.items) == REVIEWS_ON_A_PAGE
    assert isinstance(first.next, Key)
    at, id_ = listed_connection.execute(
        text("SELECT created_at, id FROM reviews ORDER BY 1, 2 OFFSET 10000 LIMIT 1")
    ).one()
    value = {ReviewOrder.HELPFUL: 50, ReviewOrder.RATING: 3}.get(order, first.next.value)
    places = [NEWEST, first.next, Key(at, id_, value=value), Key(at, id_, newer=True, value=value)]
    for place in places:
        plan = plan_of(listed_connection, select, place)
        assert not any(map(plan.reads_whole, TABLES)), place
        assert plan.rows < 60 * REVIEWS_ON_A_PAGE, place


def test_the_languages_of_many_reviews_are_found_by_an_index(listed_connection: Connection) -> None:
    book_id: int = listed_connection.execute(text("SELECT min(id) FROM books")).scalar_one()
    with recorded(listed_connection.engine, "WITH RECURSIVE") as statements:
        assert select_review_languages(listed_connection, book_id) == ["en", "pt"]
    plan = explain(listed_connection, *statements[-1])
    assert not any(map(plan.reads_whole, TABLES))
    assert plan.rows < 100


def test_a_profile_reads_no_reviews_of_others(connection: Connection) -> None:
    fill(connection, 200, 100, "")
    with recorded(connection.engine) as statements:
        profile = select_profile(connection, "Reader 1")
    assert profile is not None
    assert profile.review_count == 200
    plan = explain(connection, *statements[-1])
    assert not plan.reads_whole("reviews")
    assert plan.rows < 1000


def test_a_book_page_reads_as_little_of_a_work_with_many_editions(connection: Connection) -> None:
    """Whether it has twenty or five thousand: its ratings, its reviews and the reader's own."""
    cost = {}
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    for editions in (20, 5000):
        connection.execute(text(EDITIONS), {"n": editions, "title": f"Of {editions}"})
    connection.exec_driver_sql(COMMIT)
    analyze(connection)
    for editions in (20, 5000):
        reader = select_credentials(connection, f"Of {editions} 1")
        identity = connection.scalar(text("SELECT min(isbn) FROM books WHERE title = :t"), {"t": f"Of {editions}"})
        assert reader is not None
        with recorded(connection.engine) as statements:
            seen = select_seen_book(connection, identity, reader.reader)
            assert seen is not None
            assert seen.own_review is not None
            assert seen.book.ratings.review_count == editions
            page = select_reviews(connection, seen.book.id, NEWEST, without_reader_id=0)
            assert len(page.items) == REVIEWS_ON_A_PAGE
        plans = [explain(connection, *statement) for statement in statements]
        assert [table for plan in plans for table in (*TABLES, "books") if plan.reads_whole(table)] == []
        cost[editions] = sum(plan.buffers for plan in plans)
    assert cost[5000] < 2 * cost[20], cost
