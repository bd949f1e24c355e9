"""Rows as readers' exports have them, and which book each is: no row is surely matched with another one.

`match_catalogue.csv` has the books; those of one `work` are its editions. A line of `match_rows.tsv` has the label, the
work, the site, and what the site's export says: title, author, other authors, ISBN. The labels are

    sure    the row is this work, and is to be matched surely
    may     the row is this work, but it would be no mistake to leave it to the reader
    not     title or author say too little, or another work: nothing is to be matched surely
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, text

from flyleaf.history import HistoryRow
from flyleaf.importing.history import read_upload
from flyleaf.queries import book_matches
from flyleaf.queries.book_matches import Match, MatchKind, WantedBook, match_books
from tests.plans import analyze, explain, recorded
from tests.queries.reading_history_files import SITES, Cells

HERE = Path(__file__).parent
LISTS = (  # the first two written without a look at the rule, the third against it; how much is to be found of each
    ("match_rows.tsv", 535, 0.97),
    ("match_rows_later.tsv", 161, 1),
    ("match_rows_hard.tsv", 98, 1),
)


class Row(NamedTuple):
    """A labelled row: what it is, and what an export says of it."""

    kind: str
    label: str
    work: str
    site: str
    cells: Cells


def labelled(name: str) -> Iterator[Row]:
    kind = ""
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            kind = line[2:]
            continue
        label, work, site, *cells = line.split("\t")
        yield Row(kind, label, work, site, Cells(*cells))


def read(rows: Sequence[Row]) -> list[HistoryRow | None]:
    """Return what the site's own reader makes of each row; None: it can't be used."""
    found: list[HistoryRow | None] = [None] * len(rows)
    numbered = sorted(enumerate(rows), key=lambda one: one[1].site)
    for site, some in groupby(numbered, key=lambda one: one[1].site):
        places, of_site = zip(*some, strict=True)
        file = io.BytesIO(SITES[site]([row.cells for row in of_site]).encode())
        with read_upload(file) as history:
            for place, row in zip(places, history.rows, strict=True):
                found[place] = row if isinstance(row, HistoryRow) else None
    return found


@pytest.fixture
def works(connection: Connection) -> dict[int, str]:
    """The work of each book of the catalogue, which is there until the test ends."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))  # on a busy machine the books take a while
    with (HERE / "match_catalogue.csv").open(encoding="utf-8", newline="") as file:
        books = list(csv.DictReader(file))
    rows = connection.execute(
        text("""
            INSERT INTO books (isbn, isbn13, title, author, year, language, series)
            SELECT isbn, isbn, title, author, CAST(nullif(year, '') AS smallint), language, nullif(series, '')
              FROM unnest(CAST(:isbn AS text[]), CAST(:title AS text[]), CAST(:author AS text[]),
                          CAST(:year AS text[]), CAST(:language AS text[]), CAST(:series AS text[]))
                   AS new (isbn, title, author, year, language, series)
            RETURNING id, isbn
        """),
        {name: [book[name] for book in books] for name in ("isbn", "title", "author", "year", "language", "series")},
    )
    work_of = {book["isbn"]: book["work"] for book in books}
    works = {row.id: work_of[row.isbn] for row in rows}
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"))
    return works


def matched(connection: Connection, rows: Sequence[Row]) -> dict[Row, Match]:
    """Return the matches of the rows that can be used."""
    usable = [(row, said) for row, said in zip(rows, read(rows), strict=True) if said]
    wanted = [WantedBook(said.title, said.author, said.series, said.identity, said.identifiers) for _, said in usable]
    return {row: match for (row, _), match in zip(usable, match_books(connection, wanted), strict=True)}


def wrongly_matched(found: dict[Row, Match], works: dict[int, str]) -> list[tuple[str, Cells]]:
    return [
        (works[match.book_id], row.cells)
        for row, match in found.items()
        if match.kind.is_sure and match.book_id and (row.label == "not" or works[match.book_id] != row.work)
    ]


def test_no_row_is_surely_matched_with_another_book(connection: Connection, works: dict[int, str]) -> None:
    for name, least_rows, least_recall in LISTS:
        rows = list(labelled(name))
        assert len(rows) >= least_rows
        found = matched(connection, rows)
        assert wrongly_matched(found, works) == []
        to_find = [row for row in rows if row.label == "sure"]
        missed = [row for row in to_find if row not in found or not found[row].kind.is_sure]
        assert len(to_find) - len(missed) >= least_recall * len(to_find), missed


def test_a_common_surname_does_not_read_all_works_with_a_common_word(
    connection: Connection, works: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute(text("SELECT search_fold_vocabulary()"))
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    analyze(connection)
    monkeypatch.setattr(book_matches, "_COMMON", 50)
    with recorded(connection.engine, "WITH") as statements:
        assert match_books(connection, [WantedBook("the", "of the", None, None, ())]) == [Match(MatchKind.NONE)]
    plan = explain(connection, *statements[-1])
    assert connection.scalar(text("SELECT works FROM search_vocabulary WHERE word = 'the'")) > 100
    of_words = [node["Actual Rows"] for node in plan.nodes if node.get("Index Name", "").endswith("_words")]
    assert of_words == [0]


def test_a_row_with_many_identifiers_has_few_looked_up(connection: Connection, works: dict[int, str]) -> None:
    with recorded(connection.engine, "WITH") as statements:
        match_books(connection, [WantedBook("A", "B", None, None, tuple(f"goodreads:{n}" for n in range(10_000)))])
    assert explain(connection, *statements[0]).rows < 200
