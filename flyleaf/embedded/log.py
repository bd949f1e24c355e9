"""The server's log: one file that PostgreSQL appends to, kept below a maximum size."""

import os
from pathlib import Path

LONGEST = 4 * 1024 * 1024  # bytes
KEPT = 256 * 1024


class Log:
    """The log file at `path`."""

    def __init__(self, descriptor: int, path: Path) -> None:
        """Use an open file. `descriptor` must be in append mode, so that writers continue at the end after a trim."""
        self.descriptor = descriptor
        self.path = path
        self._mark = 0

    def trim(self) -> None:
        """Keep only the newest part of the file if it has grown beyond the limit."""
        if os.fstat(self.descriptor).st_size > LONGEST:
            newest = self._read(os.fstat(self.descriptor).st_size - KEPT)
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, newest)

    def mark(self) -> None:
        """Remember the current end, where `since_mark` begins."""
        self._mark = os.fstat(self.descriptor).st_size

    def since_mark(self) -> str:
        """Return what was written since `mark`."""
        return self._read(self._mark).decode(errors="replace")

    def complaint(self) -> str:
        """Return the line in which the server said why it ended."""
        lines = [line for line in self.since_mark().splitlines() if line.strip()] or ["it said nothing"]
        fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line] or lines[-1:]
        return fatal[0].partition("FATAL:")[2].strip() or fatal[0].strip()

    def _read(self, start: int) -> bytes:
        return os.pread(self.descriptor, LONGEST, start)
