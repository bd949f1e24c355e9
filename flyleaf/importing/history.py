"""Read an export as a reading history: of each book, what its reader has to say of it.

The formats' readers give the columns of the book, which are cleaned by the catalogue's rules, and those of the reader.
A cell that can't be used is left out, and its column is named among the row's problems; a row without a title is
refused.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from heapq import merge
from typing import IO

from flyleaf import limits
from flyleaf.history import HistoryRow, ReadingDates, RefusedRow, Status, is_shelf_name
from flyleaf.importing.cleaning.cells import CellError, RowError, clean, is_damaged
from flyleaf.importing.cleaning.dates import date_in, day_in
from flyleaf.importing.cleaning.identifier_cells import ANY_SCHEME
from flyleaf.importing.cleaning.review_cells import review_text
from flyleaf.importing.errors import EmptyFileError, UnknownColumnsError, UnusableFileError
from flyleaf.importing.fields import IDENTIFIER_COLUMNS, RULES, SERIES
from flyleaf.importing.formats import format_of
from flyleaf.importing.formats.spreadsheet_cells import unprotected
from flyleaf.importing.own_columns import BETWEEN, OWN_COLUMNS, UNDATED, UNTIL
from flyleaf.importing.reading.packed_file import Allowance, PackedFile
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Reason, Table
from flyleaf.isbn import IsbnError, parse
from flyleaf.numbers import whole_number
from flyleaf.series import read_title, with_series

# As the sites name them, reduced to letters and digits.
_NAMES: Mapping[Status, str] = {
    "to-read": "toread wanttoread planned tbr forlater wishlist paraler queroler porleer quieroleer",
    "reading": "reading currentlyreading isreading inprogress lendo leyendo",
    "read": "read finished alreadyread completed lido leido",
    "did-not-finish": "didnotfinish dnf abandoned stoppedreading unfinished abandonado",
}
_PAUSED = frozenset("paused onhold pausado enpausa".split())  # reading, and on a shelf of this name
_STATUSES = {name: status for status, names in _NAMES.items() for name in names.split()}
_QUARTER = Decimal("0.25")
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,9})?", re.ASCII)
_CODE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class History:
    """A file that is a reading history. Reading its rows may raise UnusableFileError."""

    format: str
    rows: Iterator[HistoryRow | RefusedRow]


@contextmanager
def read_upload(file: IO[bytes]) -> Iterator[History]:
    """Open an uploaded file, which may be compressed, as a reading history. Raises UnusableFileError.

    It is read in the thread that opens it, which it may keep for a limited time.
    """
    allowance = Allowance(limits.UPLOAD_UNPACKED_MAX, limits.UPLOAD_LINES_MAX, limits.UPLOAD_READING_SECONDS)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    yield read_history(Source(PackedFile(file, size, allowance)))


def read_history(source: Source) -> History:
    """Return the reading history in a file. Raises UnusableFileError."""
    format_ = format_of(source)
    read: Callable[[Source], Table] | None = getattr(format_, "read_history", None)
    if read is None:
        raise UnusableFileError(
            "it is a catalogue (%(format)s) and not the export of a reader’s books: export your library as CSV.",
            format=format_.NAME,
        )
    try:
        table = read(source)
    except EmptyFileError as error:
        raise UnusableFileError("it is empty: export your library again, and upload that file.") from error
    except UnknownColumnsError as error:
        raise UnusableFileError(
            "it isn’t an export that this site reads: export your library from Goodreads, The StoryGraph, "
            "LibraryThing, BookWyrm, Openreads, Calibre or Flyleaf, and upload that file unchanged."
        ) from error
    if set(OWN_COLUMNS).isdisjoint(table.columns):
        raise UnusableFileError(
            "it names no column of a reader’s own, such as a status, a rating or a date: export your library again.", 1
        )
    return History(format_.NAME, _bounded(_rows(table)))


def _bounded(rows: Iterator[HistoryRow | RefusedRow]) -> Iterator[HistoryRow | RefusedRow]:
    count = 0
    for count, row in enumerate(rows, 1):
        if count > limits.UPLOAD_ROWS_MAX:
            raise UnusableFileError(
                "it has more than %(most)s rows: export fewer books at a time.", most=limits.UPLOAD_ROWS_MAX
            )
        yield row
    if not count:
        raise UnusableFileError("it has no rows below the header: export your library again.")


def _rows(table: Table) -> Iterator[HistoryRow | RefusedRow]:
    for batch in table.batches:
        refused = (
            RefusedRow(one.line, _start(one.cells), _readable(one.detail), one.reason.name) for one in batch.refused
        )
        rows = (
            _row(line, dict(zip(table.columns, cells, strict=True)))
            for line, *cells in zip(batch.lines, *batch.columns, strict=True)
        )
        yield from merge(refused, rows, key=lambda row: row.line)


def _start(cells: Sequence[str]) -> str:
    return _readable(clean(" ".join(cells)))[:100]


def _row(line: int, cells: dict[str, str]) -> HistoryRow | RefusedRow:
    problems: list[str] = []
    book: dict[str, str] = {}
    for column, cell in cells.items():
        if column in OWN_COLUMNS or column not in RULES or not cell:
            continue
        try:
            book[column] = RULES[column].cell(cell)
        except CellError as error:
            problems.append(column)
            book[column] = error.usable
        except RowError as error:
            return RefusedRow(line, _start(list(cells.values())), _readable(str(error)), error.reason.name)
    if not book.get("title"):
        return RefusedRow(line, _start(list(cells.values())), "it has no title", Reason.NO_TITLE.name)
    title, found = read_title(book["title"])
    series = book.get(SERIES, "")
    isbn, identity = _isbn(cells["isbn"], problems)
    own = {column: _undamaged(column, cells.get(column, ""), problems) for column in OWN_COLUMNS}
    status, shelf = _status(own["status"])
    return HistoryRow(
        line=line,
        title=title,
        author=book.get("author", ""),
        isbn=isbn,
        identity=identity,
        identifiers=tuple(_identifiers(book)),
        series=(with_series(series, found) if found else series) or None,
        year=int(book["year"]) if book.get("year") else None,
        publisher=book.get("publisher") or None,
        language=book.get("language") or None,
        pages=int(book["pages"]) if book.get("pages") else None,
        status=status,
        shelves=_shelves(own["shelves"], shelf, problems),
        rating=_rating(own["rating"], problems),
        review=_text("review", review_text(unprotected(own["review"])), limits.REVIEW_MAX, problems),
        is_private=clean(own["is_private"]).casefold() in ("true", "yes", "1"),
        written_in=_language(own["written_in"], problems),
        reviewed_at=_moment(own["reviewed"]),
        readings=_readings(own["readings"], own["read_count"], problems),
        notes=_text("notes", review_text(unprotected(own["notes"])), limits.NOTES_MAX, problems),
        added_on=day_in("added", own["added"], problems),
        problems=tuple(dict.fromkeys(problems)),
    )


def _undamaged(column: str, cell: str, problems: list[str]) -> str:
    """Return the cell; of a text with damaged bytes what is left of it, and of another cell nothing."""
    if not is_damaged(cell):
        return cell
    problems.append(column)
    return _readable(cell) if column in ("review", "notes") else ""


def _readable(text: str) -> str:
    """Return the text with question marks in place of damaged bytes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _isbn(cell: str, problems: list[str]) -> tuple[str | None, str | None]:
    """Return the ISBN and the identity of its book. A wrong one is a problem."""
    if not cell.strip():
        return None, None
    try:
        isbn = parse(cell)
    except IsbnError:
        problems.append("isbn")
        return None, None
    return isbn.isbn, isbn.identity


