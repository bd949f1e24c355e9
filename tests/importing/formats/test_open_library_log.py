"""Open Library's reading log, of which no catalogue can be made."""

from pathlib import Path

import pytest

from flyleaf.importing.reading.source import UnusableFileError
from tests.importing.formats.tables import read_file

HEADER = (
    "Work ID,Title,Authors,First Publish Year,Edition ID,Edition Count,Bookshelf,My Ratings,Ratings Average,"
    "Ratings Count,Has Ebook,Subjects,Subject People,Subject Places,Subject Times\n"
)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "OL893415W,Dune,Frank Herbert,1965,OL26242482M,120,Already Read,5,4.3,412,true,Science fiction,,,\n",
        "\ufeff" + HEADER,
        "Work Id,Edition Id,Bookshelf\nOL893415W,,Want to Read\n",
    ],
    ids=["of today", "without books", "of 2021"],
)
def test_it_is_recognised_and_it_is_said_what_to_do(tmp_path: Path, content: str) -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_file(tmp_path, content)
    assert str(caught.value).startswith("it is a reading log of Open Library, which has no ISBNs")
    assert "the export of Goodreads" in str(caught.value)
