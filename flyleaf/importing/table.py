"""The table that every format produces from a file. Its columns have our names, whatever the file calls them."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

ROWS_AT_ONCE = 256  # rows in memory; larger batches are no faster


class Reason(StrEnum):
    """Why a record was refused; refusals are counted by reason."""

    ROUNDED_ISBN = "ISBN rounded by a spreadsheet"
    NO_TITLE = "no title"
    NO_BOOK = "not a book"
    TOO_LONG = "title too long"
    RAGGED = "wrong number of cells"
    UNREADABLE = "not readable"
    DAMAGED = "damaged bytes"


class Refusal(NamedTuple):
    """A record that can't become a book."""

    line: int  # or the record's number, see Table.unit
    reason: Reason
    detail: str  # for the operator: "isbn '9.78E+12': a spreadsheet has rounded it: …"
    cells: Sequence[str]  # the record's cells, as far as they can be read


class Batch(NamedTuple):
    """Consecutive records by column: a sequence for each column of the table, each as long as `lines`.

    This halves the cost of a million rows, because most columns of a batch can be checked at once.
    """

    lines: Sequence[int]  # where the records begin
    columns: Sequence[Sequence[str]]
    refused: Sequence[Refusal] = ()  # records between these that the format refused
    copied: bytes = b""  # further rows that no rule changes, in COPY's text format: see plain_rows.py


class Table(NamedTuple):
    """A file as a table. `columns` are those of fields.COLUMNS that the file has, in that order, and always begin with
    isbn and title; those of fields.IDENTIFIER_COLUMNS may follow, and `author_keys`, to be resolved by a table of kind
    "author_names"."""

    columns: tuple[str, ...]
    ignored: tuple[str, ...]  # headers of the columns that are not imported
    batches: Iterator[Batch]
    unit: Literal["line", "record"] = "line"  # the unit of Batch.lines
    kind: Literal["books", "author_names"] = "books"
    remarks: tuple[str, ...] = ()  # sentences for the operator, such as "The file is not UTF-8: it is read as Latin-1."
