"""The search page, as a reader sees it."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from flyleaf.limits import PAGE_MAX, PAGE_SIZE, QUERY_MAX
from tests.fixture_types import AddBook, Select
from tests.markup import part
from tests.site import Site

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"

# What SQL, LIKE, full-text search, formats and regular expressions take for more than a letter.
OPERATORS = [
    "%", "_", "\\", "%%", "__", "\\%", "%_%", "\\\\", "*", "?", ".*", ".", "[a-z]", "^", "$", "(", ")", "((", "{0}",
    "{{7*7}}",
    "'", "''", '"', "' OR '1'='1", "'; DROP TABLE books; --", "--", "/*", "$1", "$$", ":q", "::", "%s", "%(q)s", "\\0",
    "&", "|", "!", "<->", "<2>", ":*", "a:*", "a & b", "a | !b", "' & | \\ : ! ( ) *", "-", "+", "~", "@@", "#", ";",
    ",", "`", "…", "\u202e", "\ufffd", "\U0001f4da", "e\u0301" * 50, "\u0301", "a" * QUERY_MAX, "a " * (QUERY_MAX // 2),
    "0", "-1", "NaN",
]  # fmt: skip


def titles(html: str) -> list[str]:
    """The titles of the results, in their order."""
    marked = re.findall(r'class="result-title"[^>]*>(.*?)</a>', html, re.DOTALL)
    return [unescape(re.sub("</?mark>", "", title)) for title in marked]


@pytest.fixture
def search(alice: Site) -> Callable[..., list[str]]:
    """The titles that Alice finds."""

    def find(q: str, **more: object) -> list[str]:
        response = alice.get("/search", query_string={"q": q} | more)
        assert response.status_code == 200, (q, response.status)
        return titles(response.text)

    return find


@pytest.fixture
def shelf(add_book: AddBook) -> None:
    add_book("9780441172719", "Dune", "Frank Herbert", year=1965)
    add_book("9780441172696", "Dune Messiah", "Frank Herbert", year=1969)
    add_book("9780307474728", "Cien años de soledad", "Gabriel García Márquez", year=1967)
    add_book("080442957X", "Hundert Jahre", "Uwe Wittwer", year=None)
    add_book("9780141439518", "Pride and Prejudice", "Jane Austen", year=1813)


@pytest.fixture
def fill(select: Select) -> Callable[[str, int], None]:
    """So many books of one title, numbered."""

    def put(title: str, number: int) -> None:
        select(
            "INSERT INTO books (isbn, title)"
            " SELECT to_char(n, 'fm0000000000'), :title || ' ' || n FROM generate_series(1, :number) AS n",
            title=title,
            number=number,
        )

    return put


def test_a_visitor_is_asked_to_log_in_and_comes_back(client: FlaskClient) -> None:
    response = client.get("/search?q=dune")
    assert response.status_code == 303
    assert response.location == "/login?next=/search?q%3Ddune"


def test_without_a_query_there_is_the_form_alone(alice: Site, shelf: None) -> None:
    text = alice.get("/search").text
    assert titles(text) == []
    assert 'name="q"' in text


def test_an_empty_catalogue_says_how_it_is_filled(alice: Site) -> None:
    assert "import.py" in alice.get("/search").text


def test_a_book_is_found_by(shelf: None, search: Callable[..., list[str]], subtests: pytest.Subtests) -> None:
    for query, title in [
        ("cien años de soledad", "Cien años de soledad"),
        ("prejud", "Pride and Prejudice"),
        ("austen", "Pride and Prejudice"),
        ("AUSTEN", "Pride and Prejudice"),
        ("aust", "Pride and Prejudice"),
        ("austen pride", "Pride and Prejudice"),
        ("prejudice jane", "Pride and Prejudice"),
        ("  pride   prejudice  ", "Pride and Prejudice"),
        ("garcia marquez", "Cien años de soledad"),
        ("GARCÍA MÁRQUEZ", "Cien años de soledad"),
        ("marquez anos", "Cien años de soledad"),
        ("ａｕｓｔｅｎ", "Pride and Prejudice"),
        ("9780141439518", "Pride and Prejudice"),
        ("978-0-14-143951-8", "Pride and Prejudice"),
        ("978 0 14 143951 8", "Pride and Prejudice"),
        ("0141439513", "Pride and Prejudice"),  # the ISBN-10 of a book that the catalogue has by its ISBN-13
        ("0-14-143951-3", "Pride and Prejudice"),
        ("141439518", "Pride and Prejudice"),
        ("143951", "Pride and Prejudice"),
        ("080442957X", "Hundert Jahre"),
        ("080442957x", "Hundert Jahre"),
        ("0-8044-2957-X", "Hundert Jahre"),
        ("9780804429573", "Hundert Jahre"),  # and the other way round
        ("42957X", "Hundert Jahre"),
    ]:
        with subtests.test(query):
            assert search(query)[0] == title


def test_the_exact_title_comes_first(shelf: None, add_book: AddBook, search: Callable[..., list[str]]) -> None:
    add_book("9780593099322", "A Reader's Guide to Dune", "Dune")
    add_book("9780593098233", "Children of Dune", "Frank Herbert")
    found = search("dune")
    assert found[0] == "Dune"
    assert set(found) == {"Dune", "Dune Messiah", "Children of Dune", "A Reader's Guide to Dune"}


def test_every_word_has_to_be_there_or_nearly(shelf: None, search: Callable[..., list[str]]) -> None:
    assert "Dune" not in search("pride prejudice")
    assert "Pride and Prejudice" not in search("dune messiah")


def test_a_result_leads_to_the_book_with_author_year_and_isbn(alice: Site, shelf: None) -> None:
    text = alice.get("/search?q=messiah").text
    assert 'href="/books/9780441172696"' in text
    for fact in ("Dune <mark>Messiah</mark>", "Frank Herbert", "1969", "9780441172696"):
        assert fact in text


def test_a_year_that_is_not_known_is_not_shown(alice: Site, shelf: None) -> None:
    text = alice.get("/search?q=hundert").text
    assert titles(text) == ["Hundert Jahre"]
    assert "None" not in text


def test_a_result_shows_what_readers_gave(alice: Site, bob: Site, dune: str) -> None:
    alice.review(dune, 5)
    bob.review(dune, 4)
    text = alice.get("/search?q=dune").text
    assert "2 reviews" in text
    assert "4.5 of 5" in text


def test_where_nothing_is_found_the_page_says_so_with_the_query(alice: Site, shelf: None) -> None:
    response = alice.get("/search?q=xyzzyx+qwrtz")
    assert response.status_code == 200
    assert titles(response.text) == []
    assert "Nothing found" in response.text
    assert response.text.count("xyzzyx qwrtz") >= 2, "in the field and in the message"


def test_wildcards_are_plain_text(shelf: None, search: Callable[..., list[str]]) -> None:
    for wildcards in ("%", "_", "\\", "%%", "____", "%_%", "\\%", "%%%%", "*", "?", ".*", "% _"):
        assert search(wildcards) == [], wildcards


@pytest.mark.slow
def test_search_operators_are_plain_text(alice: Site, shelf: None, subtests: pytest.Subtests, select: Select) -> None:
    for operator in OPERATORS:
        for query in (operator, f"dune {operator}", f"{operator}dune"):
            if len(query) <= QUERY_MAX:
                with subtests.test(query):
                    assert alice.get("/search", query_string={"q": query}).status_code == 200
                    assert alice.get("/search", query_string={"q": query, "page": 2}).status_code == 200
    assert select("SELECT count(*) FROM books") == 5


def test_a_control_character_is_refused_with_a_reason(alice: Site, subtests: pytest.Subtests) -> None:
    for query in ["\0", "du\0ne", "\x01", "du\x1bne", "\x7f", "\x9f"]:
        with subtests.test(repr(query)):
            response = alice.get("/search", query_string={"q": query})
            assert response.status_code == 422
            assert 'role="alert"' in response.text


def test_bytes_that_are_no_utf8_are_refused(alice: Site, client: FlaskClient, subtests: pytest.Subtests) -> None:
    addresses = [
        "/search?q=%ff",
        "/search?q=%ED%A0%80",
        "/search?q=%C0%80",
        "/search?q=du%ffne",
        "/search?%ff=%ff",
    ]
    for address in addresses:
        with subtests.test(address):
            assert alice.get(address).status_code == 400
            assert client.get(address).status_code == 400


def test_an_escape_that_is_none_is_what_was_typed(alice: Site) -> None:
    assert alice.get("/search?q=%").status_code == 200


def test_raw_bytes_in_the_address_cause_no_error(alice: Site, client: FlaskClient, subtests: pytest.Subtests) -> None:
    """Servers hand over what they get; a well-behaved client would have escaped it."""
    for raw in (b"q=\xff", b"q=caf\xe9", b"q=\xed\xa0\x80", b"q=\xf0\x9f", b"\xff", "q=café".encode()):
        for browser in (alice.client, client):
            with subtests.test(repr(raw), logged_in=browser is alice.client):
                environ = {"QUERY_STRING": raw.decode("latin-1")}
                assert browser.get("/search", environ_overrides=environ).status_code < 500


def test_a_query_has_at_most_200_characters(alice: Site, dune: str) -> None:
    assert QUERY_MAX == 200
    assert alice.get("/search", query_string={"q": "é" * QUERY_MAX}).status_code == 200
    response = alice.get("/search", query_string={"q": "é" * (QUERY_MAX + 1)})
    assert response.status_code == 422
    assert str(QUERY_MAX) in response.text
    assert "é" * (QUERY_MAX + 1) in response.text, "what was typed is kept"


def test_a_very_long_query_is_refused(alice: Site) -> None:
    assert alice.get("/search", query_string={"q": "dune " * 20_000}).status_code in (414, 422)


def test_a_page_that_is_none_is_refused(alice: Site, dune: str, subtests: pytest.Subtests) -> None:
    for page in ["0", "-1", "x", "1.5", "1e3", "NaN", "99999999999999999999", "9" * 5000, "\0", "%"]:
        with subtests.test(repr(page)[:20]):
            assert alice.get("/search", query_string={"q": "dune", "page": page}).status_code == 422


def test_the_last_page_is_reported(alice: Site, dune: str) -> None:
    assert alice.get("/search", query_string={"q": "dune", "page": PAGE_MAX}).status_code == 200
    response = alice.get("/search", query_string={"q": "dune", "page": PAGE_MAX + 1})
    assert response.status_code == 422
    assert str(PAGE_MAX) in response.text


def test_repeated_fields_cause_no_error(alice: Site, dune: str) -> None:
    assert alice.get("/search?q=dune&q=x&page=1&page=2").status_code < 500


def test_results_come_in_pages_and_each_book_once(alice: Site, fill: Callable[[str, int], None]) -> None:
    """21 books on two pages, 20 and one."""
    fill("Volume", PAGE_SIZE + 1)
    first, second = (alice.get(f"/search?q=volume&page={page}").text for page in (1, 2))
    assert len(titles(first)) == PAGE_SIZE
    assert len(titles(second)) == 1
    assert len(set(titles(first) + titles(second))) == PAGE_SIZE + 1
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    following = unescape(part(r'rel="next" href="([^"]*)"', first))
    assert titles(alice.get(following).text) == titles(second)


def test_a_full_last_page_offers_no_further_one(alice: Site, fill: Callable[[str, int], None]) -> None:
    fill("Volume", PAGE_SIZE)
    assert 'rel="next"' not in alice.get("/search?q=volume").text


def test_past_the_last_page_there_is_a_way_back(alice: Site, dune: str) -> None:
    response = alice.get("/search?q=dune&page=2")
    assert response.status_code == 200
    assert 'href="/search?q=dune' in response.text


def test_the_pages_of_a_query_with_signs_keep_them(alice: Site, fill: Callable[[str, int], None]) -> None:
    fill("Q&A #1 100%", PAGE_SIZE + 10)
    page = alice.get("/search", query_string={"q": "Q&A #1 100%"}).text
    assert len(titles(page)) == PAGE_SIZE
    assert len(titles(alice.get(unescape(part(r'rel="next" href="([^"]*)"', page))).text)) == 10


def test_markup_is_shown_as_text(alice: Site, add_book: AddBook, subtests: pytest.Subtests) -> None:
    add_book(title=f"Zebra {MARKUP}", author=f"Yak {MARKUP}")
    for address in ("zebra", "yak", MARKUP, "nothing " + MARKUP):
        with subtests.test(address):
            text = alice.get("/search", query_string={"q": address}).text
            assert "<script>alert" not in text
            assert "<img" not in text
            assert "&lt;script&gt;" in text


def test_a_form_that_posts_is_sent_to_the_address_that_can_be_shared(alice: Site, shelf: None) -> None:
    response = alice.client.post("/search", data={"q": "garcía & márquez"})
    assert response.status_code == 303
    assert response.location.startswith("/search?q=garc")
    assert titles(alice.get(response.location).text) == ["Cien años de soledad"]


def test_whatever_is_posted_stays_on_the_search_page(alice: Site, subtests: pytest.Subtests) -> None:
    for query in ["\0", "\r\nSet-Cookie: a=b", "//evil.example", "é" * 1000, "%ff", ""]:
        with subtests.test(repr(query)[:20]):
            response = alice.client.post("/search", data={"q": query})
            assert response.status_code == 303
            assert response.location.startswith("/search")
            assert "Set-Cookie" not in response.headers
            assert alice.get(response.location).status_code in (200, 422)
