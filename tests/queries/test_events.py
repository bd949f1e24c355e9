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
from flyleaf.queries import events
from flyleaf.queries.events import (
    PRUNED_AT_ONCE,
    EventKind,
    delete_due_events,
    insert_event,
    select_all_events,
    select_events,
    update_event_ages,
)
from flyleaf.queries.failed_logins import fold_failed_logins, insert_failed_login
from tests.fixture_types import Select, Together
from tests.plans import analyze, explain, recorded
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
    with pytest.raises(IntegrityError, match=r"events_(kind|detail)_check"):
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


# --- Their time -----------------------------------------------------------------------------------------------------

KINDS = "SELECT coalesce(string_agg(kind, ' ' ORDER BY id), '') FROM events"


@pytest.fixture
def old_events(database: Database) -> None:
    """Events of 10, 100 and 1,000 days ago, and one of a kind that no version knows."""
    with database.transaction() as connection:
        connection.execute(
            text("""
                INSERT INTO events (kind, at)
                SELECT kind, now() - days * interval '1 day' - interval '1 minute'
                  FROM unnest(ARRAY[1000, 100, 10]) AS days, unnest(ARRAY['logged-in', 'registered']) AS kind
                 ORDER BY days DESC, kind
            """)
        )
        connection.execute(text("INSERT INTO events (kind, at) VALUES ('flew-away', now() - interval '9000 days')"))
        update_event_ages(connection, 100, 1000)


def test_events_are_deleted_when_their_time_has_come_and_not_before(
    database: Database, old_events: None, select: Select
) -> None:
    with database.command_transaction() as connection:
        assert delete_due_events(connection) == 3
        assert delete_due_events(connection) == 0
    assert select(KINDS) == "registered logged-in registered flew-away"


def test_the_settings_say_when_that_is(database: Database, old_events: None, select: Select) -> None:
    with database.command_transaction() as connection:
        update_event_ages(connection, 9, 100)
        assert delete_due_events(connection) == 5
    assert select(KINDS) == "registered flew-away"


def test_few_are_deleted_at_once(
    database: Database, old_events: None, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PRUNED_AT_ONCE", 2)
    with database.command_transaction() as connection:
        assert [delete_due_events(connection) for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events WHERE kind = 'registered' AND at > now() - interval '99 days'",
        "DELETE FROM events WHERE kind = 'logged-in'",
        "DELETE FROM events WHERE kind = 'flew-away'",
        "DELETE FROM events WHERE kind <> 'flew-away'",
        "UPDATE events SET at = now() - interval '2000 days'",
        "TRUNCATE events",
    ],
)
def test_nobody_deletes_an_event_before_its_time_nor_changes_one(
    old_events: None, select: Select, statement: str
) -> None:
    with pytest.raises(IntegrityError, match="before their time"):
        select(statement)
    assert len(select(KINDS).split()) == 7


def test_the_plan_does_not_read_events_that_stay(database: Database) -> None:
    with database.command_transaction() as connection:
        connection.execute(
            text("""
                INSERT INTO events (kind, at) SELECT 'logged-in', now() - n * interval '1 minute'
                  FROM generate_series(1, 20000) AS n
            """)
        )
        update_event_ages(connection, 10, 100)
        analyze(connection)
        with recorded(connection.engine, "DELETE") as statements:
            assert delete_due_events(connection) == PRUNED_AT_ONCE
        [(statement, values)] = statements
        plan = explain(connection, statement, values)
    assert not plan.reads_whole("events")
    assert plan.rows < 20 * PRUNED_AT_ONCE


# --- Logins to names that nobody has --------------------------------------------------------------------------------


def test_failed_logins_of_an_hour_become_one_event(database: Database, select: Select) -> None:
    with database.transaction() as connection:
        for address_group in (7, 7, 255):
            insert_failed_login(connection, address_group)
        assert not fold_failed_logins(connection), "the hour is not over"
        connection.execute(text("UPDATE failed_logins SET hour = hour - interval '1 hour'"))
        insert_failed_login(connection, 0)
        connection.execute(
            text("INSERT INTO failed_logins (hour, address_group) VALUES ('2026-01-01 10:00:00+00:30', 3)")
        )
        assert [fold_failed_logins(connection) for _ in range(3)] == [True, True, False]
        first, second = select_all_events(connection)
    assert (first.kind, first.reader_id, first.detail["attempts"], first.detail["address_groups"]) == (
        *("login-failed", None),
        *(1, 1),
    )
    assert (second.detail["attempts"], second.detail["address_groups"]) == (3, 2)
    assert select("SELECT sum(attempts) FROM failed_logins") == 1


def test_any_number_of_failed_logins_takes_few_rows(database: Database, select: Select) -> None:
    with database.transaction() as connection:
        for number in range(3 * 256):
            insert_failed_login(connection, number % 256)
    assert select("SELECT count(*) FROM failed_logins") == 256
    assert select("SELECT count(*) FROM events") == 0


def test_failed_logins_are_folded_once_by_two_processes(database: Database, together: Together, select: Select) -> None:
    select("INSERT INTO failed_logins (hour, address_group) SELECT '2026-01-01 10:00Z', generate_series(0, 99)")

    def fold() -> bool:
        with database.transaction() as connection:
            return fold_failed_logins(connection)

    assert sorted(together(fold, fold)) == [False, True]
    assert select("SELECT detail->>'attempts' FROM events") == "100"
