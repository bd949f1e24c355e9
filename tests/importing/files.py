"""Catalogue files for the tests, and what an import of them says."""

import io
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy import text

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.command import import_files
from flyleaf.importing.reporting.findings import Outcome
from flyleaf.importing.reporting.report import Report
from flyleaf.importing.table import ROWS_AT_ONCE, Batch
from flyleaf.isbn import isbn13

HEADER = "isbn,title,author,year\n"
DUNE = "0441172717,Dune,Frank Herbert,1965\n"
EMMA = "0141439580,Emma,Jane Austen,1815\n"


def written(folder: Path, content: str | bytes) -> Path:
    """The content as a file of its own."""
    path = folder / f"books-{len(list(folder.iterdir()))}.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def imported(config: Config, path: Path) -> Outcome:
    return import_files(config, [path], Report(io.StringIO(), io.StringIO()))


def numbers(outcome: Outcome) -> tuple[int, int, int, int]:
    """added, changed, left alone, refused"""
    return outcome.added, outcome.changed, outcome.left_alone, outcome.findings.refused.count


def rows_of(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.owner.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def generated(folder: Path, books: int) -> Path:
    """A file of as many different books, the same at each call."""
    dice = random.Random(7)
    lines = [HEADER]
    for number in range(books):
        nine = f"{number:09d}"
        isbn = next(f"{nine}{check}" for check in "0123456789X" if isbn13(f"{nine}{check}"))
        words = " ".join(dice.choices(("river", "night", "été", "of", "the", "glass", "東京", "house"), k=5))
        lines.append(f"{isbn},{words} {number},Author {number % 997},{dice.randint(1500, 2020)}\n")
    return written(folder, "".join(lines))


def in_batches(records: Iterable[tuple[int, Sequence[str]]]) -> Iterator[Batch]:
    """Records, each the line on which it begins and its cells, as a reader hands them over."""
    records = iter(records)
    while some := list(islice(records, ROWS_AT_ONCE)):
        lines, rows = zip(*some, strict=True)
        yield Batch(lines, list(zip(*rows, strict=True)))
