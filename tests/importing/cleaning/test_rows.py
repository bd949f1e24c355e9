"""From records to rows: which are refused, what is told, and that a batch gives what its rows give one by one."""

import random
from collections.abc import Sequence

import pytest

from flyleaf.importing.cleaning.rows import clean_columns, staged_columns
from flyleaf.importing.reporting.findings import SHOWN, Findings, Outcome
from flyleaf.importing.table import ROWS_AT_ONCE, Batch, Reason, Refusal, Table
from tests.importing.files import in_batches


def cleaned(
    rows: Sequence[Sequence[str]], columns: tuple[str, ...] = ("isbn", "title", "author", "year"), at_once: bool = True
) -> tuple[list[tuple[str, ...]], Findings]:
    findings = Findings()
    records = list(enumerate(rows, 2))
    one_by_one = (Batch([line], [[cell] for cell in row]) for line, row in records)
    table = Table(columns, (), in_batches(records) if at_once else one_by_one)
    places = [place for place, name in enumerate(staged_columns(table)) if name in ("line", "isbn13", *columns)]
    cleaned = (row for _, columns in clean_columns(table, findings) for row in zip(*columns, strict=True))
    return [tuple(row[place] for place in places) for row in cleaned], findings


@pytest.mark.parametrize(
    ("cell", "isbn", "isbn13"),
    [
        ("0441172717", "0441172717", "9780441172719"),
        ("0-441-17271-7", "0441172717", "9780441172719"),
        (" 0 441 17271 7 ", "0441172717", "9780441172719"),
        ("441172717", "0441172717", "9780441172719"),
        ("043942089x", "043942089X", "9780439420891"),
        ("978-0-441-17271-9", "9780441172719", "9780441172719"),
        ("9791090636071", "9791090636071", "9791090636071"),
        ("0441172718", "0441172718", ""),
        ("9780441172710", "9780441172710", ""),
    ],
)
def test_the_forms_of_an_isbn(cell: str, isbn: str, isbn13: str) -> None:
    rows, findings = cleaned([(cell, "Dune", "Frank Herbert", "1965")])
    assert rows == [("2", isbn13, isbn, "Dune", "Frank Herbert", "1965")]
    assert findings.wrong_digits.first == ([] if isbn13 else [(2, isbn)])


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        (
            ("9.78044E+12", "Dune", "", ""),
            Reason.ROUNDED_ISBN,
            "isbn '9.78044E+12': a spreadsheet has rounded it: format the column as text",
        ),
        (("9,78E+12", "Dune", "", ""), Reason.ROUNDED_ISBN, "isbn '9,78E+12': a spreadsheet has rounded it"),
        (
            ("0441172717\udce9", "Dune", "", ""),
            Reason.DAMAGED,
            "isbn '0441172717\\udce9': it contains characters other",
        ),
        (("0441172717", "Dun\udce9", "", ""), Reason.DAMAGED, "title 'Dun\\udce9' contains bytes that are not text"),
        (("0441172717", "", "Frank Herbert", "?"), Reason.NO_TITLE, "it has no title"),
        (("0441172717", "x" * 1001, "", ""), Reason.TOO_LONG, "title has 1,001 characters, more than 1,000"),
    ],
)
def test_refused_rows_are_told_and_the_others_stay(row: tuple[str, ...], reason: Reason, detail: str) -> None:
    good = ("0141439580", "Emma", "Jane Austen", "1815")
    rows, findings = cleaned([good, row, good])
    assert [cells[0] for cells in rows] == ["2", "4"]
    assert findings.refused.count == 1
    [(line, text)] = findings.refused.first
    assert line == 3
    assert text.startswith(detail)
    assert findings.reasons == {reason: 1}
    assert findings.left_empty.count == 0


@pytest.mark.parametrize(
    ("cell", "detail"),
    [
        ("044117271", "isbn '044117271': it has 9 characters, and adding leading zeros"),
        ("not a number", "isbn 'not a number': it contains characters other than"),
        ("\x1b]0;x\x07", "isbn '\\x1b]0;x\\x07': it contains characters other"),
    ],
)
def test_what_is_no_isbn_is_left_out_and_told(cell: str, detail: str) -> None:
    rows, findings = cleaned([(cell, "Dune", "", "")])
    assert rows == [("2", "", "", "Dune", "", "")]
    [(line, text)] = findings.wrong_isbns.first
    assert line == 2
    assert text.startswith(detail)
    assert findings.refused.count == 0


@pytest.mark.parametrize("cell", ["", " "])
def test_a_row_needs_no_isbn(cell: str) -> None:
    rows, findings = cleaned([(cell, "Dune", "", ""), ("0441172717", "Dune", "", "")])
    assert rows[0] == ("2", "", "", "Dune", "", "")
    assert list(findings.lines()) == []


@pytest.mark.parametrize("cell", ["9.78044E+12", "0441172717\udce9"])
def test_a_spoiled_isbn_is_left_out_if_the_row_has_another_identifier(cell: str) -> None:
    rows, findings = cleaned([(cell, "Dune", "61")], ("isbn", "title", "goodreads"))
    assert rows == [("2", "", "", "Dune", "61")]
    assert findings.wrong_isbns.count == 1


def test_identifiers_of_no_known_form_are_left_out_and_told() -> None:
    rows, findings = cleaned(
        [("0441172717", "Dune", "goodreads:61 asin:x lccn:2001-627090", "ocm0012", "B002MQYOFW")],
        ("isbn", "title", "identifiers", "oclc", "goodreads"),
    )
    assert rows == [("2", "9780441172719", "0441172717", "Dune", "goodreads:61 lccn:2001627090", "12", "")]
    assert [text for _, text in findings.left_empty.first] == [
        "asin 'x': it is not a B and nine letters or digits, such as B00BAXFECK",
        "goodreads 'B002MQYOFW': it is not a number such as 2767052",
    ]


