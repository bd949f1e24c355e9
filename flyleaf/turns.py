"""Costly work that a process does for a few requests at a time, so that the others still find a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(RuntimeError):
    """As many requests as may are already at it."""


class Turns:
    """At most `most` at a time. Nobody waits: a request that waits keeps a thread that a page could use."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def take(self, work: str) -> Iterator[None]:
        """Do the block as one of them. Raises BusyError, which names the work for the log."""
        if not self._free.acquire(blocking=False):
            raise BusyError(f"too much at once: {work}")
        try:
            yield
        finally:
            self._free.release()
