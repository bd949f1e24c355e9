"""Suggesting books that the catalogue doesn't have: Bob suggests, Mo moderates."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, text
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import TITLE_MAX, Rate
from flyleaf.queries.corrections import CORRECTION_LOCK
from flyleaf.web.current import EXTENSION
from tests import stub_open_library as stub
from tests.fixture_types import AddBook, Select, Visit
from tests.importing.files import imported, numbers, written
from tests.site import Site, hidden_fields
from tests.stub_open_library import StubOpenLibrary
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


DUNE_RECORD = {
    "title": "Dune",
    "subtitle": "the epic",
    "authors": [{"name": "Frank Herbert", "url": "https://openlibrary.org/authors/OL79034A"}],
    "publish_date": "August 2, 2005",
    "publishers": [{"name": "Ace Trade"}],
    "number_of_pages": 528,
}
DUNE_ISBN = "9780441013593"
LOOK_UP = f"{FORM}/look-up"


@pytest.fixture
def open_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubOpenLibrary]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with StubOpenLibrary(stub.answering(json.dumps({f"ISBN:{DUNE_ISBN}": DUNE_RECORD}).encode())) as other_site:
        yield other_site


@pytest.fixture
def asking(config: Config, database: Database, open_library: StubOpenLibrary) -> Site:
    """Carol's browser, at a site that may ask Open Library."""
    asked = replace(config, open_library_contact="alice@example.org", open_library_url=open_library.url)
    return Site(create_app(asked, database).test_client()).registered("Carol")


def look_up(site: Site, isbn: str = "978-0-441-01359-3", **fields: str) -> TestResponse:
    return site.submit(FORM, LOOK_UP, isbn=isbn, **fields)


def typed(response: TestResponse) -> dict[str, str]:
    """What the fields of the form hold."""
    tags = re.findall(r"<input[^>]*>", response.text)
    found = {"".join(re.findall(r' name="([^"]*)"', tag)): re.findall(r' value="([^"]*)"', tag) for tag in tags}
    return {name: "".join(value) for name, value in found.items() if name in {*BOOK, "isbn", "reason"}}


def test_a_book_is_looked_up_by_its_isbn_and_sent_after_a_look(
    asking: Site, open_library: StubOpenLibrary, select: Select
) -> None:
    assert "Fill in from Open Library" in asking.get(FORM).text
    response = look_up(asking)
    assert response.status_code == 200
    assert "Open Library says this. Check it before you send it." in response.text
    filled = {"title": "Dune: the epic", "author": "Frank Herbert", "year": "2005", "publisher": "Ace Trade"}
    filled |= {"pages": "528", "language": "", "isbn": "978-0-441-01359-3", "reason": ""}
    assert typed(response) == filled
    [visit] = open_library.visits
    assert (visit.path, visit.params["bibkeys"]) == ("/api/books", f"ISBN:{DUNE_ISBN}")
    assert "(alice@example.org)" in visit.head
    assert select("SELECT count(*) FROM proposals") == 0
    assert asking.submit(FORM, **typed(response)).status_code == 303
    assert select("SELECT title || author || year FROM proposed_books") == "Dune: the epicFrank Herbert2005"


def test_what_was_typed_stays(asking: Site) -> None:
    response = look_up(asking, title="My Dune", reason="It is mine.")
    assert typed(response) | {"title": "My Dune", "author": "Frank Herbert", "reason": "It is mine."} == typed(response)


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        (stub.answering(b"{}"), "Open Library doesn’t know this ISBN."),
        (stub.refusing("404 Not Found"), "Open Library doesn’t know this ISBN."),
        (stub.refusing("500 Internal Server Error"), "Open Library can’t be reached"),
        (stub.refusing("429 Too Many Requests", "Retry-After: 5"), "Open Library can’t be reached"),
        (stub.answering(b"<html>"), "Open Library can’t be reached"),
        (stub.answering(b"[]"), "Open Library can’t be reached"),
        (stub.answering(b'{"ISBN:9780441013593": 7}'), "Open Library can’t be reached"),
        (stub.answering(b'{"ISBN:9780441013593": {"title": 7}}'), "Open Library can’t be reached"),
        (stub.answering(b'{"ISBN:9780441013593": {"title": "D", "authors": ["x"]}}'), "Open Library can’t be reached"),
        (stub.closed_in_the_middle, "Open Library can’t be reached"),
        (stub.silent, "Open Library can’t be reached"),
        (stub.dripping_body, "Open Library can’t be reached"),
    ],
)
def test_whatever_open_library_answers_the_form_stays(
    asking: Site, open_library: StubOpenLibrary, scene: stub.Scene, said: str
) -> None:
    open_library.scene = scene
    client = asking.client.application.extensions[EXTENSION].open_library_books
    assert client._deadline == 3
    client._deadline = 0.3 if scene in (stub.silent, stub.dripping_body) else 10
    response = look_up(asking, title="Dune", reason="Mine.")
    assert response.status_code == 422
    assert said in response.text
    assert typed(response) | {"title": "Dune", "reason": "Mine.", "author": ""} == typed(response)
    assert "Open Library says this." not in response.text


def test_what_an_import_would_refuse_is_left_out(asking: Site, open_library: StubOpenLibrary) -> None:
    record = {"title": "Dune (Dune, #1)", "publish_date": "soon", "number_of_pages": -1}
    record |= {"authors": [{"name": "x" * 600}], "publishers": []}
    open_library.scene = stub.answering(json.dumps({f"ISBN:{DUNE_ISBN}": record}).encode())
    found = typed(look_up(asking))
    assert (found["title"], found["year"], found["pages"], found["author"]) == ("Dune", "", "", "")


@pytest.mark.parametrize("isbn", ["", "9780441013594", "Dune"])
def test_without_a_valid_isbn_nobody_is_asked(asking: Site, open_library: StubOpenLibrary, isbn: str) -> None:
    response = look_up(asking, isbn, title="Dune")
    assert response.status_code == 422
    assert typed(response)["title"] == "Dune"
    assert open_library.visits == []


def test_of_a_book_in_the_catalogue_nobody_is_asked(
    asking: Site, add_book: AddBook, open_library: StubOpenLibrary
) -> None:
    add_book(DUNE_ISBN)
    assert "already in the catalogue: Dune" in look_up(asking).text
    assert open_library.visits == []


def test_look_ups_are_limited(asking: Site, open_library: StubOpenLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.web.attempts.LOOK_UPS", Rate(2, 60))
    assert [look_up(asking).status_code for _ in range(3)] == [200, 200, 429]
    assert len(open_library.visits) == 2


def test_no_connection_is_held_while_open_library_is_asked(
    asking: Site, open_library: StubOpenLibrary, database: Database
) -> None:
    held: list[int] = []

    def look(visit: stub.Visit) -> None:
        pool = database.engine.pool
        assert isinstance(pool, QueuePool)
        held.append(pool.checkedout())
        visit.answer(b"{}")

    open_library.scene = look
    look_up(asking)
    assert held == [0]


def test_a_site_that_does_not_ask_open_library_has_no_such_button(bob: Site) -> None:
    assert "Open Library" not in bob.get(FORM).text
    token = hidden_fields(bob.get(FORM).text)
    assert bob.client.post(LOOK_UP, data=token | {"isbn": DUNE_ISBN}).status_code == 404
    assert bob.client.post(LOOK_UP, data={"isbn": DUNE_ISBN}).status_code == 400
