"""Cookies beside those of other applications on the same host: cookies ignore ports."""

import http.cookiejar
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from tests.fixture_types import Visit
from tests.site import PASSWORD, Site, cookie_name, hidden_fields

NAMES = ("session", "csrf", "device", "notice", "language", "theme")


@contextmanager
def served(app: flask.Flask) -> Iterator[str]:
    """The address of the application on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(served(app))


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    """Cookies are kept by host, as browsers do."""
    with requests.Session() as session:
        yield session


def other_application() -> flask.Flask:
    """Another Flask site, which keeps its own log-in, language and theme under the names that everybody takes."""
    app = flask.Flask("other")
    app.secret_key = "another application"

    @app.get("/login")
    def login() -> flask.Response:
        flask.session["user"] = "someone"
        response = flask.make_response("in")
        for name in ("csrf", "device", "notice", "language", "theme"):
            response.set_cookie(name, "pt-BR")
        return response

    @app.get("/")
    def home() -> str:
        return str(flask.session.get("user", "out"))

    return app


def register(browser: requests.Session, site: str, name: str = "Alice") -> None:
    fields = hidden_fields(browser.get(f"{site}/register").text)
    fields |= {"username": name, "password": PASSWORD, "confirmation": PASSWORD}
    assert browser.post(f"{site}/register", data=fields).status_code == 200


def is_logged_in(browser: requests.Session, site: str) -> bool:
    return browser.get(f"{site}/search", allow_redirects=False).status_code == 200


def test_another_flask_application_on_the_host_logs_nobody_out(
    app: Flask, serve: Callable[[Flask], str], browser: requests.Session
) -> None:
    site, other = serve(app), serve(other_application())
    register(browser, site)
    assert browser.get(f"{other}/login").text == "in"
    page = browser.get(f"{site}/search", allow_redirects=False)
    assert page.status_code == 200
    assert '<html lang="en"' in page.text, "another site's `language` is not ours"
    assert browser.get(f"{other}/").text == "someone"
    browser.get(f"{site}/logout")
    assert browser.get(f"{other}/").text == "someone"


def test_who_is_logged_in_elsewhere_first_can_log_in_here(
    app: Flask, serve: Callable[[Flask], str], browser: requests.Session
) -> None:
    site, other = serve(app), serve(other_application())
    browser.get(f"{other}/login")
    register(browser, site)
    assert is_logged_in(browser, site)
    assert browser.get(f"{other}/").text == "someone"


@pytest.mark.parametrize(
    "more", [{"secret_key": "another key for the tests"}, {"database_url": "postgresql+psycopg2://u@h/another"}]
)
def test_two_flyleafs_on_one_host_do_not_share_a_cookie(
    config: Config,
    database: Database,
    serve: Callable[[Flask], str],
    browser: requests.Session,
    tmp_path: Path,
    more: dict[str, Any],
) -> None:
    """They differ in their key or, where both were given the same, in their database."""
    first = create_app(config, database)
    second = create_app(replace(config, data=tmp_path / "second", **more), database)
    one, two = serve(first), serve(second)
    register(browser, one, "Alice")
    register(browser, two, "Bob")
    names = [cookie.name for cookie in browser.cookies]
    assert len(names) == len(set(names)) >= 4
    assert {name.split("-")[1] for name in names} == {
        app.config["COOKIE_NAMES"].split("-")[1] for app in (first, second)
    }
    assert ">Alice<" in browser.get(f"{one}/search").text
    assert ">Bob<" in browser.get(f"{two}/search").text
    browser.get(f"{two}/logout")
    assert is_logged_in(browser, one)


def test_names_stay_the_same_over_restarts_and_on_all_machines_of_a_site(
    config: Config, database: Database, tmp_path: Path
) -> None:
    names = {
        create_app(one, database).config["COOKIE_NAMES"]
        for one in (
            config,
            replace(config, data=tmp_path / "another machine", workers=7, port=6000, https=True),
            replace(config, database_url=str(config.database_url).replace("host=", "connect_timeout=2&host=")),
        )
    }
    assert len(names) == 1


def test_without_settings_two_folders_are_two_sites_and_one_is_one(tmp_path: Path) -> None:
    one, two = Config(data=tmp_path / "one"), Config(data=tmp_path / "two")
    assert one.site_digest() == Config(data=tmp_path / "one").site_digest() != two.site_digest()
    same_key = [replace(config, secret_key="one key for both sites") for config in (one, two)]
    assert same_key[0].site_digest() != same_key[1].site_digest()


def test_no_cookie_has_a_name_that_another_application_would_take(app: Flask, visit: Visit, alice: Site) -> None:
    names = set(alice.cookies())
    alice.submit("/account", "/preferences", language="es", theme="dark")
    names |= set(alice.cookies())
    assert names <= {cookie_name(app, name) for name in NAMES}
    assert {cookie_name(app, name) for name in ("session", "device", "language", "theme")} <= names


def rename(site: Site, name: str) -> None:
    """Keep a cookie as browsers did before the names were the site's own."""
    value = site.cookie(name)
    assert value
    site.client.delete_cookie(cookie_name(site.client.application, name))
    site.client.set_cookie(name, value)


