"""The StoryGraph's library export."""

import re

from flyleaf.identifiers import SCHEMES
from flyleaf.importing.cleaning.identifier_cells import identifier_cell
from flyleaf.importing.formats.csv_table import open_csv
from flyleaf.importing.formats.site_export import Column, export_table, has_columns, joined_names
from flyleaf.importing.own_columns import items, listed_readings, reading
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table

NAME = "storygraph"

# Text that may be a mistyped or rounded ISBN is kept, so that it is reported. Books without an ISBN have the site's own
# identifier or a shop's.
_NUMBER = re.compile(r"\s*[0-9][0-9\s.,E+-]*+X?\s*", re.ASCII | re.IGNORECASE)


def recognises(source: Source) -> bool:
    return has_columns(source, "isbn/uid", "read_status", "star_rating")


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return export_table(open_csv(source), "The StoryGraph", _COLUMNS)


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return export_table(open_csv(source), "The StoryGraph", _COLUMNS | _HISTORY)


def _isbn(isbn_or_uid: str) -> str:
    return isbn_or_uid if _NUMBER.fullmatch(isbn_or_uid) else ""


def _identifier(isbn_or_uid: str) -> str:
    uid = "" if _isbn(isbn_or_uid) else isbn_or_uid.strip()
    return identifier_cell([("asin" if SCHEMES["asin"].form.fullmatch(uid) else "storygraph", uid)])


def _authors(cell: str) -> str:
    return joined_names(cell.split(","))


# The file has no year.
_COLUMNS = {
    "isbn": Column(_isbn, ("isbn/uid",)),
    "title": Column(str, ("title",)),
    "author": Column(_authors, ("authors",)),
    "subjects": Column(str, ("tags",)),
    "identifiers": Column(_identifier, ("isbn/uid",)),
}


def _shelves(tags: str, owned: str) -> str:
    return items(*tags.split(","), "owned" if owned.strip().casefold() == "yes" else "")


def _readings(dates_read: str, last_date_read: str) -> str:
    return listed_readings(dates_read) or reading("", last_date_read)


_HISTORY = {
    "status": Column(str, ("read_status",)),
    "shelves": Column(_shelves, ("tags", "owned?")),
    "rating": Column(str, ("star_rating",)),
    "review": Column(str, ("review",)),
    "readings": Column(_readings, ("dates_read", "last_date_read")),
    "read_count": Column(str, ("read_count",)),
    "added": Column(str, ("date_added",)),
}
