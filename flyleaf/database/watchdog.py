"""A timeout on the client's side. While a server is frozen its own timeouts don't fire, and TCP timeouts don't either,
because its kernel still acknowledges packets. Connections that take too long are cut, which raises the driver's
error."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Watched:
    """A connection, and the moment at which its time is up, by the monotonic clock. Its last answer may come while it
    is cut, so that no error shows: where `was_cut` is true, the connection can't be used any more."""

    deadline: float
    connection: socket.socket
    was_cut: bool = False

    def cut(self) -> None:
        self.was_cut = True
        with suppress(OSError):  # already closed
            self.connection.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Cuts connections whose time is up. Its thread starts with the first watched connection."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: set[Watched] = set()
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, descriptor: int, seconds: float) -> Iterator[Watched]:
        """Cut the connection behind the socket `descriptor` if the block takes longer than `seconds`."""
        # Duplicated, because the driver may close its descriptor at any time and the number may be reused.
        watched = Watched(time.monotonic() + seconds, socket.socket(fileno=os.dup(descriptor)))
        with self._changed:
            self._watched.add(watched)
            if watched.deadline < self._wakes_at:
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="database watchdog", daemon=True)
                self._thread.start()
        try:
            yield watched
        finally:
            with self._changed:
                self._watched.remove(watched)
                watched.connection.close()

    def cut(self) -> None:
        """Cut all watched connections now."""
        with self._changed:
            for watched in self._watched:
                watched.cut()

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for watched in self._watched:
                    if watched.deadline <= now:
                        watched.cut()
                self._wakes_at = min(
                    (watched.deadline for watched in self._watched if watched.deadline > now), default=float("inf")
                )
                self._changed.wait(None if self._wakes_at == float("inf") else self._wakes_at - now)
