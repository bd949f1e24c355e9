"""Reviews in API v1: sorting and filtering them, exact ratings, helpful votes, and one's own older ones."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from flyleaf.database import Database
from tests.fixture_types import AddBook, Select
from tests.problems import problem, wrong
from tests.site import Site
from tests.tokens import bearer, new_token
from tests.views.test_ratings import half_stars

__all__ = ["half_stars"]

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
READERS = "INSERT INTO readers (name, name_key, password_hash) SELECT n, n, '' FROM generate_series(1, 12) AS n"
REVIEWS = """
    INSERT INTO reviews (book_id, reader_id, rating, text, language, created_at)
    SELECT b.id, r.id, 1 + CAST(r.name AS int) % 5, r.name,
           CASE WHEN CAST(r.name AS int) % 3 = 0 THEN 'pt' ELSE 'en' END,
           now() - make_interval(days => CAST(r.name AS int))
      FROM books AS b, readers AS r
     WHERE r.name_key ~ '^[0-9]+$'
"""

FIRST = """
    INSERT INTO reviews (book_id, reader_id, rating, text)
    SELECT b.id, r.id, 5, 'First.' FROM books AS b, readers AS r WHERE r.name = 'Alice'
"""


def all_pages(client: FlaskClient, address: str, headers: dict[str, str], **asked: str) -> list[dict[str, Any]]:
    """The items of a list, by its cursors."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        found = client.get(address, headers=headers, query_string=asked | ({"cursor": cursor} if cursor else {}))
        assert found.status_code == 200, found.text
        items += found.get_json()["items"]
        cursor = found.get_json()["next_cursor"]
    return items


class TestOfOthers:
    @pytest.fixture
    def address(self, client: FlaskClient, dune: str, select: Select) -> str:
        """The address of the twelve reviews of a work, by readers 1 to 12, the first one's the newest."""
        select(READERS)
        select(REVIEWS)
        return f"/api/v1/works/{client.get(f'/api/v1/editions/{dune}').get_json()['work_id']}/reviews"

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
            ({"order": "rating"}, [4, 9, 3, 8, 2, 7, 12, 1, 6, 11, 5, 10]),
            ({"rating": "5"}, [4, 9]),
            ({"language": "pt"}, [3, 6, 9, 12]),
            ({"language": "pt", "rating": "4"}, [3]),
            ({"language": "de"}, []),
        ],
    )
    def test_they_are_sorted_and_filtered(
        self, client: FlaskClient, reader: dict[str, str], address: str, asked: dict[str, str], names: list[int]
    ) -> None:
        assert [int(one["reader"]) for one in all_pages(client, address, reader, **asked)] == names

    def test_what_was_found_helpful_comes_first_and_a_vote_counts_once(
        self, client: FlaskClient, writer: dict[str, str], address: str
    ) -> None:
        ninth = next(one for one in all_pages(client, address, writer) if one["reader"] == "9")
        assert (ninth["helpful_count"], ninth["found_helpful"]) == (0, False)
        vote = f"/api/v1/reviews/{ninth['id']}/helpful"
        assert [client.put(vote, headers=writer).status_code for _ in range(2)] == [204, 204]
        first = all_pages(client, address, writer, order="helpful")[0]
        assert (first["reader"], first["helpful_count"], first["found_helpful"]) == ("9", 1, True)
        assert [client.delete(vote, headers=writer).status_code for _ in range(2)] == [204, 204]
        assert all_pages(client, address, writer, order="newest")[8]["helpful_count"] == 0

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"order": "size"}, "order"),
            ({"rating": "6"}, "rating"),
            ({"language": "xx"}, "language"),
            ({"cursor": "5-1-1"}, "cursor"),
            ({"cursor": "x"}, "cursor"),
            ({"order": "rating", "cursor": "1" * 30}, "cursor"),
        ],
    )
    def test_a_wrong_parameter_is_named(
        self, client: FlaskClient, reader: dict[str, str], address: str, asked: dict[str, str], field: str
    ) -> None:
        assert wrong(client.get(address, headers=reader, query_string=asked)) == {field}


class TestVotes:
    def test_one_s_own_review_and_what_one_can_t_see_are_not_found(
        self, client: FlaskClient, bob: Site, writer: dict[str, str], dune: str, select: Select
    ) -> None:
        own = client.put(f"/api/v1/editions/{dune}/review", headers=writer, json={"rating": 4}).get_json()["id"]
        bob.review(dune, 2, "Hush.")
        other = select("SELECT max(id) FROM reviews")
        select("UPDATE reviews SET is_private = true WHERE reader_id <> (SELECT id FROM readers WHERE name = 'Alice')")
        for review in (own, other, 999_999):
            problem(client.put(f"/api/v1/reviews/{review}/helpful", headers=writer), 404)
            problem(client.delete(f"/api/v1/reviews/{review}/helpful", headers=writer), 404)

    def test_a_token_that_may_only_read_doesn_t_vote(
        self, client: FlaskClient, bob: Site, reader: dict[str, str], dune: str, select: Select
    ) -> None:
        bob.review(dune, 2, "Sand.")
        problem(client.put(f"/api/v1/reviews/{select('SELECT id FROM reviews')}/helpful", headers=reader), 403)
        assert select("SELECT count(*) FROM helpful_votes") == 0


