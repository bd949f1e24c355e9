"""The export of Goodreads: its columns of every age, and what becomes of them."""

from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.formats import goodreads
from flyleaf.importing.reading.source import UnusableFileError, open_source
from flyleaf.importing.table import Reason
from tests.importing.files import imported, numbers, rows_of, written
from tests.importing.formats.tables import read_file

HEADER = (
    "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,"
    "Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,"
    "Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies\n"
)
GIDEON = (
    '42036538,Gideon the Ninth (The Locked Tomb #1),Tamsyn Muir,"Muir, Tamsyn",,"=""1250313198""","=""9781250313195""",'
    "5,4.20,Tor,Hardcover,448,2019,2019,2020/10/25,2020/10/21,,,read,"
    '"Bones.<br/>""So"" many, <spoiler>bones</spoiler>\nand a second line",,,1,0\n'
)
DUNE = (
    '234225,"Dune (Dune, #1)",Frank  Herbert,"Herbert, Frank",,"=""0441172717""","=""9780441172719""",0,4.27,Ace,'
    'Paperback,0,1990,1965,,2021/01/01,"to-read, sf","to-read (#3), sf (#9)",to-read,,,,0,0\n'
)
OMENS = (
    '12067,Good Omens,Terry Pratchett,"Pratchett, Terry","Neil Gaiman, Stephen Briggs","=""""","=""9780060853983""",4,'
    "4.26,HarperTorch,Mass Market Paperback,491,2006,1990,,2021/02/03,,,read,,,,1,0\n"
)
TERRY_AND_NEIL = "Terry Pratchett, Neil Gaiman, Stephen Briggs"
KINDLE = (
    '52691223,Subcutanean,Aaron A. Reed,"Reed, Aaron A.",,"=""""","=""""",0,4.45,,Kindle Edition,232,2020,,2020/03/06,'
    "2020/03/05,,,read,,,,1,0\n"
)
COLUMNS = ("isbn", "title", "author", "year", "publisher", "pages", "average_rating", "identifiers")


def test_what_becomes_of_the_columns(tmp_path: Path) -> None:
    read = read_file(tmp_path, HEADER + GIDEON + DUNE + OMENS + KINDLE)
    assert read.format == "goodreads"
    assert read.table.columns == COLUMNS
    assert read.records == [
        (
            "9781250313195",
            "Gideon the Ninth (The Locked Tomb #1)",
            "Tamsyn Muir",
            "2019",
            "Tor",
            "448",
            "4.20",
            "goodreads:42036538",
        ),
        ("9780441172719", "Dune (Dune, #1)", "Frank  Herbert", "1965", "Ace", "", "4.27", "goodreads:234225"),
        ("9780060853983", "Good Omens", TERRY_AND_NEIL, "1990", "HarperTorch", "491", "4.26", "goodreads:12067"),
        ("", "Subcutanean", "Aaron A. Reed", "2020", "", "232", "4.45", "goodreads:52691223"),
    ]
    assert read.lines == [2, 4, 5, 6]


def test_what_the_reader_thinks_is_named_as_not_imported(tmp_path: Path) -> None:
    ignored = read_file(tmp_path, HEADER + GIDEON).table.ignored
    assert {"My Rating", "My Review", "Spoiler", "Private Notes", "Bookshelves", "Date Read"} <= set(ignored)


OLDER = HEADER.replace(
    "Owned Copies",
    "Recommended For,Recommended By,Owned Copies,Original Purchase Date,Original Purchase Location,Condition,"
    "Condition Description,BCID",
)


@pytest.mark.parametrize(
    "content",
    [
        OLDER + GIDEON.replace("1,0\n", "1,,,0,,,,,\n"),
        HEADER.replace("Spoiler,", "") + GIDEON.replace(",,,1,0\n", ",,1,0\n"),
        HEADER.lower() + GIDEON,
        '"' + HEADER.strip().replace(",", '","') + '"\r\n' + GIDEON,
        "\ufeff" + HEADER + GIDEON,
        (HEADER + GIDEON).replace('"=""', '="').replace('"""', '"'),
        (HEADER + GIDEON).replace('"=""9781250313195"""', "9.78125E+12"),
        (HEADER + GIDEON).replace('"=""9781250313195"""', '"=""9781250313190"""'),
        "Shelf order," + HEADER + "," + GIDEON,
    ],
    ids=[
        "31 columns",
        "23 columns",
        "lower case",
        "quoted",
        "mark",
        "bare formulas",
        "rounded",
        "wrong digit",
        "first column",
    ],
)
def test_columns_come_and_go(tmp_path: Path, content: str) -> None:
    read = read_file(tmp_path, content)
    assert read.format == "goodreads"
    [(isbn, *others)] = read.records
    assert isbn in ("9781250313195", "1250313198")
    assert others == [
        "Gideon the Ninth (The Locked Tomb #1)",
        "Tamsyn Muir",
        "2019",
        "Tor",
        "448",
        "4.20",
        "goodreads:42036538",
    ]


