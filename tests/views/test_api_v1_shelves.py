"""Shelves in API v1: making them, what is on them, and a reader's own copies with dates and notes."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fixture_types import AddBook, Select
from tests.problems import problem, wrong
from tests.site import Site
from tests.tokens import bearer, new_token
from tests.views.test_api_v1_reviews import all_pages


@pytest.fixture
def books(client: FlaskClient, writer: dict[str, str], add_book: AddBook) -> dict[str, int]:
    """Three books on shelves, by their titles."""
    shelved = {}
    for isbn, title, author, year, shelf in (
        ("9780441172719", "Dune", "Frank Herbert", 1965, "read"),
        ("9780141439587", "Emma", "Jane Austen", 1815, "reading"),
        ("9780141439518", "Pride and Prejudice", "Jane Austen", 1813, "read"),
    ):
        address = f"/api/v1/editions/{add_book(isbn, title, author, year=year)}/shelf"
        shelved[title] = client.put(address, headers=writer, json={"shelf": shelf}).get_json()["id"]
    return shelved


@pytest.fixture
def copy(books: dict[str, int]) -> str:
    """The address of Alice's copy of Dune."""
    return f"/api/v1/me/books/{books['Dune']}"


class TestNames:
    def test_a_shelf_is_made_renamed_shown_and_deleted(
        self, client: FlaskClient, writer: dict[str, str], bob: Site
    ) -> None:
        made = client.post("/api/v1/me/shelves", headers=writer, json={"name": " Sand  and worms "})
        expected = {"name": "Sand and worms", "status": None, "is_public": False, "book_count": 0}
        assert (made.status_code, made.get_json()) == (201, expected)
        address = "/api/v1/me/shelves/sand%20AND%20worms"
        assert client.get(address, headers=writer).get_json() == expected
        problem(client.post("/api/v1/me/shelves", headers=writer, json={"name": "SAND AND WORMS"}), 409)
        changed = client.patch(address, headers=writer, json={"name": "Deserts", "is_public": True}).get_json()
        assert changed == expected | {"name": "Deserts", "is_public": True}
        problem(client.get(address, headers=writer), 404)
        seen = client.get("/api/v1/readers/alice", headers=bearer(new_token(bob))).get_json()["shelves"]
        assert [one["name"] for one in seen] == ["Deserts"]
        assert client.delete("/api/v1/me/shelves/Deserts", headers=writer).status_code == 204
        problem(client.delete("/api/v1/me/shelves/Deserts", headers=writer), 404)

    def test_one_that_everybody_has_is_shown_but_neither_renamed_nor_deleted(
        self, client: FlaskClient, writer: dict[str, str]
    ) -> None:
        address = "/api/v1/me/shelves/read"
        assert client.patch(address, headers=writer, json={"is_public": True}).get_json()["is_public"] is True
        assert client.patch(address, headers=writer, json={}).get_json()["is_public"] is True
        assert wrong(client.patch(address, headers=writer, json={"name": "Done"})) == {"name"}
        problem(client.delete(address, headers=writer), 404)
        assert wrong(client.post("/api/v1/me/shelves", headers=writer, json={"name": "Read"})) == {"name"}

    @pytest.mark.parametrize("name", ["", " ", "a/b", "x" * 51, "\u200b", "…", None, 5])
    def test_a_wrong_name_is_refused(self, client: FlaskClient, writer: dict[str, str], name: Any) -> None:
        assert wrong(client.post("/api/v1/me/shelves", headers=writer, json={"name": name})) == {"name"}

    def test_a_name_that_another_shelf_has_is_refused_and_so_are_too_many(
        self, client: FlaskClient, writer: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flyleaf.queries.named_shelves.SHELVES_MAX", 2)
        for name in ("One", "Two"):
            public = {"name": name, "is_public": True}
            assert client.post("/api/v1/me/shelves", headers=writer, json=public).get_json()["is_public"] is True
        problem(client.patch("/api/v1/me/shelves/One", headers=writer, json={"name": "two"}), 409)
        more = client.post("/api/v1/me/shelves", headers=writer, json={"name": "Three"})
        assert "shelves of your own" in problem(more, 409)["detail"]


class TestBooks:
    @pytest.mark.parametrize(
        ("address", "asked", "titles"),
        [
            ("/api/v1/me/books", {}, ["Pride and Prejudice", "Emma", "Dune"]),
            ("/api/v1/me/books", {"order": "title"}, ["Dune", "Emma", "Pride and Prejudice"]),
            ("/api/v1/me/books", {"order": "author", "q": "austen"}, ["Emma", "Pride and Prejudice"]),
            ("/api/v1/me/books", {"order": "year"}, ["Dune", "Emma", "Pride and Prejudice"]),
            ("/api/v1/me/books", {"status": "reading"}, ["Emma"]),
            ("/api/v1/me/books", {"rating": "5"}, ["Dune"]),
            ("/api/v1/me/shelves/read/books", {"order": "title"}, ["Dune", "Pride and Prejudice"]),
            ("/api/v1/me/shelves/Classics/books", {}, ["Emma"]),
            ("/api/v1/me/shelves/Classics/books", {"q": "dune"}, []),
        ],
    )
    @pytest.mark.parametrize("limit", ["1", "20"])
    def test_a_shelf_is_searched_sorted_and_filtered(
        self, client: FlaskClient, writer: dict[str, str], books: dict[str, int], address: str, asked: dict[str, str],
        titles: list[str], limit: str,
    ) -> None:  # fmt: skip
        client.put("/api/v1/editions/9780141439587/shelf", headers=writer, json={"shelf": "Classics"})
        client.put("/api/v1/editions/9780441172719/review", headers=writer, json={"rating": 5})
        found = all_pages(client, address, writer, limit=limit, **asked)
        assert [book["title"] for book in found] == titles

    def test_a_shelf_that_is_none(self, client: FlaskClient, reader: dict[str, str]) -> None:
        problem(client.get("/api/v1/me/shelves/Nothing", headers=reader), 404)
        problem(client.get("/api/v1/me/shelves/Nothing/books", headers=reader), 404)
        problem(client.get("/api/v1/me/shelves/a%00b/books", headers=reader), 404)

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"order": "size"}, "order"),
            ({"status": "lost"}, "status"),
            ({"rating": "0"}, "rating"),
            ({"limit": "101"}, "limit"),
            ({"q": "x" * 201}, "q"),
            ({"cursor": "x"}, "cursor"),
            ({"cursor": "1-dune"}, "cursor"),  # of the order by title
            ({"cursor": "9999999999999999999-1"}, "cursor"),
            ({"page": "2"}, "page"),
        ],
    )
    def test_a_wrong_parameter_is_named(
        self, client: FlaskClient, reader: dict[str, str], asked: dict[str, str], field: str
    ) -> None:
        assert wrong(client.get("/api/v1/me/books", headers=reader, query_string=asked)) == {field}

    def test_what_others_see_of_a_public_shelf(
        self, client: FlaskClient, writer: dict[str, str], bob: Site, copy: str
    ) -> None:
        other = bearer(new_token(bob))
        client.patch(copy, headers=writer, json={"notes": "Hush."})
        address = "/api/v1/readers/Alice/shelves/read/books"
        problem(client.get(address, headers=other), 404)
        client.patch("/api/v1/me/shelves/read", headers=writer, json={"is_public": True})
        books = all_pages(client, address, other, order="title", limit="1")
        assert [book["title"] for book in books] == ["Dune", "Pride and Prejudice"]
        assert set(books[0]) == {"identifier", "title", "author", "year", "isbn"}
        for asked in ({"order": "rating"}, {"status": "read"}, {"rating": "5"}):
            assert wrong(client.get(address, headers=other, query_string=asked)) == set(asked)
        problem(client.get("/api/v1/readers/Nobody/shelves/read/books", headers=other), 404)


