"""The site through a real PgBouncer in transaction mode, which gives each transaction one of two connections."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text

from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database.connection_settings import SERVER_TIMEOUTS, is_pooled
from flyleaf.search import schema, superseded
from flyleaf.search.schema import schema_name
from tests.fixture_types import Select, Together, Visit
from tests.pgbouncer import PgBouncer, pgbouncer
from tests.postgresql import Server
from tests.spares import EmptyDatabase, make_app, make_config

pytestmark = pytest.mark.slow

_HUNDRED = "SELECT CAST(:number AS int) + 100"


@pytest.fixture(scope="module")
def pooler(server: Server) -> Iterator[PgBouncer]:
    with pgbouncer(server) as pooler:
        yield pooler


@pytest.fixture
def database(server: Server, pooler: PgBouncer, own_database: EmptyDatabase) -> Iterator[Database]:
    """Pages go through PgBouncer, the owner to the server itself."""
    url = pooler.url(server.site_url(own_database.name))
    with Database(url, pool_size=4, owner_url=own_database.url) as database:
        yield database  # PgBouncer stays connected, so the database is dropped afterwards, and not used again


@pytest.fixture
def app(tmp_path: Path, database: Database) -> Iterator[Flask]:
    url = database.engine.url.render_as_string(hide_password=False)
    app = make_app(make_config(tmp_path / "instance", url), database)
    yield app
    app.extensions["flyleaf"].maintenance.stop()


def test_a_pooler_is_recognised_and_a_server_is_not(database: Database) -> None:
    with database.transaction() as connection:
        assert is_pooled(connection)
    with database.command_transaction() as connection:
        assert not is_pooled(connection)


def test_each_transaction_has_its_settings_and_leaves_none_behind(database: Database, select: Select) -> None:
    names = ["search_path", *SERVER_TIMEOUTS]
    state = text("SELECT name, setting, reset_val FROM pg_settings WHERE name = ANY (:names)")
    for _ in range(5):  # more than there are connections to the server
        with database.transaction() as connection:
            rows = {row.name: row for row in connection.execute(state, {"names": names})}
        assert {name: rows[name].setting for name in SERVER_TIMEOUTS} == {
            name: str(value) for name, value in SERVER_TIMEOUTS.items()
        }
        assert rows["search_path"].setting == f"{schema_name()}, {rows['search_path'].reset_val}"
    pool = psycopg2.connect(database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    with pool, pool.cursor() as cursor:  # another client of the same connections
        cursor.execute("SELECT name, setting <> reset_val FROM pg_settings WHERE name = ANY (%s)", (names,))
        assert dict(cursor.fetchall()) == dict.fromkeys(names, False)
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (0,)
    pool.close()


def test_the_settings_cost_no_round_trip(database: Database) -> None:
    """They come with the first statement: there is none before it, and a failed one doesn't lose them."""
    with database.transaction() as connection:
        assert connection.execute(text("SELECT current_query()")).scalar_one().startswith("SET LOCAL search_path TO")
        assert connection.execute(text("SELECT current_query()")).scalar_one() == "SELECT current_query()"
        with pytest.raises(Exception, match="division by zero"), connection.begin_nested():
            connection.execute(text("SELECT 1 / 0"))
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "3s"


def test_watched_statements_are_without_the_settings(database: Database) -> None:
    seen: list[str] = []
    succeeded: list[bool] = []

    def begin(statement: str) -> Callable[[bool], object]:
        seen.append(statement)
        return succeeded.append

    database.watch_statements(begin)
    with database.transaction() as connection:
        connection.execute(text("SELECT 1"))
    assert (seen, succeeded) == (["SELECT 1"], [True])


