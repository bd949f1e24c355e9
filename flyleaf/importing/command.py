"""`python import.py [FILE …]`, and the same import at the site's first start."""

import argparse
import io
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from flyleaf.config import PROJECT, Config, ConfigError
from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database.connect import open_database
from flyleaf.importing.cleaning.cells import shown
from flyleaf.importing.errors import UnusablePathError
from flyleaf.importing.formats import FORMATS, format_of
from flyleaf.importing.loader import (
    CatalogueFile,
    ImportRunningError,
    finish,
    import_transaction,
    is_empty,
    load,
    naming,
    settle,
)
from flyleaf.importing.reading.source import STANDARD_INPUT, UnusableFileError, open_source
from flyleaf.importing.reporting.findings import Outcome
from flyleaf.importing.reporting.rejects import Rejects
from flyleaf.importing.reporting.report import Report
from flyleaf.queries.books import has_books

NAMED = 20  # columns that are not imported
BOOKS = PROJECT / "books.csv"
DONE, UNUSABLE = 0, 1  # 2, wrong arguments, is argparse's
EXAMPLES = """\
examples:
  python import.py                                    the books that come with Flyleaf
  python import.py goodreads_library_export.csv
  python import.py catalogue.mrc.gz --rejects refused.csv
  python import.py ol_dump_authors.txt.gz ol_dump_editions.txt.gz
  ssh library cat catalogue.csv | python import.py - --json

docs/importing.md describes each format and what happens to its columns."""


@dataclass(frozen=True)
class Options:
    """How to import some files."""

    format_name: str | None = None  # None: detect it from the content
    rejects: Path | None = None  # where refused records are written
    dry_run: bool = False  # do everything, then roll back
    wait: bool = False  # for another import to end


def main(arguments: Sequence[str] | None = None, program: str = "import.py") -> int:
    """Run the command and return the exit code: 0 for success, 1 if a file or the database can't be used.

    In that case nothing is imported, and one line says why.
    """
    parsed = _parser(program).parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        _allow_any_letter(stream)
    # Ctrl-C ends the process at once, even during a long statement, which rolls the transaction back.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    report = Report(out=sys.stderr if parsed.json else sys.stdout)
    options = Options(parsed.format, parsed.rejects, parsed.dry_run, parsed.wait)
    try:
        outcome = import_files(Config.from_environment(), parsed.file or [BOOKS], report, options)
    except (UnusableFileError, ConfigError, ImportRunningError) as error:
        return _failed(f"{error} Nothing was imported.", parsed.json)
    except DatabaseUnusableError as error:  # if the connection broke during the commit, the outcome is unknown
        return _failed(str(error), parsed.json)
    if parsed.json:
        seconds = {name: round(seconds, 3) for name, seconds in report.seconds.items()}
        print(json.dumps(outcome.numbers() | {"seconds": seconds}))
    return DONE


def import_files(config: Config, paths: Sequence[Path], report: Report, options: Options = Options()) -> Outcome:
    """Import all of the files into the site's database, or nothing, and return the outcome.

    Raises UnusableFileError, ImportRunningError, DatabaseUnusableError.
    """
    if paths.count(STANDARD_INPUT) > 1:
        raise UnusablePathError("standard input: it can only be read once: give - once.")
    with ExitStack() as stack:
        # Files are opened before the database, so that an unreadable one doesn't start a server.
        files = [stack.enter_context(_opened(path, report, options.format_name)) for path in paths]
        rejects = stack.enter_context(_rejects(options.rejects, paths)) if options.rejects else None
        database = stack.enter_context(open_database(config, report.say))
        wait = report.say if options.wait else None
        with import_transaction(database, wait) as connection:
            outcome = load(connection, files, report, rejects)
            if rejects:
                rejects.complete()
            if options.dry_run:
                connection.rollback()
                outcome = replace(outcome, only_tried=True)
            else:
                finish(connection, files, outcome, report)
        # The import is committed: later failures are only reported.
        remark = rejects.publish() if rejects else None
        if not options.dry_run:
            settle(database, report)
    for line in (*outcome.lines(), *filter(None, [remark])):
        report.say(line)
    return outcome


def import_if_empty(database: Database, path: Path, report: Report) -> Outcome | None:
    """Import the file if the catalogue is empty, and return the outcome, or None if there was nothing to do.

    If another import is running, for example of a second site that starts now, say so and wait until it has ended.
    Raises UnusableFileError, DatabaseUnusableError.
    """
    if not is_empty(database):
        return None
    with _opened(path, report) as file, import_transaction(database, wait=report.say) as connection:
        if has_books(connection):
            return None
        outcome = load(connection, [file], report)
        finish(connection, [file], outcome, report)
    settle(database, report)
    report.say(next(outcome.lines()))
    return outcome


@contextmanager
def _opened(path: Path, report: Report, format_name: str | None = None) -> Iterator[CatalogueFile]:
    """Open the file, detect its format and read its header."""
    name = "standard input" if path == STANDARD_INPUT else str(path)
    with ExitStack() as stack:
        with naming(name):
            source = stack.enter_context(open_source(path))
            format_ = next((format_ for format_ in FORMATS if format_name == format_.NAME), None) or format_of(source)
            table = format_.read(source)
        report.say(f"Importing {name} ({format_.NAME})")
        if table.ignored:
            more = f" and {len(table.ignored) - NAMED:,} more" if len(table.ignored) > NAMED else ""
            report.say(f"Columns that are not imported: {', '.join(map(shown, table.ignored[:NAMED]))}{more}")
        for remark in table.remarks:
            report.say(remark)
        yield CatalogueFile(name, source, table)


@contextmanager
def _rejects(path: Path, imported: Sequence[Path]) -> Iterator[Rejects]:
    """Open the file for refused rows. Raises UnusableFileError if it can't be written."""
    with ExitStack() as stack:
        with naming(str(path)):
            rejects = stack.enter_context(Rejects(path, imported))
        yield rejects


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Import catalogues of books, all or nothing.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", nargs="*", type=Path, help="files, plain or compressed; - is standard input (default: books.csv)"
    )
    names = [format_.NAME for format_ in FORMATS]
    parser.add_argument("--format", choices=names, help="read the files in this format instead of detecting it")
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="write the refused rows to this CSV file")
    parser.add_argument("--dry-run", action="store_true", help="report what would happen without changing anything")
    parser.add_argument("--wait", action="store_true", help="wait if another import is running")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON, and everything else to stderr")
    return parser


def _failed(line: str, as_json: bool) -> int:
    print(line, file=sys.stderr)
    if as_json:
        print(json.dumps({"error": line}))
    return UNUSABLE


def _allow_any_letter(stream: TextIO) -> None:
    """Write characters that the terminal's encoding lacks as escapes, instead of raising an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
