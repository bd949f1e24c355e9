"""The formats that can be imported. A new one is a module with NAME and two functions, and a line in FORMATS."""

from typing import Protocol

from flyleaf.importing.formats import (
    bookwyrm,
    calibre,
    csv_table,
    flyleaf_json,
    goodreads,
    inventaire,
    libib,
    librarything,
    librarything_json,
    marc,
    marcxml,
    open_library_dump,
    open_library_log,
    openreads,
    storygraph,
)
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table


class Format(Protocol):
    """A module for one format."""

    NAME: str
    """Its name for `--format` and in the report: one word, such as "csv"."""

    def recognises(self, source: Source) -> bool:
        """Return whether the file has this format, judging by its first bytes (`source.head`)."""

    def read(self, source: Source) -> Table:
        """Return the file's table. Raises UnusableFileError, here or while the records are read."""


# The first format that recognises a file is used. CSV is last, as it accepts every file and reports what is wrong.
FORMATS: tuple[Format, ...] = (
    marc,
    marcxml,
    open_library_dump,
    open_library_log,
    goodreads,
    storygraph,
    librarything,
    librarything_json,
    flyleaf_json,
    calibre,
    inventaire,
    libib,
    bookwyrm,
    openreads,
    csv_table,
)


def format_of(source: Source) -> Format:
    """Return the first format that recognises the file."""
    return next(format_ for format_ in FORMATS if format_.recognises(source))
