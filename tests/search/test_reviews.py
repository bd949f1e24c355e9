"""Which work a review is of, and which of a reader's reviews of a work counts: kept by triggers, equal to a rebuild."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from flyleaf.search import rebuild_search
from tests.search.conftest import insert, review
from tests.search.test_upkeep import state

EDITIONS, READERS = 6, 4
MANY = 2000
TITLES = ("The Left Hand", "The Dispossessed", "The Lathe of Heaven")
SOME = "id % 3 = :some"
# What happens to reviews and to what they are about. Titles decide which editions are one work.
CHANGES = {
    "write": """
        INSERT INTO reviews (book_id, reader_id, rating, text)
        SELECT min(book.id), reader.id, 1 + :some, ''
          FROM books AS book
         CROSS JOIN readers AS reader
          LEFT JOIN search_editions AS edition ON edition.book_id = book.id
         WHERE book.author = 'U. Le Guin'
           AND reader.name LIKE 'Reader %'
           AND NOT EXISTS (SELECT FROM search_reviews AS one
                            WHERE one.work_id = edition.work_id AND one.reader_id = reader.id)
           AND reader.id % 2 = :some % 2
         GROUP BY edition.work_id, reader.id""",
    "rate": f"UPDATE reviews SET rating = 1 + (rating + 1) % 5 WHERE {SOME}",
    "date": f"UPDATE reviews SET created_at = now() - id % 5 * interval '1 day' WHERE {SOME}",
    "edit": f"UPDATE reviews SET text = 'Words.', edited_at = now() WHERE {SOME}",
    "hide": f"UPDATE reviews SET hidden_at = now(), hidden_reason = 'Spam' WHERE withdrawn_at IS NULL AND {SOME}",
    "show": f"UPDATE reviews SET hidden_at = NULL, hidden_reason = NULL WHERE withdrawn_at IS NULL AND {SOME}",
    "keep to oneself": f"UPDATE reviews SET is_private = true WHERE {SOME}",
    "publish": f"UPDATE reviews SET is_private = false WHERE {SOME}",
    "hold": f"UPDATE reviews SET is_new = true, counts_from = now() WHERE {SOME}",
    "refuse": f"UPDATE reviews SET counts_from = 'infinity' WHERE {SOME}",
    "count": f"UPDATE reviews SET is_new = false, counts_from = NULL WHERE {SOME}",
    "say the language": f"UPDATE reviews SET language = (ARRAY['en', 'pt', NULL])[1 + :some] WHERE {SOME}",
    "find helpful": """
        INSERT INTO helpful_votes (review_id, reader_id)
        SELECT r.id, a.id FROM reviews AS r, readers AS a WHERE r.id % 3 = :some ON CONFLICT DO NOTHING""",
    "find no longer helpful": "DELETE FROM helpful_votes WHERE review_id % 3 = :some",
    "withdraw": f"UPDATE reviews SET text = '', withdrawn_at = now(), hidden_at = now() WHERE {SOME}",
    "let go": f"UPDATE reviews SET reader_id = NULL WHERE id % 9 = :some AND {SOME}",
    "move a review": """
        UPDATE reviews SET book_id = (SELECT max(id) FROM books), reader_id = NULL
         WHERE id = (SELECT max(id) FROM reviews WHERE reader_id IS NOT NULL AND id % 3 = :some)""",
    "delete": f"DELETE FROM reviews WHERE id % 2 = 0 AND {SOME}",
    "join": "UPDATE books SET title = 'The Left Hand' WHERE author = 'U. Le Guin' AND id % 3 = :some",
    "part": """
        UPDATE books SET title = (ARRAY['The Left Hand', 'The Dispossessed', 'The Lathe of Heaven'])[1 + id % 3]
         WHERE author = 'U. Le Guin' AND id % 2 = :some % 2""",
    "delete a reader": "DELETE FROM readers WHERE id = (SELECT max(id) FROM readers WHERE name LIKE 'Reader %')",
    "delete a book": """
        DELETE FROM books WHERE id = (SELECT max(id) FROM books WHERE author = 'U. Le Guin' HAVING count(*) > 3)""",
}
COMMIT = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"  # what follows at the commit follows now


@pytest.fixture
def editions(connection: Connection) -> list[int]:
    books = [
        insert(connection, f"979444{n:07d}", TITLES[n % len(TITLES)], "U. Le Guin", 1969 + n) for n in range(EDITIONS)
    ]
    for n in range(READERS):
        connection.execute(
            text("INSERT INTO readers (name, name_key, password_hash) VALUES (:name, :name, '')"),
            {"name": f"Reader {n}"},
        )
    return books


def own(connection: Connection, reader: str) -> list[tuple[int, bool]]:
    """The reader's reviews, the oldest first: the book, and whether a newer one counts instead."""
    rows = connection.execute(
        text("""SELECT r.book_id, s.is_superseded
                  FROM reviews AS r JOIN search_reviews AS s ON s.review_id = r.id
                 WHERE r.reader_id = (SELECT id FROM readers WHERE name = :name) ORDER BY r.created_at, r.id"""),
        {"name": reader},
    )
    return [(row[0], row[1]) for row in rows]


