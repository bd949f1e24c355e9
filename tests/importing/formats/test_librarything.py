"""LibraryThing's tab-delimited export: its encodings, quotes and brackets."""

from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.formats import librarything
from flyleaf.importing.reading.source import UnusableFileError, open_source
from flyleaf.importing.table import Reason
from tests.importing.files import imported, numbers, rows_of, written
from tests.importing.formats.tables import read_file

HEADER = (
    "Book Id",
    "Title",
    "Sort Character",
    "Primary Author",
    "Primary Author Role",
    "Secondary Author",
    "Secondary Author Roles",
    "Publication",
    "Date",
    "Review",
    "Rating",
    "Summary",
    "Page Count",
    "Tags",
    "Collections",
    "Languages",
    "ISBN",
    "ISBNs",
    "Date Read",
)
MARELLE = {
    "Book Id": "5498194",
    "Title": "Marelle",
    "Primary Author": "Cortázar, Julio",
    "Publication": "Gallimard (1979), Poche",
    "Date": "1979",
    "Review": "chef d'œuvre",
    "Rating": "4.5",
    "Summary": "Marelle by Julio Cortázar (1979)",
    "Page Count": "590 ",
    "Tags": "roman, expérimental",
    "Collections": "Your library",
    "Languages": "French",
    "ISBN": "[2070291340]",
    "ISBNs": "2070291340, 9782070291342",
    "Date Read": "[2007-05-08]",
}


def export(*records: dict[str, str]) -> str:
    rows = [HEADER, *([record.get(name, "") for name in HEADER] for record in records)]
    return "".join("\t".join(row) + "\n" for row in rows)


def cell_of(folder: Path, column: str, **cells: str) -> str:
    """Of the record of Marelle with these cells."""
    changed = {name.replace("_", " "): cell for name, cell in cells.items()}
    [cell] = read_file(folder, export(MARELLE | changed)).column(column)
    return cell


def test_what_becomes_of_the_columns(tmp_path: Path) -> None:
    read = read_file(tmp_path, export(MARELLE))
    assert read.format == "librarything"
    assert read.table.columns == ("isbn", "title", "author", "year", "publisher", "language", "pages", "identifiers")
    assert read.records == [
        ("2070291340", "Marelle", "Julio Cortázar", "1979", "Gallimard", "French", "590", "librarything:5498194")
    ]
    assert {"Rating", "Review", "Tags", "Collections", "Date Read", "Summary"} <= set(read.table.ignored)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_its_encodings(tmp_path: Path, encoding: str) -> None:
    read = read_file(tmp_path, export(MARELLE).encode(encoding))
    assert read.format == "librarything"
    assert read.column("author") == ["Julio Cortázar"]


@pytest.mark.parametrize(
    ("isbn", "isbns", "best"),
    [
        ("[2070291340]", "2070291340, 9782070291342", "2070291340"),
        ("[]", "2070291340, 9782070291342", "2070291340"),
        ("[2070291341]", "2070291341, 9782070291342", "9782070291342"),
        ("[2070291341]", "", "2070291341"),
        ("[]", "", ""),
        ("", '"2070291340, 9782070291342"', "2070291340"),
    ],
)
def test_of_the_isbns_the_first_valid_one_counts(tmp_path: Path, isbn: str, isbns: str, best: str) -> None:
    assert cell_of(tmp_path, "isbn", ISBN=isbn, ISBNs=isbns) == best


@pytest.mark.parametrize(
    ("publication", "publisher"),
    [
        ("Gallimard (1979), Poche", "Gallimard"),
        ("Library of America (2007), Edition: 1st, Hardcover, 864 pages", "Library of America"),
        ('"Library of America (2007), Edition: 1st, Hardcover"', "Library of America"),
        ("Pocket (1994)", "Pocket"),
        ("New York : Scribner, 2001", "Scribner"),
        ("New York: Alfred A. Knopf, Inc., [1999]", "Alfred A. Knopf, Inc."),
        ("New York : Ballantine Books, 1996, c1965.", "Ballantine Books"),
        ("London, New York, Penguin Books, 1975", ""),
        ("Self-published", ""),
        ("London : New York : Faber, 1975", ""),
        ("", ""),
    ],
)
def test_a_publisher_where_it_can_be_told(tmp_path: Path, publication: str, publisher: str) -> None:
    assert cell_of(tmp_path, "publisher", Publication=publication) == publisher


@pytest.mark.parametrize(
    ("primary", "secondary", "roles", "author"),
    [
        ("King, Stephen", "", "", "Stephen King"),
        ("Homer", "", "", "Homer"),
        ("Pratchett, Terry", "Gaiman, Neil", "", "Terry Pratchett, Neil Gaiman"),
        ("Pratchett, Terry", "Gaiman, Neil|Briggs, Stephen", "Author|Narrator", "Terry Pratchett, Neil Gaiman"),
        ("Boulgakov, Mikhaïl", "Ligny, Claude", "Translator", "Mikhaïl Boulgakov"),
        ('"King, Stephen"', "", "", "Stephen King"),
        ("", "Doe, Jane", "", "Jane Doe"),
        ("", "", "", ""),
    ],
)
def test_authors_in_their_natural_order(tmp_path: Path, primary: str, secondary: str, roles: str, author: str) -> None:
    cells = {"Primary_Author": primary, "Secondary_Author": secondary, "Secondary_Author_Roles": roles}
    assert cell_of(tmp_path, "author", **cells) == author


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ('"A" is for Alibi', '"A" is for Alibi'),
        ('"I, Robot"', "I, Robot"),
        ('"The ""Genius"", a novel"', 'The "Genius", a novel'),
        ('Say "hi', 'Say "hi'),
        ('"Open', '"Open'),
    ],
)
def test_quotes_belong_to_the_title_unless_they_are_around_it(tmp_path: Path, title: str, text: str) -> None:
    records = (MARELLE | {"Title": title}, MARELLE)
    assert read_file(tmp_path, export(*records)).column("title") == [text, "Marelle"]


