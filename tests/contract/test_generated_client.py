"""A client that a library makes of the document does what a reader can."""

import importlib
import io
import json
from pathlib import Path
from typing import Any

import httpx
import openapi_python_client
import pytest
from flask import Flask
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.fixture_types import AddBook, Select
from tests.site import Site
from tests.tokens import new_token

DUNE = "9780441172719"


class Client:
    """The generated package, and its connection to the site in Alice's name."""

    def __init__(self, package: str, app: Flask, token: str) -> None:
        self._package = package
        self.called: set[str] = set()
        make = importlib.import_module(package).AuthenticatedClient
        self._connection = make("http://localhost", token, httpx_args={"transport": httpx.WSGITransport(app)})

    def call(self, tag: str, operation: str, *values: Any, **named: Any) -> Any:
        """What the operation answers."""
        self.called.add(operation)
        module = importlib.import_module(f"{self._package}.api.{tag}.{operation}")
        return module.sync_detailed(*values, client=self._connection, **named).parsed

    def model(self, name: str, /, **values: Any) -> Any:
        return getattr(importlib.import_module(f"{self._package}.models"), name).from_dict(values)

    def choice(self, name: str, value: str) -> Any:
        return getattr(importlib.import_module(f"{self._package}.models"), name)(value)

    def upload(self, content: bytes, name: str) -> Any:
        """The body of a request that brings a file."""
        file = importlib.import_module(f"{self._package}.types").File(io.BytesIO(content), name, "text/csv")
        return importlib.import_module(f"{self._package}.models").NewImport(file)


