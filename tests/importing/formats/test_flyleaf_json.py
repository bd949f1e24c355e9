"""The data of a reader of this site, as a reading history."""

import io
import json
import zipfile
from typing import Any

import pytest

from flyleaf.history import HistoryRow, RefusedRow
from flyleaf.importing import UnusableFileError
from flyleaf.importing.formats import flyleaf_json
from flyleaf.importing.history import read_upload

DUNE = {
    "title": "Dune", "author": "Frank Herbert", "identity": "goodreads:61", "status": "read", "shelves": ["sf", "a, b"],
    "readings": [["2021-03", "2021-04-05"], [None, "2022"], [None, None]], "rating": 4, "exact_rating": "4.25",
    "text": "=1 & <b>\n||worms||", "is_private": True, "language": "pt", "added_at": "2021-05-05T01:02:03+00:00",
}  # fmt: skip
DATA: dict[str, Any] = {
    "account": {"name": "Ann", "brackets": "]}"},
    "reviews": [{"title": "Other"}, 5],
    "reading_history": [DUNE, {"title": "Emma"}, 7],
    "events": [],
}


def rows(content: bytes) -> list[HistoryRow | RefusedRow]:
    with read_upload(io.BytesIO(content)) as found:
        assert found.format == flyleaf_json.NAME
        return list(found.rows)


@pytest.mark.parametrize("indent", [None, 0, 4])
@pytest.mark.parametrize("block", [1, 7, 1 << 18])
def test_its_history_is_read(monkeypatch: pytest.MonkeyPatch, indent: int | None, block: int) -> None:
    """Also if somebody has formatted it anew; whatever else is in it is left out."""
    monkeypatch.setattr(flyleaf_json, "BLOCK", block)
    dune, emma, refused = rows(json.dumps(DATA, indent=indent).encode())
    assert isinstance(refused, RefusedRow)
    assert isinstance(dune, HistoryRow)
    assert isinstance(emma, HistoryRow)
    assert (dune.title, dune.author, dune.identifiers, emma.title) == (
        "Dune",
        "Frank Herbert",
        ("goodreads:61",),
        "Emma",
    )
    assert (dune.status, dune.shelves, str(dune.rating)) == ("read", ("sf", "a, b"), "4.25")
    assert (dune.review, dune.is_private, dune.written_in) == ("=1 & <b>\n||worms||", True, "pt")
    assert [tuple(map(str, dates)) for dates in dune.readings] == [
        ("2021-03", "2021-04-05"), ("None", "2022"), ("None", "None"),
    ]  # fmt: skip
    assert (str(dune.added_on), dune.problems) == ("2021-05-05", ())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (json.dumps(DATA).encode()[:-90], "it is broken JSON"),
        (b'{"account": {"name": "Ann"', "it is broken JSON"),
        (b'{"account": {}, "reading_history": [{}', "it is broken JSON"),
        (b'{"account": {}}', 'it has no list "reading_history": download your data again'),
        (b'{"account": {}, "reading_history": {}}', 'it has no list "reading_history"'),
        (b'{"account": {}, "reading_history": []}', "it has no rows"),
        (b'{"account": ' + b"[" * 100_000, "it is broken JSON"),
        (b'{"account": ' + b"1" * 5_000 + b"}", "it is broken JSON"),
        (b'{"account": {}' + b" " * 1_000_000 + b"x", "it has no list"),
        (b'{"account": {}, "' + b"a" * 4_000_000, "it has no list"),
    ],
)
def test_what_is_wrong_with_it(content: bytes, problem: str) -> None:
    with pytest.raises(UnusableFileError, match=problem):
        rows(content)


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        (b"title,author,rating\n" + b"\n" * 50_000_000, "more than 1,000,000 lines: delete empty lines"),
        (b"title,author,rating\n" + (b"Dune,Ann,4" + b" " * 99_993 + b"\n") * 680, "it unpacks to more than 64 MB"),
    ],
)
def test_an_archive_that_unpacks_to_very_much(member: bytes, problem: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flyleaf.json", b"{}")
        archive.writestr("reading-history.csv", member)
    with pytest.raises(UnusableFileError, match=problem), read_upload(packed) as found:
        list(found.rows)


def test_a_torn_archive() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reading-history.csv", b"title,author,rating\nDune,Ann,4\n" * 10)
    with (
        pytest.raises(UnusableFileError, match=r"its packed data are broken.*copy or download it again"),
        read_upload(io.BytesIO(packed.getvalue()[:-30])) as found,
    ):
        list(found.rows)
