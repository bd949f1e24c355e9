"""Authors, series, subjects and readers in API v1."""

import pytest
from flask.testing import FlaskClient

from tests.fixture_types import AddBook, Select
from tests.problems import problem, wrong
from tests.site import Site
from tests.tokens import bearer, new_token
from tests.views.test_series import circles

__all__ = ["circles"]


class TestAuthors:
    def test_the_works_of_an_author_page_by_page(
        self, client: FlaskClient, add_book: AddBook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add_book()
        add_book("9780441104024", "Children of Dune")
        found = client.get("/api/v1/authors/frank herbert").get_json()
        assert (found["name"], found["work_count"], found["next_cursor"]) == ("Frank Herbert", 2, None)
        assert {one["title"] for one in found["items"]} == {"Dune", "Children of Dune"}
        assert found["items"][0]["identifier"] in {"9780441172719", "9780441104024"}
        assert client.get("/api/v1/authors/Frank Herbert?cursor=2").get_json()["items"] == []
        for cursor in ("0", "101", "x"):
            assert wrong(client.get(f"/api/v1/authors/Frank Herbert?cursor={cursor}")) == {"cursor"}

    @pytest.mark.parametrize("name", ["Nobody", "...", "a%00b", "a/b"])
    def test_an_author_who_is_none(self, client: FlaskClient, name: str) -> None:
        problem(client.get(f"/api/v1/authors/{name}"), 404)


class TestSeries:
    def test_the_works_of_a_series_in_order(self, client: FlaskClient, add_book: AddBook) -> None:
        add_book("9780441104024", "Dune Messiah", series="Dune #2")
        add_book("9780441172719", "Dune", series="Dune #1")
        found = client.get("/api/v1/series/dune").get_json()
        assert (found["name"], found["work_count"], found["by_author"]) == ("Dune", 2, [])
        assert [(one["number"], one["title"]) for one in found["items"]] == [("1", "Dune"), ("2", "Dune Messiah")]
        problem(client.get("/api/v1/series/Nothing"), 404)

    def test_of_a_name_that_several_have_one_has_to_choose(self, client: FlaskClient, circles: None) -> None:
        found = client.get("/api/v1/series/The Circle").get_json()
        assert (found["author"], found["items"], found["next_cursor"]) == (None, [], None)
        assert {one["author"] for one in found["by_author"]} >= {"Ted Dekker"}
        chosen = client.get("/api/v1/series/The Circle?author=Ted Dekker").get_json()
        assert (chosen["author"], chosen["by_author"]) == ("Ted Dekker", [])
        assert {one["title"] for one in chosen["items"]} == {"Black", "Red", "White", "All of them"}
        problem(client.get("/api/v1/series/The Circle?author=Nobody"), 404)


class TestSubjects:
    def test_subjects_and_their_works(self, client: FlaskClient, add_book: AddBook, select: Select) -> None:
        select("INSERT INTO subjects (id, key, name) VALUES (1, 'science-fiction', 'Science fiction')")
        add_book(subjects=[1])
        found = client.get("/api/v1/subjects").get_json()
        assert found == {"items": [{"name": "Science fiction", "work_count": 1}], "next_cursor": None}
        works = client.get("/api/v1/subjects/Science FICTION").get_json()
        assert (works["name"], works["work_count"], works["items"][0]["title"]) == ("Science fiction", 1, "Dune")
        problem(client.get("/api/v1/subjects/Nothing"), 404)


class TestBooks:
    def test_the_newest_books_come_first(self, client: FlaskClient, add_book: AddBook) -> None:
        add_book()
        add_book("9780141439587", "Emma", "Jane Austen", description="x" * 2_000)
        books = client.get("/api/v1/books/new").get_json()["items"]
        assert [book["title"] for book in books] == ["Emma", "Dune"]
        assert (books[0]["identifier"], len(books[0]["description"])) == ("9780141439587", 1_001)

    def test_an_edition_has_its_identifiers_and_what_others_think(self, client: FlaskClient, add_book: AddBook) -> None:
        address = add_book("9780441172719", identifiers=["oclc:53896777", "goodreads:44767458"], average_rating=4.25)
        edition = client.get(f"/api/v1/editions/{address}").get_json()
        assert edition["identifiers"] == ["goodreads:44767458", "oclc:53896777"]
        assert edition["external_ratings"] == [{"source": "catalogue", "average": 4.25, "ratings_count": None}]


class TestReaders:
    def test_a_profile_has_what_others_see(
        self, client: FlaskClient, bob: Site, reader: dict[str, str], dune: str, select: Select
    ) -> None:
        bob.review(dune, 4, "Sand.")
        profile = client.get("/api/v1/readers/bob", headers=reader).get_json()
        assert (profile["name"], profile["review_count"], profile["shelves"]) == ("Bob", 1, [])
        [review] = client.get("/api/v1/readers/Bob/reviews", headers=reader).get_json()["items"]
        assert (review["identifier"], review["text"]) == (dune, "Sand.")
        select("UPDATE reviews SET is_private = true")
        assert client.get("/api/v1/readers/Bob/reviews", headers=reader).get_json()["items"] == []
        assert client.get("/api/v1/readers/Bob/reviews", headers=bearer(new_token(bob))).get_json()["items"] == []
        problem(client.get("/api/v1/readers/Nobody", headers=reader), 404)
        problem(client.get("/api/v1/readers/a%00b/reviews", headers=reader), 404)
        problem(client.get("/api/v1/readers/Bob"), 401)
