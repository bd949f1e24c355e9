"""Unpack compressed files and ZIP archives while they are read, in bounded memory."""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flyleaf.importing.errors import UnusableFileError
from flyleaf.importing.reading import archive
from flyleaf.importing.reading.packed_file import BLOCK, PackedFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LAYERS_MAX = 2  # a .gz in a .zip
# Catalogues compress to a tenth or a twentieth; a much higher ratio means a decompression bomb.
RATIO_MAX = 200
SUSPECT_FROM = 100_000_000  # unpacked bytes; below this the ratio is not checked
LZMA_MEMORY = 80 << 20  # bytes; xz -9 needs 65 MiB

_COMPRESSED: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(zlib.MAX_WBITS | 16)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(memlimit=LZMA_MEMORY)),
)
_OTHERS: tuple[tuple[bytes, Callable[[], UnusableFileError]], ...] = (
    (b"\x28\xb5\x2f\xfd", lambda: UnusableFileError("it is compressed with zstd: unpack it first (unzstd).")),
    (b"7z\xbc\xaf\x27\x1c", lambda: UnusableFileError("it is a 7z archive: unpack it first.")),
    (b"Rar!\x1a\x07", lambda: UnusableFileError("it is a RAR archive: unpack it first.")),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        lambda: UnusableFileError("it is an Excel workbook: save it as CSV (UTF-8)."),
    ),
    (b"%PDF-", lambda: UnusableFileError("it is a PDF: save the table that it was made from as CSV (UTF-8).")),
)
_BROKEN = (  # the libraries' errors for damaged or forged files
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, RuntimeError, OverflowError, ValueError),
)


class _Unpacked(io.RawIOBase):
    """A stream of the bytes from `unpack`, which takes a maximum number of bytes and returns none at the end."""

    def __init__(self, file: PackedFile, unpack: Callable[[int], bytes]) -> None:
        self._file = file
        self._unpack = unpack
        self._size = 0

    def readinto(self, target: "WriteableBuffer") -> int:
        """Fill the target unless the file ends. Raises UnusableFileError if it is broken or a decompression bomb."""
        view = memoryview(target)
        filled = 0
        while filled < len(view) and (block := self._next(len(view) - filled)):
            view[filled : filled + len(block)] = block
            filled += len(block)
        return filled

    def _next(self, size: int) -> bytes:
        with _breakage_told(self._file):
            block = self._unpack(size)
        self._size += len(block)
        if self._file.allowance:
            self._file.allowance.check_time()
            self._file.allowance.check_unpacked(self._size)
        if self._size > max(SUSPECT_FROM, RATIO_MAX * self._file.position):
            raise UnusableFileError(
                "its first %(packed)s bytes unpack to over %(unpacked)s, which no catalogue does: if it is one, unpack "
                "it first.",
                packed=self._file.position,
                unpacked=self._size,
            )
        return block

    def readable(self) -> bool:
        return True


class _Decompressor:
    """The decompressors of zlib, bz2 and lzma, for streams that may stand one behind the other in a file."""

    def __init__(self, packed: io.BufferedReader, new: Callable[[], Any]) -> None:
        self._packed = packed
        self._new = new
        self._stream = new()

    def unpack(self, size: int) -> bytes:
        """Up to as many bytes. Raises what the libraries raise, and EOFError where a stream has no end."""
        while True:
            if self._stream.eof:
                rest = self._stream.unused_data.lstrip(b"\0")  # tapes and xz pad with NULs
                while not rest and (more := self._packed.read(BLOCK)):
                    rest = more.lstrip(b"\0")
                if not rest:
                    return b""
                self._stream = self._new()
            else:
                rest = getattr(self._stream, "unconsumed_tail", b"")  # zlib's; bz2 and lzma keep it, and say so
                if not rest and getattr(self._stream, "needs_input", True) and not (rest := self._packed.read(BLOCK)):
                    raise EOFError
            block: bytes = self._stream.decompress(rest, size)
            if block:
                return block


def unpacked(file: PackedFile) -> io.BufferedReader:
    """The bytes of the file, or of what is packed in it. What it is shows in its content, whatever its name.

    Raises UnusableFileError, here and where it is read.
    """
    reader: io.BufferedReader = io.BufferedReader(file, BLOCK)
    for layer in range(LAYERS_MAX + 1):
        unpack = _unpacker(file, reader, layer)
        if unpack is None:
            break
        reader = io.BufferedReader(_Unpacked(file, unpack), BLOCK)
    return reader


def _unpacker(file: PackedFile, reader: io.BufferedReader, layer: int) -> Callable[[int], bytes] | None:
    """What unpacks the bytes that `reader` gives; None: they are not packed. `layer` of them are unpacked already."""
    head = reader.peek()
    for sign, problem in _OTHERS:
        if head.startswith(sign):
            raise problem()
    new = next((new for sign, new in _COMPRESSED if head.startswith(sign)), None)
    if head.startswith(archive.SIGNS):
        if layer:
            raise UnusableFileError("it is a ZIP archive in another file: unpack it first.")
        if not file.seekable():
            file.spool(head)
        reader.detach()
        with _breakage_told(file):
            return archive.open_member(file).read
    if new is None:
        return None
    if layer == LAYERS_MAX:
        raise UnusableFileError("it is packed more than twice: unpack it first.")
    return _Decompressor(reader, new).unpack


@contextmanager
def _breakage_told(file: PackedFile) -> Iterator[None]:
    try:
        yield
    except UnusableFileError:
        raise
    except EOFError as error:
        raise UnusableFileError("its packed data end too early: copy or download it again.") from error
    except _BROKEN as error:
        raise UnusableFileError(
            "its packed data are broken, or followed by something else, before byte %(place)s (%(reason)s): copy or "
            "download it again.",
            place=file.position,
            reason=str(error),
        ) from error
