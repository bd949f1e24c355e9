"""Series: their pages, and what a book's page and results say of them."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from flyleaf.limits import PAGE_MAX, PAGE_SIZE
from tests.fixture_types import AddBook, Select
from tests.site import Site


@pytest.fixture
def dune_books(add_book: AddBook, select: Select) -> None:
    for isbn, title, author, series in (
        ("9780441172719", "Dune", "Frank Herbert", "Dune #1"),
        ("9780441172696", "Dune Messiah", "Frank Herbert", "Dune Chronicles #2; Dune #2"),
        ("9780441104024", "Children of Dune", "Frank Herbert", "The Dune series #3"),
        ("9780441013593", "Children of Dune", "Herbert, Frank", "dune"),
        ("9780593098233", "The Great Dune Trilogy", "Frank Herbert", "Dune #1-3"),
        ("9780765374691", "The Road to Dune", "Frank Herbert", "Dune"),
        ("9780441294671", "God Emperor of Dune", "Frank Herbert", "Dune #10"),
        ("9780575122185", "Whipping Mek", "Brian Herbert", "Dune #2.5"),
        ("9780141439587", "Emma", "Jane Austen", None),
    ):
        add_book(isbn, title, author)
        select("UPDATE books SET series = :series WHERE isbn = :isbn RETURNING id", series=series, isbn=isbn)


def shown(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r'class="shelf-title"[^>]*>([^<]*)<', html)]


def said(html: str) -> list[str]:
    """The lines about series of a book's page, without markup."""
    lines = re.findall(r'<div class="series">(.*?)</div>', html, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", "", unescape(line)).split()) for line in lines]


def test_a_visitor_is_asked_to_log_in(client: FlaskClient) -> None:
    assert client.get("/series/Dune").location == "/login?next=/series/Dune"


@pytest.mark.parametrize("name", ["Dune", "dune", "The Dune series", "DÜNE"])
def test_works_are_in_the_order_of_their_numbers_and_those_without_come_last(
    alice: Site, dune_books: None, name: str
) -> None:
    text = alice.get(f"/series/{quote(name)}").text
    assert shown(text) == [
        "Dune", "The Great Dune Trilogy", "Dune Messiah", "Whipping Mek", "Children of Dune", "God Emperor of Dune",
        "The Road to Dune",
    ]  # fmt: skip
    assert re.findall(r">Book ([0-9.-]+)<", text) == ["1", "1-3", "2", "2.5", "3", "10"]
    assert "7 works" in text
    assert "<h1><bdi>Dune</bdi></h1>" in text
    assert "also spelled <bdi>The Dune series</bdi>" in text


@pytest.mark.parametrize(
    ("isbn", "lines"),
    [
        ("9780441172719", ["Book 1 of Dune Next: Dune Messiah"]),
        (
            "9780441172696",
            ["Book 2 of Dune Chronicles", "Book 2 of Dune Previous: Dune Next: Whipping Mek"],
        ),
        ("9780575122185", ["Book 2.5 of Dune Previous: Dune Messiah Next: Children of Dune"]),
        ("9780441104024", ["Book 3 of The Dune series Previous: Whipping Mek Next: God Emperor of Dune"]),
        ("9780441013593", ["Book 3 of The Dune series Previous: Whipping Mek Next: God Emperor of Dune"]),
        ("9780593098233", ["Book 1-3 of Dune Next: God Emperor of Dune"]),
        ("9780765374691", ["In the series Dune"]),
        ("9780441294671", ["Book 10 of Dune Previous: Children of Dune"]),
        ("9780141439587", []),
    ],
)
def test_a_book_says_its_number_and_the_books_beside_it(
    alice: Site, dune_books: None, isbn: str, lines: list[str]
) -> None:
    assert said(alice.get(f"/books/{isbn}").text) == lines


def test_a_book_leads_to_its_series_and_to_the_next(alice: Site, dune_books: None) -> None:
    text = alice.get("/books/9780441172719").text
    assert '<a href="/series/Dune"><bdi>Dune</bdi></a>' in text
    assert 'href="/books/9780441172696"' in text


def test_results_say_the_series(alice: Site, dune_books: None) -> None:
    text = alice.get("/search?q=whipping+mek").text
    assert "<bdi>Dune #2.5</bdi>" in text
    assert "<bdi>Dune Chronicles #2</bdi>" in alice.get("/search?q=dune+messiah&order=newest").text


def test_of_books_with_one_number_that_of_the_same_author_is_next(
    alice: Site, add_book: AddBook, select: Select
) -> None:
    for isbn, title, author, number in (
        ("9780441172719", "Roots", "Ann Author", 1),
        ("9780441172696", "Aaa", "Ben Other", 2),
        ("9780441104024", "Branches", "Ann Author", 2),
    ):
        add_book(isbn, title, author)
        select(
            "UPDATE books SET series = :series WHERE isbn = :isbn RETURNING id",
            series=f"The Family Saga #{number}",
            isbn=isbn,
        )
    assert said(alice.get("/books/9780441172719").text) == ["Book 1 of The Family Saga Next: Branches"]
    assert said(alice.get("/books/9780441172696").text) == ["Book 2 of The Family Saga Previous: Roots"]


@pytest.fixture
def circles(add_book: AddBook, select: Select) -> None:
    for isbn, title, author, series in (
        ("9780441172719", "Black", "Ted Dekker", "The Circle #1"),
        ("9780441172696", "Red", "Ted Dekker, Ann Artist", "The Circle #2"),
        ("9780441104024", "White", "Dekker, Ted", "The Circle #3"),
        ("9780441013593", "The Circle", "Sara Bergmark Elfgren", "Circle series #1"),
        ("9780593098233", "Fire", "Sara Bergmark Elfgren", "The Circle #2"),
        ("9780765374691", "All of them", "Ted Dekker", "The Circle #1-3"),
        ("9780441294671", "A Guide", "Ed Third", "The Circle"),
    ):
        add_book(isbn, title, author)
        select("UPDATE books SET series = :series WHERE isbn = :isbn RETURNING id", series=series, isbn=isbn)


def test_series_of_one_name_have_a_page_each(alice: Site, circles: None) -> None:
    both = alice.get("/series/The Circle").text
    assert "Several series have this name." in both
    leads = [unescape(address) for address in re.findall(r'<li><a href="(/series/[^"]*)"', both)]
    assert leads == [
        "/series/The%20Circle?author=Ted+Dekker",
        "/series/The%20Circle?author=Sara+Bergmark+Elfgren",
        "/series/The%20Circle?author=Ed+Third",
    ]
    assert [shown(alice.get(address).text) for address in leads] == [
        ["Black", "All of them", "Red", "White"], ["The Circle", "Fire"], ["A Guide"],
    ]  # fmt: skip
    for author in ("Dekker, Ted", "T. Dekker", "TED DEKKER"):
        text = alice.get(f"/series/circle?author={author}").text
        assert shown(text)[0] == "Black"
        assert 'by <a href="/authors/Ted%20Dekker">' in text
    assert alice.get("/series/circle?author=").status_code == 404
    text = alice.get(leads[0]).text
    assert "4 works" in text
    assert 'by <a href="/authors/Ted%20Dekker">' in text
    assert '<a href="/series/The%20Circle">Other series of this name</a>' in text
    assert alice.get("/series/The Circle?author=Nobody").status_code == 404
    assert alice.get("/series/The Circle?author=%00").status_code == 404


def test_neighbours_are_of_the_series_of_the_author(alice: Site, circles: None) -> None:
    text = alice.get("/books/9780441172696").text
    assert said(text) == ["Book 2 of The Circle Previous: Black Next: White"]
    assert 'href="/series/The%20Circle?author=Ted+Dekker"' in text
    assert said(alice.get("/books/9780593098233").text) == ["Book 2 of The Circle Previous: The Circle"]


def test_a_series_that_several_write_is_one(alice: Site, dune_books: None) -> None:
    page = alice.get("/series/Dune")
    assert shown(alice.get("/series/Dune?author=Brian Herbert").text) == shown(page.text)
    assert "Other series" not in page.text


@pytest.mark.parametrize(
    "name", ["Nothing", "...", "%00", "%F0%9F%8E%89", "%ED%A0%80", "a" * 5000, "' OR 1=1 --", "%25", "series"]
)
def test_a_series_without_books_is_not_found(alice: Site, dune_books: None, name: str) -> None:
    assert alice.get(f"/series/{name}").status_code == 404


def test_works_come_in_pages_and_each_once(alice: Site, select: Select) -> None:
    select(
        "INSERT INTO books (isbn, title, author, series)"
        " SELECT to_char(n, 'fm0000000000'), 'Volume ' || n, 'A', 'B/C: D #' || n FROM generate_series(1, :number) AS n"
        " RETURNING id",
        number=PAGE_SIZE + 1,
    )
    first = alice.get("/series/B/C: D")
    second = alice.get(re.findall(r'href="(/series/[^"]*page=2)"', first.text)[0])
    assert shown(first.text) + shown(second.text) == [f"Volume {n}" for n in range(1, PAGE_SIZE + 2)]
    assert alice.get("/series/B/C: D?page=3").status_code == 200
    assert alice.get(f"/series/B/C: D?page={PAGE_MAX + 1}").status_code == 404


def test_text_of_a_series_is_no_markup(alice: Site, add_book: AddBook, select: Select) -> None:
    add_book("9780441172719", "Dune", "Frank Herbert")
    series = '<script>"x"</script> & more #1'
    select("UPDATE books SET series = :series WHERE isbn = '9780441172719' RETURNING id", series=series)
    for address in ("/books/9780441172719", "/series/script x script more", "/search?q=dune"):
        assert "<script>&#34;" not in alice.get(address).text.replace('"', "&#34;")
    assert "&lt;script&gt;" in alice.get("/books/9780441172719").text
