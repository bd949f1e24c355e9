"""The work on a reading history is done in steps, by whichever process comes to it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from flyleaf.database import Database
from flyleaf.maintenance import Maintenance
from flyleaf.queries import upload_work
from flyleaf.queries.book_matches import Match, WantedBook, match_books
from flyleaf.queries.departures import insert_departure
from flyleaf.queries.upload_entries import RowEntry
from flyleaf.queries.upload_work import continue_next_upload
from flyleaf.web.current import EXTENSION
from tests.fixture_types import Select
from tests.site import Site
from tests.uploads import DUNE, HEADER, STATE, brought, press, said


def test_the_work_goes_on_after_a_kill(
    app: Flask, database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request that begins the work dies at once; the maintenance thread of another process continues it, and one
    of its steps is killed, too."""
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    monkeypatch.setattr(upload_work, "STEP_SECONDS", 0)
    monkeypatch.setattr(upload_work, "WRITTEN_TOGETHER", 5)
    monkeypatch.setattr(upload_work, "MATCHED_AT_ONCE", 3)
    rows = "".join(f"{n},Volume {n},Some Body,,,4,2023/03/21,,sf,read,Text {n},\n" for n in range(2, 12))
    before = select(STATE)
    page = brought(alice, HEADER + DUNE + rows)
    assert alice.get(page).headers["Refresh"] == "2"
    assert "0 of 11 rows" in said(alice, page)
    assert alice.submit(page, f"{page}/commit").status_code == 409, "not while it is being matched"
    maintenance = Maintenance(database, app.extensions[EXTENSION].config)

    def work() -> None:
        while maintenance.work():
            pass

    work()
    press(alice, page, "commit")
    maintenance.work()
    half = select("SELECT done FROM uploads")
    assert 0 < half < 11

    def killed(*_values: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(upload_work, "_store_outcomes", killed)
        with pytest.raises(KeyboardInterrupt):
            maintenance.work()
    assert select("SELECT done FROM uploads") == half
    work()
    assert select("SELECT count(*) FROM shelved_books") == 11
    assert select("SELECT count(*) FROM reviews") == 1
    press(alice, page, "undo")
    work()
    assert select(STATE) == before


def test_a_slow_step_ends_in_time_and_keeps_what_it_has_done(
    database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 rows can take longer than the 3.5 seconds after which a transaction is cut."""
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    monkeypatch.setattr(upload_work, "STEP_SECONDS", 0)
    monkeypatch.setattr(upload_work, "WRITTEN_TOGETHER", 5)
    rows = "".join(f"{n},Volume {n},Some Body,,,4,2023/03/21,,sf,read,,\n" for n in range(2, 13))

    def step() -> None:
        assert continue_next_upload(database.transaction, "no")

    before = select(STATE)
    page = brought(alice, HEADER + DUNE + rows)
    step()
    press(alice, page, "commit")
    for count, state in ((5, "writing 5"), (10, "writing 10"), (12, "written 0")):
        step()
        assert select("SELECT count(*) FROM shelved_books") == count
        assert select("SELECT state || ' ' || done FROM uploads") == state
    press(alice, page, "undo")
    for state in ("undoing 5", "undoing 10", "ready 0"):
        step()
        assert select("SELECT state || ' ' || done FROM uploads") == state
    assert select(STATE) == before


def damaged(monkeypatch: pytest.MonkeyPatch, what: str, bad: Callable[..., bool]) -> None:
    """Let this function of upload_work fail with what is bad."""
    function = getattr(upload_work, what)

    def fail(*values: Any, **named: Any) -> Any:
        if bad(*values):
            raise ZeroDivisionError
        return function(*values, **named)

    monkeypatch.setattr(upload_work, what, fail)


MANY = HEADER + DUNE + "".join(f"{n},Volume {n},Some Body,,,4,2023/03/21,,sf,read,,\n" for n in range(2, 31))


def test_a_row_that_cannot_be_written_or_undone(
    alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row fails whenever it comes; all others are written."""
    before = select(STATE)
    page = brought(alice, MANY)
    with monkeypatch.context() as patch:
        damaged(patch, "write_entries", lambda _, _reader, rows: any(row.said.title == "Volume 20" for row in rows))
        press(alice, page, "commit")
    assert select("SELECT count(*) FROM shelved_books") == 29
    assert select("SELECT n FROM upload_rows WHERE outcome ? 'fault'") == 20
    assert "An error here kept us from writing this row." in said(alice, f"{page}?after=19")
    with monkeypatch.context() as patch:
        ids = select("SELECT outcome #>> '{entry,id}' FROM upload_rows WHERE n = 10")
        damaged(patch, "undo_entries", lambda _, _reader, rows: any(str(row["id"]) == ids for row in rows.values()))
        press(alice, page, "undo")
    assert select("SELECT title FROM shelved_books") == "Volume 10"
    assert "An error here kept us from undoing this row, so it stays." in said(alice, page)
    select("DELETE FROM shelved_books")
    select("DELETE FROM shelves")
    select("DELETE FROM proposals")
    assert select(STATE) == before
    assert select("SELECT faults FROM uploads") == 0


def test_a_row_that_fails_once_behind_one_that_always_fails_is_written(
    alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = iter([True])

    def is_bad(_connection: Connection, _reader_id: int, rows: Sequence[RowEntry]) -> bool:
        titles = [row.said.title for row in rows]
        return "Volume 20" in titles or (titles[0] == "Volume 21" and next(once, False))

    page = brought(alice, MANY)
    damaged(monkeypatch, "write_entries", is_bad)
    press(alice, page, "commit")
    assert next(once, None) is None, "it has failed"
    assert select("SELECT array_agg(n) FROM upload_rows WHERE outcome ? 'fault'") == [20]


def test_a_row_that_cannot_be_matched_holds_up_nobody(
    database: Database, alice: Site, bob: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)

    def fail(connection: Connection, wanted: Sequence[WantedBook]) -> list[Match]:
        if any(book.title == "Volume 20" for book in wanted):
            raise ZeroDivisionError
        return match_books(connection, wanted)

    monkeypatch.setattr("flyleaf.queries.upload_rows.match_books", fail)
    first, second = brought(alice, MANY), brought(bob, HEADER + DUNE)
    for _ in range(2):
        assert continue_next_upload(database.transaction, "no")
    assert select("SELECT string_agg(state, ' ' ORDER BY id) FROM uploads") == "matching ready"
    while continue_next_upload(database.transaction, "no"):
        pass
    assert select("SELECT string_agg(state, ' ' ORDER BY id) FROM uploads") == "ready ready"
    assert "Nothing has been written yet" in said(bob, second)
    shown = said(alice, f"{first}?show=undecided")
    assert "All (30) To check (1)" in shown
    assert "Volume 20 Some Body An error here kept us from looking for this book. Choose it yourself." in shown


def test_a_departure_and_an_import_do_not_wait_for_one_another(
    database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A departure locks the reader, then deletes the uploads."""
    page = brought(alice, HEADER + DUNE)
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    press(alice, page, "commit")
    with database.owner.begin() as departing:
        reader_id = departing.execute(text("SELECT id FROM readers WHERE name = 'Alice' FOR UPDATE")).scalar_one()
        assert not continue_next_upload(database.transaction, "no")
        departing.execute(text("SELECT FROM uploads WHERE reader_id = :id FOR UPDATE NOWAIT"), {"id": reader_id})


def test_nothing_is_written_for_a_closed_account(
    database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = brought(alice, HEADER + DUNE)
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    press(alice, page, "commit")
    before = select(STATE)
    with database.transaction() as connection:
        reader_id = connection.execute(text("SELECT id FROM readers WHERE name = 'Alice'")).scalar_one()
        insert_departure(connection, reader_id, keeps_reviews=True)
    assert not continue_next_upload(database.transaction, "no")
    assert select(STATE) == before
