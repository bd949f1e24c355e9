"""The export of The StoryGraph."""

from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from tests.importing.files import HEADER as CSV_HEADER
from tests.importing.files import imported, numbers, rows_of, written
from tests.importing.formats.tables import read_file

HEADER = (
    "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Date Added,Last Date Read,Dates Read,Read Count,Moods,Pace,"
    "Character- or Plot-Driven?,Strong Character Development?,Loveable Characters?,Diverse Characters?,"
    "Flawed Characters?,Star Rating,Review,Content Warnings,Content Warning Description,Tags,Owned?\n"
)
HOME = (
    'Always Coming Home,"Ursula K. Le Guin, Todd Barton,  Margaret Chodos-Irvine","",9780520227354,,to-read,2021/05/10,'
    '"","",0,"",,,,,,,,,"",,"",No\n'
)
CRISIS = (
    'Subprime Attention Crisis,Tim Hwang,"Jane Doe (Narrator)",0374538654,paperback,read,2021/05/10,2021/05/12,'
    '2021/05/11-2021/05/12,1,"informative, tense",fast,Plot,No,No,Yes,N/A,4.25,"<div>Good, ""really"".</div>","","",'
    '"economics, to-read",Yes\n'
)
AUDIO = 'Piranesi,Susanna Clarke,"",{uid},audio,read,2021/05/10,"","",1,"",,,,,,,5.0,"","","","",No\n'


def test_what_becomes_of_the_columns(tmp_path: Path) -> None:
    read = read_file(tmp_path, HEADER + HOME + CRISIS)
    assert read.format == "storygraph"
    assert read.table.columns == ("isbn", "title", "author", "subjects", "identifiers")
    assert read.records == [
        ("9780520227354", "Always Coming Home", "Ursula K. Le Guin, Todd Barton, Margaret Chodos-Irvine", "", ""),
        ("0374538654", "Subprime Attention Crisis", "Tim Hwang", "economics, to-read", ""),
    ]
    assert {"Star Rating", "Review", "Moods", "Read Status", "Contributors"} <= set(read.table.ignored)


@pytest.mark.parametrize(
    ("uid", "isbn"),
    [
        ("6f1ed002-ab53-4e4d-9ae4-f8e2b7a8a1d0", ""),
        ("B08GJVLGFC", ""),
        ("0b2d6c1e5a", ""),
        ("", ""),
        ("043942089x", "043942089x"),
        ("978-1-63557-563-3", "978-1-63557-563-3"),
        ("9.78164E+12", "9.78164E+12"),
        ("97816355756", "97816355756"),
    ],
)
def test_an_identifier_that_is_no_number_is_no_isbn(tmp_path: Path, uid: str, isbn: str) -> None:
    """A number that is wrong stays, so that it can be said what is wrong with it."""
    read = read_file(tmp_path, HEADER + AUDIO.format(uid=uid))
    assert read.column("isbn") == [isbn]
    is_known = uid and not isbn
    assert read.column("identifiers") == [f"{'asin' if uid[0] == 'B' else 'storygraph'}:{uid}" if is_known else ""]


@pytest.mark.parametrize(
    "header",
    [HEADER.upper(), "\ufeff" + HEADER, HEADER.replace("Contributors,", "").replace("Owned?", "Owned?,Shelf")],
    ids=["upper case", "mark", "other columns"],
)
def test_columns_are_found_by_their_names(tmp_path: Path, header: str) -> None:
    row = HOME if "Shelf" not in header else HOME.replace('Irvine","",', 'Irvine",').replace("No\n", "No,\n")
    read = read_file(tmp_path, header + row)
    assert read.format == "storygraph"
    assert read.column("isbn") == ["9780520227354"]


def test_an_import_leaves_the_years_that_the_catalogue_has(config: Config, database: Database, tmp_path: Path) -> None:
    imported(config, written(tmp_path, CSV_HEADER + "9780520227354,Always Coming Home,Ursula K. Le Guin,1985\n"))
    outcome = imported(config, written(tmp_path, HEADER + HOME + CRISIS + AUDIO.format(uid="B08GJVLGFC")))
    assert numbers(outcome) == (2, 1, 0, 0)
    assert rows_of(database, "SELECT title, author, year FROM books ORDER BY title") == [
        ("Always Coming Home", "Ursula K. Le Guin, Todd Barton, Margaret Chodos-Irvine", 1985),
        ("Piranesi", "Susanna Clarke", None),
        ("Subprime Attention Crisis", "Tim Hwang", None),
    ]
    assert rows_of(database, "SELECT count(*) FROM external_ratings") == [(0,)]
