"""What the exports of readers' sites have in common: a table by the site's own names, of which ours is made.

The sites add, drop and reorder columns, so each is found by its name. What the reader thinks of the book (ratings,
reviews, shelves, dates of reading) is no part of a catalogue, and none of it is read.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from flyleaf import limits
from flyleaf.importing.fields import COLUMNS
from flyleaf.importing.formats.csv_table import CsvFile, normalised
from flyleaf.importing.reading.source import Source, UnusableFileError
from flyleaf.importing.table import Batch, Table

_HEADER = 8192  # bytes in which a header ends
_PAGES = re.compile(r"\s*(?:[ivxlc]+\s*[,;+]\s*)?([0-9]+)\s*(?:pp?\.?|pages)?\s*", re.ASCII | re.IGNORECASE)
_BETWEEN = re.compile(r'"*\s*[,;\t]\s*"*')  # also of a header that is quoted as a whole


class Column(NamedTuple):
    """How a column of ours is made."""

    make: Callable[..., str]  # of a cell from each of the columns below, "" where the file lacks one
    of: tuple[str, ...]  # names in the file, as `normalised` gives them


def has_columns(source: Source, *names: str) -> bool:
    """Whether the file's header has all of these."""
    return header_names(source).issuperset(names)


def header_names(source: Source) -> frozenset[str]:
    """Return the names in the file's header, whose encoding isn't known yet."""
    # Names are ASCII, which in every encoding is the same but for NUL bytes.
    lines = source.head[:_HEADER].replace(b"\0", b"").decode("ascii", "ignore").splitlines()
    return frozenset(map(normalised, _BETWEEN.split(lines[0].strip('" ')))) if lines else frozenset()


def export_table(file: CsvFile, site: str, made: Mapping[str, Column]) -> Table:
    """The table of the columns in `made` for which the file has anything. Raises UnusableFileError."""
    positions: dict[str, int] = {}
    for position, cell in enumerate(file.header):
        positions.setdefault(normalised(cell), position)
    columns = [name for name in COLUMNS if name in made and not positions.keys().isdisjoint(made[name].of)]
    if columns[:2] != ["isbn", "title"]:
        raise UnusableFileError(f"the header lacks the columns of an export of {site}: export it again.", 1)
    used = sorted({name for column in columns for name in made[column].of} & positions.keys())
    ignored = tuple(cell.strip() for cell in file.header if cell.strip() and normalised(cell) not in used)
    batches = file.batches([positions[name] for name in used])
    return Table(tuple(columns), ignored, _made(batches, used, [made[name] for name in columns]))


def _made(batches: Iterator[Batch], used: Sequence[str], columns: Sequence[Column]) -> Iterator[Batch]:
    for batch in batches:
        empty = [""] * len(batch.lines)
        cells = dict(zip(used, batch.columns, strict=True))
        yield batch._replace(
            columns=[list(map(column.make, *(cells.get(name, empty) for name in column.of))) for column in columns]
        )


def first_given(*cells: str) -> str:
    """The first that is not blank."""
    return next(filter(str.strip, cells), "")


def joined_names(names: Iterable[str]) -> str:
    """ "A, B", as the catalogue holds several authors: as many as there is room for."""
    text = ""
    for name in filter(None, map(str.strip, names)):
        longer = f"{text}, {name}" if text else name
        if text and len(longer) > limits.AUTHOR_MAX:
            break
        text = longer
    return text


def page_count(cell: str) -> str:
    """ "xii, 341 p." -> "341"; "" for 0, which the sites write where they know none. What else there is stays."""
    if cell.strip() == "0":
        return ""
    number = _PAGES.fullmatch(cell)
    return number[1] if number else cell
