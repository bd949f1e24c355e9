"""What the search page says beside the books: corrections, filters, editions."""

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Connection

from flyleaf.search import SearchPage, SearchQuery, search_books
from flyleaf.subjects import subject_id
from tests.fixture_types import AddBook, Select
from tests.markup import part
from tests.site import Site
from tests.views.test_search import titles


@pytest.fixture
def shelf(add_book: AddBook) -> None:
    add_book("9780141439518", "Pride and Prejudice", "Jane Austen", year=2002, language="eng")
    add_book("9780192827609", "Pride and Prejudice", "Jane Austen", year=1990, language="eng")
    add_book("9783150000014", "Pride and Prejudice", "Jane Austen", year=2010, language="ger")
    add_book("9780141439587", "Emma", "Jane Austen", year=2003, language="eng")
    add_book("9780000000019", "Pride of the Meadow", "A. Shepherd", year=1950)


def page(alice: Site, **query: object) -> str:
    response = alice.get("/search", query_string=query)
    assert response.status_code == 200
    return response.text


def test_a_misspelt_query_says_what_was_searched_instead_and_can_be_searched_as_it_was(
    alice: Site, shelf: None
) -> None:
    text = page(alice, q="prejudise austen")
    assert titles(text) == ["Pride and Prejudice"]
    assert "Showing results for <strong>prejudice austen</strong>" in text
    [address] = re.findall(r'<a href="([^"]+)">Search for “prejudise austen” instead', text)
    assert titles(alice.get(address.replace("&amp;", "&")).text) == []


def test_the_words_that_matched_are_marked(alice: Site, shelf: None) -> None:
    text = page(alice, q="emma aust")
    assert "<mark>Emma</mark>" in text
    assert "Jane <mark>Austen</mark>" in text


def test_a_wrong_isbn_is_told_and_the_book_that_was_meant_is_offered(alice: Site, shelf: None) -> None:
    text = page(alice, q="978-0-14-143951-9")
    assert "is not a valid ISBN" in text
    assert "Did you mean" in text
    assert "9780141439518" in text


def test_editions_are_one_result_that_unfolds(alice: Site, shelf: None) -> None:
    text = page(alice, q="pride and prejudice")
    assert titles(text) == ["Pride and Prejudice"]
    assert "3 editions" in text
    for isbn in ("9780141439518", "9780192827609", "9783150000014"):
        assert f'href="/books/{isbn}"' in text


def test_the_book_page_lists_the_other_editions(alice: Site, shelf: None) -> None:
    text = alice.get("/books/9780141439518").text
    assert 'href="/books/9780192827609"' in text
    assert 'href="/books/9783150000014"' in text
    assert 'href="/books/9780141439518"' not in text


def test_a_filter_is_met_by_the_edition_that_is_shown(alice: Site, shelf: None) -> None:
    assert 'class="result-title" href="/books/9783150000014"' in page(alice, q="pride prejudice", language="ger")
    assert 'class="result-title" href="/books/9780192827609"' in page(alice, q="pride prejudice", year_to="1995")
    assert titles(page(alice, q="pride", year_from="1940", year_to="1960")) == ["Pride of the Meadow"]


def test_only_books_with_reviews(alice: Site, shelf: None) -> None:
    assert titles(page(alice, q="austen", has_reviews="1")) == []
    alice.review("9780141439587", 4)
    assert titles(page(alice, q="austen", has_reviews="1")) == ["Emma"]


def test_a_result_shows_the_reviews_of_its_own_page(alice: Site, bob: Site, shelf: None) -> None:
    alice.review("9780192827609", 2)
    bob.review("9780192827609", 4)
    alice.review("9780141439518", 5)
    text = page(alice, q="pride prejudice")
    [isbn] = re.findall(r'class="result-title" href="/books/(\d+)"', text)
    own = alice.get(f"/api/{isbn}").get_json()
    assert own["review_count"] == 2
    assert "2 reviews" in text
    [found] = alice.get("/api/search?q=pride+prejudice").get_json()["results"]
    assert {name: found[name] for name in own} == own


def test_best_rated_comes_first(alice: Site, shelf: None) -> None:
    alice.review("9780141439587", 5)
    alice.review("9780141439518", 1)
    assert titles(page(alice, q="austen", order="best_rated")) == ["Emma", "Pride and Prejudice"]


def test_newest_comes_first(alice: Site, shelf: None) -> None:
    assert titles(page(alice, q="pride", order="newest")) == ["Pride and Prejudice", "Pride of the Meadow"]


