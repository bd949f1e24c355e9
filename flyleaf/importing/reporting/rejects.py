"""`--rejects FILE`: the refused records as a CSV file that can be mended and imported in its turn."""

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
from flyleaf.importing.formats.spreadsheet_cells import protected
from flyleaf.importing.reading.source import STANDARD_INPUT, UnusableFileError
from flyleaf.importing.table import Reason, Refusal

COLUMNS = ("file", "line", "reason", *fields.COLUMNS, "record")
# Their cells can't be told apart: all of them stand in the column `record`, as one line of CSV.
_WITHOUT_COLUMNS = {Reason.RAGGED, Reason.UNREADABLE}


class Rejects:
    """Writes beside `path`, which may be none of the files that are `imported`. `complete` belongs before the commit of
    the import, because it may fail, and `publish` after it: without it nothing is left. Raises UnusableFileError."""

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
            # The name of a file may be no text; it stands there as on the terminal.
            self._file = self._part.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise UnusableFileError(f"it can't be written: {error.strerror}.") from error
        self._writer = csv.DictWriter(self._file, COLUMNS, extrasaction="ignore")  # author_keys is the loader's own
        self._writer.writeheader()
        return self

    def begin(self, source: str, columns: tuple[str, ...]) -> None:
        """What follows is refused of the file `source`, whose table has these columns."""
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
        """All of it is on the disk: only the name is missing."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._unwritable(error) from error

    def publish(self) -> str | None:
        """Takes the place of what stood at `path`. What is to be told of it: where the rows are."""
        self._is_published = True
        try:
            self._part.replace(self._place)
        except OSError as error:
            return f"{self.path} can't be replaced ({error.strerror}): the refused rows are in {self._part}."
        if self._is_empty:
            return None
        return f"The refused rows are in {self.path}: mend them there, and import that file."

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_published:
            return
        with suppress(OSError):  # on a full disk, again: it is thrown away
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> UnusableFileError:
        return UnusableFileError(f"{self.path}: the refused rows can't be written there: {error.strerror}.")


def _place(path: Path, imported: Sequence[Path]) -> Path:
    """The file itself, where `path` is a link to it. Raises UnusableFileError, OSError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        path.parent.stat()  # without its folder, "missing/.." would be another one
        return path.resolve()
    if stat.S_ISDIR(status.st_mode):
        raise UnusableFileError("it is a folder: name a file for the refused rows.")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFileError("it is a device or a pipe: name a file for the refused rows, or leave --rejects out.")
    for other in imported:
        if os.path.samestat(status, os.fstat(0) if other == STANDARD_INPUT else other.stat()):
            raise UnusableFileError("it is imported in the same run: name another file for the refused rows.")
    return path.resolve()
