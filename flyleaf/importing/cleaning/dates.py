"""Find the dates in what sites say of readings: a day, a month or a year."""

import re
from datetime import date, timedelta

from flyleaf import limits
from flyleaf.history import PartialDate, Precision
from flyleaf.importing.cleaning.cells import clean

_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ].*)?")
_MONTH = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})")
_YEAR = re.compile(r"[0-9]{4}")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NO_DATES = frozenset(("", "None", "null", "not set"))


def day_in(name: str, cell: str, problems: list[str]) -> date | None:
    """Return the day; None if there is none, or only its month or year is known."""
    found = date_in(name, cell, problems)
    if found is not None and found.precision == "day":
        return found.first
    if found is not None:
        problems.append(name)
    return None


def date_in(name: str, cell: str, problems: list[str]) -> PartialDate | None:
    """Return the day, or the month or the year if no more is known. Of two numbers up to 12 the month can't be told: of
    that day only the year is used."""
    text = clean(cell)
    if text in _NO_DATES:
        return None
    try:
        found = _parsed_date(text)
    except ValueError:
        found = None
    if found is None or not limits.READ_ON_MIN <= found.first <= date.today() + timedelta(days=1):
        problems.append(name)
        return None
    if found.precision == "year" and _YEAR_LAST.fullmatch(text):
        problems.append(name)
    return found


def _parsed_date(text: str) -> PartialDate | None:
    """Return the date in 2023/03/21, 3/21/2023, 2023-03, 2023/03/00, March 2023 or 2023. Raises ValueError."""
    if first := _YEAR_FIRST.fullmatch(text):
        year, month, day = int(first[1]), int(first[2]), int(first[3])
        precision: Precision = "day" if day else "month" if month else "year"
        return PartialDate(date(year, month or 1, day or 1), precision)
    if last := _YEAR_LAST.fullmatch(text):
        one, other, year = int(last[1]), int(last[2]), int(last[3])
        if one == other or max(one, other) > 12:  # no month
            return PartialDate(date(year, min(one, other), max(one, other)))
        return PartialDate(date(year, 1, 1), "year")
    if only := _MONTH.fullmatch(text):
        return PartialDate(date(int(only[1]), int(only[2]), 1), "month")
    if _YEAR.fullmatch(text):
        return PartialDate(date(int(text), 1, 1), "year")
    words = text.split()
    if len(words) == 2 and words[0][:3].casefold() in _MONTHS and _YEAR.fullmatch(words[1]):
        return PartialDate(date(int(words[1]), _MONTHS.index(words[0][:3].casefold()) + 1, 1), "month")
    return None
