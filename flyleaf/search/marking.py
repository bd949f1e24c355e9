"""Which pieces of a title or author matched: what a template puts between <mark> and </mark>."""

from __future__ import annotations

import re
from collections.abc import Collection

from anyascii import anyascii

_WORD = re.compile(r"[^\W_]+(?:['’ʼ`][^\W_]+)*")


def marked(printed: str, words: Collection[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the matched words, as MatchReason has them; joined, they are
    the text. A word in another script is marked where all that it becomes matched."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for match in _WORD.finditer(printed):
        becomes = re.sub("[^a-z0-9]", "", anyascii(match[0]).lower())
        if becomes in words or (not match[0].isascii() and becomes in "".join(words) and len(match[0]) > 1):
            if match.start() > end:
                pieces.append((printed[end : match.start()], False))
            pieces.append((match[0], True))
            end = match.end()
    return [*pieces, (printed[end:], False)] if end < len(printed) else pieces
