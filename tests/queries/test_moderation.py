"""Hidden reviews, below the pages: the counts follow whatever happens to a review."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from flyleaf.database import Database
from flyleaf.paging import NEWEST
from flyleaf.queries.departures import continue_departure, insert_departure
from flyleaf.queries.moderation import hide_review, insert_report, select_reported_reviews, unhide_review
from flyleaf.queries.reviews import delete_review, insert_review, update_review
from tests.fixture_types import Select
from tests.queries.conftest import add_reader

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def alice_id(connection: Connection) -> int:
    return add_reader(connection, "Alice").id


@pytest.fixture
def review_id(connection: Connection, book_id: int, alice_id: int) -> int:
    bob = add_reader(connection, "Bob")
    insert_review(connection, book_id, bob.id, 4, "")
    insert_review(connection, book_id, alice_id, 2, "")
    review_id: int = connection.execute(text("SELECT id FROM reviews WHERE rating = 2")).scalar_one()
    return review_id


def leave(connection: Connection, reader_id: int, *, keeps_reviews: bool) -> bool | None:
    """Delete the account; whether reviews are left for the next step, None if the account was gone."""
    departure = insert_departure(connection, reader_id, keeps_reviews=keeps_reviews)
    return None if departure is None else continue_departure(connection, departure)


ACTIONS: dict[str, Callable[[Connection, int, int, int], object]] = {
    "hide": lambda connection, review, book, reader: hide_review(connection, review, "x"),
    "unhide": lambda connection, review, book, reader: unhide_review(connection, review),
    "edit": lambda connection, review, book, reader: update_review(connection, book, reader, 5, ""),
    "delete": lambda connection, review, book, reader: delete_review(connection, review, reader),
    "leave": lambda connection, review, book, reader: leave(connection, reader, keeps_reviews=False),
    "let go": lambda connection, review, book, reader: leave(connection, reader, keeps_reviews=True),
}


@pytest.mark.parametrize("first", ACTIONS)
@pytest.mark.parametrize("second", ACTIONS)
def test_the_counts_match_the_reviews(
    connection: Connection, book_id: int, alice_id: int, review_id: int, first: str, second: str
) -> None:
    for action in (first, second, "hide", "edit", "unhide"):
        ACTIONS[action](connection, review_id, book_id, alice_id)
        counted = connection.execute(
            text("SELECT count(*), coalesce(sum(rating), 0) FROM reviews WHERE hidden_at IS NULL")
        ).one()
        kept = connection.execute(text("SELECT review_count, rating_sum FROM rating_counts")).one()
        assert tuple(kept) == tuple(counted), action


def test_many_at_once_are_counted_as_many(connection: Connection, book_id: int, review_id: int) -> None:
    connection.execute(text("UPDATE reviews SET hidden_at = now(), hidden_reason = 'x'"))
    assert connection.scalar(text("SELECT review_count FROM rating_counts")) == 0
    connection.execute(text("UPDATE reviews SET hidden_at = NULL, hidden_reason = NULL, rating = 1"))
    assert tuple(connection.execute(text("SELECT one, review_count FROM rating_counts")).one()) == (2, 2)


def test_a_leaving_reader_and_a_moderator_do_not_deadlock(database: Database, dune: str, select: Select) -> None:
    """Alice's reviews are about to go when a moderator has one of them, and then wants the counts of its book."""
    with database.transaction() as connection:
        alice = add_reader(connection, "Alice")
        insert_review(connection, connection.scalar(text("SELECT id FROM books")), alice.id, 3, "")

    def leave_alone() -> bool | None:
        with database.transaction() as connection:
            return leave(connection, alice.id, keeps_reviews=False)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            review_id = connection.scalar(text("SELECT id FROM reviews FOR UPDATE"))
            left = pool.submit(leave_alone)
            while not connection.scalar(text(WAITS)):
                connection.execute(text("SELECT pg_sleep(0.01)"))
            assert hide_review(connection, review_id, "x")
        assert left.result(10) is False
    assert select("SELECT review_count FROM rating_counts") == 0


@pytest.mark.parametrize("change", ["hidden_at = now()", "hidden_reason = 'x'"])
def test_what_is_hidden_has_a_time_and_a_reason(connection: Connection, review_id: int, change: str) -> None:
    with pytest.raises(IntegrityError):
        connection.execute(text(f"UPDATE reviews SET {change}"))


def test_reports_are_deleted_with_the_review_and_with_the_reporter(connection: Connection, review_id: int) -> None:
    carol, dave = (add_reader(connection, name) for name in ("Carol", "Dave"))
    for reader in (carol, dave):
        assert insert_report(connection, review_id, reader.id, None)
    leave(connection, carol.id, keeps_reviews=True)
    assert [one.reports for one in select_reported_reviews(connection, NEWEST).items] == [1]
    connection.execute(text("DELETE FROM reviews"))
    assert connection.scalar(text("SELECT count(*) FROM review_reports")) == 0


