"""API v1 in a browser, from a page of another site: it may be read, with a token too, but not written."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from werkzeug.wrappers import Request, Response

from tests.browser.conftest import serving
from tests.fixture_types import Select
from tests.site import Site
from tests.tokens import new_token

# What a script of that page is told: the status, the body and two headers, or that the browser refused.
FETCH = """async ([address, options]) => {
    try {
        const answer = await fetch(address, options);
        const text = await answer.text();
        return [answer.status, text && JSON.parse(text), answer.headers.get("ETag"), answer.headers.get("RateLimit")];
    } catch (error) {
        return error.name;
    }
}"""
BOOK = "/api/v1/editions/0141439513"


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site, which has an empty page."""
    with serving(
        Request.application(lambda _: Response("<!doctype html><title>Elsewhere</title>", mimetype="text/html"))
    ) as it:
        yield it


@pytest.fixture
def fetch(browse: Callable[..., Page], log_in: Callable[[Page], Page], site: str, elsewhere: str) -> Callable[..., Any]:
    """Sends a request from a page of the other site, in a browser in which Alice is logged in here."""
    page = log_in(browse())
    page.goto(elsewhere)

    def send(path: str, **options: Any) -> Any:
        return page.evaluate(FETCH, [site + path, options])

    return send


def test_reading_works_with_a_token_and_without(fetch: Callable[..., Any], alice: Site) -> None:
    status, book, etag, limit = fetch(BOOK)
    assert (status, book["title"], limit[:8]) == (200, "Pride and Prejudice", '"api";r=')
    assert fetch(BOOK, headers={"If-None-Match": etag}, cache="no-store")[0] == 304
    token = {"Authorization": f"Bearer {new_token(alice)}"}
    status, me, etag, _ = fetch("/api/v1/me", headers=token)
    assert (status, me["name"]) == (200, "Alice")
    assert fetch("/api/v1/me", headers=token | {"If-None-Match": etag}, cache="no-store")[0] == 304
    # Errors are told, too.
    status, problem, _, _ = fetch("/api/v1/editions/9780306406157")
    assert (status, problem["status"]) == (404, 404)
    assert fetch("/api/v1/me")[0] == 401


def test_writing_does_not_with_a_token_or_the_session(
    fetch: Callable[..., Any], alice: Site, select: Select, complaints: list[str]
) -> None:
    token = {"Authorization": f"Bearer {new_token(alice, 'write')}"}
    sent = {"method": "PUT", "body": '{"shelf": "read"}'}
    for headers in (token, {}):
        assert fetch(f"{BOOK}/shelf", headers=headers | {"Content-Type": "application/json"}, **sent) == "TypeError"
        assert fetch(f"{BOOK}/shelf", headers=headers, method="DELETE", credentials="include") == "TypeError"
    # A request without a preflight arrives, but the session opens nothing there; nor may the page read with it.
    for body in ('{"name": "Sand"}', "name=Sand"):
        fetch("/api/v1/me/shelves", method="POST", body=body, mode="no-cors", credentials="include")
    assert fetch("/api/v1/me", credentials="include") == "TypeError"
    assert any("blocked by CORS policy" in line for line in complaints)
    complaints.clear()
    assert select("SELECT count(*) FROM shelved_books") == select("SELECT count(*) FROM shelves") == 0
