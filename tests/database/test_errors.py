"""What is said, in one line, about a database that can't be used."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from flyleaf.database import Database, DatabaseAbsentError, DatabaseUnusableError, in_use, is_unavailable
from flyleaf.database.errors import unusable
from flyleaf.embedded import cluster
from tests.postgresql import Server


@pytest.fixture
def complaint() -> Callable[[str], str]:
    """What `migrate` says of the database at this address."""

    def ask(url: str) -> str:
        database = Database(url)
        try:
            with pytest.raises(DatabaseUnusableError) as refusal:
                database.migrate()
        finally:
            database.close()
        line = str(refusal.value)
        assert "\n" not in line
        assert "tops3cret" not in line
        assert "Traceback" not in line
        return line

    return ask


@pytest.fixture
def superuser(server: Server) -> Iterator[Callable[[str], None]]:
    """Runs statements that the site itself may not run."""
    connection = psycopg2.connect(host=str(server.sockets), port=5432, user=cluster.SUPERUSER, dbname="postgres")
    connection.autocommit = True
    yield connection.cursor().execute
    connection.close()


def test_no_server_listens(complaint: Callable[[str], str]) -> None:
    line = complaint("postgresql+psycopg2://flyleaf:tops3cret@127.0.0.1:1/flyleaf")
    assert "127.0.0.1:1" in line
    assert "start the server" in line
    assert "DATABASE_URL" in line


def test_a_table_is_in_use(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an import of the older version, say: the update waits for a while, and a start goes on trying."""
    monkeypatch.setattr(in_use, "PATIENCE", 0.0)
    url = server.create_database("busy", template="template")
    with contextlib.closing(server.connect("busy")) as importer, importer.cursor() as cursor:
        cursor.execute("UPDATE alembic_version SET version_num = '0006'")
        importer.commit()
        cursor.execute("LOCK TABLE books IN ROW EXCLUSIVE MODE")
        with Database(url) as database, pytest.raises(DatabaseAbsentError, match="wait until it has ended"):
            database.migrate()
    server.drop_database("busy")


def test_there_is_no_such_host(complaint: Callable[[str], str]) -> None:
    line = complaint("postgresql+psycopg2://flyleaf:tops3cret@nowhere.invalid/flyleaf")
    assert "nowhere.invalid" in line
    assert "check the host" in line


def test_there_is_no_socket(complaint: Callable[[str], str], tmp_path: Path) -> None:
    line = complaint(f"postgresql+psycopg2://flyleaf:tops3cret@/flyleaf?host={tmp_path}")
    assert str(tmp_path) in line
    assert "start the server" in line


def test_there_is_no_such_database(complaint: Callable[[str], str], server: Server) -> None:
    line = complaint(server.url("never_made"))
    assert "never_made" in line
    assert "createdb never_made" in line


def test_there_is_no_such_user(complaint: Callable[[str], str], server: Server) -> None:
    url = server.url("template").replace("//flyleaf@", "//mallory:tops3cret@")
    line = complaint(url)
    assert "no such user" in line
    assert "DATABASE_URL" in line


def test_the_user_may_not_log_in(
    complaint: Callable[[str], str], server: Server, superuser: Callable[[str], None]
) -> None:
    superuser("CREATE ROLE nologin_role NOLOGIN")
    try:
        assert "user" in complaint(server.url("template").replace("//flyleaf@", "//nologin_role:tops3cret@"))
    finally:
        superuser("DROP ROLE nologin_role")


def test_the_user_may_not_make_tables(
    complaint: Callable[[str], str], server: Server, superuser: Callable[[str], None]
) -> None:
    url = server.create_database("not_mine")
    superuser("CREATE ROLE guest LOGIN")
    try:
        line = complaint(url.replace("//flyleaf@", "//guest:tops3cret@"))
        assert "GRANT CREATE" in line
        assert "not_mine" in line
    finally:
        server.drop_database("not_mine")
        superuser("DROP ROLE guest")


def test_an_extension_is_not_installed(
    complaint: Callable[[str], str], server: Server, superuser: Callable[[str], None], tmp_path: Path
) -> None:
    url = server.create_database("no_contrib")
    try:
        superuser(f"ALTER DATABASE no_contrib SET extension_control_path = '{tmp_path}'")
    except psycopg2.Error:
        pytest.skip("PostgreSQL 18 or newer can look for extensions elsewhere")
    try:
        line = complaint(url)
        assert "extension" in line
        assert "contrib" in line
        assert "pg_trgm" in line
    finally:
        server.drop_database("no_contrib")


def test_a_schema_that_a_newer_version_made(server: Server, complaint: Callable[[str], str]) -> None:
    url = server.create_database("newer", template="template")
    try:
        with Database(url) as database, database.transaction() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
        assert "run the newer version" in complaint(url)
    finally:
        server.drop_database("newer")


def failure(database: Database, statement: str) -> SQLAlchemyError:
    """The error that a statement ends in."""
    with pytest.raises(SQLAlchemyError) as raised, database.transaction() as connection:
        connection.execute(text(statement))
    return raised.value


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)",
        "DO $$ BEGIN RAISE SQLSTATE '53300'; END $$",  # too many connections
        "DO $$ BEGIN RAISE SQLSTATE '53100'; END $$",  # disk full
        "DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$",  # shut down
        "DO $$ BEGIN RAISE SQLSTATE '57P03'; END $$",  # starting up
        "DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$",  # lock not available
        "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$",  # deadlock
        "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$",  # serialization
        "DO $$ BEGIN RAISE SQLSTATE '25006'; END $$",  # read only, as on a standby
    ],
)
def test_temporary_errors_are_unavailability(database: Database, statement: str) -> None:
    assert is_unavailable(failure(database, statement))


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1 / 0", "SELECT nothing", "SELECT * FROM nowhere", "SELEC", "INSERT INTO books DEFAULT VALUES"],
)
def test_a_programming_error_is_not_unavailability(database: Database, statement: str) -> None:
    assert not is_unavailable(failure(database, statement))


def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    database = Database("postgresql+psycopg2://flyleaf@127.0.0.1:1/flyleaf")
    with pytest.raises(DBAPIError) as raised, database.transaction():
        pass
    database.close()
    assert is_unavailable(raised.value)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("SASL authentication failed", "The pooler refused the login: check user and password in DATABASE_URL."),
        (
            "no such database: books",
            "The pooler at db:6432 has no database books: add it there, or check DATABASE_URL.",
        ),
        ("no such user", "The pooler knows no such user: add it to its auth_file, or check the user in DATABASE_URL."),
    ],
)
def test_what_pgbouncer_refuses(message: str, line: str) -> None:
    said = psycopg2.OperationalError(f'connection to server at "db", port 6432 failed: FATAL:  {message}\n')
    found = unusable(DBAPIError(None, None, said), make_url("postgresql+psycopg2://site:tops3cret@db:6432/books"))
    assert str(found) == line
    assert not isinstance(found, DatabaseAbsentError)


@pytest.mark.parametrize("error", [ValueError("connection"), OSError("refused"), KeyError("x")])
def test_other_errors_are_not_database_errors(error: Exception) -> None:
    assert not is_unavailable(error)
