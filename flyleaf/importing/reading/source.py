"""Open a file or standard input, unpacked, as bytes or as lines of text."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyleaf.importing.errors import UnusableFileError, UnusablePathError
from flyleaf.importing.reading.encoding import Decoder
from flyleaf.importing.reading.packed_file import BLOCK, PackedFile
from flyleaf.importing.reading.packing import unpacked

__all__ = ["BLOCK", "LINE_MAX", "Source", "UnusableFileError", "open_source"]

STANDARD_INPUT = Path("-")
LINE_MAX = 16 << 20  # characters; a hundred times the longest row within the catalogue's limits


class Source:
    """An open file, unpacked. It can be read once, as bytes (`binary`) or as text.

    `remarks` are sentences for the operator. More may be added while the text is read.
    """

    def __init__(self, file: PackedFile) -> None:
        self._file = file
        self.binary = unpacked(file)  # reading it may raise UnusableFileError
        self.head = self.binary.peek()  # up to BLOCK bytes, for format detection
        self.is_damaged = False  # some bytes of the text read so far are not in its encoding
        self.remarks: list[str] = []

    @property
    def size(self) -> int | None:
        """Return the file's size in bytes, or None for a pipe."""
        return self._file.size

    @property
    def position(self) -> int:
        """Return how many of the `size` bytes have been read."""
        return self._file.position

    def lines(self, encoding: str | None = None) -> Iterator[str]:
        """Yield the lines with their ends, which may be LF, CR LF or CR. See `text_blocks`."""
        for block in self.text_blocks(encoding):
            yield from io.StringIO(block, newline="")

    def text_blocks(self, encoding: str | None = None) -> Iterator[str]:
        """Yield the text in blocks of complete lines, of about BLOCK characters, or more for longer lines.

        `encoding` is the encoding of a file without a byte order mark; None: detect it. Raises UnusableFileError if the
        file is not text or, to keep memory bounded, if a line is longer than LINE_MAX.
        """
        decoder = Decoder(self.head, encoding, self.remarks)
        self.binary.read(decoder.mark)
        line: list[str] = []  # the beginning of an incomplete line
        while block := self.binary.read(BLOCK):
            text = decoder.decode(block)
            self.is_damaged = decoder.is_damaged
            if self._file.allowance:
                self._file.allowance.check_lines(decoder.lines)
            cut = text.rfind("\n") + 1 or text.rfind("\r") + 1
            if cut:
                yield "".join((*line, text[:cut]))
                line.clear()
            line.append(text[cut:])
            if sum(map(len, line)) > LINE_MAX:
                raise UnusableFileError(
                    "it is longer than %(most)s characters: is this a text file with one book a line?",
                    decoder.lines + 1,
                    most=LINE_MAX,
                )
        rest = "".join((*line, decoder.decode(b"", final=True)))
        self.is_damaged = decoder.is_damaged
        if rest:
            yield rest


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open the file at `path`, or standard input if that is "-". Raises UnusableFileError if it can't be read."""
    try:
        packed = _standard_input() if path == STANDARD_INPUT else _file(path)
    except FileNotFoundError:
        raise UnusablePathError("there is no such file: check its name and folder.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusablePathError(f"it can't be opened: {getattr(error, 'strerror', None) or error}.") from error
    with packed:
        yield Source(packed)


def _file(path: Path) -> PackedFile:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UnusablePathError("it is a folder: name a file in it.")
    if stat.S_ISREG(status.st_mode):
        return PackedFile(path.open("rb", buffering=0), status.st_size)
    if stat.S_ISFIFO(status.st_mode):
        return PackedFile(path.open("rb", buffering=0), None)
    raise UnusablePathError("it is a device or a socket: name a file.")


def _standard_input() -> PackedFile:
    file = io.FileIO(0, closefd=False)
    if file.isatty():
        raise UnusablePathError("it is a terminal: redirect a file to it (< books.csv), or name one.")
    status = os.fstat(file.fileno())
    return PackedFile(file, status.st_size if stat.S_ISREG(status.st_mode) else None)
