"""Which pieces of a title or author matched: what a template puts between <mark> and </mark>."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from anyascii import anyascii

from flyleaf.search.matching import Match
from flyleaf.search.reading import ELIDED
from flyleaf.search.surplus_words import LITTLE

IDEOGRAPH = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W_]+(?:['’ʼ`][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")


def marked(printed: str, words: Collection[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the matched words, as MatchReason has them; joined, they are
    the text. A word in another script is marked where all that it becomes matched."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for match in _tokens(printed, words):
        becomes = _becomes(match[0])
        if becomes in words or (not match[0].isascii() and becomes in "".join(words) and len(match[0]) > 1):
            if match.start() > end:
                pieces.append((printed[end : match.start()], False))
            pieces.append((match[0], True))
            end = match.end()
    return [*pieces, (printed[end:], False)] if end < len(printed) else pieces


def _tokens(printed: str, words: Collection[str]) -> Iterator[re.Match[str]]:
    """The words of the text; those behind an elided article or the like on their own, where the whole is none that
    matched."""
    for match in _WORD.finditer(printed):
        parts = list(_PART.finditer(printed, match.start(), match.end()))
        is_elided = len(parts) > 1 and _becomes(parts[0][0]) in ELIDED and _becomes(match[0]) not in words
        yield from parts if is_elided else [match]


def left_out(typed: str, matches: Sequence[Match]) -> tuple[str, ...]:
    """Return the words, as they were typed, that the matches lack; none where one of them lacks none."""
    if not matches or any(not match.missing for match in matches):
        return ()
    lacking = set(matches[0].missing).intersection(*(match.missing for match in matches)) or set(matches[0].missing)
    lacking -= set(matches[0].words)  # a word typed twice is there, though it is missing once
    lacking = lacking - LITTLE or lacking
    found = [piece for match in _tokens(typed, lacking) for piece in _lacking_pieces(match[0], lacking)]
    return tuple(dict.fromkeys(found)) or tuple(sorted(lacking))


def _lacking_pieces(word: str, lacking: Collection[str]) -> list[str]:
    """Return the typed word, or those pieces of it that are lacking: in some scripts one word becomes several."""
    if _becomes(word) in lacking:
        return [word]
    if word.isascii():
        return []
    signs = "".join(sign if _becomes(sign) in lacking else " " for sign in word)
    ideographs = [run for run in signs.split() if IDEOGRAPH.match(run)]
    rest = _becomes(word)
    for key in sorted(lacking, key=len, reverse=True):
        rest = rest.replace(key, " ")
    return ideographs or ([] if rest.strip() else [word])


def _becomes(word: str) -> str:
    return re.sub("[^a-z0-9]", "", anyascii(word).lower())
