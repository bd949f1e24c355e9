"""A private review is seen by its reader only, wherever reviews are seen, and counts nowhere."""

import pytest

from tests.fixture_types import AddBook, Select, Visit
from tests.site import PASSWORD, Site

WORDS = "Nobody else reads this."
ONLY_ALICE = "Private: only you see this review, and it doesn’t count."


@pytest.fixture
def secret(alice: Site, dune: str, select: Select) -> int:
    """The id of a private review that Alice has written of Dune."""
    alice.review(dune, 1, WORDS)
    return make_private(select)


def make_private(select: Select) -> int:
    review_id: int = select("UPDATE reviews SET is_private = true RETURNING id")
    return review_id


@pytest.fixture
def mo(visit: Visit, select: Select) -> Site:
    mo = visit().registered("Mo")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Mo'")
    return mo


def test_its_reader_sees_it_on_the_book_and_the_profile(alice: Site, dune: str, secret: int) -> None:
    for page in (f"/books/{dune}", "/readers/Alice"):
        text = alice.get(page).text
        assert WORDS in text
        assert ONLY_ALICE in text


def test_others_see_neither_the_review_nor_its_stars(bob: Site, dune: str, secret: int) -> None:
    for page in (f"/books/{dune}", "/readers/Alice", "/search?q=dune"):
        text = bob.get(page).text
        assert WORDS not in text, page
        assert "1 review" not in text, page
        assert "aggregateRating" not in text, page
    assert "Be the first to review this book." in bob.get(f"/books/{dune}").text
    assert "average rating" not in bob.get("/readers/Alice").text


def test_programs_neither_see_nor_count_it(bob: Site, dune: str, secret: int) -> None:
    answer = bob.get(f"/api/{dune}").get_json()
    assert (answer["review_count"], answer["average_score"]) == (0, None)
    found = bob.get("/api/search?q=dune").get_json()["results"][0]
    assert (found["review_count"], found["average_score"]) == (0, None)


def test_only_public_ones_are_in_the_average(bob: Site, dune: str, secret: int, select: Select) -> None:
    bob.review(dune, 4)
    assert bob.get(f"/api/{dune}").get_json()["average_score"] == 4.0
    select("UPDATE reviews SET is_private = false")
    answer = bob.get(f"/api/{dune}").get_json()
    assert (answer["review_count"], answer["average_score"]) == (2, 2.5)


def test_it_is_on_every_edition_s_page_for_its_reader_only(
    alice: Site, bob: Site, dune: str, add_book: AddBook, secret: int
) -> None:
    german = add_book("9783453317178", language="de")
    assert WORDS in alice.get(f"/books/{german}").text
    assert WORDS not in bob.get(f"/books/{german}").text


def test_nobody_can_report_it(bob: Site, secret: int) -> None:
    answer = bob.get(f"/reviews/{secret}/report")
    assert answer.status_code == 404
    assert WORDS not in answer.text


def test_moderators_do_not_see_it(mo: Site, secret: int) -> None:
    assert mo.get(f"/moderation/reviews/{secret}/hide").status_code == 404
    assert WORDS not in mo.get("/moderation").text


def test_moderators_see_what_was_reported_before_it_became_private(
    mo: Site, alice: Site, bob: Site, dune: str, select: Select
) -> None:
    alice.review(dune, 1, WORDS)
    review_id = select("SELECT id FROM reviews")
    bob.submit(f"/reviews/{review_id}/report", reason="Spam")
    make_private(select)
    page = mo.get("/moderation").text
    assert WORDS in page
    assert "Private: only its reader sees this review" in page
    assert mo.get(f"/moderation/reviews/{review_id}/hide").status_code == 200
    assert bob.get(f"/reviews/{review_id}/report").status_code == 404


def test_it_is_in_its_reader_s_download(alice: Site, secret: int, select: Select) -> None:
    select("UPDATE reviews SET exact_rating = 0.75, language = 'pt'")
    (review,) = alice.get("/account/data").get_json()["reviews"]
    assert (review["text"], review["is_private"], review["exact_rating"], review["written_in"]) == (
        WORDS, True, 0.75, "pt",
    )  # fmt: skip


def test_it_goes_with_the_account_even_if_reviews_stay(alice: Site, secret: int, select: Select) -> None:
    assert alice.submit("/account/delete", password=PASSWORD, reviews="keep").status_code == 303
    assert select("SELECT count(*) FROM readers") == 0
    assert select("SELECT count(*) FROM reviews") == 0


@pytest.mark.parametrize("exact", [0.25, 0.5, 0.75, 1.25, 1.5, 2.5, 4.75])
def test_what_averages_count_is_the_exact_rating_rounded(alice: Site, dune: str, select: Select, exact: float) -> None:
    rating = max(int(exact + 0.5), 1)
    alice.review(dune, rating)
    assert select("UPDATE reviews SET exact_rating = :exact RETURNING rating", exact=exact) == rating
