"""Make queries that are designed to be slow: many common words, misspelt words, single letters, symbols, long ones.

If you find a slower one, add it here.
"""

import random
import string
from collections.abc import Iterator

COMMON_WORDS = (
    "the of and in to for history world life story novel introduction american women study guide new book love time"
).split()
MISSPELT = (
    "hsitory wrold lief stroy noevl introdution amercan womne studdy giude enw bokk loev tiem scinece artt mucis "
    "chldren peopel houes"
).split()
ENDLESS = (
    "a" * 5000,
    "the " * 1250,
    "a b " * 1250,
    "x y z " * 800,
    "hsitory " * 600,
    "".join(map(chr, range(33, 127))),
    "".join(map(chr, range(0x80, 0x500))),
    "村" * 300,
    "ノルウェイの森 " * 40,
    "Война и мир " * 30,
)
MARKS = ("%", "_%_", "' OR 1=1 --", "a & b | !c", ":*", "the:*", "\\", "(((((((", "''''''", "\x00", "\ud800")
NUMBERS = (
    *("978", "9780", "97801", "00000", "99999", "0-0-0-0-0", "9780000000000", "X" * 13),
    *("1 2 3 4 5 6 7 8 9", "i ii iii iv v"),
)
SHORT = ("e", "the e", "of the s", "a of the in to and", "tion", "ing", "ion", "ter", "and the of in a to for on")


def adversarial() -> Iterator[str]:
    """Return the queries, which are the same in every run and may repeat."""
    letters = string.ascii_lowercase
    yield from letters + string.digits
    yield from (first + second for first in "aeiost" for second in letters)
    yield from (" ".join(COMMON_WORDS[:size]) for size in range(1, len(COMMON_WORDS)))
    yield from (" ".join(MISSPELT[:size]) for size in range(1, len(MISSPELT)))
    chance = random.Random(5)
    for _ in range(60):
        yield " ".join(chance.sample(MISSPELT, 12))
        yield " ".join(chance.sample(COMMON_WORDS, 4)) + " " + chance.choice(letters)
        yield " ".join(chance.sample(COMMON_WORDS, 3) + chance.sample(MISSPELT, 2))
        yield " ".join(chance.choice(letters) for _ in range(chance.randrange(2, 12)))
        yield "".join(chance.choice(letters) for _ in range(chance.randrange(3, 40)))
        yield "".join(chance.sample(COMMON_WORDS, 3))
        yield " ".join(chance.sample(MISSPELT, 2))[:-2]
    yield from ENDLESS + MARKS + NUMBERS + SHORT
