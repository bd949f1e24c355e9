"""Which of a record's ISBNs becomes the book's."""

from collections.abc import Iterable

from flyleaf.isbn import IsbnError, isbn13, parse


def best_isbn(candidates: Iterable[str]) -> str:
    """The first with a right check digit; else the first that has the form of an ISBN; else the first, whose fault is
    told then. "" where there is none."""
    return min(candidates, key=_doubt, default="")


def _doubt(text: str) -> int:
    if isbn13(text):
        return 0
    try:
        return 0 if parse(text).isbn13 else 1
    except IsbnError:
        return 2