@pytest.fixture
def client(
    app: Flask, alice: Site, add_book: AddBook, select: Select, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Client:
    select("INSERT INTO subjects (id, key, name) VALUES (1, 'deserts', 'Deserts')")
    add_book(DUNE, series="Dune #1", subjects=[1])
    document = tmp_path / "openapi.json"
    document.write_bytes(app.test_client().get("/api/v1/openapi.json").get_data())
    package = "client_of_flyleaf"
    config = Config.from_sources(
        ConfigFile(post_hooks=[], content_type_overrides={"application/zip": "application/octet-stream"}),
        MetaType.NONE,
        document,
        "utf-8",
        overwrite=False,
        output_path=tmp_path / package,
    )
    assert openapi_python_client.generate(config=config) == []
    monkeypatch.syspath_prepend(tmp_path)
    return Client(package, app, new_token(alice, "write"))


def test_it_does_what_a_reader_can(client: Client, bob: Site) -> None:
    bob.review(DUNE, 2, "Too much sand.")
    find(client)
    review(client)
    shelve(client)
    bring(client)
    look_at_others(client, bob)
    document = json.loads(bob.get("/api/v1/openapi.json").text)
    methods = [method for path in document["paths"].values() for method in path.values() if isinstance(method, dict)]
    assert client.called == {method["operationId"] for method in methods}


def find(client: Client) -> None:
    [found] = client.call("books", "search", q="dune").items
    assert client.call("books", "suggestions", q="du").items[0].text == "Dune"
    assert client.call("books", "edition", DUNE).work_id == found.work_id
    assert client.call("books", "work", found.work_id).editions[0].identifier == DUNE
    assert client.call("catalogue", "author", "Frank Herbert").items[0].identifier == DUNE
    assert client.call("catalogue", "series", "Dune").items[0].number == "1"
    assert client.call("catalogue", "new_books").items[0].title == "Dune"
    assert client.call("catalogue", "subjects").items[0].name == "Deserts"
    assert client.call("catalogue", "subject", "deserts").items[0].title == "Dune"


def review(client: Client) -> None:
    work = client.call("books", "edition", DUNE).work_id
    new = client.model("NewReview", rating=5, text="Sand.", language="en", is_private=True)
    written = client.call("reviews", "publish_review", DUNE, body=new)
    assert (written.rating, written.text, written.reader, written.is_private) == (5, "Sand.", "Alice", True)
    assert client.call("reviews", "own_review", DUNE).id == written.id
    assert [one.id for one in client.call("reviews", "own_reviews").items] == [written.id]
    [other] = client.call("reviews", "reviews", work, order=client.choice("ReviewsOrder", "helpful"), rating=2).items
    assert (other.text, other.found_helpful) == ("Too much sand.", False)
    assert client.call("reviews", "find_review_helpful", other.id) is None
    assert client.call("reviews", "reviews", work).items[0].found_helpful is True
    assert client.call("reviews", "withdraw_helpful_vote", other.id) is None
    assert client.call("reviews", "reviews", work).items[0].helpful_count == 0
    assert client.call("reviews", "delete_own_review", DUNE) is None
    assert client.call("reviews", "own_review", DUNE).status == 404
    written = client.call("reviews", "publish_review", DUNE, body=client.model("NewReview", rating=3))
    assert client.call("reviews", "delete_review_by_id", written.id) is None


def shelve(client: Client) -> None:
    copy = client.call("copies", "shelve", DUNE, body=client.model("NewShelf", shelf="reading"))
    assert [
        one.title
        for one in client.call(
            "shelves", "shelved_books", q="dune", order=client.choice("ShelvedBooksOrder", "title")
        ).items
    ] == ["Dune"]
    assert {one.name: one.book_count for one in client.call("shelves", "shelves").items}["reading"] == 1
    days = client.model("NewReading", started_on="2026-01-02", finished_on="2026-01-20")
    reading = client.call("copies", "add_reading", copy.id, body=days)
    later = client.model("NewReading", finished_on="2026-01-21")
    assert str(client.call("copies", "change_reading", copy.id, reading.id, body=later).finished_on) == "2026-01-21"
    assert [one.id for one in client.call("copies", "readings", copy.id).items] == [reading.id]
    assert client.call("shelves", "years").items[0].year == 2026
    assert client.call("shelves", "year", 2026).book_count == 1
    assert client.call("copies", "delete_reading", copy.id, reading.id) is None
    change = client.model("ShelvedBookChange", status="read", notes="Lent to Bob.")
    assert client.call("copies", "change_copy", copy.id, body=change).notes == "Lent to Bob."
    assert client.call("copies", "get_copy", copy.id).status == "read"

    made = client.call("shelves", "make_shelf", body=client.model("MadeShelf", name="Sand"))
    assert (made.name, made.is_public) == ("Sand", False)
    assert client.call("copies", "put_copy_on_shelf", copy.id, "Sand").shelves == ["Sand"]
    changed = client.call("shelves", "change_shelf", "Sand", body=client.model("ShelfChange", name="Deserts"))
    assert client.call("shelves", "shelf", "Deserts").book_count == changed.book_count == 1
    assert [one.id for one in client.call("shelves", "books_on_shelf", "Deserts").items] == [copy.id]
    assert client.call("copies", "take_copy_off_shelf", copy.id, "Deserts") is None
    assert client.call("shelves", "remove_shelf", "Deserts") is None
    assert client.call("copies", "delete_copy", copy.id) is None
    assert client.call("copies", "shelved_book", DUNE).status == 404
    client.call("copies", "shelve", DUNE, body=client.model("NewShelf", shelf="read"))
    assert client.call("copies", "unshelve", DUNE) is None


def bring(client: Client) -> None:
    history = b"Title,Author,ISBN13,My Rating,Exclusive Shelf\nDune,Frank Herbert,9780441172719,3,read\n"
    brought = client.call("import_", "start_import", body=client.upload(history, "books.csv"))
    assert (brought.state, brought.row_count) == ("ready", 1)
    [row] = client.call("import_", "import_rows", brought.id, kind=client.choice("ImportRowsKind", "sure")).items
    assert (row.book.identifier, row.decision, row.says.rating) == (DUNE, "write", 3)
    left_out = client.call(
        "import_", "correct_row", brought.id, 1, body=client.model("RowChange", decision="leave-out")
    )
    assert left_out.decision == "leave-out"
    client.call("import_", "correct_row", brought.id, 1, body=client.model("RowChange", identifier=DUNE))
    assert client.call("import_", "import_row", brought.id, 1).match == "chosen"
    assert client.call("import_", "commit_import", brought.id, is_private=True).state == "written"
    assert client.call("import_", "get_import", brought.id).state == "written"
    assert client.call("reviews", "own_review", DUNE).rating == 3
    assert client.call("import_", "undo_import", brought.id).state == "ready"
    assert [one.id for one in client.call("import_", "imports").items] == [brought.id]
    assert client.call("import_", "forget_import", brought.id) is None
    assert client.call("me", "me").name == "Alice"
    assert client.call("me", "export").account["name"] == "Alice"
    assert client.call("me", "export_archive").payload.read(2) == b"PK"


def look_at_others(client: Client, bob: Site) -> None:
    bob.submit(f"/books/{DUNE}", f"/books/{DUNE}/shelf", shelf="read")
    bob.submit("/shelves/read", "/shelves/read/publish", public="1")
    assert [one.name for one in client.call("readers", "profile", "Bob").shelves] == ["read"]
    assert client.call("readers", "reviews_of_reader", "Bob").items[0].text == "Too much sand."
    assert (
        client.call("readers", "books_of_reader", "Bob", "read", order=client.choice("BooksOfReaderOrder", "title"))
        .items[0]
        .title
        == "Dune"
    )