def test_a_reader_who_logged_in_before_the_update_stays_logged_in(alice: Site) -> None:
    rename(alice, "session")
    old = alice.cookies()["session"]
    page = alice.get("/search")
    assert page.status_code == 200
    assert alice.cookie("session") == old
    assert "session" not in alice.cookies(), "the old name is given up"
    assert alice.get("/search").status_code == 200
    alice.get("/logout")
    assert alice.get("/search").status_code == 303


def test_a_log_out_by_the_old_name_is_one(alice: Site, config: Config) -> None:
    rename(alice, "session")
    alice.get("/logout")
    assert "session" not in alice.cookies()
    assert alice.get("/search").status_code == 303
    assert list(config.sessions.iterdir()) == []


@pytest.mark.parametrize("value", ["x", "eyJ1c2VyIjoic29tZW9uZSJ9.aR.x", "../../etc/passwd", "a" * 4_000])
def test_another_applications_session_is_none_of_ours_and_stays(visit: Visit, value: str) -> None:
    visitor = visit()
    visitor.client.set_cookie("session", value)
    assert visitor.get("/search").status_code == 303
    visitor.registered("Alice")
    visitor.get("/logout")
    assert visitor.cookies()["session"] == value


def test_a_browser_that_was_known_before_the_update_is_known(alice: Site, visit: Visit) -> None:
    mallory = visit()
    for _ in range(11):
        mallory.submit("/login", username="Alice", password="a wrong password")
    alice.get("/logout")
    rename(alice, "device")
    assert alice.submit("/login", username="Alice", password=PASSWORD).status_code == 303


def test_cookies_of_a_site_under_a_path_stay_there(config: Config, database: Database) -> None:
    under = {"base_url": "https://books.example/shelf"}
    app = create_app(replace(config, https=True), database)
    client = app.test_client()
    page = client.get("/register", **under)
    fields = hidden_fields(page.text) | {"username": "Alice", "password": PASSWORD, "confirmation": PASSWORD}
    done = client.post("/register", data=fields, **under)
    left = client.get("/logout", **under)
    assert (done.status_code, left.status_code) == (303, 303)
    cookies = [line for answer in (page, done, left) for line in answer.headers.getlist("Set-Cookie")]
    assert len(cookies) >= 5
    for cookie in cookies:
        # __Host- demands the path /.
        assert cookie.startswith(f"__Secure-{app.config['COOKIE_NAMES']}")
        assert "; Path=/shelf;" in f"{cookie};"
        assert "; Secure" in cookie
    assert client.get("/search", **under).status_code == 303


def test_the_jar_of_these_tests_ignores_ports() -> None:
    """Else the tests above would prove nothing."""
    policy = http.cookiejar.DefaultCookiePolicy()
    assert policy.domain_return_ok("127.0.0.1", urllib.request.Request("http://127.0.0.1:1/"))
