"""MARC 21 files: encodings, and what is read of damaged ones. Each has its exact bytes here."""

import gzip
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from pymarc import Record

from flyleaf.config import PROJECT
from flyleaf.importing.formats.marc import RECORD_MAX
from flyleaf.importing.source import BLOCK
from flyleaf.importing.table import Reason
from tests.importing.formats.marc_files import DUNE, DUNE_008, DUNE_020, marc
from tests.importing.formats.tables import read_file

SAMPLE = PROJECT.parent / "shared" / "data" / "loc-sample.mrc.gz"
EMMA = marc(("020", "  $a0141439580"), ("245", "10$aEmma"))
GOOD = marc(*DUNE)


def with_title(title: bytes, coding: str) -> bytes:
    return marc(DUNE_020, ("245", b"10$a" + title), coding=coding)


@pytest.mark.parametrize(
    ("title", "coding", "text"),
    [
        ("Čapek – 東京".encode(), "a", "Čapek – 東京"),
        ("Cafe\u0301".encode(), "a", "Caf\u00e9"),
        (b"Cafe", " ", "Cafe"),
        (b"Caf\xe2e", " ", "Caf\u00e9"),
        (b"\xb2re", " ", "øre"),
        (b"\x1b(NwOJNA\x1b(B and peace", " ", "Война and peace"),
        (b"\x1b$1!D&!0a\x1b(B", " ", "東京"),
        ("Čapek".encode(), " ", "Čapek"),
        ("© 東京".encode(), " ", "© 東京"),
    ],
)
def test_encodings(tmp_path: Path, title: bytes, coding: str, text: str) -> None:
    """The last two are UTF-8 under a leader that claims MARC-8."""
    assert read_file(tmp_path, with_title(title, coding)).column("title") == [text]


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\0\0", b" \n \n"])
def test_what_stands_between_records_is_passed_over(tmp_path: Path, between: bytes) -> None:
    read = read_file(tmp_path, b"\xef\xbb\xbf" + GOOD + between + EMMA + between + b"\x1a")
    assert (read.lines, read.refused) == ([1, 2], [])


def replaced(at: int, content: bytes) -> bytes:
    """The good record with other bytes at a place: the directory begins at 24, with 12 bytes a field."""
    return GOOD[:at] + content + GOOD[at + len(content) :]


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        (replaced(0, b"abcde"), "its first 24 bytes are no leader of a MARC 21 record"),
        (replaced(10, b"33"), "its first 24 bytes are no leader of a MARC 21 record"),
        (b"rubbish\x1d", "its first 24 bytes are no leader of a MARC 21 record"),
        (GOOD[:-1], "it breaks off before its end"),
        (GOOD[:-1] + b"x", "it breaks off before its end"),
        (GOOD[:60], "it breaks off before its end"),
        (b"\x1d", "its first 24 bytes are no leader of a MARC 21 record"),
        (replaced(0, b"00010"), f"its leader says that it has 10 bytes, and it has {len(GOOD)}"),
        (replaced(0, b"99999"), f"its leader says that it has 99,999 bytes, and it has {len(GOOD)}"),
        (marc(*DUNE, length=len(GOOD) + len(EMMA)), f"its leader says that it has {len(GOOD) + len(EMMA)} bytes, and"),
        (GOOD[:100] + b"\x1d", f"its leader says that it has {len(GOOD)} bytes, and it has 101"),
        (replaced(12, b"00000"), "its directory does not end where the leader says"),
        (replaced(12, b"00024"), "its directory does not end where the leader says"),
        (replaced(12, b"00080"), "its directory does not end where the leader says"),
        (replaced(12, b"99999"), "its directory does not end where the leader says"),
        (replaced(24 + 3, b"00x1"), "its directory has other characters than digits"),
        (replaced(24 + 3, b"9999"), "its directory is wrong about field 008"),
        (replaced(24 + 12 + 3, b"0010"), "its directory is wrong about field 020"),
        (replaced(24 + 12 + 7, b"99999"), "its directory is wrong about field 020"),
        (replaced(24 + 36 + 7, b"00042"), "its directory is wrong about field 245"),
        (with_title(b"Caf\xe9", "a"), "its text is not in the encoding that the leader says"),
        (with_title(b"\x1b(N\x1b$1!!", " "), "its text has bytes that are not MARC-8"),
        (with_title(b"a \xff b", " "), "its text has bytes that are not MARC-8"),
        (with_title(b"\x1b$1!D&!0", " "), "its text has bytes that are not MARC-8"),
        (marc(DUNE_020, ("245", b"1\xe9$aDune")), "its text is not in the encoding that the leader says"),
        (marc(DUNE_020, ("245", b"10$\xe9Dune")), "the code of a subfield is no ASCII character"),
        (marc(*DUNE, ("520", "  $a" + "x" * RECORD_MAX))[:24] + b"x" * 3_000_000 + b"\x1d", "it has no end within the"),
    ],
)
def test_a_damaged_record_is_refused_and_the_next_one_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], record: bytes, detail: str
) -> None:
    read = read_file(tmp_path, EMMA + record + EMMA)
    assert read.column("title") == ["Emma", "Emma"]
    assert read.lines == [1, 3]
    [refusal] = read.refused
    assert (refusal.line, refusal.reason) == (2, Reason.UNREADABLE)
    assert refusal.detail.startswith(detail)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("size", [60_000, 99_000])
