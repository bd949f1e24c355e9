"""The schema of the search: made by content, beside those of other versions."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from flyleaf.database import Database, preparation
from flyleaf.database.preparation import Preparation
from flyleaf.maintenance import Maintenance
from flyleaf.search import SearchQuery, schema, search_books, suggest, superseded
from flyleaf.web.current import EXTENSION
from tests.fixture_types import Together
from tests.postgresql import Server
from tests.site import Site
from tests.uploads import HEADER, brought, said

pytestmark = pytest.mark.slow

LEFT_IN_PUBLIC = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'search%'
     UNION ALL
    SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'search%'
     UNION ALL
    SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
     WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'search%'"""
SCHEMAS = r"SELECT nspname FROM pg_namespace WHERE nspname LIKE '%search\_%' ORDER BY nspname"
WAITING_FOR_WORKS = """
    SELECT count(DISTINCT pid) FROM pg_locks
     WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
VERSIONS = "SELECT search_schema FROM versions_in_use"
OTHER = "search_00000000000a"

AsOther = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """The URL of a database without books."""
    name = f"schema_{uuid4().hex}"
    yield server.create_database(name, template="template")
    server.drop_database(name)


@pytest.fixture
def other_version(monkeypatch: pytest.MonkeyPatch) -> AsOther:
    """Calls a function as a program does whose search has another digest."""

    def as_other(function: Callable[[], Any]) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(schema, "schema_name", lambda: OTHER)
            patch.setattr(superseded, "schema_name", lambda: OTHER)
            return function()

    return as_other


def names(database: Database, statement: str) -> list[Any]:
    with database.engine.connect() as connection:
        return list(connection.scalars(text(statement)))


def add(database: Database, isbn: str, title: str) -> None:
    with database.transaction() as connection:
        connection.execute(
            text("INSERT INTO books (isbn, title) VALUES (:isbn, :title)"), {"isbn": isbn, "title": title}
        )


def found(database: Database, query: str) -> list[str]:
    with database.transaction() as connection:
        return [result.title for result in search_books(connection, SearchQuery(query)).results]


def suggested(database: Database, typed: str) -> list[str]:
    with database.transaction() as connection:
        return [suggestion.text for suggestion in suggest(connection, typed)]


def let_pass(database: Database, seconds: int) -> None:
    """Make it so much later for all versions."""
    with database.transaction() as connection:
        connection.execute(
            text("UPDATE versions_in_use SET used_until = used_until - make_interval(secs => :s)"), {"s": seconds}
        )


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it has not become so")


def test_all_of_the_search_is_in_its_schema(url: str) -> None:
    with Database(url) as database:
        database.migrate()
        assert names(database, SCHEMAS) == [schema.schema_name()]
        assert names(database, LEFT_IN_PUBLIC) == []


def test_the_name_is_the_digest_of_what_the_schema_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.schema_name.__wrapped__()
    changed = tmp_path / "1_text.sql"
    changed.write_bytes(schema.FILES[0].read_bytes() + b"-- changed")
    monkeypatch.setattr(schema, "FILES", [changed, *schema.FILES[1:]])
    assert schema.schema_name.__wrapped__() != before


def test_on_a_server_with_other_rules_it_is_derived_anew(url: str) -> None:
    """As after a move to a newer PostgreSQL, whose unaccent knows more letters. Until then it is searched as it is."""
    with Database(url) as database:
        add(database, "0441172717", "Dune")
        with database.transaction() as connection:
            assert schema.is_current(connection)
            connection.execute(text("UPDATE search_works SET title_key = 'of the older rules'"))
        with Database(url) as other:
            other.build_search()
            assert names(other, "SELECT title_key FROM search_works") == ["of the older rules"], "nothing has changed"
        with database.owner.begin() as connection:
            connection.execute(text("UPDATE search_state SET text_rules = 'those of another server'"))
            assert schema.is_built(connection)
            assert not schema.is_current(connection)
        with Database(url) as other:
            other.build_search()
            assert names(other, "SELECT title_key FROM search_works") == ["dune"]
        with database.transaction() as connection:
            assert schema.is_current(connection)


@pytest.mark.parametrize(("letter", "plain"), [("ł", "w"), (chr(0x1D400), "A")], ids=["ł", "a new one"])
def test_a_rule_that_differs_is_noticed(url: str, letter: str, plain: str) -> None:
    """The second letter is one of those that unaccent leaves alone before PostgreSQL 17."""
    with Database(url) as database:
        add(database, "0441172717", "Dune")
        with database.engine.begin() as connection:
            known = connection.execute(text("SELECT unaccent(:letter)"), {"letter": letter}).scalar_one()
            rule = f"replace(public.unaccent(string), '{known}', '{plain if known != plain else letter}')"
            connection.exec_driver_sql(
                f"CREATE FUNCTION {schema.schema_name()}.unaccent(string text) RETURNS text LANGUAGE sql RETURN {rule}"
            )
    with Database(url) as other, other.engine.begin() as connection:
        assert not schema.is_current(connection)


def test_another_version_is_made_beside_and_both_follow_the_books(url: str, other_version: AsOther) -> None:
    with Database(url) as database:
        add(database, "0441172717", "Dune")
        other = other_version(lambda: Database(url))
        with other:
            other_version(other.migrate)
            assert names(database, SCHEMAS) == [OTHER, schema.schema_name()]
            add(database, "0451457811", "Emma")
            add(other, "0553103547", "Persuasion")
            for each in (database, other):
                assert found(each, "dune") == ["Dune"]
                assert found(each, "emma") == ["Emma"]
                assert found(each, "persuasion") == ["Persuasion"]


def test_a_book_is_found_while_another_version_is_rebuilt(url: str, other_version: AsOther) -> None:
    """All versions took one lock: what one of them was told while another was rebuilt was left for later."""
    with Database(url) as database:
        database.migrate()
        other = other_version(lambda: Database(url))
        with other:
            other_version(other.migrate)
            with other.engine.begin() as rebuild:
                rebuild.execute(text(f"SET LOCAL search_path TO {OTHER}, public"))
                rebuild.execute(text("SELECT search_rebuild_begin()"))
                add(database, "0441172717", "Dune")
                assert found(database, "dune") == ["Dune"]
                assert names(database, "SELECT count(*) FROM search_changes") == [0]


@pytest.mark.parametrize("ask", ["dune", "0441172717"])
def test_who_waits_for_the_swap_finds_what_it_brings(url: str, ask: str) -> None:
    """The new tables looked empty to a statement that had begun before they were there."""
    with Database(url) as database:
        add(database, "0441172717", "Dune")
        with database.engine.connect() as rebuild, ThreadPoolExecutor(2) as readers:
            rebuild.execute(text("SELECT search_rebuild()"))
            answer = readers.submit(found, database, ask)
            suggestions = readers.submit(suggested, database, ask)
            until(lambda: names(database, WAITING_FOR_WORKS) == [2])
            rebuild.commit()
            assert answer.result(10) == ["Dune"]
            assert suggestions.result(10) == ["Dune"]


def test_what_nobody_uses_any_longer_is_dropped(url: str, other_version: AsOther) -> None:
    with other_version(lambda: Database(url)) as other:
        other_version(other.migrate)
        add(other, "0441172717", "Dune")
    with Database(url) as database:
        database.migrate()
        assert names(database, SCHEMAS) == [OTHER, schema.schema_name()], "it was just made, and may be about to start"
        let_pass(database, superseded.USE_SECONDS)
        database.keep_search()
        assert names(database, SCHEMAS) == [OTHER, schema.schema_name()]
        let_pass(database, schema.START_HOURS * 3600)
        database.keep_search()
        assert names(database, SCHEMAS) == [schema.schema_name()]
        assert names(database, VERSIONS) == [schema.schema_name()]
        assert found(database, "dune") == ["Dune"]


def test_a_version_that_ran_is_dropped_minutes_after_its_end(url: str, other_version: AsOther) -> None:
    with other_version(lambda: Database(url)) as other:
        other_version(other.migrate)
        other_version(other.keep_search)
    with Database(url) as database:
        let_pass(database, superseded.USE_SECONDS - 60)
        database.migrate()
        assert names(database, SCHEMAS) == [OTHER, schema.schema_name()]
        let_pass(database, 61)
        database.keep_search()
        assert names(database, SCHEMAS) == [schema.schema_name()]


def test_a_version_without_a_row_is_kept_while_a_program_of_it_is_connected(url: str, other_version: AsOther) -> None:
    """Older programs write none."""
    with Database(url) as database:
        database.migrate()
        with other_version(lambda: Database(url)) as other:
            other_version(other.migrate)
            let_pass(database, schema.START_HOURS * 3600)
            engine = create_engine(url, connect_args={"application_name": f"flyleaf {OTHER}"})
            with engine.connect():
                database.keep_search()
                assert names(database, SCHEMAS) == [OTHER, schema.schema_name()]
            engine.dispose()

        def is_dropped() -> bool:  # once the server has seen that the connection is closed
            database.keep_search()
            return names(database, SCHEMAS) == [schema.schema_name()]

        until(is_dropped)


def test_that_a_version_is_used_is_written_once_a_while(url: str) -> None:
    written = "SELECT CAST(xmin AS text) FROM versions_in_use"
    with Database(url) as database:
        database.migrate()
        database.keep_search()
        [before] = names(database, written)
        database.keep_search()
        assert names(database, written) == [before]
        let_pass(database, superseded.OFTEN_SECONDS + 1)
        [before] = names(database, written)
        database.keep_search()
        assert names(database, written) != [before]


def test_writers_and_readers_are_not_locked_out_while_triggers_wait(url: str, together: Together) -> None:
    """An import holds the books: the schema is made once it ends, and who reads or writes meanwhile does not wait."""
    with Database(url) as database:
        add(database, "0441172717", "Dune")
        with database.engine.connect() as importer:
            importer.execute(text("INSERT INTO books (isbn, title) VALUES ('0451457811', 'Emma')"))
            engine = create_engine(url)
            with engine.begin() as connection:
                assert not schema.execute_without_queueing(connection, "LOCK books IN SHARE MODE", attempts=2)
                add(database, "0553103547", "Persuasion")
            engine.dispose()
            importer.commit()
        assert found(database, "emma") == ["Emma"]


PAGES_OF_THE_SEARCH = ("/search?q=dune", "/search/suggestions?q=dun", "/authors/Frank%20Herbert", "/api/search?q=dune")
OTHER_PAGES = ("/", "/search", "/books/9780441172719", "/readers/Alice", "/account", "/api/9780441172719", "/healthz")


@pytest.fixture
def unbuilt(database: Database, dune: str, alice: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Alice, at a site whose search is not built, nor going to be."""
    monkeypatch.setattr(Preparation, "build_search_in_background", lambda _: None)
    with database.owner.begin() as connection:
        connection.execute(text("UPDATE search_state SET built_at = NULL"))
    database.close()  # connections that have seen it built
    return alice


