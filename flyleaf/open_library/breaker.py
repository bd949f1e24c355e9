"""A circuit breaker: pauses requests to a failing site, for longer after each further failure."""

import time
from collections.abc import Callable


class Breaker:
    """Pauses `first` seconds after `threshold` failures in a row, then allows one trial and doubles the pause if it
    fails.

    A success resets it. `clock` returns seconds and must be monotonic.
    """

    def __init__(
        self,
        threshold: int = 3,
        first: float = 30.0,
        longest: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._first = first
        self._longest = longest
        self._clock = clock
        self._failures = 0
        self._until = clock()

    @property
    def pause(self) -> float:
        """Return the seconds until the next trial, 0 if one is allowed now."""
        return max(0.0, self._until - self._clock())

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, retry_after: float = 0.0) -> None:
        """Count a failure. `retry_after` is the pause in seconds that the site asked for; it applies at once, up to the
        longest pause."""
        self._failures += 1
        pause = retry_after
        if self._failures >= self._threshold:
            doublings = min(self._failures - self._threshold, 32)  # more would not lengthen the pause
            pause = max(pause, self._first * 2**doublings)
        self._until = self._clock() + min(pause, self._longest)
