"""CSV files: what is read, and what is said of the broken ones. Each has its exact bytes here."""

import csv
import io
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from flyleaf.importing.formats.csv_table import open_csv, read
from flyleaf.importing.reading.source import UnusableFileError, open_source
from flyleaf.importing.table import Batch, Reason, Refusal
from tests.importing.files import written

DUNE = ("0441172717", "Dune", "Frank Herbert", "1965")
EMMA = ("0141439580", "Emma", "Jane Austen", "1815")
FOUR = ("isbn", "title", "author", "year")
HEADER = b"isbn,title,author,year\n"


@dataclass
class Read:
    columns: tuple[str, ...] = ()
    records: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)  # with their lines
    refused: list[Refusal] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def refusals(self) -> list[tuple[int, Reason]]:
        return [(refusal.line, refusal.reason) for refusal in self.refused]


def records_of(batch: Batch) -> list[tuple[int, tuple[str, ...]]]:
    """Those for COPY too, which begin with line and isbn13 and, if the file has none, an empty series."""
    copied = [row.split("\t") for row in batch.copied.decode().splitlines()]
    rows = [(int(row[0]), tuple(row[-len(batch.columns) :])) for row in copied]
    return sorted(rows + list(zip(batch.lines, zip(*batch.columns, strict=True), strict=True)))


def table_of(folder: Path, content: bytes) -> Read:
    with open_source(written(folder, content)) as source:
        table = read(source)
        batches = list(table.batches)
        records = [record for batch in batches for record in records_of(batch)]
        refused = [refusal for batch in batches for refusal in batch.refused]
        return Read(table.columns, records, refused, table.ignored, table.remarks)


@pytest.mark.parametrize(
    "content",
    [
        b"isbn,title,author,year\n0441172717,Dune,Frank Herbert,1965\n",
        b"isbn,title,author,year\n0441172717,Dune,Frank Herbert,1965",
        b"isbn,title,author,year\r\n0441172717,Dune,Frank Herbert,1965\r\n",
        b"isbn,title,author,year\r0441172717,Dune,Frank Herbert,1965\r",
        b"\xef\xbb\xbfisbn,title,author,year\n0441172717,Dune,Frank Herbert,1965\n",
        b'\xef\xbb\xbf"isbn","title","author","year"\n"0441172717","Dune","Frank Herbert","1965"\n',
        b"isbn;title;author;year\n0441172717;Dune;Frank Herbert;1965\n",
        b"isbn\ttitle\tauthor\tyear\n0441172717\tDune\tFrank Herbert\t1965\n",
        b"isbn|title|author|year\n0441172717|Dune|Frank Herbert|1965\n",
        b" ISBN , Title,AUTHOR\t,yEAR\n0441172717,Dune,Frank Herbert,1965\n",
        b"Year,Shelf,Author,Title,ISBN\n1965,SF,Frank Herbert,Dune,0441172717\n",
        b'isbn,title,author,year\n="0441172717",Dune,Frank Herbert,1965\n',
        b'isbn,title,author,year\n"=""0441172717""",Dune,Frank Herbert,1965\n',
    ],
)
def test_the_same_book_in_every_form(tmp_path: Path, content: bytes) -> None:
    found = table_of(tmp_path, content)
    assert (found.columns, found.records, found.refused) == (FOUR, [(2, DUNE)], [])


@pytest.mark.parametrize(
    "header",
    [
        b"ISBN13,Name,Authors,Publication Year",
        b"isbn_13,Book Title,Author Name,Year Published",
        b"ISBN-13,Book-Title,Creator,publication date",
        b"EAN,TITLE,Writer,Date",
        b"isbn10,book_title,book author,original_publication_year",
        b"ISBN,Title,Author,pubdate",
        b"isbn_13,title,author_text,publish_date",
        b"Edition ISBN-13,Edition title,Authors labels,Edition publication date",
        "ISBN,Título,Autor,Año".encode(),
        "ISBN;TI\u0301TULO;Autora;Ano".replace(";", ",").encode(),
    ],
)
def test_the_names_that_people_give_columns(tmp_path: Path, header: bytes) -> None:
    found = table_of(tmp_path, header + b"\n0441172717,Dune,Frank Herbert,1965\n")
    assert (found.columns, found.records) == (FOUR, [(2, DUNE)])


