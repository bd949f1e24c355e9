"""What a request leaves to the next one, and what the site does without its server."""

import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database, is_unavailable, pool
from flyleaf.database.errors import sqlstate
from tests.fixture_types import Select, Together, Visit
from tests.postgresql import start_server
from tests.site import Site


def test_an_error_in_one_request_leaves_the_next_ones_fine(alice: Site, bob: Site, dune: str, select: Select) -> None:
    select("ALTER TABLE reviews ADD CONSTRAINT no_fives CHECK (rating <> 5)")
    for _ in range(6):  # more than there are connections
        assert alice.review(dune, 5).status_code == 500
    assert alice.review(dune, 4).status_code == 303
    assert bob.get(f"/books/{dune}").status_code == 200
    assert select("SELECT count(*) FROM reviews") == 1


def test_what_raises_is_rolled_back(database: Database, select: Select) -> None:
    def fails() -> None:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO readers (name, name_key, password_hash) VALUES ('A', 'a', '')"))
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert select("SELECT count(*) FROM readers") == 0


def test_a_server_that_killed_all_connections_is_not_noticed(alice: Site, dune: str, select: Select) -> None:
    for _ in range(3):
        assert alice.get("/search?q=dune").status_code == 200
        select("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
               " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename <> 'postgres'")  # fmt: skip
        assert alice.get("/search?q=dune").status_code == 200
        assert alice.get(f"/books/{dune}").status_code == 200


def test_a_connection_killed_in_the_middle_is_503_and_the_next_request_is_fine(
    app: Flask, alice: Site, dune: str, select: Select
) -> None:
    search = app.view_functions["search.search"]

    def killed(**values: Any) -> Any:
        with app.extensions["flyleaf"].database.transaction() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return search(**values)

    app.view_functions["search.search"] = killed
    response = alice.get("/search?q=dune")
    app.view_functions["search.search"] = search
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert alice.get("/search?q=dune").status_code == 200


def test_a_locked_table_is_503_within_seconds(alice: Site, dune: str, database: Database) -> None:
    with database.owner.begin() as connection:
        connection.execute(text("LOCK TABLE reviews IN ACCESS EXCLUSIVE MODE"))
        started = time.monotonic()
        response = alice.get(f"/books/{dune}")
        waited = time.monotonic() - started
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert waited < 6
    assert alice.get(f"/books/{dune}").status_code == 200


def test_with_all_connections_in_use_it_is_503_and_fine_afterwards(
    config: Config, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "CONNECT_TIMEOUT", 1)  # seconds, also for one out of the pool
    database = Database(database_url, pool_size=1)
    client = create_app(config, database).test_client()
    release, taken = threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        with database.transaction():
            taken.release()
            release.wait(20)

    holders = [threading.Thread(target=hold) for _ in range(3)]  # one, and the two of the overflow
    for holder in holders:
        holder.start()
    for _ in holders:
        assert taken.acquire(timeout=10)
    response = client.get("/api/search?q=dune")
    assert client.get("/healthz").status_code == 200
    release.set()
    for holder in holders:
        holder.join(10)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert client.get("/api/search?q=dune").status_code == 200
    database.close()


def test_each_connection_has_the_bounds_that_keep_a_page_short(select: Select) -> None:
    for setting, value in (
        ("statement_timeout", "3s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ):
        assert select(f"SHOW {setting}") == value
    assert pool.CONNECT_TIMEOUT == 3


@pytest.mark.usefixtures("alone")
def test_a_server_that_is_read_only_for_a_while_is_not_written_to(database: Database) -> None:
    name = database.engine.url.database
    with database.owner.begin() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    database.engine.dispose()
    for _ in range(2):
        with database.transaction(read_only=True) as connection:
            assert connection.execute(text("SHOW transaction_read_only")).scalar() == "on"
        with pytest.raises(DBAPIError) as refusal, database.transaction() as connection:
            connection.execute(text("DELETE FROM readers"))
        assert is_unavailable(refusal.value)
        assert sqlstate(refusal.value) == "25006"


@pytest.mark.slow
def test_a_server_that_stops_is_503_and_back_when_it_is(tmp_path: Path) -> None:
    server = start_server()
    database = Database(server.create_database("site"))
    try:
        config = Config(data=tmp_path, database_url=server.url("site"), secret_key="a key for the tests alone")
        app = create_app(config, database)
        alice = Site(app.test_client()).registered("Alice")
        server.terminate()
        for address in ("/search?q=dune", "/books/9780441172719", "/api/9780441172719", "/api/search?q=x", "/readyz"):
            started = time.monotonic()
            response = alice.get(address)
            assert response.status_code == 503, address
            assert int(response.headers["Retry-After"]) > 0
            assert response.is_json is address.startswith(("/api", "/readyz"))
            assert time.monotonic() - started < 6
        assert alice.get("/healthz").status_code == 200
        server.poststart = lambda: None  # type: ignore[method-assign]  # the role is there
        server.start()
        assert alice.get("/search?q=dune").status_code == 200, "and Alice is still logged in"
        assert alice.get("/readyz").status_code == 200
    finally:
        database.close()
        server.stop()


def test_eight_pages_at_once_share_four_connections(alice: Site, visit: Visit, dune: str, together: Together) -> None:
    browsers = [visit().logged_in("Alice") for _ in range(8)]
    answers = together(*[partial(browser.get, f"/books/{dune}") for browser in browsers])
    assert [answer.status_code for answer in answers] == [200] * 8
