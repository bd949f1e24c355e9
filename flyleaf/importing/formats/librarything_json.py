"""LibraryThing's JSON export: an object of books by key, read as a stream."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from flyleaf.importing.cleaning.identifier_cells import identifier_cell
from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.cleaning.names import natural_name
from flyleaf.importing.cleaning.subjects import joined
from flyleaf.importing.formats.librarything import own_shelves, publisher_in, status_in, with_line_ends
from flyleaf.importing.formats.site_export import joined_names, page_count
from flyleaf.importing.own_columns import reading
from flyleaf.importing.reading.encoding import Decoder
from flyleaf.importing.reading.source import BLOCK, LINE_MAX, Source, UnusableFileError
from flyleaf.importing.table import ROWS_AT_ONCE, Batch, Reason, Refusal, Table

NAME = "librarything-json"

_BRACKET = re.compile(rb"\s*[\[{]")
_OWN_KEYS = (b'"books_id"', b'"primaryauthor"', b'"originalisbn"')
_COMMA = re.compile(r"[\s,]*")  # between two books of a list
_KEY = re.compile(r'[\s,]*+(?:"(?:[^"\\]++|\\.)*+"\s*+:\s*+|(?=\}))')  # between two of an object
_HALF_LETTERS = re.compile("[\ud800-\udfff]")
_ISBN_KEYS = ("isbn", "originalisbn", "ean")
_SCHEMES = {
    "librarything": "books_id",
    "oclc": "oclc",
    "lccn": "lccn",
    "librarythingwork": "workcode",
}  # and their keys
_AUTHOR = ("", "author")  # the roles of those who wrote it


class _Book(NamedTuple):
    """The fields of a book, named like the table's columns."""

    isbn: str
    title: str
    author: str
    year: str
    publisher: str
    language: str
    pages: str
    subjects: str
    series: str
    identifiers: str


class _Own(NamedTuple):
    """The fields of its reader, named like the columns of a reading history."""

    status: str
    shelves: str
    rating: str
    review: str
    readings: str
    notes: str
    added: str


def recognises(source: Source) -> bool:
    """Return whether it starts with a book that has one of the export's own keys."""
    head = source.head.removeprefix(b"\xef\xbb\xbf")
    return _BRACKET.match(head) is not None and any(key in head for key in _OWN_KEYS)


def read(source: Source) -> Table:
    """Return the table of the books. Raises UnusableFileError."""
    return Table(_Book._fields, (), _batches(enumerate(_records(source), 1), _Book._fields, _book), unit="record")


def read_history(source: Source) -> Table:
    """Return the table of the books with what the reader says of them. Raises UnusableFileError."""
    fields = (*_Book._fields, *_Own._fields)
    records = enumerate(_records(source), 1)
    return Table(fields, (), _batches(records, fields, lambda record: _book(record) + _own(record)), unit="record")


def _records(source: Source) -> Iterator[Any]:
    """Yield the values in the outer object or list one by one."""
    decoder = Decoder(source.head, None, source.remarks)
    source.binary.read(decoder.mark)
    parse = json.JSONDecoder().raw_decode
    text, at, is_over = "", 0, False
    enough = 0  # characters from which an unfinished record is parsed again: twice as many as the last time
    between: re.Pattern[str] | None = None
    while not is_over:
        block = source.binary.read(BLOCK)
        is_over = not block
        text, at = text[at:] + decoder.decode(block, final=is_over), 0
        if not between and text.strip():  # the bracket around all of them
            text = text.lstrip()
            between, text = (_KEY if text[0] == "{" else _COMMA), text[1:]
        while between and (is_over or len(text) - at >= enough):
            gap = between.match(text, at)
            if gap and text[gap.end() : gap.end() + 1] in ("}", "]"):
                return
            try:
                record, at = parse(text, gap.end() if gap else len(text))
            except (ValueError, RecursionError) as error:  # also a number of thousands of digits
                if is_over or len(text) - at > LINE_MAX:
                    raise UnusableFileError(
                        "it is broken JSON (%(reason)s): export it again.", reason=str(error)
                    ) from error
                enough = min(2 * (len(text) - at), LINE_MAX + 1)
                break
            enough = 0
            yield record


def _batches(
    numbered: Iterator[tuple[int, Any]], fields: Sequence[str], row: Callable[[dict[str, Any]], tuple[str, ...]]
) -> Iterator[Batch]:
    while some := list(islice(numbered, ROWS_AT_ONCE)):
        refused = [
            Refusal(number, Reason.UNREADABLE, "it is no JSON object", ())
            for number, record in some
            if not isinstance(record, dict)
        ]
        books = [(number, record) for number, record in some if isinstance(record, dict)]
        rows = [row(record) for _, record in books]
        columns = list(zip(*rows, strict=True)) or [()] * len(fields)
        yield Batch([number for number, _ in books], columns, refused)


def _book(record: dict[str, Any]) -> _Book:
    return _Book(
        isbn=best_isbn(text.strip(" []") for key in _ISBN_KEYS for text in _texts(record.get(key))),
        title=_first(record.get("title")),
        author=_authors(record),
        year=_first(record.get("date")).strip(" ?"),
        publisher=publisher_in(_first(record.get("publication"))),
        language=_first(record.get("language")) or _first(record.get("language_codeA")),
        pages=page_count(_first(record.get("pages"))),
        subjects=joined(_subjects(record)),
        series="; ".join(_texts(record.get("series"))),
        identifiers=identifier_cell((scheme, _first(record.get(key))) for scheme, key in _SCHEMES.items()),
    )


def _own(record: dict[str, Any]) -> _Own:
    collections = _texts(record.get("collections"))
    started, finished = _first(record.get("datestarted")), _first(record.get("dateread"))
    return _Own(
        status=status_in(collections, finished),
        shelves=own_shelves(_texts(record.get("tags")), collections),
        rating=_first(record.get("rating")),
        review=with_line_ends(_first(record.get("review"))),
        readings=reading(started, finished),
        notes=with_line_ends(_first(record.get("privatecomment"))),
        added=_first(record.get("entrydate")),
    )


def _authors(record: dict[str, Any]) -> str:
    """Return those who wrote it: names as readers write them ("fl") and as catalogues sort them ("lf")."""
    listed = record.get("authors")
    authors = [author for author in listed if isinstance(author, dict)] if isinstance(listed, list) else []
    writers = [author for author in authors if _first(author.get("role")).strip().casefold() in _AUTHOR]
    names = [_first(author.get("fl")) or natural_name(_first(author.get("lf"))) for author in writers]
    return joined_names(names) or natural_name(_first(record.get("primaryauthor")))


def _subjects(record: dict[str, Any]) -> list[str]:
    """Return the genres, and the subjects, each of which is a list of a heading and its subdivisions."""
    subjects = record.get("subject")
    headings = subjects if isinstance(subjects, list) else list(subjects.values()) if isinstance(subjects, dict) else []
    return [*_texts(record.get("genre")), *(" -- ".join(_texts(heading)) for heading in headings)]


def _texts(value: object) -> list[str]:
    """Return the texts in a value, which may be one, or a list or an object of some."""
    if isinstance(value, dict):
        value = list(value.values())
    values = value if isinstance(value, list) else [value]
    texts = (str(item) for item in values if isinstance(item, str | int | float))
    return [_HALF_LETTERS.sub("", text) for text in texts if text.strip()]


def _first(value: object) -> str:
    return next(iter(_texts(value)), "")
