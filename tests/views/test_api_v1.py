"""API v1, as a program sees it."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flyleaf.config import Config
from flyleaf.limits import REVIEW_MAX, UPLOAD_BYTES_MAX
from flyleaf.views.api_v1 import me
from tests.fixture_types import AddBook, Select
from tests.problems import problem, wrong
from tests.site import Site
from tests.tokens import bearer, new_token


class TestFinding:
    def test_what_is_public_needs_no_token(self, client: FlaskClient, add_book: AddBook) -> None:
        add_book("9780441172719", "Dune", "Frank Herbert", publisher="Ace", language="en")
        add_book("9783453305236", "Dune", "Frank Herbert", year=2016, language="de")
        found = client.get("/api/v1/search?q=dune").get_json()
        assert (found["total"], found["total_is_exact"], found["next_cursor"]) == (1, True, None)
        result = found["items"][0]
        assert (result["title"], result["author"], result["editions"]) == ("Dune", "Frank Herbert", 2)
        work = client.get(f"/api/v1/works/{result['work_id']}").get_json()
        assert {edition["identifier"] for edition in work["editions"]} == {"9780441172719", "9783453305236"}
        assert work["id"] == result["work_id"]
        edition = client.get("/api/v1/editions/0-441-17271-7").get_json()
        assert (edition["work_id"], edition["identifier"]) == (work["id"], "9780441172719")
        assert (edition["publisher"], edition["language"], edition["isbn13"]) == ("Ace", "en", "9780441172719")
        suggested = client.get("/api/v1/suggestions?q=du").get_json()
        assert suggested["items"][0]["text"] == "Dune"

    def test_a_book_without_an_isbn_is_found_by_its_identifier(self, client: FlaskClient, add_book: AddBook) -> None:
        add_book(None, "The Hunger Games", "Suzanne Collins", ["goodreads:2767052"])
        edition = client.get("/api/v1/editions/goodreads:2767052").get_json()
        assert (edition["identifier"], edition["isbn"]) == ("goodreads:2767052", None)
        assert client.get("/api/v1/search?q=hunger+games").get_json()["items"][0]["isbn"] is None

    def test_the_cursor_leads_through_all_results(self, client: FlaskClient, add_book: AddBook) -> None:
        for number in range(5):
            add_book(f"97804411727{number}0", f"Sand {'abcde'[number]}")
        seen, cursor, pages = [], "", 0
        while cursor is not None:
            page = client.get("/api/v1/search", query_string={"q": "sand", "limit": "2", "cursor": cursor or "1"})
            seen += [result["title"] for result in page.get_json()["items"]]
            cursor, pages = page.get_json()["next_cursor"], pages + 1
        assert (sorted(seen), pages) == ([f"Sand {letter}" for letter in "abcde"], 3)

    @pytest.mark.parametrize(
        ("query", "fields"),
        [
            ({"q": "x" * 201}, {"q"}),
            ({"q": "a\x00b"}, {"q"}),
            ({"limit": "0"}, {"limit"}),
            ({"limit": "many"}, {"limit"}),
            ({"cursor": "101"}, {"cursor"}),
            ({"cursor": "next"}, {"cursor"}),
            ({"order": "size"}, {"order"}),
            ({"sort": "newest"}, {"sort"}),
            ({"has_reviews": "maybe"}, {"has_reviews"}),
            ({"year_from": "2000", "year_to": "1999"}, {"year_to"}),
        ],
    )
    def test_a_wrong_parameter_is_named(self, client: FlaskClient, query: dict[str, str], fields: set[str]) -> None:
        assert wrong(client.get("/api/v1/search", query_string=query)) == fields

    @pytest.mark.parametrize("work", ["0" * 16, "f" * 16, "dune", "1", "G" * 16, "-000000000000001"])
    def test_a_work_that_is_none(self, client: FlaskClient, dune: str, work: str) -> None:
        problem(client.get(f"/api/v1/works/{work}"), 404)


class TestWriting:
    def test_a_review_is_published_changed_and_deleted(
        self, client: FlaskClient, bob: Site, writer: dict[str, str], dune: str
    ) -> None:
        address = f"/api/v1/editions/{dune}/review"
        problem(client.get(address, headers=writer), 404)
        written = client.put(address, headers=writer, json={"rating": 4, "text": "Sand.\r\nMuch of it."})
        assert written.status_code == 200
        assert written.get_json()["text"] == "Sand.\nMuch of it."
        assert (written.get_json()["reader"], written.get_json()["edited_at"]) == ("Alice", None)
        assert "Much of it." in bob.get(f"/books/{dune}").text
        changed = client.put(address, headers=writer, json={"rating": 5}).get_json()
        assert (changed["id"], changed["rating"], changed["text"]) == (written.get_json()["id"], 5, "")
        assert changed["edited_at"] is not None
        assert client.get(address, headers=writer).get_json() == changed
        assert [one["identifier"] for one in client.get("/api/v1/me/reviews", headers=writer).get_json()["items"]] == [
            dune
        ]
        assert client.delete(address, headers=writer).status_code == 204
        problem(client.delete(address, headers=writer), 404)

    def test_a_private_review_stays_private_until_it_is_published(
        self, client: FlaskClient, bob: Site, writer: dict[str, str], dune: str
    ) -> None:
        address = f"/api/v1/editions/{dune}/review"
        written = client.put(address, headers=writer, json={"rating": 2, "text": "Hush.", "is_private": True})
        assert written.get_json()["is_private"] is True
        assert client.put(address, headers=writer, json={"rating": 3, "text": "Hush."}).get_json()["is_private"] is True
        work = client.get(f"/api/v1/editions/{dune}").get_json()
        assert work["review_count"] == 0
        other = bearer(new_token(bob))
        reviews = f"/api/v1/works/{work['work_id']}/reviews"
        assert client.get(reviews, headers=other).get_json()["items"] == []
        client.put(address, headers=writer, json={"rating": 3, "text": "Hush.", "is_private": False})
        assert [one["text"] for one in client.get(reviews, headers=other).get_json()["items"]] == ["Hush."]

    def test_it_is_of_the_work(self, client: FlaskClient, writer: dict[str, str], add_book: AddBook) -> None:
        add_book("9780441172719", language="en")
        add_book("9783453305236", language="de")
        client.put("/api/v1/editions/9780441172719/review", headers=writer, json={"rating": 2})
        client.put("/api/v1/editions/9783453305236/review", headers=writer, json={"rating": 3})
        edition = client.get("/api/v1/editions/9780441172719").get_json()
        assert (edition["review_count"], edition["average_score"]) == (1, 3.0)

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, {"rating"}),
            ({"rating": 0}, {"rating"}),
            ({"rating": 6}, {"rating"}),
            ({"rating": "5"}, {"rating"}),
            ({"rating": 4.5}, {"rating"}),
            ({"rating": True}, {"rating"}),
            (b'{"rating": NaN}', {"rating"}),
            (b'{"rating": 1e400}', {"rating"}),
            ({"rating": 5, "text": None}, {"text"}),
            ({"rating": 5, "text": "x" * (REVIEW_MAX + 1)}, {"text"}),
            ({"rating": 5, "text": "\x07"}, {"text"}),
            ({"rating": 5, "text": "\ud800"}, {"text"}),
            ({"rating": 5, "stars": 5}, {"stars"}),
            ({"rating": 5, "is_private": "true"}, {"is_private"}),
        ],
    )
    def test_a_wrong_review_is_refused(
        self, client: FlaskClient, writer: dict[str, str], dune: str, select: Select, body: Any, fields: set[str]
    ) -> None:
        sent = {"data": body, "content_type": "application/json"} if isinstance(body, bytes) else {"json": body}
        assert wrong(client.put(f"/api/v1/editions/{dune}/review", headers=writer, **sent)) == fields
        assert select("SELECT count(*) FROM reviews") == 0

    def test_after_a_hidden_review_another_one_has_to_be_allowed(
        self, client: FlaskClient, writer: dict[str, str], dune: str, select: Select
    ) -> None:
        address = f"/api/v1/editions/{dune}/review"
        client.put(address, headers=writer, json={"rating": 1, "text": "Buy watches."})
        select("UPDATE reviews SET hidden_at = now(), hidden_reason = 'Spam'")
        assert client.get(address, headers=writer).get_json()["hidden_reason"] == "Spam"
        assert client.delete(address, headers=writer).status_code == 204
        problem(client.put(address, headers=writer, json={"rating": 1}), 409)

    def test_others_read_it_page_by_page(
        self, client: FlaskClient, reader: dict[str, str], dune: str, select: Select
    ) -> None:
        select("INSERT INTO readers (name, name_key, password_hash) SELECT n, n, '' FROM generate_series(1, 12) AS n")
        select("INSERT INTO reviews (book_id, reader_id, rating, text)"
               " SELECT b.id, r.id, 3, r.name FROM books AS b, readers AS r WHERE r.name <> 'Alice'")  # fmt: skip
        work = client.get(f"/api/v1/editions/{dune}").get_json()["work_id"]
        first = client.get(f"/api/v1/works/{work}/reviews", headers=reader).get_json()
        rest = client.get(
            f"/api/v1/works/{work}/reviews", headers=reader, query_string={"cursor": first["next_cursor"]}
        ).get_json()
        assert rest["next_cursor"] is None
        assert sorted(int(one["text"]) for one in first["items"] + rest["items"]) == list(range(1, 13))
        wrong_cursor = {"cursor": "1-9999999999999999999"}
        assert wrong(client.get(f"/api/v1/works/{work}/reviews", headers=reader, query_string=wrong_cursor)) == {
            "cursor"
        }


class TestShelves:
    def test_a_book_is_put_on_a_shelf_and_taken_off(
        self, client: FlaskClient, writer: dict[str, str], dune: str, select: Select
    ) -> None:
        address = f"/api/v1/editions/{dune}/shelf"
        problem(client.get(address, headers=writer), 404)
        assert client.put(address, headers=writer, json={"shelf": "to-read"}).get_json()["status"] == "to-read"
        book = client.put(address, headers=writer, json={"shelf": "read"}).get_json()
        assert (book["status"], book["identifier"], book["shelves"], book["readings"]) == ("read", dune, [], [])
        assert client.get("/api/v1/me/books", headers=writer).get_json() == {"items": [book], "next_cursor": None}
        counts = client.get("/api/v1/me/shelves", headers=writer).get_json()["items"]
        assert {one["name"]: one["book_count"] for one in counts} == {
            "to-read": 0, "reading": 0, "read": 1, "did-not-finish": 0,
        }  # fmt: skip
        assert client.delete(address, headers=writer).status_code == 204
        problem(client.delete(address, headers=writer), 404)
        assert select("SELECT count(*) FROM shelved_books") == 0

    def test_a_shelf_of_ones_own_is_made_and_the_status_stays(
        self, client: FlaskClient, writer: dict[str, str], dune: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = f"/api/v1/editions/{dune}/shelf"
        client.put(address, headers=writer, json={"shelf": "Read"})
        book = client.put(address, headers=writer, json={"shelf": "Sand and worms"}).get_json()
        assert (book["status"], book["shelves"]) == ("read", ["Sand and worms"])
        monkeypatch.setattr("flyleaf.queries.named_shelves.SHELVES_MAX", 1)
        assert (
            "shelves of your own" in problem(client.put(address, headers=writer, json={"shelf": "More"}), 409)["detail"]
        )

    @pytest.mark.parametrize(
        "body", [{}, {"shelf": ""}, {"shelf": None}, {"shelf": " "}, {"shelf": "a/b"}, {"shelf": ["read"]}]
    )
    def test_a_shelf_that_is_none(self, client: FlaskClient, writer: dict[str, str], dune: str, body: Any) -> None:
        assert wrong(client.put(f"/api/v1/editions/{dune}/shelf", headers=writer, json=body)) == {"shelf"}

    def test_a_token_that_may_only_read_puts_nothing_there(
        self, client: FlaskClient, reader: dict[str, str], dune: str, select: Select
    ) -> None:
        problem(client.put(f"/api/v1/editions/{dune}/shelf", headers=reader, json={"shelf": "read"}), 403)
        problem(client.delete(f"/api/v1/editions/{dune}/shelf", headers=reader), 403)
        assert select("SELECT count(*) FROM shelved_books") == 0


class TestImport:
    FILE = b"Title,Author,ISBN13,My Rating,My Review,Exclusive Shelf\nDune,Frank Herbert,9780441172719,4,Sand.,read\n"

    def upload(self, client: FlaskClient, headers: dict[str, str], content: bytes = FILE) -> TestResponse:
        return client.post("/api/v1/me/imports", headers=headers, data={"file": (io.BytesIO(content), "books.csv")})

    def test_a_file_is_matched_then_written_then_undone(
        self, client: FlaskClient, writer: dict[str, str], dune: str, select: Select
    ) -> None:
        uploaded = self.upload(client, writer)
        assert uploaded.status_code == 201
        found = uploaded.get_json()
        assert (found["state"], found["row_count"], found["name"]) == ("ready", 1, "books.csv")
        assert select("SELECT count(*) FROM reviews") == 0
        address = f"/api/v1/me/imports/{found['id']}"
        assert client.get(address, headers=writer).get_json() == found
        listed = {name: value for name, value in found.items() if name != "rows"}
        assert client.get("/api/v1/me/imports", headers=writer).get_json() == {"items": [listed]}
        assert client.post(f"{address}/commit", headers=writer).get_json()["state"] == "written"
        review = client.get(f"/api/v1/editions/{dune}/review", headers=writer).get_json()
        assert (review["rating"], review["text"]) == (4, "Sand.")
        assert client.get(f"/api/v1/editions/{dune}/shelf", headers=writer).get_json()["status"] == "read"
        assert client.post(f"{address}/undo", headers=writer).get_json()["state"] == "ready"
        problem(client.get(f"/api/v1/editions/{dune}/review", headers=writer), 404)

    def test_another_reader_s_import_is_not_found(
        self, client: FlaskClient, bob: Site, writer: dict[str, str], dune: str
    ) -> None:
        address = f"/api/v1/me/imports/{self.upload(client, writer).get_json()['id']}"
        other = bearer(new_token(bob, "write"))
        problem(client.get(address, headers=other), 404)
        problem(client.post(f"{address}/commit", headers=other), 404)
        problem(client.post(f"{address}/undo", headers=other), 404)

    def test_a_file_that_is_none_is_refused(
        self, client: FlaskClient, writer: dict[str, str], reader: dict[str, str], select: Select
    ) -> None:
        assert wrong(self.upload(client, writer, b"\x00\x01\x02")) == {"file"}
        assert wrong(client.post("/api/v1/me/imports", headers=writer, data={"other": (io.BytesIO(b""), "a")})) == {
            "file"
        }
        problem(client.post("/api/v1/me/imports", headers=writer, json={}), 415)
        too_long = {"CONTENT_LENGTH": str(UPLOAD_BYTES_MAX + 100_000)}
        large = client.post(
            "/api/v1/me/imports",
            headers=writer,
            data=b"x",
            content_type="multipart/form-data; boundary=x",
            environ_overrides=too_long,
        )
        assert "larger than" in problem(large, 413)["detail"]
        problem(self.upload(client, reader), 403)
        assert select("SELECT count(*) FROM uploads") == 0


class TestExport:
    def test_it_is_the_download_of_the_account_page(
        self, client: FlaskClient, alice: Site, reader: dict[str, str], dune: str
    ) -> None:
        alice.review(dune, 4, "Sand.")
        exported = client.get("/api/v1/me/export", headers=reader)
        assert exported.mimetype == "application/json"
        page = alice.get("/account/data").get_json()
        assert {key: exported.get_json()[key] for key in ("account", "reviews")} == {
            key: page[key] for key in ("account", "reviews")
        }

    def test_both_count_together(self, client: FlaskClient, alice: Site, reader: dict[str, str]) -> None:
        for _ in range(3):
            assert alice.get("/account/data").get_json()["account"]["name"] == "Alice"
            assert client.get("/api/v1/me/export", headers=reader).get_json()["account"]["name"] == "Alice"
        refused = client.get("/api/v1/me/export", headers=reader)
        assert "6 times an hour" in problem(refused, 429)["detail"]
        assert refused.headers["Retry-After"]


class TestDocument:
    def test_it_names_every_address(self, visited: Flask, client: FlaskClient) -> None:
        document = client.get("/api/v1/openapi.json").get_json()
        assert document["openapi"] == "3.1.0"
        rules = {rule.rule for rule in visited.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
        about_itself = {"/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs/{key}"}
        named = {re.sub("<(?:[a-z]+:)?([^>]+)>", r"{\1}", rule) for rule in rules}
        assert named - about_itself == set(document["paths"])

    def test_its_pages_show_every_operation_and_object_in_little_space(self, client: FlaskClient) -> None:
        document = client.get("/api/v1/openapi.json").get_json()
        first = client.get("/api/v1/docs")
        keys = sorted(set(re.findall(r'href="/api/v1/docs/(\w+)"', first.text)))
        assert keys == sorted(tag["name"].lower() for tag in document["tags"])
        pages = {f"/api/v1/docs/{key}": client.get(f"/api/v1/docs/{key}") for key in keys}
        for link in re.findall(r'href="(/api/v1/docs/\w+)#(\w+)"', first.text):
            assert f'id="{link[1]}"' in pages[link[0]].text
        everything = first.text + "".join(page.text for page in pages.values())
        for path, method, _ in operations(document):
            assert f"<h2><code>{method} {path}</code></h2>" in everything
        for name in document["components"]["schemas"].keys() - {"PaginationMetadata"}:
            assert f'id="{name}"' in everything
        for page in (first, *pages.values()):
            for link in re.findall(r'href="#(\w+)"', page.text):
                assert f'id="{link}"' in page.text
            assert len(page.get_data()) <= 30 * 1024
            assert "Access-Control-Allow-Origin" not in page.headers
        assert client.get("/api/v1/docs/nothing").status_code == 404

    def test_its_pages_know_who_is_logged_in(self, alice: Site, client: FlaskClient) -> None:
        for page in ("/api/v1/docs", "/api/v1/docs/shelves"):
            assert "Log out" in alice.get(page).text
            assert "Log in" in client.get(page).text


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """The path and method of every operation, and the scopes of which a token needs one; none if it needs no token."""
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters"}:
            ways = item[method]["security"]
            yield path, method.upper(), [] if {} in ways else [scope for way in ways for scope in way["token"]]


class TestAccess:
    def test_what_is_not_public_needs_a_token_and_a_session_is_none(self, alice: Site, reader: dict[str, str]) -> None:
        document = alice.client.get("/api/v1/openapi.json").get_json()
        scopes = set()
        for path, method, needed in operations(document):
            scopes |= set(needed)
            address = re.sub(r"\{\w+\}", "1", path)
            sent: dict[str, Any] = {"json": {}} if method in ("PUT", "PATCH", "POST") else {}
            if needed:
                response = alice.client.open(address, method=method, **sent)
                problem(response, 401)
                assert response.headers["WWW-Authenticate"] == "Bearer realm=Flyleaf"
            if needed == ["write"]:
                problem(alice.client.open(address, method=method, headers=reader, **sent), 403)
                assert method != "GET"
            else:
                assert method == "GET"
        assert scopes == {"read", "write"}

    @pytest.mark.parametrize("sent", ["Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "flyleaf_x", "Bearer é"])
    @pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/search?q=dune"])
    def test_a_wrong_token_is_refused_also_where_none_is_needed(
        self, client: FlaskClient, sent: str, path: str
    ) -> None:
        response = client.get(path, headers={"Authorization": sent})
        problem(response, 401)
        assert response.headers["WWW-Authenticate"] == "Bearer realm=Flyleaf, error=invalid_token"

    def test_a_token_that_may_only_read_changes_nothing(
        self, client: FlaskClient, reader: dict[str, str], dune: str, select: Select
    ) -> None:
        address = f"/api/v1/editions/{dune}/review"
        problem(client.put(address, headers=reader, json={"rating": 5}), 403)
        problem(client.delete(address, headers=reader), 403)
        assert select("SELECT count(*) FROM reviews") == 0

    def test_an_expired_token_is_refused_everywhere(
        self, client: FlaskClient, writer: dict[str, str], dune: str, select: Select
    ) -> None:
        select("UPDATE api_tokens SET made_at = now() - interval '2 days', expires_at = now() - interval '1 day'")
        refused = [
            client.get("/api/v1/me", headers=writer),
            client.get(f"/api/v1/editions/{dune}", headers=writer),
            client.put(f"/api/v1/editions/{dune}/shelf", headers=writer, json={"shelf": "read"}),
        ]
        for response in refused:
            problem(response, 401)
            assert response.headers["WWW-Authenticate"] == "Bearer realm=Flyleaf, error=invalid_token"

    def test_a_token_in_the_address_is_none(self, client: FlaskClient, reader: dict[str, str]) -> None:
        token = reader["Authorization"].split()[1]
        problem(client.get(f"/api/v1/me?access_token={token}"), 401)
        lower = {"Authorization": f"bearer {token}"}
        assert client.get("/api/v1/me", headers=lower).status_code == 200

    def test_a_token_opens_no_page(self, client: FlaskClient, writer: dict[str, str]) -> None:
        assert client.get("/account", headers=writer).status_code == 303

    def test_pages_of_other_sites_may_read_but_not_write(self, client: FlaskClient, dune: str) -> None:
        for path in ("/api/v1/search?q=dune", "/api/v1/nothing"):
            headers = client.get(path, headers={"Origin": "https://other.example"}).headers
            assert headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in headers
        asked = client.options(f"/api/v1/editions/{dune}/review", headers={"Origin": "https://other.example"})
        assert asked.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
        put = client.put(f"/api/v1/editions/{dune}/review", headers={"Origin": "https://other.example"}, json={})
        assert "Access-Control-Allow-Origin" not in put.headers
        assert "Access-Control-Allow-Origin" not in client.get(f"/api/{dune}").headers


class TestAnswers:
    def test_an_unchanged_answer_is_not_sent_again(
        self, client: FlaskClient, writer: dict[str, str], dune: str
    ) -> None:
        address = f"/api/v1/editions/{dune}"
        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        client.put(f"{address}/review", headers=writer, json={"rating": 5})
        changed = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (changed.status_code, changed.get_json()["review_count"]) == (200, 1)

    def test_nor_one_whose_tag_a_proxy_has_weakened(self, client: FlaskClient, dune: str) -> None:
        address = f"/api/v1/editions/{dune}"
        tag = client.get(address).headers["ETag"]
        for known in (f"W/{tag}", f'"other", W/{tag}', "*"):
            assert client.get(address, headers={"If-None-Match": known}).status_code == 304
        assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200

    @pytest.mark.parametrize("encoding", ["br", "gzip"])
    def test_nor_is_a_compressed_one(self, client: FlaskClient, add_book: AddBook, encoding: str) -> None:
        add_book(description="Sand. " * 500)
        accepts = {"Accept-Encoding": encoding}
        first = client.get("/api/v1/editions/9780441172719", headers=accepts)
        assert first.headers["Content-Encoding"] == encoding
        again = client.get("/api/v1/editions/9780441172719", headers=accepts | {"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.get_data()) == (304, b"")

    def test_an_answer_in_somebodys_name_is_not_for_shared_caches(
        self, client: FlaskClient, reader: dict[str, str]
    ) -> None:
        headers = client.get("/api/v1/me", headers=reader).headers
        assert headers["Cache-Control"] == "private, no-cache"
        assert "Authorization" in headers["Vary"]

    def test_every_answer_tells_its_limit(self, client: FlaskClient, reader: dict[str, str]) -> None:
        for path in ("/api/v1/search?q=dune", "/api/v1/me", "/api/v1/openapi.json", "/api/v1/works/x"):
            response = client.get(path, headers=reader)
            assert response.headers["RateLimit-Policy"].startswith('"api";q=')
            assert response.headers["RateLimit"].startswith('"api";r=')

    def test_head_is_answered_like_get(self, client: FlaskClient, dune: str) -> None:
        get, head = client.get(f"/api/v1/editions/{dune}"), client.head(f"/api/v1/editions/{dune}")
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.headers["ETag"] == get.headers["ETag"]


class TestProblems:
    def test_an_address_that_is_none(self, client: FlaskClient) -> None:
        problem(client.get("/api/v1/nothing"), 404)
        problem(client.get("/api/v1/"), 404)
        problem(client.get("/api/v1/search/?q=dune"), 404)
        problem(client.get("/api/v1/nothing", headers={"Accept": "text/html"}), 404)

    def test_a_parameter_that_is_unknown(self, client: FlaskClient, writer: dict[str, str], dune: str) -> None:
        for path in ("/api/v1/me", f"/api/v1/editions/{dune}", "/api/v1/me/books", "/api/v1/me/export"):
            assert wrong(client.get(f"{path}?verbose=1&x=", headers=writer)) == {"verbose", "x"}
        address = f"/api/v1/editions/{dune}/shelf?dry_run=1"
        assert wrong(client.put(address, headers=writer, json={"shelf": "read"})) == {"dry_run"}
        assert wrong(client.delete(address, headers=writer)) == {"dry_run"}

    def test_a_method_that_is_not_allowed(self, client: FlaskClient) -> None:
        response = client.post("/api/v1/search")
        problem(response, 405)
        assert "GET" in response.headers["Allow"]
        write = client.post("/api/v1/editions/9780441172719/shelf", headers={"X-HTTP-Method-Override": "PUT"})
        problem(write, 405)
        assert set(write.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
        options = client.options("/api/v1/editions/9780441172719/shelf")
        assert (options.status_code, options.headers["Allow"]) == (200, write.headers["Allow"])

    def test_bytes_that_are_no_text(self, client: FlaskClient) -> None:
        problem(client.get("/api/v1/search?q=%ff"), 400)

    @pytest.mark.parametrize(
        ("kind", "body", "status"),
        [
            ("application/json", b"{", 400),
            ("application/json", b"\xff", 400),
            ("application/json", '{"rating": 5, "text": "é"}'.encode("latin-1"), 400),
            ("application/json", b"[" * 100_000, 400),
            ("application/json", b'{"rating": ' + b"9" * 5_000 + b"}", 400),
            ("application/json", b'{"rating": 1' + b"0" * 400 + b"}", 422),
            ("application/json", b"[1]", 422),
            ("application/json", b"", 422),
            ("application/json", b"null", 422),
            ("text/plain", b"{}", 415),
            ("application/x-www-form-urlencoded", b"rating=5", 415),
            ("", b'{"rating": 5}', 415),
            ("application/json", b" " * 300_000, 413),
        ],
    )
    def test_a_body_that_is_no_json(
        self, client: FlaskClient, writer: dict[str, str], dune: str, kind: str, body: bytes, status: int
    ) -> None:
        problem(
            client.put(f"/api/v1/editions/{dune}/review", headers=writer, data=body, content_type=kind or None), status
        )

    def test_a_fault_is_a_problem_without_details(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError("a secret")

        monkeypatch.setattr("flyleaf.views.api_v1.books.search_books", fail)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        found = problem(app.test_client().get("/api/v1/search?q=dune"), 500)
        assert "secret" not in str(found)

    def test_a_search_that_is_not_ready_is_503(self, alone: None, client: FlaskClient, select: Select) -> None:
        select("UPDATE search_state SET built_at = NULL")
        response = client.get("/api/v1/search?q=dune")
        problem(response, 503)
        assert response.headers["Retry-After"]


class TestLimits:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return replace(config, api_requests_per_minute=2)

    def test_too_many_requests_are_429(self, client: FlaskClient) -> None:
        # Three in one minute, or two windows of which one has two of them.
        answers = [client.get("/api/v1/openapi.json") for _ in range(5)]
        assert 429 in [response.status_code for response in answers]
        problem(next(response for response in answers if response.status_code == 429), 429)


def test_the_course_s_api_answers_as_before(client: FlaskClient) -> None:
    response = client.get("/api/v1")
    assert (response.status_code, response.mimetype) == (404, "application/json")
    assert set(response.get_json()) == {"error", "status"}


def test_the_account_may_be_gone_meanwhile(
    alice: Site, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, reader: dict[str, str]
) -> None:
    monkeypatch.setattr(me, "select_own_details", lambda *_: None)
    problem(client.get("/api/v1/me", headers=reader), 404)
