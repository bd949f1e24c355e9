"""What the search page says beside the books: corrections, filters, editions."""

import re

import pytest

from tests.views.test_search import titles


@pytest.fixture
def shelf(add_book):
    add_book("9780141439518", "Pride and Prejudice", "Jane Austen", year=2002, language="eng")
    add_book("9780192827609", "Pride and Prejudice", "Jane Austen", year=1990, language="eng")
    add_book("9783150000014", "Pride and Prejudice", "Jane Austen", year=2010, language="ger")
    add_book("9780141439587", "Emma", "Jane Austen", year=2003, language="eng")
    add_book("9780000000019", "Pride of the Meadow", "A. Shepherd", year=1950)


def page(alice, **query):
    response = alice.get("/search", query_string=query)
    assert response.status_code == 200
    return response.text


def test_a_misspelt_query_says_what_was_searched_instead_and_can_be_searched_as_it_was(alice, shelf):
    text = page(alice, q="prejudise austen")
    assert titles(text) == ["Pride and Prejudice"]
    assert "Showing results for <strong>prejudice austen</strong>" in text
    [address] = re.findall(r'<a href="([^"]+)">Search for “prejudise austen” instead', text)
    assert titles(alice.get(address.replace("&amp;", "&")).text) == []


def test_the_words_that_matched_are_marked(alice, shelf):
    text = page(alice, q="emma aust")
    assert "<mark>Emma</mark>" in text
    assert "Jane <mark>Austen</mark>" in text


def test_a_wrong_isbn_is_told_and_the_book_that_was_meant_is_offered(alice, shelf):
    text = page(alice, q="978-0-14-143951-9")
    assert "is no valid ISBN" in text
    assert "Did you mean" in text
    assert "9780141439518" in text


def test_editions_are_one_result_that_unfolds(alice, shelf):
    text = page(alice, q="pride and prejudice")
    assert titles(text) == ["Pride and Prejudice"]
    assert "3 editions" in text
    for isbn in ("9780141439518", "9780192827609", "9783150000014"):
        assert f'href="/books/{isbn}"' in text


def test_the_book_page_lists_the_other_editions(alice, shelf):
    text = alice.get("/books/9780141439518").text
    assert 'href="/books/9780192827609"' in text
    assert 'href="/books/9783150000014"' in text
    assert 'href="/books/9780141439518"' not in text


def test_a_filter_is_met_by_the_edition_that_is_shown(alice, shelf):
    assert 'class="result-title" href="/books/9783150000014"' in page(alice, q="pride prejudice", language="ger")
    assert 'class="result-title" href="/books/9780192827609"' in page(alice, q="pride prejudice", year_to="1995")
    assert titles(page(alice, q="pride", year_from="1940", year_to="1960")) == ["Pride of the Meadow"]


def test_only_books_with_reviews(alice, shelf):
    assert titles(page(alice, q="austen", has_reviews="1")) == []
    alice.review("9780141439587", 4)
    assert titles(page(alice, q="austen", has_reviews="1")) == ["Emma"]


def test_a_result_shows_the_reviews_of_its_own_page(alice, bob, shelf):
    alice.review("9780192827609", 2)
    bob.review("9780192827609", 4)
    alice.review("9780141439518", 5)
    text = page(alice, q="pride prejudice")
    [isbn] = re.findall(r'class="result-title" href="/books/(\d+)"', text)
    own = alice.get(f"/api/{isbn}").json
    assert own["review_count"] == 2
    assert "2 reviews" in text
    [found] = alice.get("/api/search?q=pride+prejudice").json["results"]
    assert {name: found[name] for name in own} == own


def test_best_rated_comes_first(alice, shelf):
    alice.review("9780141439587", 5)
    alice.review("9780141439518", 1)
    assert titles(page(alice, q="austen", order="best_rated")) == ["Emma", "Pride and Prejudice"]


def test_newest_comes_first(alice, shelf):
    assert titles(page(alice, q="pride", order="newest")) == ["Pride and Prejudice", "Pride of the Meadow"]


@pytest.mark.parametrize(
    "query", [{"year_from": "soon"}, {"year_to": "99999"}, {"order": "best"}, {"language": "x" * 36}]
)
def test_a_filter_that_makes_no_sense_is_told(alice, shelf, query):
    response = alice.get("/search", query_string={"q": "pride"} | query)
    assert response.status_code == 422
    assert 'role="alert"' in response.text


def test_the_filters_stay_from_page_to_page(alice, select):
    select(
        "INSERT INTO books (isbn, title, author, year) SELECT to_char(n, 'fm0000000000'), 'Marsh ' || n, 'Ann', 1990"
        "  FROM generate_series(1, 30) AS n"
    )
    text = page(alice, q="marsh", year_from="1980", order="newest")
    [address] = re.findall(r'rel="next" href="([^"]+)"', text)
    assert {"q=marsh", "year_from=1980", "order=newest", "page=2"} <= set(re.split("[?&;]|amp;", address))
    assert len(titles(alice.get(address.replace("&amp;", "&")).text)) == 10


def test_the_filters_are_there_where_they_are_wanted(alice, shelf):
    assert 'name="year_from"' not in page(alice, q="pride")
    text = page(alice, q="pride", narrow="1")
    assert 'name="year_from"' in text
    assert re.findall(r'<option value="(\w+)">(\w+)</option>', text)[:2] == [("eng", "English"), ("ger", "German")]


def test_a_title_says_which_language_it_is_in_where_that_is_known(alice, add_book):
    add_book("9788437604947", "Cien años de soledad", "Gabriel García Márquez", language="es")
    add_book("0141439513", "Pride and Prejudice", "Jane Austen", language="an odd word")
    add_book("0441172717", "Dune", "Frank Herbert")
    assert re.search(r'class="result-title"[^>]* dir="auto" lang="es">', alice.get("/search?q=soledad").text)
    for query in ("prejudice", "dune"):
        assert re.search(r'class="result-title"[^>]* dir="auto">', alice.get(f"/search?q={query}").text)
