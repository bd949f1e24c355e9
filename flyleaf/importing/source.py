"""A file on its way into the catalogue: its bytes in blocks, its lines as text, and the line at which it is broken."""

import io
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 18  # bytes read at once
LINE_MAX = 1 << 20  # bytes; the longest row that the catalogue's limits allow has a tenth of it
BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
# What a file begins with that is no plain UTF-8 text, and what to do with it.
_OTHER_FILES = (
    (b"\xff\xfe", "it is UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "it is UTF-16: save it as UTF-8"),
    (b"\x1f\x8b", "it is compressed: unpack it with gunzip first"),
    (b"PK\x03\x04", "it is a ZIP archive or a spreadsheet: unpack it, or save it as CSV (UTF-8)"),
)


class UnusableFileError(ValueError):
    """The file can't be imported. The text is the end of a line that begins with its name: the place, what is wrong
    there, and what to do."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {problem}" if line is not None else problem)


class Source:
    """An open file of `size` bytes, of which a reader has taken the first `position`."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size
        self.position = 0
        self._lines = 0  # handed out so far
        self.head = self._read()  # by which the formats recognise it

    def lines(self) -> Iterator[str]:
        """The lines with their ends, which may be LF, CR LF or CR. Raises UnusableFileError where it is not UTF-8."""
        for block in self._blocks():
            lines = io.StringIO(self._decoded(block), newline="").readlines()
            self._lines += len(lines)
            yield from lines

    def _blocks(self) -> Iterator[bytes]:
        """Blocks of whole lines. A line longer than LINE_MAX is an error: memory is bounded whatever the file holds."""
        self._refuse_other_files()
        rest = self.head.removeprefix(BOM)
        while block := self._read():
            rest += block
            # The last byte may be a CR whose LF comes next.
            cut = rest.rfind(b"\n") + 1 or rest.rfind(b"\r", 0, len(rest) - 1) + 1
            if cut:
                yield rest[:cut]
                rest = rest[cut:]
            elif len(rest) > LINE_MAX:
                raise UnusableFileError(
                    f"it is longer than {LINE_MAX:,} bytes: is this a text file with one book a line?", self._lines + 1
                )
        if rest:
            yield rest

    def _read(self) -> bytes:
        try:
            block = self._file.read(BLOCK)
        except OSError as error:
            raise UnusableFileError(f"it can't be read: {error.strerror}.") from error
        self.position += len(block)
        return block

    def _refuse_other_files(self) -> None:
        if not self.head.removeprefix(BOM).strip():
            raise UnusableFileError("it is empty: the first line must name the columns isbn, title, author and year.")
        for sign, problem in _OTHER_FILES:
            if self.head.startswith(sign):
                raise UnusableFileError(problem + ".")

    def _decoded(self, block: bytes) -> str:
        nul = block.find(b"\0")
        if nul >= 0:
            problem = "it holds a NUL byte: is this a text file? Save it as CSV (UTF-8)."
            raise UnusableFileError(problem, self._line_at(block, nul))
        try:
            return block.decode()
        except UnicodeDecodeError as error:
            problem = f"byte 0x{block[error.start]:02x} is not UTF-8: save the file as CSV (UTF-8)."
            raise UnusableFileError(problem, self._line_at(block, error.start)) from error

    def _line_at(self, block: bytes, offset: int) -> int:
        return self._lines + 1 + len(_LINE_END.findall(block[:offset]))


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The file at `path`. Raises UnusableFileError where there is none that can be read."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnusableFileError("it is a folder: name a file in it.")
        if not stat.S_ISREG(status.st_mode):
            raise UnusableFileError("it is a device or a pipe: name a file.")
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise UnusableFileError("there is no such file: check its name and folder.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusableFileError(f"it can't be opened: {getattr(error, 'strerror', None) or error}.") from error
    with file:
        yield Source(file, status.st_size)
