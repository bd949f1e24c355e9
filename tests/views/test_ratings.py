"""Rating by one click, in half stars where the site has them, and what else a review's form asks for."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from flyleaf.database import Database
from flyleaf.web.current import EXTENSION
from tests.fixture_types import Select
from tests.markup import part
from tests.site import Site, hidden_fields

STORED = "SELECT concat_ws(' ', rating, exact_rating, is_private, language) FROM reviews"


@pytest.fixture
def half_stars(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator has switched them on."""
    site = app.extensions[EXTENSION]
    monkeypatch.setitem(app.extensions, EXTENSION, replace(site, config=replace(site.config, half_stars=True)))


def rating_form(page: str) -> str:
    return part(r"<form[^>]*>(?:(?!</form>).)*rating-buttons.*?</form>", page)


def publish(site: Site, isbn: str, **fields: Any) -> int:
    return site.submit(f"/books/{isbn}", f"/books/{isbn}/review", **fields).status_code


def test_one_click_rates_without_words(alice: Site, dune: str, select: Select) -> None:
    form = rating_form(alice.get(f"/books/{dune}").text)
    assert re.findall(r'<button[^>]* name="rating" value="([^"]+)"', form) == ["1", "2", "3", "4", "5"]
    answer = alice.client.post(f"/books/{dune}/review", data={**hidden_fields(form), "rating": "4"})
    assert answer.status_code == 303
    assert "Your rating has been published. You can add words at any time." in alice.get(f"/books/{dune}").text
    assert select("SELECT text FROM reviews WHERE rating = 4") == ""


def test_words_can_be_added_to_a_rating(alice: Site, dune: str, select: Select) -> None:
    alice.review(dune, 4)
    alice.submit(f"/books/{dune}/review/edit", rating="4", text="Sand.")
    assert select("SELECT rating || text FROM reviews") == "4Sand."


def test_who_has_a_review_finds_no_buttons(alice: Site, dune: str) -> None:
    alice.review(dune, 4)
    assert "rating-buttons" not in alice.get(f"/books/{dune}").text


def test_there_are_no_half_stars_unless_the_operator_wants_them(alice: Site, dune: str, select: Select) -> None:
    assert publish(alice, dune, rating="3.5") == 422
    assert select("SELECT count(*) FROM reviews") == 0


@pytest.mark.usefixtures("half_stars")
@pytest.mark.parametrize(("given", "stored"), [("0.5", "1 0.50"), ("2.5", "3 2.50"), ("3", "3"), ("4.5", "5 4.50")])
def test_half_stars_are_kept_and_averages_count_whole_ones(
    alice: Site, dune: str, select: Select, given: str, stored: str
) -> None:
    assert publish(alice, dune, rating=given) == 303
    assert select(STORED) == f"{stored} f"
    assert alice.get(f"/api/{dune}").get_json()["average_score"] == float(stored[0])
    assert f'aria-label="{float(given):g}' in part(
        r'<div class="my-review".*?</article>', alice.get(f"/books/{dune}").text
    )


@pytest.mark.usefixtures("half_stars")
def test_there_are_ten_buttons_with_half_stars(alice: Site, dune: str) -> None:
    page = alice.get(f"/books/{dune}").text
    assert len(re.findall("<button[^>]*>", rating_form(page))) == 10
    assert "3.5 stars" in page


@pytest.mark.usefixtures("half_stars")
@pytest.mark.parametrize("given", ["0", "0.25", "3.25", "5.5", "nan", "4,5", "04", "1e0"])
def test_what_is_no_half_star_is_refused(alice: Site, dune: str, select: Select, given: str) -> None:
    assert publish(alice, dune, rating=given) == 422
    assert select("SELECT count(*) FROM reviews") == 0


@pytest.mark.parametrize("with_halves", [False, True])
def test_quarters_from_elsewhere_stay_until_the_reader_rates_anew(
    request: pytest.FixtureRequest, alice: Site, dune: str, select: Select, with_halves: bool
) -> None:
    if with_halves:
        request.getfixturevalue("half_stars")
    alice.review(dune, 4)
    select("UPDATE reviews SET exact_rating = 4.25")
    shown = part(r'<input[^>]* checked[^>]*type="radio"[^>]*>', alice.get(f"/books/{dune}/review/edit").text)
    assert 'value="4"' in shown
    alice.submit(f"/books/{dune}/review/edit", rating="4", text="Sand.")
    assert select("SELECT exact_rating || text FROM reviews") == "4.25Sand."
    alice.submit(f"/books/{dune}/review/edit", rating="3", text="Sand.")
    assert select(STORED) == "3 f"


def test_a_review_can_be_private_and_public_again(alice: Site, bob: Site, dune: str, select: Select) -> None:
    assert publish(alice, dune, rating="2", text="Only for me.", is_private="1") == 303
    assert "Your review has been saved. Only you see it." in alice.get(f"/books/{dune}").text
    assert "Only for me." not in bob.get(f"/books/{dune}").text
    assert re.search('<input checked [^>]*id="is_private"', alice.get(f"/books/{dune}/review/edit").text)
    alice.submit(f"/books/{dune}/review/edit", rating="2", text="For all.")
    assert "For all." in bob.get(f"/books/{dune}").text


def test_the_language_of_a_review_is_that_of_the_page_unless_its_reader_says_otherwise(
    alice: Site, bob: Site, dune: str, select: Select
) -> None:
    page = alice.get(f"/books/{dune}", headers={"Accept-Language": "pt-BR"}).text
    assert '<option value="pt" selected>' in page
    publish(alice, dune, rating="5", text="Beaucoup de sable.", written_in="fr")
    assert select(STORED) == "5 f fr"
    assert '<div class="prose" dir="auto" lang="fr">' in bob.get(f"/books/{dune}").text
    alice.submit(f"/books/{dune}/review/edit", rating="5", text="Sand.", written_in="")
    assert select(STORED) == "5 f"


def test_a_rating_without_words_has_no_language(alice: Site, dune: str, select: Select) -> None:
    publish(alice, dune, rating="5", text="", written_in="fr")
    assert select(STORED) == "5 f"


@pytest.mark.parametrize("language", ["xx", "EN", "pt-BR", "fr' --"])
def test_a_language_that_is_not_offered_is_refused(alice: Site, dune: str, select: Select, language: str) -> None:
    assert publish(alice, dune, rating="5", text="Sand.", written_in=language) == 422
    assert select("SELECT count(*) FROM reviews") == 0


def test_eight_clicks_at_once_are_one_rating(alice: Site, dune: str, database: Database, together: Any) -> None:
    form = hidden_fields(rating_form(alice.get(f"/books/{dune}").text))
    app = alice.client.application
    cookies = alice.cookies()

    def click() -> int:
        browser = Site(app.test_client())
        for name, value in cookies.items():
            browser.client.set_cookie(name, value)
        return browser.client.post(f"/books/{dune}/review", data={**form, "rating": "4"}).status_code

    assert sorted(together(*[click] * 8)) == [303, *[409] * 7]
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM reviews")) == 1
