"""What comes along with every answer: headers, cookies, and a line in the log."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from tests.fixture_types import Select, Visit
from tests.site import PASSWORD, Site, cookie_name

POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
}


class HttpsClient(FlaskClient):
    def open(self, *values: Any, **named: Any) -> TestResponse:
        return super().open(*values, **{"base_url": "https://books.example"} | named)


@pytest.fixture
def https(config: Config, database: Database) -> FlaskClient:
    """A browser of the site as it is served over HTTPS, by the name books.example."""
    app = create_app(replace(config, https=True, trusted_hosts=("books.example",)), database)
    app.testing = True
    app.test_client_class = HttpsClient
    return app.test_client()


@pytest.fixture
def answers(client: FlaskClient, alice: Site, dune: str) -> dict[str, TestResponse]:
    """An answer of every kind."""
    return {
        "a page": client.get("/"),
        "a page of a reader": alice.get(f"/books/{dune}"),
        "a redirect": client.get("/search"),
        "a lasting redirect": alice.get("/books/0441172717"),
        "a log-in refused": alice.client.post("/login", data={"username": "x"}),
        "a review refused": alice.review(dune, 9),
        "JSON": client.get(f"/api/{dune}"),
        "an error as JSON": client.get("/api/0"),
        "401": client.get("/search/suggestions"),
        "404": client.get("/no-such-page"),
        "405": client.post("/"),
        "413": client.post("/login", data={"username": "a" * 1_000_000}),
        "400": client.get("/", environ_overrides={"QUERY_STRING": "\xff"}),
        "a style sheet": client.get("/static/style.css"),
        "no style sheet": client.get("/static/no.css"),
        "health": client.get("/healthz"),
        "OPTIONS": client.options("/"),
        "HEAD": client.head("/"),
    }


def test_every_answer_carries_the_security_headers(answers: dict[str, TestResponse], subtests: pytest.Subtests) -> None:
    for what, response in answers.items():
        with subtests.test(what):
            headers = response.headers
            policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
            assert POLICY.items() <= policy.items()
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert "*" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] in ("same-origin", "strict-origin-when-cross-origin", "no-referrer")
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "camera=()" in headers["Permissions-Policy"]
            assert headers["X-Request-ID"]
            assert "Server" not in headers
            assert "X-Powered-By" not in headers
        response.close()


def test_an_answer_to_a_fault_carries_them_too(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.view_functions, "welcome.welcome", lambda: 1 / 0)
    response = client.get("/")
    assert response.status_code == 500
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


def test_pages_of_a_reader_are_stored_nowhere(alice: Site, dune: str) -> None:
    for address in ("/search", f"/books/{dune}", "/", "/search/suggestions?q=a", "/no-such-page"):
        assert alice.get(address).headers["Cache-Control"] == "no-store", address


def test_without_https_nothing_promises_it(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/").headers


def test_over_https_browsers_are_told_to_stay_there(https: FlaskClient) -> None:
    # Also where the proxy before the site speaks HTTP to it.
    for base in ("https://books.example", "http://books.example"):
        for address in ("/", "/static/style.css", "/no-such-page", "/healthz", "/search"):
            promise = https.get(address, base_url=base).headers["Strict-Transport-Security"]
            assert promise == "max-age=31536000; includeSubDomains"


def test_over_https_every_cookie_is_bound_to_the_host(https: FlaskClient) -> None:
    alice = Site(https)
    cookies = https.get("/register").headers.getlist("Set-Cookie")
    for response in (
        alice.submit("/register", username="Alice", password=PASSWORD, confirmation=PASSWORD),
        alice.submit("/account", "/preferences", language="es", theme="dark"),
        https.get("/logout"),
    ):
        cookies += response.headers.getlist("Set-Cookie")
    names = {cookie.split("=")[0] for cookie in cookies}
    kept = ("csrf", "session", "notice", "device", "language", "theme")
    assert names == {f"__Host-{cookie_name(https.application, name)}" for name in kept}
    for cookie in cookies:
        assert "; Secure" in cookie
        assert "; HttpOnly" in cookie
        assert "; SameSite=Lax" in cookie
        assert "; Path=/" in cookie
        assert "Domain" not in cookie


def test_cookies_can_be_read_by_no_script_and_are_sent_by_no_other_site(visit: Visit) -> None:
    cookies = "".join(visit().client.get("/login").headers.getlist("Set-Cookie"))
    assert "csrf=" in cookies
    alice = visit()
    response = alice.submit("/register", username="Alice", password=PASSWORD, confirmation=PASSWORD)
    assert len(response.headers.getlist("Set-Cookie")) >= 1
    for cookie in [cookies, *response.headers.getlist("Set-Cookie")]:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie


def test_a_session_ends_with_the_browser(visit: Visit) -> None:
    response = visit().submit("/register", username="Alice", password=PASSWORD, confirmation=PASSWORD)
    [cookie] = [cookie for cookie in response.headers.getlist("Set-Cookie") if "-session=" in cookie.split(";")[0]]
    assert "Expires" not in cookie
    assert "Max-Age" not in cookie


def test_over_https_cookies_are_secure_and_bound_to_the_host(https: FlaskClient) -> None:
    alice = Site(https)
    first = https.get("/register").headers.getlist("Set-Cookie")
    response = alice.submit("/register", username="Alice", password=PASSWORD, confirmation=PASSWORD)
    assert response.status_code == 303, response.text
    cookies = first + response.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} >= {
        f"__Host-{cookie_name(https.application, name)}" for name in ("session", "csrf")
    }
    for cookie in cookies:
        assert "; Secure" in cookie
        assert "; HttpOnly" in cookie
        assert "Path=/" in cookie
    assert https.get("/search").status_code == 200
    ended = https.get("/logout")
    assert f"__Host-{cookie_name(https.application, 'session')}=;" in "".join(ended.headers.getlist("Set-Cookie"))
    assert https.get("/search").status_code == 303


@pytest.mark.parametrize(
    "host", ["evil.example", "books.example.evil.example", "evil.example:443", "a b", "books.example@x"]
)
def test_a_host_that_is_not_trusted_is_refused(https: FlaskClient, host: str) -> None:
    response = https.get("/", environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 400
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "//evil" not in response.text


def test_the_client_cannot_choose_the_request_id(client: FlaskClient) -> None:
    ids = {client.get("/", headers={"X-Request-ID": "chosen"}).headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3
    assert "chosen" not in ids


def test_one_line_a_request(client: FlaskClient, log: list[str], dune: str) -> None:
    for address in ("/", "/no-such-page", f"/api/{dune}", "/search", "/static/no.css"):
        log.clear()
        response = client.get(address)
        [line] = [json.loads(line) for line in log if json.loads(line)["event"] == "request"]
        assert line["method"] == "GET"
        assert line["path"] == address
        assert line["status"] == response.status_code
        assert line["request_id"] == response.headers["X-Request-ID"]
        assert line["milliseconds"] >= 0
        assert line["level"] == "info"


def test_a_fault_is_one_request_too(
    app: Flask, client: FlaskClient, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.view_functions, "welcome.welcome", lambda: 1 / 0)
    client.get("/")
    events = [json.loads(line)["event"] for line in log]
    assert events.count("request") == 1
    assert events.count("fault") == 1


def test_no_line_can_be_forged_or_broken_from_outside(
    client: FlaskClient, log: list[str], subtests: pytest.Subtests
) -> None:
    for address in (
        "/a%0Ab",
        "/a%0D%0A%7B%22event%22:%22forged%22%7D",
        "/%00%1b[2J",
        "/%E2%80%A8",
        "/%ff",
        "/%22,%22a%22:%22",
    ):
        with subtests.test(address):
            log.clear()
            client.get(address, headers={"User-Agent": "a\tb", "Referer": "x"})
            for line in log:
                assert line.isprintable()
                assert line.isascii()
                assert json.loads(line)["event"] != "forged"
            assert sum(json.loads(line)["event"] == "request" for line in log) == 1


def test_no_password_no_token_and_no_query_is_logged(visit: Visit, log: list[str], dune: str) -> None:
    secret, wrong = "correct horse battery staple", "incorrect horse battery"
    alice = visit().registered("Alice", secret)
    visit().submit("/login", username="Alice", password=wrong)
    visit().submit("/register", username="Alice", password=secret, confirmation=wrong)
    alice.get("/search?q=something+private")
    alice.get("/login?password=" + secret)
    alice.review(dune, 5, "Private words.")
    session = alice.session_id()
    everything = "\n".join(log)
    assert len(log) >= 9
    for word in (
        secret,
        secret.replace(" ", "+"),
        wrong,
        session,
        "csrf_token",
        "something",
        "Private words",
        "argon2",
    ):
        assert word not in everything


@pytest.mark.usefixtures("alone")
def test_a_log_line_of_a_failed_statement_holds_no_input(
    alice: Site, log: list[str], dune: str, select: Select
) -> None:
    """The error of the database quotes the statement's parameters where it is not told otherwise."""
    select("ALTER TABLE reviews ADD CONSTRAINT no_fives CHECK (rating <> 5)")
    assert alice.review(dune, 5, "Private words.").status_code == 500
    assert "Private words." not in "\n".join(log)
