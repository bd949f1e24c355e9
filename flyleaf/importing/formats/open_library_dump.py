"""Open Library's monthly dumps of editions and authors.

A record is a line with type, key, revision, date and JSON, separated by tabs. Editions refer to authors by key, and the
names are in the other dump. So the editions' table has an additional column `author_keys` ("OL26320A OL34184A"), for
which the loader fills in names from the authors' table.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from flyleaf.importing.cleaning.cells import shown
from flyleaf.importing.cleaning.identifier_cells import identifier_cell, scheme_of
from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.cleaning.names import name_in_statement
from flyleaf.importing.cleaning.other_titles import joined_titles
from flyleaf.importing.cleaning.subjects import joined
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.table import ROWS_AT_ONCE, Batch, Reason, Refusal, Table

NAME = "openlibrary"

_FIRST_LINE = re.compile(rb"/type/\w+\t/\S*\t[0-9]+\t[0-9]{4}-[0-9]{2}-")
_AUTHOR_KEY = re.compile(r"/(?:authors|a)/(OL[0-9]+A)", re.ASCII)
# A pair of surrogate escapes is one character beyond U+FFFF, and after a doubled backslash there is no escape. Any
# other surrogate escape is half a character, which UTF-8 can't represent.
_HALF_LETTER = re.compile(r"(\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w)|\\u[dD][89a-fA-F]\w\w")
_DUMPS = "import the dumps ol_dump_editions and ol_dump_authors, together"


class _BrokenRecordError(ValueError):
    """The record is broken. The message follows the record's key."""


class _Edition(NamedTuple):
    """An edition's book, with the names of the table's columns."""

    isbn: str
    title: str
    author: str
    year: str
    publisher: str
    language: str
    pages: str
    description: str
    subjects: str
    series: str
    other_titles: str
    identifiers: str
    author_keys: str


class _Author(NamedTuple):
    """An author's key and name, for editions that refer to it."""

    key: str
    name: str


class _Kind(NamedTuple):
    """A type of record that is imported."""

    sign: str  # the start of its lines
    columns: tuple[str, ...]
    read: Callable[[int, str], _Edition | _Author | Refusal]  # takes a numbered line


def recognises(source: Source) -> bool:
    """Return whether it is any of the dumps, including those that can't be used, which get an error of their own."""
    return _FIRST_LINE.match(source.head) is not None


def read(source: Source) -> Table:
    """Return the table of editions or authors, depending on the first line. Raises UnusableFileError."""
    if source.head.startswith(_EDITIONS.sign.encode()):
        return Table(_EDITIONS.columns, (), _batches(source, _EDITIONS, _AUTHORS))
    if source.head.startswith(_AUTHORS.sign.encode()):
        return Table(_AUTHORS.columns, (), _batches(source, _AUTHORS, _EDITIONS), kind="author_names")
    raise UnusableFileError(f"it is an Open Library dump of neither editions nor authors: {_DUMPS}.")


def _batches(source: Source, kind: _Kind, other: _Kind) -> Iterator[Batch]:
    """Yield the records. Lines of other types (redirects, deleted records, works) are skipped."""
    passed_over = 0
    numbered = enumerate(source.lines(), 1)
    while some := list(islice(numbered, ROWS_AT_ONCE)):
        numbers: list[int] = []
        rows: list[_Edition | _Author] = []
        refused: list[Refusal] = []
        for number, line in some:
            if line.startswith(kind.sign):
                record = kind.read(number, line)
                if isinstance(record, Refusal):
                    refused.append(record)
                else:
                    numbers.append(number)
                    rows.append(record)
            elif line.startswith(other.sign):
                raise UnusableFileError(f"the dump contains both editions and authors: {_DUMPS} instead.", number)
            else:
                passed_over += 1
        yield Batch(numbers, list(zip(*rows, strict=True)) or [()] * len(kind.columns), refused)
    if passed_over:
        source.remarks.append(f"{passed_over:,} lines of the dump are neither editions nor authors and were skipped.")


