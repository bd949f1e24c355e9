"""Goodreads' library export (goodreads_library_export.csv)."""

from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.formats.csv_table import open_csv
from flyleaf.importing.formats.site_export import (
    Column,
    export_table,
    first_given,
    has_columns,
    identifiers,
    joined_names,
    page_count,
)
from flyleaf.importing.formats.spreadsheet_cells import typed
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table

NAME = "goodreads"


def recognises(source: Source) -> bool:
    """Return whether it is such an export, possibly by another site in the same format."""
    return has_columns(source, "isbn13", "exclusive_shelf")


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return export_table(open_csv(source), "Goodreads", _COLUMNS)


def _isbn(isbn13: str, isbn: str) -> str:
    """Return the ISBN in `="9781250313195"`, which keeps leading zeros in a spreadsheet."""
    return best_isbn(filter(None, (typed(cell).strip() for cell in (isbn13, isbn))))


def _authors(author: str, others: str) -> str:
    return joined_names((author, *others.split(",")))


_COLUMNS = {
    "isbn": Column(_isbn, ("isbn13", "isbn")),
    "title": Column(str, ("title",)),
    "author": Column(_authors, ("author", "additional_authors")),
    # The year of the work's first edition, by which readers know it and which most lists made from Goodreads use.
    "year": Column(first_given, ("original_publication_year", "year_published")),
    "publisher": Column(str, ("publisher",)),
    "pages": Column(page_count, ("number_of_pages",)),
    "average_rating": Column(str, ("average_rating",)),  # the average of all readers; the reader's own is My Rating
    "identifiers": identifiers(goodreads="book_id"),
}
