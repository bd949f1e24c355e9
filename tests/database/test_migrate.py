"""The schema: made from nothing, brought up to date, once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database import migrate as migrations
from flyleaf.database.migrate import head, is_migrated, migrate
from tests.fixture_types import Select, Together
from tests.postgresql import Server

pytestmark = pytest.mark.slow

TABLES = {
    "alembic_version", "books", "readers", "reviews", "rating_counts", "external_ratings", "external_rating_requests",
}  # fmt: skip


@pytest.fixture
def engine(server: Server) -> Iterator[Engine]:
    """An engine for an empty database."""
    name = f"empty_{uuid4().hex}"
    engine = create_engine(server.create_database(name))
    yield engine
    engine.dispose()
    server.drop_database(name)


@pytest.fixture
def migrated(server: Server) -> Iterator[Engine]:
    """Make a database that has today's schema."""
    name = f"migrated_{uuid4().hex}"
    engine = create_engine(server.create_database(name, template="template"))
    yield engine
    engine.dispose()
    server.drop_database(name)


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))


def fingerprint(engine: Engine) -> list[tuple[Any, ...]]:
    """When each table, function and index was made."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT 'c', oid FROM pg_class UNION ALL SELECT 'p', oid FROM pg_proc ORDER BY 1, 2")
        )
        return [tuple(row) for row in rows]


def test_an_empty_database_gets_the_schema(engine: Engine) -> None:
    migrate(engine)
    assert tables(engine) >= TABLES


def test_migrating_again_changes_nothing(migrated: Engine) -> None:
    before = fingerprint(migrated)
    migrate(migrated)
    assert fingerprint(migrated) == before


def test_books_readers_and_reviews_stay(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO books (isbn, title) VALUES ('0441172717', 'Dune')"))
    migrate(engine)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM books")) == 1


def test_simultaneous_starts_wait_for_each_other(server: Server, together: Together) -> None:
    url = server.create_database("two_at_once")
    databases = [Database(url) for _ in range(4)]
    try:
        assert together(*[database.migrate for database in databases]) == [None] * 4
        assert tables(databases[0].engine) >= TABLES
    finally:
        for database in databases:
            database.close()
        server.drop_database("two_at_once")


def test_it_is_known_whether_the_schema_is_up_to_date(engine: Engine, migrated: Engine) -> None:
    with engine.connect() as connection:
        assert not is_migrated(connection)
    with migrated.begin() as connection:
        assert is_migrated(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        assert not is_migrated(connection)
        connection.execute(text("DELETE FROM alembic_version"))
        assert not is_migrated(connection)


def test_the_head_is_the_last_file() -> None:
    names = sorted(path.name for path in (migrations.MIGRATIONS / "versions").glob("0*.py"))
    assert head() == names[-1][:4]
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]


def test_a_migration_that_fails_leaves_nothing_behind(engine: Engine) -> None:
    """The second file fails here, at a function that is there; the first one's tables go with it."""
    with engine.begin() as connection:
        connection.execute(text("CREATE FUNCTION search_key(string text) RETURNS text LANGUAGE sql AS 'SELECT string'"))
    with pytest.raises(ProgrammingError):
        migrate(engine)
    assert tables(engine) == set()


def test_a_failed_start_can_be_repeated(server: Server) -> None:
    url = server.create_database("repaired")
    database = Database(url)
    try:
        with database.engine.begin() as connection:
            connection.execute(
                text("CREATE FUNCTION search_key(string text) RETURNS text LANGUAGE sql AS 'SELECT string'")
            )
        with pytest.raises(DatabaseUnusableError):
            database.migrate()
        with database.engine.begin() as connection:
            connection.execute(text("DROP FUNCTION search_key"))
        database.migrate()
        with database.transaction() as connection:
            assert is_migrated(connection)
    finally:
        database.close()
        server.drop_database("repaired")


def test_a_server_that_is_too_old_is_reported_in_one_line(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "OLDEST_SERVER", 990_000)
    with pytest.raises(DatabaseUnusableError, match="14 or newer") as refusal:
        migrate(engine)
    assert "\n" not in str(refusal.value)
    assert tables(engine) == set()


def test_the_site_itself_needs_no_superuser(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT usesuper FROM pg_user WHERE usename = current_user")) is False
    migrate(engine)


def test_the_operator_can_bring_the_schema_up_to_date(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["migrate"])
    assert result.exit_code == 0
    assert result.output == "The schema is up to date.\n"


def test_the_operator_sees_in_one_line_why_migrating_failed(tmp_path: Path) -> None:
    url = f"postgresql+psycopg2://flyleaf:tops3cret@/flyleaf?host={tmp_path}"
    database = Database(url)
    app = create_app(Config(data=tmp_path, database_url=url, secret_key="a key for the tests alone"), database)
    result = app.test_cli_runner().invoke(args=["migrate"])
    database.close()
    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert "start the server" in line
    assert "tops3cret" not in line


def test_a_database_of_a_newer_version_is_refused_in_one_line_and_left_alone(server: Server) -> None:
    url = server.create_database("newer", template="template")
    try:
        with Database(url) as database, database.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
        with Database(url) as database:
            before = fingerprint(database.engine)
            with pytest.raises(DatabaseUnusableError, match="run the newer version that made it") as refusal:
                database.migrate()
            assert "\n" not in str(refusal.value)
            assert fingerprint(database.engine) == before
    finally:
        server.drop_database("newer")


def test_a_running_program_goes_on_when_a_newer_version_migrates(
    client: FlaskClient, select: Select, dune: str
) -> None:
    assert client.get(f"/api/{dune}").status_code == 200
    select("UPDATE alembic_version SET version_num = '0999'")
    assert client.get(f"/api/{dune}").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.get_json()["migrations"]) == (200, "newer")