class TestCopies:
    def test_it_has_the_reader_s_rating(
        self, client: FlaskClient, writer: dict[str, str], copy: str, select: Select
    ) -> None:
        client.put("/api/v1/editions/9780441172719/review", headers=writer, json={"rating": 4})
        assert client.get(copy, headers=writer).get_json()["exact_rating"] is None
        select("UPDATE reviews SET exact_rating = 3.75")
        book = client.get(copy, headers=writer).get_json()
        assert (book["rating"], book["exact_rating"]) == (4, 3.75)

    def test_status_and_notes_change(
        self, client: FlaskClient, writer: dict[str, str], reader: dict[str, str], copy: str
    ) -> None:
        changed = client.patch(copy, headers=writer, json={"notes": "Lent\r\nto Bob. "}).get_json()
        assert (changed["notes"], changed["status"]) == ("Lent\nto Bob.", "read")
        changed = client.patch(copy, headers=writer, json={"status": "did-not-finish"}).get_json()
        assert (changed["notes"], changed["status"]) == ("Lent\nto Bob.", "did-not-finish")
        assert client.get(copy, headers=reader).get_json() == changed
        assert client.patch(copy, headers=writer, json={"notes": None}).get_json()["notes"] is None
        assert wrong(client.patch(copy, headers=writer, json={"status": None})) == {"status"}
        assert wrong(client.patch(copy, headers=writer, json={"notes": "x" * 10_001})) == {"notes"}
        assert wrong(client.patch(copy, headers=writer, json={"shelf": "read"})) == {"shelf"}

    def test_it_is_put_on_shelves_and_taken_off(self, client: FlaskClient, writer: dict[str, str], copy: str) -> None:
        for _ in range(2):  # which changes nothing more
            assert client.put(f"{copy}/shelves/Sand", headers=writer).get_json()["shelves"] == ["Sand"]
        assert client.put(f"{copy}/shelves/to-read", headers=writer).get_json()["status"] == "to-read"
        assert wrong(client.put(f"{copy}/shelves/%20", headers=writer)) == {"shelf"}
        assert client.delete(f"{copy}/shelves/sand", headers=writer).status_code == 204
        problem(client.delete(f"{copy}/shelves/sand", headers=writer), 404)
        problem(client.delete(f"{copy}/shelves/to-read", headers=writer), 404)
        assert client.get(copy, headers=writer).get_json()["shelves"] == []
        assert client.delete(copy, headers=writer).status_code == 204
        problem(client.get(copy, headers=writer), 404)
        problem(client.delete(copy, headers=writer), 404)

    def test_a_line_of_one_s_own_is_one_too(
        self, client: FlaskClient, writer: dict[str, str], select: Select, alice: Site
    ) -> None:
        select("INSERT INTO shelved_books (reader_id, title, author, title_key, author_key, status)"
               " SELECT id, 'My diary', '', 'my diary', '', 'reading' FROM readers")  # fmt: skip
        [line] = all_pages(client, "/api/v1/me/books", writer)
        assert (line["identifier"], line["title"]) == (None, "My diary")
        address = f"/api/v1/me/books/{line['id']}"
        assert client.patch(address, headers=writer, json={"status": "read"}).get_json()["status"] == "read"
        assert client.delete(address, headers=writer).status_code == 204

    def test_another_reader_s_is_not_found(self, client: FlaskClient, bob: Site, copy: str) -> None:
        other = bearer(new_token(bob, "write"))
        for method, path, body in (
            ("GET", copy, None),
            ("PATCH", copy, {"notes": "x"}),
            ("DELETE", copy, None),
            ("PUT", f"{copy}/shelves/read", None),
            ("DELETE", f"{copy}/shelves/read", None),
            ("GET", f"{copy}/readings", None),
            ("POST", f"{copy}/readings", {"finished_on": "2026-01-01"}),
            ("PUT", f"{copy}/readings/1", {"finished_on": "2026-01-01"}),
            ("DELETE", f"{copy}/readings/1", None),
        ):
            problem(client.open(path, method=method, headers=other, json=body), 404)


