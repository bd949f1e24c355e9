"""Reviews, below the pages: the order, and the reader in every statement."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from flyleaf.database import Database
from flyleaf.limits import REVIEWS_ON_A_PAGE
from flyleaf.paging import NEWEST, Page, Place
from flyleaf.queries.listed_reviews import select_reviews
from flyleaf.queries.reviews import Review, delete_review, insert_review, select_review, update_review
from tests.fixture_types import Select
from tests.queries.conftest import add_reader, key

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def test_reviews_of_one_moment_have_an_order(connection: Connection, book_id: int) -> None:
    """All of them are written in one transaction, at one time."""
    readers = [add_reader(connection, f"Reader {n}") for n in range(2 * REVIEWS_ON_A_PAGE)]
    for reader in readers:
        insert_review(connection, book_id, reader.id, 3, reader.name)
    names = [reader.name for reader in reversed(readers)]
    first = select_reviews(connection, book_id, NEWEST, without_reader_id=0)
    second = select_reviews(connection, book_id, key(first.next), without_reader_id=0)
    assert [review.reader_name for review in first.items + second.items] == names
    assert (first.previous, second.next) == (None, None)


def read_through(connection: Connection, book_id: int, place: Place | None) -> Iterator[Page[Review]]:
    """The pages from a place on, in the direction in which it looks."""
    while place is not None:
        page = select_reviews(connection, book_id, key(place), without_reader_id=0)
        yield page
        place = page.previous if key(place).newer else page.next


def test_pages_of_older_and_of_newer_reviews_are_the_same(connection: Connection, book_id: int) -> None:
    for number in range(3 * REVIEWS_ON_A_PAGE):
        insert_review(connection, book_id, add_reader(connection, f"Reader {number}").id, 3, "")
    down = list(read_through(connection, book_id, NEWEST))
    up = list(read_through(connection, book_id, down[-1].previous))
    assert [page.items for page in reversed(up)] == [page.items for page in down[:-1]]
    assert up[-1].previous is None


def test_the_first_page_is_full_although_reviews_came_in_between(connection: Connection, book_id: int) -> None:
    readers = [add_reader(connection, f"Reader {n}") for n in range(2 * REVIEWS_ON_A_PAGE + 1)]
    for reader in readers[:-1]:
        insert_review(connection, book_id, reader.id, 3, "")
    first = select_reviews(connection, book_id, NEWEST, without_reader_id=0)
    second = select_reviews(connection, book_id, key(first.next), without_reader_id=0)
    insert_review(connection, book_id, readers[-1].id, 3, "")
    assert second.next is None
    above = select_reviews(connection, book_id, key(second.previous), without_reader_id=0)
    assert len(above.items) == REVIEWS_ON_A_PAGE
    assert above.previous is not None
    top = select_reviews(connection, book_id, key(above.previous), without_reader_id=0)
    assert top.items[0].reader_name == readers[-1].name
    assert len(top.items) == REVIEWS_ON_A_PAGE


def written(connection: Connection, book_id: int, reader_id: int) -> Review:
    review = select_review(connection, book_id, reader_id)
    assert review is not None
    return review


def test_a_review_is_new_once(connection: Connection, book_id: int) -> None:
    alice = add_reader(connection, "Alice")
    assert insert_review(connection, book_id, alice.id, 3, "First.") is True
    assert insert_review(connection, book_id, alice.id, 5, "Second.") is False
    assert written(connection, book_id, alice.id).text == "First."


def test_an_unchanged_review_has_no_time_of_change(connection: Connection, book_id: int) -> None:
    alice = add_reader(connection, "Alice")
    insert_review(connection, book_id, alice.id, 3, "First.")
    assert written(connection, book_id, alice.id).edited_at is None
    assert update_review(connection, book_id, alice.id, 4, "Second.") is True
    assert written(connection, book_id, alice.id).edited_at is not None


def test_a_change_that_says_nothing_of_it_leaves_private_what_has_just_become_so(
    database: Database, dune: str, select: Select
) -> None:
    """A program changes the stars, and finds the review public, while its reader makes it private on the page."""
    with database.transaction() as connection:
        alice = add_reader(connection, "Alice")
        book_id = connection.scalar(text("SELECT id FROM books"))
        insert_review(connection, book_id, alice.id, 3, "Mine.")

    def change_stars() -> bool:
        with database.transaction() as connection:
            return update_review(connection, book_id, alice.id, 4, "Mine.")

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            update_review(connection, book_id, alice.id, 3, "Mine.", is_private=True)
            changed = pool.submit(change_stars)
            while not connection.scalar(text(WAITS)):
                connection.execute(text("SELECT pg_sleep(0.01)"))
        assert changed.result(10)
    assert select("SELECT is_private FROM reviews WHERE rating = 4")


def test_nothing_happens_where_there_is_no_review(connection: Connection, book_id: int) -> None:
    alice, bob = (add_reader(connection, name) for name in ("Alice", "Bob"))
    insert_review(connection, book_id, alice.id, 3, "Alice's.")
    assert update_review(connection, book_id, bob.id, 1, "Bob's.") is False
    review_id = written(connection, book_id, alice.id).id
    assert delete_review(connection, review_id, bob.id) is False
    assert delete_review(connection, review_id + 1, alice.id) is False
    assert written(connection, book_id, alice.id).text == "Alice's."


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_the_database_itself_refuses_other_ratings(connection: Connection, book_id: int, rating: int) -> None:
    alice = add_reader(connection, "Alice")
    with pytest.raises(Exception, match="rating"), connection.begin_nested():
        insert_review(connection, book_id, alice.id, rating, "")


def test_the_counts_match_the_reviews(connection: Connection, book_id: int) -> None:
    readers = [add_reader(connection, f"Reader {n}") for n in range(7)]
    for n, reader in enumerate(readers):
        insert_review(connection, book_id, reader.id, 1 + n % 5, "")
    update_review(connection, book_id, readers[0].id, 5, "")
    update_review(connection, book_id, readers[1].id, 2, "the same stars")
    delete_review(connection, written(connection, book_id, readers[2].id).id, readers[2].id)
    counted = connection.execute(text("SELECT count(*), sum(rating) FROM reviews")).one()
    kept = connection.execute(text("SELECT review_count, rating_sum FROM rating_counts")).one()
    assert tuple(kept) == tuple(counted)


def test_the_counts_go_with_the_book(connection: Connection, book_id: int) -> None:
    alice = add_reader(connection, "Alice")
    insert_review(connection, book_id, alice.id, 3, "")
    connection.execute(text("DELETE FROM books"))
    assert connection.scalar(text("SELECT count(*) FROM reviews")) == 0
    assert connection.scalar(text("SELECT count(*) FROM rating_counts")) == 0
