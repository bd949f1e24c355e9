"""Match the columns of a CSV file with the catalogue's by the names that people and programs give them."""

import unicodedata
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from flyleaf.importing.errors import UnknownColumnsError
from flyleaf.importing.fields import BASIC, FIELDS, IDENTIFIER_COLUMNS, IDENTIFIERS, SERIES
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.isbn import IsbnError, parse

_NAMES_OF = {field.name: tuple(field.names.split()) for field in (*FIELDS, *IDENTIFIERS)}
_ISBN13_NAMES = ("isbn13", "isbn13number", "ean", "ean13", "gtin13", "eanisbn13", "editionisbn13")
# Only beside a series: alone, "volume" is not the number of one.
_SERIES_NUMBER_NAMES = (
    "seriesnumber seriesindex seriesposition seriesvolume seriesno seriesordinal numberinseries positioninseries "
    "bookinseries volumeinseries volume volumenumber vol"
).split()
_KNOWN = {*_ISBN13_NAMES}.union(*_NAMES_OF.values())
_ALSO_IDENTIFYING = ("author", *IDENTIFIER_COLUMNS)  # beside a title, if there is no ISBN


class CsvColumns(NamedTuple):
    """Where the catalogue's columns are in a file."""

    names: tuple[str, ...]  # the catalogue's names, as in Table
    positions: tuple[int | None, ...]  # None: an ISBN, of which the file has no column
    second_isbn: int | None  # position of another ISBN column, for rows in which the first is empty
    series_number: int | None  # position of the column with the numbers that belong to the series
    ignored: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def present(self) -> tuple[int, ...]:
        """Return the positions without None."""
        return tuple(position for position in self.positions if position is not None)


def count_known(header: Sequence[str]) -> int:
    """Return how many cells of a header are known names."""
    return sum(letters_and_digits(cell) in _KNOWN for cell in header)


def find_columns(header: Sequence[str]) -> CsvColumns:
    """Return the positions of the columns. Raises UnusableFileError if the title is missing, or whatever tells one
    book of that title from another, or if one is named twice."""
    keys = [letters_and_digits(cell) for cell in header]
    found = {column: _position(keys, names) for column, names in _NAMES_OF.items()}
    isbn13 = _position(keys, _ISBN13_NAMES)
    if found["isbn"] is None:
        found["isbn"], isbn13 = isbn13, None
    if found["goodreads"] == _position(keys, ("bestbookid",)) is not None:  # of goodbooks-10k
        found["goodreads"] = _position(keys, ("bookid", "bestbookid"))
    present = {name: position for name, position in found.items() if position is not None}
    _refuse_without(header, present)
    number = _position(keys, _SERIES_NUMBER_NAMES) if SERIES in present else None
    read = [*present.values(), *(position for position in (isbn13, number) if position is not None)]
    twice = [header[position].strip() for position in read if keys.count(keys[position]) > 1]
    if twice:
        raise UnusableFileError(
            "the header names %(columns)s twice: rename or delete one of them.", 1, columns=", ".join(twice)
        )
    ignored = tuple(cell.strip() for place, cell in enumerate(header) if place not in read and cell.strip())
    remarks = tuple(_remarks([name for name in BASIC if name not in present]))
    columns = {"isbn": None, **present}
    return CsvColumns(tuple(columns), tuple(columns.values()), isbn13, number, ignored, remarks)


def letters_and_digits(cell: str) -> str:
    """Return its letters and digits in lower case without accents, so that "ISBN-13" and "isbn_13" are the same."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", cell.casefold())))


def _position(keys: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the position of the first of the names that is present."""
    return next((keys.index(name) for name in names if name in keys), None)


def _refuse_without(header: Sequence[str], present: Container[str]) -> None:
    identifying = "isbn" in present or any(name in present for name in _ALSO_IDENTIFYING)
    if "title" in present and identifying:
        return
    if "title" not in present and "isbn" not in present and any(map(_is_isbn, header)):
        raise UnknownColumnsError(
            "the first line holds a book, and must name the columns: put the line isbn,title,author,year above it, "
            "in the order of the cells.",
            1,
        )
    names = ", ".join(repr(cell.strip()[:40]) for cell in header[:20])
    raise UnknownColumnsError(
        f"the header lacks {'isbn' if 'title' in present else 'title'}: it must name the columns title and isbn (or "
        f"author, or an identifier such as goodreads_id), and ideally author and year, but it names {names}.",
        1,
    )


def _is_isbn(cell: str) -> bool:
    try:
        return parse(cell).isbn13 is not None
    except IsbnError:
        return False


def _remarks(missing: Sequence[str]) -> Iterator[str]:
    if missing:
        yield f"The header has no column for {' and '.join(missing)}: the books are imported without."
