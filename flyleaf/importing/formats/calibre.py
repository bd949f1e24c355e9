"""Calibre's catalogue as CSV."""

import re

from flyleaf.importing.cleaning.identifier_cells import identifier_cell, scheme_of
from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.cleaning.subjects import joined
from flyleaf.importing.cleaning.years import year_of
from flyleaf.importing.formats.csv_table import open_csv
from flyleaf.importing.formats.site_export import Column, export_table, header_names, joined_names, page_count
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table
from flyleaf.series import numbered

NAME = "calibre"

# Users choose the columns of a catalogue; few other programs have two of these.
_OWN = frozenset(
    "author_sort title_sort identifiers library_name series_index timestamp uuid comments pubdate formats cover".split()
)
_UNDEFINED_YEARS = (100, 101)  # for unknown dates; which of the two depends on the time zone
_UNDEFINED = re.compile(r"(?<![0-9])0?10[01](?![0-9])")
_ISBN = re.compile(r"(?:urn:)?isbn(?:[_-]?1[03])?", re.IGNORECASE)  # kinds of identifiers
# What Calibre writes for an unknown author, in the languages that the site has.
_UNKNOWN = frozenset(("Unknown", "Desconocido", "Desconhecido(a)", "Desconhecido"))


def recognises(source: Source) -> bool:
    """Return whether the file has two of the columns that only Calibre has."""
    names = header_names(source)
    return {"authors", "title"} <= names and len(names & _OWN) >= 2


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return export_table(open_csv(source), "Calibre", _COLUMNS)


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return export_table(open_csv(source), "Calibre", _COLUMNS | _HISTORY)


def _isbn(isbn: str, identifiers: str) -> str:
    """Return the ISBN in "9780306406157" or "goodreads:61,isbn:9780306406157"."""
    pairs = (identifier.rpartition(":") for identifier in identifiers.split(","))
    numbers = (number for kind, _, number in pairs if _ISBN.fullmatch(kind.strip()))
    return best_isbn(filter(str.strip, (isbn, *numbers)))


def _identifiers(cell: str) -> str:
    """Return the identifiers of schemes that are known."""
    pairs = (identifier.partition(":") for identifier in cell.split(","))
    return identifier_cell((scheme, value) for name, _, value in pairs if (scheme := scheme_of(name)))


def _authors(cell: str) -> str:
    return joined_names(name for name in cell.split(" & ") if name.strip() not in _UNKNOWN)


def _year(date: str) -> str:
    year = year_of(date)
    if year in _UNDEFINED_YEARS or (not year and _UNDEFINED.search(date)):  # "1/1/101", of a spreadsheet
        return ""
    return str(year or date)


def _language(codes: str) -> str:
    return codes.split(",")[0]


def _tags(cell: str) -> str:
    return joined(cell.split(","))


_COLUMNS = {
    "isbn": Column(_isbn, ("isbn", "identifiers")),
    "title": Column(str, ("title",)),
    "author": Column(_authors, ("authors",)),
    "year": Column(_year, ("pubdate",)),
    "publisher": Column(str, ("publisher",)),
    "language": Column(_language, ("languages",)),
    "pages": Column(page_count, ("#pages",)),
    "description": Column(str, ("comments",)),
    "subjects": Column(_tags, ("tags",)),
    "series": Column(numbered, ("series", "series_index")),
    "identifiers": Column(_identifiers, ("identifiers",)),
}
# It doesn't know what was read. So that no book is lost, all of them are put on a shelf of this name.
_HISTORY = {
    "shelves": Column(lambda _: "Calibre", ("title",)),
    "rating": Column(str, ("rating",)),
    "added": Column(str, ("timestamp",)),
}
