"""Suggestions while typing."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fixture_types import AddBook, Select
from tests.site import Site


@pytest.fixture
def suggest(alice: Site) -> Callable[[str], Any]:
    """The suggestions that Alice gets."""

    def ask(q: str) -> Any:
        response = alice.get("/search/suggestions", query_string={"q": q})
        assert response.status_code == 200
        return response.get_json()["suggestions"]

    return ask


def test_a_visitor_gets_401_as_json(client: FlaskClient) -> None:
    response = client.get("/search/suggestions?q=dune")
    assert response.status_code == 401
    assert response.is_json
    assert response.get_json()["error"]


def test_a_few_letters_suggest_the_book(suggest: Callable[[str], Any], dune: str) -> None:
    [suggestion] = suggest("du")
    assert suggestion == {"kind": "title", "text": "Dune", "author": "Frank Herbert", "address": f"/books/{dune}"}


def test_an_author_is_suggested_and_leads_to_their_books(suggest: Callable[[str], Any], dune: str) -> None:
    author = {"kind": "author", "text": "Frank Herbert", "author": None, "address": "/authors/Frank%20Herbert"}
    assert author in suggest("frank h")


def test_there_are_8_at_most(suggest: Callable[[str], Any], select: Select) -> None:
    select(
        "INSERT INTO books (isbn, title) SELECT to_char(n, 'fm0000000000'), 'Volume ' || n FROM generate_series(1, 9) n"
    )
    assert len(suggest("volume")) == 8


def test_nothing_typed_suggests_nothing(suggest: Callable[[str], Any], alice: Site, dune: str) -> None:
    assert suggest("") == []
    assert suggest("   ") == []
    assert alice.get("/search/suggestions").get_json()["suggestions"] == []


def test_wildcards_are_plain_text(suggest: Callable[[str], Any], dune: str, subtests: pytest.Subtests) -> None:
    for query in ("%", "_", "\\", "%%", "___", "'", "& | ! ( ) : *"):
        with subtests.test(query):
            assert suggest(query) == []


@pytest.mark.parametrize("query", ["\0", "du\0ne", "\x1b", "a" * 201])
def test_what_cannot_be_searched_is_refused_as_json(alice: Site, query: str) -> None:
    response = alice.get("/search/suggestions", query_string={"q": query})
    assert response.status_code == 422
    assert response.is_json


def test_titles_stay_as_they_are(suggest: Callable[[str], Any], add_book: AddBook) -> None:
    add_book(title="<b>Zebra</b> & “co”", author="")
    assert suggest("zebra")[0]["text"] == "<b>Zebra</b> & “co”"


def test_it_can_only_be_asked_for(alice: Site) -> None:
    response = alice.client.post("/search/suggestions")
    assert response.status_code == 405
    assert response.is_json
