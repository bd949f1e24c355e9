"""Many ratings by new accounts at once do not count until a moderator or a week has passed."""

import pytest
from sqlalchemy import text

from flyleaf.database import Database
from flyleaf.limits import NEW_ACCOUNT_RATINGS
from flyleaf.queries.held_ratings import count_due_ratings
from flyleaf.queries.readers import insert_reader
from flyleaf.queries.reviews import insert_review, update_review
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.site import Site, hidden_fields
from tests.uploads import DUNE, HEADER, brought, press

WAITING = "ratings of new accounts wait to be counted."


@pytest.fixture
def old(alice: Site, dune: str, select: Select) -> None:
    """Alice has been here for long, and gave Dune five stars."""
    select("UPDATE readers SET created_at = now() - interval '1 year'")
    alice.review(dune, 5, "Sand.")


@pytest.fixture
def mo(visit: Visit, select: Select) -> Site:
    mo = visit().registered("Mo")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Mo'")
    return mo


def rate(database: Database, isbn: str, name: str, rating: int = 1, *, is_private: bool = False) -> int:
    """Let a new account rate a book; its id."""
    with database.engine.begin() as connection:
        reader = insert_reader(connection, name, "")
        assert reader is not None
        book = connection.scalar(text("SELECT id FROM books WHERE isbn = :isbn"), {"isbn": isbn})
        assert insert_review(connection, book, reader.id, rating, name, is_private=is_private)
        return reader.id


def rate_often(database: Database, isbn: str, count: int, prefix: str = "New") -> None:
    for number in range(count):
        rate(database, isbn, f"{prefix} {number}")


def score(site: Site, isbn: str) -> tuple[int, float | None]:
    answer = site.get(f"/api/{isbn}").get_json()
    return answer["review_count"], answer["average_score"]


def test_fifty_ratings_of_new_accounts_do_not_move_the_average(
    alice: Site, old: None, dune: str, database: Database
) -> None:
    rate_often(database, dune, 50)
    assert score(alice, dune) == (1, 5.0)
    page = alice.get(f"/books/{dune}").text
    assert f"50 {WAITING}" in page
    assert "New 0" not in page
    found = alice.get("/api/search?q=dune").get_json()["results"][0]
    assert (found["review_count"], found["average_score"]) == (1, 5.0)
    assert alice.get("/readers/New%200").text.count('class="review"') == 0


def test_fifty_at_the_same_moment_do_not_either(
    alice: Site, old: None, dune: str, database: Database, together: Together
) -> None:
    together(*[lambda start=start: rate_often(database, dune, 25, f"Of {start}") for start in range(2)])
    assert score(alice, dune) == (1, 5.0)
    assert f"50 {WAITING}" in alice.get(f"/books/{dune}").text


def test_a_rating_writes_none_of_those_that_are_held_already(
    old: None, dune: str, database: Database, select: Select
) -> None:
    rate_often(database, dune, NEW_ACCOUNT_RATINGS + 1)
    # A row that is written or locked gets the transaction's number.
    rows = "SELECT string_agg(concat_ws(' ', id, xmin, xmax), ',' ORDER BY id) FROM reviews WHERE text <> 'Late'"
    before = select(rows)
    rate(database, dune, "Late")
    assert select(rows) == before
    assert select("SELECT count(*) FROM reviews WHERE counts_from IS NOT NULL") == NEW_ACCOUNT_RATINGS + 2


def test_some_new_friends_count_at_once(alice: Site, old: None, dune: str, database: Database) -> None:
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    assert score(alice, dune)[0] == 1 + NEW_ACCOUNT_RATINGS
    assert "wait to be counted" not in alice.get(f"/books/{dune}").text


def test_other_works_and_private_ratings_do_not_add_up(
    alice: Site, old: None, dune: str, add_book: AddBook, database: Database
) -> None:
    other = add_book("9780141439518", title="Emma", author="Jane Austen")
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    rate_often(database, other, NEW_ACCOUNT_RATINGS, "Other")
    for number in range(3):
        rate(database, dune, f"Private {number}", is_private=True)
    assert score(alice, dune)[0] == 1 + NEW_ACCOUNT_RATINGS
    assert score(alice, other)[0] == NEW_ACCOUNT_RATINGS