def _edition(number: int, line: str) -> _Edition | Refusal:
    try:
        record = _json(line)
    except _BrokenRecordError as error:
        return _unreadable(number, line, str(error))
    title = " ".join(filter(None, (_first(record.get("title_prefix")), _first(record.get("title")))))
    subtitle = _first(record.get("subtitle"))
    author_keys = _keys(record.get("authors"))
    return _Edition(
        isbn=best_isbn(_texts(record.get("isbn_13")) + _texts(record.get("isbn_10"))),
        title=f"{title}: {subtitle}" if title and subtitle else title,
        author="" if author_keys else name_in_statement(_first(record.get("by_statement"))),
        year=_first(record.get("publish_date")),
        publisher=_first(record.get("publishers")),
        language=_first(record.get("languages"), "key").rpartition("/")[2],
        pages=str(record.get("number_of_pages") or ""),
        description=_first(record.get("description")),
        subjects=joined(_texts(record.get("subjects")) + _texts(record.get("genres"))),
        series="; ".join(_texts(record.get("series"))),
        other_titles=joined_titles(_texts(record.get("other_titles")) + _texts(record.get("translation_of"))),
        identifiers=identifier_cell(_identifiers(_key(line), record)),
        author_keys=author_keys,
    )


def _identifiers(key: str, record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield schemes and values; LibraryThing's numbers are those of works."""
    yield "openlibrary", key.rpartition("/")[2]
    yield from (("oclc", number) for number in _texts(record.get("oclc_numbers")))
    yield from (("lccn", number) for number in _texts(record.get("lccn")))
    others = record.get("identifiers")
    for name, values in others.items() if isinstance(others, dict) else ():
        scheme = "librarythingwork" if name == "librarything" else scheme_of(name)
        if scheme and scheme != "flyleaf":
            yield from ((scheme, value) for value in _texts(values))


def _author(number: int, line: str) -> _Author | Refusal:
    try:
        record = _json(line)
    except _BrokenRecordError as error:
        return _unreadable(number, line, str(error))
    key = _AUTHOR_KEY.fullmatch(_key(line))
    name = _first(record.get("name")) or _first(record.get("personal_name"))
    if not key or not name.strip():
        return _unreadable(number, line, "has no name")
    return _Author(key[1], name)


_EDITIONS = _Kind("/type/edition\t", _Edition._fields, _edition)
_AUTHORS = _Kind("/type/author\t", _Author._fields, _author)


def _unreadable(number: int, line: str, what: str) -> Refusal:
    parts = line.rstrip().split("\t", 4)
    return Refusal(number, Reason.UNREADABLE, f"{shown(_key(line))} {what}", parts)


def _key(line: str) -> str:
    return line.split("\t", 2)[1].strip()


def _json(line: str) -> dict[str, Any]:
    """Parse the JSON. Raises _BrokenRecordError."""
    text = line.split("\t", 4)[-1]
    if "\\ud" in text or "\\uD" in text:
        text = _HALF_LETTER.sub(r"\1", text)
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _BrokenRecordError("is broken JSON") from error
    if not isinstance(record, dict):
        raise _BrokenRecordError("is not a JSON object")
    return record


def _texts(value: object, field: str = "value") -> list[str]:
    """Return the texts in a value: a text, an object with the text in a field, or a list of either. Others are
    ignored."""
    if not value:
        return []
    items = value if isinstance(value, list) else [value]
    texts = [item.get(field) if isinstance(item, dict) else item for item in items]
    return [text for text in texts if isinstance(text, str)]


def _first(value: object, field: str = "value") -> str:
    if isinstance(value, str):
        return value
    return next(iter(_texts(value, field)), "")


def _keys(authors: object) -> str:
    found = map(_AUTHOR_KEY.fullmatch, _texts(authors, "key"))
    return " ".join(key[1] for key in found if key)