def test_of_authors_that_do_not_fit_as_many_as_do_are_kept() -> None:
    names = ", ".join(f"Author {number}" for number in range(100))
    rows, findings = cleaned(
        [("0441172717", "Dune", names), ("0441172717", "Dune", "x" * 501)], ("isbn", "title", "author")
    )
    assert 480 < len(rows[0][4]) <= 500
    assert names.startswith(rows[0][4] + ", ")
    assert rows[1][4] == ""
    assert findings.left_empty.first[1] == (3, "author has 501 characters, more than 500")


def test_a_cell_that_can_not_be_stored_is_left_empty_and_told() -> None:
    rows, findings = cleaned(
        [("0441172717", "Dune", "", "unknown", "4,3", "100", "many")],
        ("isbn", "title", "author", "year", "average_rating", "ratings_count", "pages"),
    )
    assert rows == [("2", "9780441172719", "0441172717", "Dune", "", "", "", "100", "")]
    assert [text for _, text in findings.left_empty.first] == [
        "year 'unknown' has no year from -3000 to 2100",
        "average_rating '4,3' is not a number from 0 to 5",
        "pages 'many' is not a whole number",
    ]


@pytest.mark.parametrize(
    ("title", "series", "expected"),
    [
        ("Heretics (Dune, #5)", "", ("Heretics", "Dune #5")),
        ("Heretics (Dune, #5)", "Arrakis, 1", ("Heretics", "Arrakis #1; Dune #5")),
        ("Heretics (Dune, #5)", "dune", ("Heretics", "dune #5")),
        ("Heretics [Dune 5] ", "Dune #6", ("Heretics", "Dune #6")),
        ("Heretics (a novel)", "Dune #5", ("Heretics (a novel)", "Dune #5")),
        ("Heretics (a novel)", " ", ("Heretics (a novel)", "")),
        ("Heretics", "x" * 501, ("Heretics", "")),
        ("Heretics", "<i>Dune</i> &amp; more", ("Heretics", "Dune & more")),
    ],
)
def test_series_of_titles_and_of_cells(title: str, series: str, expected: tuple[str, str]) -> None:
    [row], _ = cleaned([("0441172717", title, series)], ("isbn", "title", "series"))
    assert row[3:] == expected


def test_a_series_of_a_title_in_a_file_without_series() -> None:
    table = Table(("isbn", "title"), (), in_batches([(2, ("0441172717", "Heretics (Dune, #5)"))]))
    assert staged_columns(table) == ("line", "isbn13", "series", "isbn", "title")
    [(_, columns)] = clean_columns(table, Findings())
    assert [cell for [cell] in columns] == ["2", "9780441172719", "Dune #5", "0441172717", "Heretics"]


def test_a_series_that_is_used_in_part_is_told() -> None:
    rows, findings = cleaned([("0441172717", "Dune", "Dune #Special")], ("isbn", "title", "series"))
    assert rows == [("2", "9780441172719", "0441172717", "Dune", "Dune")]
    assert findings.left_empty.first == [
        (2, "series number 'Special' is not a number, and the series is stored without it")
    ]


def test_a_batch_of_which_every_row_is_refused() -> None:
    rows, findings = cleaned([("", "", "", "")] * (ROWS_AT_ONCE + 1) + [("0441172717", "Dune", "", "")])
    assert len(rows) == 1
    assert findings.refused.count == ROWS_AT_ONCE + 1
    assert len(findings.refused.first) == SHOWN


def test_what_the_reader_refused_is_told_in_its_place() -> None:
    batch = Batch([2, 4], [["", ""], ["", " "]], [Refusal(3, Reason.RAGGED, "it has 1 cell", ("z",))], b"copied")
    findings = Findings()
    assert list(clean_columns(Table(("isbn", "title"), (), iter([batch])), findings)) == [(b"copied", [])]
    assert [line for line, _ in findings.refused.first] == [2, 3, 4]


def test_rows_at_once_and_one_by_one_are_the_same() -> None:
    dice = random.Random()
    isbns = ["0441172717"] * 20 + ["0441172718", "0-441-17271-7", "", "x"]
    titles = ["Dune"] * 20 + [" Dune", "", "D\u0301u  ne", "x" * 1001]
    years = ["1965"] * 20 + ["c1965", "", "0", "?"]
    for _ in range(100):
        rows = [
            (dice.choice(isbns), dice.choice(titles), dice.choice(["", "É"]), dice.choice(years))
            for _ in range(dice.randint(1, 20))
        ]
        (at_once, findings), (single, others) = cleaned(rows), cleaned(rows, at_once=False)
        assert at_once == single, rows
        assert list(findings.lines()) == list(others.lines())


def test_what_is_told_is_bounded() -> None:
    findings = Findings()
    for line in range(2, 1_000_002):
        findings.wrong_digits.add(line, "0441172718")
    lines = list(Outcome(0, 0, 1_000_000, findings).lines())
    assert lines[0] == "1,000,000 rows read: 0 added, 0 changed, 1,000,000 left alone, 0 refused."
    assert lines[1] == "1,000,000 imported with a wrong check digit, as in the file:"
    assert lines[2] == "  line 2: 0441172718"
    assert lines[-1] == "  and 999,980 more"
    assert len(lines) == SHOWN + 3
