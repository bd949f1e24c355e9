"""Writing, changing and deleting a review."""

import re
from collections.abc import Callable
from functools import partial
from html import unescape

import pytest
from flask.testing import FlaskClient

from flyleaf.database import Database
from flyleaf.limits import REVIEW_MAX
from tests.fixture_types import Select, Together, Visit
from tests.markup import part
from tests.site import Site, hidden_fields

EMOJI = "\U0001f4da"

Stored = Callable[[], list[tuple[str, int, str]]]


@pytest.fixture
def reviews(database: Database) -> Stored:
    """What is stored: (reader, rating, text) of each review."""

    def stored() -> list[tuple[str, int, str]]:
        with database.transaction() as connection:
            rows = connection.exec_driver_sql(
                "SELECT a.name, r.rating, r.text FROM reviews AS r JOIN readers AS a ON a.id = r.reader_id"
                " ORDER BY a.name"
            )
            return [tuple(row) for row in rows]

    return stored


def textarea(html: str) -> str:
    return unescape(part(r"<textarea[^>]*>\r?\n?(.*?)</textarea>", html))


def chosen(html: str) -> list[str]:
    """The stars that are ticked in the form."""
    return [part(r'value="(\d)"', tag) for tag in re.findall(r"<input checked[^>]*>", html)]


def test_alice_reviews_a_book_and_bob_reads_it(alice: Site, bob: Site, dune: str) -> None:
    response = alice.review(dune, 4, "Much sand.")
    assert response.status_code == 303
    assert response.location == f"/books/{dune}#my-review"
    assert 'role="status"' in alice.get(f"/books/{dune}").text
    text = bob.get(f"/books/{dune}").text
    assert "Alice" in text
    assert "Much sand." in text
    assert "4.0 of 5" in text or "4 of 5" in text


def test_a_visitor_is_asked_to_log_in(client: FlaskClient, dune: str, reviews: Stored) -> None:
    for address in ("review", "review/edit", "review/delete"):
        response = client.post(f"/books/{dune}/{address}", data={"rating": "5"})
        assert response.status_code == 303
        assert response.location.startswith("/login")
    assert reviews() == []


def test_stars_alone_are_a_review(alice: Site, dune: str, reviews: Stored) -> None:
    assert alice.review(dune, 1).status_code == 303
    assert reviews() == [("Alice", 1, "")]


@pytest.mark.parametrize("rating", ["1", "2", "3", "4", "5"])
def test_there_are_one_to_five_stars(alice: Site, dune: str, reviews: Stored, rating: str) -> None:
    assert alice.review(dune, rating).status_code == 303
    assert reviews() == [("Alice", int(rating), "")]


def test_other_ratings_are_refused_and_the_text_is_kept(
    alice: Site, dune: str, reviews: Stored, subtests: pytest.Subtests
) -> None:
    ratings = [
        "0", "6", "-1", "1.5", "1e0", "NaN", "Infinity", "", " ", "５", "٣", "five", "5 ", " 5", "05", "+5", "0x5",
        "5\0", "5;", "None", "true", "99999999999999999999", "1,5", "5\n",
    ]  # fmt: skip
    for rating in ratings:
        with subtests.test(repr(rating)):
            response = alice.review(dune, rating, "Kept words.")
            assert response.status_code == 422
            assert textarea(response.text) == "Kept words."
            assert 'id="rating-error"' in response.text
    assert reviews() == []


def test_a_missing_rating_is_refused_and_the_text_is_kept(alice: Site, dune: str, reviews: Stored) -> None:
    response = alice.submit(f"/books/{dune}", f"/books/{dune}/review", text="Kept words.")
    assert response.status_code == 422
    assert textarea(response.text) == "Kept words."
    assert reviews() == []


def test_a_missing_text_is_an_empty_one(alice: Site, dune: str, reviews: Stored) -> None:
    assert alice.submit(f"/books/{dune}", f"/books/{dune}/review", rating="5").status_code == 303
    assert reviews() == [("Alice", 5, "")]


