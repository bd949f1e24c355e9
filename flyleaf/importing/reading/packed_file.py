"""The raw bytes of a file or pipe, compressed or not."""

import io
import select
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import thread_time
from typing import IO, TYPE_CHECKING, Any

from flyleaf.importing.errors import UnusableFileError, UnusablePathError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 18  # bytes read at once
READ_MAX = 1 << 20  # bytes; limits what a forged ZIP directory can request
SPOOL_MAX = 1 << 30  # bytes of a ZIP archive in a pipe, which needs a temporary file because ZIP is read from its end


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the thread that makes it may spend on reading a stranger's file: `seconds` of a processor's time, so that
    nobody is refused because the machine is busy."""

    unpacked_bytes: int
    lines: int
    seconds: float
    _begun: float = field(default_factory=thread_time)

    def check_unpacked(self, size: int) -> None:
        """Raise UnusableFileError if so many unpacked bytes are too many."""
        if size > self.unpacked_bytes:
            raise UnusableFileError(
                "it unpacks to more than %(most)s MB: export fewer books at a time.", most=self.unpacked_bytes >> 20
            )

    def check_lines(self, count: int) -> None:
        """Raise UnusableFileError if so many lines are too many."""
        if count > self.lines:
            raise UnusableFileError(
                "it has more than %(most)s lines: delete empty lines, or export fewer books at a time.", most=self.lines
            )

    def check_time(self) -> None:
        """Raise UnusableFileError if reading has taken too long."""
        if thread_time() - self._begun > self.seconds:
            raise UnusableFileError(
                "it takes more than %(most)s seconds to read: export fewer books at a time, as CSV if you can.",
                most=f"{self.seconds:g}",
            )


class PackedFile(io.RawIOBase):
    """A file or pipe that counts the bytes read: `position` of `size`, which is None for a pipe. What reading it may
    cost is limited by `allowance`; an operator's own file has none."""

    def __init__(self, file: IO[bytes] | io.FileIO, size: int | None, allowance: Allowance | None = None) -> None:
        self._file: Any = file  # with readinto
        self.size = size
        self.allowance = allowance
        self.position = 0

    def readinto(self, target: "WriteableBuffer") -> int:
        """Fill the target unless the file ends. Raises UnusableFileError."""
        if self.allowance:
            self.allowance.check_time()
        view = memoryview(target)
        filled = 0
        try:
            while filled < len(view):
                count = self._file.readinto(view[filled:])
                if count == 0:
                    break
                if count is None:  # a non-blocking pipe without data
                    select.select([self._file], [], [])
                filled += count or 0
        except OSError as error:
            raise UnusableFileError("it can't be read: %(reason)s.", reason=str(error.strerror)) from error
        self.position += filled
        return filled

    def read(self, size: int = -1) -> bytes:
        return super().read(min(size, READ_MAX)) or b""

    def spool(self, start: bytes) -> None:
        """Copy a pipe, of which `start` was already read, to a temporary file. Raises UnusablePathError."""
        with ExitStack() as stack:
            spooled = stack.enter_context(tempfile.TemporaryFile())
            try:
                spooled.write(start)
                while block := self.read(BLOCK):
                    spooled.write(block)
                    if self.position > SPOOL_MAX:
                        problem = f"it is a ZIP archive of over {SPOOL_MAX:,} bytes in a pipe"
                        raise UnusablePathError(f"{problem}: save it as a file and import that.")
                spooled.flush()
            except OSError as error:
                problem = f"it is a ZIP archive in a pipe, which needs a temporary file: {error.strerror}"
                raise UnusablePathError(f"{problem}. Save it as a file and import that.") from error
            stack.pop_all()  # it stays open
        self._file.close()
        self._file = spooled

    def count_anew(self, size: int) -> None:
        """Restart the counter: `size` bytes are left to read."""
        self.size = size
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        self._file.close()
        super().close()
