"""MARC 21 files: encodings, and what is read of damaged ones. Each has its exact bytes here."""

import gzip
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from pymarc import Field

from flyleaf.config import PROJECT
from flyleaf.importing.formats.marc import RECORD_MAX
from flyleaf.importing.formats.marc_fields import Assumed
from flyleaf.importing.reading.source import BLOCK
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
        (b"rubbish\x1d", "its first 24 bytes are no leader of a MARC 21 record"),
        (b"\x1d", "its first 24 bytes are no leader of a MARC 21 record"),
        (GOOD[:5] + b"\xc3\xa9\xff" + GOOD[6:], "its first 24 bytes are no leader of a MARC 21 record"),
        (GOOD[3:], "its first 24 bytes are no leader of a MARC 21 record"),
        (GOOD[:30] + GOOD[31:], "its first 24 bytes are no leader of a MARC 21 record"),
        (GOOD[:-1], "it breaks off before its end"),
        (GOOD[:-1] + b"x", "it breaks off before its end"),
        (GOOD[:60], "it breaks off before its end"),
        (GOOD[:100] + b"\x1d", "its directory is wrong about field 008"),
        (GOOD[:-1] + b"\x1e\x1d", f"its leader says that it has '{len(GOOD):05d}' bytes, and it has {len(GOOD) + 1}"),
        (replaced(24 + 7, b"0x000"), "its directory is wrong about field 008"),
        (replaced(24 + 12 + 7, b"99999"), "its directory is wrong about field 020"),
        (replaced(24 + 36 + 7, b"00042"), "its directory is wrong about field 245"),
        (replaced(24 + 36 + 7, b"00000"), "its directory is wrong about field 245"),
        (marc(DUNE_020, ("245", b"10$\xe9Dune")), "the code of a subfield of its title is no ASCII character"),
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


@pytest.mark.parametrize(
    ("record", "assumed"),
    [
        (replaced(0, b"abcde"), Assumed.LENGTH),
        (replaced(0, b"00010"), Assumed.LENGTH),
        (replaced(0, b"99999"), Assumed.LENGTH),
        (marc(*DUNE, length=len(GOOD) + len(EMMA)), Assumed.LENGTH),
        (replaced(10, b"33"), Assumed.LEADER),
        (replaced(10, b"  "), Assumed.LEADER),
        (replaced(20, b"    "), Assumed.LEADER),
        (replaced(5, b"\x00\xff"), None),
        (replaced(12, b"00000"), Assumed.LEADER),
        (replaced(12, b"99999"), Assumed.LEADER),
        (GOOD[:17] + b"\xef\xbf\xbd" + GOOD[18:], Assumed.LEADER),
        (GOOD[:5] + "é".encode() + GOOD[6:], Assumed.LEADER),
        (replaced(24 + 3, b"00x1"), Assumed.DIRECTORY),
        (replaced(24 + 3, b"9999"), Assumed.DIRECTORY),
        (replaced(24 + 12 + 3, b"0010"), Assumed.DIRECTORY),
    ],
    ids=range(15),
)
def test_what_is_damaged_in_one_place_is_told_by_another(
    tmp_path: Path, record: bytes, assumed: Assumed | None
) -> None:
    read = read_file(tmp_path, record + EMMA)
    assert (read.format, read.refused) == ("marc", [])
    assert read.column("title") == ["Dune", "Emma"]
    assert read.column("author") == ["Frank Herbert", ""]
    assert read.remarks == ([f"{assumed}: 1 (the first is record 1)."] if assumed else [])


def test_lengths_in_characters(tmp_path: Path) -> None:
    fields = (DUNE_020, ("100", "1 $aMüller, Jörg."), ("245", "10$aÖsterreich – 東京 /$cx"))
    text = marc(*((tag, "".join(letter if letter.isascii() else "?" for letter in content)) for tag, content in fields))
    for old, new in (("M?ller, J?rg", "Müller, Jörg"), ("?sterreich ? ??", "Österreich – 東京")):
        text = text.replace(old.encode(), new.encode())
    read = read_file(tmp_path, EMMA + text + text)
    assert read.column("title") == ["Emma", "Österreich – 東京", "Österreich – 東京"]
    assert read.column("author") == ["", "Jörg Müller", "Jörg Müller"]
    assert read.remarks == [f"{Assumed.CHARACTERS}: 2 (the first is record 2)."]


def test_only_the_length_of_the_record_in_characters(tmp_path: Path) -> None:
    whole = marc(DUNE_020, ("245", "10$aÖsterreich /$cx"))
    read = read_file(tmp_path, b"%05d" % (len(whole) - 1) + whole[5:])
    assert read.column("title") == ["Österreich"]
    assert read.remarks == [f"{Assumed.LENGTH}: 1 (the first is record 1)."]


@pytest.mark.parametrize(
    ("title", "coding", "text", "assumed"),
    [
        (b"Histoire du th\xe2e\xe3atre", "a", "Histoire du théâtre", Assumed.MARC8),
        (b"Genevi\xe1eve", "a", "Geneviève", Assumed.MARC8),
        (b"\x1b(NwOJNA\x1b(B", "a", "Война", Assumed.MARC8),
        (b"Stra\xc7e", "a", "Straße", Assumed.MARC8),
        (b"\x1b)Q\xc2\x1b)!E caf\xe2e", " ", "ѓ café", None),
        ("Čapek".encode(), " ", "Čapek", Assumed.UTF8),
        (b"It&#x2019;s a title &#x2014; really /", " ", "It’s a title — really", None),
        (b"Caf&#xE9; &#8212; &eacute;t&eacute;", "a", "Café — été", None),
        (b"&#x60;a&#x26;amp;", " ", "`a&#x26;amp", None),
    ],
)
def test_the_encoding_is_tried(tmp_path: Path, title: bytes, coding: str, text: str, assumed: Assumed | None) -> None:
    read = read_file(tmp_path, with_title(title, coding))
    assert read.column("title") == [text]
    assert read.remarks == ([f"{assumed}: 1 (the first is record 1)."] if assumed else [])


