"""Libib's export: collections of books, and of other things."""

from pathlib import Path

import pytest

from flyleaf.importing.table import Reason
from tests.importing.formats.tables import read_file

EXPORT = (
    "item_type,title,creators,first_name,last_name,collection,ean_isbn13,upc_isbn10,description,publisher,publish_date,"
    "group,tags,notes,price,length,number_of_discs,number_of_players,age_group,ensemble,aspect_ratio,esrb,rating,review,"
    "review_date,status,began,completed,added,copies\n"
)
TEMPLATE = (
    "added,creators,began_date,completed_date,copies,description,group,upc_isbn10,ean_isbn13,ddc,lcc,lccn,oclc,lexile,"
    "length_of,notes,price,publish_date,publisher,rating,review,review_date,status,tags,title\n"
)


def test_an_export(tmp_path: Path) -> None:
    rows = (
        'book,A title,"Ann Author, Ben Second",Ann,Author,Mine,9780306406157,0306406152,A blurb.,House,2000-05-01,,,,,'
        "300,,,,,,,4,,,Completed,,,2020-01-01,1\n"
        "book,Another,,Ann,Author,Mine,,0441172717,,,,,,,,,,,,,,,,,,,,,2020-01-01,1\n"
        "movie,A film,A Director,A,Director,Mine,9780306406157,883929106172,,,2001-01-01,,,,,120,,,,,,,,,,,,,,1\n"
    )
    read = read_file(tmp_path, EXPORT + rows)
    assert read.format == "libib"
    assert read.table.columns == ("isbn", "title", "author", "year", "publisher", "pages", "description", "subjects")
    assert read.records == [
        ("9780306406157", "A title", "Ann Author, Ben Second", "2000-05-01", "House", "300", "A blurb.", ""),
        ("0441172717", "Another", "Ann Author", "", "", "", "", ""),
    ]
    assert [(refusal.line, refusal.reason, refusal.detail) for refusal in read.refused] == [
        (4, Reason.NO_BOOK, "'movie' is not a book")
    ]


def test_the_names_of_its_template(tmp_path: Path) -> None:
    row = (
        "2020-01-01,Ann Author,,,1,,,,9780306406157,,,2001-627090,ocm00123,,304,,,1974,House,4,,,Completed,sf,A title\n"
    )
    read = read_file(tmp_path, TEMPLATE + row)
    book = ("9780306406157", "A title", "Ann Author", "1974", "House", "304", "")
    assert read.records == [(*book, "sf", "oclc:ocm00123 lccn:2001-627090")]


@pytest.mark.parametrize(
    ("kind", "is_book"),
    [("Books", True), ("ebook", True), ("Audiobook", True), ("", True), ("Movies", False), ("video game", False)],
)
def test_kinds_of_items(tmp_path: Path, kind: str, is_book: bool) -> None:
    read = read_file(tmp_path, f"item_type,title,creators,upc_isbn10\n{kind},A title,Ann Author,0306406152\n")
    assert read.column("isbn") == ["0306406152"] * is_book
    assert len(read.refused) == (not is_book)


@pytest.mark.parametrize(
    ("creators", "author"),
    [
        ('"Author, Ann"', "Ann Author"),
        ("Ann Author; Ben Second", "Ann Author, Ben Second"),
        ("", "Ann Author"),
        ('"Second, Ben"', "Second, Ben"),
    ],
)
def test_creators(tmp_path: Path, creators: str, author: str) -> None:
    content = f"title,creators,first_name,last_name,upc_isbn10\nA title,{creators},Ann,Author,0306406152\n"
    assert read_file(tmp_path, content).column("author") == [author]


@pytest.mark.parametrize("number", ["ean_isbn13", "upc_isbn10"])
def test_one_number_is_enough(tmp_path: Path, number: str) -> None:
    read = read_file(tmp_path, f"title,creators,{number}\nA title,Ann Author,0306406152\n")
    assert (read.format, read.records) == ("libib", [("0306406152", "A title", "Ann Author")])
