"""Suggesting books that the catalogue doesn't have: Bob suggests, Mo moderates."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import TITLE_MAX
from flyleaf.queries.corrections import CORRECTION_LOCK
from tests.fixture_types import Select, Visit
from tests.importing.files import imported, numbers, written
from tests.site import Site, hidden_fields
from tests.views.test_corrections import moderator
from tests.views.test_proposals import QUEUE, accept, kinds, refuse

FORM = "/proposals/book"
BOOK = {"title": "The Hobbit", "author": "J.R.R. Tolkien", "year": "1937", "publisher": "Allen & Unwin"}
BOOK |= {"language": "English", "pages": "310"}


@pytest.fixture
def mo(visit: Visit, select: Select) -> Site:
    return moderator(visit, select, "Mo")


def suggest(site: Site, isbn: str = "0-261-10221-4", **fields: str) -> TestResponse:
    return site.submit(FORM, **{**BOOK, "isbn": isbn, "reason": "I own it.", **fields})


def test_a_search_that_finds_nothing_leads_to_a_book(bob: Site, mo: Site, dune: str, select: Select) -> None:
    page = bob.get("/search?q=9780261102217").text
    assert f'href="{FORM}?isbn=9780261102217"' in page
    assert 'value="9780261102217"' in bob.get(f"{FORM}?isbn=9780261102217").text
    assert f'href="{FORM}?title=zzz+qqq"' in bob.get("/search?q=zzz+qqq").text.replace("%20", "+")
    assert FORM not in bob.get("/search?q=dune").text
    response = suggest(bob)
    assert response.status_code == 303
    own = bob.get(response.location).text
    assert "A moderator will look at your suggestion." in own
    assert "The Hobbit" in own
    assert "waiting for a moderator" in own
    queue = mo.get(QUEUE).text
    for said in (
        "This book is missing.",
        "The Hobbit",
        "J.R.R. Tolkien",
        "1937",
        "Allen &amp; Unwin",
        "310",
        "I own it.",
    ):
        assert said in queue
    assert accept(mo, select("SELECT id FROM proposals")).status_code == 303
    assert select(
        "SELECT title || author || year || publisher || language || pages FROM books WHERE isbn = '0261102214'"
    )
    assert 'href="/books/0261102214"' in bob.get("/search?q=hobbit+tolkien").text
    assert 'href="/books/0261102214"' in bob.get("/proposals").text
    assert kinds(select, "Bob") == ["proposal-made", "proposal-accepted"]


def test_refused_it_is_not_added(bob: Site, mo: Site, select: Select) -> None:
    suggest(bob)
    assert refuse(mo, select("SELECT id FROM proposals"), "Not a book.").status_code == 303
    assert select("SELECT count(*) FROM books") == 0
    assert "Not a book." in bob.get("/proposals").text
    assert json.loads(bob.get("/account/data").data)["proposals"][0]["proposed"]["title"] == "The Hobbit"


def test_a_book_without_an_isbn_is_found_again_by_an_import(
    bob: Site, mo: Site, config: Config, tmp_path: Path, select: Select
) -> None:
    suggest(bob, "")
    accept(mo, select("SELECT id FROM proposals"))
    address = select("SELECT identity FROM books")
    assert bob.get(f"/books/{address}").status_code == 200
    assert suggest(mo, "").status_code == 409
    file = "isbn,title,author,year,publisher,pages\n,The Hobbit,J.R.R. Tolkien,1937,Allen & Unwin,311\n"
    assert numbers(imported(config, written(tmp_path, file))) == (0, 1, 0, 0)
    assert select("SELECT pages FROM books") == 311


def test_a_moderator_adds_a_book_at_once(mo: Site, select: Select) -> None:
    response = suggest(mo)
    assert response.location == "/books/0261102214"
    assert "Book added to the catalogue." in mo.get(response.location).text
    assert "No open suggestions." in mo.get(QUEUE).text
    assert kinds(select, "Mo") == ["moderated"]


@pytest.mark.parametrize(
    ("field", "entered", "said"),
    [
        ("isbn", "0261102215", "not a valid ISBN"),
        ("isbn", "12", "not a valid ISBN"),
        ("isbn", "9780441172719", "already in the catalogue: Dune."),
        ("isbn", "0-441-17271-7", "already in the catalogue: Dune."),
        ("title", " ", "A book needs a title."),
        ("title", "x" * (TITLE_MAX + 1), "up to 1,000 characters"),
        ("year", "soon", "from -3000 to 2100"),
        ("pages", "0", "from 1 to 100000"),
        ("language", "Klingonese", "a code such as en"),
    ],
)
def test_what_is_no_book_or_known_is_refused(
    bob: Site, mo: Site, dune: str, select: Select, field: str, entered: str, said: str
) -> None:
    for site in (bob, mo):
        response = site.submit(FORM, **{**BOOK, "isbn": "0261102214", "reason": "", field: entered})
        assert response.status_code == 422
        assert said in response.text
    assert select("SELECT count(*) FROM proposals") == 0


def test_the_same_book_waits_once_for_a_reader(alice: Site, bob: Site, select: Select) -> None:
    assert suggest(bob).status_code == 303
    response = suggest(bob, "0261102214")
    assert response.status_code == 422
    assert "You have already suggested this." in response.text
    assert suggest(alice).status_code == 303


def test_two_readers_suggest_the_same_and_it_is_added_once(alice: Site, bob: Site, mo: Site, select: Select) -> None:
    for site in (alice, bob):
        suggest(site)
    for order in ("min", "max"):
        assert accept(mo, select(f"SELECT {order}(id) FROM proposals")).status_code == 303
    assert select("SELECT count(*) FROM books") == 1


def test_during_an_import_no_book_is_added(bob: Site, mo: Site, database: Database, select: Select) -> None:
    suggest(bob)
    with database.owner.begin() as importer:
        importer.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CORRECTION_LOCK})
        assert accept(mo, select("SELECT id FROM proposals")).status_code == 503
        assert suggest(mo, "").status_code == 503
    assert select("SELECT count(*) FROM books") == 0


def test_switched_off_only_moderators_add_books(config: Config, database: Database, select: Select) -> None:
    site = Site(create_app(replace(config, proposals=False), database).test_client()).registered("Carol")
    assert FORM not in site.get("/search?q=zzz").text
    assert FORM not in site.get("/proposals").text
    assert site.get(FORM).status_code == 404
    token = hidden_fields(site.get("/account").text)
    assert site.client.post(FORM, data=token | BOOK).status_code == 404
    select("UPDATE readers SET is_moderator = true")
    assert FORM in site.get("/search?q=zzz").text
    assert suggest(site).status_code == 303
