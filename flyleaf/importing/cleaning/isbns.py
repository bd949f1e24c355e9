"""Choose a record's ISBN."""

from collections.abc import Iterable

from flyleaf.isbn import IsbnError, isbn13, parse


def best_isbn(candidates: Iterable[str]) -> str:
    """Return the first with a valid check digit, else the first in the form of an ISBN, else the first at all, whose
    error is then reported. Return "" if there are none."""
    return min(candidates, key=_doubt, default="")


def _doubt(text: str) -> int:
    if isbn13(text):
        return 0
    try:
        return 0 if parse(text).isbn13 else 1
    except IsbnError:
        return 2
