"""The quick way to COPY gives what the slow one gives, whatever the file holds."""

import random
import sys
import unicodedata
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest

from flyleaf.importing.cleaning.plain_rows import _LOOK, _NEVER, _SIGNS, PlainReader
from flyleaf.importing.cleaning.subjects import SubjectIds
from flyleaf.importing.formats.csv_table import read
from flyleaf.importing.loading.staging import _copy_texts
from flyleaf.importing.reading.source import open_source
from flyleaf.importing.reporting.findings import Findings
from flyleaf.isbn import isbn13
from tests.importing.files import written

pytestmark = pytest.mark.slow

IDENTIFIERS = {
    "goodreads": ("", "61", "061", "1 2", "61;62", "61-dune"),
    "asin": ("", "B002MQYOFW", "b002mqyofw", "0441172717"),
    "identifiers": (
        "",
        "goodreads:61",
        "goodreads:61 asin:B002MQYOFW",
        "goodreads:61,asin:B002MQYOFW",
        "x:1",
        "isbn:1",
    ),
}
FOUR = ("isbn", "title", "author", "year")


def staged(path: Path) -> tuple[list[list[str]], list[str]]:
    """The rows for the staging table, in the order of their lines, and what is told of the others."""
    findings = Findings()
    with open_source(path) as source:
        copied = b"".join(_copy_texts(read(source), findings, SubjectIds(StringIO(), findings))).decode()
    rows = [row.split("\t") for row in copied.split("\n")[:-1]]
    return sorted([str(int(line)), *cells] for line, *cells in rows), list(findings.lines())


def number(dice: random.Random) -> str:
    if dice.random() < 0.9:
        start = dice.choice(("", "978", "979")) + "".join(dice.choices("0123456789", k=9))
        return next(f"{start}{check}" for check in "0123456789X" if isbn13(f"{start}{check}"))
    return dice.choice(
        (
            "",
            "0441172718",
            "0-441-17271-7",
            "9770441172719",
            "044117271x",
            "0441172X17",
            "441172717",
            "97804411727190",
            "=1",
        )
    )


def cell(dice: random.Random, name: str) -> str:
    if name.startswith("isbn"):
        return number(dice)
    if name == "year" and dice.random() < 0.9:
        return dice.choice(("", "1965", "-500", "800"))
    if name == "average_rating" and dice.random() < 0.9:
        return dice.choice(("", "4", "4.26", "5.0"))
    if name.startswith("series"):
        return dice.choice(("", "", "Dune", "Dune, #1", "2", "bk. 3", "Special", "<i>Dune</i>", "Folio ; 12"))
    if name in IDENTIFIERS and dice.random() < 0.9:
        return dice.choice(IDENTIFIERS[name])
    if dice.random() < 0.7:
        return dice.choice(
            ("Dune", "Élan vital", "Война и мир", "東京物語", "A, B", 'The "best"', "Kōbō", "Ω", "한국", "A (B, #1)")
        )
    letters = "aé\u0301\u00a0\u00ad\u200c\x01\x7f\x85 \t\\'=,;\"\u1100\u1161ᾳ\u0374\uf900😀"
    return "".join(dice.choices(letters, k=dice.choice((1, 2, 3, 1001))))


def line(dice: random.Random, cells: Sequence[str], delimiter: str) -> str:
    """Mostly quoted as it should be."""
    if dice.random() < 0.002:
        return delimiter.join(cells)
    quoted = (
        '"{}"'.format(cell.replace('"', '""')) if dice.random() < 0.2 or delimiter in cell or '"' in cell else cell
        for cell in cells
    )
    row = delimiter.join(quoted)
    return row + delimiter if dice.random() < 0.01 else row if dice.random() > 0.01 else ""


def test_whatever_a_file_holds_both_ways_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random()
    path = written(tmp_path, b"")
    for _ in range(100):
        names = [
            *FOUR,
            "Shelf",
            "average_rating",
            "isbn13",
            "publisher",
            "genres",
            "series",
            "series_number",
            *IDENTIFIERS,
        ]
        names = dice.sample(names, dice.randint(3, len(names))) if dice.random() < 0.5 else [*FOUR]
        names = list(dict.fromkeys(("isbn", "title", *names))) if dice.random() < 0.5 else [*FOUR, "average_rating"]
        end, delimiter = dice.choice(("\n", "\n", "\r\n", "\r")), dice.choice(",,;\t|")
        rows = [line(dice, [cell(dice, name) for name in names], delimiter) for _ in range(dice.randint(0, 200))]
        text = end.join([delimiter.join(names), *rows]) + dice.choice((end, ""))
        path.write_text(text, encoding="utf-8", newline="")
        quick = staged(path)
        with monkeypatch.context() as patch:
            patch.setattr(PlainReader, "read", lambda self, text, first: None)
            assert quick == staged(path), text


