"""The letters outside ASCII and what they become: AnyAscii's table, as rows of search_letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from anyascii import anyascii

_LAST = 0x323AF  # the last ideograph that Unicode 16 assigns
_MARKS = frozenset({"Mn", "Me", "Cf"})
_UNASSIGNED = frozenset({"Cn", "Cs", "Co"})


def letters() -> Iterator[tuple[str, str]]:
    """Every letter with its transliteration in lower case. An ideograph's has spaces around it, being a word itself;
    a mark's is empty, so that it does not part the word that it stands in."""
    for code in range(0x80, _LAST + 1):
        letter = chr(code)
        category = unicodedata.category(letter)
        if category in _UNASSIGNED:
            continue
        latin = anyascii(letter).lower().strip()
        if category in _MARKS and not latin.isalnum():
            yield letter, ""
        elif latin:
            yield letter, f" {latin} " if unicodedata.name(letter, "").startswith("CJK") else latin
