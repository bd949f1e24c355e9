"""Leaving with more reviews than one request can delete: the account is closed at once, and the reviews follow."""

import pytest
from flask import Flask
from sqlalchemy import text

from flyleaf.database import Database
from flyleaf.maintenance import Maintenance
from flyleaf.queries import departures
from flyleaf.queries.departures import REVIEWS_AT_ONCE
from flyleaf.queries.held_ratings import refuse_held_ratings
from flyleaf.web.current import EXTENSION
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.markup import part
from tests.places import eventually
from tests.site import PASSWORD, Site, hidden_fields

MANY = 25
COUNTED = "SELECT coalesce(sum(rating), 0) FROM reviews WHERE hidden_at IS NULL"
KEPT = "SELECT coalesce(sum(rating_sum), 0) FROM rating_counts"


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "REVIEWS_AT_ONCE", 10)


@pytest.fixture
def maintenance(app: Flask) -> Maintenance:
    """What the site does beside requests, done only when the test says so."""
    maintenance: Maintenance = app.extensions[EXTENSION].maintenance
    maintenance.stop()
    return maintenance


@pytest.fixture
def isbn(alice: Site, bob: Site, dune: str, select: Select) -> str:
    """Of a book that Alice has reviewed, and Bob; Alice has reviewed many others."""
    alice.review(dune, 5, "Sand.")
    bob.review(dune, 1, "Dust.")
    write_reviews(select, MANY - 1)
    return dune


def write_reviews(select: Select, number: int) -> None:
    select(
        "WITH new AS (INSERT INTO books (isbn, title) SELECT to_char(n, 'fm0000000000'), 'Volume ' || n"
        " FROM generate_series(1, :number) AS n RETURNING id)"
        " INSERT INTO reviews (book_id, reader_id, rating, text, created_at)"
        " SELECT new.id, a.id, 1 + new.id % 5, '', now() - interval '1 hour' FROM new, readers AS a"
        " WHERE a.name = 'Alice'",
        number=number,
    )


def leave(site: Site, reviews: str) -> str:
    """Delete the account; what the next page says."""
    assert site.submit("/account/delete", password=PASSWORD, reviews=reviews).status_code == 303
    return part('<p class="notice".*?</p>', site.get("/").text)