@pytest.mark.parametrize("newer", ["", "pages,"])
def test_an_export_of_bookwyrm(tmp_path: Path, newer: str) -> None:
    header = (
        "title,author_text,remote_id,openlibrary_key,finna_key,inventaire_id,librarything_key,goodreads_key,bnf_id,viaf,"
        f"wikidata,asin,aasin,isfdb,isbn_10,isbn_13,oclc_number,{newer}start_date,finish_date,stopped_date,rating,"
        "review_name,review_cw,review_content,review_published,shelf,shelf_name,shelf_date\n"
    )
    pages = "300," if newer else ""
    row = (
        f"A title,Ann Author,https://example.org/book/1,,,,,,,,,,,,{{}},9780306406157,,{pages}2025-01-01,2025-02-01,,,,,,,"
        "read,Read,2025-02-01\n"
    )
    found = table_of(tmp_path, (header + row.format("0306406152") + row.format("")).encode())
    schemes = ("goodreads", "openlibrary", "inventaire", "oclc", "asin", "librarythingwork")
    assert found.columns == ("isbn", "title", "author", *(["pages"] if newer else []), *schemes)
    assert [cells[:3] for _, cells in found.records] == [
        ("0306406152", "A title", "Ann Author"),
        ("9780306406157", "A title", "Ann Author"),
    ]


def test_further_columns_by_other_names(tmp_path: Path) -> None:
    content = (
        b"isbn,title,Imprint,lang,num_pages,synopsis,avg rating,work_ratings_count\n0441172717,Dune,A,en,9,S,4,7\n"
    )
    found = table_of(tmp_path, content)
    assert found.columns == (
        "isbn", "title", "publisher", "language", "pages", "description", "average_rating", "ratings_count"
    )  # fmt: skip
    assert found.records == [(2, ("0441172717", "Dune", "A", "en", "9", "S", "4", "7"))]


def test_of_several_columns_for_one_the_plainest_name_counts(tmp_path: Path) -> None:
    found = table_of(tmp_path, b"isbn,original_publication_year,year,title,name\n0441172717,1965,1990,Dune,D\n")
    assert found.records == [(2, ("0441172717", "Dune", "1990"))]
    assert found.ignored == ("original_publication_year", "name")


def test_the_isbn_13_of_rows_without_the_other(tmp_path: Path) -> None:
    content = (
        b"isbn13,isbn,title\n9780441172719,0441172717,In the form of isbn\n9780441172719,,Empty\n"
        b"9.78E+12,0441172717,Rounded\n9780441172719,n/a,No number\n,,Neither\n"
    )
    records = table_of(tmp_path, content).records
    assert [cells[0] for _, cells in records] == ["0441172717", "9780441172719", "0441172717", "9780441172719", ""]


@pytest.mark.parametrize(
    ("header", "cells", "series", "ignored"),
    [
        ("series", "Dune #1", "Dune #1", ()),
        ("Series Name,Series Number", "Dune,1", "Dune #1", ()),
        ("series,series_index", "Dune,1.0", "Dune #1", ()),
        ("series,Volume", "Dune,vol. 2", "Dune #2", ()),
        ("series,volume", "Dune #1,7", "Dune #1", ()),
        ("series,volume", ",7", "", ()),
        ("Volume", "7", None, ("Volume",)),
    ],
)
def test_series_and_their_numbers(
    tmp_path: Path, header: str, cells: str, series: str | None, ignored: tuple[str, ...]
) -> None:
    found = table_of(tmp_path, f"isbn,title,{header}\n0441172717,Dune,{cells}\n".encode())
    assert found.columns == ("isbn", "title", *(() if series is None else ("series",)))
    assert found.records == [(2, ("0441172717", "Dune", *(() if series is None else (series,))))]
    assert found.ignored == ignored


def test_the_columns_of_the_extended_form_are_found_in_any_order(tmp_path: Path) -> None:
    found = table_of(
        tmp_path,
        b"ratings_count,Average Rating,description,pages,language,publisher,year,author,title,isbn\n"
        b"9,4.5,D,412,en,P,1,A,T,0441172717\n",
    )
    assert found.columns == (*FOUR, "publisher", "language", "pages", "description", "average_rating", "ratings_count")
    assert found.records == [(2, ("0441172717", "T", "A", "1", "P", "en", "412", "D", "4.5", "9"))]


def test_columns_that_nobody_reads_are_named(tmp_path: Path) -> None:
    assert table_of(tmp_path, b"isbn,title,author,year,Shelf,,My Rating \n").ignored == ("Shelf", "My Rating")


