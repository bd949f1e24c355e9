"""Reviews belong to works: every edition's page shows all of them, and a reader has one of each work."""

import json
import re
from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from flyleaf.database import Database
from flyleaf.queries.work_corrections import merge_works, undo_work_correction
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.markup import part
from tests.site import PASSWORD, Site, hidden_fields

GERMAN = "9783453317178"
SENTENCE = "Only you see this review, and it doesn’t count"


@pytest.fixture
def german(dune: str, add_book: AddBook) -> str:
    """The ISBN of another edition of Dune."""
    return add_book(GERMAN, publisher="Heyne", language="de", year=2016)


@pytest.fixture
def planet(add_book: AddBook) -> str:
    """The ISBN of a book that proves to be an edition of Dune only when its title is mended."""
    return add_book("9783453305236", title="Der Wüstenplanet", publisher="Heyne", year=2001)


def mend(select: Select, isbn: str, title: str = "Dune") -> None:
    select("UPDATE books SET title = :title WHERE isbn = :isbn", isbn=isbn, title=title)


def scores(client: FlaskClient, *isbns: str) -> list[tuple[int, float | None]]:
    answers = [client.get(f"/api/{isbn}").get_json() for isbn in isbns]
    return [(answer["review_count"], answer["average_score"]) for answer in answers]


def test_every_edition_shows_the_reviews_of_all(alice: Site, bob: Site, dune: str, german: str) -> None:
    alice.review(dune, 5, "Much sand.")
    bob.review(german, 2, "Viel Sand.")
    for isbn in (dune, german):
        text = alice.get(f"/books/{isbn}").text
        assert "Much sand." in text
        assert "Viel Sand." in text
        assert "2 reviews" in text
        assert "<strong>3.5</strong>" in text


def test_a_review_says_which_edition_it_is_about_where_that_differs(
    alice: Site, bob: Site, dune: str, german: str
) -> None:
    bob.review(german, 2, "Viel Sand.")
    about = part(r"<p class=\"quiet-line\">Written about another edition:.*?</p>", alice.get(f"/books/{dune}").text)
    for fact in (f'href="/books/{german}"', "Dune", "Heyne", "2016", "German"):
        assert fact in about
    assert "Written about another edition:" not in alice.get(f"/books/{german}").text
    assert "Written about another edition:" in bob.get(f"/books/{dune}").text, "one's own says so, too"


def test_the_own_review_is_changed_and_deleted_on_every_edition(
    alice: Site, bob: Site, dune: str, german: str, client: FlaskClient
) -> None:
    alice.review(dune, 5, "Much sand.")
    page = alice.get(f"/books/{german}").text
    assert "Your review" in page
    assert f'action="/books/{german}/review"' not in page
    address = f"/books/{german}/review/edit"
    assert "Much sand." in alice.get(address).text
    assert alice.submit(address, rating="3", text="Some sand.").status_code == 303
    assert "Some sand." in bob.get(f"/books/{dune}").text
    assert scores(client, dune, german) == [(1, 3.0), (1, 3.0)]
    assert "Written about another edition:" not in alice.get(f"/books/{dune}").text, (
        "it is still about the one it was written about"
    )
    assert alice.submit(f"/books/{german}/review/delete").status_code == 303
    assert scores(client, dune, german) == [(0, None), (0, None)]


def test_a_second_review_of_a_work_is_refused_and_offered_as_a_change(
    alice: Site, bob: Site, dune: str, german: str, client: FlaskClient
) -> None:
    alice.review(dune, 5, "Much sand.")
    answer = alice.review(german, 1, "No sand.")
    assert answer.status_code == 409
    assert "You have already reviewed this book" in answer.text
    assert "No sand." in answer.text
    assert f'Written about another edition:\n  <a href="/books/{dune}"' in answer.text
    assert f'action="/books/{german}/review/edit"' in answer.text
    fields = hidden_fields(answer.text) | {"rating": "1", "text": "No sand."}
    assert alice.client.post(f"/books/{german}/review/edit", data=fields).status_code == 303
    assert scores(client, dune) == [(1, 1.0)]
    assert "No sand." in bob.get(f"/books/{dune}").text


def test_of_reviews_of_two_editions_at_once_one_is_refused(
    alice: Site, visit: Visit, together: Together, dune: str, german: str, client: FlaskClient, select: Select
) -> None:
    for _ in range(3):
        select("DELETE FROM reviews")
        browsers = [visit().logged_in("Alice") for _ in range(4)]
        tokens = [hidden_fields(browser.get(f"/books/{dune}").text) for browser in browsers]
        clicks = [
            partial(browser.client.post, f"/books/{isbn}/review", data=token | {"rating": "4"})
            for isbn, browser, token in zip([dune, german] * 2, browsers, tokens, strict=True)
        ]
        assert sorted(answer.status_code for answer in together(*clicks)) == [303, 409, 409, 409]
        assert scores(client, dune, german) == [(1, 4.0), (1, 4.0)]