def test_while_the_search_is_prepared_its_pages_say_so_and_others_answer(
    unbuilt: Site, subtests: pytest.Subtests
) -> None:
    for address in PAGES_OF_THE_SEARCH:
        with subtests.test(address):
            response = unbuilt.client.get(address)
            assert response.status_code == 503
            assert int(response.headers["Retry-After"]) > 0
            assert "Search is being prepared" in response.text or "rebuilding its search index" in response.text
    for address in OTHER_PAGES:
        with subtests.test(address):
            assert unbuilt.client.get(address, follow_redirects=True).status_code == 200


def test_a_review_is_taken_while_the_search_is_prepared_and_counts_once_it_is_built(
    unbuilt: Site, database: Database
) -> None:
    assert unbuilt.review("9780441172719", 4, "Sand.").status_code == 303
    database.build_search()
    with database.transaction() as connection:
        [result] = search_books(connection, SearchQuery("dune")).results
    assert result.review_count == 1


def test_an_upload_waits_until_the_search_is_built(unbuilt: Site, app: Flask, database: Database) -> None:
    """Its rows would be matched with no work, and become lines, or even new books of the catalogue."""
    maintenance = Maintenance(database, app.extensions[EXTENSION].config)
    page = brought(unbuilt, HEADER + "2,Dune,Frank Herbert,,,4,,,,read,,\n")
    maintenance.work()
    assert "0 of 1 row" in said(unbuilt, page)
    database.build_search()
    while maintenance.work():
        pass
    assert "same title and author" in said(unbuilt, page)