@pytest.mark.parametrize("missing", [1, 30_000])
def test_a_long_record_behind_one_that_breaks_off_is_read(tmp_path: Path, size: int, missing: int) -> None:
    notes = [("520", b"  $a" + b"x" * 9_000)] * (size // 9_006)
    long = marc(*DUNE, *notes)
    read = read_file(tmp_path, EMMA + long[:-missing] * (BLOCK // size) + long + EMMA)
    assert read.column("title") == ["Emma", "Dune", "Emma"]
    [refusal] = read.refused
    assert (refusal.line, refusal.reason) == (2, Reason.UNREADABLE)


@pytest.mark.parametrize("between", [b"x", b"\0"])
def test_a_record_behind_megabytes_of_nothing_is_read(tmp_path: Path, between: bytes) -> None:
    read = read_file(tmp_path, EMMA + GOOD[:-1] + between * (12 * BLOCK - 100) + GOOD + EMMA)
    assert read.column("title") == ["Emma", "Dune", "Emma"]
    assert [(refusal.line, refusal.detail[:20]) for refusal in read.refused] == [(2, "it has no end within")]


def test_what_breaks_off_and_ends_in_megabytes_of_nul_is_told(tmp_path: Path) -> None:
    read = read_file(tmp_path, EMMA + GOOD[:-1] + bytes(12 * BLOCK))
    assert (read.column("title"), [refusal.line for refusal in read.refused]) == (["Emma"], [2])


def test_standard_error_stays_the_process_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The importer reads ahead in a thread: what others write meanwhile must not be taken for pymarc's complaints."""
    errors = sys.stderr
    seen = []

    def watched(*arguments: Any, **options: Any) -> Record:
        seen.append(sys.stderr)
        print("of another thread", file=sys.stderr)
        return Record(*arguments, **options)

    monkeypatch.setattr("flyleaf.importing.formats.marc.Record", watched)
    assert read_file(tmp_path, with_title(b"Caf\xe2e", " ")).column("title") == ["Café"]
    assert seen == [errors]


@pytest.mark.parametrize("length", [1, 23, 24, 50, len(GOOD) - 1])
def test_a_file_that_ends_in_the_midst_of_a_record(tmp_path: Path, length: int) -> None:
    read = read_file(tmp_path, EMMA + GOOD[:length])
    assert read.column("title") == ["Emma"]
    assert read.refused == [(2, Reason.UNREADABLE, "it breaks off before its end", ())]


def test_a_file_whose_first_record_is_damaged_is_recognised(tmp_path: Path) -> None:
    read = read_file(tmp_path, replaced(0, b"     ") + EMMA)
    assert (read.format, read.lines, len(read.refused)) == ("marc", [2], 1)


def test_fields_that_nobody_reads_may_have_any_tag_and_any_bytes(tmp_path: Path) -> None:
    read = read_file(tmp_path, marc(*DUNE, ("CAT", b"  $a\xe9\xff"), ("Z30", "  $ax")))
    assert (read.column("title"), read.refused) == (["Dune"], [])


def test_a_field_without_indicators_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = read_file(tmp_path, marc(DUNE_008, DUNE_020, ("245", "$aDune")))
    assert read.column("title") == ["Dune"]
    assert capsys.readouterr() == ("", "")


def test_whatever_bytes_are_wrong_no_record_takes_from_another(tmp_path: Path) -> None:
    dice = random.Random(20)
    for number in range(300):
        damaged = bytearray(GOOD)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        folder = tmp_path / str(number)
        folder.mkdir()
        read = read_file(folder, EMMA + bytes(damaged) + EMMA)
        titles = read.column("title")
        assert titles[0] == titles[-1] == "Emma", damaged
        assert all("Emma" not in title for title in titles[1:-1]), damaged
        assert len(read.lines) + len(read.refused) >= 3, damaged


@pytest.mark.skipif(not SAMPLE.exists(), reason="needs 3,000 records of the Library of Congress, which are not shipped")
def test_real_records(tmp_path: Path) -> None:
    read = read_file(tmp_path, gzip.decompress(SAMPLE.read_bytes()))
    assert (len(read.records), len(read.refused)) == (2726, 274)
    assert {refusal.reason for refusal in read.refused} == {Reason.NO_ISBN}
    people = [author for author in read.column("author") if re.search(r"[,;/\[\]]|\bb?[0-9]{4}-", author)]
    assert len(people) <= 10, people  # organisations whose names have commas
    assert all(year.isdecimal() for year in read.column("year"))
    assert set(read.column("language")) == {"en", "enm", "es", "fr", "ru"}