@pytest.mark.parametrize(
    "query", [{"year_from": "soon"}, {"year_to": "99999"}, {"order": "best"}, {"language": "x" * 36}]
)
def test_a_filter_that_makes_no_sense_is_reported(alice: Site, shelf: None, query: dict[str, str]) -> None:
    response = alice.get("/search", query_string={"q": "pride"} | query)
    assert response.status_code == 422
    assert 'role="alert"' in response.text


def test_the_filters_stay_from_page_to_page(alice: Site, select: Select) -> None:
    select(
        "INSERT INTO books (isbn, title, author, year) SELECT to_char(n, 'fm0000000000'), 'Marsh ' || n, 'Ann', 1990"
        "  FROM generate_series(1, 30) AS n"
    )
    text = page(alice, q="marsh", year_from="1980", order="newest")
    [address] = re.findall(r'rel="next" href="([^"]+)"', text)
    assert {"q=marsh", "year_from=1980", "order=newest", "page=2"} <= set(re.split("[?&;]|amp;", address))
    assert len(titles(alice.get(address.replace("&amp;", "&")).text)) == 10


def test_the_filters_are_there_where_they_are_wanted(alice: Site, shelf: None) -> None:
    assert 'name="year_from"' not in page(alice, q="pride")
    text = page(alice, q="pride", narrow="1")
    assert 'name="year_from"' in text
    assert re.findall(r'<option value="(\w+)">(\w+)</option>', text)[:2] == [("eng", "English"), ("ger", "German")]


def test_a_title_says_which_language_it_is_in_where_that_is_known(alice: Site, add_book: AddBook) -> None:
    add_book("9788437604947", "Cien años de soledad", "Gabriel García Márquez", language="es")
    add_book("0141439513", "Pride and Prejudice", "Jane Austen", language="an odd word")
    add_book("0441172717", "Dune", "Frank Herbert")
    assert re.search(r'class="result-title"[^>]* dir="auto" lang="es">', alice.get("/search?q=soledad").text)
    for query in ("prejudice", "dune"):
        assert re.search(r'class="result-title"[^>]* dir="auto">', alice.get(f"/search?q={query}").text)


@pytest.fixture
def marsh(select: Select) -> None:
    """Two pages of results for "marsh"."""
    select(
        "INSERT INTO books (isbn, title, author, year) SELECT to_char(n, 'fm0000000000'), 'Marsh ' || n, 'Ann', 1990"
        "  FROM generate_series(1, 30) AS n"
    )