def test_editions_of_one_work_add_up(alice: Site, old: None, dune: str, add_book: AddBook, database: Database) -> None:
    german = add_book("9783453317178", language="de")
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    rate_often(database, german, 1, "German")
    assert score(alice, dune) == score(alice, german) == (1, 5.0)


def test_accounts_older_than_a_day_count_meanwhile(
    alice: Site, bob: Site, old: None, dune: str, database: Database, select: Select
) -> None:
    rate_often(database, dune, 10)
    select("UPDATE readers SET created_at = now() - interval '25 hours' WHERE name = 'Bob'")
    bob.review(dune, 3)
    assert score(alice, dune) == (2, 4.0)


def test_a_private_rating_that_becomes_public_is_judged_then(
    alice: Site, old: None, dune: str, database: Database
) -> None:
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    late = rate(database, dune, "Late", is_private=True)
    with database.engine.begin() as connection:
        book = connection.scalar(text("SELECT id FROM books"))
        update_review(connection, book, late, 1, "", is_private=False)
    assert score(alice, dune) == (1, 5.0)


def test_its_reader_sees_that_it_waits(
    alice: Site, bob: Site, old: None, dune: str, database: Database, select: Select
) -> None:
    select("UPDATE readers SET created_at = now() WHERE name = 'Bob'")
    bob.review(dune, 2, "Dust.")
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    for page in (f"/books/{dune}", "/readers/Bob"):
        assert "Many new accounts rated this book at once." in bob.get(page).text
        assert "Dust." not in alice.get(page).text


def test_after_a_week_they_count_by_themselves(
    alice: Site, old: None, dune: str, database: Database, select: Select
) -> None:
    rate_often(database, dune, 15)
    select("UPDATE reviews SET counts_from = counts_from - interval '6 days' WHERE counts_from IS NOT NULL")
    with database.engine.begin() as connection:
        assert not count_due_ratings(connection)
    select("UPDATE reviews SET counts_from = counts_from - interval '1 day' WHERE counts_from IS NOT NULL")
    with database.engine.begin() as connection:
        assert count_due_ratings(connection)
        assert not count_due_ratings(connection)
    assert score(alice, dune) == (16, 1.25)
    assert "wait to be counted" not in alice.get(f"/books/{dune}").text


def test_a_moderator_counts_them(alice: Site, mo: Site, old: None, dune: str, database: Database) -> None:
    rate_often(database, dune, 15)
    page = mo.get("/moderation/ratings").text
    assert "15 ratings" in page
    assert "Dune" in page
    answer = mo.submit("/moderation/ratings", f"/moderation/ratings/{dune}/count")
    assert answer.status_code == 303
    assert score(alice, dune) == (16, 1.25)
    assert "No ratings are waiting." in mo.get("/moderation/ratings").text
    rate_often(database, dune, 1, "Another")
    assert score(alice, dune)[0] == 17


def test_a_moderator_refuses_them_for_good(
    alice: Site, mo: Site, old: None, dune: str, database: Database, select: Select
) -> None:
    rate_often(database, dune, 15)
    assert mo.submit("/moderation/ratings", f"/moderation/ratings/{dune}/refuse").status_code == 303
    with database.engine.begin() as connection:
        assert not count_due_ratings(connection)
    assert score(alice, dune) == (1, 5.0)
    assert "wait to be counted" not in alice.get(f"/books/{dune}").text
    assert "refused held ratings" in select("SELECT detail::text FROM events WHERE kind = 'moderated'")


@pytest.mark.parametrize("decision", ["refuse", None])
def test_a_rating_that_is_deleted_and_given_again_is_still_held_or_refused(
    decision: str | None, alice: Site, bob: Site, mo: Site, old: None, dune: str, database: Database, select: Select
) -> None:
    """Bob's account is older than a day by then."""
    select("UPDATE readers SET created_at = now() WHERE name = 'Bob'")
    bob.review(dune, 1, "Dust.")
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    if decision:
        mo.submit("/moderation/ratings", f"/moderation/ratings/{dune}/{decision}")
    bobs = "SELECT {} FROM reviews JOIN readers ON readers.id = reader_id WHERE name = 'Bob'"
    until = select(bobs.format("counts_from::text"))
    bob.submit(f"/books/{dune}/review/delete")
    assert "Dust." not in bob.get(f"/books/{dune}").text
    assert select(bobs.format("text")) == ""
    select("UPDATE readers SET created_at = now() - interval '25 hours' WHERE name = 'Bob'")
    assert bob.review(dune, 1, "Dust.").status_code == 303
    assert "Dust." in bob.get(f"/books/{dune}").text
    assert select(bobs.format("counts_from::text")) == until
    assert (until == "infinity") == (decision == "refuse")
    assert score(alice, dune) == (1, 5.0)