def counted(connection: Connection, book: int) -> tuple[int, int]:
    """How many reviews the book's work has, and the sum of their stars; as searches see it, too."""
    one, other = connection.execute(
        text("""SELECT ROW(ratings.review_count, ratings.rating_sum), ROW(work.review_count, work.rating_sum),
                       ratings.review_count, ratings.rating_sum
                  FROM search_editions AS edition
                  JOIN search_works AS work ON work.id = work_id
                  JOIN search_ratings AS ratings USING (work_id)
                 WHERE book_id = :book"""),
        {"book": book},
    ).one()[:2]
    assert one == other
    count, total = one.strip("()").split(",")
    return int(count), int(total)


def retitle(connection: Connection, book: int, title: str) -> None:
    connection.execute(text("UPDATE books SET title = :title WHERE id = :book"), {"title": title, "book": book})
    connection.exec_driver_sql(COMMIT)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_kept_equals_a_rebuild_after_any_changes(
    connection: Connection, editions: list[int], seed: int
) -> None:
    random = Random(seed)
    done = []
    for _ in range(5):
        for change in ["write", *random.choices(list(CHANGES), k=4)]:
            connection.execute(text(CHANGES[change]), {"some": random.randrange(3)})
            connection.exec_driver_sql(COMMIT)
            done.append(change)
        kept = state(connection)
        connection.execute(text("SELECT search_rebuild()"))
        assert state(connection) == kept, done
    assert editions


def test_a_second_review_of_a_work_is_refused(connection: Connection, editions: list[int]) -> None:
    review(connection, editions[0], "Reader 0", 5)
    with pytest.raises(IntegrityError, match="one_a_reader_and_work"), connection.begin_nested():
        review(connection, editions[3], "Reader 0", 1)
    review(connection, editions[1], "Reader 0", 2)
    review(connection, editions[3], "Reader 1", 3)
    assert counted(connection, editions[3]) == counted(connection, editions[0]) == (2, 8)
    assert counted(connection, editions[1]) == (1, 2)


def test_where_works_are_joined_the_newer_review_counts_and_parting_them_restores_both(
    connection: Connection, editions: list[int]
) -> None:
    hand, dispossessed = editions[:2]
    review(connection, hand, "Reader 0", 5)
    review(connection, dispossessed, "Reader 0", 2)
    review(connection, dispossessed, "Reader 1", 3)
    connection.execute(text("UPDATE reviews SET created_at = now() - interval '1 day' WHERE rating = 5"))
    before = state(connection)
    retitle(connection, dispossessed, "The Left Hand")
    assert own(connection, "Reader 0") == [(hand, True), (dispossessed, False)]
    assert counted(connection, hand) == counted(connection, dispossessed) == (2, 5)
    retitle(connection, dispossessed, TITLES[1])
    assert own(connection, "Reader 0") == [(hand, False), (dispossessed, False)]
    assert state(connection)[1:] == before[1:]
    retitle(connection, hand, TITLES[1])
    connection.execute(text("DELETE FROM reviews WHERE book_id = :book AND rating = 2"), {"book": dispossessed})
    assert own(connection, "Reader 0") == [(hand, False)], "it counts again when the newer one is gone"
    assert counted(connection, hand) == (2, 8)


def test_of_two_withdrawn_reviews_the_refused_one_takes_the_place(connection: Connection, editions: list[int]) -> None:
    for book in editions[:2]:
        review(connection, book, "Reader 0", 5)
    connection.execute(
        text("""UPDATE reviews SET text = '', hidden_at = now(), hidden_reason = 'Spam', withdrawn_at = now(),
                                   created_at = now() - interval '1 hour' WHERE book_id = :book"""),
        {"book": editions[0]},
    )
    connection.execute(
        text("UPDATE reviews SET text = '', hidden_at = now(), withdrawn_at = now() WHERE book_id = :book"),
        {"book": editions[1]},
    )
    retitle(connection, editions[1], TITLES[0])
    assert own(connection, "Reader 0") == [(editions[0], False), (editions[1], True)]
    connection.execute(text("UPDATE reviews SET hidden_at = NULL, withdrawn_at = NULL WHERE hidden_reason IS NULL"))
    assert own(connection, "Reader 0") == [(editions[0], True), (editions[1], False)], "one that is there goes first"


@pytest.fixture
def committed(engine: Engine) -> Iterator[list[int]]:
    """Three editions, of which the first two are one work."""
    with engine.begin() as connection:
        books = [
            insert(connection, f"979555{n:07d}", title, "Committed") for n, title in enumerate(["One", "One", "Other"])
        ]
    yield books
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM books WHERE author = 'Committed'"))
        connection.execute(text("DELETE FROM readers WHERE name IN ('alice', 'bob')"))


