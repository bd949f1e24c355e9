"""Databases and connections that are not in UTF-8."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from flyleaf.config import PROJECT
from flyleaf.database import Database, DatabaseUnusableError
from tests.fixture_types import Select
from tests.postgresql import Server

WORDS = "Łódź “quotes” 東京 😀"


@pytest.fixture(params=["SQL_ASCII", "LATIN1", "WIN1252", "EUC_JP", "MULE_INTERNAL"])
def other_encoding(server: Server, request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str]]:
    """A database in that encoding: its name and its URL."""
    name = f"in_{request.param.lower()}"
    yield request.param, name, server.create_database(name, encoding=request.param)
    server.drop_database(name)


def test_it_is_refused_in_one_line_that_says_what_to_do(other_encoding: tuple[str, str, str]) -> None:
    _, name, url = other_encoding
    with Database(url) as database, pytest.raises(DatabaseUnusableError) as refusal:
        database.migrate()
    line = str(refusal.value)
    assert "\n" not in line
    assert name in line
    assert "UTF-8" in line
    assert "createdb -T template0 -E UTF8" in line


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
@pytest.mark.parametrize(
    "program",
    [
        ["import.py", "books.csv"],
        ["-m", "flask", "--app", "application", "users", "list"],
        ["application.py"],
    ],
    ids=["import", "users", "start"],
)
def test_each_program_says_so_and_ends(server: Server, tmp_path: Path, encoding: str, program: list[str]) -> None:
    name = f"program_{encoding.lower()}_{program[-1][:3]}"
    url = server.create_database(name, encoding=encoding).replace("postgresql+psycopg2", "postgresql")
    try:
        environ = os.environ | {"DATABASE_URL": url, "FLYLEAF_DATA": str(tmp_path / "data"), "PORT": "5971"}
        done = subprocess.run(
            [sys.executable, *program], cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=60
        )
    finally:
        server.drop_database(name)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert f"is in {encoding}, not in UTF-8" in done.stderr
    assert not Path(tmp_path / "data" / "database").exists()


@pytest.mark.parametrize("elsewhere", ["the environment", "the role", "the database", "the address"])
def test_the_connection_is_in_utf8_whatever_is_set_elsewhere(
    server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch, elsewhere: str, dune: str, select: Select
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    url, undo = database_url, None
    if elsewhere == "the environment":
        monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    elif elsewhere == "the address":
        url += "&client_encoding=latin1"
    elif elsewhere == "the role":
        server._execute(f"ALTER ROLE flyleaf IN DATABASE \"{name}\" SET client_encoding = 'LATIN1'")
        undo = f'ALTER ROLE flyleaf IN DATABASE "{name}" RESET client_encoding'
    else:
        server._execute(f"ALTER DATABASE \"{name}\" SET client_encoding = 'LATIN1'")
        undo = f'ALTER DATABASE "{name}" RESET client_encoding'
    try:
        with Database(url) as database, database.transaction() as connection:
            assert connection.execute(text("SHOW client_encoding")).scalar() == "UTF8"
            connection.execute(text("UPDATE books SET title = :title"), {"title": WORDS})
    finally:
        if undo:
            server._execute(undo)
    assert select("SELECT title FROM books") == WORDS
