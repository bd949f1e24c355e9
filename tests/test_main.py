"""`python -m flyleaf …`: one program for operators, with the same exit codes everywhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flyleaf.__main__ import program
from flyleaf.config import PROJECT
from flyleaf.database import Database
from tests.backup.conftest import empty
from tests.importing.files import DUNE, HEADER

__all__ = ["empty"]  # a fixture


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> None:
    """The settings of the site, in the environment."""
    monkeypatch.setenv("FLYLEAF_DATA", str(tmp_path / "instance"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delenv("SECRET_KEY", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments)


def one_line(result: Result) -> str:
    """The one line of a command that failed."""
    assert result.exit_code == 1, result.output
    [line] = result.output.splitlines()
    assert line.startswith("Error: ")
    return line


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A file with one book, which is in the catalogue."""
    path = tmp_path / "dune.csv"
    path.write_text(HEADER + DUNE)
    result = run("import", str(path))
    assert result.exit_code == 0, result.output
    return path


def test_every_command_of_the_contract_is_there() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in "serve import export backup restore users events doctor migrate search sessions".split():
        assert f"\n  {name} " in result.output


def test_a_book_goes_in_and_out_and_is_restored_elsewhere(
    book: Path, tmp_path: Path, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "site.backup"
    result = run("backup", str(backup))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 books, 0 readers" in result.stderr
    assert run("export", str(tmp_path / "before.csv")).exit_code == 0
    assert run("restore", "--check", str(backup)).exit_code == 0
    assert "not empty" in one_line(run("restore", str(backup)))
    key = (tmp_path / "instance" / "secret_key").read_text()
    monkeypatch.setenv("DATABASE_URL", empty.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLYLEAF_DATA", str(tmp_path / "elsewhere"))
    restored = run("restore", str(backup))
    assert restored.exit_code == 0, restored.output
    assert (tmp_path / "elsewhere" / "secret_key").read_text() == key
    assert (tmp_path / "elsewhere" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert run("export", str(tmp_path / "after.csv")).exit_code == 0
    assert (tmp_path / "before.csv").read_bytes() == (tmp_path / "after.csv").read_bytes()


@pytest.mark.slow
def test_another_secret_key_is_kept_beside_the_restored_one(
    book: Path, tmp_path: Path, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("backup", str(tmp_path / "site.backup")).exit_code == 0
    key = (tmp_path / "instance" / "secret_key").read_text()
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "secret_key").write_text("x" * 40)
    monkeypatch.setenv("DATABASE_URL", empty.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLYLEAF_DATA", str(other))
    assert run("restore", str(tmp_path / "site.backup")).exit_code == 0
    assert (other / "secret_key").read_text() == key
    assert [path.read_text() for path in other.glob("secret_key.replaced-*")] == ["x" * 40]


def test_a_file_that_is_there_is_replaced_only_by_force(book: Path, tmp_path: Path) -> None:
    backup = tmp_path / "site.backup"
    backup.write_text("precious")
    assert "--force" in one_line(run("backup", str(backup)))
    assert backup.read_text() == "precious"
    assert run("backup", "--force", str(backup)).exit_code == 0
    assert run("restore", "--check", str(backup)).exit_code == 0


def test_a_damaged_backup_is_one_line_and_changes_nothing(
    book: Path, tmp_path: Path, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "site.backup"
    assert run("backup", str(backup)).exit_code == 0
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)
    monkeypatch.setenv("DATABASE_URL", empty.engine.url.render_as_string(hide_password=False))
    assert "damaged" in one_line(run("restore", str(backup)))
    assert "damaged" in one_line(run("restore", "--check", str(backup)))
    assert "not a backup" in one_line(run("restore", str(book)))
    with empty.transaction_as_is() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["bakcup"],
        ["backup"],
        ["backup", "a", "b"],
        ["restore"],
        ["import", "--no-such"],
        ["users", "lock"],
        ["serve", "x"],
    ],
)
def test_wrong_arguments_exit_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_import_has_the_options_and_the_help_of_import_py(tmp_path: Path) -> None:
    result = run("import", "--help")
    assert result.exit_code == 0
    assert "usage: python -m flyleaf import" in result.output
    assert "--rejects" in result.output
    odd = tmp_path / "-x.csv"
    odd.write_text(HEADER + DUNE)
    assert run("import", "--dry-run", "--", str(odd)).exit_code == 0
    assert run("import", str(tmp_path / "missing.csv")).exit_code == 1


@pytest.mark.parametrize("arguments", [["users", "list"], ["backup", "-"], ["export", "-"], ["migrate"]])
@pytest.mark.parametrize(("name", "value"), [("DATABASE_URL", "mysql://x"), ("PORT", "x")])
def test_a_wrong_setting_is_one_line(
    arguments: list[str], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert name in one_line(run(*arguments))


@pytest.mark.parametrize("arguments", [["users", "list"], ["backup", "-"], ["events", "export"]])
def test_a_database_that_is_not_there_is_one_line(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://flyleaf:tops3cret@/flyleaf?host={tmp_path}")
    line = one_line(run(*arguments))
    assert "start the server" in line
    assert "tops3cret" not in line


@pytest.mark.slow
def test_through_pipes(book: Path, empty: Database) -> None:
    """As a program of its own, whose standard streams are bytes."""
    elsewhere = os.environ | {"DATABASE_URL": empty.engine.url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "flyleaf"]
    saved = subprocess.run([*command, "backup", "-"], cwd=PROJECT, capture_output=True, check=True)
    done = subprocess.run([*command, "restore", "-"], cwd=PROJECT, env=elsewhere, input=saved.stdout, check=False)
    assert done.returncode == 0
    with empty.transaction() as connection:
        assert connection.exec_driver_sql("SELECT title FROM books").scalar() == "Dune"
