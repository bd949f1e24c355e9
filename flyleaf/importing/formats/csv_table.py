"""CSV files with columns in any order, found by name, and separated by commas, semicolons, tabs or bars."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from flyleaf.importing.cleaning.cells import is_damaged
from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.errors import EmptyFileError
from flyleaf.importing.fields import SERIES
from flyleaf.importing.formats.csv_columns import CsvColumns, count_known, find_columns
from flyleaf.importing.formats.csv_rows import Form, Rows, unclosed, unwrapped
from flyleaf.importing.formats.spreadsheet_cells import typed
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.table import Batch, Reason, Refusal, Table
from flyleaf.series import numbered

if TYPE_CHECKING:
    from flyleaf.importing.cleaning.plain_rows import PlainReader

NAME = "csv"
_DELIMITERS = ",;\t|"
_LOOKED_AT = 10  # lines used to choose the delimiter
_DELIMITER_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # the first line of some files by Excel
_BROKEN = 0.5  # share of rows with another width than the header, from which the whole file is refused
_ROW_MAX = 1 << 20  # characters; eight times the longest row within the limits of cells
_ENOUGH = 20  # rows needed for that decision


class CsvFile:
    """A CSV file whose header has been read."""

    def __init__(self, header: list[str], form: Form, blocks: Iterator[str], line: int, source: Source) -> None:
        self.header = header  # its cells, unchanged
        self.form = form
        self._blocks = blocks  # the text after the header, which starts on that line
        self._line = line
        self._source = source  # where the blocks come from
        self._has_nul = False

    def batches(self, positions: Sequence[int], plain: "PlainReader | None" = None) -> Iterator[Batch]:
        """Yield the records with the cells at these positions, in this order. Those that `plain` handles are in
        `Batch.copied`. Raises UnusableFileError."""
        rows_read, ragged, damaged = 0, 0, 0
        unread = sorted({*range(len(self.header))}.difference(positions))
        for rows in self._rows(plain):
            whole = [(line, row) for line, row in rows.numbered if len(row) == len(self.header)]
            others = [self._ragged(line, row) for line, row in rows.numbered if len(row) != len(self.header)]
            rows_read += len(rows.numbered) + rows.copied_count
            ragged += len(others)
            if self._source.is_damaged or self._has_nul:
                damaged += sum(is_damaged(row[place]) for _, row in whole for place in unread)
            columns = list(zip(*(row for _, row in whole), strict=True)) or [()] * len(self.header)
            refused = sorted([*rows.refused, *others], key=lambda refusal: refusal.line)
            yield Batch([line for line, _ in whole], [columns[place] for place in positions], refused, rows.copied)
        if damaged:
            self._source.remarks.append(f"Damaged cells in columns that are not imported: {damaged:,}.")
        if rows_read >= _ENOUGH and ragged > rows_read * _BROKEN:
            raise UnusableFileError(
                "%(ragged)s of %(rows)s rows have more or fewer cells than the header, which has %(width)s: quote "
                "cells that contain the separator (%(separator)s).",
                ragged=ragged,
                rows=rows_read,
                width=len(self.header),
                separator=repr(self.form.delimiter),
            )

    def _rows(self, plain: "PlainReader | None") -> Iterator[Rows]:
        """Yield the records in blocks of a few thousand."""
        begun: list[str] = []  # lines of a row that continues in the next block
        for text in self._blocks:
            rows = Rows(self.form, len(self.header))
            self._has_nul = self._has_nul or "\0" in text
            taken = plain.read(text, self._line) if plain and not begun else None
            if taken:
                rows.copied, rows.copied_count = taken.copied, taken.lines - len(taken.others)
                lines = [line for _, line in taken.others]
                rows.parse(lines, [number for number, _ in taken.others])
                self._line += taken.lines
            else:
                lines = [*begun, *io.StringIO(self.form.without_odd_blanks(text), newline="")]
                first = self._line - len(begun)
                begun = lines[rows.parse(lines, range(first, first + len(lines))) :]
                self._line = first + len(lines)
            if sum(map(len, begun)) > _ROW_MAX:
                raise UnusableFileError(
                    "it has more than %(most)s characters: a quote is opened in it and not closed. Close it, or double "
                    "the quotes inside a cell.",
                    self._line - len(begun),
                    most=_ROW_MAX,
                )
            yield rows
        while begun:
            first = self._line - len(begun)
            rows = Rows(self.form, len(self.header))
            if not rows.add_mended(first, begun[0]):
                raise unclosed(first)
            rest = begun[1:]
            begun = rest[rows.parse(rest, range(first + 1, self._line)) :]
            yield rows

    def _ragged(self, line: int, row: Sequence[str]) -> Refusal:
        inner = unwrapped(row, self.form)
        cells = f"{len(inner or row)} cell{'s' if len(inner or row) != 1 else ''}"
        problem = f"it is quoted as a whole and has {cells} in it" if inner else f"it has {cells}"
        detail = f"{problem}, but the header has {len(self.header)}: quote cells that contain the separator"
        return Refusal(line, Reason.RAGGED, detail, row)


def open_csv(source: Source, delimiter: str | None = None, encoding: str | None = None, quotes: bool = True) -> CsvFile:
    """Read the header, and detect the delimiter if none is given. Raises UnusableFileError."""
    blocks = source.text_blocks(encoding)
    lines = list(io.StringIO(next(blocks, ""), newline=""))
    first = next((place for place, line in enumerate(lines) if line.strip()), len(lines))
    if first < len(lines) and (said := _DELIMITER_LINE.fullmatch(lines[first])):
        delimiter = delimiter or said[1]
        first += 1
    form = Form(delimiter or _delimiter(lines[first : first + _LOOKED_AT]), quotes)
    reader = form.reader(map(form.without_odd_blanks, islice(lines, first, None)))
    try:
        header = next(reader)
        if whole := unwrapped(header, form):
            header = whole
    except csv.Error as error:
        raise _broken_header(first + 1, error) from error
    except StopIteration:
        raise EmptyFileError(
            "it is empty: the first line must name the columns isbn, title, author and year."
        ) from None
    behind = first + reader.line_num
    return CsvFile(header, form, _and_then("".join(lines[behind:]), blocks), behind + 1, source)


def normalised(cell: str) -> str:
    """Return a column's name in lower case with underscores between words: "Average  Rating" is average_rating."""
    return "_".join(cell.casefold().replace("_", " ").split())


