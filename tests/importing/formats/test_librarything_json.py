"""LibraryThing's export in JSON, in all the forms that PHP gives its values."""

import json
from pathlib import Path
from typing import Any

import pytest

from flyleaf.importing.reading.source import BLOCK, UnusableFileError
from flyleaf.importing.table import Reason
from tests.importing.formats.tables import read_file

BOOK: dict[str, Any] = {
    "books_id": "61",
    "title": "A title",
    "sortcharacter": "1",
    "primaryauthor": "Author, Ann",
    "authors": [{"lf": "Author, Ann", "fl": "Ann Author"}],
    "publication": "House (2001), Paperback",
    "date": "2001",
    "isbn": {"0": "0306406152", "2": "9780306406157"},
    "originalisbn": "0306406152",
    "language": ["English"],
    "pages": "288",
    "genre": ["Fiction"],
    "subject": [["Dogs", "Training"], None],
}
_FACTS = ("0306406152", "A title", "Ann Author", "2001", "House", "English", "288")
ROW = (*_FACTS, "Fiction; Dogs -- Training;", "", "librarything:61")


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("outer", [{"61": BOOK, "62": BOOK}, [BOOK, BOOK], {'a "key": }': BOOK, "]": BOOK}])
@pytest.mark.parametrize("before", ["", "\ufeff", " \n"])
def test_what_becomes_of_the_values(tmp_path: Path, outer: Any, indent: int | None, before: str) -> None:
    read = read_file(tmp_path, before + json.dumps(outer, indent=indent))
    assert (read.format, read.table.unit) == ("librarything-json", "record")
    assert (read.records, read.lines, read.refused) == ([ROW, ROW], [1, 2], [])


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("isbn", {"isbn": [], "originalisbn": "9780306406157"}, "9780306406157"),
        ("isbn", {"isbn": "9780306406157", "originalisbn": None}, "9780306406157"),
        ("isbn", {"isbn": ["x", "9780306406157"]}, "9780306406157"),
        ("isbn", {"isbn": [], "originalisbn": ""}, ""),
        ("isbn", {"isbn": {"0": "[0306406152]"}}, "0306406152"),
        ("isbn", {"isbn": [], "originalisbn": "", "ean": ["9780306406157"]}, "9780306406157"),
        ("author", {"authors": [[]]}, "Ann Author"),
        ("author", {"authors": None, "primaryauthor": "Plato"}, "Plato"),
        ("author", {"authors": [{"lf": "King, Stephen"}]}, "Stephen King"),
        (
            "author",
            {"authors": [{"fl": "A B", "role": "Author"}, {"fl": "C D", "role": "Translator"}, {"fl": "E F"}]},
            "A B, E F",
        ),
        ("series", {"series": ["Discworld (34)", "City Watch (7)"]}, "Discworld (34); City Watch (7)"),
        ("series", {"series": {"1": "Discworld"}}, "Discworld"),
        ("year", {"date": "?"}, ""),
        ("year", {"date": 1999}, "1999"),
        ("language", {"language": ["French", "English"]}, "French"),
        ("language", {"language": []}, ""),
        ("language", {"language": [], "language_codeA": ["eng"]}, "eng"),
        ("publisher", {"publication": "New York : Scribner, 2001"}, "Scribner"),
        ("pages", {"pages": "xii; 288 "}, "288"),
        ("title", {"title": "Été \ud83d\ude00"}, "Été 😀"),
        ("title", {"title": "half \ud83d letter"}, "half  letter"),
    ],
)
def test_values(tmp_path: Path, column: str, value: dict[str, Any], text: str) -> None:
    assert read_file(tmp_path, json.dumps({"61": BOOK | value})).column(column) == [text]


def test_the_keys_may_stand_in_any_order(tmp_path: Path) -> None:
    book = {"summary": "x" * 1000, **dict(reversed(BOOK.items()))}
    assert read_file(tmp_path, json.dumps({"61": book})).records == [ROW]


def test_books_of_many_blocks(tmp_path: Path) -> None:
    books = {f"{key}": BOOK | {"title": f"{key} " + "é" * (key % 700)} for key in range(BLOCK // 500)}
    read = read_file(tmp_path, json.dumps(books, ensure_ascii=False))
    assert read.column("title") == [book["title"] for book in books.values()]


def test_what_is_no_book_is_refused(tmp_path: Path) -> None:
    read = read_file(tmp_path, json.dumps({"61": BOOK, "62": "text", "63": BOOK}))
    assert read.lines == [1, 3]
    assert [(refusal.line, refusal.reason) for refusal in read.refused] == [(2, Reason.UNREADABLE)]


def test_no_books(tmp_path: Path) -> None:
    assert read_file(tmp_path, json.dumps([BOOK])[:-1] + ", ]").records == [ROW]


@pytest.mark.parametrize("cut", [20, 100, 300])
def test_broken_json(tmp_path: Path, cut: int) -> None:
    with pytest.raises(UnusableFileError, match=r"^it is broken JSON .*: export it again"):
        read_file(tmp_path, json.dumps({"61": BOOK, "62": BOOK})[:-cut])


def test_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match=r"^it is broken JSON .*: export it again"):
        read_file(tmp_path, json.dumps({"61": BOOK})[:-1] + f', "62": {"1" * 5_000}}}')


def test_an_unfinished_record_is_not_parsed_again_with_every_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record of 16 MB was parsed 64 times: the square of its length."""
    parsed: list[int] = []

    class Decoder(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            parsed.append(len(s) - idx)
            return super().raw_decode(s, idx)

    monkeypatch.setattr("flyleaf.importing.formats.librarything_json.json.JSONDecoder", Decoder)
    content = json.dumps([BOOK | {"comments": ["word"] * 1_000_000}, BOOK])
    assert len(content) > 30 * BLOCK
    read = read_file(tmp_path, content)
    assert read.records == [ROW, ROW]
    assert sum(parsed) < 4 * len(content)
