"""Write files: the catalogue as CSV (importing it changes nothing), events as lines of JSON, readers as either."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from operator import attrgetter
from typing import IO

from flyleaf.importing.cleaning.identifier_cells import ANY_SCHEME
from flyleaf.importing.fields import COLUMNS, as_cell
from flyleaf.importing.formats.spreadsheet_cells import protected
from flyleaf.queries.catalogue import CatalogueEntry
from flyleaf.queries.events import Event
from flyleaf.queries.readers import ListedReader


def write_csv(entries: Iterable[CatalogueEntry], file: IO[str]) -> int:
    """Write the books and return how many there were.

    Cells that a spreadsheet would run as formulas get a leading apostrophe, which the importer removes. Text that the
    importer would read as markup is escaped with entities.
    """
    writer = csv.writer(file, lineterminator="\n")
    columns = (*COLUMNS, ANY_SCHEME)
    writer.writerow(columns)
    cells = attrgetter(*columns)
    books = 0
    for books, entry in enumerate(entries, 1):  # noqa: B007
        texts = ["" if cell is None else str(cell) for cell in cells(entry)]
        writer.writerow([protected(as_cell(column, text)) for column, text in zip(columns, texts, strict=True)])
    return books


def write_events(events: Iterable[Event], file: IO[str]) -> int:
    """Write one JSON object per line, oldest first, and return how many. In JSON no text can forge a line or a
    formula."""
    count = 0
    for count, event in enumerate(events, 1):  # noqa: B007
        file.write(json.dumps(asdict(event) | {"at": event.at.isoformat()}) + "\n")
    return count


def write_readers(readers: Iterable[ListedReader], file: IO[str], form: str) -> None:
    """Write readers as "csv", or as "json" with one object per line."""
    names = [field.name for field in fields(ListedReader)]
    if form == "csv":
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
    for reader in readers:
        values = asdict(reader) | {
            "registered_at": reader.registered_at.isoformat(),
            "seen_at": reader.seen_at and reader.seen_at.isoformat(),
        }
        if form == "csv":
            writer.writerow(["" if values[name] is None else protected(str(values[name])) for name in names])
        else:
            file.write(json.dumps(values) + "\n")
