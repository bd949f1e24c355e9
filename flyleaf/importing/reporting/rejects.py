"""`--rejects FILE`: write the refused records to a CSV file that can be fixed and imported."""

import csv
import io
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from flyleaf.importing import fields
from flyleaf.importing.errors import UnusablePathError
from flyleaf.importing.formats.spreadsheet_cells import protected
from flyleaf.importing.reading.source import STANDARD_INPUT
from flyleaf.importing.table import Reason, Refusal

COLUMNS = ("file", "line", "reason", *fields.COLUMNS, *fields.IDENTIFIER_COLUMNS, "record")
# Their cells can't be assigned to columns: the whole record goes into the column `record` as a line of CSV.
_WITHOUT_COLUMNS = {Reason.RAGGED, Reason.UNREADABLE}


class Rejects:
    """Writes to a temporary file next to `path`, which must not be one of the `imported` files.

    Call `complete`, which may fail, before the import's commit and `publish` after it. Without `publish` no file is
    left. Raises UnusablePathError.
    """

    def __init__(self, path: Path, imported: Sequence[Path]) -> None:
        self.path = path
        self._imported = imported
        self._file: TextIO
        self._source = ""
        self._columns: tuple[str, ...] = fields.BASIC
        self._is_empty = True
        self._is_published = False

    def __enter__(self) -> Self:
        try:
            self._place = _place(self.path, self._imported)
            self._part = self._place.with_name(f".{self._place.name}.{os.getpid()}.part")
            # File names may be invalid UTF-8; they are escaped as on the terminal.
            self._file = self._part.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise UnusablePathError(f"it can't be written: {error.strerror}.") from error
        self._writer = csv.DictWriter(self._file, COLUMNS, extrasaction="ignore")  # author_keys is internal
        self._writer.writeheader()
        return self

    def begin(self, source: str, columns: tuple[str, ...]) -> None:
        """Set the file and columns of the following refusals."""
        self._source, self._columns = source, columns

    def write(self, refusal: Refusal) -> None:
        self._is_empty = False
        row = {"file": self._source, "line": str(refusal.line), "reason": refusal.detail}
        if refusal.reason in _WITHOUT_COLUMNS:
            record = io.StringIO()
            csv.writer(record, lineterminator="").writerow(refusal.cells)
            row["record"] = record.getvalue()
        else:
            row |= dict(zip(self._columns, refusal.cells, strict=False))
        try:
            self._writer.writerow({name: protected(cell) for name, cell in row.items()})
        except OSError as error:
            raise self._unwritable(error) from error

    def complete(self) -> None:
        """Write everything to disk; only the renaming is left."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._unwritable(error) from error

    def publish(self) -> str | None:
        """Replace `path` and return a line for the operator that says where the rows are."""
        self._is_published = True
        try:
            self._part.replace(self._place)
        except OSError as error:
            return f"{self.path} can't be replaced ({error.strerror}): the refused rows are in {self._part}."
        if self._is_empty:
            return None
        return f"The refused rows are in {self.path}: fix them there and import that file."

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_published:
            return
        with suppress(OSError):  # fails again on a full disk; the file is deleted anyway
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> UnusablePathError:
        return UnusablePathError(f"{self.path}: the refused rows can't be written there: {error.strerror}.")


def _place(path: Path, imported: Sequence[Path]) -> Path:
    """Resolve links in `path` and check that it can be replaced. Raises UnusablePathError, OSError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        path.parent.stat()  # raises if the folder is missing
        return path.resolve()
    if stat.S_ISDIR(status.st_mode):
        raise UnusablePathError("it is a folder: name a file for the refused rows.")
    if not stat.S_ISREG(status.st_mode):
        raise UnusablePathError("it is a device or a pipe: name a file for the refused rows, or leave --rejects out.")
    for other in imported:
        if os.path.samestat(status, os.fstat(0) if other == STANDARD_INPUT else other.stat()):
            raise UnusablePathError("it is one of the imported files: name another file for the refused rows.")
    return path.resolve()
