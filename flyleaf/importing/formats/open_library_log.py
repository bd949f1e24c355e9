"""Open Library's export of a reading log. Its books are works, of which the reader may have chosen an edition."""

from collections.abc import Mapping

from flyleaf.importing.cleaning.identifier_cells import identifier_cell
from flyleaf.importing.formats.csv_table import open_csv
from flyleaf.importing.formats.site_export import Column, export_table, has_columns
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.table import Table

NAME = "openlibrary-log"


def recognises(source: Source) -> bool:
    return has_columns(source, "work_id", "edition_id", "bookshelf")


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return _table(source, _COLUMNS)


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return _table(source, _COLUMNS | _HISTORY)


def _table(source: Source, columns: Mapping[str, Column]) -> Table:
    if not has_columns(source, "title"):
        raise UnusableFileError("it is a reading log of Open Library without titles: export it again.")
    return export_table(open_csv(source), "Open Library", columns)


def _identifier(edition: str, work: str) -> str:
    return identifier_cell([("openlibrary", edition.strip() or work)])


_COLUMNS = {
    "isbn": Column(lambda _: "", ("work_id",)),  # it has none
    "title": Column(str, ("title",)),
    "author": Column(str, ("authors",)),
    "year": Column(str, ("first_publish_year",)),
    "identifiers": Column(_identifier, ("edition_id", "work_id")),
}
_HISTORY = {
    "status": Column(str, ("bookshelf",)),
    "rating": Column(str, ("my_ratings",)),
}
