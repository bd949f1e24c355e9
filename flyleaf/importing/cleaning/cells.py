"""What a cell may hold: one rule a field, from the cell as the file has it to the text that COPY takes ("" is NULL).

A title or an author that the catalogue can't hold refuses its row; a lesser cell is left empty, and both are told.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import filterfalse
from typing import NamedTuple

from flyleaf import limits
from flyleaf.importing.cleaning.languages import UNDETERMINED, language_code
from flyleaf.importing.cleaning.markup import may_hold_markup, paragraphs, plain_line
from flyleaf.importing.cleaning.years import is_undefined, year_of
from flyleaf.importing.table import Reason

SEEN = 1 << 14  # different cells that a rule remembers

_DAMAGE = re.compile("[\0\ud800-\udfff]")  # NUL, and what the decoder makes of bytes that are no text
# Not those that are white space; they separate words.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")


class CellError(ValueError):
    """The cell can't be stored and is left empty. The text says why: "year 'c1999' is no whole number"."""


class RowError(ValueError):
    """The row can't be stored. The text says why."""

    def __init__(self, text: str, reason: Reason = Reason.TOO_LONG) -> None:
        super().__init__(text)
        self.reason = reason


def is_damaged(text: str) -> bool:
    """Whether it holds bytes that are no text."""
    return ("\0" in text or not text.isascii()) and _DAMAGE.search(text) is not None


def clean(cell: str) -> str:
    """NFC, without control characters, white space at the ends gone and inside collapsed to single spaces."""
    return unicodedata.normalize("NFC", " ".join(_CONTROL.sub("", cell).split()))


def one_line(cell: str) -> str:
    """Return what a reader would see of a title or a name: clean, without markup."""
    return clean(plain_line(cell))


def some_paragraphs(cell: str) -> str:
    """Return what a reader would see of a description: clean lines, and blank lines between the paragraphs."""
    parts = ("\n".join(filter(None, map(clean, lines))) for lines in paragraphs(cell))
    return "\n\n".join(filter(None, parts))


def shown(cell: str) -> str:
    """The cell for a message: quoted, without anything that a terminal would obey, and not too long."""
    return repr(cell if len(cell) <= 40 else cell[:40] + "…")


class Rule(NamedTuple):
    """What a field holds: `cell` gives the text to store or raises CellError or RowError, `column` is the same for
    many cells, and raises where one of them does."""

    cell: Callable[[str], str]
    column: Callable[[Sequence[str]], Sequence[str]]
    longest: int = 0  # characters of a text that is clean; 0: the field has few different values
    required: bool = False


def text_rule(
    name: str,
    longest: int,
    error: type[ValueError] = CellError,
    required: bool = False,
    make: Callable[[str], str] = one_line,
) -> Rule:
    def cell(cell: str) -> str:
        if is_damaged(cell):
            raise _damaged(name, cell, error)
        text = make(cell)
        if required and not text:
            raise RowError(f"it has no {name}", Reason.NO_TITLE)
        if len(text) > longest:
            raise error(f"{name} has {len(text):,} characters, more than {longest:,}")
        return text

    def column(cells: Sequence[str]) -> Sequence[str]:
        if _are_clean(cells) and max(map(len, cells)) <= longest and (not required or all(cells)):
            return cells
        return list(map(cell, cells))

    return Rule(cell, column, longest, required)


def _damaged(name: str, cell: str, error: type[ValueError]) -> ValueError:
    problem = f"{name} {shown(cell)} holds bytes that are no text"
    return RowError(problem, Reason.DAMAGED) if error is RowError else error(problem)


def repeating_rule(cell: Callable[[str], str]) -> Rule:
    """The rule of a field with few different values in a file: what a cell gave is remembered."""
    remembered = lru_cache(maxsize=SEEN)(cell)
    return Rule(remembered, lambda cells: list(map(remembered, cells)))


def _are_clean(cells: Sequence[str]) -> bool:
    """Whether `one_line` leaves all of them as they are. With a space between them and at the ends, a cell that has one
    at an end shows as two side by side."""
    text = f" {' '.join(filter(None, cells))} "
    letters = " ".join(filterfalse(str.isascii, cells))
    return (
        "  " not in text
        and text.isprintable()  # neither control characters nor any other white space than the space
        and unicodedata.is_normalized("NFC", letters)
        and not may_hold_markup(text)
    )


def year(cell: str) -> str:
    text = clean(cell)
    if is_undefined(text):
        return ""
    found = year_of(text)
    if text and found is None:
        raise CellError(f"year {shown(cell)} tells no year from {limits.YEAR_MIN} to {limits.YEAR_MAX}")
    return str(found or "")


def language(cell: str) -> str:
    text = clean(cell)
    code = language_code(text)
    if code is None and text.casefold() not in UNDETERMINED:
        raise CellError(f"language {shown(cell)} is not known: use a code such as en or eng, or its English name")
    return code or ""


def average_rating(cell: str) -> str:
    text = clean(cell)
    if text and not (re.fullmatch(r"[0-9](\.[0-9]{1,20})?", text) and float(text) <= limits.AVERAGE_RATING_MAX):
        raise CellError(f"average_rating {shown(cell)} is no number from 0 to {limits.AVERAGE_RATING_MAX}")
    return text


def whole_number(name: str, cell: str, low: int, high: int) -> str:
    text = clean(cell)
    if not text:
        return ""
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", text):
        raise CellError(f"{name} {shown(cell)} is no whole number")
    if not low <= int(text) <= high:
        raise CellError(f"{name} {shown(cell)} is not between {low} and {high}")
    return str(int(text))
