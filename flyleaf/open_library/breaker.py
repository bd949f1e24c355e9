"""Leaves a site that fails alone for a while, and longer each time that it still fails."""

import time
from collections.abc import Callable


class Breaker:
    """After `threshold` failures in a row it pauses `first` seconds; then one trial, and twice the pause if that fails.

    A success closes it again. `clock` counts seconds and never goes back.
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
        """Seconds until the next trial; 0 where one may be made."""
        return max(0.0, self._until - self._clock())

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, retry_after: float = 0.0) -> None:
        """`retry_after`: seconds for which the site itself asked; heeded at once, up to the longest pause."""
        self._failures += 1
        pause = retry_after
        if self._failures >= self._threshold:
            doublings = min(self._failures - self._threshold, 32)  # more would only grow the number, not the pause
            pause = max(pause, self._first * 2**doublings)
        self._until = self._clock() + min(pause, self._longest)
