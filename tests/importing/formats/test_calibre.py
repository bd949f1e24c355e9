"""Calibre's catalogue in CSV: whichever columns were chosen, and the date that stands for none."""

from pathlib import Path

import pytest

from tests.importing.formats.tables import read_file

HEADER = (
    "author_sort,authors,comments,cover,formats,id,identifiers,isbn,languages,library_name,pubdate,publisher,rating,"
    "series,series_index,size,tags,timestamp,title,title_sort,uuid\n"
)
ROW = (
    '"Author, Ann & Second, Ben","Ann Author & Ben Second","<div><p>First.</p></div>","/c.jpg","epub","1",'
    '"goodreads:61,isbn:9780306406157","","eng, fra","Library","1999-03-05T01:00:00+01:00","House","5","A Series",'
    '"2.0","1","a, b","2021-01-19T22:41:16+01:00","A title","Title, A","u1"\n'
)
COLUMNS = tuple("isbn title author year publisher language description subjects series identifiers".split())


def test_a_catalogue_of_all_columns(tmp_path: Path) -> None:
    read = read_file(tmp_path, HEADER + ROW)
    assert (read.format, read.table.columns) == ("calibre", COLUMNS)
    book = ("9780306406157", "A title", "Ann Author, Ben Second", "1999", "House", "eng", "<div><p>First.</p></div>")
    assert read.records == [(*book, "a; b;", "A Series #2", "goodreads:61")]
    assert {"rating", "formats", "uuid"} <= set(read.table.ignored)


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("0101-01-01T00:00:00+00:00", ""),
        ("0100-12-31T19:00:00-05:00", ""),
        ("0101-01-01T01:00:00+01:00", ""),
        ("01/01/0101", ""),
        ("1/1/101", ""),
        ("12/31/100", ""),
        ("1 janv. 101", ""),
        ("2008-06-05T22:00:00.100+00:00", "2008"),
        ("0180-01-01T00:00:00+00:00", "180"),
        ("0008-01-01T00:00:00+00:00", "8"),
        ("2008-06-05T22:00:00+00:00", "2008"),
        ("2008", "2008"),
        ("", ""),
        ("soon", "soon"),
    ],
)
def test_dates(tmp_path: Path, date: str, year: str) -> None:
    """What is none, "soon", is for the rule of years to tell."""
    header = "authors,author_sort,isbn,identifiers,comments,languages,title,publisher,pubdate\n"
    row = f'"A. Writer & B. Second","Writer, A.","9780306406157","","","eng","No date","Press","{date}"\n'
    read = read_file(tmp_path, header + row)
    assert (read.format, read.column("year"), read.column("author")) == ("calibre", [year], ["A. Writer, B. Second"])


@pytest.mark.parametrize(
    "identifiers", ["ISBN:9780306406157", "goodreads:61, isbn13:9780306406157", "urn:isbn:9780306406157"]
)
def test_identifiers(tmp_path: Path, identifiers: str) -> None:
    read = read_file(tmp_path, f'title,authors,identifiers,uuid\nA title,Ann Author,"{identifiers}",u\n')
    assert read.column("isbn") == ["9780306406157"]


@pytest.mark.parametrize("unknown", ["Unknown", "Desconocido", "Desconhecido(a)"])
def test_an_author_who_is_not_known(tmp_path: Path, unknown: str) -> None:
    read = read_file(tmp_path, f"title,authors,isbn,uuid,cover\nA title,{unknown},9780306406157,u,c\n")
    assert read.column("author") == [""]


def test_a_catalogue_of_few_columns(tmp_path: Path) -> None:
    read = read_file(
        tmp_path, "\ufefftitle,authors,#pages,identifiers,uuid\nA title,Ann Author,300,isbn:9780306406157,u\n"
    )
    assert (read.format, read.records) == ("calibre", [("9780306406157", "A title", "Ann Author", "300", "")])


def test_other_tables_of_titles_and_authors_are_not_its(tmp_path: Path) -> None:
    assert read_file(tmp_path, "title,authors,isbn,pubdate\nA title,Ann Author,9780306406157,1999\n").format == "csv"
