"""Wherever an address says where to go on to, it leads to a path of this site or to where it goes without one."""

import itertools
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.fixture_types import Visit
from tests.site import PASSWORD, Site, hidden_fields

# What browsers take for another site, or not for a path; the last ones are too long or broken.
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/search",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "http:evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "https:\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "?next=//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\0//evil.example",
    "/\0/evil.example",
    "/search\r\nSet-Cookie: a=b",
    "/search\\..\\evil",
    "\x01https://evil.example",
    "\u2028//evil.example",
    "//evil.example@localhost/",
    "//localhost@evil.example/",
    "//[::1]/",
    "//%65vil.example",
    "",
    " ",
    "/" + "a" * 100_000,
]
# Odd, and a path of this site all the same: percent signs stay what they are, a dot in it changes no host.
HERE = ["/search?q=//evil.example", "/%2f/evil.example", "/%5cevil.example", "/.//evil.example", "/@evil.example"]
NUMBERS = itertools.count()
Place = Callable[[Visit, Site, str], TestResponse]


def after_logging_in(visit: Visit, alice: Site, next_path: str) -> TestResponse:
    return visit().submit("/login", username="Alice", password=PASSWORD, next=next_path)


def where_alice_is_logged_in(visit: Visit, alice: Site, next_path: str) -> TestResponse:
    return alice.client.get("/login", query_string={"next": next_path})


def after_registering(visit: Visit, alice: Site, next_path: str) -> TestResponse:
    fields = {"password": PASSWORD, "confirmation": PASSWORD, "next": next_path}
    return visit().submit("/register", username=f"Bob {next(NUMBERS)}", **fields)


def after_choosing_a_language(visit: Visit, alice: Site, next_path: str) -> TestResponse:
    fields = hidden_fields(alice.get("/account").text) | {"language": "es"}
    return alice.client.post("/preferences", query_string={"next": next_path}, data=fields)


PLACES: dict[Place, str] = {
    after_logging_in: "/search",
    where_alice_is_logged_in: "/search",
    after_registering: "/search",
    after_choosing_a_language: "/",
}


@pytest.fixture(params=PLACES, ids=lambda place: place.__name__)
def place(request: pytest.FixtureRequest) -> Place:
    place: Place = request.param
    return place


def test_nothing_leads_elsewhere(visit: Visit, alice: Site, place: Place, subtests: pytest.Subtests) -> None:
    for path in ELSEWHERE:
        with subtests.test(repr(path)[:60]):
            response = place(visit, alice, path)
            assert response.status_code == 303
            assert response.location == PLACES[place]
            assert "a=b" not in str(response.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("path", HERE)
def test_what_is_a_path_is_kept(visit: Visit, alice: Site, path: str) -> None:
    assert after_logging_in(visit, alice, path).location == path


@pytest.mark.parametrize("page", ["/login", "/register"])
def test_of_two_paths_neither_is_followed(visit: Visit, alice: Site, page: str) -> None:
    fields = {"username": "Bob", "password": PASSWORD, "confirmation": PASSWORD}
    assert visit().submit(page, **fields, next=["/search", "//evil.example"]).status_code == 422