def recognises(source: Source) -> bool:
    """Return True for every file: a file that is not CSV gets an error with its line number."""
    return True


def read(source: Source) -> Table:
    """Read the header, and the records lazily. Raises UnusableFileError."""
    from flyleaf.importing.cleaning.plain_rows import (
        PlainReader,  # imports numpy, which a start of the site doesn't need
    )

    file = open_csv(source)
    columns = find_columns(file.header)
    plain = None
    if None not in columns.positions:
        plain = PlainReader(len(file.header), columns.present, columns.names, file.form.delimiter)
    return Table(columns.names, columns.ignored, book_batches(file, columns, plain), remarks=columns.remarks)


def book_batches(
    file: CsvFile, columns: CsvColumns, plain: "PlainReader | None" = None, also: Sequence[int] = ()
) -> Iterator[Batch]:
    """Yield the records with the catalogue's columns, and behind them the cells at the positions in `also`."""
    beside = [position for position in (columns.second_isbn, columns.series_number) if position is not None]
    read = (*columns.present, *beside)
    for batch in file.batches((*read, *also), plain):
        cells = [list(map(typed, column)) for column in batch.columns]
        others = cells[len(read) :]
        del cells[len(read) :]
        if None in columns.positions:
            cells.insert(0, [""] * len(batch.lines))
        if columns.series_number is not None:
            series = columns.names.index(SERIES)
            cells[series] = list(map(numbered, cells[series], cells.pop()))
        if columns.second_isbn is not None:
            cells[0] = list(map(best_isbn, zip(cells[0], cells.pop(), strict=True)))
        yield batch._replace(columns=[*cells, *others])


def read_history(source: Source) -> Table:
    """Return the table of the books with what a reader says of them. Raises UnusableFileError."""
    from flyleaf.importing.formats.csv_history import read_with  # which is built on this module

    return read_with(source)


def _and_then(first: str, blocks: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from blocks


def _delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that gives the most known columns in the header, and as many cells in the lines."""

    def fit(delimiter: str) -> tuple[int, int, bool]:
        try:
            reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
            header, *rows = (unwrapped(row, Form(delimiter)) or row for row in reader)
        except (csv.Error, ValueError):
            return 0, 0, False
        return count_known(header), sum(len(row) == len(header) > 1 for row in rows), len(header) > 1

    return max(_DELIMITERS, key=fit)


def _broken_header(line: int, error: csv.Error) -> UnusableFileError:
    if "unexpected end of data" in str(error):
        return unclosed(line)
    if "field larger than" in str(error):
        return UnusableFileError(
            "a cell of the header has more than %(most)s characters: is this a CSV file?",
            line,
            most=csv.field_size_limit(),
        )
    return UnusableFileError("a cell goes on after its closing quote: double the quotes inside a cell.", line)
