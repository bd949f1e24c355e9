"""--rejects: the refused rows with line and reason, in a file that can be mended and imported."""

import csv
import io
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.importing.command import Options, import_files
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.reporting.findings import Outcome
from flyleaf.importing.reporting.report import Advance, Report
from tests.importing.files import DUNE, EMMA, HEADER, imported, numbers, rows_of, written


def run(config: Config, rejects: Path, *paths: Path) -> Outcome:
    return import_files(config, paths, Report(io.StringIO(), io.StringIO()), Options(rejects=rejects))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_refused_rows_with_line_and_reason(config: Config, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "publisher," + HEADER + "Ace," + DUNE + "Ace,044117271X,,Frank Herbert,1965\nAce,9.78E+12,x,y,1\na,b\n",
    )
    run(config, tmp_path / "refused.csv", path)
    found = rows(tmp_path / "refused.csv")
    assert [(row["file"], row["line"], row["reason"].split(":")[0]) for row in found] == [
        (str(path), "3", "it has no title"),
        (str(path), "4", "isbn '9.78E+12'"),
        (str(path), "5", "it has 2 cells, but the header has 5"),
    ] or {row["line"] for row in found} == {"3", "4", "5"}
    no_title = next(row for row in found if row["line"] == "3")
    assert (no_title["isbn"], no_title["author"], no_title["year"], no_title["publisher"]) == (
        "044117271X", "Frank Herbert", "1965", "Ace",
    )  # fmt: skip
    assert next(row for row in found if row["line"] == "5")["record"] == "a,b"


def test_the_file_can_be_mended_and_imported(config: Config, database: Database, tmp_path: Path) -> None:
    run(config, tmp_path / "refused.csv", written(tmp_path, HEADER + DUNE + EMMA.replace("Emma", "")))
    mended = (tmp_path / "refused.csv").read_text().replace("0141439580,,", "0141439580,Emma,")
    assert numbers(imported(config, written(tmp_path, mended))) == (1, 0, 0, 0)
    assert rows_of(database, "SELECT title, author, year FROM books ORDER BY title") == [
        ("Dune", "Frank Herbert", 1965),
        ("Emma", "Jane Austen", 1815),
    ]


def test_a_formula_among_them_runs_in_no_spreadsheet(config: Config, tmp_path: Path) -> None:
    run(config, tmp_path / "refused.csv", written(tmp_path, HEADER + '"=HYPERLINK(1)",,+x,-1\n'))
    [row] = rows(tmp_path / "refused.csv")
    assert (row["isbn"], row["author"], row["year"]) == ("'=HYPERLINK(1)", "'+x", "'-1")


def test_nothing_refused_is_a_header_alone(config: Config, tmp_path: Path) -> None:
    run(config, tmp_path / "refused.csv", written(tmp_path, HEADER + DUNE))
    assert (tmp_path / "refused.csv").read_text().startswith("file,line,reason,isbn,title,")
    assert rows(tmp_path / "refused.csv") == []


def test_an_import_that_fails_leaves_the_old_file_alone(config: Config, tmp_path: Path) -> None:
    rejects = tmp_path / "refused.csv"
    rejects.write_text("mine")
    path = written(tmp_path, HEADER + ',x,y,1\n0441172717,"Dune\n')
    with pytest.raises(UnusableFileError, match="a quote is opened here"):
        run(config, rejects, path)
    assert rejects.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == sorted([path, rejects])


TOO_LONG = f"{'x' * 300}.csv"


@pytest.mark.parametrize(
    "name",
    [
        "no such folder/refused.csv",
        "no such folder/..",
        "",
        ".",
        "/",
        "..",
        TOO_LONG,
        f"{TOO_LONG}/x",
        "books-0.csv",
        "books-0.csv/x",
    ],
)
def test_a_place_that_can_not_be_written_is_reported_before_anything(config: Config, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, HEADER + DUNE)
    with pytest.raises(UnusableFileError, match=r"it can't be written|it is a folder|it is one of the imported files"):
        run(config, tmp_path / name, path)
    assert path.read_text() == HEADER + DUNE


