"""What every reader makes of a file: a table, whose columns have our names, whatever the file calls them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

REQUIRED = ("isbn", "title", "author", "year")
OPTIONAL = ("publisher", "language", "pages", "description", "average_rating", "ratings_count")
ROWS_AT_ONCE = 256  # what is in memory; more at once is no faster

Record = tuple[int, Sequence[str]]  # the line on which it begins, counted from 1, and its cells as the file has them


class Batch(NamedTuple):
    """Some records in a row, turned: a sequence for each column of the table, all as long as `lines`.

    A million rows cost half of what they would one by one, because a column of a batch is most often checked at once.
    """

    lines: Sequence[int]  # on which the records begin
    columns: Sequence[Sequence[str]]


class Table(NamedTuple):
    """`columns` are the four of REQUIRED, then those of OPTIONAL that the file has."""

    columns: tuple[str, ...]
    ignored: tuple[str, ...]  # the file's names of the columns that nobody reads
    batches: Iterator[Batch]


def in_batches(records: Iterable[Record]) -> Iterator[Batch]:
    """For readers that make one record at a time; each must have a cell for each column of the table."""
    records = iter(records)
    while some := list(islice(records, ROWS_AT_ONCE)):
        lines, rows = zip(*some, strict=True)
        yield Batch(lines, list(zip(*rows, strict=True)))
