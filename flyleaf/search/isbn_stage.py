"""The ISBN stage: a number is looked up exactly, then as the beginning of one, then as a part of one; a wrong one gets
a "did you mean"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, column, text
from stdnum import isbn as stdnum
from stdnum.exceptions import ValidationError

from flyleaf.search.results import EDITIONS_SHOWN, Shown, read_shown
from flyleaf.search.timing import stage

_DIGITS = r"[0-9][0-9\s\u00ad\u200b\u2010-\u2015\u2212\ufe58\ufe63-]*[0-9Xx]"
_LOOKS_LIKE_ONE = re.compile(rf"\W*(?:isbn(?:[- ]?1[03])?\W*)?({_DIGITS})\W*", re.IGNORECASE)
_INSIDE = re.compile(rf"\b(?:{_DIGITS}|[0-9]{{9,12}}[0-9Xx])\b")
SHORTEST = 5  # digits: fewer are a year or a word of a title
FULL_LENGTH = 9  # digits: an ISBN-10 with one lost
PREFIX_LOOK = 200

_UNBOUNDED: Mapping[str, str | None] = dict.fromkeys(("low", "high", "low10", "high10"))
_FIND = text("""
    SELECT stage, ids, CAST(shown AS text)
      FROM search_by_isbn(:identities, :low, :high, :low10, :high10, :part, :look, :skipped, :size, :editions)
""").columns(*map(column, "stage ids shown".split()))


class Found(NamedTuple):
    """How a number was found, in which books, and those of a page."""

    stage: str
    books: list[int]
    shown: list[Shown]


def compact(typed: str) -> str | None:
    """The digits of what looks like an ISBN or the beginning of one, None for all else."""
    match = _LOOKS_LIKE_ONE.fullmatch(unicodedata.normalize("NFKC", typed))
    digits = _digits(match[1]) if match else ""
    return digits if SHORTEST <= len(digits) <= 14 else None


def is_too_short(typed: str) -> bool:
    """Whether the text is digits alone, of which SHORTEST are needed to look for an ISBN."""
    match = _LOOKS_LIKE_ONE.fullmatch(unicodedata.normalize("NFKC", typed))
    digits = _digits(match[1]) if match else "".join(filter(str.isdigit, typed)) if typed.strip().isdigit() else ""
    return 0 < len(digits) < SHORTEST


def inside(typed: str) -> list[str]:
    """The valid ISBNs that stand among other words: "Eeyore loses a tail, ISBN 0-525-46456-5 (paper)"."""
    typed = unicodedata.normalize("NFKC", typed)
    if len(_digits(typed)) < 10:
        return []
    runs = [match[0] for match in _INSIDE.finditer(typed)] + typed.split()
    numbers = [digits for run in runs if len(digits := _digits(run)) in (10, 13) and to_isbn13(digits)]
    return list(dict.fromkeys(numbers))


def _digits(run: str) -> str:
    return re.sub("[^0-9X]", "", run.upper())


def to_isbn13(number: str) -> str | None:
    """None where the check digit is wrong, or the length."""
    for form in (number, number.zfill(10)):
        try:
            return str(stdnum.to_isbn13(stdnum.validate(form)))
        except ValidationError:
            continue
    return None


@stage("isbn")
def find(
    connection: Connection,
    numbers: Sequence[str],
    size: int,
    skipped: int = 0,
    unfinished: bool = False,
    part: bool = False,
) -> Found:
    """The books with the numbers, in whichever form they are, also those with a wrong check digit; so many as `size` of
    them, behind the `skipped` ones, as results show them.

    Where there are none, those whose number (or ISBN-10, whose check digit differs) begins with an `unfinished` one,
    popular ones first; where there are none of these, either, those that have it as a `part` anywhere.
    """
    bounds = _UNBOUNDED
    if unfinished and "X" not in numbers[0][:-1]:
        low = numbers[0]
        ten = "978" + low if len(low) <= 9 else low  # ten digits are no beginning of an ISBN-10
        bounds = {"low": low, "high": _after(low), "low10": ten, "high10": _after(ten)}
    identities = sorted({form for n in numbers for form in (n, n.zfill(10), to_isbn13(n) or n)})
    return find_exactly(connection, identities, size, skipped, bounds, numbers[0] if part else None)


def find_exactly(
    connection: Connection,
    identities: Sequence[str],
    size: int,
    skipped: int = 0,
    bounds: Mapping[str, str | None] = _UNBOUNDED,
    part: str | None = None,
) -> Found:
    """The books with the identities; where there are none, those between the bounds, or that have the part."""
    asked = {
        "identities": identities,
        "part": part,
        "look": PREFIX_LOOK,
        "skipped": skipped,
        "size": size,
        "editions": EDITIONS_SHOWN,
    }
    stage, found, shown = connection.execute(_FIND, {**asked, **bounds}).one()
    return Found(stage, found, read_shown(shown))


def find_near(connection: Connection, number: str) -> list[Shown]:
    """Books whose ISBN is one digit, one swap of neighbours, or one digit too many or too few away."""
    near = sorted({isbn13 for near in neighbours(number) if (isbn13 := to_isbn13(near))})
    return find(connection, near, size=10).shown


def neighbours(number: str) -> set[str]:
    """All numbers of ten or thirteen characters that are one slip of the typing hand away."""
    digits = "0123456789"
    near = {
        number[:i] + d + number[i + 1 :] for i in range(len(number)) for d in digits + "X" * (i == 9 == len(number) - 1)
    }
    near |= {number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(len(number) - 1)}
    if len(number) in (9, 12):
        near |= {number[:i] + d + number[i:] for i in range(len(number) + 1) for d in digits + "X" * (i == 9)}
    if len(number) in (11, 14):
        near |= {number[:i] + number[i + 1 :] for i in range(len(number))}
    return {n for n in near if len(n) in (10, 13) and n != number}


def _after(prefix: str) -> str:
    """The first string behind all that begin with the prefix, in any collation that orders digits."""
    stem = prefix.rstrip("9X")
    return stem[:-1] + str(int(stem[-1]) + 1) if stem else "a"
