"""The importer: reads files into the catalogue, all or nothing.

    reading/      unpack and decode a file or standard input; errors.py is for files that can't be used
    formats/      a module for each format: recognise a file and turn it into a Table (table.py)
    fields.py     the fields of a book, each described once
    cleaning/     turn records into rows that fit the catalogue, or refuse them: a rule for each field, and what the
                  rules know about names, titles, years, languages and markup; plain_rows.py does many rows at once
    loading/      move rows to the staging table and from there to the catalogue; ahead.py lets reading and sending
                  overlap
    loader.py     runs all of it in one transaction
    reporting/    tell the operator: findings, the refused rows in a file, a progress bar or plain lines
    command.py    `python import.py`, and the import at the site's first start

The formats don't know the database, and the loader doesn't know the formats.
"""

from flyleaf.importing.command import BOOKS, import_if_empty, main
from flyleaf.importing.reading.source import UnusableFileError
from flyleaf.importing.reporting.report import Report

__all__ = ["BOOKS", "Report", "UnusableFileError", "import_if_empty", "main"]
