"""Finding reviews helpful, and listing them by that, by stars or by language."""

import re

import pytest

from flyleaf.limits import REVIEWS_ON_A_PAGE, Rate
from tests.fixture_types import Select, Together, Visit
from tests.site import PASSWORD, Site, hidden_fields

COUNT = "SELECT helpful_count FROM reviews WHERE text = :words"


@pytest.fixture
def review_id(alice: Site, dune: str, select: Select) -> int:
    """Of what Alice wrote."""
    alice.review(dune, 4, "Sand.")
    found: int = select("SELECT id FROM reviews")
    return found


def vote(site: Site, isbn: str, review_id: int, helpful: str = "1") -> int:
    fields = hidden_fields(site.get(f"/books/{isbn}").text) | {"helpful": helpful}
    return site.client.post(f"/reviews/{review_id}/helpful", data=fields).status_code


def words(page: str) -> list[str]:
    """The texts of the reviews on a page, in their order."""
    return re.findall(r'<div class="prose"[^>]*>\s*<p>([^<]*)</p>', page)


def test_a_review_is_found_helpful_once_and_that_can_be_taken_back(
    bob: Site, dune: str, review_id: int, select: Select
) -> None:
    address = f"/reviews/{review_id}/helpful"
    button = re.compile(f'<button class="quiet" form="helpful" formaction="{address}" name="helpful" value="(.)">')
    page = bob.get(f"/books/{dune}").text
    assert button.findall(page) == ["1"]
    assert 'id="helpful" method="post"' in page
    assert vote(bob, dune, review_id) == vote(bob, dune, review_id) == 303
    assert select(COUNT, words="Sand.") == 1
    page = bob.get(f"/books/{dune}").text
    assert "1 reader found this helpful" in page
    assert button.findall(page) == ["0"]
    assert vote(bob, dune, review_id, "0") == vote(bob, dune, review_id, "0") == 303
    assert select(COUNT, words="Sand.") == 0


def test_ones_own_review_has_no_button_and_takes_no_vote(
    alice: Site, dune: str, review_id: int, select: Select
) -> None:
    assert "/helpful" not in alice.get(f"/books/{dune}").text
    assert vote(alice, dune, review_id) == 404
    assert select(COUNT, words="Sand.") == 0


@pytest.mark.parametrize(
    "unseen",
    ["is_private = true", "hidden_at = now(), hidden_reason = 'Spam'", "counts_from = now() + interval '1 day'"],
)
def test_what_a_reader_cannot_see_takes_no_vote(
    bob: Site, dune: str, review_id: int, select: Select, unseen: str
) -> None:
    page = hidden_fields(bob.get(f"/books/{dune}").text) | {"helpful": "1"}
    select(f"UPDATE reviews SET {unseen}")
    assert bob.client.post(f"/reviews/{review_id}/helpful", data=page).status_code == 404
    assert select(COUNT, words="Sand.") == 0


def test_a_vote_needs_the_token_of_a_page(bob: Site, review_id: int, select: Select) -> None:
    assert bob.client.post(f"/reviews/{review_id}/helpful", data={"helpful": "1"}).status_code == 400
    assert select(COUNT, words="Sand.") == 0


def test_votes_at_the_same_moment_are_all_counted(
    visit: Visit, dune: str, review_id: int, select: Select, together: Together
) -> None:
    sites = [visit().registered(f"Reader {n}") for n in range(6)]
    done = together(*[lambda site=site: vote(site, dune, review_id) for site in sites for _ in range(2)])
    assert done == [303] * 12
    assert select(COUNT, words="Sand.") == 6
    together(*[lambda site=site: vote(site, dune, review_id, "0") for site in sites[:3]])
    assert select(COUNT, words="Sand.") == 3


def test_a_vote_goes_with_the_account(bob: Site, dune: str, review_id: int, select: Select) -> None:
    vote(bob, dune, review_id)
    assert bob.submit("/account/delete", password=PASSWORD, reviews="delete").status_code == 303
    assert select(COUNT, words="Sand.") == 0
    assert select("SELECT count(*) FROM helpful_votes") == 0


def test_votes_go_with_the_review(alice: Site, bob: Site, dune: str, review_id: int, select: Select) -> None:
    vote(bob, dune, review_id)
    alice.submit(f"/books/{dune}/review/delete")
    assert select("SELECT count(*) FROM reviews") == 0
    assert select("SELECT count(*) FROM helpful_votes") == 0


