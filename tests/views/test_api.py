"""The API, as a program sees it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from flyleaf.config import Config
from flyleaf.limits import PAGE_MAX, PAGE_SIZE, PAGE_SIZE_MAX, QUERY_MAX
from flyleaf.sessions import SessionFiles
from tests.fixture_types import AddBook, Select
from tests.site import Site

FIELDS = {"title", "author", "year", "isbn", "review_count", "average_score"}
RESULT = {"isbn", "title", "author", "year", "review_count", "average_score", "match"}
ANSWER = {"query", "corrected_query", "results", "page", "has_next"}


@pytest.fixture
def search(client: FlaskClient) -> Callable[..., Any]:
    """The answer to a search, after a look at its form."""

    def ask(**values: object) -> Any:
        response = client.get("/api/search", query_string=values)
        assert response.status_code == 200, response.text
        assert set(response.get_json()) == ANSWER
        assert all(set(result) == RESULT for result in response.get_json()["results"])
        return response.get_json()

    return ask


def test_a_book_is_exactly_these_six_things(client: FlaskClient, dune: str) -> None:
    response = client.get(f"/api/{dune}")
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.get_json() == {
        "title": "Dune",
        "author": "Frank Herbert",
        "year": 1965,
        "isbn": dune,
        "review_count": 0,
        "average_score": None,
    }


def test_the_score_is_a_number(client: FlaskClient, alice: Site, bob: Site, dune: str) -> None:
    alice.review(dune, 5)
    bob.review(dune, 4)
    answer = client.get(f"/api/{dune}").get_json()
    assert answer["review_count"] == 2
    assert answer["average_score"] == 4.5
    assert '"average_score":4.5' in client.get(f"/api/{dune}").text.replace(" ", "")


def test_a_year_that_is_not_known_is_null(client: FlaskClient, add_book: AddBook) -> None:
    assert client.get(f"/api/{add_book(year=None)}").get_json()["year"] is None


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("0141439513", "0141439513"),
        ("0141439513", "9780141439518"),
        ("0141439513", "0-14-143951-3"),
        ("9780141439518", "0141439513"),
        ("9780141439518", "978-0-14-143951-8"),
        ("9780141439518", "978 0 14 143951 8"),
        ("080442957X", "080442957x"),
        ("9780141439519", "9780141439519"),  # a wrong check digit
    ],
)
def test_any_form_of_the_isbn_is_answered_at_once_with_the_catalogues(
    client: FlaskClient, add_book: AddBook, known: str, asked: str
) -> None:
    add_book(known)
    response = client.get(f"/api/{asked}")
    assert response.status_code == 200
    assert response.get_json()["isbn"] == known


def test_what_is_not_there_is_404_as_json(client: FlaskClient, dune: str, subtests: pytest.Subtests) -> None:
    for isbn in [
        "9780141439518",
        "1",
        "dune",
        "search ",
        "%00",
        "%ff",
        "%ED%A0%80",
        "978%250",
        "9" * 10_000,
        "９７８０４４１１７２７１９",
        "a/b",
        "",
    ]:
        with subtests.test(isbn[:20]):
            response = client.get(f"/api/{isbn}")
            assert response.status_code == 404
            assert response.mimetype == "application/json"
            assert response.get_json()["error"]
            assert response.get_json()["status"] == 404
            assert "\0" not in response.get_json()["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", ["/api/9780441172719", "/api/search"])
def test_it_can_only_be_read(client: FlaskClient, address: str, method: str) -> None:
    response = client.open(address, method=method)
    assert response.status_code == 405
    assert response.is_json
    assert response.get_json()["status"] == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_head_and_options(client: FlaskClient, dune: str) -> None:
    head = client.head(f"/api/{dune}")
    assert head.status_code == 200
    assert head.data == b""
    assert head.mimetype == "application/json"
    assert client.options("/api/search").status_code == 200


def test_letters_and_markup_are_given_as_they_are(
    client: FlaskClient, search: Callable[..., Any], add_book: AddBook
) -> None:
    isbn = add_book(title="Ünï<b>code</b> “x” 東京", author='"\\')
    for answer in (client.get(f"/api/{isbn}").get_json(), search(q="code")["results"][0]):
        assert answer["title"] == "Ünï<b>code</b> “x” 東京"
        assert answer["author"] == '"\\'


def test_a_result_is_exactly_these_seven_things(search: Callable[..., Any], alice: Site, dune: str) -> None:
    alice.review(dune, 4)
    [result] = search(q="dune")["results"]
    why = result.pop("match")
    assert why, "it says why"
    assert result == {
        "isbn": dune,
        "title": "Dune",
        "author": "Frank Herbert",
        "year": 1965,
        "review_count": 1,
        "average_score": 4.0,
    }


def test_the_query_comes_back_as_it_was_typed(search: Callable[..., Any], dune: str) -> None:
    answer = search(q="  DUNE ")
    assert answer["query"].strip() == "DUNE"
    assert answer["corrected_query"] is None
    assert answer["page"] == 1
    assert answer["has_next"] is False


def test_it_finds_what_the_page_finds(search: Callable[..., Any], add_book: AddBook) -> None:
    isbn = add_book("0141439513", "Pride and Prejudice", "Jane Austen", year=1813)
    for query in ("austen pride", "PREJUD", "0-14-143951-3", "978-0-14-143951-8", "143951"):
        assert [result["isbn"] for result in search(q=query)["results"]] == [isbn], query


def test_nothing_asked_finds_nothing(search: Callable[..., Any], dune: str) -> None:
    assert search()["results"] == []
    assert search(q="")["results"] == []
    assert search(q="   ")["results"] == []


def test_limit_and_page(search: Callable[..., Any], select: Select) -> None:
    select(
        "INSERT INTO books (isbn, title) SELECT to_char(n, 'fm0000000000'), 'Volume ' || n"
        " FROM generate_series(1, :n) AS n",
        n=PAGE_SIZE_MAX + 1,
    )
    assert len(search(q="volume")["results"]) == PAGE_SIZE
    assert search(q="volume")["has_next"] is True
    assert len(search(q="volume", limit=PAGE_SIZE_MAX)["results"]) == PAGE_SIZE_MAX
    second = search(q="volume", limit=PAGE_SIZE_MAX, page=2)
    assert len(second["results"]) == 1
    assert second["page"] == 2
    assert second["has_next"] is False
    assert len(search(q="volume", limit=1)["results"]) == 1
    seen = [book["isbn"] for page in range(1, 12) for book in search(q="volume", limit=10, page=page)["results"]]
    assert len(seen) == len(set(seen)) == PAGE_SIZE_MAX + 1


def test_values_that_make_no_sense_are_422_as_json(client: FlaskClient, dune: str, subtests: pytest.Subtests) -> None:
    for values in (
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": str(PAGE_SIZE_MAX + 1)},
        {"limit": "x"},
        {"limit": "1.5"},
        {"limit": "NaN"},
        {"limit": "9" * 5000},
        {"page": "0"},
        {"page": str(PAGE_MAX + 1)},
        {"page": "x"},
        {"page": "99999999999999999999"},
        {"q": "\0"},
        {"q": "du\x1bne"},
        {"q": "a" * (QUERY_MAX + 1)},
    ):
        with subtests.test(str(values)[:40]):
            response = client.get("/api/search", query_string={"q": "dune"} | values)
            assert response.status_code == 422
            assert response.is_json
            assert response.get_json()["error"]


def test_wildcards_and_operators_are_letters(search: Callable[..., Any], dune: str, subtests: pytest.Subtests) -> None:
    for query in ("%", "_", "\\", "%%", "'", '"', "& | ! ( ) : *", ":*", "<->", "'; --", "{}", "%s", "$1"):
        with subtests.test(query):
            assert search(q=query)["results"] == []


def test_bytes_that_are_no_utf8_cause_no_error(client: FlaskClient, subtests: pytest.Subtests) -> None:
    for address in ("/api/search?q=%ff", "/api/search?q=%ED%A0%80", "/api/search?limit=%ff", "/api/search?%ff"):
        with subtests.test(address):
            response = client.get(address)
            assert response.status_code == 400
            assert response.is_json
    response = client.get("/api/search", environ_overrides={"QUERY_STRING": "q=\xff"})
    assert response.status_code == 400
    assert response.is_json


def test_no_session_is_begun(client: FlaskClient, dune: str, config: Config) -> None:
    response = client.get(f"/api/{dune}")
    assert "Set-Cookie" not in response.headers
    assert list(config.sessions.iterdir()) == []


def test_the_readers_session_is_not_read(alice: Site, dune: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(SessionFiles, "get", lambda _store, key: read.append(key))
    for address in (f"/api/{dune}", "/api/search?q=dune", "/api/search?page=x", "/api/0"):
        response = alice.get(address)
        assert response.is_json
        assert "Set-Cookie" not in response.headers
    assert read == []
    assert alice.get("/account").status_code == 303
    assert read != []


@pytest.mark.usefixtures("alone")
def test_a_broken_database_is_told_as_json(client: FlaskClient, dune: str, select: Select) -> None:
    select("DROP TABLE reviews, rating_counts CASCADE")
    response = client.get(f"/api/{dune}")
    assert response.status_code == 500
    assert json.loads(response.text)["status"] == 500
    assert "rating_counts" not in response.text
