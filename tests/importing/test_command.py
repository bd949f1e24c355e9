"""import.py as people run it: exit codes, messages, the bar on a terminal, kill -9 in its midst."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.importing.command import main
from flyleaf.importing.loader import ImportRunningError, import_transaction
from flyleaf.importing.reporting.findings import Outcome
from tests.importing.files import DUNE, HEADER, generated, imported, numbers, rows_of, written
from tests.places import open_folder

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, str(PROJECT / "import.py")]


@pytest.fixture
def environment(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = str(tmp_path_factory.mktemp("instance"))
    return {**os.environ, "DATABASE_URL": database_url, "FLYLEAF_DATA": data, "PYTHONUTF8": "1"}


def run(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=60)


def test_plain_lines_where_there_is_no_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    path = written(tmp_path, "Shelf," + HEADER + "SF," + DUNE + "SF,0441172718,Wrong,x,soon\nSF,0141439580,,x,1\n")
    done = run(environment, path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"Importing {path} (csv)",
        "Columns that are not imported: 'Shelf'",
        f"Reading {path.name} …",
        "Merging …",
        "3 rows read: 2 added, 0 changed, 0 left alone, 1 refused.",
        "1 refused (no title: 1); the rest is imported:",
        "  line 4: it has no title",
        "1 imported with an empty or shorter cell, because its content can't be stored:",
        "  line 3: year 'soon' has no year from -3000 to 2100",
        "1 imported with a wrong check digit, as in the file:",
        "  line 3: 0441172718",
    ]


def test_a_bar_on_a_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    shown: list[bytes] = []

    def watch() -> None:
        try:
            while block := os.read(controller, 4096):
                shown.append(block)
        except OSError:  # how a terminal ends
            pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = subprocess.run(
        [*COMMAND, generated(tmp_path, 2_000)], env=environment, stdout=PIPE, stderr=terminal, timeout=60
    )
    os.close(terminal)
    watcher.join(10)
    os.close(controller)
    bar = b"".join(shown).decode()
    assert done.returncode == 0
    assert "Reading" not in done.stdout.decode()
    for phase in (r"Reading books-0\.csv", "Merging"):
        assert re.search(phase + r": 100%\|█+\| 2,000 rows, [\d,]+ rows/s, 00:00 left", bar), bar


@pytest.fixture
def failed(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Runs the command in this process, expects exit code 1 and gives the one line on stderr."""

    monkeypatch.setattr("signal.signal", lambda *_: None)  # this process is pytest's

    def failed(path: Path, **settings: str) -> str:
        for name, value in {**environment, **settings}.items():
            monkeypatch.setenv(name, value)
        assert main([str(path)]) == 1
        [line] = capsys.readouterr().err.splitlines()
        return line

    return failed


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty: the first line must name the columns isbn, title, author and year."),
        (b"isbn,author\n", "line 1: "),
        (b'isbn,title,author,year\n1,"a,b,1\n', "line 2: a quote is opened here and never closed"),
        (
            "\ufeffisbn,title,author,year\n".encode("utf-16-le") + b"\0\xd8a\0",
            "line 2: byte 0x00 is not UTF-16-LE: save",
        ),
    ],
)
def test_an_unusable_file_is_one_line_and_exit_1(
    failed: Callable[..., str], tmp_path: Path, content: bytes, problem: str
) -> None:
    path = written(tmp_path, content)
    line = failed(path)
    assert line.startswith(f"{path}: {problem}")
    assert line.endswith(" Nothing was imported.")


def test_a_missing_file_and_a_folder(failed: Callable[..., str], tmp_path: Path) -> None:
    missing = tmp_path / "no.csv"
    assert failed(missing).startswith(f"{missing}: there is no such file: check its name and folder.")
    assert failed(tmp_path).startswith(f"{tmp_path}: it is a folder: name a file in it.")


def test_a_database_that_can_not_be_reached(failed: Callable[..., str], tmp_path: Path) -> None:
    line = failed(written(tmp_path, HEADER + DUNE), DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert line.startswith("Nothing answers at 127.0.0.1:1: start the server there")


def test_a_setting_that_can_not_be_used(failed: Callable[..., str], tmp_path: Path) -> None:
    assert failed(written(tmp_path, HEADER + DUNE), DATABASE_URL="mysql://x").startswith("DATABASE_URL starts with")


def test_a_second_importer_is_reported_in_one_line(
    failed: Callable[..., str], database: Database, tmp_path: Path
) -> None:
    with import_transaction(database):
        line = failed(written(tmp_path, HEADER + DUNE))
    expected = r"Another import is running \(process \d+( on [\d.]+)?, since \d+ s\): try again when it has ended"
    assert re.match(expected, line)


def test_wrong_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["a.csv", "--rejected", "b.csv"])
    assert caught.value.code == 2
    assert "unrecognized arguments: --rejected" in capsys.readouterr().err


def test_an_unusable_file_as_a_program(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(environment, tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}: it is a folder: name a file in it. Nothing was imported.\n"


def test_a_name_that_the_terminal_can_not_show(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_text(HEADER + DUNE)
    done = run(environment, path)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_database_url_the_embedded_server_keeps_the_books(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = written(tmp_path, HEADER + DUNE)
    with open_folder() as folder:
        own = {**environment, "DATABASE_URL": "", "FLYLEAF_DATA": f"{folder}/instance"}
        first, second = run(own, path), run(own, path)
    assert (first.returncode, first.stderr) == (0, "")
    assert "1 rows read: 1 added, 0 changed, 0 left alone, 0 refused." in first.stdout.splitlines()
    assert "1 rows read: 0 added, 0 changed, 1 left alone, 0 refused." in second.stdout.splitlines()


def test_output_that_nobody_reads(environment: dict[str, str], database: Database, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    path = written(tmp_path, HEADER + DUNE)
    done = subprocess.run([*COMMAND, path], env=environment, stdout=writer, stderr=PIPE, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rows_of(database, "SELECT count(*) FROM books") == [(1,)]


@pytest.mark.parametrize(
    ("ending", "moment"),
    [
        (signal.SIGKILL, "Importing"),
        (signal.SIGKILL, "Reading"),
        (signal.SIGKILL, "Merging"),
        (signal.SIGTERM, "Merging"),
        (signal.SIGINT, "Merging"),
    ],
)
def test_ended_in_its_midst_it_leaves_nothing_or_everything_and_a_rerun_completes(
    config: Config, environment: dict[str, str], database: Database, tmp_path: Path, ending: signal.Signals, moment: str
) -> None:
    books = 4_000
    path = generated(tmp_path, books)
    killed = subprocess.Popen([*COMMAND, path], env=environment, stdout=PIPE, stderr=PIPE, text=True)
    assert killed.stdout is not None
    for line in killed.stdout:
        if line.startswith(moment):
            break
    killed.send_signal(ending)
    _, errors = killed.communicate(timeout=30)
    assert "Traceback" not in errors
    assert rows_of(database, "SELECT count(*) FROM books") in ([(0,)], [(books,)])
    assert sum(numbers(completed(config, path))) == books
    assert rows_of(database, "SELECT count(*) FROM books") == [(books,)]
    assert numbers(imported(config, path)) == (0, 0, books, 0)


def completed(config: Config, path: Path) -> Outcome:
    """The server may take a moment to see that the killed importer is gone."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return imported(config, path)
        except ImportRunningError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
