"""Long lists: a page reads a bounded number of rows, by indexes, whichever page of whatever list it is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from flyleaf.database import Database
from flyleaf.limits import REPORTED_ON_A_PAGE
from flyleaf.paging import NEWEST, Key, Page
from flyleaf.queries.moderation import select_hidden_reviews, select_reported_reviews
from tests.plans import Plan, analyze, explain, recorded

MANY = 20_000
# Each of 200 readers has reviewed each of 100 books.
FILL = (
    "INSERT INTO books (isbn, title) SELECT lpad(n::text, 10, '0'), 'Volume' FROM generate_series(1, 100) AS n",
    "INSERT INTO readers (name, name_key, password_hash)"
    " SELECT 'Reader ' || n, 'reader ' || n, '' FROM generate_series(1, 200) AS n",
    "INSERT INTO reviews (book_id, reader_id, rating, text, created_at)"
    " SELECT b.id, r.id, 3, '', now() - (b.id * 1000 + r.id) * interval '1 second' FROM books AS b, readers AS r",
)
REPORT = """
    INSERT INTO review_reports (review_id, reader_id, reason, reported_at)
    SELECT r.id, (SELECT min(id) FROM readers), 'Spam', r.created_at FROM reviews AS r
"""
HIDE = "UPDATE reviews SET hidden_at = created_at, hidden_reason = 'Spam'"
TABLES = ("reviews", "review_reports", "moderation_queue")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.command_transaction() as connection:
        for statement in FILL:
            connection.execute(text(statement))
        yield connection


def plan_of(connection: Connection, select: Callable[[Connection, Key], Page[Any]], place: Key) -> Plan:
    with recorded(connection.engine) as statements:
        select(connection, place)
    [(statement, values)] = statements
    return explain(connection, statement, values)


@pytest.mark.parametrize(
    ("prepare", "select"),
    [(REPORT, select_reported_reviews), (HIDE, select_hidden_reviews)],
    ids=["reported", "hidden"],
)
def test_a_moderators_page_reads_as_few_rows_as_it_shows(
    connection: Connection, prepare: str, select: Callable[[Connection, Key], Page[Any]]
) -> None:
    assert connection.execute(text(prepare)).rowcount == MANY
    analyze(connection)
    page = select(connection, NEWEST)
    assert len(page.items) == REPORTED_ON_A_PAGE
    assert isinstance(page.next, Key)
    at, id_ = connection.execute(text("SELECT created_at, id FROM reviews ORDER BY 1, 2 OFFSET 10000 LIMIT 1")).one()
    oldest = connection.scalar(text("SELECT min(created_at) FROM reviews"))
    places = {
        "first": NEWEST,
        "second": page.next,
        "deep": Key(at, id_),
        "deep, upwards": Key(at, id_, newer=True),
        "last": Key(oldest, 0, newer=True),
    }
    plans = {name: plan_of(connection, select, place) for name, place in places.items()}
    for name, plan in plans.items():
        assert not any(map(plan.reads_whole, TABLES)), name
        assert plan.rows < 30 * REPORTED_ON_A_PAGE, name
        assert plan.buffers < 2 * plans["first"].buffers, name
