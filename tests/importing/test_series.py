"""Series on their way through the catalogue: from titles and columns, out as a file, and in again."""

from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.exporting import write_csv
from flyleaf.queries.catalogue import select_catalogue
from tests.importing.files import imported, numbers, rows_of, written

TITLES = "SELECT title, series FROM books ORDER BY id LIMIT 100"
HEADER = "isbn,title,author,year\n"
BRACKETS = (
    f'{HEADER}0441172717,"Heretics (Dune, #5)",Frank Herbert,1984\n'
    '0141439580,"Thud! (Discworld, #34; City Watch, #7)",Terry Pratchett,2005\n'
    "0306406152,Emma (a novel),Jane Austen,1815\n"
    "043942089X,Naruto (Vol. 3),Masashi Kishimoto,2000\n"
)
STORED = [
    ("Heretics", "Dune #5"),
    ("Thud!", "Discworld #34; City Watch #7"),
    ("Emma (a novel)", None),
    ("Naruto (Vol. 3)", "Naruto #3"),
]


def test_titles_lose_their_series_and_books_gain_them(config: Config, database: Database, tmp_path: Path) -> None:
    assert numbers(imported(config, written(tmp_path, BRACKETS))) == (4, 0, 0, 0)
    assert rows_of(database, TITLES) == STORED


def test_an_import_of_the_same_file_or_of_the_export_changes_nothing(
    config: Config, database: Database, tmp_path: Path
) -> None:
    source = written(tmp_path, BRACKETS)
    imported(config, source)
    exported = tmp_path / "export.csv"
    with database.transaction() as connection, exported.open("w", encoding="utf-8") as file:
        write_csv(select_catalogue(connection), file)
    assert "Discworld #34; City Watch #7" in exported.read_text(encoding="utf-8")
    for path in (source, exported, source):
        assert numbers(imported(config, path)) == (0, 0, 4, 0)
    assert rows_of(database, TITLES) == STORED


def test_a_file_without_series_leaves_those_that_are_known(config: Config, database: Database, tmp_path: Path) -> None:
    imported(config, written(tmp_path, BRACKETS))
    later = written(tmp_path, f"{HEADER}0441172717,Heretics,F. Herbert,1984\n0141439580,Thud! (Discworld #34),x,2005\n")
    assert numbers(imported(config, later)) == (0, 2, 0, 0)
    assert rows_of(database, TITLES)[:2] == [("Heretics", "Dune #5"), ("Thud!", "Discworld #34")]


def test_a_file_with_series_has_the_last_word(config: Config, database: Database, tmp_path: Path) -> None:
    imported(config, written(tmp_path, BRACKETS))
    later = written(
        tmp_path,
        "isbn,title,series,series_number\n0441172717,Heretics,,\n0141439580,Thud!,Discworld,34.0\n"
        "0306406152,Emma,Penguin Classics,\n",
    )
    assert numbers(imported(config, later)) == (0, 3, 0, 0)
    assert rows_of(database, TITLES)[:3] == [
        ("Heretics", None),
        ("Thud!", "Discworld #34"),
        ("Emma", "Penguin Classics"),
    ]


@pytest.mark.parametrize(
    ("cell", "series", "told"),
    [
        ("Dune #Special", "Dune", "series number 'Special' is not a number"),
        ("x" * 501, None, "series has a name of more than 500 characters"),
        ("x" * 500, "x" * 500, None),
        ("Dune; \x00", None, "series 'Dune; \\x00' contains bytes that are not text"),
    ],
)
def test_no_series_loses_its_row(
    config: Config, database: Database, tmp_path: Path, cell: str, series: str | None, told: str | None
) -> None:
    outcome = imported(config, written(tmp_path, f"isbn,title,series\n0441172717,Heretics,{cell}\n"))
    assert numbers(outcome) == (1, 0, 0, 0)
    assert rows_of(database, TITLES) == [("Heretics", series)]
    first = outcome.findings.left_empty.first
    assert first == [] if told is None else first[0][1].startswith(told)
