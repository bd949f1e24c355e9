"""The room of the importer: files in, books of the catalogue out, all or nothing.

    reading/      a file or standard input: its bytes unpacked, and decoded to text; errors.py, where it can't be used
    formats/      a module a format: what recognises a file, and what makes a Table of it (table.py)
    fields.py     the fields of a book, each described once
    cleaning/     records -> rows that the catalogue can hold, or refused: a rule a field, and what the rules know of
                  names, titles, years, languages and markup; plain_rows.py, the same for many rows at once
    loading/      rows -> the staging table -> the catalogue; ahead.py, so that reading and sending overlap
    loader.py     all of it, in one transaction
    reporting/    what the operator is told: findings, the refused rows in a file, a progress bar or plain lines
    command.py    `python import.py`, and the import at the site's first start

The readers know no database, the loader knows no format.
"""

from flyleaf.importing.command import BOOKS, import_if_empty, main
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.reporting.report import Report

__all__ = ["BOOKS", "Report", "UnusableFileError", "import_if_empty", "main"]