def test_of_two_reviews_at_the_same_moment_one_is_refused(engine: Engine, committed: list[int]) -> None:
    with engine.begin() as connection:
        review(connection, committed[2], "alice", 1)
    with engine.connect() as one, ThreadPoolExecutor(1) as pool:
        review(one, committed[0], "alice", 5)

        def write() -> str:
            with engine.begin() as other:
                review(other, committed[1], "alice", 4)
            return "written"

        written = pool.submit(write)
        one.commit()
        with pytest.raises(IntegrityError, match="one_a_reader_and_work"):
            written.result(timeout=30)
    with engine.begin() as connection:
        assert counted(connection, committed[1]) == (1, 5)


def test_a_review_that_comes_during_a_rebuild_is_there_after_it(engine: Engine, committed: list[int]) -> None:
    with engine.begin() as connection:
        review(connection, committed[2], "bob", 3)
    with engine.connect() as rebuilding:
        for number, _ in enumerate(rebuild_search(rebuilding)):
            if number == 5:  # the new table of reviews is made, and the old one is there
                with engine.begin() as reviewing:
                    reviewing.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
                    review(reviewing, committed[0], "alice", 5)
                    reviewing.execute(text("UPDATE reviews SET rating = 1 WHERE rating = 3"))
                with pytest.raises(IntegrityError, match="one_a_reader_and_work"), engine.begin() as reviewing:
                    review(reviewing, committed[1], "alice", 5)
        rebuilding.commit()
    with engine.begin() as connection:
        assert own(connection, "alice") == [(committed[0], False)]
        assert counted(connection, committed[0]) == (1, 5)
        assert counted(connection, committed[2]) == (1, 1)


def test_a_review_of_an_edition_that_an_import_moves_to_another_work_goes_with_it(
    engine: Engine, committed: list[int]
) -> None:
    """And does not wait for it."""
    with engine.begin() as connection:
        review(connection, committed[2], "bob", 2)
    with engine.connect() as importing:
        importing.execute(text("UPDATE books SET title = 'Other' WHERE id = :id"), {"id": committed[0]})
        with engine.begin() as reviewing:
            reviewing.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
            review(reviewing, committed[0], "alice", 5)
            review(reviewing, committed[1], "bob", 4)
        importing.commit()
    with engine.begin() as connection:
        connection.execute(text("SELECT search_settle()"))
        assert counted(connection, committed[0]) == counted(connection, committed[2]) == (2, 7)
        assert counted(connection, committed[1]) == (1, 4)
        kept = state(connection)
        connection.execute(text("SELECT search_rebuild()"))
        assert state(connection) == kept


def test_many_reviews_follow_their_edition_in_several_transactions(connection: Connection, editions: list[int]) -> None:
    """In the meantime the others are where they were, and what is known of them is right."""
    for n in range(5):
        review(connection, editions[0], f"Reader {n}", 4)
    review(connection, editions[1], "Reader 0", 1)
    connection.exec_driver_sql(COMMIT)
    connection.execute(
        text("UPDATE books SET title = :title WHERE id = :book"), {"title": TITLES[1], "book": editions[0]}
    )
    counts = [counted(connection, editions[0])]
    for followed in (2, 2, 1, 0):
        assert connection.scalar(text("SELECT search_follow_reviews(2)")) == followed
        counts.append(counted(connection, editions[0]))
    assert counts == sorted(counts)
    assert counts[0] == (1, 1)
    assert counts[-1] == (5, 17)
    kept = state(connection)
    connection.execute(text("SELECT search_rebuild()"))
    assert state(connection) == kept


def test_a_plan_that_few_reviews_left_behind_does_not_cost_many_the_square_of_their_number(
    connection: Connection,
) -> None:
    review = "INSERT INTO reviews (book_id, reader_id, rating, text) SELECT b.id, r.id, 3, '' FROM books b, readers r"
    rate = "UPDATE reviews SET rating = 1 + rating % 5"
    add_readers = (
        "INSERT INTO readers (name, name_key, password_hash) SELECT 'R' || n, 'r' || n, '' FROM generate_series"
    )
    connection.execute(text("DELETE FROM books"))
    insert(connection, "9794440000001", "The Left Hand", "U. Le Guin", 1969)
    connection.execute(text(f"{add_readers}(1, 1) AS n"))
    connection.exec_driver_sql(COMMIT)
    connection.execute(text(review))
    for _ in range(12):  # after the fifth, PL/pgSQL may keep a plan
        connection.execute(text(rate))
    connection.execute(text("DELETE FROM reviews"))
    connection.execute(text(f"{add_readers}(2, {MANY}) AS n"))
    connection.execute(text(review))
    before = rows_read(connection)
    connection.execute(text(rate))
    connection.execute(text("DELETE FROM reviews"))
    assert rows_read(connection) - before < 20 * MANY


def rows_read(connection: Connection) -> int:
    """Return how many rows this transaction has read of the reviews' works, by whatever plan."""
    read: int = connection.execute(
        text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'search_reviews'")
    ).scalar_one()
    return read