def test_where_works_are_joined_the_newer_review_counts_and_where_they_part_both_do(
    alice: Site, bob: Site, dune: str, planet: str, client: FlaskClient, select: Select
) -> None:
    alice.review(planet, 1, "Staub.")
    alice.review(dune, 5, "Much sand.")
    bob.review(planet, 3, "Wüste.")
    mend(select, planet)
    assert scores(client, dune, planet) == [(2, 4.0), (2, 4.0)]
    for isbn in (dune, planet):
        page = alice.get(f"/books/{isbn}").text
        assert page.index("Your review") < page.index("Much sand.") < page.index("Your earlier review")
        assert page.index("Your earlier review") < page.index("Staub.") < page.index(SENTENCE)
        page = bob.get(f"/books/{isbn}").text
        assert "Much sand." in page
        assert "Staub." not in page
    assert SENTENCE in alice.get("/readers/Alice").text
    profile = bob.get("/readers/Alice").text
    assert "Staub." not in profile
    assert "1 review<" in profile
    found = {
        review["text"]: review["is_superseded"] for review in json.loads(alice.get("/account/data").data)["reviews"]
    }
    assert found == {"Much sand.": False, "Staub.": True}
    mend(select, planet, "Der Wüstenplanet")
    assert scores(client, dune, planet) == [(1, 5.0), (2, 2.0)]
    page = bob.get(f"/books/{planet}").text
    assert "Staub." in page
    assert "Much sand." not in page
    assert SENTENCE not in alice.get(f"/books/{planet}").text


def test_undoing_a_merge_gives_every_review_and_rating_back(
    alice: Site, bob: Site, dune: str, planet: str, client: FlaskClient, database: Database, select: Select
) -> None:
    """Not a row of the reviews or of their counts differs, and what is derived equals what was there."""
    alice.review(planet, 1, "Staub.")
    alice.review(dune, 5, "Much sand.")
    bob.review(planet, 3, "Wüste.")
    tables = {
        "reviews": "id", "rating_counts": "book_id", "search_reviews": "review_id", "search_ratings": "work_id",
    }  # fmt: skip
    everything = [f"SELECT * FROM {table} ORDER BY {key}" for table, key in tables.items()]

    def kept() -> list[list[tuple[object, ...]]]:
        with database.transaction() as connection:
            return [[tuple(row) for row in connection.execute(text(statement))] for statement in everything]

    before = kept()
    one, other = (select("SELECT id FROM books WHERE isbn = :isbn", isbn=isbn) for isbn in (planet, dune))
    with database.transaction() as connection:
        correction = merge_works(connection, one, other, None, None)
        assert correction is not None
    assert scores(client, dune, planet) == [(2, 4.0), (2, 4.0)]
    with database.transaction() as connection:
        assert undo_work_correction(connection, correction, None)
    assert scores(client, dune, planet) == [(1, 5.0), (2, 2.0)]
    assert kept() == before


def test_who_deletes_the_newer_review_has_the_older_one_again(
    alice: Site, dune: str, planet: str, client: FlaskClient, select: Select
) -> None:
    alice.review(planet, 1, "Staub.")
    alice.review(dune, 5, "Much sand.")
    mend(select, planet)
    alice.submit(f"/books/{planet}/review/delete")
    assert scores(client, dune) == [(1, 1.0)]
    page = alice.get(f"/books/{dune}").text
    assert "Staub." in page
    assert "Much sand." not in page
    assert SENTENCE not in page


def test_a_superseded_review_is_deleted_alone(
    alice: Site, bob: Site, dune: str, planet: str, client: FlaskClient, select: Select
) -> None:
    alice.review(planet, 1, "Staub.")
    older = select("SELECT max(id) FROM reviews")
    alice.review(dune, 5, "Much sand.")
    mend(select, planet)
    address = f"/books/{dune}/review/delete?review={older}"
    for page in (f"/books/{dune}", "/readers/Alice"):
        assert f"/review/delete?review={older}" in alice.get(page).text
    assert "Staub." in alice.get(address).text
    assert bob.get(address).status_code == 404
    assert f'action="{address}"' in alice.get(address).text
    assert alice.submit(address).status_code == 303
    assert alice.get(address).status_code == 404
    page = alice.get(f"/books/{planet}").text
    assert "Staub." not in page
    assert "Much sand." in page
    mend(select, planet, "Der Wüstenplanet")
    assert scores(client, dune, planet) == [(1, 5.0), (0, None)]


def test_nobody_else_reports_a_superseded_review(
    alice: Site, bob: Site, dune: str, planet: str, select: Select
) -> None:
    alice.review(planet, 1, "Staub.")
    number = select("SELECT max(id) FROM reviews")
    alice.review(dune, 5, "Much sand.")
    mend(select, planet)
    assert bob.get(f"/reviews/{number}/report").status_code == 404
    mend(select, planet, "Der Wüstenplanet")
    assert bob.submit(f"/reviews/{number}/report").status_code == 303