def test_a_file_without_author_and_year_is_used_and_they_are_reported(tmp_path: Path) -> None:
    found = table_of(tmp_path, b"title,isbn\nDune,0441172717\n")
    assert found.columns == ("isbn", "title")
    assert found.records == [(2, ("0441172717", "Dune"))]
    assert found.remarks == ("The header has no column for author and year: the books are imported without.",)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"sep=;\nisbn;title;author;year\n0441172717;Dune;Frank Herbert;1965\n", 3),
        (b'"sep=;"\r\nisbn;title;author;year\r\n0441172717;Dune;Frank Herbert;1965\r\n', 3),
        (b"\n \nisbn,title,author,year\n0441172717,Dune,Frank Herbert,1965\n", 4),
    ],
)
def test_lines_above_the_header(tmp_path: Path, content: bytes, line: int) -> None:
    assert table_of(tmp_path, content).records == [(line, DUNE)]


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b'isbn;title\n0441172717;"Dune; or, Sand, and more"\n', "Dune; or, Sand, and more"),
        (b"isbn\ttitle\n0441172717\tSand, wind; and stars | x\n", "Sand, wind; and stars | x"),
        (b'isbn,title\n0441172717,"A ; B ; C"\n0141439580,D ; E\n', "A ; B ; C"),
        (b'number;isbn;a name\n"1";"0441172717";"Dune"\n', "Dune"),
    ],
)
def test_the_delimiter_is_the_one_that_makes_the_columns(tmp_path: Path, content: bytes, title: str) -> None:
    content = content.replace(b"a name", b"Book Title")
    assert table_of(tmp_path, content).records[0][1][1] == title


def test_lines_are_counted_through_quoted_cells_and_empty_lines(tmp_path: Path) -> None:
    content = HEADER + b'\n1,"a\nb\r\nc\rd",x,1\n2,"say ""hi"", you",x,2\n\r\n0441172717,c,x,3\n'
    assert table_of(tmp_path, content).records == [
        (3, ("1", "a\nb\r\nc\rd", "x", "1")),
        (7, ("2", 'say "hi", you', "x", "2")),
        (9, ("0441172717", "c", "x", "3")),
    ]


def test_a_header_alone_has_no_records(tmp_path: Path) -> None:
    for content in (HEADER, HEADER.rstrip()):
        found = table_of(tmp_path, content)
        assert (found.columns, found.records) == (FOUR, [])


@pytest.mark.slow
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_many_lines_with_every_end(tmp_path: Path, end: bytes) -> None:
    rows = 60_000
    content = HEADER.replace(b"\n", end) + b"".join(b"0441172717,\xc3\xa9t\xc3\xa9,x,1%s" % end for _ in range(rows))
    records = table_of(tmp_path, content).records
    assert [line for line, _ in records] == list(range(2, rows + 2))
    assert {cells[1:] for _, cells in records} == {("été", "x", "1")}


