"""Common code for exports from readers' sites: map the site's columns to ours.

Sites add, drop and reorder columns, so they are found by name. The reader's own data (ratings, reviews, shelves,
reading dates) doesn't belong in a catalogue: only the table of a reading history has it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from flyleaf import limits
from flyleaf.importing.cleaning.cells import shown
from flyleaf.importing.cleaning.identifier_cells import ANY_SCHEME, identifier_cell
from flyleaf.importing.fields import COLUMNS
from flyleaf.importing.formats.csv_table import CsvFile, normalised
from flyleaf.importing.own_columns import OWN_COLUMNS
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.table import Batch, Reason, Refusal, Table

_HEADER = 8192  # bytes; no header is longer
_PAGES = re.compile(r"\s*(?:[ivxlc]+\s*[,;+]\s*)?([0-9]+)\s*+(?:pp?\.?|pages)?\s*", re.ASCII | re.IGNORECASE)
_BETWEEN = re.compile(r'"*\s*[,;\t]\s*"*')  # also matches a header that is quoted as a whole


class Column(NamedTuple):
    """How one of our columns is derived."""

    make: Callable[..., str]  # takes a cell of each column in `of`, "" if the file lacks it
    of: tuple[str, ...]  # the file's names in the form of `normalised`


def has_columns(source: Source, *names: str) -> bool:
    """Return whether the file's header has all of these."""
    return header_names(source).issuperset(names)


def header_names(source: Source) -> frozenset[str]:
    """Return the names in the file's header, whose encoding isn't known yet."""
    # Names are ASCII, which is the same in every encoding except for NUL bytes.
    lines = source.head[:_HEADER].replace(b"\0", b"").decode("ascii", "ignore").splitlines()
    return frozenset(map(normalised, _BETWEEN.split(lines[0].strip('" ')))) if lines else frozenset()


def identifiers(**columns: str) -> Column:
    """Return the column of identifiers, of which the file has a column for each of these schemes."""
    return Column(lambda *cells: identifier_cell(zip(columns, cells, strict=True)), tuple(columns.values()))


def export_table(file: CsvFile, site: str, made: Mapping[str, Column], other: Column | None = None) -> Table:
    """Return the table of those columns in `made` that the file has data for. `other` makes the name of what isn't a
    book, and "" for a book. Raises UnusableFileError."""
    positions: dict[str, int] = {}
    for position, cell in enumerate(file.header):
        positions.setdefault(normalised(cell), position)
    columns = [
        name
        for name in (*COLUMNS, ANY_SCHEME, *OWN_COLUMNS)
        if name in made and not positions.keys().isdisjoint(made[name].of)
    ]
    if columns[:2] != ["isbn", "title"]:
        raise UnusableFileError("the header lacks columns of an export from %(site)s: export it again.", 1, site=site)
    read = [*(made[name] for name in columns), *([other] if other else [])]
    used = sorted({name for column in read for name in column.of} & positions.keys())
    ignored = tuple(cell.strip() for cell in file.header if cell.strip() and normalised(cell) not in used)
    batches = file.batches([positions[name] for name in used])
    batches = _made(batches, used, read)
    return Table(tuple(columns), ignored, _books_of(batches) if other else batches)


def _made(batches: Iterator[Batch], used: Sequence[str], columns: Sequence[Column]) -> Iterator[Batch]:
    for batch in batches:
        empty = [""] * len(batch.lines)
        cells = dict(zip(used, batch.columns, strict=True))
        yield batch._replace(
            columns=[list(map(column.make, *(cells.get(name, empty) for name in column.of))) for column in columns]
        )


def _books_of(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Refuse the rows whose last column says that they are no books."""
    for batch in batches:
        *columns, others = batch.columns
        rows = list(zip(batch.lines, others, *columns, strict=True))
        refused = [
            Refusal(line, Reason.NO_BOOK, f"{shown(other)} is not a book", cells)
            for line, other, *cells in rows
            if other
        ]
        books = [row for row in rows if not row[1]]
        lines, _, *kept = zip(*books, strict=True) if books else [()] * (len(columns) + 2)
        yield batch._replace(lines=lines, columns=kept, refused=[*batch.refused, *refused])


def first_given(*cells: str) -> str:
    """Return the first cell that is not blank."""
    return next(filter(str.strip, cells), "")


def joined_names(names: Iterable[str]) -> str:
    """Return "A, B", the catalogue's form for several authors, with as many as fit."""
    text = ""
    for name in filter(None, map(str.strip, names)):
        longer = f"{text}, {name}" if text else name
        if text and len(longer) > limits.AUTHOR_MAX:
            break
        text = longer
    return text


def page_count(cell: str) -> str:
    """Return "341" for "xii, 341 p." and "" for 0, which sites write for unknown. Any other text is returned
    unchanged."""
    if cell.strip() == "0":
        return ""
    number = _PAGES.fullmatch(cell)
    return number[1] if number else cell
