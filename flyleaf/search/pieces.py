"""The pieces of a typed query: what stands in brackets, behind a colon or a dash, and what is asked of one field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Where(StrEnum):
    """Where a piece stands. What is in brackets, or behind the first colon or dash, is often not in the catalogue."""

    MAIN = "main"
    BEHIND = "behind"
    BRACKETS = "brackets"


class Piece(NamedTuple):
    """Some of the text as it was typed. `field`: title or author, the only one that may have its words; None: any."""

    text: str
    where: Where = Where.MAIN
    field: str | None = None


FIELDS = {
    "title": "title",
    "titulo": "title",
    "título": "title",
    "author": "author",
    "autor": "author",
    "autora": "author",
}
_NAME = rf"(?<!\w)(?:{'|'.join(FIELDS)})\s*:"
_FIELD = re.compile(rf"""({_NAME})\s*(?:["“”«]([^"“”»]*)["“”»]?|(?!{_NAME})(\S*))?""", re.IGNORECASE)
_ISBN = re.compile(r"(?<!\w)isbn\s*:\s*([0-9][0-9\s-]*[0-9xX]|\S+)", re.IGNORECASE)
_BRACKETS = re.compile(r"[(\[{（［【「『](.*?)(?:[)\]}）］】」』]|$)")
_BEHIND = re.compile(r"\s*(?:[:;：]|\s[-–—/|]+\s|[–—]|--)\s*")


def fielded(typed: str) -> list[Piece] | None:
    """The pieces of a query that asks for words of a field, as in `author:"ursula le guin" telling`; None: it names no
    field. A field without a word, as in "author: ", asks for nothing."""
    pieces, end = [], 0
    for match in _FIELD.finditer(typed):
        name = match[1].rstrip(":").strip().lower()
        pieces += [Piece(typed[end : match.start()]), Piece(match[2] or match[3] or "", field=FIELDS[name])]
        end = match.end()
    if not pieces:
        return None
    return [piece for piece in (*pieces, Piece(typed[end:])) if any(map(str.isalnum, piece.text))]


def asked_isbn(typed: str) -> str | None:
    """What stands behind `isbn:`, wherever that is in the query."""
    match = _ISBN.search(typed)
    return match[1].strip("\"'()[].,;") if match else None


def pieces(typed: str) -> list[Piece]:
    """The whole text in pieces, in its order."""
    found: list[Piece] = []
    end = 0
    for match in _BRACKETS.finditer(typed):
        found += _around_separators(typed[end : match.start()], bool(found))
        found.append(Piece(match[1], Where.BRACKETS if found else Where.MAIN))
        end = match.end()
    return [*found, *_around_separators(typed[end:], bool(found))]


def _around_separators(text: str, behind: bool) -> Iterator[Piece]:
    for part in _BEHIND.split(text):
        if any(map(str.isalnum, part)):
            yield Piece(part, Where.BEHIND if behind else Where.MAIN)
            behind = True
