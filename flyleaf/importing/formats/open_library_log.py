"""Open Library's export of a reading log, which is recognised only to explain that it can't be imported."""

from flyleaf.importing.formats.site_export import has_columns
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.table import Table

NAME = "openlibrary-log"


def recognises(source: Source) -> bool:
    return has_columns(source, "work_id", "edition_id", "bookshelf")


def read(source: Source) -> Table:
    """Raise UnusableFileError, as the log has no ISBNs or titles."""
    raise UnusableFileError(
        "it is a reading log of Open Library, which has no ISBNs, and without them there is no catalogue: take the "
        "export of Goodreads, The StoryGraph or LibraryThing, or Open Library's dump of its editions."
    )