def test_percent_signs_stay_what_they_are(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute(text("SELECT 7 % 4, '%s' || :more"), {"more": "%"}).one() == (3, "%s%")
    with database.transaction() as connection:
        plain = connection.execution_options(no_parameters=True)
        assert plain.exec_driver_sql("SELECT 7 % 4").scalar() == 3


def test_prepared_statements_answer_on_every_connection(database: Database, together: Together) -> None:
    statement = text(_HUNDRED).execution_options(prepared=True)

    def ask(number: int) -> int:
        with database.transaction() as connection:
            return int(connection.execute(statement, {"number": number}).scalar_one())

    for _ in range(4):
        assert together(*(partial(ask, number) for number in range(4))) == [100, 101, 102, 103]


def test_the_site_works(app: Flask, visit: Visit, dune: str, select: Select) -> None:
    alice, bob, mo = (visit().registered(name) for name in ("Alice", "Bob", "Mo"))
    select("UPDATE readers SET is_moderator = true WHERE name = 'Mo'")
    assert "Dune" in alice.get("/search?q=dune").text
    assert '"Dune"' in alice.get("/search/suggestions?q=du").text
    assert alice.review(dune, 1, "Buy my watches.").status_code == 303
    assert "Buy my watches." in bob.get(f"/books/{dune}").text
    review_id = select("SELECT id FROM reviews")
    assert bob.submit(f"/reviews/{review_id}/report", reason="Spam").status_code == 303
    assert "Buy my watches." in mo.get("/moderation").text
    assert mo.submit("/moderation", f"/moderation/reviews/{review_id}/hide", reason="Spam").status_code == 303
    assert "Buy my watches." not in bob.get(f"/books/{dune}").text
    assert alice.get("/account").status_code == 200
    assert '"review_count":0' in visit().get(f"/api/{dune}").text
    assert alice.get("/readyz").status_code == 200
    again = visit().logged_in("Alice")
    assert again.get("/search?q=dune").status_code == 200


def test_wrong_passwords_are_limited(app: Flask, visit: Visit) -> None:
    visit().registered("Alice")
    statuses = [visit().submit("/login", username="Alice", password="not a rose at all").status_code for _ in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_more_readers_than_connections_wait_for_each_other(
    app: Flask, visit: Visit, dune: str, together: Together
) -> None:
    visit().registered("Alice")
    browsers = [visit().logged_in("Alice") for _ in range(4)]
    for _ in range(3):
        answers = together(*(partial(browser.get, "/search?q=dune") for browser in browsers))
        assert [answer.status_code for answer in answers] == [200] * 4


def test_own_data_is_downloaded(app: Flask, visit: Visit, dune: str) -> None:
    alice = visit().registered("Alice")
    alice.review(dune, 5, "A desert.")
    answer = alice.get("/account/data")
    assert answer.status_code == 200
    assert "A desert." in answer.text
    answer.close()


def test_an_older_version_in_use_keeps_its_search(
    database: Database, pooler: PgBouncer, own_database: EmptyDatabase, monkeypatch: pytest.MonkeyPatch, select: Select
) -> None:
    """PgBouncer gives the connections of the older version the newer one's name, by which it was told apart."""
    left = text("SELECT count(*) FROM pg_namespace WHERE nspname = 'search_00000000000a'")
    with Database(database.engine.url.render_as_string(False), owner_url=own_database.url) as older:
        with monkeypatch.context() as patch:
            for module in (schema, superseded):
                patch.setattr(module, "schema_name", lambda: "search_00000000000a")
            older.migrate()
            older.keep_search()  # in a transaction through PgBouncer
        for _ in range(4):
            with database.transaction() as connection:
                connection.execute(text("SELECT 1"))
        with database.command_transaction() as connection:
            connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'flyleaf search_00000000000a'"
            assert connection.execute(text(connected)).scalar() == 0
        database.keep_search()
        with database.transaction() as connection:
            assert connection.execute(left).scalar() == 1
        select("UPDATE versions_in_use SET used_until = now() WHERE search_schema = 'search_00000000000a'")
        database.keep_search()
        with database.transaction() as connection:
            assert connection.execute(left).scalar() == 0


def test_a_database_that_is_up_to_date_needs_no_owner(pooler: PgBouncer, own_database: EmptyDatabase) -> None:
    with Database(pooler.url(own_database.url)) as database:
        database.migrate()
        with database.transaction() as connection:
            assert connection.execute(text("SELECT count(*) FROM books")).scalar() == 0


def test_migrations_ask_for_the_server_itself(pooler: PgBouncer, server: Server) -> None:
    url = server.create_database("not migrated")
    with Database(pooler.url(url)) as database, pytest.raises(DatabaseUnusableError, match="set DATABASE_OWNER_URL"):
        database.migrate()