def test_a_refused_review_of_one_edition_refuses_the_others(
    alice: Site, dune: str, german: str, select: Select
) -> None:
    alice.review(dune, 1, "Buy my book.")
    select("UPDATE reviews SET hidden_at = now(), hidden_reason = 'Spam'")
    assert "Spam" in alice.get(f"/books/{german}").text
    form = hidden_fields(alice.get(f"/books/{german}/review/edit").text)
    alice.submit(f"/books/{german}/review/delete")
    answer = alice.client.post(f"/books/{german}/review", data=form | {"rating": "1"})
    assert answer.status_code == 409
    assert "until a moderator" in answer.text
    page = alice.get(f"/books/{german}").text
    assert "You can’t write another review of this book until a moderator allows it." in page


def test_a_review_replaces_a_reported_and_withdrawn_one_of_another_edition(
    alice: Site, bob: Site, dune: str, german: str, select: Select
) -> None:
    alice.review(dune, 1, "Rude.")
    number = select("SELECT id FROM reviews")
    bob.submit(f"/reviews/{number}/report")
    alice.submit(f"/books/{dune}/review/delete")
    assert alice.review(german, 5, "Polite.").status_code == 303
    assert select("SELECT count(*) FROM reviews") == 1
    assert select("SELECT review_id FROM moderation_queue") == number, "its reports are open"
    page = bob.get(f"/books/{german}").text
    assert "Polite." in page
    assert "Written about another edition:" not in page


def test_who_leaves_takes_along_what_nobody_else_saw(
    alice: Site, bob: Site, dune: str, planet: str, client: FlaskClient, select: Select
) -> None:
    alice.review(planet, 1, "Staub.")
    alice.review(dune, 5, "Much sand.")
    mend(select, planet)
    alice.submit("/account/delete", password=PASSWORD, reviews="keep")
    assert select("SELECT string_agg(text, ' ') FROM reviews") == "Much sand."
    assert scores(client, dune, planet) == [(1, 5.0), (1, 5.0)]
    assert "Deleted account" in bob.get(f"/books/{planet}").text


def test_results_and_author_pages_have_the_counts_of_the_work(
    alice: Site, bob: Site, dune: str, german: str, add_book: AddBook, client: FlaskClient
) -> None:
    add_book("9780441104024", title="Children of Dune")
    alice.review(dune, 5)
    bob.review(german, 2)
    for query in ("dune herbert", german, dune):
        found = client.get("/api/search", query_string={"q": query}).get_json()["results"][0]
        assert (found["review_count"], found["average_score"]) == (2, 3.5), query
    for address in ("/search?q=dune herbert&has_reviews=1", "/search?q=dune herbert&order=best_rated"):
        assert "2 reviews" in alice.get(address).text, address
    assert "3.5 of 5 stars" in alice.get("/authors/Frank%20Herbert").text
    assert "3.5 of 5 stars" in alice.get("/books/9780441104024").text


def test_a_book_that_the_search_does_not_know_yet_has_its_own_reviews(
    alice: Site, bob: Site, dune: str, german: str, client: FlaskClient, select: Select
) -> None:
    """As where the search is being prepared: reviews are written, and belong to works afterwards."""
    alice.review(german, 4, "Viel Sand.")
    schema = select("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'search_%'")
    select(f"DELETE FROM {schema}.search_editions; DELETE FROM {schema}.search_reviews")
    assert scores(client, dune, german) == [(0, None), (1, 4.0)]
    assert "Viel Sand." in bob.get(f"/books/{german}").text
    assert "Your review" in alice.get(f"/books/{german}").text
    assert bob.review(german, 3, "Sandig.").status_code == 303
    assert bob.review(german, 3, "Sandig.").status_code == 409
    assert bob.submit(f"/books/{german}/review/edit", rating="2", text="Sandig.").status_code == 303
    assert scores(client, german) == [(2, 3.0)]
    select(f"SET LOCAL search_path = {schema}, public; SELECT search_rebuild()")
    assert scores(client, dune, german) == [(2, 3.0), (2, 3.0)]


def test_pages_of_reviews_go_through_all_editions(alice: Site, dune: str, german: str, select: Select) -> None:
    select(
        "INSERT INTO readers (name, name_key, password_hash)"
        " SELECT 'R' || n, 'r' || n, '' FROM generate_series(1, 45) AS n"
    )
    select(
        "INSERT INTO reviews (book_id, reader_id, rating, text, created_at)"
        " SELECT b.id, r.id, 3, 'Words of ' || r.name || '.', now() - substr(r.name, 2)::int * interval '1 hour'"
        "   FROM readers AS r JOIN books AS b"
        "     ON b.isbn = CASE substr(r.name, 2)::int % 2 WHEN 0 THEN :one ELSE :two END"
        "  WHERE r.name LIKE 'R%'",
        one=dune, two=german,
    )  # fmt: skip
    read = [re.findall(r"Words of R(\d+)\.", page) for page in alice.pages(f"/books/{dune}")]
    assert [int(number) for page in read for number in page] == list(range(1, 46))
