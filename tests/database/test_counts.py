"""Rating counts: whatever a statement does to whichever reviews, they are what counting would say, at a linear cost."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, NullPool, create_engine, text

from flyleaf.database import Database
from flyleaf.embedded import cluster
from tests.postgresql import Server

pytestmark = pytest.mark.slow

BOOKS, READERS = 12, 30
HIDDEN = "hidden_at = now(), hidden_reason = 'Spam'"
VISIBLE = "hidden_at = NULL, hidden_reason = NULL"
SOME = "id % 7 IN (:one, :other)"
# What happens to reviews, to many at once; each with two remainders of 7 that say to which.
BATCHES = {
    "insert": """
        INSERT INTO reviews (book_id, reader_id, rating, text)
        SELECT b.id, r.id, 1 + (b.id + r.id + :one) % 5, ''
          FROM books AS b, readers AS r
         WHERE (b.id + r.id) % 7 IN (:one, :other)
            ON CONFLICT (book_id, reader_id) DO NOTHING""",
    "insert hidden": """
        INSERT INTO reviews (book_id, reader_id, rating, text, hidden_at, hidden_reason)
        SELECT b.id, r.id, 1 + (b.id + r.id) % 5, '', now(), 'Spam'
          FROM books AS b, readers AS r
         WHERE (b.id + r.id) % 7 IN (:one, :other)
            ON CONFLICT (book_id, reader_id) DO NOTHING""",
    "rate": f"UPDATE reviews SET rating = 1 + (rating + :one) % 5 WHERE {SOME}",
    "write": f"UPDATE reviews SET text = 'Words.' WHERE {SOME}",
    "hide": f"UPDATE reviews SET {HIDDEN} WHERE {SOME}",
    "show": f"UPDATE reviews SET {VISIBLE}, rating = 5 WHERE {SOME}",
    "keep to oneself": f"UPDATE reviews SET is_private = true WHERE {SOME}",
    "publish": f"UPDATE reviews SET is_private = false, rating = 1 WHERE {SOME}",
    "hold": f"UPDATE reviews SET counts_from = now() WHERE {SOME}",
    "count": f"UPDATE reviews SET counts_from = NULL, rating = 2 WHERE {SOME}",
    "turn": f"""
        UPDATE reviews
           SET hidden_at     = CASE WHEN hidden_at IS NULL THEN now() END,
               hidden_reason = CASE WHEN hidden_at IS NULL THEN 'Spam' END
         WHERE {SOME}""",
    "let go": f"UPDATE reviews SET reader_id = NULL WHERE {SOME}",
    "move": f"UPDATE reviews SET book_id = (SELECT min(id) FROM books), reader_id = NULL WHERE {SOME}",
    "delete": f"DELETE FROM reviews WHERE {SOME}",
    "delete a reader": "DELETE FROM readers WHERE id IN (SELECT id FROM readers ORDER BY id LIMIT :one / 4)",
    "delete a book": "DELETE FROM books WHERE id IN (SELECT id FROM books ORDER BY id DESC LIMIT :other / 6)",
}
COUNTED = """
    SELECT book_id, count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2),
           count(*) FILTER (WHERE rating = 3), count(*) FILTER (WHERE rating = 4), count(*) FILTER (WHERE rating = 5)
      FROM reviews WHERE hidden_at IS NULL AND NOT is_private AND counts_from IS NULL
     GROUP BY book_id ORDER BY book_id"""
KEPT = "SELECT book_id, one, two, three, four, five FROM rating_counts WHERE review_count > 0 ORDER BY book_id"


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction that is rolled back."""
    with database.owner.connect() as connection:
        fill(connection, BOOKS, READERS)
        yield connection


def fill(connection: Connection, books: int, readers: int) -> None:
    connection.execute(
        text(
            "INSERT INTO books (isbn, title)"
            " SELECT lpad(n::text, 10, '0'), 'Volume ' || n FROM generate_series(1, :n) AS n"
        ),
        {"n": books},
    )
    connection.execute(
        text("INSERT INTO readers (name, name_key, password_hash)"
             " SELECT 'Reader ' || n, 'reader ' || n, '' FROM generate_series(1, :n) AS n"),
        {"n": readers},
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_match_the_reviews_after_any_batches(connection: Connection, seed: int) -> None:
    random = Random(seed)
    done = ["insert"]
    for _ in range(30):
        one, other = random.sample(range(7), 2)
        connection.execute(text(BATCHES[done[-1]]), {"one": one, "other": other})
        assert connection.execute(text(KEPT)).all() == connection.execute(text(COUNTED)).all(), done
        done.append(random.choice(list(BATCHES)))


@pytest.mark.parametrize("before", [20, 1000])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews SET text = 'Words.' WHERE id <= {most}",
        "UPDATE reviews SET rating = 1 + rating % 5 WHERE id <= {most}",
        f"UPDATE reviews SET {HIDDEN} WHERE id <= {{most}}",
        "UPDATE reviews SET reader_id = NULL WHERE id <= {most}",
        "DELETE FROM reviews WHERE id <= {most}",
    ],
)
def test_the_cost_grows_with_the_number_of_reviews(
    rows_read: Callable[[str], int], statement: str, before: int
) -> None:
    """Whatever plans the session may have kept, of few reviews or of many."""
    rows_read(f"UPDATE reviews SET rating = 1 + rating % 5 WHERE id <= {before}")
    few, many = (rows_read(statement.format(most=most)) for most in (100, 1000))
    assert many < 20 * few, "ten times as many, and not a hundred times"


@pytest.fixture
def rows_read(database: Database, server: Server) -> Iterator[Callable[[str], int]]:
    """Run a statement, and return how many rows its plan and those of its triggers went through. Nothing is committed:
    there is nothing to delete afterwards."""
    name = database.engine.url.database or ""
    superuser = create_engine(server.url(name, cluster.SUPERUSER), poolclass=NullPool)
    with superuser.connect() as connection:
        fill(connection, 1000, 2)
        connection.execute(
            text("INSERT INTO reviews (id, book_id, reader_id, rating, text) OVERRIDING SYSTEM VALUE"
                 " SELECT row_number() OVER (), b.id, r.id, 1 + b.id % 5, '' FROM books AS b, readers AS r")
        )  # fmt: skip
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor()
        cursor.execute("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;"
                       " SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = json;"
                       " SET auto_explain.log_level = notice; SET auto_explain.log_timing = off")  # fmt: skip

        def run(statement: str) -> int:
            driver.notices = deque()  # a list would keep the last fifty alone
            cursor.execute("SAVEPOINT before")
            cursor.execute(statement)
            plans = [json.loads(notice[notice.index("{") :]) for notice in driver.notices if "Query Text" in notice]
            cursor.execute("ROLLBACK TO SAVEPOINT before")
            assert len(plans) > 1, "the triggers' plans are among them"
            return int(sum(rows_of(plan["Plan"]) for plan in plans))

        yield run


def rows_of(node: dict[str, Any]) -> float:
    """Return how many rows the nodes of a plan have read."""
    removed: float = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    own: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return own + sum(rows_of(child) for child in node.get("Plans", []))


@pytest.mark.parametrize("before", [1, 1000])
def test_the_cost_of_updating_books_grows_with_their_number(rows_read: Callable[[str], int], before: int) -> None:
    """What the search notes of them, whatever plans the session may have kept."""
    statement = "UPDATE books SET pages = 1 + coalesce(pages, 0) WHERE id <= (SELECT min(id) FROM books) + {}"
    rows_read(statement.format(before - 1))
    few, many = (rows_read(statement.format(most - 1)) for most in (100, 1000))
    assert many < 20 * few
