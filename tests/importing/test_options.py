"""Several files, a dry run, JSON, waiting for another import."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.importing.command import Options, import_files
from flyleaf.importing.loader import import_transaction
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.reporting.report import Report
from tests.importing.files import DUNE, EMMA, HEADER, numbers, rows_of, written

TITLES = "SELECT title FROM books ORDER BY title"


def run(config: Config, *paths: Path, options: Options | None = None) -> tuple[tuple[int, int, int, int], list[str]]:
    out = io.StringIO()
    outcome = import_files(config, paths, Report(out, io.StringIO()), options or Options())
    return numbers(outcome), out.getvalue().splitlines()


def test_of_several_files_the_last_has_the_last_word(config: Config, database: Database, tmp_path: Path) -> None:
    first, second = written(tmp_path, HEADER + DUNE + EMMA), written(tmp_path, HEADER + DUNE.replace("Dune", "Dune 2"))
    outcome, lines = run(config, first, second)
    assert outcome == (2, 1, 0, 0)
    assert rows_of(database, TITLES) == [("Dune 2",), ("Emma",)]
    assert f"Importing {second} (csv)" in lines


def test_of_several_files_all_or_none(config: Config, database: Database, tmp_path: Path) -> None:
    broken = written(tmp_path, HEADER + '0141439580,"Emma\n')
    with pytest.raises(UnusableFileError, match=rf"^{broken}: line 2: a quote"):
        run(config, written(tmp_path, HEADER + DUNE), broken)
    assert rows_of(database, TITLES) == []


def test_findings_name_the_file_where_there_are_several(config: Config, tmp_path: Path) -> None:
    paths = [written(tmp_path, HEADER + DUNE), written(tmp_path, HEADER + "0141439580,,x,1\n")]
    _, lines = run(config, *paths)
    assert f"  {paths[1]}, line 2: it has no title" in lines


def test_a_dry_run_tells_and_changes_nothing(config: Config, database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + DUNE + "0141439580,,x,1\n")
    outcome, lines = run(config, path, options=Options(dry_run=True))
    assert outcome == (1, 0, 0, 1)
    assert lines[-1] == "This was a dry run: the catalogue is unchanged."
    assert rows_of(database, TITLES) == []
    assert rows_of(database, "SELECT count(*) FROM search_works") == [(0,)]
    assert run(config, path)[0] == (1, 0, 0, 1)


@pytest.fixture
def environment(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": database_url, "FLYLEAF_DATA": str(tmp_path_factory.mktemp("instance"))}


def command(
    environment: dict[str, str], *arguments: str | Path, content: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, str(PROJECT / "import.py"), *arguments]
    return subprocess.run(program, env=environment, input=content, capture_output=True, timeout=60)


@pytest.mark.slow
def test_json_is_all_there_is_on_standard_output(environment: dict[str, str], tmp_path: Path) -> None:
    done = command(
        environment, "--json", written(tmp_path, HEADER + DUNE + "0141439580,,x,1\n0141439581,Emma,x,20015\n" + DUNE)
    )
    outcome = json.loads(done.stdout)
    assert set(outcome.pop("seconds")) >= {"reading", "merging"}
    assert outcome == {
        "read": 4, "added": 2, "changed": 0, "left_alone": 0, "refused": 1, "refused_by_reason": {"no title": 1},
        "repeated": 1, "left_empty": 1, "wrong_check_digits": 1, "wrong_isbns": 0,
        "identifiers_taken": 0, "subjects_left_out": 0, "dry_run": False,
    }  # fmt: skip
    assert b"Importing" in done.stderr


@pytest.mark.slow
def test_json_tells_what_went_wrong_too(environment: dict[str, str], tmp_path: Path) -> None:
    done = command(environment, "--json", tmp_path / "missing.csv")
    assert done.returncode == 1
    assert "there is no such file" in json.loads(done.stdout)["error"]


@pytest.mark.slow
def test_standard_input(environment: dict[str, str], database: Database) -> None:
    done = command(environment, "-", content=(HEADER + DUNE).encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert rows_of(database, TITLES) == [("Dune",)]


@pytest.mark.slow
def test_standard_input_is_read_once(environment: dict[str, str], database: Database) -> None:
    done = command(environment, "-", "-", content=(HEADER + DUNE).encode())
    assert done.returncode == 1
    assert done.stderr == b"standard input: it can only be read once: give - once. Nothing was imported.\n"
    assert rows_of(database, TITLES) == []


def test_a_file_may_be_named_twice(config: Config, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + DUNE)
    assert run(config, path, path)[0] == (1, 0, 1, 0)


@pytest.mark.slow
def test_a_format_can_be_forced(environment: dict[str, str], tmp_path: Path) -> None:
    done = command(environment, "--format", "marc", written(tmp_path, HEADER + DUNE))
    assert done.returncode in (0, 1)
    assert b"1 added" not in done.stdout
    done = command(environment, "--format", "papyrus", written(tmp_path, HEADER + DUNE))
    assert done.returncode == 2


def test_waiting_for_another_import(config: Config, database: Database, tmp_path: Path) -> None:
    out = io.StringIO()
    path = written(tmp_path, HEADER + DUNE)
    waits = threading.Event()

    class Waiting(Report):
        def say(self, line: str) -> None:
            super().say(line)
            if line.endswith("waiting until it ends …"):
                waits.set()

    with import_transaction(database):
        second = threading.Thread(target=import_files, args=(config, [path], Waiting(out, out), Options(wait=True)))
        second.start()
        assert waits.wait(20)
        assert rows_of(database, TITLES) == []
    second.join(20)
    assert rows_of(database, TITLES) == [("Dune",)]


def test_of_very_many_columns_that_are_not_imported_the_number_is_reported(config: Config, tmp_path: Path) -> None:
    names = [f"x{number}" for number in range(25)]
    _, lines = run(
        config, written(tmp_path, ",".join(["isbn", "title", *names]) + "\n0441172717,Dune" + "," * 25 + "\n")
    )
    told = ", ".join(f"'{name}'" for name in names[:20])
    assert f"Columns that are not imported: {told} and 5 more" in lines
