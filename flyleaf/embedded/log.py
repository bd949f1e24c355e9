"""The server's log: one file that PostgreSQL appends to and that can't grow without bound."""

import os
from pathlib import Path

LONGEST = 4 * 1024 * 1024  # bytes
KEPT = 256 * 1024


class Log:
    def __init__(self, descriptor: int, path: Path) -> None:
        """`descriptor` is open for reading and appending, so that cutting the file moves every writer's end, too."""
        self.descriptor = descriptor
        self.path = path
        self._mark = 0

    def trim(self) -> None:
        """Cut the file down to its newest part when it has grown past the limit."""
        if os.fstat(self.descriptor).st_size > LONGEST:
            newest = self._read(os.fstat(self.descriptor).st_size - KEPT)
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, newest)

    def mark(self) -> None:
        """Remember the end: `since_mark` begins there."""
        self._mark = os.fstat(self.descriptor).st_size

    def since_mark(self) -> str:
        return self._read(self._mark).decode(errors="replace")

    def complaint(self) -> str:
        """The line in which the server said why it ended."""
        lines = [line for line in self.since_mark().splitlines() if line.strip()] or ["it said nothing"]
        fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line] or lines[-1:]
        return fatal[0].partition("FATAL:")[2].strip() or fatal[0].strip()

    def _read(self, start: int) -> bytes:
        return os.pread(self.descriptor, LONGEST, start)
