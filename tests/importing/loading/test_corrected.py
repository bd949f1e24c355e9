"""An import leaves corrected fields alone, field by field, until they are undone."""

import io
from pathlib import Path

import pytest
from sqlalchemy import text

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.command import import_files
from flyleaf.importing.reporting.report import Report
from flyleaf.queries.corrections import insert_correction, select_values, undo_correction
from tests.importing.files import DUNE, EMMA, HEADER, imported, numbers, rows_of, written
from tests.queries.conftest import add_reader

BOOK = "SELECT title, author, year FROM books WHERE identity = '9780441172719'"
IMPORTED = "SELECT field, imported FROM corrections ORDER BY id"


@pytest.fixture
def dune(config: Config, database: Database, tmp_path: Path) -> int:
    """The id of the book, imported from a file."""
    imported(config, written(tmp_path, HEADER + DUNE + EMMA))
    with database.owner.begin() as connection:
        add_reader(connection, "Mo")
        book_id: int = connection.execute(text("SELECT id FROM books WHERE title = 'Dune'")).scalar_one()
    return book_id


def correct(database: Database, book_id: int, field: str, after: str | None) -> int:
    with database.owner.begin() as connection:
        mo = connection.execute(text("SELECT id FROM readers")).scalar_one()
        made = insert_correction(connection, book_id, field, after, None, proposed_by=mo, accepted_by=mo)
    assert made is not None
    return made


def undo(database: Database, correction_id: int) -> None:
    with database.owner.begin() as connection:
        mo = connection.execute(text("SELECT id FROM readers")).scalar_one()
        assert undo_correction(connection, correction_id, mo)


def test_a_corrected_field_wins_and_the_others_follow_the_file(
    config: Config, database: Database, tmp_path: Path, dune: int
) -> None:
    correct(database, dune, "title", "Dune!")
    newer = "0441172717,DUNE (old),F. Herbert,1966\n"
    assert numbers(imported(config, written(tmp_path, HEADER + newer + EMMA))) == (0, 1, 1, 0)
    assert rows_of(database, BOOK) == [("Dune!", "F. Herbert", 1966)]
    assert rows_of(database, IMPORTED) == [("title", "DUNE (old)")]


def test_the_same_file_again_changes_nothing(config: Config, database: Database, tmp_path: Path, dune: int) -> None:
    correct(database, dune, "title", "Dune!")
    correct(database, dune, "year", None)
    before = rows_of(database, "SELECT xmin::text, ctid::text FROM books ORDER BY id")
    assert numbers(imported(config, written(tmp_path, HEADER + DUNE + EMMA))) == (0, 0, 2, 0)
    assert rows_of(database, "SELECT xmin::text, ctid::text FROM books ORDER BY id") == before
    assert rows_of(database, BOOK) == [("Dune!", "Frank Herbert", None)]


def test_undone_it_is_what_the_newest_file_says(config: Config, database: Database, tmp_path: Path, dune: int) -> None:
    title, year = correct(database, dune, "title", "Dune!"), correct(database, dune, "year", "1000")
    author = correct(database, dune, "author", None)
    imported(config, written(tmp_path, HEADER + "0441172717,Dune II,Herbert,\n"))
    for one in (title, year, author):
        undo(database, one)
    assert rows_of(database, BOOK) == [("Dune II", "Herbert", None)]
    imported(config, written(tmp_path, HEADER + DUNE))
    assert rows_of(database, BOOK) == [("Dune", "Frank Herbert", 1965)]


def test_a_file_that_agrees_with_a_correction_says_nothing_new(
    config: Config, database: Database, tmp_path: Path, dune: int
) -> None:
    """It is the site's own export, as a rule: if it counted, undoing the correction would change nothing afterwards."""
    title = correct(database, dune, "title", "Dune!")
    file = written(tmp_path, HEADER + "0441172717,Dune!,Frank Herbert,1965\n")
    assert numbers(imported(config, file)) == (0, 0, 1, 0)
    undo(database, title)
    assert rows_of(database, BOOK) == [("Dune", "Frank Herbert", 1965)]


