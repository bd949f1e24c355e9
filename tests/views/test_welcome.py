"""The front door."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from flyleaf.config import Config
from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database.preparation import Preparation
from flyleaf.search import schema
from tests.fixture_types import AddBook, Select
from tests.site import Site


def test_a_visitor_is_offered_to_log_in_and_to_register(client: FlaskClient) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert 'href="/login"' in response.text
    assert 'href="/register"' in response.text


def test_alice_is_led_to_the_search(alice: Site) -> None:
    response = alice.get("/")
    assert response.status_code == 303
    assert response.location == "/search"


def test_nothing_is_stored_for_a_visitor(client: FlaskClient, config: Config) -> None:
    client.get("/")
    assert Site(client).cookie("session") is None
    assert list(config.sessions.iterdir()) == []


def test_alice_is_asked_to_log_in_again_once_her_account_is_gone(alice: Site, select: Select) -> None:
    select("DELETE FROM readers")
    assert alice.get("/search").location.startswith("/login")
    response = alice.get("/")
    assert response.status_code == 200
    assert 'href="/login"' in response.text


def shown(html: str) -> list[str]:
    return re.findall(r'<li><a href="/books/([^"]+)">', html)


def test_it_shows_popular_books_of_this_catalogue_as_links(
    client: FlaskClient, add_book: AddBook, alice: Site, bob: Site
) -> None:
    """It advertised six classics, five of which were not in the catalogue."""
    for number in range(1, 9):
        add_book(f"{number:010}", f"Volume {number}", f"Author {number}")
    add_book("9780441172719", "Dune", "Frank Herbert")
    add_book("9780441172696", "Dune Messiah", "Frank Herbert")
    add_book("9783161484100", "A title that does not fit a cover " * 3, "Ann")
    alice.review("9780441172696", 5)
    for reader in (alice, bob):
        reader.review("9780441172719", 4)
        reader.review("9783161484100", 4)
    isbns = shown(client.get("/").text)
    assert isbns[0] == "9780441172719"
    assert len(isbns) == 6
    assert not {"9780441172696", "9783161484100"} & set(isbns), "one of each author, and titles that fit"
    assert shown(client.get("/").text) == isbns
    for isbn in isbns:
        response = client.get(f"/books/{isbn}")
        assert response.status_code == 303
        assert response.location == f"/login?next=/books/{isbn}"
        assert alice.get(f"/books/{isbn}").status_code == 200


def test_of_an_empty_catalogue_it_shows_none(client: FlaskClient) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert shown(response.text) == []
    assert 'class="fan"' not in response.text


def test_of_few_books_it_shows_those(client: FlaskClient, dune: str) -> None:
    assert shown(client.get("/").text) == [dune]


@pytest.fixture
def failing(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Has each transaction fail with an error."""

    def fail(error: Exception) -> None:
        @contextmanager
        def broken(*_: object, **_named: object) -> Iterator[None]:
            raise error
            yield

        monkeypatch.setattr(type(database), "transaction", broken)

    return fail


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly")),
        DatabaseUnusableError("The database has no such user."),
    ],
    ids=["the server is away", "the database can't be used"],
)
def test_without_a_database_the_front_page_is_there_without_books(
    client: FlaskClient, dune: str, failing: Callable[[Exception], None], error: Exception
) -> None:
    failing(error)
    response = client.get("/")
    assert response.status_code == 200
    assert 'href="/register"' in response.text
    assert shown(response.text) == []


def test_without_a_search_the_front_page_is_there_without_books(
    client: FlaskClient, dune: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version, which is being put in place, has dropped it: a visitor got a 503."""
    assert shown(client.get("/").text) == [dune]
    monkeypatch.setattr(Preparation, "build_search_in_background", lambda _: None)
    with database.owner.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema.schema_name()} CASCADE"))
    response = client.get("/")
    assert response.status_code == 200
    assert shown(response.text) == []


def test_a_fault_of_the_front_page_is_not_hidden(client: FlaskClient, failing: Callable[[Exception], None]) -> None:
    failing(ZeroDivisionError())
    assert client.get("/").status_code == 500
