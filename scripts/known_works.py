"""The list of well-known works that stands beside the scripts: one edition of each that was checked."""

import csv
from pathlib import Path
from typing import NamedTuple


class KnownWork(NamedTuple):
    title: str
    author: str
    year: str
    """When the work first appeared; of works older than printing, the year of the edition."""
    language: str
    """Of this edition, as MARC's code."""
    series: str
    """With a number where its books are numbered: The Lord of the Rings #1."""
    isbn: str
    checked: str
    """The kinds of sources that agree with the row, separated by semicolons."""


def read_known_works(path: Path) -> list[KnownWork]:
    """Read the list in the file's order. A row that lacks a column raises TypeError."""
    with path.open(encoding="utf-8", newline="") as file:
        return [KnownWork(**row) for row in csv.DictReader(file)]