@pytest.mark.parametrize(
    ("title", "coding"),
    [
        (b"Caf\xe9", "a"),
        (b"M\xc3ller", "a"),
        ("L'été à Köln".encode("latin-1"), "a"),
        ("é".encode() + b" M\xe2eller", "a"),
        (b"\x1b(N\x1b$1!!", " "),
        (b"a \xff b", " "),
        (b"Caf\xe9", " "),
        (b"\x1b$1!D&!0", " "),
        (b"a \x94 b", " "),
    ],
)
def test_a_title_that_is_in_no_encoding_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], title: bytes, coding: str
) -> None:
    read = read_file(tmp_path, EMMA + with_title(title, coding) + EMMA)
    assert read.lines == [1, 3]
    problem = "its title can be read neither as UTF-8 nor as MARC-8: export it in UTF-8"
    assert [(refusal.line, refusal.reason, refusal.detail) for refusal in read.refused] == [
        (2, Reason.DAMAGED, problem)
    ]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "field",
    [
        ("020", b"  $a0441172717 :$c\x94.50"),
        ("776", b"  $iOnline version:$\xc4\x9ax"),
        ("100", b"1 $aHerbert, Frank,$d19\xff20"),
        ("245", b"10$aDune /$c\xff"),
        ("260", b"  $aNew \xff York"),
        ("245", b"\xc3\xa9 $aDune"),
        ("245", b"1\xe9$aDune"),
        ("245", b"1$aDune"),
        ("245", b"10 x$aDune"),
        ("650", b""),
    ],
)
@pytest.mark.parametrize("coding", ["a", " "])
def test_damage_in_what_is_not_used(tmp_path: Path, field: tuple[str, bytes], coding: str) -> None:
    fields = [other for other in DUNE if other[0] != field[0]]
    if field[0] == "245":
        field = ("245", field[1].replace(b"$c\xff", b"$z\xff"))
    read = read_file(tmp_path, marc(*fields, field, coding=coding))
    assert (read.column("title"), read.refused) == (["Dune"], [])


def test_a_damaged_publisher_is_left_to_the_rule_of_publishers(tmp_path: Path) -> None:
    read = read_file(tmp_path, marc(*DUNE, ("260", b"  $bCh\xc3ilton,$c1965")))
    assert read.column("publisher") == ["Ch\udcc3ilton"]


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


def test_what_breaks_off_and_ends_in_megabytes_of_nul_is_reported(tmp_path: Path) -> None:
    read = read_file(tmp_path, EMMA + GOOD[:-1] + bytes(12 * BLOCK))
    assert (read.column("title"), [refusal.line for refusal in read.refused]) == (["Emma"], [2])


def test_standard_error_stays_the_process_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The importer reads ahead in a thread: what others write meanwhile must not be taken for pymarc's complaints."""
    errors = sys.stderr
    seen = []

    def watched(*arguments: Any, **options: Any) -> Field:
        seen.append(sys.stderr)
        print("of another thread", file=sys.stderr)
        return Field(*arguments, **options)

    monkeypatch.setattr("flyleaf.importing.formats.marc_text.Field", watched)
    assert read_file(tmp_path, with_title(b"Caf\xe2e", " ")).column("title") == ["Café"]
    assert seen == [errors, errors]


@pytest.mark.parametrize("length", [1, 23, 24, 50, len(GOOD) - 1])
def test_a_file_that_ends_in_the_midst_of_a_record(tmp_path: Path, length: int) -> None:
    read = read_file(tmp_path, EMMA + GOOD[:length])
    assert read.column("title") == ["Emma"]
    assert read.refused == [(2, Reason.UNREADABLE, "it breaks off before its end", ())]


def test_a_file_whose_first_record_is_damaged_is_recognised(tmp_path: Path) -> None:
    read = read_file(tmp_path, GOOD[:18] + GOOD[24:] + EMMA)
    assert (read.format, read.lines, len(read.refused)) == ("marc", [2], 1)


@pytest.mark.parametrize("blanks", range(1, 6))
@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n", b"  "])
def test_a_leader_that_begins_with_blanks(tmp_path: Path, blanks: int, between: bytes) -> None:
    record = replaced(0, b" " * blanks)
    read = read_file(tmp_path, between + record + between + EMMA + between + record + between)
    assert (read.column("title"), read.refused) == (["Dune", "Emma", "Dune"], [])
    assert read.remarks == [f"{Assumed.LENGTH}: 2 (the first is record 1)."]


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
    assert (len(read.records), len(read.refused)) == (3000, 0)
    assert [isbn == "" for isbn in read.column("isbn")].count(True) == 274
    assert all(read.column("identifiers"))
    people = [author for author in read.column("author") if re.search(r"[,;/\[\]]|\bb?[0-9]{4}-", author)]
    assert len(people) <= 10, people  # organisations whose names have commas
    assert all(year.isdecimal() for year in read.column("year"))
    languages = list(zip(read.column("isbn"), read.column("language"), strict=True))
    assert {language for isbn, language in languages if isbn} == {"en", "enm", "es", "fr", "ru"}
    assert {language for isbn, language in languages if not isbn} == {"", "de", "en", "es", "fr", "la", "sv"}
