"""Goodreads' library export (goodreads_library_export.csv)."""

from flyleaf.importing.cleaning.identifier_cells import identifier_cell
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
from flyleaf.importing.own_columns import items, listed_readings, reading
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table
from flyleaf.numbers import whole_number

NAME = "goodreads"


def recognises(source: Source) -> bool:
    """Return whether it is such an export, possibly by another site in the same format."""
    return has_columns(source, "isbn13", "exclusive_shelf")


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return export_table(open_csv(source), "Goodreads", _COLUMNS)


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return export_table(open_csv(source), "Goodreads", _COLUMNS | _HISTORY)


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


def _shelves(bookshelves: str, exclusive_shelf: str, own_shelves: str, owned_copies: str) -> str:
    """Return the shelves without the exclusive one, which is listed with them, and one of books that are owned."""
    if own_shelves.strip():
        return items(*typed(own_shelves).splitlines())
    names = (name for name in bookshelves.split(",") if name.strip() != exclusive_shelf.strip())
    return items(*names, "owned" if whole_number(owned_copies.strip()) else "")


def _review(review: str, spoiler: str) -> str:
    """Return the review, all of which may be marked as a spoiler."""
    return f"<spoiler>{review}</spoiler>" if review.strip() and spoiler.strip().casefold() == "true" else review


def _readings(dates_read: str, date_started: str, date_read: str) -> str:
    return listed_readings(dates_read) or reading(date_started, date_read)


def _identifiers(book_id: str, others: str) -> str:
    named = (name.partition(":") for name in others.split())
    return identifier_cell([("goodreads", book_id), *((scheme, value) for scheme, _, value in named)])


# Of these exact_rating, own_shelves, private_review, review_language, date_reviewed, dates_read, series and identifiers
# are only in this site's own export, which has the columns of Goodreads and some more: flyleaf/exporting.py.
_HISTORY = {
    "title": Column(typed, ("title",)),
    "series": Column(str, ("series",)),
    "identifiers": Column(_identifiers, ("book_id", "identifiers")),
    "status": Column(str, ("exclusive_shelf",)),
    "shelves": Column(_shelves, ("bookshelves", "exclusive_shelf", "own_shelves", "owned_copies")),
    "rating": Column(first_given, ("exact_rating", "my_rating")),
    "review": Column(_review, ("my_review", "spoiler")),
    "is_private": Column(str, ("private_review",)),
    "written_in": Column(str, ("review_language",)),
    "reviewed": Column(str, ("date_reviewed",)),
    "readings": Column(_readings, ("dates_read", "date_started", "date_read")),
    "read_count": Column(str, ("read_count",)),
    "notes": Column(str, ("private_notes",)),
    "added": Column(str, ("date_added",)),
}
