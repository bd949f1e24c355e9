"""Parse lines of a CSV file into rows of cells, tolerating other programs' ways of quoting."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.table import Reason, Refusal

if TYPE_CHECKING:
    from _csv import Reader

_ODD_BLANKS = "\t\xa0\u2003\u2009\u202f\u3000"
_PADDING = " \t,;|"  # empty cells that a spreadsheet has put behind a row that was quoted as a whole
_READ_AGAIN_MAX = 20  # times that the lines of a block are read, because quotes in them are not closed
_KEPT = 1000  # characters of an unreadable line that are kept for the operator
_BLANKS_BEHIND_QUOTE = r'(?<=[^"{0}]")[^\S\r\n{0}]+(?={0}|\r?\n?\Z)'  # "Dune" , where {0} is the delimiter
# Other blanks than spaces before a quote that opens a cell. In a cell there are two or four of them side by side, and
# behind one that closes a cell the next begins.
_BLANKS_BEFORE_QUOTE = r'(?:(?<={0})|^)[^\S\r\n{0}]+(?="(?:"")*[^"{0}\r\n])'


class Form(NamedTuple):
    """How cells are separated."""

    delimiter: str
    quotes: bool = True  # around cells; False: quotes are ordinary characters

    def reader(self, lines: Iterable[str], skip_blanks: bool = True) -> "Reader":
        """Return a reader that raises csv.Error. `skip_blanks`: a quote after a blank also opens a cell."""
        if self.quotes:
            return csv.reader(lines, delimiter=self.delimiter, strict=True, skipinitialspace=skip_blanks)
        return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)

    def without_odd_blanks(self, text: str) -> str:
        """Return the text without tabs, no-break spaces and the like before quoted cells, because csv skips only
        spaces."""
        blanks = _ODD_BLANKS.replace(self.delimiter, "")
        if not self.quotes or '"' not in text or not any(blank in text for blank in blanks):
            return text
        return re.sub(_BLANKS_BEFORE_QUOTE.format(re.escape(self.delimiter)), "", text, flags=re.MULTILINE)


@dataclass
class Rows:
    """The rows of a block of lines. Rows have `width` cells."""

    form: Form
    width: int
    numbered: list[tuple[int, list[str]]] = field(default_factory=list)  # with line numbers
    refused: list[Refusal] = field(default_factory=list)
    copied: bytes = b""
    copied_count: int = 0

    def parse(self, lines: Sequence[str], numbers: Sequence[int]) -> int:
        """Parse numbered lines. Return the number of lines before an incomplete row at the end, or all if there is
        none.

        Raises UnusableFileError.
        """
        begin = at = read = 0
        while begin < len(lines):
            reader = self.form.reader(islice(lines, begin, None))
            at = begin
            try:
                for row in reader:
                    self._add(numbers[at], row)
                    at = begin + reader.line_num
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    return at
                if not self.add_mended(numbers[at], lines[at]):
                    self._refuse(numbers[at], lines[at], str(error), begin + reader.line_num - at > 1)
                read += reader.line_num
                if read > _READ_AGAIN_MAX * len(lines):
                    raise unclosed(numbers[at]) from error
                begin = at + 1  # an unclosed quote must not swallow the following lines
            else:
                return len(lines)
        return len(lines)

    def add_mended(self, line: int, text: str) -> bool:
        """Add the row of a malformed line if its meaning is unambiguous. Return False otherwise."""
        row = _mended(text, self.form, self.width)
        if row:
            self.numbered.append((line, row))
        return row is not None

    def _add(self, line: int, row: list[str]) -> None:
        if len(row) == self.width and any(row[1:2]):
            self.numbered.append((line, row))  # else the row may be quoted as a whole, and padded to the width
        elif len(row) > 1 or (row and row[0].strip()):  # otherwise the line is empty
            self.numbered.append((line, unwrapped(row, self.form, self.width) or row))

    def _refuse(self, line: int, text: str, error: str, several: bool) -> None:
        if "field larger than" in error:
            if several:
                raise unclosed(line)
            detail = f"it has a cell of more than {csv.field_size_limit():,} characters"
        elif several:
            detail = "a quote is opened here and not closed at the end of a cell: double the quotes inside a cell"
        else:
            detail = "a cell goes on after its closing quote: double the quotes inside a cell"
        self.refused.append(Refusal(line, Reason.UNREADABLE, detail, (text[:_KEPT].rstrip("\r\n"),)))


def unwrapped(row: Sequence[str], form: Form, width: int | None = None) -> list[str] | None:
    """Return the cells of a row that was quoted as a whole, as some programs do when saving a file again. Return None
    if it was not, or has other than `width` cells."""
    if not row or form.delimiter not in row[0] or any(map(str.strip, row[1:])):
        return None
    return _only_row(io.StringIO(row[0], newline=""), form, width)


def _mended(line: str, form: Form, width: int) -> list[str] | None:
    """Return the cells of a malformed line if its meaning is unambiguous, or None."""
    text = line.rstrip("\r\n")
    without_blanks = re.sub(_BLANKS_BEHIND_QUOTE.format(re.escape(form.delimiter)), "", text)
    whole = text.rstrip(_PADDING)
    return (
        (_only_row([without_blanks], form, width) if without_blanks != text else None)
        or _only_row([text], form, width, skip_blanks=False)  # ` "Best" book`: no quote around a cell
        or _unquoted(whole, form, width)
    )


def _unquoted(text: str, form: Form, width: int) -> list[str] | None:
    """Return the cells of a row that was quoted as a whole, whether its own quotes were doubled or not."""
    if len(text) < 2 or not text[0] == text[-1] == '"':
        return None
    inner = text[1:-1]
    return _only_row([inner], form, width) or _only_row([inner.replace('""', '"')], form, width)


def _only_row(lines: Iterable[str], form: Form, width: int | None, skip_blanks: bool = True) -> list[str] | None:
    try:
        rows = list(form.reader(lines, skip_blanks))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 and len(rows[0]) == (width or len(rows[0])) > 1 else None


def unclosed(line: int) -> UnusableFileError:
    """Return the error for an unmatched quote."""
    return UnusableFileError(
        "a quote is opened here and never closed: close it, or double the quotes inside a cell.", line
    )
