"""Openreads' export, whose columns of books are read as those of any CSV file."""

from flyleaf.importing.formats import csv_table
from flyleaf.importing.formats.csv_history import read_with
from flyleaf.importing.formats.site_export import Column, has_columns
from flyleaf.importing.own_columns import BETWEEN, items, reading
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table

NAME = "openreads"

_BETWEEN_TAGS = "|||||"

read = csv_table.read


def recognises(source: Source) -> bool:
    return has_columns(source, "my_review", "olid", "readings")


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return read_with(source, _HISTORY)


def _tags(cell: str) -> str:
    return items(*cell.split(_BETWEEN_TAGS))


def _readings(cell: str) -> str:
    """Return the readings in "2021-01-01T00:00:00.000|2021-02-01T00:00:00.000|;…", with the time that each took."""
    parts = ([*part.split("|"), "", ""][:2] for part in cell.split(";"))
    return BETWEEN.join(filter(None, (reading(started, finished) for started, finished in parts)))


_HISTORY = {
    "status": Column(str, ("status",)),
    "shelves": Column(_tags, ("tags",)),
    "rating": Column(str, ("rating",)),
    "review": Column(str, ("my_review",)),
    "readings": Column(_readings, ("readings",)),
    "notes": Column(str, ("notes",)),
    "added": Column(str, ("date_added",)),
}