@pytest.mark.parametrize(
    ("date", "year"),
    [("1979", "1979"), ("[1979-05-01]", "1979-05-01"), ("c1979", "c1979"), ("1850-?", "1850-"), ("?", ""), ("", "")],
)
def test_dates_of_which_the_year_is_taken_later(tmp_path: Path, date: str, year: str) -> None:
    assert cell_of(tmp_path, "year", Date=date) == year


@pytest.mark.parametrize(
    ("count", "pages"),
    [("590 ", "590"), ("xii; 288", "288"), ("xiv, 321 pp.", "321"), ("0", ""), ("", ""), ("3 v.", "3 v.")],
)
def test_pages(tmp_path: Path, count: str, pages: str) -> None:
    assert cell_of(tmp_path, "pages", Page_Count=count) == pages


def test_of_several_languages_the_first_counts(tmp_path: Path) -> None:
    assert cell_of(tmp_path, "language", Languages='"English, French"') == "English"


def test_columns_come_and_go(tmp_path: Path) -> None:
    content = "ISBNs\tPublication\tBook Id\tTITLE\tPrimary Author\n2070291340\tParis\t1\tMarelle\tCortázar, Julio\n"
    read = read_file(tmp_path, content)
    assert read.table.columns == ("isbn", "title", "author", "publisher", "identifiers")
    assert read.records == [("2070291340", "Marelle", "Julio Cortázar", "", "librarything:1")]


def test_ragged_rows_are_refused_and_the_others_stay(tmp_path: Path) -> None:
    read = read_file(tmp_path, export(MARELLE) + "1\tTitle\n" + export(MARELLE).splitlines()[1])
    assert [(refusal.line, refusal.reason) for refusal in read.refused] == [(3, Reason.RAGGED)]
    assert read.lines == [2, 4]


@pytest.mark.parametrize("content", ["isbn,title,author,year\n", "\t" * 9 + "x" * 200_000])
def test_a_file_that_is_none(tmp_path: Path, content: str) -> None:
    with open_source(written(tmp_path, content)) as source:
        assert not librarything.recognises(source)
        with pytest.raises(UnusableFileError, match=r"line 1: .* export from LibraryThing"):
            librarything.read(source)


def test_an_import(config: Config, database: Database, tmp_path: Path) -> None:
    nothing = {"Book Id": "2", "Title": "No number", "ISBN": "[]"}
    path = written(tmp_path, export(MARELLE, nothing).encode("latin-1", "replace"))
    assert numbers(imported(config, path)) == (2, 0, 0, 0)
    assert rows_of(
        database, "SELECT isbn, title, author, year, publisher, language, pages FROM books ORDER BY isbn"
    ) == [
        ("2070291340", "Marelle", "Julio Cortázar", 1979, "Gallimard", "fr", 590),
        (None, "No number", "", None, None, None, None),
    ]
    assert numbers(imported(config, path)) == (0, 0, 2, 0)


def test_subjects_in_marc8_beside_titles_in_utf8(config: Config, database: Database, tmp_path: Path) -> None:
    """LibraryThing copies subjects from libraries without decoding them."""
    header = "Book Id\tTitle\tPrimary Author\tPublication\tDate\tISBN\tISBNs\tSubjects\n"
    damaged = (
        "1\tUn été\tAuteur, Anne\tHouse (1979), Poche\t1979\t[0306406152]\t\tFiction > ".encode()
        + b"V\xe5tsy\xe5yana\n"
    )
    needed = b"2\tUn \xe9t\xe9\tAuteur, Anne\t\t1979\t[0441172717]\t\t\n"
    outcome = imported(config, written(tmp_path, header.encode() + damaged + needed))
    assert numbers(outcome) == (1, 0, 0, 1)
    assert outcome.findings.refused.first == [(3, "title 'Un \\udce9t\\udce9' contains bytes that are not text")]
    assert rows_of(database, "SELECT title, author, publisher FROM books") == [("Un été", "Anne Auteur", "House")]
    assert rows_of(database, "SELECT name FROM subjects") == [("Fiction",)]
    assert outcome.findings.no_subjects.first == [
        (2, "'Fiction — V\\udce5tsy\\udce5yana' contains bytes that are not text")
    ]


@pytest.mark.parametrize(
    ("cell", "series"), [("Discworld (34)|City Watch (7)", "Discworld (34);City Watch (7)"), ("", "")]
)
def test_series_where_the_export_has_them(tmp_path: Path, cell: str, series: str) -> None:
    header = "Book Id\tTitle\tPrimary Author\tPublication\tISBN\tISBNs\tSeries"
    read = read_file(tmp_path, f"{header}\n1\tThud!\tTerry Pratchett\t\t[0306406152]\t\t{cell}\n")
    assert read.column("series") == [series]
