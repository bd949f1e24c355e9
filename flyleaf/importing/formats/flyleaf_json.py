"""The data of a reader of this site (flyleaf.json), of which the list "reading_history" is read as a stream."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flyleaf.importing.cleaning.review_cells import review_cell
from flyleaf.importing.fields import as_cell
from flyleaf.importing.formats.spreadsheet_cells import protected
from flyleaf.importing.own_columns import BETWEEN, UNDATED, items, reading
from flyleaf.importing.reading.encoding import Decoder
from flyleaf.importing.reading.source import BLOCK, LINE_MAX, Source, UnusableFileError
from flyleaf.importing.table import ROWS_AT_ONCE, Batch, Reason, Refusal, Table

NAME = "flyleaf-json"
HISTORY = "reading_history"

_HEAD = re.compile(rb'\s*\{\s*"account"\s*:')
_MEMBER = re.compile(r'\s*+[{,]?+\s*+(?:"([^"\\]*+)"\s*+:\s*+|\})')  # a key of the outer object, or its end
_ITEM = re.compile(r"\s*[\[,]?\s*(\])?")  # what stands before an item of a list, or the list's end
_COLUMNS = (
    "isbn", "title", "author", "year", "publisher", "pages", "series", "identifiers", "status", "shelves", "rating",
    "review", "is_private", "written_in", "reviewed", "readings", "notes", "added",
)  # fmt: skip


def recognises(source: Source) -> bool:
    """Return whether it starts as this site writes the data of a reader."""
    return _HEAD.match(source.head.removeprefix(b"\xef\xbb\xbf")) is not None


def read(source: Source) -> Table:
    """Raise UnusableFileError: the books are no catalogue."""
    raise UnusableFileError("it is what a reader has downloaded of their data, and no catalogue.")


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    return Table(_COLUMNS, (), _batches(enumerate(_history(source), 1)), unit="record")


def _batches(numbered: Iterator[tuple[int, Any]]) -> Iterator[Batch]:
    while some := list(islice(numbered, ROWS_AT_ONCE)):
        books = [(number, item) for number, item in some if isinstance(item, dict)]
        refused = [
            Refusal(number, Reason.UNREADABLE, "it is no JSON object", ())
            for number, item in some
            if not isinstance(item, dict)
        ]
        columns = list(zip(*(_row(item) for _, item in books), strict=True)) or [()] * len(_COLUMNS)
        yield Batch([number for number, _ in books], columns, refused)


def _row(item: dict[str, Any]) -> list[str]:
    """Return the cells of a book, from which the rules of the columns produce what stands there."""

    def said(name: str) -> str:
        value = item.get(name)
        return str(value) if isinstance(value, str | int | float) else ""

    def listed(name: str) -> list[Any]:
        value = item.get(name)
        return value if isinstance(value, list) else []

    identity = said("identity")
    cells = {
        **{
            name: as_cell(name, said(name))
            for name in ("isbn", "title", "author", "year", "publisher", "pages", "series")
        },
        "identifiers": identity if ":" in identity else "",
        "status": said("status"),
        "shelves": items(*(name for name in listed("shelves") if isinstance(name, str))),
        "rating": said("exact_rating") or said("rating"),
        "review": protected(review_cell(said("text"))),
        "is_private": said("is_private"),
        "written_in": said("language"),
        "reviewed": said("reviewed_at"),
        "readings": BETWEEN.join(filter(None, map(_reading, listed("readings")))),
        "notes": protected(review_cell(said("notes"))),
        "added": said("added_at"),
    }
    return [cells[name] for name in _COLUMNS]


def _reading(dates: Any) -> str:
    if not isinstance(dates, list) or len(dates) != 2:
        return ""
    started, finished = (date if isinstance(date, str) else "" for date in dates)
    return reading(started, finished or ("" if started else UNDATED))


def _history(source: Source) -> Iterator[Any]:
    """Yield the items of the history. Other members of the file are read and left out."""
    text = _Text(source)
    while member := text.match(_MEMBER):
        if member[1] is None:
            break
        if text.starts_with("["):
            while not (before := text.match(_ITEM)) or not before[1]:
                item = text.value()
                if member[1] == HISTORY:
                    yield item
            if member[1] == HISTORY:
                return
        else:
            text.value()
    raise UnusableFileError(
        'it has no list "%(name)s": download your data again, or bring the ZIP archive.', name=HISTORY
    )


class _Text:
    """The text of a file, from the place on that is to be read next."""

    def __init__(self, source: Source) -> None:
        self._binary = source.binary
        self._decoder = Decoder(source.head, None, source.remarks)
        self._binary.read(self._decoder.mark)
        self._text, self._at, self._is_over = "", 0, False

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return what the text goes on with, and go behind it."""
        while True:
            found = pattern.match(self._text, self._at)
            rest = len(self._text) - self._at
            if self._is_over or rest > LINE_MAX or (found and found.end() < len(self._text)):
                break
            self._add(rest)
        self._at = found.end() if found else self._at
        return found

    def starts_with(self, sign: str) -> bool:
        """Return whether the next character is this one."""
        return self._text.startswith(sign, self._at)

    def value(self) -> Any:
        """Return the value that comes next, and go behind it. Raises UnusableFileError."""
        while True:
            try:
                value, end = json.JSONDecoder().raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:  # also a number of thousands of digits
                rest = len(self._text) - self._at
                if self._is_over or rest > LINE_MAX:
                    raise UnusableFileError(
                        "it is broken JSON (%(reason)s): download your data again.", reason=str(error)
                    ) from error
                self._add(rest)
            else:
                if self._is_over or end < len(self._text):  # a number could go on
                    self._at = end
                    return value
                self._add(1)

    def _add(self, size: int) -> None:
        """Read on, at least so many characters: twice as many as were read in vain."""
        more: list[str] = []
        while not self._is_over and sum(map(len, more)) < max(size, 1):
            block = self._binary.read(BLOCK)
            self._is_over = not block
            more.append(self._decoder.decode(block, final=self._is_over))
        self._text, self._at = self._text[self._at :] + "".join(more), 0
