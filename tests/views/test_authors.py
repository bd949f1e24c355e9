"""All books of an author."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from flyleaf.limits import PAGE_MAX, PAGE_SIZE
from tests.fixture_types import AddBook, Select
from tests.markup import part
from tests.site import Site


@pytest.fixture
def shelf(add_book: AddBook) -> None:
    add_book("9780141439518", "Pride and Prejudice", "Jane Austen", year=2002)
    add_book("9780192827609", "Pride and Prejudice", "JANE AUSTEN", year=1813, language="eng")
    add_book("9780141439587", "Emma", "Jane Austen", year=2003)
    add_book("9780307474728", "Cien años de soledad", "Gabriel García Márquez", year=1967, language="es")
    add_book("9780307474729", "El otoño del patriarca", "Gabriel Garcia Marquez", year=None)


def shown(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r'class="shelf-title"[^>]*>([^<]*)<', html)]


def test_a_visitor_is_asked_to_log_in(client: FlaskClient) -> None:
    assert client.get("/authors/Jane%20Austen").location.startswith("/login?next=/authors/")


def test_editions_of_one_work_are_one(alice: Site, shelf: None) -> None:
    text = alice.get("/authors/Jane%20Austen").text
    assert sorted(shown(text)) == ["Emma", "Pride and Prejudice"]
    assert "2 works" in text
    assert "2 editions" in text
    assert "1813" in text, "the year of the oldest edition"


@pytest.mark.parametrize("name", ["Gabriel García Márquez", "gabriel garcia marquez", "GABRIEL  GARCÍA-MARQUEZ."])
def test_every_spelling_of_a_name_leads_to_all_books(alice: Site, shelf: None, name: str) -> None:
    text = alice.get(f"/authors/{name}").text
    assert sorted(shown(text)) == ["Cien años de soledad", "El otoño del patriarca"]
    assert "García Márquez" in text
    assert "Garcia Marquez" in text


def test_the_most_popular_comes_first(alice: Site, shelf: None) -> None:
    alice.review("9780141439587", 3)
    text = alice.get("/authors/Jane%20Austen").text
    assert shown(text)[0] == "Emma"
    assert "3.0 of 5 stars" in text


def test_a_title_carries_its_language(alice: Site, shelf: None) -> None:
    assert 'dir="auto" lang="es">Cien' in alice.get("/authors/gabriel%20garcia%20marquez").text


@pytest.mark.parametrize(
    "name", ["Nobody", "...", "%00", "%F0%9F%8E%89", "%ED%A0%80", "a" * 5000, "' OR 1=1 --", "%25"]
)
def test_who_has_no_book_is_not_found(alice: Site, shelf: None, name: str) -> None:
    assert alice.get(f"/authors/{name}").status_code == 404


def test_books_come_in_pages_and_each_once(alice: Site, select: Select) -> None:
    select(
        "INSERT INTO books (isbn, title, author)"
        " SELECT to_char(n, 'fm0000000000'), 'Volume ' || n, 'A/B: C' FROM generate_series(1, :number) AS n",
        number=PAGE_SIZE + 1,
    )
    first = alice.get("/authors/A/B:%20C").text
    following = unescape(part(r'rel="next" href="([^"]*)"', first))
    second = alice.get(following).text
    assert len(shown(first)) == PAGE_SIZE
    assert len(set(shown(first) + shown(second))) == PAGE_SIZE + 1
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("page", "status"), [("0", 404), (str(PAGE_MAX + 1), 404), ("x", 200), ("9" * 5000, 404), ("2", 200)]
)
def test_a_page_that_is_none(alice: Site, shelf: None, page: str, status: int) -> None:
    assert alice.get("/authors/Jane%20Austen", query_string={"page": page}).status_code == status


def test_the_book_page_and_the_results_lead_there(alice: Site, shelf: None) -> None:
    for address in ("/books/9780141439587", "/search?q=emma"):
        assert 'href="/authors/Jane%20Austen"' in alice.get(address).text


def test_the_book_page_shows_more_by_the_author(alice: Site, shelf: None) -> None:
    assert shown(alice.get("/books/9780141439587").text) == ["Pride and Prejudice"]
    assert shown(alice.get("/books/9780192827609").text) == ["Emma"]


def test_a_name_without_letters_leads_nowhere(alice: Site, add_book: AddBook) -> None:
    text = alice.get(f"/books/{add_book(author='***')}").text
    assert "***" in text
    assert "/authors/" not in text


def test_markup_is_text(alice: Site, add_book: AddBook) -> None:
    add_book(title="<b>Zebra</b>", author="Yak <script>")
    text = alice.get("/authors/Yak%20script").text
    assert shown(text) == ["<b>Zebra</b>"]
    assert "Yak &lt;script&gt;" in text
