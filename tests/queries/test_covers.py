"""Covers are kept with their ages; the queue gives one book to one process at a time."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flyleaf.database import Database
from flyleaf.queries.covers import (
    HIT_AGE,
    MISS_AGE,
    SETTLED_AGE,
    Cover,
    CoverRequest,
    delete_cover_request,
    is_cover_due,
    release_cover_request,
    request_cover,
    select_covered_book,
    select_covers,
    select_known_digests,
    take_cover_request,
    upsert_cover,
)
from tests.plans import analyze, explain, recorded

MINUTE = timedelta(minutes=1)
DUNE = Cover("d" * 32, 333, 500)
OTHER = Cover("e" * 32, 416, 600)


def insert_book(connection: Connection, number: int) -> int:
    book_id: int = connection.execute(
        text("INSERT INTO books (isbn, title, author) VALUES (:isbn, 'Dune', 'Frank Herbert') RETURNING id"),
        {"isbn": f"{number:010d}"},
    ).scalar_one()
    return book_id


def age(connection: Connection, by: timedelta) -> None:
    connection.execute(text("UPDATE covers SET fetched_at = now() - :by"), {"by": by})


def end_claims(connection: Connection) -> None:
    connection.execute(text("UPDATE cover_requests SET claimed_until = now() - interval '1 second'"))


def shown(connection: Connection, *numbers: int) -> dict[str, Cover]:
    return select_covers(connection, [f"{number:010d}" for number in numbers])


def test_covers_are_found_by_the_identities_of_their_books(database: Database) -> None:
    with database.owner.begin() as connection:
        first, second, third = (insert_book(connection, number) for number in range(3))
        upsert_cover(connection, "open_library", first, DUNE, 20_000)
        upsert_cover(connection, "open_library", second, None)
        assert shown(connection, 0, 1, 2) == {"0000000000": DUNE}
        assert select_known_digests(connection, [DUNE.digest, OTHER.digest]) == {DUNE.digest}
        connection.execute(text("DELETE FROM books WHERE id = :id"), {"id": first})
        assert shown(connection, 0, 1, 2) == {}
        upsert_cover(connection, "open_library", first, DUNE, 20_000)  # fetched while the book was deleted
        assert shown(connection, 0, 1, 2) == {}
        assert request_cover(connection, first) is False
        assert request_cover(connection, third) is True


def test_two_books_may_have_one_picture(database: Database) -> None:
    with database.owner.begin() as connection:
        first, second = (insert_book(connection, number) for number in range(2))
        for book_id in (second, first):
            upsert_cover(connection, "open_library", book_id, DUNE, 20_000)
        found = select_covered_book(connection, DUNE.digest)
        assert found is not None
        assert (found.id, found.address, found.title, found.author) == (first, "0000000000", "Dune", "Frank Herbert")
        assert select_covered_book(connection, OTHER.digest) is None


@pytest.mark.parametrize(("cover", "fresh_for"), [(DUNE, HIT_AGE), (None, MISS_AGE)])
def test_a_book_is_due_until_it_was_asked_for_and_again_later(
    database: Database, cover: Cover | None, fresh_for: timedelta
) -> None:
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        assert is_cover_due(connection, book_id)
        assert request_cover(connection, book_id)
        assert not is_cover_due(connection, book_id)
        assert not request_cover(connection, book_id)
        upsert_cover(connection, "open_library", book_id, cover, 20_000)
        delete_cover_request(connection, book_id)
        assert not is_cover_due(connection, book_id)
        age(connection, fresh_for - MINUTE)
        assert not is_cover_due(connection, book_id)
        age(connection, fresh_for + MINUTE)
        assert is_cover_due(connection, book_id)


def test_another_picture_replaces_one_that_is_a_day_old(database: Database) -> None:
    """Two machines that fetch the same cover never take turns in replacing it."""
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        upsert_cover(connection, "open_library", book_id, DUNE, 20_000)
        for other in (OTHER, None):
            upsert_cover(connection, "open_library", book_id, other, 30_000)
            assert shown(connection, 1) == {"0000000001": DUNE}
        age(connection, SETTLED_AGE + MINUTE)
        upsert_cover(connection, "open_library", book_id, DUNE, 20_000)  # still the same: its age begins anew
        upsert_cover(connection, "open_library", book_id, OTHER, 30_000)
        assert shown(connection, 1) == {"0000000001": DUNE}
        age(connection, SETTLED_AGE + MINUTE)
        upsert_cover(connection, "open_library", book_id, OTHER, 30_000)
        assert shown(connection, 1) == {"0000000001": OTHER}
        age(connection, SETTLED_AGE + MINUTE)
        upsert_cover(connection, "open_library", book_id, None)
        assert shown(connection, 1) == {}
        upsert_cover(connection, "open_library", book_id, DUNE, 20_000)  # a miss makes way at once
        assert shown(connection, 1) == {"0000000001": DUNE}


def test_the_longest_waiting_book_is_taken_while_no_claim_stands(database: Database) -> None:
    with database.owner.begin() as connection:
        assert take_cover_request(connection) is None
        first, second, third = (insert_book(connection, number) for number in range(3))
        for minutes, book_id in enumerate((third, second, first), 1):
            connection.execute(
                text("INSERT INTO cover_requests VALUES (:id, now() - :age)"), {"id": book_id, "age": minutes * MINUTE}
            )
        assert take_cover_request(connection) == CoverRequest(first, "isbn", "0000000000")
        assert take_cover_request(connection) is None
        assert take_cover_request(connection, [third]) is None
        end_claims(connection)  # as if the process had died
        assert take_cover_request(connection) == CoverRequest(first, "isbn", "0000000000")
        release_cover_request(connection, first)  # to the end
        assert take_cover_request(connection) == CoverRequest(second, "isbn", "0000000001")
        delete_cover_request(connection, second)
        assert take_cover_request(connection) == CoverRequest(third, "isbn", "0000000002")
        release_cover_request(connection, third, MINUTE)
        assert take_cover_request(connection) is None  # a pause, for everybody


def test_what_this_machine_lacks_comes_first(database: Database) -> None:
    with database.owner.begin() as connection:
        first, second, third = (insert_book(connection, number) for number in range(3))
        request_cover(connection, first)
        gone = 10_000_000
        assert take_cover_request(connection, [gone, third, second]) == CoverRequest(second, "isbn", "0000000001")
        delete_cover_request(connection, second)
        assert take_cover_request(connection, [gone]) == CoverRequest(first, "isbn", "0000000000")


def test_books_without_an_isbn_are_asked_for_by_open_librarys_key(database: Database) -> None:
    with database.owner.begin() as connection:
        edition, work, other = connection.execute(
            text("""
                INSERT INTO books (identity, title)
                VALUES ('openlibrary:OL1M', 'Emma'), ('openlibrary:OL2W', 'Emma'), ('goodreads:3', 'Emma')
                RETURNING id
            """)
        ).scalars()
        for book_id, values in ((edition, ("OL1M", "OL9M", "OL1W")), (work, ("OL2W",))):
            for value in values:
                connection.execute(
                    text("INSERT INTO identifiers VALUES ('openlibrary', :value, :book_id)"),
                    {"value": value, "book_id": book_id},
                )
        assert [is_cover_due(connection, book_id) for book_id in (edition, work, other)] == [True, False, False]
        request_cover(connection, edition)
        assert take_cover_request(connection) == CoverRequest(edition, "openlibrary", "OL1M")
        upsert_cover(connection, "open_library", edition, DUNE, 20_000)
        assert select_covers(connection, ["openlibrary:OL1M", "goodreads:3"]) == {"openlibrary:OL1M": DUNE}
        connection.execute(text("DELETE FROM identifiers"))
        end_claims(connection)
        assert take_cover_request(connection) == CoverRequest(edition, "openlibrary", None)


def test_two_processes_never_claim_at_the_same_time(database: Database) -> None:
    with database.owner.begin() as connection:
        for number in range(5):
            request_cover(connection, insert_book(connection, number))
    taken: list[CoverRequest | None] = []
    ready = threading.Barrier(4)

    def take() -> None:
        ready.wait()
        with database.owner.begin() as connection:
            taken.append(take_cover_request(connection))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(request is not None for request in taken) == 1


def test_no_statement_reads_a_whole_table(database: Database) -> None:
    with database.owner.connect() as connection:
        connection.execute(
            text("""
                INSERT INTO books (isbn, title)
                SELECT lpad(number::text, 10, '0'), 'Emma' FROM generate_series(1, 300) AS number
            """)
        )
        connection.execute(
            text("""
                INSERT INTO covers (book_id, source, digest, width, height, bytes)
                SELECT id, 'open_library', md5(isbn), 1, 1, 1 FROM books WHERE id % 3 > 0
            """)
        )
        connection.execute(text("INSERT INTO cover_requests (book_id) SELECT id FROM books WHERE id % 3 = 0"))
        analyze(connection)
        book_id: int = connection.execute(text("SELECT min(id) FROM books")).scalar_one()
        with recorded(database.owner) as read, recorded(database.owner, "WITH") as claimed:
            shown(connection, *range(1, 21))
            is_cover_due(connection, book_id)
            select_covered_book(connection, DUNE.digest)
            select_known_digests(connection, [f"{number:032x}" for number in range(20)])
            take_cover_request(connection, [book_id])
        assert len(read) + len(claimed) == 6
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # as if there were millions of rows
        for statement, values in (*read, *claimed):
            plan = explain(connection, statement, values)
            assert not any(plan.reads_whole(table) for table in ("books", "covers", "cover_requests")), statement
        connection.rollback()


@pytest.mark.parametrize(
    "values",
    [
        "'open_library', 'DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD', 1, 1, 1",
        "'open_library', '../../../../etc/passwd', 1, 1, 1",
        "'open_library', 'dddddddddddddddddddddddddddddddd', NULL, 1, 1",
        "'open_library', NULL, 1, 1, 1",
        "'open_library', 'dddddddddddddddddddddddddddddddd', 0, 1, 1",
        "'elsewhere', NULL, NULL, NULL, NULL",
    ],
)
def test_the_database_holds_what_a_cover_is(database: Database, values: str) -> None:
    columns = "book_id, source, digest, width, height, bytes"
    with database.owner.begin() as connection:
        book_id = insert_book(connection, 1)
        with pytest.raises(DBAPIError, match="check constraint"):
            connection.exec_driver_sql(f"INSERT INTO covers ({columns}) VALUES ({book_id}, {values})")
        connection.rollback()