@pytest.mark.parametrize(
    ("row", "is_plain"),
    [
        ("0441172717,Dune,Frank Herbert,1965", True),
        ("9780441172719,Dune,,", True),
        ("9791090636071,Élan vital,Ж,-500", True),
        ("043942089X,東京,한국,800", True),
        ('0441172717,"Dune, or ""Sand""",x,1965', True),
        ('"0441172717","Dune","x","1965"', True),
        ("0441172717,“Dune” – Ω,x,1965", True),
        ("0441172717,Sense & Sensibility <3,x,1965", True),
        ("0441172717,Sense &amp; Sensibility,x,1965", False),
        ("0441172717,<i>Dune</i>,x,1965", False),
        ("0441172717,Dune,x,c1965", False),
        ("0441172717,Dune,x,01965", False),
        ("0441172717,Dune ,x,1965", False),
        (" 0441172717,Dune,x,1965", False),
        ("0441172717,Du  ne,x,1965", False),
        ('0441172717," Dune",x,1965', False),
        ("0441172717,Du\tne,x,1965", False),
        ("0441172717,Dune\tx,1965", False),
        ("0441172717,Du\\ne,x,1965", False),
        ("0441172717,Du\u00a0ne,x,1965", False),
        ("0441172717,Cafe\u0301,x,1965", False),
        ("0441172717,,x,1965", False),
        ("0441172717,'=1,x,1965", False),
        ("0441172717," + "x" * 1001 + ",x,1965", False),
        ("0441172718,Dune,x,1965", False),
        ("043942089x,Dune,x,1965", False),
        ("9770441172719,Dune,x,1965", False),
        ("04411727170000,Dune,x,1965", False),
        ("0441172717,Dune,x", False),
        ("0441172717,Dune,x,1965,", False),
        ('0441172717,"Dune (Dune, #1)",x,1965', False),
        ("0441172717,Dune [Dune 1],x,1965", False),
        ("0441172717,(Dune) 1,x (y),1965", True),
        ("", False),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_which_rows_are_plain(row: str, is_plain: bool, end: str) -> None:
    rows = PlainReader(4, range(4), FOUR, ",").read(f"0141439580,Emma,x,1815{end}{row}{end}", 7)
    assert rows is not None
    assert [line for line, _ in rows.others] == ([] if is_plain else [8])
    assert rows.lines == 2
    assert rows.copied.count(b"\n") == 1 + is_plain
    assert rows.copied.startswith(b"000000000007\t9780141439587\t\t0141439580\tEmma\tx\t1815\n")


@pytest.mark.parametrize(
    "text",
    [
        '0441172717,"Du\nne",x,1965\n',
        '0441172717,The "best",x,1965\n',
        '0441172717,"The" best,x,1965\n',
        '0441172717,"Dune,x,1965\n',
        "0441172717,Dune,x,1965\r0441172717,Dune,x,1965\r",
        "0441172717,Dune,x,1965\r\r\n",
    ],
)
def test_text_that_takes_more_than_arithmetic(text: str) -> None:
    assert PlainReader(4, range(4), FOUR, ",").read(text, 2) is None


def test_columns_of_the_file_in_another_order_and_others_between_them() -> None:
    rows = PlainReader(4, (3, 0), ("isbn", "title"), ";").read("Dune;x;y;0441172717\nEmma;;;0141439580", 2)
    assert rows is not None
    assert rows.copied.decode().splitlines() == [
        "000000000002\t9780441172719\t\t0441172717\tDune",
        "000000000003\t9780141439587\t\t0141439580\tEmma",
    ]


def test_rows_of_a_file_with_series_are_plain_without_one() -> None:
    columns = ("isbn", "title", "series")
    rows = PlainReader(3, range(3), columns, ",").read("0441172717,Dune,Dune #1\n0141439580,Emma,\n", 2)
    assert rows is not None
    assert rows.copied == b"000000000003\t9780141439587\t0141439580\tEmma\t\n"
    assert [number for number, _ in rows.others] == [2]


def test_every_check_digit() -> None:
    dice = random.Random()
    numbers = [
        dice.choice(("", "978", "979", "977", "800"))
        + "".join(dice.choices("0123456789", k=9))
        + dice.choice("0123456789X")
        for _ in range(5_000)
    ]
    rows = PlainReader(2, range(2), ("isbn", "title"), ",").read("".join(f"{isbn},x\n" for isbn in numbers), 0)
    assert rows is not None
    found = [row.split("\t")[1:4:2] for row in rows.copied.decode().splitlines()]
    assert found == [[thirteen, isbn] for isbn in numbers if (thirteen := isbn13(isbn))]


def test_first_bytes_of_which_nothing_is_looked_at_begin_letters_that_no_rule_changes() -> None:
    seconds: set[str] = set()  # characters that compose with the one before them, or are put in order
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    for character in characters:
        decomposed = unicodedata.normalize("NFD", character)
        if decomposed != character:
            seconds.update(decomposed[1:])
    for character in characters:
        if not _SIGNS[character.encode()[0]] and character not in "\t\n":
            assert character.isprintable(), hex(ord(character))
            assert unicodedata.normalize("NFC", character) == character, hex(ord(character))
            assert not unicodedata.combining(character), hex(ord(character))
            assert character not in seconds, hex(ord(character))
    assert {_SIGNS[byte] for byte in range(0x80, 0xC0)} == {0}
    assert {_SIGNS[byte] for byte in b"\0\r\x7f\\"} == {_NEVER}
    assert _SIGNS["\u0301".encode()[0]] == _LOOK
