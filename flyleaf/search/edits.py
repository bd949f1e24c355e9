"""Edit distance: letters wrong, missing, too many, or swapped with a neighbour (optimal string alignment)."""

from __future__ import annotations


def edits(a: str, b: str, most: int) -> int:
    """How many edits make `b` of `a`; `most + 1` where it takes more."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            best = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
        before, previous = previous, row
    return previous[-1] if previous[-1] <= most else most + 1


def resembles(typed: str, word: str) -> int | None:
    """Edits between a typed word and a word of a book or its beginning; None where it is too far to be meant.

    Looser than the vocabulary's two edits: it is asked only of books that have all other words of the query.
    """
    most = max(1, min(3, len(typed) // 2))
    if len(set(typed) & set(word)) * 5 < len(set(typed)) * 3 or len(word) < len(typed) - most:
        return None
    found = min(edits(typed, word, most), edits(typed, word[: len(typed)], most) + (len(word) > len(typed) + 2))
    return found if found <= most else None


def with_swaps(levenshtein: int, a: str, b: str) -> int:
    """The edits where Levenshtein's distance, for which a swap of neighbours is two edits, is known to be at most 3."""
    if levenshtein < 2 or (levenshtein == 2 and (len(a) != len(b) or sorted(a) != sorted(b))):
        return levenshtein
    return edits(a, b, levenshtein - 1)