def test_readyz_says_that_the_search_is_missing(unbuilt: Site) -> None:
    response = unbuilt.client.get("/readyz")
    assert response.status_code == 503
    assert response.get_json() == {
        "status": "not ready", "database": "reachable", "migrations": "applied", "search": "being prepared",
    }  # fmt: skip


def test_a_search_that_was_dropped_is_built_anew(database: Database, dune: str, alice: Site) -> None:
    assert alice.client.get("/search?q=dune").status_code == 200
    with database.owner.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema.schema_name()} CASCADE"))
    assert alice.client.get("/search?q=dune").status_code == 503
    for _ in range(600):
        response = alice.client.get("/search?q=dune")
        assert response.status_code in (200, 503)
        if response.status_code == 200:
            break
        time.sleep(0.1)
    assert "Frank Herbert" in response.text
    assert alice.client.get("/readyz").status_code == 200


def test_a_search_that_was_dropped_is_not_searched_before_it_is_built_anew(
    database: Database, dune: str, alice: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that had searched took the new, empty tables for the ones that they knew: nothing was found."""
    assert alice.client.get("/search?q=dune").status_code == 200
    monkeypatch.setattr(schema, "build", lambda _: None)
    with database.owner.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema.schema_name()} CASCADE"))
    assert alice.client.get("/search?q=dune").status_code == 503
    database._preparation._create_search()
    assert alice.client.get("/search?q=dune").status_code == 503


def test_a_large_catalogue_is_searched_once_it_is_built_and_the_site_answers_before(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "AT_ONCE", 0)
    begin, built = threading.Event(), threading.Event()
    build = schema.build

    def build_when_told(engine: Engine) -> None:
        begin.wait(30)
        build(engine)
        built.set()

    with Database(url) as database:
        add(database, "0441172717", "Dune")
        with database.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema.schema_name()} CASCADE"))
    monkeypatch.setattr(schema, "build", build_when_told)
    with Database(url) as database:
        with pytest.raises(schema.SearchNotReadyError):
            found(database, "dune")
        add(database, "0451457811", "Emma")
        begin.set()
        assert built.wait(30)
        assert found(database, "dune") == ["Dune"]
        assert found(database, "emma") == ["Emma"]


def test_a_search_that_is_being_built_is_not_taken_for_an_empty_one(database: Database, dune: str) -> None:
    with database.owner.connect() as connection:  # as one that found it ready before
        assert search_books(connection, SearchQuery("dune")).results
        connection.execute(text("UPDATE search_state SET built_at = NULL"))
        for query in ("dune", dune):
            with pytest.raises(ProgrammingError, match="not built yet"), connection.begin_nested():
                search_books(connection, SearchQuery(query))
        connection.rollback()