def test_a_rating_that_was_deleted_while_it_was_held_is_given_freely_after_a_week(
    alice: Site, bob: Site, old: None, dune: str, database: Database, select: Select
) -> None:
    select("UPDATE readers SET created_at = now() WHERE name = 'Bob'")
    bob.review(dune, 1, "Dust.")
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    bob.submit(f"/books/{dune}/review/delete")
    select("UPDATE readers SET created_at = now() - interval '8 days' WHERE name = 'Bob'")
    select("UPDATE reviews SET counts_from = counts_from - interval '8 days' WHERE withdrawn_at IS NOT NULL")
    with database.engine.begin() as connection:
        assert count_due_ratings(connection)
    assert score(alice, dune) == (1, 5.0)
    bob.review(dune, 1, "Sand.")
    assert score(alice, dune) == (2, 3.0)


def test_who_comes_second_is_told(mo: Site, old: None, dune: str, database: Database) -> None:
    rate_often(database, dune, 15)
    for status in (303, 409):
        token = {"csrf_token": _token(mo)}
        assert mo.client.post(f"/moderation/ratings/{dune}/count", data=token).status_code == status


def _token(site: Site) -> str:
    return hidden_fields(site.get("/account/delete").text)["csrf_token"]


def test_only_moderators_see_and_decide(bob: Site, old: None, dune: str, database: Database) -> None:
    rate_often(database, dune, 15)
    assert bob.get("/moderation/ratings").status_code == 404
    token = {"csrf_token": _token(bob)}
    for action in ("count", "refuse"):
        assert bob.client.post(f"/moderation/ratings/{dune}/{action}", data=token).status_code == 404
    assert score(bob, dune) == (1, 5.0)


def test_ratings_that_new_accounts_bring_in_files_are_held_too(
    alice: Site, visit: Visit, old: None, dune: str, database: Database
) -> None:
    def bring(name: str) -> None:
        site = visit().registered(name)
        page = brought(site, HEADER + DUNE)
        press(site, page, "commit")

    bring("Sue")
    rate_often(database, dune, NEW_ACCOUNT_RATINGS - 1)
    assert score(alice, dune)[0] == 1 + NEW_ACCOUNT_RATINGS
    bring("Tom")
    assert score(alice, dune) == (1, 5.0)
    assert f"{NEW_ACCOUNT_RATINGS + 1} {WAITING}" in alice.get(f"/books/{dune}").text


@pytest.mark.parametrize("by", ["a file", "a program"])
def test_a_public_rating_that_is_replaced_is_judged_again(
    alice: Site, visit: Visit, old: None, dune: str, database: Database, select: Select, by: str
) -> None:
    """A moderator has counted Sue's first rating, so it was none of the new ones."""
    sue = visit().registered("Sue")
    sue.review(dune, 5, "Mine.")
    select("UPDATE reviews SET is_new = false")
    rate_often(database, dune, NEW_ACCOUNT_RATINGS)
    assert score(alice, dune)[0] == 2 + NEW_ACCOUNT_RATINGS
    if by == "a file":
        page = brought(sue, HEADER + DUNE)
        sue.submit(page, f"{page}/rows", **{"row-1": "write", "replace-1": "1"})
        press(sue, page, "commit")
    else:  # which says nothing of whether it is private
        with database.engine.begin() as connection:
            reader = connection.scalar(text("SELECT id FROM readers WHERE name = 'Sue'"))
            update_review(connection, connection.scalar(text("SELECT id FROM books")), reader, 1, "")
    assert score(alice, dune) == (1, 5.0)