class TestOwn:
    @pytest.mark.usefixtures("half_stars")
    def test_half_stars_are_kept_where_the_site_has_them(
        self, client: FlaskClient, writer: dict[str, str], dune: str, select: Select
    ) -> None:
        address = f"/api/v1/editions/{dune}/review"
        review = client.put(address, headers=writer, json={"rating": 3.5, "text": "Sand."}).get_json()
        assert (review["rating"], review["exact_rating"]) == (4, 3.5)
        assert client.put(address, headers=writer, json={"rating": 0.5}).get_json()["exact_rating"] == 0.5
        assert client.put(address, headers=writer, json={"rating": 4}).get_json()["exact_rating"] is None
        assert wrong(client.put(address, headers=writer, json={"rating": 4.25})) == {"rating"}
        # A quarter, which an import brought, stays if a program sends back what it was told.
        select("UPDATE reviews SET rating = 3, exact_rating = 3.25")
        for rating in (3.25, 3):
            kept = client.put(address, headers=writer, json={"rating": rating, "text": "Much sand."}).get_json()
            assert (kept["rating"], kept["exact_rating"], kept["text"]) == (3, 3.25, "Much sand.")

    def test_of_two_at_once_the_second_changes_the_first(
        self, client: FlaskClient, writer: dict[str, str], dune: str, database: Database, select: Select
    ) -> None:
        with ThreadPoolExecutor(1) as pool:
            with database.transaction() as connection:
                connection.execute(text(FIRST))
                address = f"/api/v1/editions/{dune}/review"
                second = pool.submit(client.put, address, headers=writer, json={"rating": 2, "text": "Second."})
                while not second.done() and not connection.scalar(text(WAITS)):
                    connection.execute(text("SELECT pg_sleep(0.01)"))
            assert second.result(10).get_json()["text"] == "Second."
        assert select("SELECT count(*) FROM reviews WHERE rating = 2") == 1

    def test_elsewhere_a_rating_is_whole(self, client: FlaskClient, writer: dict[str, str], dune: str) -> None:
        refused = client.put(f"/api/v1/editions/{dune}/review", headers=writer, json={"rating": 3.5})
        assert problem(refused, 422)["detail"] == "rating: Send one of 1, 2, 3, 4, 5."

    def test_its_language_stays_until_it_is_changed_or_the_text_goes(
        self, client: FlaskClient, writer: dict[str, str], dune: str
    ) -> None:
        address = f"/api/v1/editions/{dune}/review"
        spoken = [
            client.put(address, headers=writer, json={"rating": 3, "text": "Areia.", **more}).get_json()["language"]
            for more in ({"language": "pt"}, {}, {"language": None}, {"language": "es"}, {"text": ""})
        ]
        assert spoken == ["pt", "pt", None, "es", None]
        assert wrong(client.put(address, headers=writer, json={"rating": 3, "language": "Martian"})) == {"language"}

    def test_an_older_review_of_the_same_work_is_deleted_by_its_id(
        self, client: FlaskClient, bob: Site, writer: dict[str, str], add_book: AddBook
    ) -> None:
        dune, other = add_book(), add_book("9780140449136", "Crime and Punishment")
        for edition in (dune, other):
            client.put(f"/api/v1/editions/{edition}/review", headers=writer, json={"rating": 4})
        own = {one["identifier"]: one["id"] for one in all_pages(client, "/api/v1/me/reviews", writer)}
        stranger = bearer(new_token(bob, "write"))
        problem(client.delete(f"/api/v1/me/reviews/{own[dune]}", headers=stranger), 404)
        assert client.delete(f"/api/v1/me/reviews/{own[dune]}", headers=writer).status_code == 204
        problem(client.delete(f"/api/v1/me/reviews/{own[dune]}", headers=writer), 404)
        assert [one["identifier"] for one in all_pages(client, "/api/v1/me/reviews", writer)] == [other]

    def test_a_review_says_which_edition_it_was_written_about(
        self, client: FlaskClient, bob: Site, reader: dict[str, str], add_book: AddBook
    ) -> None:
        add_book("9780441172719", language="en")
        add_book("9783453305236", language="de")
        bob.review("9783453305236", 5, "Sand.")
        work = client.get("/api/v1/editions/9780441172719").get_json()["work_id"]
        [review] = all_pages(client, f"/api/v1/works/{work}/reviews", reader)
        assert review["edition"] == "9783453305236"
