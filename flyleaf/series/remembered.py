"""Answers that are remembered: the books of a series often stand together in a file."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

R = TypeVar("R")

MOST = 1 << 12  # answers
LONGEST = 200  # characters; a longer text hardly comes again, and would take memory


def remembered(function: Callable[[str], R]) -> Callable[[str], R]:
    """Remember what a function says of short texts."""
    of_short = lru_cache(maxsize=MOST)(function)

    @wraps(function)
    def answer(text: str) -> R:
        return of_short(text) if len(text) <= LONGEST else function(text)

    return answer
