"""The reader of CSV files: columns found by their names, in any order; comma, semicolon or tab between them."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING

from flyleaf.importing.source import Source, UnusableFileError
from flyleaf.importing.table import OPTIONAL, REQUIRED, ROWS_AT_ONCE, Batch, Table

if TYPE_CHECKING:
    from _csv import Reader

NAME = "csv"
_DELIMITERS = ",;\t"
_LINE_END = re.compile(r"\r\n|\r|\n")
# A part of the csv module's message, and what it means to the person who has the file.
_MEANINGS = (
    (
        "unexpected end of data",
        "a quote is opened here and never closed: close it, or double the quotes inside a cell.",
    ),
    (
        "field larger than",
        f"a quote is opened and never closed, or a cell has over {csv.field_size_limit():,} characters.",
    ),
    ("expected after", "a cell goes on after its closing quote: double the quotes inside a cell."),
)


def recognises(source: Source) -> bool:
    """Always: what is no CSV is said with its line number."""
    return True


def read(source: Source) -> Table:
    """Reads the header, and the records as they are asked for. Raises UnusableFileError."""
    lines = source.lines()
    first = next(lines)
    reader = csv.reader(chain([first], lines), delimiter=_delimiter(first), strict=True)
    try:
        header = next(reader)
    except (csv.Error, StopIteration) as error:
        raise _broken(error, 1) from error
    names = [_name(cell) for cell in header]
    columns = (*REQUIRED, *(name for name in OPTIONAL if name in names))
    _refuse_other_headers(header, names)
    ignored = tuple(cell.strip() for cell, name in zip(header, names, strict=True) if name and name not in columns)
    return Table(columns, ignored, _batches(reader, len(names), [names.index(name) for name in columns]))


def _batches(reader: "Reader", width: int, positions: list[int]) -> Iterator[Batch]:
    while True:
        first = reader.line_num + 1
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, ROWS_AT_ONCE))
        except csv.Error as error:  # what came before it is in rows
            raise _broken(error, _line_numbers(rows, first)[-1]) from error
        if not rows:
            return
        last = reader.line_num
        lines = range(first, last + 1) if last - first + 1 == len(rows) else _line_numbers(rows, first)[:-1]
        if any(len(row) != width for row in rows):
            lines, rows = _without_empty_lines(lines, rows, width)
        columns = list(zip(*rows, strict=True))
        if columns:
            yield Batch(lines, [columns[position] for position in positions])


def _line_numbers(rows: list[list[str]], first: int) -> Sequence[int]:
    """The lines on which the rows begin, and that of the row after them: a quoted cell may have several."""
    return list(accumulate((1 + sum(len(_LINE_END.findall(cell)) for cell in row) for row in rows), initial=first))


def _without_empty_lines(
    lines: Sequence[int], rows: list[list[str]], width: int
) -> tuple[Sequence[int], list[list[str]]]:
    for line, row in zip(lines, rows, strict=True):
        if row and len(row) != width:
            raise UnusableFileError(
                f"it has {len(row)} cells, and the header {width}: put cells that hold the separator into quotes.", line
            )
    kept = [(line, row) for line, row in zip(lines, rows, strict=True) if row]
    return [line for line, _ in kept], [row for _, row in kept]


def _delimiter(header: str) -> str:
    """The one at which the header falls into the most columns that we know; the comma where none does."""
    known = {*REQUIRED, *OPTIONAL}
    return max(_DELIMITERS, key=lambda delimiter: sum(_name(cell) in known for cell in header.split(delimiter)))


def _name(cell: str) -> str:
    return "_".join(cell.strip().strip('"').casefold().split())


def _refuse_other_headers(header: list[str], names: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        found = ", ".join(repr(cell.strip()[:40]) for cell in header[:20])
        raise UnusableFileError(
            f"the header lacks {', '.join(missing)}: it must name the columns isbn, title, author and year, "
            f"and names {found}.",
            1,
        )
    twice = [name for name in (*REQUIRED, *OPTIONAL) if names.count(name) > 1]
    if twice:
        raise UnusableFileError(f"the header names {', '.join(twice)} twice: rename or delete one of them.", 1)


def _broken(error: Exception, line: int) -> UnusableFileError:
    for sign, meaning in _MEANINGS:
        if sign in str(error):
            return UnusableFileError(meaning, line)
    return UnusableFileError(f"it is no CSV ({error}).", line)
