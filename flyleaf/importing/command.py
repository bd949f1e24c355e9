"""`python import.py [FILE]`, and the same import at the site's first start."""

import argparse
import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from flyleaf.config import PROJECT, Config, ConfigError
from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database.connect import open_database
from flyleaf.importing.cells import shown
from flyleaf.importing.findings import Outcome
from flyleaf.importing.formats import format_of
from flyleaf.importing.loader import ImportRunningError, import_transaction, is_empty, load
from flyleaf.importing.report import Report
from flyleaf.importing.source import UnusableFileError, open_source
from flyleaf.queries.books import has_books

BOOKS = PROJECT / "books.csv"
DONE, UNUSABLE = 0, 1  # 2, wrong arguments, is argparse's


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 the file or the database can't be used (one line says why, nothing is imported)."""
    parser = argparse.ArgumentParser(prog="import.py", description="Import a catalogue of books, all of it or nothing.")
    parser.add_argument("file", nargs="?", type=Path, default=BOOKS, help="a CSV file (UTF-8; default: books.csv)")
    path: Path = parser.parse_args(arguments).file
    for stream in (sys.stdout, sys.stderr):
        _allow_any_letter(stream)
    # Ctrl-C ends it at once, in the midst of a long statement too, and the transaction ends with it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    report = Report()
    try:
        import_file(Config.from_environment(), path, report)
    except UnusableFileError as error:
        return _failed(f"{path}: {error} Nothing was imported.")
    except (ConfigError, ImportRunningError) as error:
        return _failed(f"{error} Nothing was imported.")
    except DatabaseUnusableError as error:  # all or nothing; which, nobody knows where it went away while it committed
        return _failed(str(error))
    return DONE


def import_file(config: Config, path: Path, report: Report) -> Outcome:
    """Into the site's database. Raises UnusableFileError, ImportRunningError, DatabaseUnusableError."""
    with open_source(path) as source:
        table = format_of(source).read(source)  # before the database: a file without its columns starts no server
        report.say(f"Importing {path}")
        if table.ignored:
            report.say(f"Columns that are not imported: {', '.join(map(shown, table.ignored[:20]))}")
        with open_database(config, report.say) as database, import_transaction(database) as connection:
            outcome = load(connection, source, table, report)
    for line in outcome.lines():  # only now: the transaction is committed
        report.say(line)
    return outcome


def import_if_empty(database: Database, path: Path, report: Report) -> Outcome | None:
    """Imports the file where the catalogue has no book; of two starts at once, one does. None: there was nothing to do.

    Raises UnusableFileError, DatabaseUnusableError. Does not wait for another import: it fills the catalogue for both.
    """
    if not is_empty(database):
        return None
    try:
        with open_source(path) as source:
            table = format_of(source).read(source)
            report.say(f"Importing {path}")
            with import_transaction(database) as connection:
                if has_books(connection):
                    return None
                outcome = load(connection, source, table, report)
    except ImportRunningError:
        report.say("Another import is filling the catalogue: its books appear when it ends.")
        return None
    report.say(next(outcome.lines()))
    return outcome


def _failed(line: str) -> int:
    print(line, file=sys.stderr)
    return UNUSABLE


def _allow_any_letter(stream: TextIO) -> None:
    """A name that the terminal's encoding lacks is written with escapes, instead of ending the import."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
