"""`--rejects FILE`: the refused records as a CSV file that can be mended and imported in its turn."""

import csv
import io
import os
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from flyleaf.importing.formats.spreadsheet_cells import protected
from flyleaf.importing.source import UnusableFileError
from flyleaf.importing.table import OPTIONAL, REQUIRED, Reason, Refusal

COLUMNS = ("file", "line", "reason", *REQUIRED, *OPTIONAL, "record")
# Their cells can't be told apart: all of them stand in the column `record`, as one line of CSV.
_WITHOUT_COLUMNS = {Reason.RAGGED, Reason.UNREADABLE}


class Rejects:
    """Writes beside `path` and takes its place when the import has ended well. Raises UnusableFileError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: TextIO
        self._source = ""
        self._columns: tuple[str, ...] = REQUIRED

    def __enter__(self) -> Self:
        try:
            if self.path.is_dir():
                raise UnusableFileError("it is a folder: name a file for the refused rows.")
            self._file = self._part.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise UnusableFileError(f"it can't be written: {error.strerror}.") from error
        self._writer = csv.DictWriter(self._file, COLUMNS)
        self._writer.writeheader()
        return self

    def begin(self, source: str, columns: tuple[str, ...]) -> None:
        """What follows is refused of the file `source`, whose table has these columns."""
        self._source, self._columns = source, columns

    def write(self, refusal: Refusal) -> None:
        row = {"file": self._source, "line": str(refusal.line), "reason": refusal.detail}
        if refusal.reason in _WITHOUT_COLUMNS:
            record = io.StringIO()
            csv.writer(record, lineterminator="").writerow(refusal.cells)
            row["record"] = record.getvalue()
        else:
            row |= dict(zip(self._columns, refusal.cells, strict=False))
        self._writer.writerow({name: protected(cell) for name, cell in row.items()})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink(missing_ok=True)
