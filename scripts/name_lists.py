"""Read the two lists of names beside the scripts: well-known authors, and publishers for the general public."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.catalogue_cleaning import plain


class KnownAuthor(NamedTuple):
    name: str
    classes: tuple[str, ...]
    """How this author's class marks begin. Empty if nobody else has the name."""


def read_known_authors(path: Path) -> dict[str, KnownAuthor]:
    """Return the authors by the plain form of each spelling of their names."""
    known: dict[str, KnownAuthor] = {}
    for entry in _entries(path.read_text(encoding="utf-8")):
        names, _, classes = entry.partition(" @")
        name, _, spellings = names.partition(" = ")
        for spelling in [name, *spellings.split(", ")]:
            if spelling:
                known[plain(spelling)] = KnownAuthor(name, tuple(classes.split()))
    return known


def read_trade_publishers(path: Path) -> dict[str, re.Pattern[str]]:
    """Return a pattern for each section of the list, which finds its publishers in a plain text."""
    _, *sections = re.split(r"^\[(.+)\]$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        section: re.compile(rf"\b(?:{'|'.join(plain(name) for name in _entries(names))})\b")
        for section, names in zip(sections[::2], sections[1::2], strict=True)
    }


def _entries(text: str) -> Iterator[str]:
    """Yield the entries, which semicolons separate; lines that begin with # are comments."""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return (entry for part in " ".join(lines).split(";") if (entry := part.strip()))
