"""Write files: the catalogue and a reader's history as CSV (importing them again changes nothing), events as lines of
JSON, readers as either."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date
from operator import attrgetter
from typing import IO, Any

from flyleaf.history import PartialDate
from flyleaf.importing.cleaning.identifier_cells import ANY_SCHEME
from flyleaf.importing.cleaning.review_cells import review_cell
from flyleaf.importing.fields import COLUMNS, as_cell
from flyleaf.importing.formats.spreadsheet_cells import protected
from flyleaf.importing.own_columns import UNDATED
from flyleaf.queries.catalogue import CatalogueEntry
from flyleaf.queries.events import Event
from flyleaf.queries.own_history import OwnBook
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


# Goodreads's columns, which other sites read, and behind them those that only this site reads.
HISTORY_COLUMNS = (
    "Book Id", "Title", "Author", "Author l-f", "Additional Authors", "ISBN", "ISBN13", "My Rating", "Average Rating",
    "Publisher", "Binding", "Number of Pages", "Year Published", "Original Publication Year", "Date Read", "Date Added",
    "Bookshelves", "Bookshelves with positions", "Exclusive Shelf", "My Review", "Spoiler", "Private Notes",
    "Read Count", "Owned Copies",
    "Exact Rating", "Own Shelves", "Private Review", "Review Language", "Date Reviewed", "Dates Read", "Series",
    "Identifiers",
)  # fmt: skip
_EXCLUSIVE = {"reading": "currently-reading"}


def history_item(book: OwnBook) -> dict[str, Any]:
    """Return the book as the data of its reader have it, without what isn't known: formats/flyleaf_json.py reads it."""
    values = asdict(book) | {"readings": [[day and str(day) for day in dates] for dates in book.readings]}
    del values["id"], values["at"]
    return {name: value for name, value in values.items() if value}


def write_history(books: Iterable[OwnBook], file: IO[str]) -> int:
    """Write a reader's history as CSV and return the number of books. Bringing it again changes nothing."""
    writer = csv.DictWriter(file, HISTORY_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    count = 0
    for count, book in enumerate(books, 1):  # noqa: B007
        writer.writerow({name: protected(cell) for name, cell in _history_cells(book).items()})
    return count


def _history_cells(book: OwnBook) -> dict[str, str]:
    first, _, others = book.author.partition(", ")
    status = _EXCLUSIVE.get(book.status or "", book.status or "")
    scheme, _, identifier = (book.identity or "").rpartition(":")
    finished = [ended for began, ended in book.readings if ended or not began]
    days = [ended.first for ended in finished if ended and ended.precision == "day"]
    return {
        "Book Id": identifier if scheme == "goodreads" else "",
        "Title": book.title,
        "Author": first,
        "Additional Authors": others,
        "ISBN": book.isbn or "",
        "ISBN13": book.isbn13 or "",
        "My Rating": str(book.rating or 0),
        "Publisher": book.publisher or "",
        "Number of Pages": str(book.pages or ""),
        "Original Publication Year": str(book.year or ""),
        "Date Read": _slashed(max(days, default=None)),
        "Date Added": _slashed(book.added_at and book.added_at.date()),
        "Bookshelves": ", ".join(filter(None, (*(name.replace(",", " ") for name in book.shelves), status))),
        "Exclusive Shelf": status,
        "My Review": review_cell(book.text or ""),
        "Private Notes": review_cell(book.notes or ""),
        "Read Count": str(max(len(finished), book.status == "read")),
        "Exact Rating": book.exact_rating or str(book.rating or ""),
        "Own Shelves": "\n".join(book.shelves),
        "Private Review": "yes" if book.is_private else "",
        "Review Language": book.language or "",
        "Date Reviewed": book.reviewed_at.isoformat() if book.reviewed_at else "",
        "Dates Read": ", ".join(
            f"{_slashed(began)}-{_slashed(ended)}" if began else _slashed(ended) or UNDATED
            for began, ended in book.readings
        ),
        "Series": book.series or "",
        "Identifiers": book.identity if scheme and book.identity else "",
    }


def _slashed(day: date | PartialDate | None) -> str:
    return str(day or "").replace("-", "/")


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