def test_a_relative_path_that_names_no_file(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    path = written(tmp_path, HEADER + DUNE)
    monkeypatch.chdir(tmp_path)
    for name in ("", ".", "..", "/", "./"):
        with subtests.test(name), pytest.raises(UnusableFileError, match="it is a folder: name a file"):
            run(config, Path(name), path)


@pytest.mark.parametrize("place", ["/dev/null", "link to a device", "pipe"])
def test_what_is_no_file_is_not_replaced(config: Config, tmp_path: Path, place: str) -> None:
    path = written(tmp_path, HEADER + "9.78E+12,x,y,1\n")
    (tmp_path / "link to a device").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    before = (tmp_path / place).lstat()
    with pytest.raises(UnusableFileError, match="it is a device or a pipe: name a file for the refused rows"):
        run(config, tmp_path / place, path)
    assert (tmp_path / place).lstat().st_ino == before.st_ino


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_one(config: Config, tmp_path: Path, exists: bool) -> None:
    path = written(tmp_path, HEADER + "9.78E+12,x,y,1\n")
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "refused.csv", tmp_path / "link.csv"
    if exists:
        target.write_text("old")
    link.symlink_to(target)
    run(config, link, path)
    assert link.is_symlink()
    assert [row["title"] for row in rows(target)] == ["x"]


def test_refusals_of_a_dump_of_open_library(config: Config, tmp_path: Path) -> None:
    edition = "/type/edition\t/books/OL{}M\t1\t2022-12-22T19:20:44.396666\t{}\n"
    path = written(
        tmp_path,
        edition.format(1, '{"isbn_10": ["0441172717"]}')
        + edition.format(2, '{"isbn_10": ["0141439580"], "title": "", "authors": [{"key": "/authors/OL1A"}]}')
        + edition.format(3, '{"isbn_10": ["1"'),
    )
    run(config, tmp_path / "refused.csv", path)
    assert [(row["line"], row["isbn"], row["title"], row["record"][:13]) for row in rows(tmp_path / "refused.csv")] == [
        ("1", "0441172717", "", ""),
        ("2", "0141439580", "", ""),
        ("3", "", "", "/type/edition"),
    ]


def test_refusals_of_a_file_whose_name_is_no_text(config: Config, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_text(HEADER + "9.78E+12,x,y,1\n")
    run(config, tmp_path / "refused.csv", path)
    [row] = rows(tmp_path / "refused.csv")
    assert row["file"] == str(tmp_path / r"caf\udce9.csv")


@pytest.mark.slow
@pytest.mark.parametrize("refused", [1, 5_000])  # noticed when it is completed, and while it is written
def test_a_full_disk_is_reported_in_one_line(
    database_url: str, database: Database, tmp_path: Path, refused: int
) -> None:
    """A file that may have ten bytes."""
    path = written(tmp_path, HEADER + DUNE + "9.78E+12,x,y,1\n" * refused)
    environment = {**os.environ, "DATABASE_URL": database_url, "FLYLEAF_DATA": str(tmp_path / "instance")}
    done = subprocess.run(
        [sys.executable, str(PROJECT / "import.py"), path, "--rejects", "refused.csv"],
        cwd=tmp_path,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.endswith("refused.csv: the refused rows can't be written there: File too large. Nothing was imported.")
    assert rows_of(database, "SELECT count(*) FROM books") == [(0,)]
    assert not list(tmp_path.glob("*refused*"))


@pytest.mark.slow
def test_the_file_that_is_standard_input_is_not_replaced(database_url: str, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + DUNE)
    environment = {**os.environ, "DATABASE_URL": database_url, "FLYLEAF_DATA": str(tmp_path / "instance")}
    arguments = [sys.executable, str(PROJECT / "import.py"), "-", "--rejects", str(path)]
    with path.open() as file:
        done = subprocess.run(arguments, env=environment, stdin=file, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}: it is one of the imported files: ")
    assert path.read_text() == HEADER + DUNE


def test_a_place_that_is_taken_during_the_import_is_told_and_the_rows_are_kept(
    config: Config, database: Database, tmp_path: Path
) -> None:
    path = written(tmp_path, HEADER + DUNE + "9.78E+12,x,y,1\n")
    rejects = tmp_path / "refused.csv"

    class Taking(Report):
        @contextmanager
        def phase(self, name: str, text: str, total: int | None) -> Iterator[Advance]:
            rejects.mkdir(exist_ok=True)
            with super().phase(name, text, total) as advance:
                yield advance

    out = io.StringIO()
    import_files(config, [path], Taking(out, io.StringIO()), Options(rejects=rejects))
    [part] = tmp_path.glob(".refused.csv.*.part")
    assert out.getvalue().splitlines()[-1] == (
        f"{rejects} can't be replaced (Is a directory): the refused rows are in {part}."
    )
    assert [row["title"] for row in rows(part)] == ["x"]
    assert rows_of(database, "SELECT count(*) FROM books") == [(1,)]
