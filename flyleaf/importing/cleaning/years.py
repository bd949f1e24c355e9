"""Find the year in dates as people and catalogues write them."""

import re

from flyleaf import limits

_WHOLE = re.compile(r"([+-]?[0-9]{1,4})(?:[.,]0+)?")  # also with decimals from a spreadsheet or pandas
_THOUSANDS = re.compile(r"([+-]?[1-9])[.,' \xa0\u2009\u202f]([0-9]{3})(?:[.,]0+)?")  # "1,999", "1.999,0"
_ISO_DATE = re.compile(r"([+-]?[0-9]{3,4})-[0-9]{2}(?:-[0-9]{2}(?:[T ].*)?)?")
# Calibre's value for an unknown date, in any time zone.
_UNDEFINED = re.compile(r"010(?:0-12-31|1-01-01)(?:[T ].*)?")
# In English, Spanish, Portuguese, French and German.
_BEFORE_CHRIST = re.compile(
    r"(?<![0-9])([0-9]{1,4}) ?(?:B\.? ?C(?:\.? ?E)?\b|a\. ?(?:d\. ?)?C\b|av\. ?J\.? ?-? ?C\b|v\. ?Chr\b)"
    r"|\bB\.? ?C(?:\.? ?E)?\.? ?([0-9]{1,4})(?![0-9])",
    re.IGNORECASE,
)
_ANNO_DOMINI = re.compile(
    r"(?:A\.? ?D\.? ?|(?:ca?\.?|circa|about|approx\.|approximately|around|~) ?)?([0-9]{1,3})"
    r"(?: ?(?:A\.? ?D\.?|C\.? ?E\.?|d\. ?C\.?|apr?\. ?J\.? ?-? ?C\.?|n\. ?Chr\.?))?",
    re.IGNORECASE,
)
# Of two different years, the cataloguer means the second: "1989 [i.e. 1998]", "5760 [1999 or 2000]".
_CORRECTED = re.compile(r"[0-9] \[(?:i\.e\.,? )?([0-9]{4})(?![0-9])")
_FOUR_DIGITS = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
_COMPACT_DATE = re.compile(r"([0-9]{4})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_ROMAN = re.compile(r"M{1,2}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_FROM = 1400  # no printed book is older, and a shorter numeral may be a word


def year_of(text: str) -> int | None:
    """Return the first year in the text, negative for BCE. Return None if there is none in the catalogue's range, or if
    its digits are incomplete ("19--"). Digits of every script are recognised."""
    text = _with_ascii_digits(text).strip(" \t\n.,:;[]()")
    if whole := _WHOLE.fullmatch(text):
        return _in_range(int(whole[1]))
    if thousands := _THOUSANDS.fullmatch(text):
        return _in_range(int(thousands[1] + thousands[2]))
    if date := _ISO_DATE.fullmatch(text):
        return _in_range(int(date[1]))
    if before := _BEFORE_CHRIST.search(text):
        return _in_range(-int(before[1] or before[2]))
    if compact := _COMPACT_DATE.fullmatch(text):
        return _in_range(int(compact[1]))
    if corrected := _CORRECTED.search(text):
        return _in_range(int(corrected[1]))
    if early := _ANNO_DOMINI.fullmatch(text):
        return _in_range(int(early[1]))
    years = (_in_range(int(digits)) for digits in _FOUR_DIGITS.findall(text))
    return next(filter(None, years), None) or _roman(text)


def is_undefined(text: str) -> bool:
    """Return whether it is a placeholder for an unknown date."""
    return _UNDEFINED.fullmatch(text) is not None


def _with_ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text).replace("\u2212", "-")


def _in_range(year: int) -> int | None:
    """Convert a year BCE. There is no year 0: 1 follows -1."""
    return year if year and limits.YEAR_MIN <= year <= limits.YEAR_MAX else None


def _roman(text: str) -> int | None:
    numeral = text.upper().replace(".", "").replace(" ", "")
    if not _ROMAN.fullmatch(numeral):
        return None
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    year = sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
    return _in_range(year) if year >= _ROMAN_FROM else None
