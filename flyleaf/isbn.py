"""Parse ISBNs as people write them.

python-stdnum formats them for pages. Check digits are computed here, from tables: an import checks millions, at 1 µs
each compared with stdnum's 11. tests/test_isbn_tables.py checks that both agree.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from stdnum import isbn as stdnum

# All kinds of spaces and dashes that books, spreadsheets and web pages put into an ISBN.
_SEPARATORS = re.compile("[\\s\u00ad\u200b\u2010-\u2015\u2212\ufe58\ufe63\uff0d-]+")
_SCIENTIFIC = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
SHORTEST = 7  # digits: an ISBN-10 whose three leading zeros a spreadsheet has removed


class IsbnError(ValueError):
    """The text is not an ISBN. The message says why and completes a sentence."""


class RoundedIsbnError(IsbnError):
    """A spreadsheet has rounded the ISBN to a number such as 9.78E+12."""


@dataclass(frozen=True)
class Isbn:
    """An ISBN without separators: ten or thirteen digits, the last of ten may be an X."""

    isbn: str
    isbn13: str | None  # None: the check digit is wrong

    @property
    def identity(self) -> str:
        """Return a value that is the same for every form of one ISBN: the column books.identity."""
        return self.isbn13 or self.isbn

    @property
    def isbn10(self) -> str | None:
        """Return the ISBN-10, or None if the check digit is wrong or the ISBN-13 begins with 979."""
        if self.isbn13 is None or not self.isbn13.startswith("978"):
            return None
        return _isbn10(self.isbn13)


def parse(text: str) -> Isbn:
    """Parse an ISBN-10 or ISBN-13 with any hyphens and spaces, with x or X, even if its leading zeros are lost.

    A wrong check digit is not an error, as books are sold under such numbers: `isbn13` is None then. Raises IsbnError.
    """
    if _SCIENTIFIC.fullmatch(text.strip()):
        raise RoundedIsbnError("a spreadsheet has rounded it: format the column as text and export it again")
    compact = _SEPARATORS.sub("", text).upper().removesuffix(".0")  # pandas writes numbers with decimals
    if not compact:
        raise IsbnError("it is empty")
    if not re.fullmatch(r"[0-9]+X?", compact, re.ASCII):
        raise IsbnError("it contains characters other than digits, hyphens and a final X")
    if SHORTEST <= len(compact) < 10:
        compact = _with_leading_zeros(compact)
    if not re.fullmatch(r"[0-9]{9}[0-9X]|[0-9]{13}", compact, re.ASCII):
        raise IsbnError(f"it has {len(compact)} characters, not 10 or 13")
    return Isbn(compact, isbn13(compact))


def isbn13(compact: str) -> str | None:
    """Return the ISBN-13 of an ISBN without separators and with a valid check digit, or None for any other text."""
    nine = compact[-10:-1]
    low, middle, high = SUMS
    try:
        sums = low[nine[:3]] + middle[nine[3:6]] + high[nine[6:]]
    except KeyError:
        return None
    if len(compact) == 10 and compact[9] == CHECK_10[sums >> 10]:
        return f"978{nine}{CHECK_978[sums & 1023]}"
    if len(compact) == 13:
        if compact[:3] == "978" and compact[12] == CHECK_978[sums & 1023]:
            return compact
        if compact[:3] == "979" and compact[12] == CHECK_979[sums & 1023]:
            return compact
    return None


@lru_cache(maxsize=1 << 12)
def hyphenated(compact: str) -> str:
    """Return the ISBN with hyphens, or unchanged if its range is not assigned."""
    return str(stdnum.format(compact))


@lru_cache(maxsize=1 << 12)
def _isbn10(isbn13: str) -> str:
    return str(stdnum.to_isbn10(isbn13))


def _with_leading_zeros(compact: str) -> str:
    padded = compact.zfill(10)
    if isbn13(padded) is None:
        raise IsbnError(f"it has {len(compact)} characters, and adding leading zeros doesn't make it an ISBN")
    return padded


def _sums(first: int) -> dict[str, int]:
    """Return the weighted sums of all groups of three digits that start at position `first` of the nine payload digits.

    Each integer packs two sums, so that one addition adds both: ISBN-10's (weights 1 to 9) times 1024, plus ISBN-13's
    (weights 3 and 1 alternately, as the nine digits follow 978). Nine digits sum to at most 405 and 171, so the two
    never overlap.
    """
    sums = {}
    for number in range(1000):
        digits = f"{number:03d}"
        places = [(place, int(digit)) for place, digit in enumerate(digits, first)]
        tens = sum((place + 1) * digit for place, digit in places)
        thirteens = sum((1 if place % 2 else 3) * digit for place, digit in places)
        sums[digits] = tens * 1024 + thirteens
    return sums


# For the first, second and last three of the nine digits.
SUMS = (_sums(0), _sums(3), _sums(6))
CHECK_10 = "".join("0123456789X"[total % 11] for total in range(406))
# One table for each prefix, whose digits 9, 7, 8 (or 9) have the weights 1, 3, 1.
CHECK_978 = "".join(str(-(total + 9 + 21 + 8) % 10) for total in range(172))
CHECK_979 = "".join(str(-(total + 9 + 21 + 9) % 10) for total in range(172))
