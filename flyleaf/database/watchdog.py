"""A timeout on the client's side. While a server is frozen its own timeouts don't fire, and TCP timeouts don't either,
because its kernel still acknowledges packets. Connections that take too long are cut, which raises the driver's
error."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Watchdog:
    """Cuts connections whose time is up. Its thread starts with the first watched connection."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[object, tuple[float, socket.socket]] = {}
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, descriptor: int, seconds: float) -> Iterator[None]:
        """Cut the connection behind the socket `descriptor` if the block takes longer than `seconds`."""
        # Duplicated, because the driver may close its descriptor at any time and the number may be reused.
        connection = socket.socket(fileno=os.dup(descriptor))
        deadline = time.monotonic() + seconds
        key = object()
        with self._changed:
            self._watched[key] = deadline, connection
            if deadline < self._wakes_at:
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="database watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                del self._watched[key]
                connection.close()

    def cut(self) -> None:
        """Cut all watched connections now."""
        with self._changed:
            for _, connection in self._watched.values():
                with suppress(OSError):  # already closed
                    connection.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for deadline, connection in self._watched.values():
                    if deadline <= now:
                        with suppress(OSError):  # already closed
                            connection.shutdown(socket.SHUT_RDWR)
                self._wakes_at = min(
                    (deadline for deadline, _ in self._watched.values() if deadline > now), default=float("inf")
                )
                self._changed.wait(None if self._wakes_at == float("inf") else self._wakes_at - now)