def test_fields_that_come_twice_are_refused(alice: Site, dune: str, reviews: Stored, subtests: pytest.Subtests) -> None:
    twice: list[dict[str, str | list[str]]] = [
        {"rating": ["5", "1"], "text": "x"},
        {"rating": ["5", "5"], "text": "x"},
        {"rating": "5", "text": ["x", "y"]},
    ]
    for fields in twice:
        with subtests.test(str(fields)):
            assert alice.submit(f"/books/{dune}", f"/books/{dune}/review", **fields).status_code == 422
    assert reviews() == []


def test_a_review_has_at_most_10000_characters(alice: Site, bob: Site, dune: str, reviews: Stored) -> None:
    assert REVIEW_MAX == 10_000
    long = "a" * (REVIEW_MAX + 1)
    response = alice.review(dune, 5, long)
    assert response.status_code == 422
    assert textarea(response.text) == long
    assert chosen(response.text) == ["5"]
    assert alice.review(dune, 5, long[1:]).status_code == 303
    assert bob.review(dune, 4, EMOJI * REVIEW_MAX).status_code == 303
    assert reviews() == [("Alice", 5, long[1:]), ("Bob", 4, EMOJI * REVIEW_MAX)]


def test_line_breaks_count_once(alice: Site, dune: str, reviews: Stored) -> None:
    """Browsers send two characters for one."""
    words = "\r\n".join(["a"] * (REVIEW_MAX // 2))
    assert len(words) > REVIEW_MAX
    assert alice.review(dune, 5, words).status_code == 303
    assert reviews()[0][2] == words.replace("\r", "")


def test_a_megabyte_is_too_much(alice: Site, dune: str, reviews: Stored) -> None:
    response = alice.review(dune, 5, "a" * 1_000_000)
    assert response.status_code == 413
    assert response.mimetype == "text/html"
    assert reviews() == []


def test_control_characters_are_refused_and_the_rest_is_kept(
    alice: Site, dune: str, reviews: Stored, subtests: pytest.Subtests
) -> None:
    for letter in ["\0", "\x01", "\x1b", "\x7f", "\x9b"]:
        with subtests.test(repr(letter)):
            response = alice.review(dune, 5, f"Sand{letter}worm")
            assert response.status_code == 422
            assert 'id="text-error"' in response.text
            assert "Sand" in textarea(response.text)
            assert reviews() == []


def test_bytes_that_are_no_utf8_cause_no_error(alice: Site, dune: str, subtests: pytest.Subtests) -> None:
    token = hidden_fields(alice.get(f"/books/{dune}").text)["csrf_token"]
    for body in (b"rating=%ff", b"rating=5\xff", b"rating=%ED%A0%80&text=%ED%A0%80", b"rating=\xff&text=\xff"):
        with subtests.test(repr(body)):
            response = alice.client.post(
                f"/books/{dune}/review",
                data=body + b"&csrf_token=" + token.encode(),
                content_type="application/x-www-form-urlencoded",
            )
            assert response.status_code in (400, 422)


def test_paragraphs_and_lines_are_kept(alice: Site, dune: str) -> None:
    alice.review(dune, 5, "One.\r\nTwo.\r\n\r\nThree.\n\n\n\nFour.\rFive.")
    text = alice.get(f"/books/{dune}").text
    assert "<p>One.<br>Two.</p><p>Three.</p><p>Four.<br>Five.</p>" in text


def test_letters_of_all_scripts_are_kept(alice: Site, dune: str, reviews: Stored) -> None:
    words = "Ωραίο! שלום 東京 👩‍👩‍👧 naïve \u202dx\u202c"
    alice.review(dune, 5, words)
    assert reviews() == [("Alice", 5, words)]


def test_markup_and_templates_are_shown_as_text(alice: Site, bob: Site, dune: str) -> None:
    alice.review(dune, 5, "<script>alert(1)</script><img src=x onerror=alert(1)></p>{{ 7*7 }}{% x %}&amp;</textarea>")
    for text in (bob.get(f"/books/{dune}").text, alice.get(f"/books/{dune}/review/edit").text):
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "{{ 7*7 }}" in text
        assert "&amp;amp;" in text
    assert textarea(alice.get(f"/books/{dune}/review/edit").text).endswith("</textarea>")


def test_a_second_review_is_refused_and_can_be_saved_in_place_of_the_first(
    alice: Site, dune: str, reviews: Stored
) -> None:
    alice.review(dune, 2, "First words.")
    response = alice.submit(f"/books/{dune}/review/edit", f"/books/{dune}/review", rating="5", text="Second words.")
    assert response.status_code == 409
    assert reviews() == [("Alice", 2, "First words.")]
    assert f'action="/books/{dune}/review/edit"' in response.text
    assert textarea(response.text) == "Second words."
    assert chosen(response.text) == ["5"]
    fields = hidden_fields(response.text) | {"rating": "5", "text": "Second words."}
    assert alice.client.post(f"/books/{dune}/review/edit", data=fields).status_code == 303
    assert reviews() == [("Alice", 5, "Second words.")]


def test_both_forms_of_an_isbn_are_one_book(alice: Site, dune: str, reviews: Stored) -> None:
    alice.review(dune, 2, "First words.")
    for other_form in ("0441172717", "978-0-441-17271-9"):
        edit = f"/books/{dune}/review/edit"
        assert alice.submit(edit, f"/books/{other_form}/review", rating="5").status_code == 409
    assert len(reviews()) == 1


def test_alice_changes_her_review(alice: Site, bob: Site, dune: str, reviews: Stored) -> None:
    alice.review(dune, 2, "First words.")
    page = alice.get(f"/books/{dune}/review/edit").text
    assert textarea(page) == "First words."
    assert chosen(page) == ["2"]
    response = alice.submit(f"/books/{dune}/review/edit", rating="4", text="Better words.")
    assert response.status_code == 303
    assert reviews() == [("Alice", 4, "Better words.")]
    text = bob.get(f"/books/{dune}").text
    assert "Better words." in text
    assert "First words." not in text
    assert "edited" in text


def test_a_change_is_checked_like_a_new_review(
    alice: Site, dune: str, reviews: Stored, subtests: pytest.Subtests
) -> None:
    alice.review(dune, 2, "First words.")
    for rating, text in (
        ("6", "x"),
        ("0", "x"),
        ([], "x"),
        ("5", "a" * (REVIEW_MAX + 1)),
        ("5", "a\0"),
        (["4", "5"], "x"),
    ):
        with subtests.test(f"{rating} {text[:40]}"):
            response = alice.submit(f"/books/{dune}/review/edit", rating=rating, text=text)
            assert response.status_code == 422
            assert textarea(response.text) == text.replace("\0", "\ufffd") or "\0" in text
    assert reviews() == [("Alice", 2, "First words.")]


def test_alice_deletes_her_review_after_being_asked(alice: Site, bob: Site, dune: str, reviews: Stored) -> None:
    alice.review(dune, 2, "First words.")
    bob.review(dune, 5, "Bob's words.")
    question = alice.get(f"/books/{dune}/review/delete")
    assert question.status_code == 200
    assert "First words." in question.text
    assert len(reviews()) == 2, "looking deletes nothing"
    assert alice.submit(f"/books/{dune}/review/delete").status_code == 303
    assert reviews() == [("Bob", 5, "Bob's words.")]
    assert alice.review(dune, 3).status_code == 303, "and may write another"


def test_nobody_elses_review_can_be_touched(alice: Site, bob: Site, dune: str, reviews: Stored) -> None:
    alice.review(dune, 2, "Alice's words.")
    token = hidden_fields(bob.get(f"/books/{dune}").text)
    for address in ("review/edit", "review/delete"):
        assert bob.get(f"/books/{dune}/{address}").status_code == 404
        fields = token | {"rating": "1", "text": "Mine!", "reader_id": "1", "id": "1", "reader": "Alice"}
        assert bob.client.post(f"/books/{dune}/{address}", data=fields).status_code == 404
    assert reviews() == [("Alice", 2, "Alice's words.")]


def test_a_review_that_bob_writes_is_bobs_whatever_he_sends(
    alice: Site, bob: Site, dune: str, reviews: Stored, select: Select
) -> None:
    fields = {"rating": "1", "reader_id": str(select("SELECT id FROM readers WHERE name = 'Alice'")), "reader": "Alice"}
    assert bob.submit(f"/books/{dune}", f"/books/{dune}/review", **fields).status_code == 303
    assert reviews() == [("Bob", 1, "")]


def test_a_book_that_is_none_cannot_be_reviewed(alice: Site, dune: str, subtests: pytest.Subtests) -> None:
    token = hidden_fields(alice.get(f"/books/{dune}").text)
    for isbn in ("9780141439518", "dune", "%00", "%ff", "9" * 5000):
        for action in ("", "/edit", "/delete"):
            with subtests.test(isbn[:20] + action):
                response = alice.client.post(f"/books/{isbn}/review{action}", data=token | {"rating": "5"})
                assert response.status_code == 404


def test_the_average_follows_every_change(alice: Site, bob: Site, dune: str, client: FlaskClient) -> None:
    def average() -> tuple[int, float | None]:
        answer = client.get(f"/api/{dune}").get_json()
        return answer["review_count"], answer["average_score"]

    assert average() == (0, None)
    alice.review(dune, 5)
    bob.review(dune, 2)
    assert average() == (2, 3.5)
    alice.submit(f"/books/{dune}/review/edit", rating="1", text="")
    assert average() == (2, 1.5)
    alice.submit(f"/books/{dune}/review/delete")
    assert average() == (1, 2.0)
    bob.submit(f"/books/{dune}/review/delete")
    assert average() == (0, None)


def test_deleting_an_account_deletes_its_rating(
    alice: Site, bob: Site, dune: str, client: FlaskClient, select: Select
) -> None:
    alice.review(dune, 5)
    bob.review(dune, 2)
    select("DELETE FROM readers WHERE name = 'Alice'")
    assert client.get(f"/api/{dune}").get_json()["average_score"] == 2.0


def test_eight_clicks_at_once_make_one_review(
    alice: Site,
    visit: Visit,
    together: Together,
    dune: str,
    reviews: Stored,
    select: Select,
) -> None:
    for _ in range(3):
        select("DELETE FROM reviews")
        browsers = [visit().logged_in("Alice") for _ in range(8)]
        tokens = [hidden_fields(browser.get(f"/books/{dune}").text) for browser in browsers]
        clicks = [
            partial(browser.client.post, f"/books/{dune}/review", data=token | {"rating": str(1 + n % 5)})
            for n, (browser, token) in enumerate(zip(browsers, tokens, strict=True))
        ]
        assert sorted(answer.status_code for answer in together(*clicks)) == [303] + [409] * 7
        assert len(reviews()) == 1
        assert select("SELECT review_count FROM rating_counts") == 1


def test_changing_and_deleting_at_the_same_moment_causes_no_error(
    alice: Site,
    visit: Visit,
    together: Together,
    dune: str,
    reviews: Stored,
    select: Select,
) -> None:
    """A change, a deletion and a new review, in any order: an answer to each, and the count is right."""
    for _ in range(3):
        select("DELETE FROM reviews")
        alice.review(dune, 3)
        actions = ["/edit", "/delete", "", "/edit", "/delete", ""]
        browsers = [visit().logged_in("Alice") for _ in actions]
        tokens = [hidden_fields(browser.get(f"/books/{dune}/review/edit").text) for browser in browsers]
        answers = together(
            *[
                partial(browser.client.post, f"/books/{dune}/review{action}", data=token | {"rating": "5"})
                for action, browser, token in zip(actions, browsers, tokens, strict=True)
            ]
        )
        assert {answer.status_code for answer in answers} <= {303, 404, 409}
        assert select("SELECT coalesce(sum(review_count), 0) FROM rating_counts") == len(reviews()) <= 1


def test_many_readers_at_once_are_all_counted(visit: Visit, together: Together, dune: str, select: Select) -> None:
    readers = [visit().registered(f"Reader {n}") for n in range(8)]
    select("UPDATE readers SET created_at = now() - interval '2 days'")  # so many of new accounts would be held
    answers = together(*[partial(reader.review, dune, 1 + n % 5) for n, reader in enumerate(readers)])
    assert [answer.status_code for answer in answers] == [303] * 8
    assert select("SELECT review_count FROM rating_counts") == 8
    assert select("SELECT rating_sum FROM rating_counts") == sum(1 + n % 5 for n in range(8))
