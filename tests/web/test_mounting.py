"""A site under a path: nothing leads out of it."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from tests.fixture_types import AddBook, Visit
from tests.markup import addresses, part, scripts
from tests.site import PASSWORD, Site, hidden_fields

pytestmark = pytest.mark.slow

ROOT = "/shelf/of-ours"
BESIDE = "HTTP_X_FORWARDED_PREFIX"


class Front:
    """What stands before the application, and takes the path off where `strips`; `adds` is told to the application."""

    def __init__(self, application: WSGIApplication, strips: bool, adds: dict[str, str]) -> None:
        self.application, self.strips, self.adds = application, strips, adds

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert f"{environ['PATH_INFO']}/".startswith(f"{ROOT}/"), "another site's"
        if self.strips:
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(ROOT) or "/"
        return self.application(environ | self.adds, start_response)


@pytest.fixture
def ways(config: Config, database: Database) -> dict[str, Flask]:
    """Each way to be under a path: an application that is asked for the whole path."""

    def front(strips: bool, adds: dict[str, str], **settings: Any) -> Flask:
        app = create_app(replace(config, **settings), database)
        app.wsgi_app = Front(app.wsgi_app, strips, adds)  # type: ignore[method-assign]
        return app

    return {
        "a proxy's header": front(True, {BESIDE: ROOT}, trusted_proxies=1),
        "a header with a slash behind": front(True, {BESIDE: f"{ROOT}/"}, trusted_proxies=1),
        "the setting": front(False, {}, script_name=ROOT),
        "the setting, and a proxy that strips the path": front(True, {}, script_name=ROOT),
        "a WSGI server": front(True, {"SCRIPT_NAME": ROOT}),
    }


def followed(html: str) -> list[str]:
    """What the page leads to on this host."""
    found = [urlsplit(one) for one in addresses(html)]
    return [one.path for one in found if not one.netloc and one.path]


def test_nothing_leads_out_of_the_path(ways: dict[str, Flask], add_book: AddBook, subtests: pytest.Subtests) -> None:
    isbn = add_book()
    add_book("9780141439518", "Dune Messiah", "Frank Herbert", year=1969)
    for number, (way, app) in enumerate(ways.items()):
        client = app.test_client()

        def get(path: str, client: FlaskClient = client) -> TestResponse:
            return client.get(ROOT + path)

        def post(path: str, client: FlaskClient = client, /, **fields: str) -> TestResponse:
            return client.post(ROOT + path, data=fields)

        with subtests.test(way):
            refused = get("/account?page=2")
            assert refused.location == f"{ROOT}/login?next={ROOT}/account?page%3D2"
            page = get("/register?next=" + ROOT + "/account")
            fields = hidden_fields(page.text) | {"username": f"Reader {number}"}
            done = post("/register", **fields, password=PASSWORD, confirmation=PASSWORD)
            assert done.location == f"{ROOT}/account"
            pages = {
                path: get(path)
                for path in (
                    "/search", "/search?q=dune", "/search?q=no-such-book", "/search?q=dune&narrow=1", f"/books/{isbn}",
                    "/account", "/account/password", "/account/delete", "/account/events", "/authors/Frank%20Herbert",
                    f"/readers/Reader%20{number}", "/no-such-page", "/books/1",
                )
            }  # fmt: skip
            token = hidden_fields(pages["/account"].text)["csrf_token"]
            published = post(f"/books/{isbn}/review", csrf_token=token, rating="4", text="Good.")
            assert published.location == f"{ROOT}/books/{isbn}#my-review"
            pages |= {path: get(path) for path in (f"/books/{isbn}", f"/books/{isbn}/review/edit")}
            pages["refused"] = post(f"/books/{isbn}/review/edit", csrf_token=token, rating="9")
            pages["asked first"] = client.get(f"{ROOT}/logout", headers={"Sec-Fetch-Site": "cross-site"})
            for path, answer in pages.items():
                found = followed(answer.text)
                assert len(found) > 5, path
                assert [one for one in found if not f"{one}/".startswith(f"{ROOT}/")] == [], path
                assert f'data-root="{ROOT}"' in answer.text
            style = part(r'href="([^"]+\.css)"', pages["/search"].text)
            assert get(style.removeprefix(ROOT)).status_code == 200
            data = json.loads(scripts(pages[f"/books/{isbn}"].text)[1])
            assert data["url"] == f"http://localhost{ROOT}/books/{isbn}"
            suggestions = get("/search/suggestions?q=dune").get_json()["suggestions"]
            assert suggestions
            assert all(one["address"].startswith(f"{ROOT}/") for one in suggestions)
            assert get("/books/0441172717").location == f"{ROOT}/books/{isbn}"
            chosen = post(f"/preferences?next={ROOT}/search?q=dune", csrf_token=token, theme="dark")
            assert chosen.location == f"{ROOT}/search?q=dune"
            assert post("/preferences", csrf_token=token, theme="dark").location == f"{ROOT}/"
            assert post("/search", q="dune").location == f"{ROOT}/search?q=dune"
            assert get("/healthz").get_json()["site"] == "flyleaf"
            assert get("/logout").location == f"{ROOT}/"


@pytest.mark.parametrize(
    "away",
    ["/", "/search", "/shelf", "/shelf/of-ours2/x", f"{ROOT}/../../x", f"{ROOT}/%2e%2e/%2E%2E/x", "//evil.example"],
)
def test_a_log_in_leads_to_no_other_site_of_the_host(
    config: Config, database: Database, visit: Visit, alice: Site, away: str
) -> None:
    client = create_app(replace(config, script_name=ROOT), database).test_client()
    page = client.get(f"{ROOT}/login").text
    fields = hidden_fields(page) | {"username": "Alice", "password": PASSWORD, "next": away}
    assert client.post(f"{ROOT}/login", data=fields).location == f"{ROOT}/search"


@pytest.mark.parametrize("prefix", ["//evil.example", "https://evil.example", '/"><script>', "/..", "/a b", "/é", ""])
def test_a_prefix_that_is_no_path_is_ignored(config: Config, database: Database, prefix: str) -> None:
    client = create_app(replace(config, trusted_proxies=1), database).test_client()
    page = client.get("/", environ_overrides={BESIDE: prefix.encode().decode("latin-1")})
    assert page.status_code == 200
    found = followed(page.text)
    assert "/login" in found or "/evil.example/login" in found, "a path below the site's own host"
    assert "<script>" not in page.text
    assert not [one for one in addresses(page.text) if one.startswith(("//", "http"))]


def test_a_prefix_from_whom_nobody_trusts_is_ignored(client: FlaskClient) -> None:
    assert "/shelf" not in client.get("/", environ_overrides={BESIDE: "/shelf"}).text


def test_a_path_of_the_sites_own_name_works(config: Config, database: Database, dune: str, alice: Site) -> None:
    """/books is also where the site's books are."""
    client = create_app(replace(config, script_name="/books"), database).test_client()
    fields = hidden_fields(client.get("/books/login").text) | {"username": "Alice", "password": PASSWORD}
    assert client.post("/books/login", data=fields).location == "/books/search"
    assert client.get(f"/books/books/{dune}").status_code == 200
    assert client.get("/booksellers").status_code == 404


