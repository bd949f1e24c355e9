"""Queries made to be slow: many common words, misspelt all at once, single letters, marks, endless ones."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

COMMON = [
    "the",
    "of",
    "and",
    "in",
    "to",
    "for",
    "history",
    "world",
    "life",
    "story",
    "novel",
    "introduction",
    "american",
    "women",
    "study",
    "guide",
    "new",
    "book",
    "love",
    "time",
]
MISSPELT = [
    "hsitory",
    "wrold",
    "lief",
    "stroy",
    "noevl",
    "introdution",
    "amercan",
    "womne",
    "studdy",
    "giude",
    "enw",
    "bokk",
    "loev",
    "tiem",
    "scinece",
    "artt",
    "mucis",
    "chldren",
    "peopel",
    "houes",
]


ENDLESS = (
    "a" * 5000,
    "the " * 1250,
    "a b " * 1250,
    "x y z " * 800,
    "hsitory " * 600,
    "".join(chr(code) for code in range(33, 127)),
    "".join(chr(code) for code in range(0x80, 0x500)),
    "村" * 300,
    "ノルウェイの森 " * 40,
    "Война и мир " * 30,
)
MARKS = ("%", "_%_", "' OR 1=1 --", "a & b | !c", ":*", "the:*", "\\", "(((((((", "''''''", "\x00", "\ud800")
NUMBERS = (
    "978",
    "9780",
    "97801",
    "00000",
    "99999",
    "0-0-0-0-0",
    "9780000000000",
    "X" * 13,
    "1 2 3 4 5 6 7 8 9",
    "i ii iii iv v",
)
SHORT = ("e", "the e", "of the s", "a of the in to and", "tion", "ing", "ion", "ter", "and the of in a to for on")


def adversarial() -> Iterator[str]:
    """Always the same list."""
    rng = random.Random(5)
    yield from string.ascii_lowercase + string.digits
    yield from (a + b for a in "aeiost" for b in string.ascii_lowercase)
    yield from (" ".join(COMMON[:n]) for n in range(1, len(COMMON)))
    yield from (" ".join(MISSPELT[:n]) for n in range(1, len(MISSPELT)))
    for _ in range(60):
        yield " ".join(rng.sample(MISSPELT, 12))
        yield " ".join(rng.sample(COMMON, 4)) + " " + rng.choice(string.ascii_lowercase)
        yield " ".join(rng.sample(COMMON, 3) + rng.sample(MISSPELT, 2))
        yield " ".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randrange(2, 12)))
        yield "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randrange(3, 40)))
        yield "".join(rng.sample(COMMON, 3))
        yield " ".join(rng.sample(MISSPELT, 2))[:-2]
    yield from ENDLESS + MARKS + NUMBERS + SHORT
