"""The book page."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from flyleaf.limits import REVIEWS_ON_A_PAGE
from tests.fixture_types import AddBook, Select
from tests.markup import part
from tests.site import Site

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def reviews_by_others(select: Select) -> Callable[[int], None]:
    """So many reviews of the only book, the newest last: `Text 1` by `Reader 1`, one star, …"""

    def write(number: int) -> None:
        select(
            "WITH new AS (INSERT INTO readers (name, name_key, password_hash)"
            " SELECT 'Reader ' || n, 'reader ' || n, '' FROM generate_series(1, :n) AS n RETURNING id, name)"
            " INSERT INTO reviews (book_id, reader_id, rating, text, created_at)"
            " SELECT (SELECT id FROM books), id, 1 + (substr(name, 8)::int - 1) % 5, 'Text ' || substr(name, 8) || '.',"
            " '2026-01-01'::timestamptz + substr(name, 8)::int * interval '1 hour' FROM new",
            n=number,
        )

    return write


def texts(html: str) -> list[int]:
    return [int(number) for number in re.findall(r"Text (\d+)\.", html)]


def test_a_visitor_is_asked_to_log_in(client: FlaskClient, dune: str) -> None:
    response = client.get(f"/books/{dune}")
    assert response.status_code == 303
    assert response.location.startswith("/login?next=")


def test_a_visitor_is_not_told_whether_a_book_exists(client: FlaskClient) -> None:
    assert client.get("/books/9780141439518").status_code == 303


def test_the_page_says_what_the_catalogue_knows(alice: Site, add_book: AddBook) -> None:
    isbn = add_book("9780141439518", "Pride and Prejudice", "Jane Austen", year=1813)
    text = alice.get(f"/books/{isbn}").text
    for fact in ("Pride and Prejudice", "Jane Austen", "1813", "978-0-14-143951-8", "0-14-143951-3"):
        assert fact in text


def test_more_is_shown_where_the_catalogue_has_it(alice: Site, add_book: AddBook) -> None:
    isbn = add_book(publisher="Ace", language="en", pages=604, description="Sand.\n\nMore sand.")
    text = alice.get(f"/books/{isbn}").text
    for fact in ("Ace", "604", "<p>Sand.</p>", "<p>More sand.</p>"):
        assert fact in text


def test_what_is_not_known_is_not_made_up(alice: Site, add_book: AddBook) -> None:
    isbn = add_book(title="Anonymous songs", author="", year=None)
    response = alice.get(f"/books/{isbn}")
    assert response.status_code == 200
    assert "None" not in response.text


def test_years_before_the_common_era_are_shown(alice: Site, add_book: AddBook) -> None:
    assert alice.get(f"/books/{add_book(year=-700)}").status_code == 200


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("9780141439518", "978-0-14-143951-8"),
        ("9780141439518", "978 0 14 143951 8"),
        ("9780141439518", "0141439513"),
        ("9780141439518", "0-14-143951-3"),
        ("9780141439518", "978–0–14–143951–8"),  # with dashes
        ("0141439513", "9780141439518"),
        ("0141439513", "141439513"),  # a leading zero lost
        ("080442957X", "080442957x"),
        ("080442957X", "0-8044-2957-x"),
        ("080442957X", "9780804429573"),
    ],
)
def test_every_form_of_the_isbn_leads_to_the_one_address(
    alice: Site, add_book: AddBook, known: str, asked: str
) -> None:
    add_book(known)
    response = alice.get(f"/books/{asked}")
    assert response.status_code == 301
    assert response.location == f"/books/{known}"


def test_the_page_of_reviews_goes_along(alice: Site, dune: str) -> None:
    assert alice.get("/books/978-0-441-17271-9?before=1-2").location == f"/books/{dune}?before=1-2"


def test_a_book_with_a_wrong_check_digit_has_a_page(alice: Site, add_book: AddBook) -> None:
    isbn = add_book("9780141439519")
    text = alice.get(f"/books/{isbn}").text
    assert "9780141439519" in text
    assert "ISBN-10" not in text


def test_an_isbn_that_only_has_thirteen_digits_shows_no_shorter_one(alice: Site, add_book: AddBook) -> None:
    text = alice.get(f"/books/{add_book('9791032305690')}").text
    assert "ISBN-13" in text
    assert "ISBN-10" not in text


def test_what_is_no_book_is_not_found(alice: Site, dune: str, subtests: pytest.Subtests) -> None:
    isbns = {
        "another ISBN": "9780141439518",
        "too short": "12345",
        "letters": "abcdefghij",
        "a title": "Dune",
        "an X in the middle": "0804X29570",
        "full-width digits": "９７８０４４１１７２７１９",
        "Arabic digits": "٩٧٨٠٤٤١١٧٢٧١٩",
        "superscript": "978044117271⁹",
        "NUL": "%00",
        "NUL at the end": "9780441172719%00",
        "a line break": "9780441172719%0A",
        "invalid UTF-8": "%ff",
        "a lone surrogate": "%ED%A0%80",
        "a wildcard": "978%25",
        "a quote": "9780441172719'",
        "very long": "9" * 10_000,
        "only hyphens": "---",
        "minus": "-9780441172719",
        "an exponent": "9.78E+12",
        "markup": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    }
    for what, isbn in isbns.items():
        with subtests.test(what):
            response = alice.get(f"/books/{isbn}")
            if what in ("a line break", "minus"):  # an ISBN in all but what separates it
                assert response.status_code in (301, 404)
            else:
                assert response.status_code == 404
            assert "<script>alert" not in response.text
            assert "\0" not in response.text


def test_without_reviews_there_is_no_average(alice: Site, dune: str) -> None:
    text = alice.get(f"/books/{dune}").text
    assert "of 5 stars" not in text
    assert "NaN" not in text


def test_the_average_the_number_and_the_spread_of_ratings(
    alice: Site, dune: str, reviews_by_others: Callable[[int], None]
) -> None:
    reviews_by_others(7)  # 1 2 3 4 5 1 2
    text = alice.get(f"/books/{dune}").text
    assert "2.57 of 5 stars" in text
    assert "<strong>2.6</strong>" in text
    assert "7 reviews" in text
    rows = re.findall(r'<th scope="row">(\d)<.*?class="count">(\d+)<', text, re.DOTALL)
    assert rows == [("5", "1"), ("4", "1"), ("3", "1"), ("2", "2"), ("1", "2")]


def test_one_review_is_not_reviews(alice: Site, dune: str, reviews_by_others: Callable[[int], None]) -> None:
    reviews_by_others(1)
    text = alice.get(f"/books/{dune}").text
    assert "1 review" in text
    assert "1 reviews" not in text


def test_reviews_come_newest_first_and_in_pages(
    alice: Site, dune: str, reviews_by_others: Callable[[int], None]
) -> None:
    number = 2 * REVIEWS_ON_A_PAGE + 1
    reviews_by_others(number)
    pages = [texts(page) for page in alice.pages(f"/books/{dune}")]
    assert [len(page) for page in pages] == [REVIEWS_ON_A_PAGE, REVIEWS_ON_A_PAGE, 1]
    assert [number for page in pages for number in page] == list(range(number, 0, -1))


def test_only_pages_that_exist_are_offered(alice: Site, dune: str, reviews_by_others: Callable[[int], None]) -> None:
    reviews_by_others(REVIEWS_ON_A_PAGE + 1)
    first, second = alice.pages(f"/books/{dune}")
    assert 'rel="prev"' not in first
    assert f'rel="prev" href="/books/{dune}?after=' in second


def test_there_is_nothing_behind_the_last_review_and_a_way_back(
    alice: Site, dune: str, reviews_by_others: Callable[[int], None]
) -> None:
    reviews_by_others(1)
    page = alice.get(f"/books/{dune}?before=1-1").text
    assert texts(page) == []
    assert "No more reviews." in page
    assert f'href="/books/{dune}#reviews"' in page


NO_PLACES = ["", "1", "-1", "x-1", "1-", "1-99999999999999999999", "9" * 400, "1-1-1", "١-١", "1.5-2", "1-1 "]


@pytest.mark.parametrize("place", NO_PLACES)
@pytest.mark.parametrize("name", ["before", "after"])
def test_invalid_places_in_the_list_are_not_found(alice: Site, dune: str, name: str, place: str) -> None:
    assert alice.get(f"/books/{dune}", query_string={name: place}).status_code == 404


@pytest.mark.parametrize("place", ["0-0", "999999999999999999-9223372036854775807"])
def test_every_place_can_be_asked_for(alice: Site, dune: str, place: str) -> None:
    for name in ("before", "after"):
        assert alice.get(f"/books/{dune}", query_string={name: place}).status_code == 200


def test_alice_sees_her_own_review_first_and_once(
    alice: Site, dune: str, reviews_by_others: Callable[[int], None], select: Select
) -> None:
    alice.review(dune, 3, "Text 0.")
    reviews_by_others(REVIEWS_ON_A_PAGE + 1)
    select("UPDATE reviews SET created_at = '2000-01-01' WHERE text = 'Text 0.'")
    first, second = (texts(page) for page in alice.pages(f"/books/{dune}"))
    assert first[0] == 0
    assert 0 not in first[1:]
    assert set(first + second) == set(range(REVIEWS_ON_A_PAGE + 2))


def test_the_form_is_there_until_alice_has_written(alice: Site, bob: Site, dune: str) -> None:
    bob.review(dune, 1)
    before = alice.get(f"/books/{dune}").text
    assert f'action="/books/{dune}/review"' in before
    assert before.count('type="radio"') == 5
    assert "/review/edit" not in before
    alice.review(dune, 5)
    after = alice.get(f"/books/{dune}").text
    assert f'action="/books/{dune}/review"' not in after
    assert "/review/edit" in after
    assert "/review/delete" in after


def test_a_page_number_that_is_none_causes_no_error(alice: Site, dune: str, subtests: pytest.Subtests) -> None:
    for page in ["x", "1.5", "NaN", "", "\0", "9" * 5000, "%ff"]:
        with subtests.test(repr(page)[:20]):
            assert alice.get(f"/books/{dune}", query_string={"page": page}).status_code < 500


def test_markup_from_the_catalogue_and_from_readers_is_shown_as_text(alice: Site, bob: Site, add_book: AddBook) -> None:
    isbn = add_book(title=MARKUP, author=MARKUP, publisher=MARKUP, description=MARKUP, language=MARKUP[:35])
    bob.review(isbn, 5, MARKUP)
    alice.review(isbn, 5, MARKUP)
    for page in (f"/books/{isbn}", f"/books/{isbn}/review/edit", f"/books/{isbn}/review/delete"):
        text = alice.get(page).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "&lt;script&gt;" in text


class Isolation(HTMLParser):
    """Collects the texts with an override that can turn around what stands beside them."""

    APART = ("p", "h1", "h2", "h3", "li", "dd", "div", "textarea", "title")  # a line or a window of its own
    VOID = ("meta", "link", "input", "br", "path", "circle", "img", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.found = 0
        self.leaking: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, text: str) -> None:
        if "\u202e" in text:
            self.found += 1
            tag, attributes = self.open[-1]
            # dir isolates; so does an element that stands alone on its lines.
            isolated = tag == "bdi" or "dir" in attributes or tag in self.APART
            if not isolated:
                self.leaking.append((tag, text))


def test_texts_that_run_backwards_turn_nothing_else_around(alice: Site, bob: Site, add_book: AddBook) -> None:
    """U+202E, the right-to-left override, in everything that the catalogue and other readers write."""
    isbn = add_book(title="\u202eenuD", author="\u202etrebreH", publisher="\u202eecA", description="\u202ednaS")
    bob.review(isbn, 5, "\u202edoog")
    alice.review(isbn, 4, "\u202edab")
    edit, delete = f"/books/{isbn}/review/edit", f"/books/{isbn}/review/delete"
    for page in (f"/books/{isbn}", "/search?q=trebreh", edit, delete):
        isolation = Isolation()
        isolation.feed(alice.get(page).text)
        assert isolation.found >= 2, page
        assert isolation.leaking == [], page


def test_a_book_page_is_only_read(alice: Site, dune: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(alice.client, method)(f"/books/{dune}").status_code == 405
    assert alice.client.head(f"/books/{dune}").status_code == 200
    assert alice.client.options(f"/books/{dune}").status_code == 200


def test_a_program_finds_the_book_in_the_terms_of_schema_org(alice: Site, bob: Site, add_book: AddBook) -> None:
    isbn = add_book(publisher="Ace", language="eng", pages=604)
    bob.review(isbn, 4)
    data = linked_data(alice.get(f"/books/{isbn}").text)
    assert data == {
        "@context": "https://schema.org",
        "@type": "Book",
        "url": f"http://localhost/books/{isbn}",
        "name": "Dune",
        "author": {"@type": "Person", "name": "Frank Herbert"},
        "isbn": "9780441172719",
        "datePublished": "1965",
        "publisher": {"@type": "Organization", "name": "Ace"},
        "inLanguage": "en",
        "numberOfPages": 604,
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": 4.0,
            "ratingCount": 1,
            "bestRating": 5,
            "worstRating": 1,
        },
    }


def test_nothing_that_a_title_says_ends_the_script(alice: Site, add_book: AddBook) -> None:
    text = alice.get(f"/books/{add_book(title='</script><!--<script>')}").text
    assert linked_data(text)["name"] == "</script><!--<script>"
    assert "</script><!--" not in text


def linked_data(html: str) -> Any:
    return json.loads(part(r'<script type="application/ld\+json">(.*?)</script>', html))


def test_a_citation_can_be_copied(alice: Site, dune: str) -> None:
    text = alice.get(f"/books/{dune}").text
    assert "Frank Herbert. Dune. 1965. ISBN 978-0-441-17271-9." in text
    assert "@book{herbert1965dune," in text
    for target in re.findall(r'data-copy="([^"]+)"', text):
        assert f'<pre id="{target}"' in text


@pytest.mark.parametrize(
    ("language", "lang"),
    [("eng", "en"), ("pt-BR", "pt-BR"), ("zh-Hant", "zh-Hant"), ("Klingonese", None), (None, None)],
)
def test_a_title_carries_its_language(alice: Site, add_book: AddBook, language: str | None, lang: str | None) -> None:
    heading = part(r"<h1[^>]*>", alice.get(f"/books/{add_book(language=language)}").text)
    assert 'dir="auto"' in heading
    assert re.findall(r'lang="([^"]*)"', heading) == ([lang] if lang else [])


def test_spoilers_are_folded(alice: Site, bob: Site, dune: str) -> None:
    bob.review(dune, 4, "In the end ||it rains||.")
    assert re.search(r"<details class=\"spoiler\">.*?it rains</div></details>", alice.get(f"/books/{dune}").text)


def test_a_book_has_one_cover_everywhere(alice: Site, add_book: AddBook, dune: str) -> None:
    covers = [
        part(r'<svg class="cover".*?</svg>', alice.get(address).text)
        for address in (f"/books/{dune}", "/search?q=dune", "/authors/Frank%20Herbert")
    ]
    assert len(set(covers)) == 1


def test_other_editions_say_what_tells_them_apart(alice: Site, dune: str, add_book: AddBook) -> None:
    add_book("9780340960196", publisher="Hodder & Stoughton", language="es", year=2015)
    text = alice.get(f"/books/{dune}").text
    for fact in ("Other editions", "Hodder &amp; Stoughton", "2015", "Spanish", "9780340960196"):
        assert fact in text


def test_the_subjects_are_those_of_all_editions(alice: Site, add_book: AddBook, dune: str, select: Select) -> None:
    """What most editions have comes first."""
    select(
        "INSERT INTO subjects (id, key, name) VALUES (1, 'sand', 'Sand & <dust>'), (2, 'sf', 'Sf'), (3, 'dogs', 'D')"
    )
    assert 'id="subjects"' not in alice.get(f"/books/{dune}").text
    add_book("9780340960196", subjects=[1])
    add_book("9780441104024", title="Children of Dune", subjects=[3])
    select("UPDATE books SET subjects = '{2,1}' WHERE isbn = '9780441172719'")
    subjects = part(r'(?s)<ul class="subjects">(.*?)</ul>', alice.get(f"/books/{dune}").text)
    assert re.findall(r"<bdi>(.*?)</bdi>", subjects) == ["Sand &amp; &lt;dust&gt;", "Sf"]
