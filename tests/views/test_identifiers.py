"""Books without an ISBN, and identifiers of other schemes, as readers and programs meet them."""

import re

import pytest
from flask.testing import FlaskClient

from tests.fixture_types import AddBook, Select
from tests.site import Site

GOODREADS = "goodreads:2767052"
OWN = "flyleaf:0123456789abcdef"


@pytest.fixture
def games(add_book: AddBook) -> str:
    """The address of a book without an ISBN."""
    return add_book(None, "The Hunger Games", "Suzanne Collins", [GOODREADS, "asin:B002MQYOFW"], year=2008)


def test_the_page_of_a_book_without_an_isbn(alice: Site, games: str) -> None:
    text = alice.get(f"/books/{games}").text
    assert "The Hunger Games" in text
    assert 'href="https://www.goodreads.com/book/show/2767052" rel="noreferrer">2767052<' in text
    assert 'href="https://www.amazon.com/dp/B002MQYOFW" rel="noreferrer">B002MQYOFW<' in text
    assert "<dt>ISBN" not in text
    assert "None" not in text


@pytest.mark.parametrize(
    "address",
    ["asin:B002MQYOFW", "asin:b002mqyofw", "goodreads:002767052", "Goodreads:2767052", "goodreads:2767052-the-games"],
)
def test_every_identifier_leads_to_the_one_address(alice: Site, games: str, address: str) -> None:
    response = alice.get(f"/books/{address}?after=1_1")
    assert (response.status_code, response.location) == (301, f"/books/{games}?after=1_1")


def test_an_identifier_of_a_book_with_an_isbn_leads_to_its_isbn(alice: Site, add_book: AddBook) -> None:
    isbn = add_book(identifiers=[GOODREADS])
    response = alice.get(f"/books/{GOODREADS}")
    assert (response.status_code, response.location) == (301, f"/books/{isbn}")


def test_the_address_that_a_book_has_only_here_is_no_fact_about_it(alice: Site, add_book: AddBook) -> None:
    response = alice.get(f"/books/{add_book(None, identifiers=[OWN])}")
    assert response.status_code == 200
    assert ">0123456789abcdef<" not in response.text


@pytest.mark.parametrize(
    "address", ["goodreads:1", "goodreads:x", "elsewhere:1", "goodreads:", ":1", "a:b:c", "asin:%00"]
)
def test_an_unknown_identifier_is_not_found(alice: Site, games: str, address: str) -> None:
    for page in (f"/books/{address}", f"/api/{address}"):
        assert alice.get(page).status_code == 404


def test_a_review_of_it_is_written_changed_reported_and_deleted(alice: Site, bob: Site, games: str) -> None:
    assert alice.review(games, 4, "Arrows.").location == f"/books/{games}#my-review"
    assert "Arrows." in bob.get(f"/books/{games}").text
    profile = alice.get("/readers/Alice").text
    assert f'href="/books/{games}"' in profile
    edit = f"/books/{games}/review/edit"
    assert edit in profile
    assert alice.submit(edit, edit, rating="5", text="More arrows.").status_code == 303
    report = re.search(r"/reviews/\d+/report", bob.get(f"/books/{games}").text)
    assert report
    assert bob.submit(report[0], report[0], reason="").location == f"/books/{games}#my-review"
    delete = f"/books/{games}/review/delete"
    assert alice.submit(delete, delete).status_code == 303
    assert "arrows" not in bob.get(f"/books/{games}").text


def test_programs_get_null_for_its_isbn(client: FlaskClient, games: str) -> None:
    for address in (games, "asin:B002MQYOFW"):
        answer = client.get(f"/api/{address}").get_json()
        assert (answer["title"], answer["isbn"]) == ("The Hunger Games", None)
    results = client.get("/api/search", query_string={"q": "hunger games"}).get_json()["results"]
    assert [(result["title"], result["isbn"]) for result in results] == [("The Hunger Games", None)]


def test_it_is_found_listed_and_suggested(alice: Site, games: str, add_book: AddBook) -> None:
    add_book(None, "The Hunger Games", "Suzanne Collins", [OWN], year=2010)
    text = alice.get("/search", query_string={"q": "hunger games"}).text
    assert f'href="/books/{games}"' in text
    assert f'href="/books/{OWN}"' in text
    assert f'href="/books/{OWN}"' in alice.get(f"/books/{games}").text  # another edition
    assert f'href="/books/{games}"' in alice.get("/authors/Suzanne%20Collins").text
    suggested = alice.get("/search/suggestions", query_string={"q": "hunger"}).get_json()["suggestions"]
    assert suggested[0]["address"] in (f"/books/{games}", f"/books/{OWN}")
    assert alice.get("/search").status_code == 200  # its examples


def test_an_edition_with_an_isbn_stands_for_the_work(alice: Site, games: str, add_book: AddBook) -> None:
    isbn = add_book("0439023483", "The Hunger Games", "Suzanne Collins", year=2008)
    text = alice.get("/search", query_string={"q": "hunger games"}).text
    assert f'class="result-title" href="/books/{isbn}"' in text


def test_a_book_takes_its_identifiers_along(games: str, select: Select) -> None:
    select("DELETE FROM books")
    assert select("SELECT count(*) FROM identifiers") == 0


def test_a_book_that_gets_an_isbn_is_identified_by_it(alice: Site, games: str, select: Select) -> None:
    select("UPDATE books SET isbn = '0439023483', isbn13 = '9780439023481'")
    assert select("SELECT identity FROM books") == "9780439023481"
    assert alice.get(f"/books/{games}").location == "/books/0439023483"
