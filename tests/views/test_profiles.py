"""What a reader has reviewed."""

import re

import pytest
from flask.testing import FlaskClient

from flyleaf.limits import REVIEWS_ON_A_PAGE
from tests.fixture_types import Select, Visit
from tests.markup import part
from tests.site import Site


def test_a_visitor_is_asked_to_log_in(client: FlaskClient) -> None:
    assert client.get("/readers/Alice").location == "/login?next=/readers/Alice"


def test_one_without_reviews_is_told_what_to_do(alice: Site, bob: Site) -> None:
    own = alice.get("/readers/Alice").text
    assert "0 reviews" in own
    assert 'class="button" href="/search"' in own
    assert 'class="button" href="/search"' not in alice.get("/readers/Bob").text


def test_ones_own_reviews_can_be_changed_from_there(alice: Site, dune: str) -> None:
    alice.review(dune, 4, "Much ||sand||.")
    text = alice.get("/readers/Alice").text
    for shown in ("Dune", "4 of 5 stars", '<details class="spoiler">', f"/books/{dune}/review/edit", "1 review"):
        assert shown in text


def test_those_of_others_can_only_be_read(alice: Site, bob: Site, dune: str) -> None:
    alice.review(dune, 4, "Much sand.")
    text = bob.get("/readers/Alice").text
    assert "Much sand." in text
    assert "/review/edit" not in text
    assert 'href="/readers/Bob"' in text, "one's own name"


def test_the_book_page_leads_there(alice: Site, bob: Site, dune: str) -> None:
    alice.review(dune, 4)
    assert 'href="/readers/Alice"' in bob.get(f"/books/{dune}").text


def test_reviews_come_newest_first_and_in_pages(alice: Site, select: Select) -> None:
    select(
        "WITH new AS (INSERT INTO books (isbn, title) SELECT to_char(n, 'fm0000000000'), 'Volume ' || n"
        " FROM generate_series(1, :number) AS n RETURNING id, isbn)"
        " INSERT INTO reviews (book_id, reader_id, rating, text, created_at)"
        " SELECT id, (SELECT id FROM readers), 3, 'Text ' || isbn::int || '.',"
        " '2026-01-01'::timestamptz + isbn::int * interval '1 hour' FROM new",
        number=REVIEWS_ON_A_PAGE + 1,
    )
    pages = [re.findall(r"Text (\d+)\.", page) for page in alice.pages("/readers/Alice")]
    assert [int(number) for page in pages for number in page] == list(range(REVIEWS_ON_A_PAGE + 1, 0, -1))
    assert [len(page) for page in pages] == [REVIEWS_ON_A_PAGE, 1]


@pytest.mark.parametrize("name", ["ALICE", "ａlice"])
def test_a_name_is_found_as_it_is_at_the_log_in(alice: Site, name: str) -> None:
    assert alice.get(f"/readers/{name}").status_code == 200


@pytest.mark.parametrize("name", ["Mallory", "%00", "%ED%A0%80", "a" * 5000, "' OR 1=1 --"])
def test_who_has_no_account_is_not_found(alice: Site, name: str) -> None:
    assert alice.get(f"/readers/{name}").status_code == 404


def test_invalid_places_in_the_list_are_not_found(alice: Site) -> None:
    assert alice.get("/readers/Alice?before=yesterday").status_code == 404


def test_a_name_with_signs_has_a_profile(visit: Visit) -> None:
    name = 'A%B?c#d "i"'
    reader = visit().registered(name)
    address = part(r'class="reader-name" href="([^"]*)"', reader.get("/search").text)
    text = reader.get(address).text
    assert "A%B?c#d &#34;i&#34;</bdi></h1>" in text
