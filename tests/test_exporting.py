"""The catalogue as a CSV file, and back."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.formats.spreadsheet_cells import protected, unprotected
from tests.importing.files import imported, numbers, rows_of, written

ALL = """
SELECT isbn, title, author, year, publisher, language, pages, description, average_rating, ratings_count, subjects,
       series, other_titles
  FROM books
 ORDER BY id
"""
AWKWARD = (
    "isbn,title,author,year,publisher,language,pages,description,average_rating,ratings_count,subjects,series,other_titles\n"
    '0441172717,"Dune, ""the"" book",Frank Herbert,1965,Ace,en,412,"A desert; a planet.",4.25,12,"A; B",,Düne | Dune\n'
    '9780141439587,Emma,Jane Austen,1815,,,,,,,"Education, Elementary;",,=1\n'
    '0441172718,"=HYPERLINK(""http://evil"")",@author,-500,+publisher,,,-description,,0,=cmd,,\n'
    "0316769177,'Tis,''=quoted,,,,,,3,,Sánd & «dust» \\ I,=1 #2,'Tis | A &amp; B|C\n"
    "0261103571,القاهرة,村上 春樹,,,ar,,,,,C++ | C#,الثلاثية #2; A &lt;b&gt;,\n"
    '0316769487,"Using &lt;b&gt; &amp;amp; <b>, AT&T",A &amp; B,,&amp;amp;,,,"<p>One &lt;p&gt;<br>two<p>\\n</p>",,,,,\n'
    '0439420891,Paragraphs,,,,,,"One\ntwo &amp;lt;\n\nthree",,,R&amp;amp;D,Dune #1,\n'
)


@pytest.fixture
def export(app: Flask) -> Callable[..., str]:
    def export(*arguments: str) -> str:
        result = app.test_cli_runner().invoke(args=["books", "export", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    return export


def test_importing_the_export_changes_nothing(
    config: Config, database: Database, export: Callable[..., str], tmp_path: Path
) -> None:
    assert numbers(imported(config, written(tmp_path, AWKWARD))) == (7, 0, 0, 0)
    before = rows_of(database, ALL)
    exported = export()
    assert numbers(imported(config, written(tmp_path, exported))) == (0, 0, 7, 0)
    rows_of(database, "DELETE FROM books RETURNING id")
    assert numbers(imported(config, written(tmp_path, exported))) == (7, 0, 0, 0)
    assert rows_of(database, ALL) == before
    assert [(row[1], row[7]) for row in before[-2:]] == [
        ("Using <b> &amp; <b>, AT&T", "One <p>\ntwo\n\n\\n"),
        ("Paragraphs", "One\ntwo &lt;\n\nthree"),
    ]
    assert export() == exported


def test_no_cell_is_a_formula(config: Config, export: Callable[..., str], tmp_path: Path) -> None:
    imported(config, written(tmp_path, AWKWARD))
    cells = [cell for row in csv.reader(io.StringIO(export())) for cell in row]
    assert [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell] == []
    assert '\'=HYPERLINK("http://evil")' in cells
    assert "'-500" in cells


def test_into_a_file(config: Config, export: Callable[..., str], tmp_path: Path) -> None:
    imported(config, written(tmp_path, AWKWARD))
    assert export(str(tmp_path / "out.csv")) == ""
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == export()


def test_a_file_that_can_not_be_written_is_one_line(app: Flask, tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(args=["books", "export", str(tmp_path / "no folder" / "out.csv")])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1


def test_an_empty_catalogue_is_a_header(export: Callable[..., str]) -> None:
    assert export() == AWKWARD.partition("\n")[0] + ",identifiers\n"


@pytest.mark.parametrize("cell", ["", "x", "'", "''", "'Tis", "=1", "'=1", "''=1", "-5", "+", "@x", "\t", "\r", "'\t"])
def test_what_is_protected_comes_back(cell: str) -> None:
    assert unprotected(protected(cell)) == cell
    assert protected(cell)[:1] not in {"=", "+", "-", "@", "\t", "\r"}
