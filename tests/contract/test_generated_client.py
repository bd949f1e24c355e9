"""A client that a library makes of the document does what a reader can."""

import importlib
import io
from pathlib import Path
from typing import Any

import httpx
import openapi_python_client
import pytest
from flask import Flask
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.fixture_types import AddBook
from tests.site import Site
from tests.tokens import new_token

pytestmark = pytest.mark.slow

DUNE = "9780441172719"


class Client:
    """The generated package, and its connection to the site in Alice's name."""

    def __init__(self, package: str, app: Flask, token: str) -> None:
        self._package = package
        make = importlib.import_module(package).AuthenticatedClient
        self._connection = make("http://localhost", token, httpx_args={"transport": httpx.WSGITransport(app)})

    def call(self, tag: str, operation: str, *values: Any, **named: Any) -> Any:
        """What the operation answers."""
        module = importlib.import_module(f"{self._package}.api.{tag}.{operation}")
        return module.sync_detailed(*values, client=self._connection, **named).parsed

    def model(self, name: str, **values: Any) -> Any:
        return getattr(importlib.import_module(f"{self._package}.models"), name).from_dict(values)

    def upload(self, content: bytes, name: str) -> Any:
        """The body of a request that brings a file."""
        file = importlib.import_module(f"{self._package}.types").File(io.BytesIO(content), name, "text/csv")
        return importlib.import_module(f"{self._package}.models").NewImport(file)


@pytest.fixture
def client(app: Flask, alice: Site, add_book: AddBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    add_book(DUNE)
    document = tmp_path / "openapi.json"
    document.write_bytes(app.test_client().get("/api/v1/openapi.json").get_data())
    package = "client_of_flyleaf"
    config = Config.from_sources(
        ConfigFile(post_hooks=[]), MetaType.NONE, document, "utf-8", overwrite=False, output_path=tmp_path / package
    )
    assert openapi_python_client.generate(config=config) == []
    monkeypatch.syspath_prepend(tmp_path)
    return Client(package, app, new_token(alice, "write"))


def test_it_does_what_a_reader_can(client: Client, bob: Site) -> None:
    bob.review(DUNE, 2, "Too much sand.")
    [found] = client.call("books", "search", q="dune").items
    assert client.call("books", "suggestions", q="du").items[0].text == "Dune"
    assert client.call("books", "edition", DUNE).work_id == found.work_id
    assert client.call("books", "work", found.work_id).editions[0].identifier == DUNE
    assert client.call("me", "me").name == "Alice"

    written = client.call("reviews", "publish_review", DUNE, body=client.model("NewReview", rating=5, text="Sand."))
    assert (written.rating, written.text, written.reader) == (5, "Sand.", "Alice")
    assert client.call("reviews", "own_review", DUNE).id == written.id
    assert [one.id for one in client.call("me", "own_reviews").items] == [written.id]
    assert [one.text for one in client.call("reviews", "reviews", found.work_id).items] == ["Too much sand."]
    assert client.call("reviews", "delete_own_review", DUNE) is None
    assert client.call("reviews", "own_review", DUNE).status == 404

    assert client.call("shelves", "shelve", DUNE, body=client.model("NewShelf", shelf="reading")).status == "reading"
    assert [one.title for one in client.call("shelves", "shelved_books").items] == ["Dune"]
    assert {one.name: one.book_count for one in client.call("shelves", "shelves").items}["reading"] == 1
    assert client.call("shelves", "unshelve", DUNE) is None
    assert client.call("shelves", "shelved_book", DUNE).status == 404
    history = b"Title,Author,ISBN13,My Rating,Exclusive Shelf\nDune,Frank Herbert,9780441172719,3,read\n"
    brought = client.call("import_", "start_import", body=client.upload(history, "books.csv"))
    assert (brought.state, brought.row_count) == ("ready", 1)
    assert client.call("import_", "commit_import", brought.id).state == "written"
    assert client.call("import_", "get_import", brought.id).state == "written"
    assert client.call("reviews", "own_review", DUNE).rating == 3
    assert client.call("import_", "undo_import", brought.id).state == "ready"
    assert [one.id for one in client.call("import_", "imports").items] == [brought.id]
    assert client.call("me", "export").account["name"] == "Alice"
