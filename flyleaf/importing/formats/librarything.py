"""LibraryThing's tab-delimited export."""

import re
from collections.abc import Iterable
from itertools import zip_longest

from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.cleaning.names import natural_name
from flyleaf.importing.cleaning.subjects import joined
from flyleaf.importing.formats.csv_table import CsvFile, open_csv
from flyleaf.importing.formats.site_export import (
    Column,
    export_table,
    has_columns,
    identifiers,
    joined_names,
    page_count,
)
from flyleaf.importing.own_columns import items, reading
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.table import Table

NAME = "librarything"

_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
# Shops write "Gallimard (1979), Poche", and libraries "New York : Scribner, 2001". Anything else may be a place, a
# publisher or both.
_PUBLICATIONS = (
    re.compile(r"([^:;(]+?) \([0-9]{4}\)(?:,.*)?"),
    re.compile(r"[^:;]+? ?: ([^:;]+?), \[?[c©]?[0-9]{4}\b.*"),
)


def recognises(source: Source) -> bool:
    return has_columns(source, "book_id", "primary_author", "publication", "isbns")


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return export_table(_opened(source), "LibraryThing", _COLUMNS)


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return export_table(_opened(source), "LibraryThing", _COLUMNS | _HISTORY)


def _opened(source: Source) -> CsvFile:
    # Cells contain no tabs or line ends, and a quote at the start usually belongs to the title.
    try:
        return open_csv(source, delimiter="\t", quotes=False)
    except UnusableFileError as error:
        raise UnusableFileError("it is not an export from LibraryThing: export it as tab-delimited text.", 1) from error


def _plain(cell: str) -> str:
    """Return the cell without a spreadsheet's quoting."""
    quoted = _QUOTED.fullmatch(cell)
    return quoted[1].replace('""', '"') if quoted else cell


def _isbn(isbn: str, isbns: str) -> str:
    """Return the ISBN in "[2070291340]" or "2070291340, 9782070291342"."""
    numbers = (number.strip(' []"') for number in (isbn, *isbns.split(",")))
    return best_isbn(filter(None, numbers))


def _authors(primary: str, secondary: str, roles: str) -> str:
    """Return the authors. Roles belong to the secondary authors; a given role is usually translator or editor."""
    pairs = zip_longest(_plain(secondary).split("|"), _plain(roles).split("|"), fillvalue="")
    others = (name for name, role in pairs if role.strip().casefold() in ("", "author"))
    names = filter(str.strip, (_plain(primary), *others))
    return joined_names(map(natural_name, names))


def _date(cell: str) -> str:
    """Return the year; "?" means none."""
    return cell.strip(' []?"')


def publisher_in(publication: str) -> str:
    """Return the publisher of "Gallimard (1979), Poche"; "" if it can't be determined."""
    found = (form.fullmatch(_plain(publication).strip()) for form in _PUBLICATIONS)
    return next((match[1] for match in found if match), "")


def _language(languages: str) -> str:
    return _plain(languages).split(",")[0]


def _subjects(cell: str) -> str:
    """Return the subjects of libraries; the reader's own are in Tags."""
    return joined(_plain(cell).split("|"))


def _series(cell: str) -> str:
    """Return the series of "Discworld (34)|City Watch (7)"."""
    return _plain(cell).replace("|", ";")


_COLUMNS = {
    "isbn": Column(_isbn, ("isbn", "isbns")),
    "title": Column(_plain, ("title",)),
    "author": Column(_authors, ("primary_author", "secondary_author", "secondary_author_roles")),
    "year": Column(_date, ("date",)),
    "publisher": Column(publisher_in, ("publication",)),
    "language": Column(_language, ("languages",)),
    "pages": Column(page_count, ("page_count",)),
    "subjects": Column(_subjects, ("subjects",)),
    "series": Column(_series, ("series",)),
    "identifiers": identifiers(librarything="book_id", oclc="oclc", lccn="lccn", librarythingwork="work_id"),
}

# The collections that every member has, besides "Your library", which is kept as a shelf of this name.
_STATUSES = {
    "to read": "to-read",
    "wishlist": "to-read",
    "currently reading": "reading",
    "read but unowned": "read",
}


def status_in(collections: Iterable[str], date_read: str) -> str:
    """Return the status that the collections say, or the date of reading; "" if neither does."""
    found = (_STATUSES.get(name.strip().casefold(), "") for name in collections)
    return "read" if date_read.strip(" []") else next(filter(None, found), "")


def own_shelves(tags: Iterable[str], collections: Iterable[str]) -> str:
    """Return the cell with the tags and the reader's own collections."""
    return items(*tags, *(name for name in collections if name.strip().casefold() not in _STATUSES))


def with_line_ends(text: str) -> str:
    """Return a review whose line ends the site has written as "[return]"."""
    return text.replace("[return]", "\n")


def _status(collections: str, date_read: str) -> str:
    return status_in(_plain(collections).split(","), date_read)


def _shelves(tags: str, collections: str) -> str:
    return own_shelves(_plain(tags).split(","), _plain(collections).split(","))


def _review(cell: str) -> str:
    return with_line_ends(_plain(cell))


def _readings(started: str, finished: str) -> str:
    return reading(started.strip(" []"), finished.strip(" []"))


_HISTORY = {
    "status": Column(_status, ("collections", "date_read")),
    "shelves": Column(_shelves, ("tags", "collections")),
    "rating": Column(_plain, ("rating",)),
    "review": Column(_review, ("review",)),
    "readings": Column(_readings, ("date_started", "date_read")),
    "notes": Column(_review, ("private_comment",)),
    "added": Column(_date, ("entry_date",)),
}
