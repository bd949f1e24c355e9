"""The room of the importer: files in, books of the catalogue out, all or nothing.

    source.py     a file or standard input: its bytes, its lines, where it is broken; packing.py, packed_file.py and
                  archive.py unpack it, encoding.py makes text of it
    formats/      a module a format: what recognises a file, and what makes a Table of it (table.py)
    cells.py      what a cell may hold, one rule a field; years.py, languages.py, names.py, punctuation.py, isbns.py
    rows.py       records -> rows that the catalogue can hold, or refused; plain_rows.py, the same for many at once
    staging.py    rows -> the staging table; ahead.py, so that reading and sending overlap
    merge.py      staging table -> catalogue
    loader.py     all of it, in one transaction
    findings.py   what the operator is told; rejects.py, the refused rows in a file
    report.py     how: a progress bar on a terminal, plain lines elsewhere
    command.py    `python import.py`, and the import at the site's first start

The readers know no database, the loader knows no format.
"""

from flyleaf.importing.command import BOOKS, import_if_empty, main
from flyleaf.importing.report import Report
from flyleaf.importing.source import UnusableFileError

__all__ = ["BOOKS", "Report", "UnusableFileError", "import_if_empty", "main"]
