"""The file format of backups: a tar archive that any tar can unpack, followed by a line with its SHA-256.

    flyleaf-backup.json      Flyleaf's version, the time, the schema, and the columns of each table
    tables/NAME/00000001.gz  the rows of a table, as COPY writes them, in numbered parts
    numbers.json             each table's number of rows and last id
    secret_key               signs forms

The last line covers every byte before it, so that a file can be checked before any of it is used.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from flyleaf.version import VERSION

FORMAT = 1
HEADER, NUMBERS, SECRET_KEY = "flyleaf-backup.json", "numbers.json", "secret_key"
MAGIC = HEADER.encode() + b"\0"  # a tar archive begins with the name of its first file
TRAILER = b"\nflyleaf-backup sha256 %s\n"
TRAILER_SIZE = len(TRAILER % (b"0" * 64))
PART = 4 << 20  # bytes of rows that are compressed together, and held in memory
BLOCK = 1 << 20
STANDARD_STREAM = "-"


class BackupError(RuntimeError):
    """A backup can't be written or used. The message is one line: what is wrong and what to do."""


@dataclass(frozen=True)
class Header:
    """A backup's description of itself."""

    schema: str  # the database's revision
    tables: dict[str, list[str]]  # the columns of each table, in the order of restoring
    made_at: str
    flyleaf: str = VERSION
    format: int = FORMAT


@dataclass(frozen=True)
class Numbers:
    """Numbers that are known once all rows are written."""

    rows: dict[str, int]  # of each table
    last_ids: dict[str, dict[str, int]]  # the last id assigned in each table and column, even if its row was deleted


class Writer:
    """Write a backup to a stream, which may be a pipe."""

    def __init__(self, out: IO[bytes], header: Header) -> None:
        self._out = _Digested(out)
        self._tar = tarfile.open(fileobj=self._out, mode="w|", format=tarfile.USTAR_FORMAT, bufsize=BLOCK)  # type: ignore[call-overload]  # noqa: SIM115
        self._time = datetime.fromisoformat(header.made_at).timestamp()
        self._add(HEADER, json.dumps(asdict(header), indent=1).encode())

    @contextmanager
    def table(self, name: str) -> Iterator["Parts"]:
        """Yield a file object for the rows of a table."""
        parts = Parts(lambda number, rows: self._add(f"tables/{name}/{number:08d}.gz", gzip.compress(rows, 1, mtime=0)))
        yield parts
        parts.flush()

    def finish(self, numbers: Numbers, secret_key: str) -> None:
        """Write the numbers and the checksum, without which the file is incomplete."""
        self._add(SECRET_KEY, secret_key.encode())
        self._add(NUMBERS, json.dumps(asdict(numbers), indent=1).encode())
        self._tar.close()
        self._out.write(TRAILER % self._out.digest.hexdigest().encode())

    def _add(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(content), 0o600, int(self._time)
        self._tar.addfile(entry, io.BytesIO(content))


class Parts:
    """A file object that the driver writes a table's rows to, and that compresses them in parts."""

    def __init__(self, add: Callable[[int, bytes], None]) -> None:
        self._add = add
        self._rows = bytearray()
        self._number = 0

    def write(self, rows: bytes) -> int:
        self._rows += rows
        if len(self._rows) >= PART:
            self.flush()
        return len(rows)

    def flush(self) -> None:
        if self._rows:
            self._number += 1
            self._add(self._number, bytes(self._rows))
            self._rows.clear()


class _Digested:
    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        self._out.write(content)
        return len(content)


class Backup:
    """A backup whose checksum has been verified."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  # the caller closes the file
        self._parts: dict[str, list[tarfile.TarInfo]] = {}
        for entry in self._tar:
            if entry.name.startswith("tables/"):
                self._parts.setdefault(entry.name.split("/")[1], []).append(entry)
        self.header = Header(**json.loads(self._content(HEADER)))
        self.numbers = Numbers(**json.loads(self._content(NUMBERS)))
        self.secret_key = self._content(SECRET_KEY).decode()

    def rows(self, table: str) -> "Rows":
        """Return a stream of a table's rows in COPY's format."""
        return Rows(gzip.decompress(self._content(entry)) for entry in self._parts.get(table, []))

    def _content(self, entry: tarfile.TarInfo | str) -> bytes:
        file = self._tar.extractfile(entry)
        return file.read() if file else b""


class Rows(io.RawIOBase):
    """A stream of a table's parts, with one part in memory at a time."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._part = io.BytesIO()

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not (count := self._part.readinto(target)):
            part = next(self._parts, None)
            if part is None:
                return 0
            self._part = io.BytesIO(part)
        return count


@contextmanager
def open_backup(name: str, stdin: IO[bytes]) -> Iterator[Backup]:
    """Open the backup in the file `name` (- for `stdin`) and check all of it.

    Raises BackupError if it isn't a backup, is damaged or incomplete, or was made by a newer Flyleaf.
    """
    shown = "standard input" if name == STANDARD_STREAM else name
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_seekable(name, stdin))
            check(file, shown)
            backup = Backup(file)
        except OSError as error:
            raise BackupError(f"{shown} can't be read: {error.strerror or error}.") from error
        except (tarfile.TarError, KeyError, TypeError, ValueError) as error:
            raise BackupError(
                f"{shown} is not a backup that this Flyleaf can read: restore it with the newest Flyleaf."
            ) from error
        yield backup


def check(file: IO[bytes], shown: str) -> None:
    """Verify the checksum and return to the start of the file. Raises BackupError if the file has been damaged."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupError(f"{shown} is not a backup of Flyleaf: name a file that `backup` has written.")
    file.seek(0)
    digest = hashlib.sha256()
    left = max(size - TRAILER_SIZE, 0)
    while left and (block := file.read(min(left, BLOCK))):
        digest.update(block)
        left -= len(block)
    if file.read(TRAILER_SIZE + 1) != TRAILER % digest.hexdigest().encode():
        raise BackupError(f"{shown} is damaged or incomplete: its checksum is wrong. Use another copy of it.")
    file.seek(0)
    found = _format(file)
    if found > FORMAT:
        raise BackupError(f"{shown} was made by a newer Flyleaf: update this one, and restore again.")


def _format(file: IO[bytes]) -> int:
    """Return the number of the file format, which every format keeps in the archive's first file."""
    with tarfile.open(fileobj=file, mode="r:") as tar:
        first = tar.next()
        header = tar.extractfile(first) if first else None
        number = int(json.loads(header.read())["format"]) if header else 0
    file.seek(0)
    return number


@contextmanager
def _seekable(name: str, stdin: IO[bytes]) -> Iterator[IO[bytes]]:
    """Return a seekable file. A pipe is copied to a temporary file, because a backup is checked before it is used."""
    with ExitStack() as stack:
        file = stdin if name == STANDARD_STREAM else stack.enter_context(Path(name).open("rb"))
        if not file.seekable():
            copy = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, copy, BLOCK)
            file = copy
        file.seek(0)
        yield file


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
