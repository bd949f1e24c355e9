"""A reading history as CSV: the columns of books, found by any of the names that they go by, and the reader's own."""

from collections.abc import Iterator, Mapping, Sequence

from flyleaf.importing.formats.csv_columns import find_columns, letters_and_digits
from flyleaf.importing.formats.csv_table import book_batches, normalised, open_csv
from flyleaf.importing.formats.site_export import Column
from flyleaf.importing.own_columns import (
    FINISHED_NAMES,
    GENERIC,
    OWN_COLUMNS,
    STARTED_NAMES,
    items,
    listed_readings,
    reading,
)
from flyleaf.importing.reading.source import Source
from flyleaf.importing.table import Batch, Table


def read_with(source: Source, own: Mapping[str, Column] | None = None) -> Table:
    """Return the table of a history whose own columns are made so; None: they are found by their names. Raises
    UnusableFileError."""
    file = open_csv(source)
    columns = find_columns(file.header)
    names = [normalised(cell) for cell in file.header]
    own = own or _found(names)
    made = {name: own[name] for name in OWN_COLUMNS if name in own and not set(own[name].of).isdisjoint(names)}
    used = sorted({name for column in made.values() for name in column.of} & set(names))
    batches = book_batches(file, columns, also=[names.index(name) for name in used])
    return Table(
        (*columns.names, *made),
        (),
        _made(batches, len(columns.names), used, list(made.values())),
        remarks=columns.remarks,
    )


def _made(batches: Iterator[Batch], width: int, used: Sequence[str], columns: Sequence[Column]) -> Iterator[Batch]:
    for batch in batches:
        empty = [""] * len(batch.lines)
        cells = dict(zip(used, batch.columns[width:], strict=True))
        made = [list(map(column.make, *(cells.get(name, empty) for name in column.of))) for column in columns]
        yield batch._replace(columns=[*batch.columns[:width], *made])


def _found(names: Sequence[str]) -> dict[str, Column]:
    """Return the own columns of a file with these names."""
    reduced = [letters_and_digits(name) for name in names]

    def first(known: Sequence[str]) -> str:
        return next((names[reduced.index(name)] for name in known if name in reduced), "")

    found = {own.name: Column(str, (first(own.names.split()),)) for own in GENERIC}
    found["readings"] = Column(_readings, (*found["readings"].of, first(STARTED_NAMES), first(FINISHED_NAMES)))
    found["shelves"] = Column(_shelves, (first(("bookshelves", "shelves", "tags", "etiquetas", "estantes")),))
    return found


def _readings(listed: str, started: str, finished: str) -> str:
    return listed_readings(listed) or reading(started, finished)


def _shelves(cell: str) -> str:
    return items(*cell.replace(";", ",").split(","))
