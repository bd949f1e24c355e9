"""BookWyrm's export, whose columns of books are read as those of any CSV file."""

from flyleaf.importing.formats import csv_table
from flyleaf.importing.formats.csv_history import read_with
from flyleaf.importing.formats.site_export import Column, first_given, has_columns
from flyleaf.importing.own_columns import reading
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Table

NAME = "bookwyrm"

read = csv_table.read


def recognises(source: Source) -> bool:
    return has_columns(source, "author_text", "remote_id", "review_content")


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return read_with(source, _HISTORY)


def _status(shelf: str, shelf_name: str) -> str:
    """Return one of its four shelves, or the name of the reader's own, whose identifier is "name-12"."""
    return shelf if shelf in ("to-read", "reading", "read", "stopped-reading") else shelf_name or shelf


def _review(name: str, warning: str, content: str) -> str:
    """Return the review below its title. What has a warning is hidden as a spoiler."""
    if warning.strip() and content.strip():
        content = f"{warning}<br/><spoiler>{content}</spoiler>"
    return "<br/><br/>".join(filter(str.strip, (name, content)))


def _readings(started: str, finished: str, stopped: str) -> str:
    return reading(started, first_given(finished, stopped))


_HISTORY = {
    "status": Column(_status, ("shelf", "shelf_name")),
    "rating": Column(str, ("rating",)),
    "review": Column(_review, ("review_name", "review_cw", "review_content")),
    "reviewed": Column(str, ("review_published",)),
    "readings": Column(_readings, ("start_date", "finish_date", "stopped_date")),
    "added": Column(str, ("shelf_date",)),
}
