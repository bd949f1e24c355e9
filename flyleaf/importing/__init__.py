"""The room of the importer: files in, books of the catalogue out, all or nothing.

    source.py     the file: its bytes, its lines, where it is broken
    formats.py    which reader takes it; a new format is one module and one line there
    csv_table.py  the reader of CSV: lines -> records of a Table
    cells.py      what a cell may hold, one rule a field
    rows.py       records -> rows that the catalogue can hold, or refused
    loader.py     rows -> staging table -> catalogue, in one transaction (the SQL of the last step: merge.py)
    findings.py   what the operator is told
    report.py     how: a progress bar on a terminal, plain lines elsewhere
    command.py    `python import.py`, and the import at the site's first start

The readers know no database, the loader knows no format.
"""

from flyleaf.importing.command import BOOKS, import_if_empty, main
from flyleaf.importing.report import Report
from flyleaf.importing.source import UnusableFileError

__all__ = ["BOOKS", "Report", "UnusableFileError", "import_if_empty", "main"]