def test_a_review_that_takes_the_place_of_a_reported_one_begins_without_votes(
    alice: Site, bob: Site, dune: str, review_id: int, select: Select
) -> None:
    vote(bob, dune, review_id)
    bob.submit(f"/reviews/{review_id}/report", reason="Spam")
    alice.submit(f"/books/{dune}/review/delete")
    alice.review(dune, 1, "Other words.")
    assert select(COUNT, words="Other words.") == 0
    assert "found this helpful" not in bob.get(f"/books/{dune}").text


def test_there_is_a_limit_a_day(
    bob: Site, dune: str, review_id: int, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flyleaf.web.attempts.HELPFUL_VOTES", Rate(1, 3600))
    vote(bob, dune, review_id)
    vote(bob, dune, review_id, "0")
    assert vote(bob, dune, review_id) == 429
    assert select(COUNT, words="Sand.") == 0


def test_votes_are_in_the_download(bob: Site, dune: str, review_id: int) -> None:
    vote(bob, dune, review_id)
    (own,) = bob.get("/account/data").get_json()["helpful_votes"]
    assert (own["review_id"], own["address"]) == (review_id, dune)


# --- Lists ------------------------------------------------------------------------------------------------------------

REVIEWS = """
    WITH they AS (INSERT INTO readers (name, name_key, password_hash, created_at)
                  SELECT 'R ' || n, 'r ' || n, '', now() - interval '1 year' FROM generate_series(1, :n) AS n
                  RETURNING id, name)
    INSERT INTO reviews (book_id, reader_id, rating, text, created_at, language, helpful_count)
    SELECT (SELECT id FROM books), id, 1 + number % 5, 'No. ' || number, now() - number * interval '1 minute',
           (ARRAY['en', 'pt', NULL])[1 + number % 3], number % 7
      FROM (SELECT id, CAST(substr(name, 3) AS integer) AS number FROM they) AS numbered
"""
MANY = 2 * REVIEWS_ON_A_PAGE + 5
NUMBERS = range(1, MANY + 1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", list(NUMBERS)),
        ("order=newest", list(NUMBERS)),
        ("order=rating", sorted(NUMBERS, key=lambda n: (-(n % 5), n))),
        ("order=helpful", sorted(NUMBERS, key=lambda n: (-(n % 7), n))),
        ("stars=3", [n for n in NUMBERS if n % 5 == 2]),
        ("written_in=pt", [n for n in NUMBERS if n % 3 == 1]),
        ("written_in=pt&order=helpful", sorted(range(1, MANY + 1, 3), key=lambda n: (-(n % 7), n))),
        (
            "written_in=en&stars=1&order=helpful",
            sorted(range(15, MANY + 1, 15), key=lambda n: (-(n % 7), n)),
        ),
        ("written_in=en&order=rating", sorted((n for n in NUMBERS if n % 3 == 0), key=lambda n: (-(n % 5), n))),
        ("written_in=fr", []),
        ("order=price&stars=9&written_in=xx", list(NUMBERS)),
    ],
)
@pytest.mark.every_input
def test_reviews_are_sorted_and_filtered_on_all_pages(
    alice: Site, dune: str, select: Select, query: str, expected: list[int]
) -> None:
    select(REVIEWS, n=MANY)
    found = [int(text[4:]) for page in alice.pages(f"/books/{dune}?{query}") for text in words(page)]
    assert found == expected


def test_pages_lead_back_to_the_first(alice: Site, dune: str, select: Select) -> None:
    select(REVIEWS, n=MANY)
    pages = list(alice.pages(f"/books/{dune}?order=helpful"))
    assert len(pages) == 3
    address = re.search(r'href="([^"]*after=[^"]*)"', pages[2])
    assert address is not None
    assert words(alice.get(address[1].replace("&amp;", "&")).text) == words(pages[1])


def test_the_page_offers_the_languages_that_there_are(alice: Site, dune: str, select: Select) -> None:
    select(REVIEWS, n=MANY)
    form = re.search(r'<select id="in_language".*?</select>', alice.get(f"/books/{dune}?stars=2").text, re.DOTALL)
    assert form is not None
    assert re.findall('value="(.*?)"', form[0]) == ["", "en", "pt"]


def test_a_filter_that_nothing_matches_says_so(alice: Site, dune: str, select: Select) -> None:
    select(REVIEWS, n=3)
    page = alice.get(f"/books/{dune}?stars=1").text
    assert "No other reviews match." in page
    assert "Show all reviews" in page


@pytest.mark.parametrize("place", ["1", "x-1-1", "1-2-3-4", "-1-2", "1-99999999999999999999"])
def test_a_place_that_there_is_not_is_404(alice: Site, dune: str, place: str) -> None:
    assert alice.get(f"/books/{dune}?order=helpful&before={place}").status_code == 404
