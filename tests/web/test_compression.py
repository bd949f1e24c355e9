"""Answers go out compressed, and what is secret in them can't be guessed from their size."""

import gzip
import json
from difflib import SequenceMatcher

import brotli
import pytest
from flask.testing import FlaskClient
from itsdangerous.encoding import base64_decode

from flyleaf.config import PROJECT
from tests.fixture_types import AddBook
from tests.site import Site, hidden_fields

OPEN = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}
# What a browser accepts, and what it gets.
ACCEPTED = [
    ("gzip, deflate, br, zstd", "br"),
    ("gzip, deflate", "gzip"),
    ("gzip;q=1, br;q=0.5", "gzip"),
    ("*", "br"),
    ("identity;q=1, *;q=0", "identity"),
    ("identity", "identity"),
    ("", "identity"),
]


@pytest.mark.parametrize(("accepted", "encoding"), ACCEPTED)
def test_a_page_comes_as_the_browser_takes_it(client: FlaskClient, accepted: str, encoding: str) -> None:
    response = client.get("/", headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding", "identity") == encoding
    assert int(response.headers["Content-Length"]) == len(response.data)
    assert "<title>" in OPEN[encoding](response.data).decode()
    assert "accept-encoding" in response.headers["Vary"].lower()


def test_json_is_compressed_too(client: FlaskClient, add_book: AddBook) -> None:
    for number in range(1, 9):
        add_book(f"{number:010}", f"Volume {number}", isbn13=None)
    response = client.get("/api/search?q=volume", headers={"Accept-Encoding": "br"})
    assert response.headers["Content-Encoding"] == "br"
    assert b"Volume 1" in brotli.decompress(response.data)


@pytest.mark.parametrize(("accepted", "encoding"), ACCEPTED)
@pytest.mark.parametrize("name", ["style.css", "flyleaf.js"])
def test_a_file_comes_as_the_browser_takes_it_and_is_the_same(
    client: FlaskClient, name: str, accepted: str, encoding: str
) -> None:
    response = client.get(f"/static/{name}", headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding", "identity") == encoding
    assert OPEN[encoding](response.data) == (PROJECT / "static" / name).read_bytes()
    assert response.headers["Vary"] == "Accept-Encoding"
    again = client.get(
        f"/static/{name}", headers={"Accept-Encoding": accepted, "If-None-Match": response.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_each_form_of_a_file_has_a_tag_of_its_own(client: FlaskClient) -> None:
    tags = {client.get("/static/style.css", headers={"Accept-Encoding": one}).headers["ETag"] for one in OPEN}
    assert len(tags) == 3


def test_no_two_pages_have_a_secret_in_common(alice: Site, dune: str) -> None:
    """What stood in every page could be guessed from how well it is compressed with words of an attacker: BREACH."""
    tokens = [hidden_fields(alice.get(f"/books/{dune}").text)["csrf_token"].split(".") for _ in range(2)]
    (payload, _, signature), (other_payload, _, other_signature) = tokens
    # The payload's other half is the reader's id, which is no secret.
    chance, other_chance = (json.loads(base64_decode(one))[0] for one in (payload, other_payload))
    for one, other in ((chance, other_chance), (signature, other_signature)):
        assert SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size < 6