@pytest.mark.parametrize(
    ("row", "title"),
    [
        (b'0441172717,The "best" book,x,1', 'The "best" book'),
        (b'0441172717,5" by 7",x,1', '5" by 7"'),
        (b'0441172717,"The ""best"" book",x,1', 'The "best" book'),
        (b'0441172717,"""Best"" book",x,1', '"Best" book'),
        (b'0441172717,"",x,1', ""),
        (b'0441172717,"""",x,1', '"'),
        (b'0441172717, "Dune",x,1', "Dune"),
        (b'0441172717,   "Dune, or the desert", "x",  1', "Dune, or the desert"),
        (b'0441172717 , "Dune" , "x" ,1', "Dune"),
        (b'0441172717,"Dune" \t,"x",1', "Dune"),
        (b'0441172717, "Best" book, x, 1', ' "Best" book'),
        (b'0441172717, 5" by 7", x, 1', '5" by 7"'),
        (b'0441172717, a "b, x, 1', 'a "b'),
        (b'0441172717, "b, x, 1', ' "b'),
        (b'"0441172717,""Dune, or the desert"",x,1"', "Dune, or the desert"),
        (b'"0441172717,Dune,x,1"', "Dune"),
        (b'"0441172717,""Dune\n2"",x,1"', "Dune\n2"),
        (b'"0441172717,"Dune, or the desert",x,1"', "Dune, or the desert"),
        (b"0441172717,'Tis pity,x,1", "'Tis pity"),
        (b"0441172717,'=1+1,x,1", "=1+1"),
        (b"0441172717,''=1+1,x,1", "'=1+1"),
        (b"0441172717,'-30-,x,1", "-30-"),
        (b"0441172717,=1+1,x,1", "=1+1"),
        (b'0441172717,"=""1984""",x,1', "1984"),
        (b"0441172717,a\tb\x0bc\x1b,x,1", "a\tb\x0bc\x1b"),
        (rb"0441172717,C:\new \N,x,1", r"C:\new \N"),
    ],
)
def test_cells_as_people_write_them(tmp_path: Path, row: bytes, title: str) -> None:
    found = table_of(tmp_path, HEADER + row + b"\n0141439580,Emma,Jane Austen,1815\n")
    [(line, (isbn, *others)), second] = found.records
    assert (line, isbn.strip(), [cell.strip() for cell in others[1:]]) == (2, "0441172717", ["x", "1"])
    assert others[0] == title
    assert second == (3 + row.count(b"\n"), EMMA)
    assert found.refused == []


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        (
            b"1,I, Robot,b,1",
            Reason.RAGGED,
            "it has 5 cells, but the header has 4: quote cells that contain the separator",
        ),
        (b"1,a,b", Reason.RAGGED, "it has 3 cells, but the header has 4"),
        (b"1", Reason.RAGGED, "it has 1 cell, but the header has 4"),
        (b'1,"a" b,c,1', Reason.UNREADABLE, "a cell goes on after its closing quote: double the quotes"),
        (b'1,"The "best" book",c,1', Reason.UNREADABLE, "a cell goes on after its closing quote"),
        (b'1,"a,b,1\n0439420890,"a",b,1', Reason.UNREADABLE, "a quote is opened here and not closed at the end of a"),
        (b"1," + b"x" * 10_000_000 + b",b,1", Reason.UNREADABLE, "it has a cell of more than 131,072 characters"),
        (b'1,"' + b"x" * 200_000 + b'",b,1', Reason.UNREADABLE, "it has a cell of more than 131,072 characters"),
    ],
    ids=range(8),
)
def test_rows_that_are_refused_and_the_others_stay(tmp_path: Path, row: bytes, reason: Reason, detail: str) -> None:
    dune, emma = (",".join(cells).encode() + b"\n" for cells in (DUNE, EMMA))
    found = table_of(tmp_path, HEADER + dune + row + b"\n" + emma)
    assert found.refusals == [(3, reason)]
    assert found.refused[0].detail.startswith(detail)
    assert (found.records[0], found.records[-1][1]) == ((2, DUNE), EMMA)
    assert len(found.records) == 2 + row.count(b"\n")


def test_a_row_that_can_not_be_read_is_kept_as_it_stands_up_to_a_length(tmp_path: Path) -> None:
    found = table_of(tmp_path, HEADER + b'1,"a" b,c,1\r\n' + b"2," + b"x" * 200_000 + b",b,1\n")
    assert [refusal.cells for refusal in found.refused] == [('1,"a" b,c,1',), ("2," + "x" * 998,)]


def test_a_file_of_which_most_rows_are_ragged_is_broken(tmp_path: Path) -> None:
    dune = ",".join(DUNE).encode() + b"\n"
    problem = (
        r"^21 of 41 rows have more or fewer cells than the header, which has 4: quote cells that contain the separator"
    )
    with pytest.raises(UnusableFileError, match=problem):
        table_of(tmp_path, HEADER + b"1,I, Robot,b,1\n" * 21 + dune * 20)
    assert len(table_of(tmp_path, HEADER + b"1,I, Robot,b,1\n" * 20 + dune * 20).refused) == 20
    assert len(table_of(tmp_path, HEADER + b"1,I, Robot,b,1\n" * 19).refused) == 19


@pytest.mark.parametrize(
    "header",
    [
        b'"isbn,title,author,year"',
        b'"isbn,""title"",author,year"',
        b'"isbn,title,author,year",,,',
        b"isbn,title,author,year",
    ],
)
@pytest.mark.parametrize("empty_cells", [b"", b",,,", b";;;"])  # as spreadsheets pad a row
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_whose_rows_are_quoted_as_a_whole(tmp_path: Path, header: bytes, end: bytes, empty_cells: bytes) -> None:
    rows = (b'"0441172717,Dune,""Herbert, Frank"",1965"', b'"0141439580,Emma,Jane Austen,1815"')
    found = table_of(tmp_path, end.join((header, *(row + empty_cells for row in rows), b"")))
    assert found.columns == FOUR
    assert found.records == [(2, ("0441172717", "Dune", "Herbert, Frank", "1965")), (3, EMMA)]
    assert found.refused == []


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (b'"0441172717,Dune,Herbert,1965,extra"', 5),
        (b'"0441172717,""Dune"",Herbert"', 3),
    ],
)
def test_a_row_that_is_quoted_as_a_whole_and_has_other_cells_than_the_header(
    tmp_path: Path, row: bytes, cells: int
) -> None:
    found = table_of(tmp_path, HEADER + row + b"\n")
    assert [refusal.detail for refusal in found.refused] == [
        f"it is quoted as a whole and has {cells} cells in it, but the header has 4: "
        "quote cells that contain the separator"
    ]


