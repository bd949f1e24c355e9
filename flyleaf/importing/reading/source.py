"""A file or standard input on its way into the catalogue: its bytes unpacked, its lines as text, and the line at which
it is broken."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyleaf.importing.errors import UnusableFileError
from flyleaf.importing.reading.encoding import Decoder
from flyleaf.importing.reading.packed_file import BLOCK, PackedFile
from flyleaf.importing.reading.packing import unpacked

__all__ = ["BLOCK", "LINE_MAX", "Source", "UnusableFileError", "open_source"]

STANDARD_INPUT = Path("-")
LINE_MAX = 16 << 20  # characters; the longest row that the catalogue's limits allow has a hundredth of it


class Source:
    """An open file, whatever it is packed in. It is read once, as bytes (`binary`) or as text.

    `remarks` are sentences for the operator. More may come while the text is read.
    """

    def __init__(self, file: PackedFile) -> None:
        self._file = file
        self.binary = unpacked(file)  # raises UnusableFileError wherever it is read
        self.head = self.binary.peek()  # up to BLOCK bytes, by which the formats recognise it
        self.is_damaged = False  # some bytes of the text read so far are not in its encoding
        self.remarks: list[str] = []

    @property
    def size(self) -> int | None:
        """Of the file, in bytes; None: a pipe does not tell."""
        return self._file.size

    @property
    def position(self) -> int:
        """How many of `size` bytes have been read."""
        return self._file.position

    def lines(self, encoding: str | None = None) -> Iterator[str]:
        """The lines with their ends, which may be LF, CR LF or CR. See `text_blocks`."""
        for block in self.text_blocks(encoding):
            yield from io.StringIO(block, newline="")

    def text_blocks(self, encoding: str | None = None) -> Iterator[str]:
        """The text in blocks of whole lines, of about BLOCK characters: more where a line is longer.

        `encoding` is that of a file without a byte order mark; None: it is found out. Raises UnusableFileError where
        the file is no text, and where a line is longer than LINE_MAX: memory is bounded whatever the file holds.
        """
        decoder = Decoder(self.head, encoding, self.remarks)
        self.binary.read(decoder.mark)
        line: list[str] = []  # the beginning of one that has not ended yet
        while block := self.binary.read(BLOCK):
            text = decoder.decode(block)
            self.is_damaged = decoder.is_damaged
            cut = text.rfind("\n") + 1 or text.rfind("\r") + 1
            if cut:
                yield "".join((*line, text[:cut]))
                line.clear()
            line.append(text[cut:])
            if sum(map(len, line)) > LINE_MAX:
                raise UnusableFileError(
                    f"it is longer than {LINE_MAX:,} characters: is this a text file with one book a line?",
                    decoder.lines + 1,
                )
        rest = "".join((*line, decoder.decode(b"", final=True)))
        self.is_damaged = decoder.is_damaged
        if rest:
            yield rest


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The file at `path`, or standard input where that is "-". Raises UnusableFileError where it can't be read."""
    try:
        packed = _standard_input() if path == STANDARD_INPUT else _file(path)
    except FileNotFoundError:
        raise UnusableFileError("there is no such file: check its name and folder.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusableFileError(f"it can't be opened: {getattr(error, 'strerror', None) or error}.") from error
    with packed:
        yield Source(packed)


def _file(path: Path) -> PackedFile:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UnusableFileError("it is a folder: name a file in it.")
    if stat.S_ISREG(status.st_mode):
        return PackedFile(path.open("rb", buffering=0), status.st_size)
    if stat.S_ISFIFO(status.st_mode):
        return PackedFile(path.open("rb", buffering=0), None)
    raise UnusableFileError("it is a device or a socket: name a file.")


def _standard_input() -> PackedFile:
    file = io.FileIO(0, closefd=False)
    if file.isatty():
        raise UnusableFileError("it is a terminal: send a file into it (< books.csv), or name one.")
    status = os.fstat(file.fileno())
    return PackedFile(file, status.st_size if stat.S_ISREG(status.st_mode) else None)
