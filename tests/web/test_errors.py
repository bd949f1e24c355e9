"""What people and programs are told when something goes wrong."""

import re
from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import ProgrammingError
from werkzeug.exceptions import HTTPException, ServiceUnavailable, TooManyRequests

from flyleaf.database.replicas import Replicas
from flyleaf.web.errors import answer
from tests.fixture_types import Select
from tests.site import Site


def test_a_page_that_is_none(client: FlaskClient) -> None:
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "404" in response.text
    assert 'href="/search"' in response.text


def test_a_fault_is_not_explained_by_a_primary_that_is_down(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replicas, "stand_in", True)
    with app.test_request_context("/"):
        response = answer(ProgrammingError("SELECT nothing", {}, LookupError()))
    assert response.status_code == 500
    assert "Something went wrong" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "address",
    [
        "/%00",
        "/%ff",
        "/%ED%A0%80",
        "/%0d%0aSet-Cookie:a=b",
        "/..%2f..%2fetc/passwd",
        "/" + "a" * 20_000,
    ],
)
def test_an_address_that_makes_no_sense_is_not_found(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/..", "///", "/\\evil.example", "//evil.example//search", ""]
)
def test_an_address_with_too_many_slashes_does_not_lead_away(client: FlaskClient, path: str) -> None:
    response = client.get("/", environ_overrides={"PATH_INFO": path})
    assert response.status_code in (200, 308, 404)
    location = response.headers.get("Location", "/")
    assert location.startswith(("/", "http://localhost/"))
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/login", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("DELETE", "/register", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PATCH", "/search", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/books/9780441172719/review", {"OPTIONS", "POST"}),
        ("TRACE", "/", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_which_are_right(
    client: FlaskClient, method: str, address: str, allowed: set[str]
) -> None:
    response = client.open(address, method=method)
    assert response.status_code == 405
    assert response.mimetype == "text/html"
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("address", ["/", "/login", "/register", "/healthz"])
def test_head_is_get_without_the_body(client: FlaskClient, address: str) -> None:
    head, get = client.head(address), client.get(address)
    assert head.status_code == get.status_code == 200
    assert head.data == b""
    assert head.mimetype == get.mimetype


@pytest.mark.parametrize("address", ["/", "/login", "/search", "/books/9780441172719", "/api/search"])
def test_options_are_told_to_everybody(client: FlaskClient, address: str) -> None:
    response = client.options(address)
    assert response.status_code == 200
    assert "GET" in response.headers["Allow"]


def test_a_body_that_is_too_large_is_413(client: FlaskClient, alice: Site, subtests: pytest.Subtests) -> None:
    bodies = {
        "a form": ("application/x-www-form-urlencoded", b"username=" + b"a" * 1_000_000),
        "a file": (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="username"; filename="a"\r\n\r\n'
            + b"a" * 1_000_000
            + b"\r\n--x--",
        ),
        "a field": (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n' + b"a" * 1_000_000 + b"\r\n--x--",
        ),
    }
    for what, (kind, body) in bodies.items():
        for address in ("/login", "/register", "/search"):
            with subtests.test(what, address=address):
                response = client.post(address, data=body, content_type=kind)
                assert response.status_code == 413
                assert "413" in response.text


def test_very_many_fields_cause_no_error(client: FlaskClient) -> None:
    body = b"".join(b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n\r\n' for _ in range(2_000)) + b"--x--"
    assert client.post("/login", data=body, content_type="multipart/form-data; boundary=x").status_code in (400, 413)


def test_a_broken_cookie_is_no_cookie(app: Flask, subtests: pytest.Subtests) -> None:
    for cookie in [
        "session=\xff",
        "session=%00",
        'session="\\000"',
        "session=" + "a" * 5_000,
        "session=../../etc/passwd",
        "csrf=\xff",
        "csrf=",
        'csrf="\\377"',
        "notice=\xff",
        "notice=<script>",
        "=;=;;",
        "\xff",
        "session=a; session=b",
    ]:
        with subtests.test(repr(cookie)[:40]):
            for address, status in (("/login", 200), ("/search", 303), ("/", 200)):
                client = app.test_client(use_cookies=False)
                response = client.get(address, environ_overrides={"HTTP_COOKIE": cookie})
                assert response.status_code == status
                assert "<script>" not in response.text


def test_broken_headers_cause_no_error(client: FlaskClient, subtests: pytest.Subtests) -> None:
    for headers in [
        {"Content-Length": "x"},
        {"Content-Length": "-1"},
        {"Content-Type": "multipart/form-data; boundary="},
        {"Content-Type": "multipart/form-data; boundary=\xff"},
        {"Content-Type": "\xff"},
        {"Transfer-Encoding": "chunked"},
        {"Sec-Fetch-Site": "\xff"},
        {"X-Forwarded-For": "evil, \xff"},
        {"X-Forwarded-Host": "evil.example"},
        {"Accept": "\xff"},
        {"Range": "bytes=9-1"},
        {"If-None-Match": "\xff"},
        {"If-Modified-Since": "yesterday"},
    ]:
        with subtests.test(str(headers)):
            for method, address in (
                ("GET", "/"),
                ("GET", "/static/style.css"),
                ("POST", "/login"),
                ("POST", "/logout"),
            ):
                environ = {}
                for name, value in headers.items():
                    key = name.upper().replace("-", "_")
                    environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
                with client.open(address, method=method, environ_overrides=environ) as response:
                    assert response.status_code < 500
                    assert "evil.example" not in str(response.headers)


def test_a_fault_shows_nothing_of_itself_but_a_number_to_report(
    app: Flask, alice: Site, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> NoReturn:
        raise ZeroDivisionError("a secret word")

    monkeypatch.setitem(app.view_functions, "search.search", broken)
    response = alice.get("/search")
    assert response.status_code == 500
    assert "a secret word" not in response.text
    assert "ZeroDivision" not in response.text
    assert "Traceback" not in response.text
    number = response.headers["X-Request-ID"]
    assert number in response.text
    [fault] = [line for line in log if "ZeroDivisionError: a secret word" in line]
    assert number in fault


@pytest.mark.usefixtures("alone")  # a pool that was used has prepared the statement
def test_an_error_in_the_database_shows_no_statement(alice: Site, select: Select) -> None:
    select("ALTER TABLE search_works RENAME TO elsewhere")
    response = alice.get("/search?q=dune")
    assert response.status_code == 500
    assert not re.search("SELECT|psycopg|elsewhere|search_works", response.text)


def test_a_missing_database_does_not_lose_the_way_home(client: FlaskClient) -> None:
    text = client.get("/no-such-page").text
    assert "<title>" in text
    assert 'href="/login"' in text


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TooManyRequests(retry_after=30), "Try again in 30 seconds."),
        (TooManyRequests(retry_after=1), "Try again in 1 second."),
        (ServiceUnavailable(), "Try again in 5 seconds."),
    ],
)
def test_how_long_to_wait_is_reported(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: HTTPException, says: str
) -> None:
    def refuse() -> NoReturn:
        raise error

    monkeypatch.setitem(app.view_functions, "welcome.welcome", refuse)
    response = client.get("/")
    assert response.status_code == error.code
    assert response.headers["Retry-After"] in says
    assert says in response.text
    assert ">Try again</a>" in re.sub("<svg.*?</svg>", "", response.text)


def test_what_can_be_done_about_a_book_that_is_not_there(alice: Site) -> None:
    text = alice.get("/books/9780441172719").text
    assert "No book in this catalogue has the ISBN 9780441172719." in text
    assert 'href="/search"' in text


@pytest.mark.parametrize("query", ["\x80", "%80", "q=%ED%A0%80"])
def test_a_form_behind_an_address_with_invalid_bytes_is_refused(client: FlaskClient, query: str) -> None:
    """What was typed is shown again; the address that it was sent to can't be."""
    response = client.post("/", data={"text": "Sand."}, environ_overrides={"QUERY_STRING": query})
    assert response.status_code == 400
    assert "Sand." in response.text
