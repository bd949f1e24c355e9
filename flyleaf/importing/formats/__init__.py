"""The formats that can be imported. A new one is a module with NAME and two functions, and its line in FORMATS."""

from typing import Protocol

from flyleaf.importing.formats import (
    calibre,
    csv_table,
    goodreads,
    inventaire,
    libib,
    librarything,
    librarything_json,
    marc,
    marcxml,
    open_library_dump,
    open_library_log,
    storygraph,
)
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table


class Format(Protocol):
    """A module that reads one format."""

    NAME: str
    """What `--format` calls it, and the report: one word, "csv"."""

    def recognises(self, source: Source) -> bool:
        """Whether the file is of this format, from its first bytes (`source.head`)."""

    def read(self, source: Source) -> Table:
        """The file's table. Raises UnusableFileError, here or while the records are read."""


# The first that recognises a file reads it. CSV takes everything, so that it can say what is wrong with it: it is last.
FORMATS: tuple[Format, ...] = (
    marc,
    marcxml,
    open_library_dump,
    open_library_log,
    goodreads,
    storygraph,
    librarything,
    librarything_json,
    calibre,
    inventaire,
    libib,
    csv_table,
)


def format_of(source: Source) -> Format:
    """The format that recognises the file."""
    return next(format_ for format_ in FORMATS if format_.recognises(source))