def test_a_row_of_a_single_cell_is_not_taken_for_a_quoted_row(tmp_path: Path) -> None:
    found = table_of(tmp_path, HEADER + b'"Dune, by Frank Herbert"\n"0441172717, or 0,Dune",,,\n')
    assert found.refusals == [(2, Reason.RAGGED)]
    assert found.records == [(3, ("0441172717, or 0,Dune", "", "", ""))]


def test_blanks_behind_the_separators(tmp_path: Path) -> None:
    content = (
        b'isbn, title, author, year\n9780306406157, "Dune, or the desert", "Herbert, Frank", 1965\n'
        b'0441172717, "Dune", "Frank Herbert", 1965\n'
    )
    assert table_of(tmp_path, content).records == [
        (2, ("9780306406157", "Dune, or the desert", "Herbert, Frank", "1965")),
        (3, DUNE),
    ]


@pytest.mark.parametrize("blank", ["\t", "\xa0", "\u202f", "\u3000", " \xa0 "])
def test_blanks_of_other_kinds_before_quotes(tmp_path: Path, blank: str) -> None:
    content = (
        f'isbn,{blank}"title",{blank}author,year\n'
        f'{blank}"9780306406157",{blank}"Dune, ""or""",{blank}"Her, F."{blank},1965\n'
        f'0441172717,"{blank}""Dune"",{blank}""A""{blank}","Herbert,{blank}",{blank}1965\n'
    )
    found = table_of(tmp_path, content.encode())
    assert found.refused == []
    assert [tuple(map(str.strip, cells)) for _, cells in found.records] == [
        ("9780306406157", 'Dune, "or"', "Her, F.", "1965"),
        ("0441172717", f'"Dune",{blank}"A"', f"Herbert,{blank}".strip(), "1965"),
    ]


def test_damaged_bytes_in_columns_that_are_not_imported_are_counted(tmp_path: Path) -> None:
    """The subjects are in MARC-8, as LibraryThing's are; and NUL bytes are damage, too."""
    content = "isbn,title,headings,remarks\n0441172717,Un été,".encode() + (
        b"V\xe5tsy\xe5yana,\xff\n0141439580,Emma,a\x00b,\n0439420890,\xc3\xa9,c,d\n"
    )
    with open_source(written(tmp_path, content)) as source:
        titles = [row[1] for batch in read(source).batches for _, row in records_of(batch)]
        assert titles == ["Un été", "Emma", "é"]
        assert source.remarks == [
            "Line 2 contains a byte that is not UTF-8: the text there is damaged. The rest is read.",
            "Damaged cells in columns that are not imported: 3.",
        ]


def test_a_damaged_cell_that_is_imported_is_handed_on(tmp_path: Path) -> None:
    content = HEADER + "0441172717,Dune,é,1965\n0141439580,Emm".encode() + b"\xe9,Jane Austen,1815\n1,a\x00,b,1\n"
    assert [cells[1] for _, cells in table_of(tmp_path, content).records] == ["Dune", "Emm\udce9", "a\0"]


