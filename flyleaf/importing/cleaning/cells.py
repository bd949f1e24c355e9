"""Clean cells: one rule for each field, from the cell in the file to the text for COPY ("" is NULL).

A title that is invalid, or an author with bytes that are not text, makes its row refused. Any other invalid cell is
left empty, or shortened. All of it is reported.
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
from flyleaf.series import UnusableSeriesError, read_cell

SEEN = 1 << 14  # distinct cells in a rule's cache

_DAMAGE = re.compile("[\0\ud800-\udfff]")  # NUL, and the decoder's surrogates for undecodable bytes
# Without white space, which separates words.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")


class CellError(ValueError):
    """The cell can't be stored. It is left empty, or its usable part is stored. The message says why: "pages '300 p.'
    is not a whole number"."""

    def __init__(self, text: str, usable: str = "") -> None:
        super().__init__(text)
        self.usable = usable


class RowError(ValueError):
    """The row can't be stored. The message says why."""

    def __init__(self, text: str, reason: Reason = Reason.TOO_LONG) -> None:
        super().__init__(text)
        self.reason = reason


def is_damaged(text: str) -> bool:
    """Return whether the text contains undecodable bytes."""
    return ("\0" in text or not text.isascii()) and _DAMAGE.search(text) is not None


def clean(cell: str) -> str:
    """Return the cell in NFC, without control characters, with white space collapsed and trimmed."""
    return unicodedata.normalize("NFC", " ".join(_CONTROL.sub("", cell).split()))


def one_line(cell: str) -> str:
    """Return a title or name as a reader would see it: clean and without markup."""
    return clean(plain_line(cell))


def some_paragraphs(cell: str) -> str:
    """Return a description as a reader would see it: clean lines, with blank lines between paragraphs."""
    parts = ("\n".join(filter(None, map(clean, lines))) for lines in paragraphs(cell))
    return "\n\n".join(filter(None, parts))


def shown(cell: str) -> str:
    """Return the cell for a message: quoted, shortened, and without terminal control characters."""
    return repr(cell if len(cell) <= 40 else cell[:40] + "…")


class Rule(NamedTuple):
    """The rule of a field. `cell` returns the text to store, or raises CellError or RowError. `column` does the same
    for many cells and raises if any of them does."""

    cell: Callable[[str], str]
    column: Callable[[Sequence[str]], Sequence[str]]
    longest: int = 0  # characters of a clean text; 0: the field has few distinct values, or a form
    required: bool = False
    form: re.Pattern[bytes] | None = None  # of clean cells, if that says it all


def text_rule(
    name: str,
    longest: int,
    error: type[ValueError] = CellError,
    required: bool = False,
    make: Callable[[str], str] = one_line,
    may_be_damaged: bool = False,
    shorten: Callable[[str], str] | None = None,
) -> Rule:
    """Return the rule of a text field with at most `longest` characters. `error` is raised for longer texts, or what
    `shorten` makes of them is kept; and for bytes that are not text, unless what is made of the text looks for these
    itself."""

    def cell(cell: str) -> str:
        if not may_be_damaged and is_damaged(cell):
            raise _damaged(name, cell, error)
        text = make(cell)
        if required and not text:
            raise RowError(f"it has no {name}", Reason.NO_TITLE)
        if len(text) > longest and shorten:
            raise CellError(f"{name} has {len(text):,} characters, more than {longest:,}", shorten(text))
        if len(text) > longest:
            raise error(f"{name} has {len(text):,} characters, more than {longest:,}")
        return text

    def column(cells: Sequence[str]) -> Sequence[str]:
        if _are_clean(cells) and max(map(len, cells)) <= longest and (not required or all(cells)):
            return cells
        return list(map(cell, cells))

    return Rule(cell, column, longest, required)


def _damaged(name: str, cell: str, error: type[ValueError]) -> ValueError:
    problem = f"{name} {shown(cell)} contains bytes that are not text"
    return RowError(problem, Reason.DAMAGED) if error is RowError else error(problem)


def repeating_rule(cell: Callable[[str], str]) -> Rule:
    """Return the rule of a field with few distinct values, whose results are cached."""
    remembered = lru_cache(maxsize=SEEN)(cell)
    return Rule(remembered, lambda cells: list(map(remembered, cells)))


def _are_clean(cells: Sequence[str]) -> bool:
    """Return whether `one_line` would change none of the cells.

    They are joined with spaces, so that a space at the end of a cell shows up as a double space.
    """
    text = f" {' '.join(filter(None, cells))} "
    letters = " ".join(filterfalse(str.isascii, cells))
    return (
        "  " not in text
        and text.isprintable()  # no control characters and no white space except spaces
        and unicodedata.is_normalized("NFC", letters)
        and not may_hold_markup(text)
    )


def year(cell: str) -> str:
    text = clean(cell)
    if is_undefined(text):
        return ""
    found = year_of(text)
    if text and found is None:
        raise CellError(f"year {shown(cell)} has no year from {limits.YEAR_MIN} to {limits.YEAR_MAX}")
    return str(found or "")


def language(cell: str) -> str:
    text = clean(cell)
    code = language_code(text)
    if code is None and text.casefold() not in UNDETERMINED:
        raise CellError(f"language {shown(cell)} is not known: use a code such as en or eng, or its English name")
    return code or ""


def series(cell: str) -> str:
    if is_damaged(cell):
        raise _damaged("series", cell, CellError)
    try:
        return read_cell(one_line(cell))
    except UnusableSeriesError as error:
        raise CellError(str(error), error.usable) from error


def average_rating(cell: str) -> str:
    text = clean(cell)
    if text and not (re.fullmatch(r"[0-9](\.[0-9]{1,20})?", text) and float(text) <= limits.AVERAGE_RATING_MAX):
        raise CellError(f"average_rating {shown(cell)} is not a number from 0 to {limits.AVERAGE_RATING_MAX}")
    return text


def whole_number(name: str, cell: str, low: int, high: int) -> str:
    text = clean(cell)
    if not text:
        return ""
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", text):
        raise CellError(f"{name} {shown(cell)} is not a whole number")
    if not low <= int(text) <= high:
        raise CellError(f"{name} {shown(cell)} is not between {low} and {high}")
    return str(int(text))
