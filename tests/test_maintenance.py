"""What the site does beside requests: when it starts, and that each of its tasks is done."""

import os
from dataclasses import replace
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import text

from flyleaf.app import create_app, create_site
from flyleaf.config import Config
from flyleaf.covers.files import CoverFiles
from flyleaf.covers.shrinking import ShrunkCover
from flyleaf.database import Database
from flyleaf.maintenance import TASKS, Maintenance
from flyleaf.queries.covers import Cover, upsert_cover
from flyleaf.web.current import EXTENSION
from tests.fixture_types import AddBook, Select
from tests.places import eventually


def threads(maintenance: Maintenance) -> list[Thread]:
    return [maintenance._thread] if maintenance._thread else []


def test_the_site_starts_it_with_its_first_request(config: Config, database: Database) -> None:
    app = create_site(config, database)
    maintenance = app.extensions[EXTENSION].maintenance
    assert threads(maintenance) == [], "a server may fork now"
    app.test_client().get("/healthz")
    [thread] = threads(maintenance)
    assert thread.is_alive()
    app.test_client().get("/healthz")
    assert threads(maintenance) == [thread]
    maintenance.stop()
    assert not thread.is_alive()


def test_a_command_does_not_start_it(config: Config, database: Database) -> None:
    app = create_app(config, database)
    app.test_client().get("/healthz")
    assert threads(app.extensions[EXTENSION].maintenance) == []


def test_each_task_is_done_until_nothing_is_left(app: Flask, database: Database, select: Select) -> None:
    maintenance = Maintenance(database, replace(app.extensions[EXTENSION].config, routine_event_days=2, event_days=3))
    select("INSERT INTO readers (password_hash) VALUES (''), ('')")
    select("INSERT INTO departures (reader_id, keeps_reviews) SELECT max(id), true FROM readers")
    select(
        "INSERT INTO password_resets (reader_id, token_hash, expires_at)"
        " SELECT min(id), sha256(''), now() - interval '1 second' FROM readers"
    )
    select("INSERT INTO failed_logins (hour, address_group, attempts) VALUES ('2026-01-01 10:00Z', 1, 5)")
    select("INSERT INTO events (kind, at) VALUES ('logged-in', now() - interval '60 hours')")
    select("INSERT INTO events (kind, at) VALUES ('registered', now() - interval '60 hours')")
    schema = select("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'search_%'")
    select(f"INSERT INTO {schema}.search_reviews_behind (review_ids) VALUES ('{{1}}')")
    assert maintenance.work()
    assert not maintenance.work()
    assert select("SELECT count(*) FROM readers") == 1
    assert select("SELECT count(*) FROM departures") + select("SELECT count(*) FROM password_resets") == 0
    assert select("SELECT string_agg(kind, ' ' ORDER BY id) FROM events") == "registered login-failed"
    assert select(f"SELECT count(*) FROM {schema}.search_reviews_behind") == 0


def test_likely_duplicates_are_suggested_unless_suggestions_are_off(
    app: Flask, database: Database, add_book: AddBook, select: Select
) -> None:
    add_book("9780141439587", "Point Blank", ratings_count=900)
    add_book("9780141439594", "Point Blanc")
    with database.owner.begin() as connection:
        connection.execute(text("SELECT search_rebuild()"))
    for on, count in ((False, 0), (True, 1)):
        maintenance = Maintenance(database, replace(app.extensions[EXTENSION].config, proposals=on))
        while maintenance.work():
            pass
        assert select("SELECT count(*) FROM proposals") == count


def test_a_task_that_fails_does_not_keep_the_thread_from_the_next_try(
    app: Flask, database: Database, select: Select, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_connection: object) -> None:
        raise TypeError("a bug")

    select("INSERT INTO failed_logins (hour, address_group, attempts) VALUES ('2026-01-01 10:00Z', 1, 5)")
    maintenance = Maintenance(database, app.extensions[EXTENSION].config, poll=0.01, after_a_fault=0.01)
    with monkeypatch.context() as patch:
        patch.setattr("flyleaf.maintenance.TASKS", (broken,))
        maintenance.start()
        assert eventually(lambda: "TypeError: a bug" in caplog.text)
    assert eventually(lambda: select("SELECT count(*) FROM events"))
    maintenance.stop()


def test_the_other_tasks_are_done_when_one_fails(
    app: Flask, database: Database, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_connection: object) -> None:
        raise TypeError("a bug")

    select("INSERT INTO failed_logins (hour, address_group, attempts) VALUES ('2026-01-01 10:00Z', 1, 5)")
    monkeypatch.setattr("flyleaf.maintenance.TASKS", (broken, *TASKS))
    with pytest.raises(ExceptionGroup) as caught:
        Maintenance(database, app.extensions[EXTENSION].config).work()
    assert [str(fault) for fault in caught.value.exceptions] == ["a bug"]
    assert select("SELECT count(*) FROM events") == 1


def test_covers_that_no_book_has_are_deleted(database: Database, config: Config, add_book: AddBook) -> None:
    folder = CoverFiles(config.cover_files)
    isbns = [add_book(), add_book("9780141439587", "Emma")]
    with database.transaction() as connection:
        for isbn, digest in zip(isbns, ("a" * 32, "b" * 32), strict=True):
            folder.write(ShrunkCover(digest, 333, 500, b"large", b"small"))
            [book_id] = connection.execute(text("SELECT id FROM books WHERE isbn = :isbn"), {"isbn": isbn}).scalars()
            upsert_cover(connection, "open_library", book_id, Cover(digest, 333, 500), 10)
        connection.execute(text("DELETE FROM books WHERE isbn = :isbn"), {"isbn": isbns[1]})
    for path in config.cover_files.rglob("*.webp"):
        os.utime(path, (1, 1))
    maintenance = Maintenance(database, config, covers=folder)
    while maintenance.work():
        pass
    assert (folder.has("a" * 32), folder.has("b" * 32)) == (True, False)