def text_of(html: str) -> str:
    """What a reader sees, without tags, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_a_bar_says_how_many_books_there_are(alice: Site, shelf: None, marsh: None) -> None:
    assert "30 books" in page(alice, q="marsh")
    assert "30 books" in page(alice, q="marsh", page=2)
    assert ">1 book<" in page(alice, q="emma")


def test_of_very_many_it_says_more_than(alice: Site, select: Select) -> None:
    select(
        "INSERT INTO books (isbn, title)"
        " SELECT to_char(n, 'fm0000000000'), 'Marsh ' || n FROM generate_series(1, 300) AS n"
    )
    [found] = re.findall("More than ([0-9]+) books", page(alice, q="marsh"))
    last = page(alice, q="marsh", page=int(found) // 20)
    assert len(titles(last)) == 20
    assert 'rel="next"' not in last


@pytest.mark.parametrize(("asked", "last"), [(3, 2), (49, 2), (100, 2)])
def test_beyond_the_last_page_it_says_how_many_pages_there_are_and_links_to_none_that_is_not_there(
    alice: Site, marsh: None, asked: int, last: int
) -> None:
    """Page 50 led to an empty page 49."""
    text = page(alice, q="marsh", page=asked)
    assert titles(text) == []
    assert "There are only 2 pages of results for “marsh”" in text
    assert 'rel="prev"' not in text
    [address] = re.findall(r'<a href="([^"]+)">Go to the last page', text)
    assert len(titles(alice.get(unescape(address)).text)) == 10


def test_results_lead_with_the_rating_and_end_with_the_isbn(alice: Site, bob: Site, shelf: None) -> None:
    alice.review("9780141439587", 5)
    bob.review("9780141439587", 4)
    results = page(alice, q="emma").partition("<footer")[0]
    [facts] = re.findall(r'<p class="quiet-line">(.*?)</p>', results, re.DOTALL)
    assert text_of(facts) == "4.5 2 reviews 2003 9780141439587"


@pytest.mark.parametrize("blank", [" ", "\u3000", "\u00a0 \t", "\u200b"])
def test_a_blank_query_searches_for_nothing_and_says_what_to_type(alice: Site, shelf: None, blank: str) -> None:
    """It searched for “”."""
    text = page(alice, q=blank)
    assert "Enter a title, author or ISBN" in text
    assert "Nothing found" not in text
    assert titles(text) == []


def test_an_end_before_the_beginning_is_told_beside_the_field(alice: Site, shelf: None) -> None:
    response = alice.get("/search?q=pride&year_from=2000&year_to=1990")
    assert response.status_code == 422
    assert re.search(
        r'id="year_to-error"[^>]*>.*?“To year” can’t be earlier than “From year”', response.text, re.DOTALL
    )
    assert re.search(r'<input[^>]*aria-describedby="year_to-error"[^>]*>', response.text)
    assert alice.get("/search?q=pride&year_from=1990&year_to=1990").status_code == 200
    answer = alice.get("/api/search?q=pride&year_from=2000&year_to=1990")
    assert answer.status_code == 422
    assert answer.get_json()["error"] == "“year_to” can’t be earlier than “year_from”."


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"year_from": "abc"}, "From year must be a whole number."),
        ({"year_to": "1.5"}, "To year must be a whole number."),
        ({"page": "two"}, "Page must be a whole number."),
    ],
)
def test_a_message_uses_the_name_that_the_field_has_on_the_page(
    alice: Site, shelf: None, query: dict[str, str], message: str
) -> None:
    response = alice.get("/search", query_string={"q": "pride"} | query)
    assert response.status_code == 422
    assert message in response.text
    [name] = query
    assert (
        alice.get("/api/search", query_string={"q": "pride"} | query).get_json()["error"]
        == f"{name} must be a whole number."
    )


def test_a_refused_search_has_a_heading_and_an_error_in_its_title(alice: Site, shelf: None) -> None:
    for query in ({"q": "x" * 201}, {"q": "pride", "year_from": "soon"}, {"q": "pride", "page": "0"}):
        text = alice.get("/search", query_string=query).text
        assert text.count("<h1") == 1
        assert "<title>Error: " in text


def test_each_filter_is_a_chip_that_takes_it_away(alice: Site, shelf: None) -> None:
    alice.review("9783150000014", 4)
    text = page(alice, q="pride", year_from="1985", language="ger", has_reviews="1", order="newest")
    chips = part(r'<ul class="chips".*?</ul>', text)
    assert text_of(chips) == (
        "Remove filter: From year: 1985 Remove filter: Language: German"
        " Remove filter: Only books with reviews Clear filters"
    )
    addresses = [unescape(address) for address in re.findall(r'href="([^"]+)"', chips)]
    kept = [set(re.findall(r"(\w+)=", address)) for address in addresses]
    everything = {"q", "year_from", "language", "has_reviews", "order"}
    assert kept == [everything - {"year_from"}, everything - {"language"}, everything - {"has_reviews"}, {"q", "order"}]
    assert all(alice.get(address).status_code == 200 for address in addresses)
    assert 'class="chips"' not in page(alice, q="pride", order="newest")


def test_as_many_editions_unfold_as_the_summary_says(alice: Site, shelf: None) -> None:
    """“3 editions” opened two."""
    text = page(alice, q="pride and prejudice")
    editions = part(r'<details class="editions">.*?</details>', text)
    assert "3 editions" in editions
    assert editions.count("<li>") == 3
    for isbn in ("9780141439518", "9780192827609", "9783150000014"):
        assert isbn in editions


def test_of_very_many_editions_the_rest_is_on_the_page_of_the_book(alice: Site, add_book: AddBook) -> None:
    for number in range(30):
        add_book(f"{number:010}", "Emma", "Jane Austen", year=1900 + number)
    editions = part(r'<details class="editions">.*?</details>', page(alice, q="emma"))
    assert "30 editions" in editions
    shown = editions.count("<li>") - 1
    assert f"{30 - shown} more" in editions
    [address] = re.findall(r'href="([^"#]+)#editions"', editions)
    book = alice.get(address).text
    assert "24 more editions" in book
    assert len(set(re.findall(r'class="isbn">(\d{10})<', book))) == 29


def test_the_book_page_says_publisher_year_and_language_of_each_edition(alice: Site, add_book: AddBook) -> None:
    add_book("9780141439518", "Emma", "Jane Austen", year=2002)
    add_book("9783150000014", "Emma", "Jane Austen", year=2010, language="ger", publisher="Reclam")
    page = alice.get("/books/9780141439518").text
    editions = part(r'<section aria-labelledby="editions">.*?</section>', page)
    assert text_of(editions) == "Other editions Emma Reclam 2010 German 9783150000014"


def shown(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    """Have the search answer with these fields beside what it has found."""
    monkeypatch.setattr("flyleaf.views.search.search_books", lambda *asked: search_books(*asked)._replace(**fields))


def test_what_was_left_out_is_named(alice: Site, shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(monkeypatch, left_out=("<novel>",))
    text = text_of(page(alice, q="emma").replace("&lt;", "‹").replace("&gt;", "›"))
    assert "No book matches all these words. Closest matches: Left out: ‹novel›" in text


def test_loose_matches_stand_apart_under_a_heading(alice: Site, shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def loosely(connection: Connection, query: SearchQuery) -> SearchPage:
        answer = search_books(connection, query)
        first, *others = answer.results
        others = [other._replace(match=other.match._replace(loose=True)) for other in others]
        return answer._replace(results=(first, *others))

    monkeypatch.setattr("flyleaf.views.search.search_books", loosely)
    text = page(alice, q="austen")
    assert len(titles(text)) == 2
    first, second = titles(text)
    assert text.index(f">{first}<") < text.index("Close matches for <em>austen</em>") < text.index(f">{second}<")
    assert '<ol class="results" start="2">' in text


def test_a_search_that_was_cut_short_says_so(alice: Site, shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(monkeypatch, cut_short=True, results=(), total=0)
    text = page(alice, q="emma")
    assert "This search took too long" in text
    assert re.search(r'<a href="/search\?q=emma">Try again', text)


@pytest.mark.parametrize("piece", ["0783", "978", "07-8"])
def test_too_short_a_piece_of_an_isbn_states_how_many_digits_it_takes(alice: Site, shelf: None, piece: str) -> None:
    assert "Enter at least 5 digits to search by part of an ISBN." in page(alice, q=piece)


def test_an_author_among_the_suggestions_leads_to_the_page_of_the_author(alice: Site, shelf: None) -> None:
    suggestions = alice.get("/search/suggestions?q=jane+aus").get_json()["suggestions"]
    assert "/authors/Jane%20Austen" in [one["address"] for one in suggestions if one["kind"] == "author"]


@pytest.fixture
def subjects(select: Select, shelf: None) -> None:
    select(
        "INSERT INTO subjects (id, key, name) VALUES (:id, 'country-and-life', 'Country & <life>')",
        id=subject_id("country-and-life"),
    )
    select("UPDATE books SET subjects = ARRAY[:id] WHERE title = 'Emma'", id=subject_id("country-and-life"))


def facets_of(text: str) -> list[tuple[str, str, str]]:
    """The name, number and address of each value of the facets."""
    facets = part(r'(?s)<details class="facets">(.*?)</details>', text)
    values = re.findall(r'(?s)<a href="([^"]*)"[^>]*><bdi>([^<]*)</bdi></a>\s*(?:<span class="count">(\d*))?', facets)
    return [(unescape(name), works, unescape(address)) for address, name, works in values]


def test_each_facet_leads_to_as_many_books_as_it_says(alice: Site, subjects: None) -> None:
    alice.review("9780141439587", 4)
    facets = facets_of(page(alice, q="austen"))
    assert [(name, works) for name, works, _ in facets] == [
        ("Only books with reviews", "1"),
        ("Country & <life>", "1"),
        ("German", "1"),
        ("2010–2019", "1"),
        ("1990–1999", "1"),
    ]
    for _, works, address in facets:
        assert f"{works} book<" in alice.get(address).text.replace(" book\n", " book<")


def test_what_is_chosen_is_marked_and_a_chip(alice: Site, subjects: None) -> None:
    text = page(alice, q="austen", subject="Country and Life", year_from=2000, year_to=2009)
    assert titles(text) == ["Emma"]
    chips = part(r'<ul class="chips".*?</ul>', text)
    assert text_of(chips) == ("Remove filter: 2000–2009 Remove filter: Country & <life> Clear filters")
    assert re.findall(r'aria-current="true"><bdi>([^<]*)<', text) == ["Country &amp; &lt;life&gt;", "2000–2009"]


def test_another_query_keeps_the_filters(alice: Site, subjects: None) -> None:
    text = page(alice, q="austen", subject="country-and-life", has_reviews="1")
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    assert hidden == [("subject", "country-and-life"), ("has_reviews", "1")]


def test_the_api_takes_a_subject(alice: Site, subjects: None) -> None:
    found = alice.get("/api/search?q=austen&subject=Country%20%26%20Life").get_json()
    assert [book["title"] for book in found["results"]] == ["Emma"]
    assert alice.get("/api/search?q=austen&subject=nothing").get_json()["results"] == []
    assert alice.get(f"/api/search?q=austen&subject={'x' * 101}").status_code == 422