def test_older_and_newer_exports_over_corrections_say_nothing_new(
    config: Config, database: Database, tmp_path: Path, dune: int
) -> None:
    first, second = correct(database, dune, "title", "A"), correct(database, dune, "title", "B")
    year = correct(database, dune, "year", None)
    for said in ("A", "B", "A"):
        imported(config, written(tmp_path, HEADER + f"0441172717,{said},Frank Herbert,\n"))
    assert rows_of(database, BOOK) == [("B", "Frank Herbert", None)]
    for one in (second, first, year):
        undo(database, one)
    assert rows_of(database, BOOK) == [("Dune", "Frank Herbert", 1965)]


def test_a_file_without_the_column_says_nothing_of_it(
    config: Config, database: Database, tmp_path: Path, dune: int
) -> None:
    year, pages = correct(database, dune, "year", "1966"), correct(database, dune, "pages", "604")
    assert numbers(imported(config, written(tmp_path, "isbn,title\n0441172717,Dune II\n"))) == (0, 1, 0, 0)
    undo(database, year)
    undo(database, pages)
    assert rows_of(database, BOOK) == [("Dune II", "Frank Herbert", 1965)]
    assert rows_of(database, "SELECT pages FROM books WHERE title = 'Dune II'") == [(None,)]


def test_several_corrections_of_a_field_remember_the_same_file(
    config: Config, database: Database, tmp_path: Path, dune: int
) -> None:
    first, second = correct(database, dune, "title", "A"), correct(database, dune, "title", "B")
    imported(config, written(tmp_path, HEADER + "0441172717,Dune II,Frank Herbert,1965\n"))
    undo(database, second)
    assert rows_of(database, BOOK)[0][0] == "A"
    undo(database, first)
    assert rows_of(database, BOOK)[0][0] == "Dune II"


def test_two_files_of_one_import_say_it_in_their_order(
    config: Config, database: Database, tmp_path: Path, dune: int
) -> None:
    correct(database, dune, "title", "Dune!")
    paths = [written(tmp_path, f"{HEADER}0441172717,{title},Frank Herbert,1965\n{EMMA}") for title in ("First", "Last")]
    assert numbers(import_files(config, paths, Report(io.StringIO(), io.StringIO()))) == (0, 0, 4, 0)
    assert rows_of(database, IMPORTED) == [("title", "Last")]
    assert rows_of(database, BOOK)[0][0] == "Dune!"


MORE = "isbn,title,author,year,series,subjects,other_titles\n"


def more_of(database: Database) -> dict[str, str | None]:
    with database.owner.begin() as connection:
        book_id = connection.execute(text("SELECT id FROM books WHERE identity = '9780441172719'")).scalar_one()
        values = select_values(connection, book_id)
    return {name: values[name] for name in ("series", "subjects", "other_titles")}


def test_series_subjects_and_other_titles_win_over_files_until_they_are_undone(
    config: Config, database: Database, tmp_path: Path, dune: int
) -> None:
    imported(config, written(tmp_path, f"{MORE}0441172717,Dune,Frank Herbert,1965,Dune #1,Deserts; Sand;,Duna\n"))
    theirs = {"series": "Dune #1", "subjects": "Deserts; Sand", "other_titles": "Duna"}
    assert more_of(database) == theirs
    ours = {"series": "Arrakis #7", "subjects": "Dogs", "other_titles": None}
    made = [correct(database, dune, field, value) for field, value in ours.items()]
    for row in ("Dune #1,Deserts; Sand;,Duna", "Dune #2,Sand;,Dyuna", "Arrakis #7,Dogs;,"):
        imported(config, written(tmp_path, f"{MORE}0441172717,Dune,Frank Herbert,1966,{row}\n"))
        assert more_of(database) == ours
    imported(config, written(tmp_path, HEADER + '0441172717,"Dune (Dune, #3)",Frank Herbert,1966\n'))
    assert more_of(database) == ours
    for one in made:
        undo(database, one)
    assert more_of(database) == {"series": "Dune #3", "subjects": "Sand", "other_titles": "Dyuna"}
    assert rows_of(database, BOOK) == [("Dune", "Frank Herbert", 1966)]
