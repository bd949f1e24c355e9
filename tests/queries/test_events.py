"""Events: they are added, and stay as they are."""

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from flyleaf.database import Database
from flyleaf.limits import EVENTS_ON_A_PAGE
from flyleaf.paging import NEWEST
from flyleaf.queries.events import EventKind, insert_event, select_all_events, select_events
from tests.fixture_types import Select
from tests.queries.conftest import add_reader, key
from tests.site import Site


@pytest.fixture
def alice_id(database: Database) -> int:
    with database.transaction() as connection:
        alice = add_reader(connection, "Alice", "a hash")
        insert_event(connection, EventKind.REGISTERED, alice.id)
    return alice.id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET kind = 'logged-out'",
        "UPDATE events SET at = now() WHERE id < 0",
        "DELETE FROM events",
        "TRUNCATE events",
        "INSERT INTO events (id, kind) OVERRIDING SYSTEM VALUE SELECT id, kind FROM events"
        " ON CONFLICT (id) DO UPDATE SET kind = 'a'",
    ],
)
def test_an_event_is_neither_changed_nor_deleted(alice_id: int, select: Select, statement: str) -> None:
    with pytest.raises(IntegrityError, match="never changed"):
        select(statement)
    assert select("SELECT kind FROM events") == "registered"


def test_events_outlive_the_account_and_lead_to_nobody(database: Database, alice_id: int, select: Select) -> None:
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM readers"))
    assert select("SELECT reader_id FROM events") == alice_id
    assert "Alice" not in select("SELECT events::text FROM events")


def test_a_reader_has_pages_of_events_the_newest_first(database: Database, alice_id: int) -> None:
    with database.transaction() as connection:
        bob = add_reader(connection, "Bob", "a hash")
        insert_event(connection, EventKind.LOGGED_IN, bob.id, {"browser": "Firefox", "system": None})
        insert_event(connection, EventKind.LOGIN_FAILED)
        for _ in range(EVENTS_ON_A_PAGE):
            insert_event(connection, EventKind.LOGGED_IN, alice_id)
        page = select_events(connection, alice_id, NEWEST)
        assert len(page.items) == EVENTS_ON_A_PAGE
        assert [event.kind for event in select_events(connection, alice_id, key(page.next)).items] == ["registered"]
        [event] = select_events(connection, bob.id, NEWEST).items
        assert event.detail == {"browser": "Firefox", "system": None}
        kinds = [event.kind for event in select_all_events(connection)]
    assert kinds[:3] == ["registered", "logged-in", "login-failed"]
    assert len(kinds) == EVENTS_ON_A_PAGE + 3


@pytest.mark.parametrize(
    ("kind", "detail"),
    [("Logged in", "{}"), ("", "{}"), ("a" * 41, "{}"), ("a", "[]"), ("a", json.dumps({"a": "b" * 4000}))],
)
def test_what_is_no_event_is_refused(select: Select, kind: str, detail: str) -> None:
    with pytest.raises(IntegrityError):
        select("INSERT INTO events (kind, detail) VALUES (:kind, CAST(:detail AS jsonb))", kind=kind, detail=detail)


def test_the_operator_exports_them_as_lines_of_json(app: Flask, alice: Site, tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(args=["events", "export"])
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["registered", "logged-in"]
    assert set(lines[0]) == {"id", "at", "kind", "reader_id", "detail"}
    assert result.stderr == "2 events written.\n"
    file = tmp_path / "events.jsonl"
    assert app.test_cli_runner().invoke(args=["events", "export", str(file)]).exit_code == 0
    assert file.read_text() == result.stdout