UNUSABLE = [
    (b"", "it is empty: the first line must name the columns"),
    (b"\xef\xbb\xbf", "it is empty"),
    (b"\n\n  \n", "it is empty"),
    (b"0441172717,Dune,Frank Herbert,1965\n", "line 1: the first line holds a book, and must name the columns: put"),
    (b"9780441172719;Dune\n", "line 1: the first line holds a book"),
    (
        b"isbn,author\n1,a\n",
        "line 1: the header lacks title: it must name the columns title and isbn (or author, or an identifier",
    ),
    (
        b"a,b\n1,a\n",
        "line 1: the header lacks title: it must name the columns title and isbn (or author, or an identifier",
    ),
    (b"isbn,title,author,year,Title\n", "line 1: the header names title twice: rename or delete one of them."),
    (b"isbn,isbn13,title,ISBN-13\n", "line 1: the header names isbn13 twice: rename or delete one of them."),
    (HEADER + b'1,a,b,1\n2,"a\nb,c,1\n3,a,b,1\n', "line 3: a quote is opened here and never closed: close it, or"),
    (b'isbn,title,author,"year\n1,a,b,1\n', "line 1: a quote is opened here and never closed"),
    (HEADER + b'1,a,b,1\n2,"' + b"x\n" * 80_000, "line 3: a quote is opened here and never closed"),
    (HEADER + b'1,a,b,1\n2,"' + b"x\n" * 800_000, "line 3: a quote is opened here and never closed"),
    (
        HEADER + b'1,a,b,1\n2,"a' + b'\n","b' * 400_000,
        "line 3: it has more than 1,048,576 characters: a quote is opened",
    ),
    (HEADER + b'x","\n' * 30_000 + b'"b,\n', "line 22: a quote is opened here and never closed"),
    (HEADER + b"1,a,b,1\n" * 699 + b'2,"a,b,1\n' + b"3,a,b,1\n" * 50, "line 701: a quote is opened here"),
    (HEADER + b"1," + b"x" * 20_000_000 + b",b,1\n", "line 2: it is longer than 16,777,216"),
    (b"isbn,title" + b"x" * 200_000, "line 1: a cell of the header has more than 131,072 characters"),
]


@pytest.mark.parametrize(("content", "problem"), UNUSABLE, ids=range(len(UNUSABLE)))
def test_what_is_wrong_with_an_unusable_file(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(UnusableFileError) as caught:
        table_of(tmp_path, content)
    assert str(caught.value).startswith(problem)
    assert len(str(caught.value).splitlines()) == 1


def random_text(dice: random.Random, letters: str, longest: int) -> str:
    return "".join(dice.choices(letters, k=dice.randint(0, longest)))


def test_whatever_a_file_holds_only_one_kind_of_error_is_raised(tmp_path: Path) -> None:
    dice = random.Random()
    path = written(tmp_path, b"")
    for _ in range(500):
        start = dice.choice((b"", HEADER, b"isbn;title\r\n", b"title\tisbn\r", b'"isbn",title\n'))
        letters = dice.choice(('",\n0a', '"",;\t|\r\n\0\x1a\ufeff\u0301é\\\'="0441172717', "0441172717,\n"))
        content = start + dice.choice((random_text(dice, letters, 60).encode(), dice.randbytes(60)))
        path.write_bytes(content)
        try:
            with open_source(path) as source:
                for batch in read(source).batches:
                    records_of(batch)
        except UnusableFileError:
            pass
        except Exception as error:
            raise AssertionError(content) from error


@pytest.mark.slow
def test_what_the_csv_module_writes_is_read_back(tmp_path: Path) -> None:
    """Also where rows and cells end at the ends of blocks."""
    dice = random.Random()
    path = written(tmp_path, b"")
    for _ in range(40):
        end, delimiter = dice.choice(("\n", "\r\n", "\r")), dice.choice(",;\t|")
        letters = dice.choice(("a,;", "a\",;\t| é\u0301東'=\\", 'a"\r\n,é'))
        # Where it need not quote, the module leaves line ends other than its own unquoted.
        quotings: list[Literal[0, 1]] = [csv.QUOTE_ALL] if "\n" in letters else [csv.QUOTE_MINIMAL, csv.QUOTE_ALL]
        rows = [[random_text(dice, letters, 9) for _ in range(3)] for _ in range(dice.choice((1, 50, 8_000)))]
        rows = [row for row in rows if any(map(str.strip, row[1:]))]  # another may be one that is quoted as a whole
        rows = rows or [["1", "b", "c"]]
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, quoting=dice.choice(quotings), lineterminator=end).writerows(
            [["isbn", "b", "c"], *rows]
        )
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        with open_source(path) as source:
            columns = zip(*(batch.columns for batch in open_csv(source, delimiter).batches((2, 0, 1))), strict=True)
            third, first, second = ([cell for part in column for cell in part] for column in columns)
        # A blank at the beginning of a cell is nothing: a quote may follow it.
        read_back = [list(row) for row in zip(first, second, third, strict=True)]
        assert [[cell.lstrip(" ") for cell in row] for row in read_back] == [
            [cell.lstrip(" ") for cell in row] for row in rows
        ]
