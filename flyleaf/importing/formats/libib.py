"""Libib's export of a collection."""

import re

from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.formats.csv_table import open_csv
from flyleaf.importing.formats.site_export import (
    Column,
    export_table,
    first_given,
    header_names,
    identifiers,
    joined_names,
    page_count,
)
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table

NAME = "libib"

_BETWEEN_NAMES = re.compile("[,;]")
_NUMBERS = frozenset(("ean_isbn13", "upc_isbn10"))


def recognises(source: Source) -> bool:
    """Return whether the header has its names for numbers: ISBNs for books, other numbers for films."""
    names = header_names(source)
    return "title" in names and not names.isdisjoint(_NUMBERS)


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return export_table(open_csv(source), "Libib", _COLUMNS, _OTHER)


def _other(kind: str) -> str:
    """Return the kind of a film, music or a game."""
    return "" if "book" in kind.casefold() else kind.strip()  # "Books", "ebook", "audiobook"


def _isbn(isbn13: str, isbn10: str) -> str:
    return best_isbn(filter(str.strip, (isbn13, isbn10)))


def _author(creators: str, first_name: str, last_name: str) -> str:
    """Return the creators. The first one's name is in three columns, and `creators` may be just "Author, Ann"."""
    first = f"{first_name.strip()} {last_name.strip()}".strip()
    if not creators.strip() or creators.strip() == f"{last_name.strip()}, {first_name.strip()}":
        return first
    return joined_names(_BETWEEN_NAMES.split(creators))


_COLUMNS = {
    "isbn": Column(_isbn, ("ean_isbn13", "upc_isbn10")),
    "title": Column(str, ("title",)),
    "author": Column(_author, ("creators", "first_name", "last_name")),
    "year": Column(str, ("publish_date",)),
    "publisher": Column(str, ("publisher",)),
    "pages": Column(lambda *cells: page_count(first_given(*cells)), ("length", "length_of")),
    "description": Column(str, ("description",)),
    "subjects": Column(str, ("tags",)),
    "identifiers": identifiers(oclc="oclc", lccn="lccn"),
}
_OTHER = Column(_other, ("item_type",))