@pytest.mark.parametrize("reviews", ["delete", "keep"])
def test_the_account_is_gone_at_once_and_the_reviews_follow(
    alice: Site, bob: Site, isbn: str, visit: Visit, select: Select, maintenance: Maintenance, reviews: str
) -> None:
    phone = visit().logged_in("Alice")
    notice = leave(alice, reviews)
    assert ("a few more minutes" in notice) == (reviews == "delete")
    for site in (alice, phone):
        assert site.get("/search").status_code == 303
    assert visit().submit("/login", username="Alice", password=PASSWORD).status_code == 422
    assert bob.get("/readers/Alice").status_code == 404
    page = bob.get(f"/books/{isbn}").text
    assert "Sand." in page, "it is among those that follow"
    assert "Deleted account" in page
    assert "Alice" not in page
    assert "Alice" not in select("SELECT string_agg(readers::text, ' ') FROM readers")
    steps = 1
    while select("SELECT count(*) FROM departures"):
        assert maintenance.work()
        steps += 1
        assert select(KEPT) == select(COUNTED), "at each step"
    assert steps == -(-MANY // 10)
    assert select("SELECT count(*) FROM reviews") == (1 if reviews == "delete" else MANY + 1)
    assert select("SELECT count(*) FROM reviews WHERE reader_id IS NOT NULL") == 1
    assert select("SELECT string_agg(name, ' ') FROM readers") == "Bob"
    assert select("SELECT count(*) FROM departures") == 0
    assert ("Sand." in bob.get(f"/books/{isbn}").text) == (reviews == "keep")
    assert select("SELECT count(*) FROM events WHERE kind = 'account-deleted'") == 1


def test_a_new_alice_has_nothing_of_the_one_who_is_leaving(
    alice: Site, isbn: str, visit: Visit, select: Select, maintenance: Maintenance
) -> None:
    leave(alice, "delete")
    new = visit().registered("Alice")
    assert "Sand." not in new.get("/readers/Alice").text
    assert new.review(isbn, 4, "Spice.").status_code == 303
    while maintenance.work():
        pass
    assert "Spice." in new.get(f"/books/{isbn}").text
    assert select("SELECT count(*) FROM reviews") == 2


def test_few_reviews_are_gone_with_the_request(alice: Site, dune: str, select: Select) -> None:
    alice.review(dune, 5, "Sand.")
    assert "more minutes" not in leave(alice, "delete")
    assert select("SELECT (SELECT count(*) FROM reviews) + (SELECT count(*) FROM readers)") == 0


def test_a_worker_that_is_killed_in_a_step_loses_nothing_and_leaves_nothing(
    alice: Site, isbn: str, select: Select, database: Database, maintenance: Maintenance
) -> None:
    leave(alice, "delete")
    before = select("SELECT count(*) FROM reviews"), select(KEPT)
    killed = database.engine.connect()
    departure = departures.take_departure(killed)
    assert departure is not None
    departures.continue_departure(killed, departure)
    with database.transaction() as connection:
        assert not departures.continue_next_departure(connection), "the other one has it"
    select(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle in transaction' AND pid <> pg_backend_pid()"
    )
    killed.invalidate()

    def is_gone_after_a_step() -> bool:
        maintenance.work()
        return not select("SELECT count(*) FROM departures")

    assert eventually(is_gone_after_a_step)
    assert before[0] == MANY + 1 - 10
    assert select("SELECT count(*) FROM reviews") == 1
    assert select(KEPT) == select(COUNTED) == 1


def test_a_review_that_was_under_way_goes_with_the_others(
    alice: Site, isbn: str, add_book: AddBook, select: Select, maintenance: Maintenance
) -> None:
    """The request had looked up the session before the account was deleted."""
    other = add_book("9780000000002", "Emma", "Jane Austen")
    reader_id = select("SELECT id FROM readers WHERE name = 'Alice'")
    leave(alice, "keep")
    select(
        "INSERT INTO reviews (book_id, reader_id, rating, text) SELECT id, :reader_id, 3, 'Late.' FROM books"
        " WHERE isbn = :isbn",
        reader_id=reader_id,
        isbn=other,
    )
    while maintenance.work():
        pass
    assert select("SELECT reader_id IS NULL FROM reviews WHERE text = 'Late.'")


def test_who_sends_the_form_twice_leaves_once(
    app: Flask, alice: Site, isbn: str, together: Together, select: Select, maintenance: Maintenance
) -> None:
    fields = hidden_fields(alice.get("/account/delete").text) | {"password": PASSWORD, "reviews": "delete"}
    cookies = {name: alice.cookie(name) for name in ("session", "form")}

    def send() -> int:
        browser = Site(app.test_client())
        for name, value in cookies.items():
            if value:
                browser.keep(name, value)
        return browser.client.post("/account/delete", data=fields).status_code

    assert set(together(send, send)) == {303}
    assert select("SELECT count(*) FROM events WHERE kind = 'account-deleted'") == 1


def test_two_who_leave_follow_one_after_the_other(
    alice: Site, bob: Site, isbn: str, select: Select, maintenance: Maintenance
) -> None:
    select("UPDATE reviews SET reader_id = (SELECT id FROM readers WHERE name = 'Bob') WHERE id % 2 = 0 AND text = ''")
    leave(alice, "keep")
    leave(bob, "delete")
    while maintenance.work():
        pass
    assert select("SELECT count(*) FROM readers") == 0
    assert select(KEPT) == select(COUNTED)


def test_many_votes_go_a_few_at_a_time(
    alice: Site, isbn: str, visit: Visit, select: Select, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once, ten thousands would take longer than a statement may."""
    monkeypatch.setattr(departures, "VOTES_AT_ONCE", 10)
    carol = visit().registered("Carol")
    select("INSERT INTO helpful_votes (review_id, reader_id) SELECT r.id, a.id FROM reviews AS r, readers AS a"
           " WHERE a.name = 'Carol'")  # fmt: skip
    votes = "SELECT count(*) FROM helpful_votes"
    helpful = "SELECT sum(helpful_count) FROM reviews"
    assert select(votes) == select(helpful) == MANY + 1
    leave(carol, "keep")
    left = [select(votes)]
    while maintenance.work():
        left.append(select(votes))
        assert select(helpful) == left[-1]
    assert left[:3] == [MANY + 1 - 10, MANY + 1 - 20, 0]
    assert select("SELECT count(*) FROM readers") == 2


def test_a_refused_review_is_not_kept(alice: Site, isbn: str, select: Select, maintenance: Maintenance) -> None:
    """Nobody would see it: "Sand." was refused, "Dust." is Bob's."""
    select("UPDATE reviews SET counts_from = 'infinity' WHERE text = 'Sand.'")
    leave(alice, "keep")
    while maintenance.work():
        pass
    assert select("SELECT count(*) FROM reviews") == MANY
    assert select("SELECT count(*) FROM reviews WHERE text = 'Sand.'") == 0


def test_a_kept_review_that_is_refused_later_is_deleted(
    alice: Site, isbn: str, select: Select, maintenance: Maintenance, database: Database
) -> None:
    select("UPDATE reviews SET counts_from = now() + interval '1 day' WHERE text IN ('Sand.', 'Dust.')")
    leave(alice, "keep")
    while maintenance.work():
        pass
    assert select("SELECT count(*) FROM reviews") == MANY + 1
    with database.transaction() as connection:
        assert refuse_held_ratings(connection, select("SELECT book_id FROM reviews WHERE text = 'Sand.'")) == 2
    assert select("SELECT string_agg(text, '') FROM reviews WHERE counts_from = 'infinity'") == "Dust."
    assert select("SELECT count(*) FROM reviews") == MANY


@pytest.fixture
def at_the_sites_pace(few_at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "REVIEWS_AT_ONCE", REVIEWS_AT_ONCE)


def test_the_site_itself_finishes_what_a_request_has_left(
    at_the_sites_pace: None, app: Flask, alice: Site, select: Select
) -> None:
    """Woken by the request, in the background."""
    write_reviews(select, 2 * REVIEWS_AT_ONCE + 1)
    leave(alice, "delete")
    app.extensions[EXTENSION].maintenance.start()
    assert eventually(lambda: select("SELECT count(*) FROM readers") == 0, 60)
    assert select("SELECT (SELECT count(*) FROM reviews) + (SELECT sum(review_count) FROM rating_counts)") == 0


def test_a_step_reads_only_as_many_reviews_as_it_takes(alice: Site, isbn: str, database: Database) -> None:
    """By an index, in its order, whatever else the reader has written."""
    with database.transaction() as connection:
        connection.execute(text("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            connection.scalars(
                text("EXPLAIN SELECT id FROM reviews WHERE reader_id = 1 ORDER BY created_at DESC, id DESC LIMIT 10")
            )
        )
    assert "reviews_by_reader" in plan
    assert "Sort" not in plan
