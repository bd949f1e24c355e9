"""Inventaire's export of an inventory."""

import re

from flyleaf.importing.cleaning.identifier_cells import identifier_cell
from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.cleaning.subjects import joined
from flyleaf.importing.formats.csv_table import open_csv
from flyleaf.importing.formats.site_export import (
    Column,
    export_table,
    first_given,
    has_columns,
    joined_names,
    page_count,
)
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table
from flyleaf.series import numbered

NAME = "inventaire"

_BETWEEN_NAMES = re.compile("[,;|]")


def recognises(source: Source) -> bool:
    """Return whether the header has its names for editions and works."""
    return has_columns(source, "edition_isbn-13", "works_labels")


def read(source: Source) -> Table:
    """Return the table of the items that are editions. Raises UnusableFileError."""
    return export_table(open_csv(source), "Inventaire", _COLUMNS)


def _isbn(isbn13: str, isbn10: str, address: str) -> str:
    """Return the ISBN, if need be from the address: "https://inventaire.io/entity/isbn:9780306406157"."""
    return best_isbn(filter(str.strip, (isbn13, isbn10, address.partition("isbn:")[2])))


def _identifier(address: str) -> str:
    """Return the identifier in an address without an ISBN: "https://inventaire.io/entity/inv:4a7f…"."""
    return identifier_cell([("inventaire", address.partition("inv:")[2])])


def _title(title: str, subtitle: str, works: str) -> str:
    title = first_given(title, works)
    return f"{title}: {subtitle}" if title and subtitle.strip() else title


def _authors(names: str) -> str:
    return joined_names(_BETWEEN_NAMES.split(names))


def _subjects(genres: str, subjects: str) -> str:
    return joined(_BETWEEN_NAMES.split(f"{genres};{subjects}"))


def _series(names: str, numbers: str) -> str:
    """Return the series. Which of several the numbers belong to is not said."""
    several = _BETWEEN_NAMES.split(names)
    return numbered(names, numbers) if len(several) == 1 else "; ".join(several)


_COLUMNS = {
    "isbn": Column(_isbn, ("edition_isbn-13", "edition_isbn-10", "edition_url")),
    "title": Column(_title, ("edition_title", "edition_subtitle", "works_labels")),
    "author": Column(_authors, ("authors_labels",)),
    "year": Column(str, ("edition_publication_date",)),
    "publisher": Column(first_given, ("publisher_label", "publisher_labels", "publishers_labels")),
    "language": Column(str, ("edition_language",)),
    "pages": Column(page_count, ("edition_number_of_pages",)),
    "subjects": Column(_subjects, ("genres_labels", "subjects_labels")),
    "series": Column(_series, ("series_labels", "works_series_ordinals")),
    "identifiers": Column(_identifier, ("edition_url",)),
}