DAYS = {"started_on": "2026-01-02", "finished_on": "2026-01-20"}
WHOLE = {"started_precision": "day", "finished_precision": "day"}


class TestReadings:
    def test_days_are_added_changed_and_deleted(
        self, client: FlaskClient, writer: dict[str, str], copy: str, select: Select
    ) -> None:
        added = client.post(f"{copy}/readings", headers=writer, json=DAYS)
        reading = added.get_json()
        assert (added.status_code, reading) == (201, {"id": reading["id"], **DAYS, **WHOLE})
        assert client.post(f"{copy}/readings", headers=writer, json=DAYS).get_json() == reading
        second = client.post(f"{copy}/readings", headers=writer, json={"started_on": "2026-03-01"}).get_json()
        assert second["finished_on"] is None
        assert client.get(f"{copy}/readings", headers=writer).get_json() == {"items": [reading, second]}
        assert client.get(copy, headers=writer).get_json()["readings"] == [reading, second]
        address = f"{copy}/readings/{second['id']}"
        finished = {"started_on": "2026-03-01", "finished_on": "2026-03-09"}
        select("UPDATE readings SET started_precision = 'month' WHERE finished_on IS NULL")
        assert client.get(f"{copy}/readings", headers=writer).get_json()["items"][1]["started_precision"] == "month"
        for _ in range(2):
            changed = client.put(address, headers=writer, json=finished)
            assert changed.get_json() == {"id": second["id"], **finished, **WHOLE}
        problem(client.put(address, headers=writer, json=DAYS), 409)
        year = client.get("/api/v1/me/years/2026", headers=writer).get_json()
        assert (year["book_count"], year["months"][0]) == (1, 1)
        assert client.get("/api/v1/me/years", headers=writer).get_json()["items"] == [{"year": 2026, "book_count": 1}]
        assert client.delete(address, headers=writer).status_code == 204
        problem(client.delete(address, headers=writer), 404)
        problem(client.put(address, headers=writer, json=finished), 404)
        assert client.get(f"{copy}/readings", headers=writer).get_json() == {"items": [reading]}

    def test_only_the_year_may_be_known(self, client: FlaskClient, writer: dict[str, str], copy: str) -> None:
        only_year = {"started_on": None, "finished_on": "2021-12-31", "finished_precision": "year"}
        readings = [client.post(f"{copy}/readings", headers=writer, json={"finished_year": 2021}) for _ in range(2)]
        added = readings[0].get_json()
        assert added == readings[1].get_json() == {"id": added["id"], "started_precision": "day", **only_year}
        address = f"{copy}/readings/{added['id']}"
        assert client.put(address, headers=writer, json=DAYS).get_json() == {"id": added["id"], **DAYS, **WHOLE}
        assert client.put(address, headers=writer, json={"finished_year": 2021}).get_json() == added

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "started_on"),
            ({"finished_year": 1899}, "finished_year"),
            ({"finished_year": "2021"}, "finished_year"),
            ({"finished_year": 2021, "finished_on": "2021-01-01"}, "finished_year"),
            ({"finished_year": 2021, "started_on": "2022-01-01"}, "finished_year"),
            ({"started_on": None, "finished_on": None}, "started_on"),
            ({"started_on": "yesterday"}, "started_on"),
            ({"started_on": "2026-02-30"}, "started_on"),
            ({"started_on": "1899-12-31"}, "started_on"),
            ({"started_on": "0001-01-01"}, "started_on"),
            ({"finished_on": "2101-01-01"}, "finished_on"),
            ({"started_on": "2026-01-02", "finished_on": "2026-01-01"}, "finished_on"),
            ({"started_on": 20260102}, "started_on"),
            ({"began_on": "2026-01-02"}, "began_on"),
        ],
    )
    def test_wrong_days_are_refused(
        self, client: FlaskClient, writer: dict[str, str], copy: str, body: Any, field: str
    ) -> None:
        assert wrong(client.post(f"{copy}/readings", headers=writer, json=body)) == {field}

    def test_a_hundred_are_enough(self, client: FlaskClient, writer: dict[str, str], copy: str, select: Select) -> None:
        select("INSERT INTO readings (shelved_book_id, reader_id, finished_on)"
               " SELECT s.id, reader_id, date '2000-01-01' + n FROM shelved_books AS s, generate_series(1, 100) AS n"
               f" WHERE s.id = {copy.rpartition('/')[2]}")  # fmt: skip
        refused = client.post(f"{copy}/readings", headers=writer, json={"finished_on": "2026-01-01"})
        assert "up to 100 dates" in problem(refused, 409)["detail"]

    @pytest.mark.parametrize("year", ["1899", "2101", "0", "x"])
    def test_a_year_that_is_none(self, client: FlaskClient, reader: dict[str, str], year: str) -> None:
        problem(client.get(f"/api/v1/me/years/{year}", headers=reader), 404)
