"""Imports in API v1: their rows are read, corrected and left out before they are written."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from flyleaf.queries import upload_work
from flyleaf.queries.upload_entries import RowEntry, write_entries
from tests.fixture_types import AddBook, Select
from tests.problems import problem, wrong
from tests.site import Site
from tests.tokens import bearer, new_token
from tests.views.test_api_v1_reviews import all_pages

HISTORY = """Title,Author,ISBN13,My Rating,My Review,Exclusive Shelf,Bookshelves,Date Read
Dune,Frank Herbert,9780441172719,4,Sand.,read,sand,2026/01/20
Emma,Jane Austen,,5,,to-read,,
Unknown,Nobody,,2,,read,,
"""


@pytest.fixture
def started(client: FlaskClient, writer: dict[str, str], add_book: AddBook) -> str:
    """The address of an import of three rows, of which the catalogue has two."""
    add_book()
    add_book("9780141439587", "Emma", "Jane Austen", year=1815)
    add_book("9780141439518", "Pride and Prejudice", "Jane Austen", year=1813)
    file = {"file": (io.BytesIO(HISTORY.encode()), "books.csv")}
    uploaded = client.post("/api/v1/me/imports", headers=writer, data=file).get_json()
    assert (uploaded["state"], uploaded["is_private"]) == ("ready", False)
    return f"/api/v1/me/imports/{uploaded['id']}"


def row(client: FlaskClient, headers: dict[str, str], address: str, n: int, **sent: Any) -> dict[str, Any]:
    """A row of the import, after it was changed in this way."""
    path = f"{address}/rows/{n}"
    answer = client.patch(path, headers=headers, json=sent) if sent else client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_rows_say_what_the_file_says_and_which_book_was_found(
    client: FlaskClient, reader: dict[str, str], started: str
) -> None:
    rows = all_pages(client, f"{started}/rows", reader, limit="1")
    assert [one["n"] for one in rows] == [1, 2, 3]
    first = rows[0]
    assert (first["line"], first["match"], first["decision"], first["is_written"]) == (2, "identifier", "write", False)
    assert first["book"] == {"identifier": "9780441172719", "title": "Dune", "author": "Frank Herbert", "year": 1965}
    assert first["says"] == {
        "title": "Dune", "author": "Frank Herbert", "isbn": "9780441172719", "year": None, "status": "read",
        "shelves": ["sand"], "rating": 4.0, "review": "Sand.", "notes": "",
        "readings": [{"started_on": None, "finished_on": "2026-01-20"}],
    }  # fmt: skip
    assert (rows[2]["match"], rows[2]["book"], rows[2]["decision"]) == ("none", None, "line")
    assert client.get(f"{started}/rows/1", headers=reader).get_json() == first
    assert [one["n"] for one in all_pages(client, f"{started}/rows", reader, kind="lines")] == [3]


def test_a_row_is_corrected_left_out_and_written(
    client: FlaskClient, writer: dict[str, str], started: str, select: Select
) -> None:
    chosen = row(client, writer, started, 2, identifier="978-0-14-143951-8")
    assert (chosen["match"], chosen["decision"]) == ("chosen", "write")
    assert chosen["book"]["title"] == "Pride and Prejudice"
    assert row(client, writer, started, 1, decision="leave-out")["decision"] == "leave-out"
    assert row(client, writer, started, 3, decision="leave-out", replaces=True)["replaces"] is True
    written = client.post(f"{started}/commit?is_private=true", headers=writer).get_json()
    assert (written["state"], written["is_private"]) == ("written", True)
    own = {one["identifier"]: one["is_private"] for one in all_pages(client, "/api/v1/me/reviews", writer)}
    assert own == {"9780141439518": True}
    assert row(client, writer, started, 2)["is_written"] is True
    problem(client.patch(f"{started}/rows/2", headers=writer, json={"decision": "leave-out"}), 409)
    assert client.post(f"{started}/undo", headers=writer).get_json()["state"] == "ready"
    assert select("SELECT count(*) FROM reviews") == 0
    assert row(client, writer, started, 2, decision="line", identifier="9780141439587")["decision"] == "line"


def test_a_row_that_an_error_kept_from_being_written(
    client: FlaskClient, writer: dict[str, str], started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said that it was written."""

    def fail(connection: Connection, reader_id: int, rows: Sequence[RowEntry]) -> dict[int, dict[str, Any]]:
        if any(one.said.title == "Dune" for one in rows):
            raise ZeroDivisionError
        return write_entries(connection, reader_id, rows)

    monkeypatch.setattr(upload_work, "write_entries", fail)
    row(client, writer, started, 2, decision="write")
    assert client.post(f"{started}/commit", headers=writer).get_json()["state"] == "written"
    assert [one["is_written"] for one in all_pages(client, f"{started}/rows", writer)] == [False, True, True]


