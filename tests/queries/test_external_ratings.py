"""Other sites' ratings are kept with their ages; the queue gives each book to one process at a time."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flyleaf.database import Database
from flyleaf.queries.external_ratings import (
    HIT_AGE,
    MISS_AGE,
    ExternalRating,
    ExternalRatingAnswer,
    ExternalRatingRequest,
    delete_requests,
    release_requests,
    request_external_rating,
    select_external_ratings,
    take_requests,
    upsert_external_ratings,
)

MINUTE = timedelta(minutes=1)


def insert_book(connection: Connection, number: int) -> int:
    book_id: int = connection.execute(
        text("INSERT INTO books (isbn, title) VALUES (:isbn, 'Emma') RETURNING id"), {"isbn": f"{number:010d}"}
    ).scalar_one()
    return book_id


def insert_requests(connection: Connection, count: int) -> list[int]:
    """Books that were queued one after the other."""
    book_ids = [insert_book(connection, number) for number in range(count)]
    for order, book_id in enumerate(book_ids):
        connection.execute(
            text("INSERT INTO external_rating_requests VALUES (:book_id, now() - :age)"),
            {"book_id": book_id, "age": (count - order) * MINUTE},
        )
    return book_ids


def age_answers(connection: Connection, age: timedelta) -> None:
    connection.execute(text("UPDATE external_ratings SET fetched_at = now() - :age"), {"age": age})


def end_claims(connection: Connection) -> None:
    connection.execute(text("UPDATE external_rating_requests SET claimed_until = now() - interval '1 second'"))


def queued(connection: Connection) -> list[int]:
    rows = connection.execute(text("SELECT book_id FROM external_rating_requests ORDER BY requested_at, book_id"))
    return list(rows.scalars())


def test_no_external_ratings(database: Database) -> None:
    with database.owner.begin() as connection:
        assert select_external_ratings(connection, insert_book(connection, 1)) == []
        assert select_external_ratings(connection, 404) == []


def test_external_ratings_of_both_sources(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        upsert_external_ratings(connection, "open_library", [ExternalRatingAnswer(book_id, 4.23456, 12, "/works/OL1W")])
        connection.execute(text("UPDATE books SET average_rating = 3.5"))
        catalogue, open_library = select_external_ratings(connection, book_id)
    assert catalogue == ExternalRating("catalogue", 3.5, None, None, None)
    assert (open_library.source, open_library.average, open_library.ratings_count) == ("open_library", 4.235, 12)
    assert (open_library.key, open_library.source_name) == ("/works/OL1W", "Open Library")
    assert open_library.fetched_at is not None
    assert abs(datetime.now(UTC) - open_library.fetched_at) < MINUTE


def test_miss_is_kept_but_not_shown(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        upsert_external_ratings(connection, "open_library", [ExternalRatingAnswer(book_id)])
        assert select_external_ratings(connection, book_id) == []
        assert connection.execute(text("SELECT count(*) FROM external_ratings")).scalar_one() == 1


def test_a_later_answer_replaces_the_first(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        for answer in (
            ExternalRatingAnswer(book_id),
            ExternalRatingAnswer(book_id, 4, 2, "/works/OL1W"),
            ExternalRatingAnswer(book_id, 5, 3, "/works/OL2W"),
        ):
            upsert_external_ratings(connection, "open_library", [answer])
            age_answers(connection, HIT_AGE)
        upsert_external_ratings(connection, "open_library", [ExternalRatingAnswer(book_id, 5, 3, "/works/OL2W")])
        [rating] = select_external_ratings(connection, book_id)
    assert (rating.average, rating.ratings_count, rating.key) == (5, 3, "/works/OL2W")
    assert rating.fetched_at is not None
    assert abs(datetime.now(UTC) - rating.fetched_at) < MINUTE


def test_answers_for_deleted_books_are_left_out(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        upsert_external_ratings(
            connection, "open_library", [ExternalRatingAnswer(book_id, 4, 2), ExternalRatingAnswer(404, 4, 2)]
        )
        upsert_external_ratings(connection, "open_library", [])
        assert connection.execute(text("SELECT book_id FROM external_ratings")).scalars().all() == [book_id]


def test_answer_out_of_bounds_is_refused(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
    with database.owner.begin() as connection, pytest.raises(DBAPIError):
        upsert_external_ratings(connection, "open_library", [ExternalRatingAnswer(book_id, 5.1, 2)])


def test_a_book_is_queued_once(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        assert request_external_rating(connection, book_id)
        assert not request_external_rating(connection, book_id)
        assert not request_external_rating(connection, 404)
        assert queued(connection) == [book_id]


@pytest.mark.parametrize(
    ("answer", "age", "is_queued"),
    [
        (ExternalRatingAnswer(0, 4, 2, "/works/OL1W"), HIT_AGE - MINUTE, False),
        (ExternalRatingAnswer(0, 4, 2, "/works/OL1W"), HIT_AGE + MINUTE, True),
        (ExternalRatingAnswer(0), MISS_AGE - MINUTE, False),
        (ExternalRatingAnswer(0), MISS_AGE + MINUTE, True),
    ],
)
def test_a_book_with_a_fresh_answer_is_not_queued(
    database: Database, answer: ExternalRatingAnswer, age: timedelta, is_queued: bool
) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        upsert_external_ratings(
            connection,
            "open_library",
            [ExternalRatingAnswer(book_id, answer.average, answer.ratings_count, answer.key)],
        )
        age_answers(connection, age)
        assert request_external_rating(connection, book_id) is is_queued


def test_an_old_rating_is_shown_until_there_is_a_new_one(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        upsert_external_ratings(connection, "open_library", [ExternalRatingAnswer(book_id, 4, 2, "/works/OL1W")])
        age_answers(connection, 10 * HIT_AGE)
        assert len(select_external_ratings(connection, book_id)) == 1


def test_the_catalogues_rating_does_not_keep_a_book_from_the_queue(database: Database) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        connection.execute(text("UPDATE books SET average_rating = 4, ratings_count = 2"))
        assert request_external_rating(connection, book_id)


def test_those_that_wait_longest_are_taken_first(database: Database) -> None:
    with database.owner.begin() as connection:
        book_ids = insert_requests(connection, 3)
        taken = take_requests(connection, 2)
    assert sorted(taken, key=lambda request: request.isbn) == [
        ExternalRatingRequest(book_ids[0], "0000000000"),
        ExternalRatingRequest(book_ids[1], "0000000001"),
    ]


def test_while_a_claim_stands_nobody_else_takes(database: Database) -> None:
    with database.owner.begin() as connection:
        insert_requests(connection, 3)
        assert len(take_requests(connection, 2)) == 2
    with database.owner.begin() as connection:
        assert take_requests(connection, 2) == []


def test_a_claim_that_ran_out_is_taken_again(database: Database) -> None:
    with database.owner.begin() as connection:
        insert_requests(connection, 2)
        taken = take_requests(connection, 2)
    with database.owner.begin() as connection:
        end_claims(connection)
        assert sorted(map(repr, take_requests(connection, 2))) == sorted(map(repr, taken))


def test_answered_requests_leave_the_queue(database: Database) -> None:
    with database.owner.begin() as connection:
        book_ids = insert_requests(connection, 3)
        taken = [request.book_id for request in take_requests(connection, 2)]
        delete_requests(connection, taken)
        assert queued(connection) == book_ids[2:]
        assert [request.book_id for request in take_requests(connection, 2)] == book_ids[2:]


def test_released_requests_wait_behind_the_others(database: Database) -> None:
    with database.owner.begin() as connection:
        book_ids = insert_requests(connection, 2)
        [taken] = take_requests(connection, 1)
        release_requests(connection, [taken.book_id])
        assert queued(connection) == [book_ids[1], book_ids[0]]
        assert [request.book_id for request in take_requests(connection, 1)] == [book_ids[1]]


def test_a_pause_holds_for_all_processes(database: Database) -> None:
    with database.owner.begin() as connection:
        insert_requests(connection, 2)
        [taken] = take_requests(connection, 1)
        release_requests(connection, [taken.book_id], MINUTE)
    with database.owner.begin() as connection:
        assert take_requests(connection, 2) == []
        end_claims(connection)
        assert len(take_requests(connection, 2)) == 2


def test_nobody_waits_for_another_process_that_is_taking(database: Database) -> None:
    with database.owner.begin() as connection:
        insert_requests(connection, 2)
    with database.owner.begin() as first, database.owner.begin() as second:
        assert len(take_requests(first, 1)) == 1
        assert take_requests(second, 1) == []


def test_of_many_processes_one_takes(database: Database) -> None:
    with database.owner.begin() as connection:
        insert_requests(connection, 50)
    start = threading.Barrier(8)
    batches: list[int] = []

    def take() -> None:
        start.wait()
        with database.owner.begin() as connection:
            batches.append(len(take_requests(connection, 25)))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(batches) == [0] * 7 + [25]
