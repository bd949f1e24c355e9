"""Series as cells of a file name them."""

import re
from collections.abc import Iterable, Iterator

from flyleaf.limits import SERIES_MAX
from flyleaf.series.numbers import NOUN, number_in
from flyleaf.series.phrases import EDGES, named, series_name, with_number, with_number_behind_comma
from flyleaf.series.stored import Series, stored, written

# "Discworld (34)", as LibraryThing writes it; "Best stories (1998)" is none.
_IN_BRACKETS = re.compile(rf"(.+\S) ?\((?:(?:{NOUN})\b[\s.]*)?([0-9]{{1,3}}(?:\.[0-9]{{1,2}})?)\)", re.IGNORECASE)
_READINGS = 5  # until a stored form stays as it is; two are enough for what people write
_UNUSABLE_MAX = 20  # characters of a number that is none


class UnusableSeriesError(ValueError):
    """A part of a cell can't be stored. `usable` is the stored form of the others."""

    def __init__(self, problem: str, usable: str) -> None:
        super().__init__(problem)
        self.usable = usable


def numbered(name: str, number: str) -> str:
    """Return a cell for `read_cell` from a name and a number in cells of their own."""
    name, number = name.strip(), number.strip()
    if not name or not number or with_number(name):
        return name
    return f"{name} #{number_in(number) or ''.join(number.split())[:_UNUSABLE_MAX]}"


def read_cell(text: str) -> str:
    """Return the stored form of a cell that names one or more series, however their numbers are written.

    Raises UnusableSeriesError for a number that is none, and for a name that is too long.
    """
    usable, problem = _read(text)
    usable = _settled(usable)
    if problem:
        raise UnusableSeriesError(problem, usable)
    return usable


def with_series(text: str, series: Iterable[Series]) -> str:
    """Return the stored form with further series."""
    return _settled(written([*stored(text), *series]))


def _settled(text: str) -> str:
    """Return the stored form as it is read again. A name without its number may show another one."""
    for _ in range(_READINGS):
        again, _ = _read(text)
        if again == text:
            break
        text = again
    return text


def _read(text: str) -> tuple[str, str]:
    """Return the stored form, and what can't be stored."""
    found: list[Series] = []
    problem = ""
    for part in map(series_name, series_parts(text)):
        if found and not found[-1].number and (one := named(found[-1].name, part)):
            found[-1] = one  # "Folio ; 12", as libraries write it
            continue
        one = with_number(part) or with_number_behind_comma(part) or _in_brackets(part)
        if one is None:
            name, _, number = part.rpartition(" #")
            if name and number and " " not in number:
                part = name
                problem = f"series number {number!r} is not a number, and the series is stored without it"
            one = Series(series_name(part))
        if len(str(one)) > SERIES_MAX:
            problem = f"series has a name of more than {SERIES_MAX:,} characters"
        elif any(map(str.isalnum, one.name)):
            found.append(one)
    return written(found), problem


def series_parts(text: str) -> Iterator[str]:
    """Yield what semicolons separate."""
    return filter(None, (part.strip(EDGES) for part in text.split(";")))


def _in_brackets(text: str) -> Series | None:
    match = _IN_BRACKETS.fullmatch(text)
    return named(match[1], match[2]) if match else None
