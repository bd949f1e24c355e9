"""Read known_works.csv, the list of well-known works with one checked edition of each."""

import csv
from pathlib import Path
from typing import NamedTuple


class KnownWork(NamedTuple):
    title: str
    author: str
    year: str
    """The year of first publication. For works older than printing, the year of the edition."""
    language: str
    """The edition's language, as a MARC code."""
    series: str
    """The series, with the number if it has one: The Lord of the Rings #1."""
    isbn: str
    checked: str
    """The kinds of sources that agree with the row, separated by semicolons."""


def read_known_works(path: Path) -> list[KnownWork]:
    """Return the works in the file's order. Raises TypeError if a row lacks a column."""
    with path.open(encoding="utf-8", newline="") as file:
        return [KnownWork(**row) for row in csv.DictReader(file)]
