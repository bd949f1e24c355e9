"""Count requests in windows of time: in this process, or in Redis for all workers together."""

import threading
from typing import Protocol

from flyleaf.sessions import SessionRedis

KEPT = 120  # seconds, longer than any window


class RequestCounter(Protocol):
    """Counts requests by key and window; windows are numbered by time."""

    def count(self, key: str, window: int) -> int:
        """Count a request in this window and return how many there were, this one included."""


class MemoryCounter:
    """Counts the requests of this process. It remembers only the current window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[str, int] = {}

    def count(self, key: str, window: int) -> int:
        with self._lock:
            if window > self._window:
                self._window = window
                self._counts = {}
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key]


class RedisCounter:
    """Counts the requests of all workers together. While Redis can't be reached, nothing is limited."""

    def __init__(self, sessions: SessionRedis) -> None:
        self._sessions = sessions

    def count(self, key: str, window: int) -> int:
        return self._sessions.increment(f"requests:{window}:{key}", KEPT)
