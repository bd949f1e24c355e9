"""CSV files: what is read, and what is said of the broken ones. Each has its exact bytes here."""

import os
from pathlib import Path

import pytest

from flyleaf.importing.formats.csv_table import read
from flyleaf.importing.source import BLOCK, UnusableFileError, open_source
from tests.importing.files import written


def table_of(folder: Path, content: bytes) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    """The columns, and the records with their lines."""
    with open_source(written(folder, content)) as source:
        table = read(source)
        records = [
            (line, cells)
            for batch in table.batches
            for line, cells in zip(batch.lines, zip(*batch.columns, strict=True), strict=True)
        ]
        assert source.position == source.size
        return table.columns, records


DUNE = ("0441172717", "Dune", "Frank Herbert", "1965")
FOUR = ("isbn", "title", "author", "year")


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
        b" ISBN , Title,AUTHOR\t,yEAR\n0441172717,Dune,Frank Herbert,1965\n",
        b"Year,Shelf,Author,Title,ISBN\n1965,SF,Frank Herbert,Dune,0441172717\n",
    ],
)
def test_the_same_book_in_every_form(tmp_path: Path, content: bytes) -> None:
    assert table_of(tmp_path, content) == (FOUR, [(2, DUNE)])


def test_the_columns_of_the_extended_form_are_found_in_any_order(tmp_path: Path) -> None:
    columns, records = table_of(
        tmp_path,
        b"ratings_count,Average Rating,description,pages,language,publisher,year,author,title,isbn\n"
        b"9,4.5,D,412,en,P,1,A,T,I\n",
    )
    assert columns == (*FOUR, "publisher", "language", "pages", "description", "average_rating", "ratings_count")
    assert records == [(2, ("I", "T", "A", "1", "P", "en", "412", "D", "4.5", "9"))]


def test_columns_that_nobody_reads_are_named(tmp_path: Path) -> None:
    with open_source(written(tmp_path, "isbn,title,author,year,Shelf,,My Rating \n")) as source:
        assert read(source).ignored == ("Shelf", "My Rating")


def test_lines_are_counted_through_quoted_cells_and_empty_lines(tmp_path: Path) -> None:
    content = b'isbn,title,author,year\n\n1,"a\nb\r\nc\rd",x,1\n2,"say ""hi"", you",x,2\n\r\n3,c,x,3\n'
    assert table_of(tmp_path, content)[1] == [
        (3, ("1", "a\nb\r\nc\rd", "x", "1")),
        (7, ("2", 'say "hi", you', "x", "2")),
        (9, ("3", "c", "x", "3")),
    ]


def test_a_header_alone_has_no_records(tmp_path: Path) -> None:
    assert table_of(tmp_path, b"isbn,title,author,year\n") == (FOUR, [])


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_whole_wherever_a_block_ends(tmp_path: Path, end: bytes) -> None:
    rows = BLOCK // 20
    content = b"isbn,title,author,year" + end + b"".join(b"%d,\xc3\xa9t\xc3\xa9,x,1%s" % (n, end) for n in range(rows))
    assert len(content) > BLOCK / 2
    content += content[content.index(end) + len(end) :] * 3
    records = table_of(tmp_path, content)[1]
    assert [line for line, _ in records] == list(range(2, 4 * rows + 2))
    assert {cells[1:] for _, cells in records} == {("été", "x", "1")}


UNUSABLE = [
    (b"", "it is empty: the first line must name the columns"),
    (b"\xef\xbb\xbf", "it is empty"),
    (b"\n\n  \n", "it is empty"),
    (b"0441172717,Dune,Frank Herbert,1965\n", "line 1: the header lacks isbn, title, author, year: it must name"),
    (b"isbn,title,author\n1,a,b\n", "line 1: the header lacks year: it must name the columns isbn, title, author and"),
    (b"\nisbn,title,author,year\n", "line 1: the header lacks isbn"),
    (b"isbn|title|author|year\n", "line 1: the header lacks isbn"),
    (b"isbn,title,author,year,Title\n", "line 1: the header names title twice: rename or delete one of them."),
    (b"isbn,title,author,year\n1,a,b,1\n1,I, Robot,b,1\n", "line 3: it has 5 cells, and the header 4: put cells"),
    (b"isbn,title,author,year\n\n1,a,b\n", "line 3: it has 3 cells, and the header 4"),
    (b'isbn,title,author,year\n1,a,b,1\n2,"a\nb,c,1\n3,a,b,1\n', "line 3: a quote is opened here and never closed"),
    (b'isbn,title,author,year\n1,"a" b,c,1\n', "line 2: a cell goes on after its closing quote"),
    (b'isbn,title,author,"year\n1,a,b,1\n', "line 1: a quote is opened here and never closed"),
    (b'isbn,title,author,year\n1,a,b,1\n2,"' + b"x\n" * 80_000, "line 3: a quote is opened and never closed, or a"),
    (b"isbn,title,author,year\n1," + b"x" * 10_000_000 + b",b,1\n", "line 2: it is longer than 1,048,576 bytes"),
    (b"isbn,title,author,year\n1," + b"x" * 200_000 + b",b,1\n", "line 2: a quote is opened and never closed, or a"),
    (
        b"isbn,title,author,year\n1,a,b,1\n2,Caf\xe9,b,1\n",
        "line 3: byte 0xe9 is not UTF-8: save the file as CSV (UTF-8).",
    ),
    (b"isbn,title,author,year\n1,\xed\xa0\x80,b,1\n", "line 2: byte 0xed is not UTF-8"),
    (b"isbn,title,author,year\n1,a,b,1\r\n2,a\x00,b,1\n", "line 3: it holds a NUL byte: is this a text file?"),
    ("isbn,title,author,year\n".encode("utf-16"), "it is UTF-16: save it as UTF-8."),
    ("isbn,title,author,year\n".encode("utf-16-be"), "line 1: it holds a NUL byte"),
    (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "it is compressed: unpack it with gunzip first."),
    (b"PK\x03\x04\x14\x00", "it is a ZIP archive or a spreadsheet: unpack it, or save it as CSV (UTF-8)."),
]


@pytest.mark.parametrize(("content", "problem"), UNUSABLE, ids=range(len(UNUSABLE)))
def test_what_is_wrong_with_an_unusable_file(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(UnusableFileError) as caught:
        table_of(tmp_path, content)
    assert str(caught.value).startswith(problem)
    assert len(str(caught.value).splitlines()) == 1


def test_an_unclosed_quote_behind_many_rows_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="line 701: a quote is opened here"):
        table_of(tmp_path, b"isbn,title,author,year\n" + b"1,a,b,1\n" * 699 + b'2,"a,b,1\n' + b"3,a,b,1\n" * 50)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="it is a folder: name a file in it"), open_source(tmp_path):
        pass


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="there is no such file"), open_source(tmp_path / "no.csv"):
        pass


def test_a_name_with_a_nul(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match="it can't be opened: embedded null"), open_source(tmp_path / "a\0b"):
        pass


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device(path: str) -> None:
    with pytest.raises(UnusableFileError, match="it is a device or a pipe"), open_source(Path(path)):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, "isbn,title,author,year\n")
    path.chmod(0)
    with pytest.raises(UnusableFileError, match="it can't be opened: Permission denied"), open_source(path):
        pass
