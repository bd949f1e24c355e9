"""Open Library's reading log: works, and editions of them that a reader has chosen."""

from pathlib import Path

import pytest

from flyleaf.importing.reading.source import UnusableFileError
from tests.importing.formats.tables import read_file

HEADER = (
    "Work ID,Title,Authors,First Publish Year,Edition ID,Edition Count,Bookshelf,My Ratings,Ratings Average,"
    "Ratings Count,Has Ebook,Subjects,Subject People,Subject Places,Subject Times\n"
)


DUNE = "OL893415W,Dune,Frank Herbert,1965,OL26242482M,120,Already Read,5,4.3,412,true,Science fiction,,,\n"
EMMA = "OL66554W,Emma,Jane Austen,1815,,900,Want to Read,,4.1,99,true,,,,\n"


def test_its_books(tmp_path: Path) -> None:
    read = read_file(tmp_path, "\ufeff" + HEADER + DUNE + EMMA)
    assert (read.format, read.table.columns) == ("openlibrary-log", ("isbn", "title", "author", "year", "identifiers"))
    assert read.records == [
        ("", "Dune", "Frank Herbert", "1965", "openlibrary:OL26242482M"),
        ("", "Emma", "Jane Austen", "1815", "openlibrary:OL66554W"),
    ]


def test_one_without_titles(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="without titles: export it again"):
        read_file(tmp_path, "Work Id,Edition Id,Bookshelf\nOL893415W,,Want to Read\n")