def _identifiers(book: Mapping[str, str]) -> Iterator[str]:
    for column in IDENTIFIER_COLUMNS:
        for value in book.get(column, "").split():
            yield value if column == ANY_SCHEME else f"{column}:{value}"


def _status(cell: str) -> tuple[Status | None, str]:
    """Return the status, or None, and the name of a shelf for what no status says, or ""."""
    name = clean(cell)
    letters = "".join(filter(str.isalnum, name.casefold()))
    if letters in _PAUSED:
        return "reading", name
    status = _STATUSES.get(letters)
    return status, "" if status or name.casefold() in ("", "unknown", "none") else name


def _shelves(cell: str, first: str, problems: list[str]) -> tuple[str, ...]:
    """Return the names of the reader's own shelves. One that says a status, as Goodreads lists it, is none. Names
    stand in addresses, so "sf/fantasy" becomes "sf-fantasy"."""
    names = dict.fromkeys(filter(None, (clean(name).replace("/", "-") for name in (first, *cell.split(BETWEEN)))))
    fitting = [name for name in names if len(name) <= limits.SHELF_NAME_MAX and is_shelf_name(name)]
    if len(fitting) < len(names) or len(fitting) > limits.SHELVES_OF_A_ROW:
        problems.append("shelves")
    return tuple(fitting[: limits.SHELVES_OF_A_ROW])


def _rating(cell: str, problems: list[str]) -> Decimal | None:
    """Return the rating in quarters of a star; 0 is none."""
    text = clean(cell).replace(",", ".")
    if not _NUMBER.fullmatch(text or "0") or Decimal(text or "0") > limits.RATING_MAX:
        problems.append("rating")
        return None
    rating = Decimal(text or "0")
    quarters = max((rating / _QUARTER).to_integral_value(), Decimal(1)) * _QUARTER
    if rating and quarters != rating:
        problems.append("rating")
    return quarters if rating else None


def _text(name: str, text: str, longest: int, problems: list[str]) -> str:
    if len(text) > longest:
        problems.append(name)
        return ""
    return text


def _language(cell: str, problems: list[str]) -> str | None:
    """Return the code of the language in which the review is written."""
    code = clean(cell)
    if code and not _CODE.fullmatch(code):
        problems.append("written_in")
        return None
    return code or None


def _readings(cell: str, count: str, problems: list[str]) -> tuple[ReadingDates, ...]:
    """Return the readings, in their order. Behind those with a date come those of which only their number is known."""
    found: list[ReadingDates] = []
    undated = 0
    for part in filter(None, cell.split(BETWEEN)):
        started_cell, _, finished_cell = part.partition(UNTIL)
        if (started_cell, finished_cell) == ("", UNDATED):
            undated += 1
            continue
        started = date_in("readings", started_cell, problems)
        finished = date_in("readings", finished_cell, problems)
        if started and finished and finished.last < started.first:
            problems.append("readings")
            started = None
        if started or finished:
            found.append((started, finished))
    dated = list(dict.fromkeys(found))
    times = whole_number(clean(count)) or 0
    if times > 1:  # one that was read once has the status
        undated = max(times - len(dated), undated)
    if len(dated) + undated > limits.READINGS_MAX:
        problems.append("readings" if len(dated) > limits.READINGS_MAX else "read_count")
    readings = dated[: limits.READINGS_MAX]
    return (*readings, *[(None, None)] * min(undated, limits.READINGS_MAX - len(readings)))


def _moment(cell: str) -> datetime | None:
    """Return when a review was written, if that is known and over."""
    try:
        moment = datetime.fromisoformat(clean(cell))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if datetime(1990, 1, 1, tzinfo=UTC) <= moment <= datetime.now(UTC) else None
