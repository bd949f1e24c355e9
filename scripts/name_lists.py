"""The two lists that stand beside the scripts: authors whom readers know, and publishers for the public."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from catalogue_cleaning import plain


class KnownAuthor(NamedTuple):
    name: str
    classes: tuple[str, ...]
    """The beginnings of the class marks that are theirs; empty where no other has the name."""


def read_known_authors(path: Path) -> dict[str, KnownAuthor]:
    """By the plain form of every spelling of the catalogue."""
    known: dict[str, KnownAuthor] = {}
    for entry in _entries(path.read_text(encoding="utf-8")):
        names, _, classes = entry.partition(" @")
        name, _, spellings = names.partition(" = ")
        for spelling in [name, *spellings.split(", ")]:
            if spelling:
                known[plain(spelling)] = KnownAuthor(name, tuple(classes.split()))
    return known


def read_trade_publishers(path: Path) -> dict[str, re.Pattern[str]]:
    """By the section's name, a pattern that finds one of its publishers in the plain form of another text."""
    _, *sections = re.split(r"^\[(.+)\]$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        section: re.compile(rf"\b(?:{'|'.join(plain(name) for name in _entries(names))})\b")
        for section, names in zip(sections[::2], sections[1::2], strict=True)
    }


def _entries(text: str) -> Iterator[str]:
    """What stands between semicolons, without the lines that begin with #."""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return (entry for part in " ".join(lines).split(";") if (entry := part.strip()))
