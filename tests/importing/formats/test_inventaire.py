"""Inventaire's export: items that are editions, and works without one."""

from pathlib import Path

import pytest

from tests.importing.formats.tables import read_file

HEADER = (
    "Item URL,Item details,Item notes,Item visibility,Item transaction,Item created,Shelves,Edition URL,"
    "Edition ISBN-13,Edition ISBN-10,Edition title,Edition subtitle,Edition publication date,Edition cover,"
    "Edition number of pages,Edition language,Works URLs,Works labels,Original language,"
    "Works Series ordinals,Authors URLs,Authors labels,"
    "Translators labels,Translators URLs,Series URLs,Series labels,Genres URLs,Genres labels,Subjects URLs,"
    "Subjects labels,Publisher URLs,Publisher label\n"
)
ROW = (
    "https://example.org/items/1,,,public,inventorying,2019-03-26T16:37:23.629Z,,https://example.org/entity/isbn:"
    '9780306406157,978-0-306-40615-7,0-306-40615-2,A title,{subtitle},2000-12-01,,300,English,,A work,English,,,"Ann '
    'Author,Ben Second",,,,,,"novel, essay",,desert,,House\n'
)


@pytest.mark.parametrize(("subtitle", "title"), [("", "A title"), ("and more", "A title: and more")])
def test_what_becomes_of_the_columns(tmp_path: Path, subtitle: str, title: str) -> None:
    read = read_file(tmp_path, HEADER + ROW.format(subtitle=subtitle))
    assert read.format == "inventaire"
    columns = "isbn title author year publisher language pages subjects series identifiers"
    assert " ".join(read.table.columns) == columns
    book = ("978-0-306-40615-7", title, "Ann Author, Ben Second", "2000-12-01", "House", "English", "300")
    assert read.records == [(*book, "novel; essay; desert;", "", "")]
    assert {"Item notes", "Translators labels"} <= set(read.table.ignored)


@pytest.mark.parametrize(
    ("labels", "ordinals", "series"),
    [("Dune", "2", "Dune #2"), ("Dune", "", "Dune"), ('"Dune,Arrakis"', '"2,1"', "Dune; Arrakis")],
)
def test_series(tmp_path: Path, labels: str, ordinals: str, series: str) -> None:
    content = "Edition ISBN-13,Works labels,Series labels,Works Series ordinals\n"
    read = read_file(tmp_path, f"{content}9780306406157,A work,{labels},{ordinals}\n")
    assert read.column("series") == [series]


def test_the_work_s_title_where_the_edition_has_none(tmp_path: Path) -> None:
    content = "Edition ISBN-13,Works labels,Authors labels\n9780306406157,A work,Ann Author\n,Another,Ben\n"
    assert read_file(tmp_path, content).records == [("9780306406157", "A work", "Ann Author"), ("", "Another", "Ben")]


def test_the_isbn_in_the_edition_s_address_where_the_columns_have_none(tmp_path: Path) -> None:
    content = (
        "Edition URL,Edition ISBN-13,Works labels,Authors labels\n"
        "https://inventaire.io/entity/isbn:9780306406157,,A work,Ann Author;Ben Second\n"
        "https://inventaire.io/entity/inv:0f1e2d3c4b5a69788796a5b4c3d2e1f0,,Another,Ann Author|Ben Second\n"
    )
    assert read_file(tmp_path, content).records == [
        ("9780306406157", "A work", "Ann Author, Ben Second", ""),
        ("", "Another", "Ann Author, Ben Second", "inventaire:0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
    ]


def test_columns_of_both_numbers_are_needed_to_recognise_it(tmp_path: Path) -> None:
    assert read_file(tmp_path, "Works labels,Authors labels\nA work,Ann Author\n").format == "csv"
