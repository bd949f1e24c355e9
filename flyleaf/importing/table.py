"""What every reader makes of a file: a table, whose columns have our names, whatever the file calls them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

REQUIRED = ("isbn", "title", "author", "year")
OPTIONAL = ("publisher", "language", "pages", "description", "average_rating", "ratings_count")
ROWS_AT_ONCE = 256  # what is in memory; more at once is no faster


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