def test_no_address_is_written_out() -> None:
    """url_for() knows the path that the site is under; a template, a script or a view that writes one out does not."""
    written = []
    for path in sorted((PROJECT / "templates").rglob("*.html")):
        written += [
            (path.name, one) for one in re.findall(r'(?:href|src|action|formaction)="(/[^"]*)"', path.read_text())
        ]
    for path in sorted((PROJECT / "static").glob("*.js")):
        written += [(path.name, one) for one in re.findall(r"""["'`](/[a-z][^"'`]*)["'`]""", path.read_text())]
    for path in sorted((PROJECT / "static").glob("*.css")):
        written += [(path.name, one) for one in re.findall(r"url\(['\"]?(/[^)]*)", path.read_text())]
    for folder in ("views", "web"):
        for path in sorted((PROJECT / "flyleaf" / folder).glob("*.py")):
            text = path.read_text()
            written += [(path.name, one) for one in re.findall(r'redirect\w*\(\s*f?"(/[^"]*)"', text)]
            written += [(path.name, one) for one in re.findall(r'(?:or|return) f?"(/[^"]*)"', text)]
    # The path of a cookie, and of a request, where the site has its host for itself.
    allowed = {("cookies.py", "/"), ("mounting.py", "/")}
    assert [one for one in written if one not in allowed] == []
