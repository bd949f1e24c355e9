"""The ISBN stage: a number is looked up exactly, then as the beginning of one, then as a part of one; a wrong one gets
a "did you mean"."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import Connection, text
from stdnum import isbn as stdnum
from stdnum.exceptions import ValidationError

_DIGITS = r"[0-9][0-9\s\u00ad\u200b\u2010-\u2015\u2212\ufe58\ufe63-]*[0-9Xx]"
_LOOKS_LIKE_ONE = re.compile(rf"\W*(?:isbn(?:[- ]?1[03])?\W*)?({_DIGITS})\W*", re.IGNORECASE)
_INSIDE = re.compile(rf"\b(?:{_DIGITS}|[0-9]{{9,12}}[0-9Xx])\b")
SHORTEST = 5  # digits: fewer are a year or a word of a title
FULL_LENGTH = 9  # digits: an ISBN-10 with one lost
PREFIX_LOOK = 200

_EXACT = text("SELECT id FROM books WHERE identity = ANY (:identities) ORDER BY identity LIMIT 10")
_PREFIX = text("""
    SELECT found.id
      FROM ((SELECT id, identity FROM books
               WHERE identity >= :low AND identity < :high ORDER BY identity LIMIT :look)
             UNION
            (SELECT id, identity FROM books
               WHERE identity >= :low10 AND identity < :high10 ORDER BY identity LIMIT :look))
           AS found
      LEFT JOIN search_editions ON book_id = id
      LEFT JOIN search_works AS work ON work.id = work_id
     ORDER BY popularity DESC NULLS LAST, identity LIMIT :look""")

_PART = text("""
    SELECT book_id FROM search_editions WHERE isbns LIKE '%' || :part || '%' ORDER BY isbns LIMIT :look""")


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


def find_exact(connection: Connection, *numbers: str) -> list[int]:
    """The books with the numbers, in whichever form they are; also those with a wrong check digit."""
    identities = {form for n in numbers for form in (n, n.zfill(10), to_isbn13(n) or n)}
    return list(connection.execute(_EXACT, {"identities": sorted(identities)}).scalars())


def find_prefix(connection: Connection, number: str) -> list[int]:
    """Books whose ISBN-13, or ISBN-10 (whose check digit differs), begins with the number; popular ones first."""
    if "X" in number[:-1]:
        return []
    ten = "978" + number if len(number) <= 9 else number  # ten digits are no beginning of an ISBN-10
    bounds = {"low": number, "high": _after(number), "low10": ten, "high10": _after(ten), "look": PREFIX_LOOK}
    return list(connection.execute(_PREFIX, bounds).scalars())


def find_beginning(connection: Connection, number: str) -> list[int]:
    """Books with the number, or whose ISBN begins with it."""
    return find_exact(connection, number) or find_prefix(connection, number)


def find_part(connection: Connection, number: str) -> list[int]:
    """Books with these digits anywhere in their ISBN, in either form."""
    return list(connection.execute(_PART, {"part": number, "look": PREFIX_LOOK}).scalars())


def find_near(connection: Connection, number: str) -> list[int]:
    """Books whose ISBN is one digit, one swap of neighbours, or one digit too many or too few away."""
    identities = sorted({isbn13 for near in neighbours(number) if (isbn13 := to_isbn13(near))})
    return list(connection.execute(_EXACT, {"identities": identities}).scalars())


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
