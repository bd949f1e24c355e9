"""What every reader makes of a file: a table, whose columns have our names, whatever the file calls them."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

ROWS_AT_ONCE = 256  # what is in memory; more at once is no faster


class Reason(StrEnum):
    """Why a record was refused: what refusals are counted by."""

    NO_ISBN = "no ISBN"
    WRONG_ISBN = "no valid ISBN"
    ROUNDED_ISBN = "ISBN rounded by a spreadsheet"
    NO_TITLE = "no title"
    TOO_LONG = "title or author too long"
    RAGGED = "wrong number of cells"
    UNREADABLE = "not readable"
    DAMAGED = "damaged bytes"


class Refusal(NamedTuple):
    """A record that can't become a book."""

    line: int  # or the number of the record, as Table.unit says
    reason: Reason
    detail: str  # what is told of it: "isbn '9.78E+12': a spreadsheet has rounded it: …"
    cells: Sequence[str]  # what stands there, as far as it can be read


class Batch(NamedTuple):
    """Some records in a row, turned: a sequence for each column of the table, all as long as `lines`.

    A million rows cost half of what they would one by one, because a column of a batch is most often checked at once.
    """

    lines: Sequence[int]  # on which the records begin
    columns: Sequence[Sequence[str]]
    refused: Sequence[Refusal] = ()  # by the reader, between the others
    copied: bytes = b""  # further rows, which no rule would change, in COPY's text format: see plain_rows.py


class Table(NamedTuple):
    """`columns` begin with the isbn and hold a title; of the others of fields.COLUMNS, in this order, those that the
    file has. `author_keys` may be one more, for a table of kind "author_names" to refer to."""

    columns: tuple[str, ...]
    ignored: tuple[str, ...]  # the file's names of the columns that nobody reads
    batches: Iterator[Batch]
    unit: Literal["line", "record"] = "line"  # what the numbers in Batch.lines count
    kind: Literal["books", "author_names"] = "books"
    remarks: tuple[str, ...] = ()  # sentences for the operator: "The file is not UTF-8: it is read as Latin-1."
