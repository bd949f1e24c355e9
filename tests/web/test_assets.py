"""Style sheet, pictures and scripts."""

import hashlib
import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from tests.site import Site
from tests.spares import make_app

FILES = sorted(
    path.relative_to(PROJECT / "static").as_posix() for path in (PROJECT / "static").rglob("*") if path.is_file()
)


def assets(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', html)


def test_all_that_a_page_refers_to_is_there_and_may_be_kept_forever(client: FlaskClient, alice: Site) -> None:
    for page in (client.get("/").text, alice.get("/search").text):
        assert assets(page)
        for address in assets(page):
            with client.get(address) as response:
                assert response.status_code == 200
                assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_address_tells_the_content(client: FlaskClient) -> None:
    [style] = [address for address in assets(client.get("/").text) if address.endswith(".css")]
    assert re.fullmatch(r"/static/style\.[0-9a-f]{12}\.css", style)
    with client.get(style) as response:
        assert response.data == Path(PROJECT, "static", "style.css").read_bytes()
        assert response.mimetype == "text/css"


@pytest.mark.parametrize("name", FILES)
def test_under_its_plain_name_a_file_is_asked_for_anew(client: FlaskClient, name: str) -> None:
    with client.get(f"/static/{name}") as response:
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-cache"


def test_nothing_else_is_given_out(client: FlaskClient, subtests: pytest.Subtests) -> None:
    for name in [
        "",
        "no.css",
        "style.000000000000.css",
        "../application.py",
        "..%2fapplication.py",
        "%2e%2e/application.py",
        "..\\application.py",
        "/etc/passwd",
        "%00",
        "style.css%00",
        "style.css/",
        "%ff",
        ".",
    ]:
        with subtests.test(name), client.get(f"/static/{name}") as response:
            assert response.status_code in (308, 404)
            assert b"root:" not in response.data


def test_nobody_has_to_log_in_and_no_cookie_is_set(client: FlaskClient) -> None:
    with client.get("/static/style.css") as response:
        assert "Set-Cookie" not in response.headers


def test_nothing_comes_from_elsewhere_and_nothing_stands_inline(alice: Site, dune: str, client: FlaskClient) -> None:
    """The Content-Security-Policy would refuse it."""
    pages = [client.get("/").text, client.get("/login").text, client.get("/register").text, client.get("/no").text]
    pages += [alice.get(address).text for address in ("/search", "/search?q=dune", f"/books/{dune}")]
    for page in pages:
        assert not re.search(
            r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\s(?:src=|type=\"application/ld))", page
        )
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page)


def test_files_can_come_from_another_host(config: Config, database: Database) -> None:
    cdn = "https://cdn.example/flyleaf"
    client = make_app(replace(config, static_url=cdn), database).test_client()
    page = client.get("/")
    assert assets(page.text) == []
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    for directive in ("style-src", "script-src", "img-src"):
        assert policy[directive] == f"'self' {cdn}/"
    assert (policy["default-src"], policy["connect-src"]) == ("'none'", "'self'")
    tags = re.findall(rf'(?:href|src)="{cdn}/([^"]+)"( integrity="sha384-([^"]+)" crossorigin="anonymous")?', page.text)
    assert {Path(name).suffix for name, _, _ in tags} == {".css", ".js", ".svg"}
    for name, _, digest in tags:
        with client.get(f"/static/{name}") as response:  # where the other host fetches it
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            if not name.endswith(".svg"):
                assert b64decode(digest) == hashlib.sha384(response.data).digest()


def test_files_of_the_site_itself_are_for_its_pages_alone(client: FlaskClient) -> None:
    assert "integrity" not in client.get("/").text
    with client.get("/static/style.css") as response:
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