def test_a_row_replaces_the_review_that_is_there_if_the_reader_says_so(
    client: FlaskClient, writer: dict[str, str], started: str
) -> None:
    address = "/api/v1/editions/9780441172719/review"
    client.put(address, headers=writer, json={"rating": 1, "text": "No."})
    known = row(client, writer, started, 1)
    assert (known["own_rating"], known["replaces"]) == (1, False)
    assert row(client, writer, started, 1, replaces=True)["replaces"] is True
    assert row(client, writer, started, 1, decision="write")["replaces"] is True
    client.post(f"{started}/commit", headers=writer)
    assert client.get(address, headers=writer).get_json()["text"] == "Sand."
    client.post(f"{started}/undo", headers=writer)
    assert client.get(address, headers=writer).get_json()["text"] == "No."


@pytest.mark.parametrize(
    ("n", "sent", "field"),
    [
        (1, {"decision": "burn"}, "decision"),
        (1, {"decision": None}, "decision"),
        (1, {"replaces": "yes"}, "replaces"),
        (1, {"identifier": ""}, "identifier"),
        (1, {"book": "9780441172719"}, "book"),
        (3, {"decision": "write"}, "decision"),
    ],
)
def test_a_wrong_correction_is_refused(
    client: FlaskClient, writer: dict[str, str], started: str, n: int, sent: dict[str, Any], field: str
) -> None:
    before = row(client, writer, started, n)
    assert wrong(client.patch(f"{started}/rows/{n}", headers=writer, json=sent)) == {field}
    assert row(client, writer, started, n) == before


def test_a_row_that_is_none_and_a_book_that_is_none(client: FlaskClient, writer: dict[str, str], started: str) -> None:
    for n in ("0", "4", "99999999999", "x"):
        problem(client.get(f"{started}/rows/{n}", headers=writer), 404)
        problem(client.patch(f"{started}/rows/{n}", headers=writer, json={"decision": "line"}), 404)
    problem(client.patch(f"{started}/rows/1", headers=writer, json={"identifier": "9780306406157"}), 404)
    assert wrong(client.get(f"{started}/rows?kind=odd", headers=writer)) == {"kind"}
    assert wrong(client.get(f"{started}/rows?cursor=x", headers=writer)) == {"cursor"}


def test_a_row_that_can_t_be_read_stays_left_out(client: FlaskClient, writer: dict[str, str], started: str) -> None:
    file = {"file": (io.BytesIO(b"Title,Author,ISBN13,My Rating\n,Nobody,,3\nDune,Frank Herbert,,3\n"), "books.csv")}
    other = client.post("/api/v1/me/imports", headers=writer, data=file).get_json()
    address = f"/api/v1/me/imports/{other['id']}"
    [refused] = all_pages(client, f"{address}/rows", writer, kind="refused")
    assert (refused["refused_because"] is not None, refused["book"]) == (True, None)
    problem(client.patch(f"{address}/rows/{refused['n']}", headers=writer, json={"decision": "line"}), 409)


def test_an_undecided_row_needs_a_decision(
    client: FlaskClient, writer: dict[str, str], started: str, select: Select
) -> None:
    select("UPDATE upload_rows SET decision = NULL, match = 'near' WHERE n = 1")
    assert wrong(client.patch(f"{started}/rows/1", headers=writer, json={"replaces": True})) == {"decision"}
    assert row(client, writer, started, 1, decision="write")["decision"] == "write"


def test_an_import_is_forgotten_and_what_it_wrote_stays(
    client: FlaskClient, writer: dict[str, str], reader: dict[str, str], started: str, select: Select
) -> None:
    client.post(f"{started}/commit", headers=writer)
    problem(client.delete(started, headers=reader), 403)
    assert client.delete(started, headers=writer).status_code == 204
    problem(client.delete(started, headers=writer), 404)
    problem(client.get(f"{started}/rows", headers=writer), 404)
    assert select("SELECT count(*) FROM reviews") == 2


def test_another_reader_s_rows_are_not_found(client: FlaskClient, bob: Site, started: str) -> None:
    other = bearer(new_token(bob, "write"))
    problem(client.get(f"{started}/rows", headers=other), 404)
    problem(client.get(f"{started}/rows/1", headers=other), 404)
    problem(client.patch(f"{started}/rows/1", headers=other, json={"decision": "line"}), 404)
    problem(client.delete(started, headers=other), 404)


def test_nothing_changes_while_it_is_worked_on(
    client: FlaskClient, writer: dict[str, str], started: str, select: Select
) -> None:
    select("UPDATE uploads SET state = 'writing'")
    problem(client.patch(f"{started}/rows/1", headers=writer, json={"decision": "line"}), 409)
    problem(client.delete(started, headers=writer), 409)