def test_only_existing_reviews_of_others_can_be_reported(connection: Connection, alice_id: int, review_id: int) -> None:
    bob_id = alice_id + 1000
    assert not insert_report(connection, review_id, bob_id, None), "the reader is gone"
    assert not insert_report(connection, review_id, alice_id, None), "it is her own"
    assert not insert_report(connection, review_id + 1000, alice_id, None)


def test_reports_of_one_moment_have_an_order(connection: Connection, book_id: int, review_id: int) -> None:
    readers = [add_reader(connection, f"Reader {n}") for n in range(9)]
    for reader in readers:
        insert_review(connection, book_id, reader.id, 3, "")
    ids = connection.execute(text("SELECT id FROM reviews WHERE rating = 3 ORDER BY id")).scalars().all()
    for one in ids:
        insert_report(connection, one, readers[ids.index(one) - 1].id, None)
    assert [one.review.id for one in select_reported_reviews(connection, NEWEST).items] == sorted(ids, reverse=True)


# --- The queue ------------------------------------------------------------------------------------------------------

SUMMED = """
    SELECT review_id, count(*), max(reported_at) FROM review_reports WHERE settled_at IS NULL
     GROUP BY review_id ORDER BY review_id
"""
QUEUED = "SELECT review_id, reports, reported_at FROM moderation_queue ORDER BY review_id"
# What happens to reports, to some of them at once: to those with a remainder of 3.
CHANGES = {
    "report": """
        INSERT INTO review_reports (review_id, reader_id, reported_at)
        SELECT r.id, a.id, clock_timestamp() FROM reviews AS r, readers AS a WHERE (r.id + a.id) % 3 = :some
            ON CONFLICT (review_id, reader_id) DO UPDATE SET settled_at = NULL, reported_at = excluded.reported_at
         WHERE review_reports.settled_at IS NOT NULL""",
    "settle": "UPDATE review_reports SET settled_at = now() WHERE review_id % 3 = :some",
    "turn": """
        UPDATE review_reports
           SET settled_at  = CASE WHEN settled_at IS NULL THEN now() END,
               reported_at = CASE WHEN settled_at IS NULL THEN reported_at ELSE clock_timestamp() END
         WHERE reader_id % 3 = :some""",
    "say why": "UPDATE review_reports SET reason = 'Spam' WHERE review_id % 3 = :some",
    "a reader leaves": "DELETE FROM readers WHERE id = (SELECT max(id) - :some FROM readers)",
    "a review goes": "DELETE FROM reviews WHERE id = (SELECT max(id) - :some FROM reviews)",
}


@pytest.mark.parametrize("seed", range(4))
def test_the_queue_matches_the_reports_after_any_changes(connection: Connection, book_id: int, seed: int) -> None:
    for number in range(12):
        reader = add_reader(connection, f"Reader {number}")
        insert_review(connection, book_id, reader.id, 3, "")
    random = Random(seed)
    done = ["report"]
    for _ in range(25):
        connection.execute(text(CHANGES[done[-1]]), {"some": random.randrange(3)})
        queued, summed = connection.execute(text(QUEUED)).all(), connection.execute(text(SUMMED)).all()
        assert [row[:2] for row in queued] == [row[:2] for row in summed], done
        assert all(row[2] >= other[2] for row, other in zip(queued, summed, strict=True)), "a report may have gone"
        done.append(random.choice(list(CHANGES)))


def test_who_reports_and_who_leaves_at_the_same_moment_are_both_counted(database: Database, dune: str) -> None:
    """Alice's report goes with her account while Bob's comes: neither overwrites what the other did to the queue."""
    with database.transaction() as connection:
        alice, bob, carol = (add_reader(connection, name) for name in ("Alice", "Bob", "Carol"))
        insert_review(connection, connection.scalar(text("SELECT id FROM books")), carol.id, 3, "")
        review_id = connection.scalar(text("SELECT id FROM reviews"))
        insert_report(connection, review_id, alice.id, None)

    def report() -> bool:
        with database.transaction() as connection:
            return insert_report(connection, review_id, bob.id, None)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            leave(connection, alice.id, keeps_reviews=True)
            assert connection.scalar(text("SELECT count(*) FROM moderation_queue")) == 0
            reported = pool.submit(report)
            while not connection.scalar(text(WAITS)):
                connection.execute(text("SELECT pg_sleep(0.01)"))
        assert reported.result(10)
    with database.transaction() as connection:
        assert [one.reports for one in select_reported_reviews(connection, NEWEST).items] == [1]
