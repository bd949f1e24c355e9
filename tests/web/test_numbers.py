"""Whole numbers that visitors send: in addresses, paths, forms, headers and cookies."""

from itertools import product
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flyleaf.numbers import BEYOND, whole_number
from flyleaf.views import moderation, reports
from tests.fixture_types import Select, Visit
from tests.site import Site, hidden_fields

# 309 digits are too many for a float, 4,301 for Python's int().
ENDLESS = ["9" * 309, "9" * 310, "-" + "9" * 311, "9" * 4_300, "9" * 4_301, "0" * 5_000 + "1", "٣" * 400]
NO_NUMBERS = ["", " ", "+", "-", "--1", "1 2", "1_0", "1.0", "1e5", "1e400", "NaN", "inf", "0x10", "²", "½", "1\0"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("-0", 0), ("+1", 1), (" 1 ", 1), ("\u00a01\n", 1), ("007", 7), ("-3000", -3000), ("٣", 3),
        ("１２", 12), ("9" * 18, 10**18 - 1), ("-" + "9" * 18, 1 - 10**18), ("9" * 19, BEYOND),
        ("-" + "9" * 5_000, -BEYOND),
        *((text, None) for text in NO_NUMBERS),
    ],
)  # fmt: skip
def test_what_a_whole_number_is(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_a_number_of_any_length_is_refused_by_the_search(
    alice: Site, client: FlaskClient, dune: str, subtests: pytest.Subtests
) -> None:
    for text, field in product(ENDLESS, ("page", "year_from", "year_to", "limit")):
        with subtests.test(f"{field}={text[:9]}…"):
            values = {"q": "dune", field: text}
            answer = client.get("/api/search", query_string=values)
            assert answer.status_code == 422
            assert answer.get_json()["error"].startswith(field)
            if field != "limit":  # the API's alone
                assert alice.get("/search", query_string=values).status_code == 422
                assert alice.get("/search/suggestions", query_string=values).status_code == 422


def test_what_search_and_api_take_for_a_page(
    alice: Site, client: FlaskClient, dune: str, subtests: pytest.Subtests
) -> None:
    taken = {"1": 200, "": 200, " 1 ": 200, "+1": 200, "١": 200, "-0": 422, "1_0": 422, "1e0": 422}
    pages = ((alice.client, "/search"), (client, "/api/search"))
    for (text, status), (browser, address) in product(taken.items(), pages):
        with subtests.test(f"{address} {text}"):
            assert browser.get(address, query_string={"q": "dune", "page": text}).status_code == status


def test_numbers_elsewhere_in_addresses_and_paths_cause_no_error(
    app: Flask, alice: Site, dune: str, select: Select, subtests: pytest.Subtests
) -> None:
    app.testing = False
    select("UPDATE readers SET is_moderator = true")
    places = [
        "/authors/Frank%20Herbert?page={0}",
        *(f"{page}?{place}={{0}}" for page in (f"/books/{dune}", "/readers/Alice") for place in ("before", "after")),
        *(f"/{page}?before={{0}}-{{0}}" for page in ("account/events", "moderation", "moderation/hidden")),
        *(f"/{page}/{{0}}" for page in ("books", "api", "readers", "authors", "reset")),
    ]
    paths = [
        "/account/sessions/{0}/end",
        "/reviews/{0}/report",
        *(f"/moderation/reviews/{{0}}/{action}" for action in ("hide", "unhide", "dismiss")),
    ]
    token = hidden_fields(alice.get("/account").text)
    for text in (*ENDLESS, "1_0", "1e400", "٣", "-0"):
        with subtests.test(text[:9]):
            for address in places:
                assert alice.get(address.format(quote(text))).status_code < 500, address
            for address in paths:
                assert alice.client.post(address.format(quote(text)), data=token).status_code == 404, address
            assert alice.review(dune, text).status_code == 422


def test_an_id_that_no_row_can_have_is_not_looked_up(
    alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL compares a bigint with a larger number as numeric, without the index."""
    select("UPDATE readers SET is_moderator = true")
    monkeypatch.setattr(moderation, "find_review", None)
    monkeypatch.setattr(reports, "find_review", None)
    for number in ("9" * 19, str(2**63), "9" * 400, "٣", "+1", "-1"):
        assert alice.get(f"/moderation/reviews/{quote(number)}/hide").status_code == 404
        assert alice.get(f"/reviews/{quote(number)}/report").status_code == 404


def test_numbers_in_headers_and_cookies_cause_no_error(
    app: Flask, client: FlaskClient, visit: Visit, dune: str, subtests: pytest.Subtests
) -> None:
    app.testing = False
    headers = [
        ("Content-Length", "{0}"),
        ("Range", "bytes={0}-"),
        ("Range", "bytes=0-{0}"),
        ("Range", "bytes=-{0}"),
        ("If-None-Match", "{0}"),
        ("If-None-Match", '"{0}"'),
        ("If-Range", '"{0}"'),
        ("If-Modified-Since", "{0}"),
        ("Accept-Language", "es;q={0}"),
        ("Accept-Encoding", "br;q={0}"),
        ("Max-Forwards", "{0}"),
        ("X-Forwarded-For", "192.0.2.1:{0}"),
        ("Host", "localhost:{0}"),
    ]
    for text in ("9" * 310, "9" * 4_301, "-1", "1e400", "٣", "1_0", "NaN"):
        sent = text.encode().decode("latin-1")
        for name, value in headers:
            with subtests.test(f"{name}: {value.format(text)[:20]}"):
                for address in ("/login", f"/api/{dune}", "/static/style.css"):
                    assert client.get(address, headers={name: value.format(sent)}).status_code < 500, address
        for cookie in ("session", "csrf", "notice", "language", "theme", "device", "draft"):
            with subtests.test(f"{cookie}={text[:9]}"):
                visitor = visit()
                visitor.keep(cookie, sent[:3_900])
                assert visitor.get("/login").status_code < 500