def test_a_spreadsheet_may_have_saved_it_with_semicolons(tmp_path: Path) -> None:
    row = '1;Emma;Jane Austen;"Austen, Jane";;;="9780141439587";0;4.0;Penguin;Paperback;474;2003;1815;;;;;read;;;;1;0\n'
    read = read_file(tmp_path, HEADER.replace(",", ";") + row)
    assert read.format == "goodreads"
    assert read.records == [("9780141439587", "Emma", "Jane Austen", "1815", "Penguin", "474", "4.0", "goodreads:1")]


def test_columns_that_the_file_lacks_are_not_in_the_table(tmp_path: Path) -> None:
    header = HEADER.replace("Average Rating,Publisher,", "").replace("Year Published,Original Publication Year,", "")
    row = '1,Emma,Jane Austen,"Austen, Jane",,,"=""9780141439587""",0,Paperback,474,,,,,read,,,,1,0\n'
    read = read_file(tmp_path, header + row)
    assert read.table.columns == ("isbn", "title", "author", "pages", "identifiers")
    assert read.records == [("9780141439587", "Emma", "Jane Austen", "474", "goodreads:1")]


def test_of_very_many_authors_there_are_as_many_as_there_is_room_for(tmp_path: Path) -> None:
    many = ", ".join(f"Author Number {number}" for number in range(100))
    [author] = read_file(tmp_path, HEADER + OMENS.replace("Neil Gaiman, Stephen Briggs", many)).column("author")
    assert author.startswith("Terry Pratchett, Author Number 0, ")
    assert 480 < len(author) <= 500
    assert not author.endswith(",")


def test_ragged_rows_are_refused_and_the_others_stay(tmp_path: Path) -> None:
    read = read_file(tmp_path, HEADER + "1,Emma\n" + DUNE)
    assert [(refusal.line, refusal.reason) for refusal in read.refused] == [(2, Reason.RAGGED)]
    assert read.lines == [3]


def test_a_file_of_another_kind_that_is_called_goodreads(tmp_path: Path) -> None:
    with open_source(written(tmp_path, "a,b\n1,2\n")) as source:
        assert not goodreads.recognises(source)
        with pytest.raises(UnusableFileError, match="line 1: the header lacks columns of an export from Goodreads"):
            goodreads.read(source)


def test_an_import(config: Config, database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + GIDEON + DUNE + OMENS + KINDLE)
    outcome = imported(config, path)
    assert numbers(outcome) == (4, 0, 0, 0)
    assert outcome.findings.left_empty.count == 0
    assert rows_of(database, "SELECT isbn, author, year, pages FROM books ORDER BY title") == [
        ("9780441172719", "Frank Herbert", 1965, None),
        ("9781250313195", "Tamsyn Muir", 2019, 448),
        ("9780060853983", TERRY_AND_NEIL, 1990, 491),
        (None, "Aaron A. Reed", 2020, 232),
    ]
    assert rows_of(database, "SELECT identity FROM books WHERE isbn IS NULL") == [("goodreads:52691223",)]
    assert rows_of(database, "SELECT count(*) FROM reviews") == [(0,)]
    assert rows_of(database, "SELECT average_rating::text FROM books WHERE average_rating > 0 ORDER BY 1") == [
        ("4.200",),
        ("4.260",),
        ("4.270",),
        ("4.450",),
    ]
    assert numbers(imported(config, path)) == (0, 0, 4, 0)


def test_a_file_that_another_program_has_quoted_row_by_row(tmp_path: Path) -> None:
    rows = (
        '"1,A Title (A Series #1),Ann Author,""Author, Ann"",,""=""""0306406152"""""",""=""""9780306406157"""""",4,'
        '3.82,House,Paperback,320,2020,2021,2023/03/21,2023/03/17,""ebook, fantasy"",""ebook (#1), fantasy (#2)"",read,'
        ',,,1,0"\n"2,Another,Ben Author,""Author, Ben"",,""=""""0441172717"""""",""=""""9780441172719"""""",0,4.10,'
        'House,Paperback,100,2019,2019,,2023/03/17,to-read,to-read (#3),to-read,,,,0,0"\n'
    )
    for header in (HEADER, f'"{HEADER.strip()}"\n'):
        read = read_file(tmp_path, header + rows)
        assert (read.format, read.refused) == ("goodreads", [])
        assert read.records == [
            ("9780306406157", "A Title (A Series #1)", "Ann Author", "2021", "House", "320", "3.82", "goodreads:1"),
            ("9780441172719", "Another", "Ben Author", "2019", "House", "100", "4.10", "goodreads:2"),
        ]
