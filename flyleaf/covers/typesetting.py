"""Text set into a box: which size, and where its lines break. Nobody measures glyphs on a server, so widths are
estimates, a little above those of the widest typeface that the pages ask for."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

# Marks that turn the direction of what follows: they would reach from the lines of a cover into one another.
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
LEADING = 1.16  # from one line to the next, in sizes
LONGEST = 150  # characters that are looked at; no cover holds more
_NARROW = frozenset("iIjlJ.,:;'!|()[]{}/ftr·‘’“”\"- ")
_WIDE = frozenset("mwMW@%—…ŒœÆæ")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size, which take `height` in all."""

    lines: tuple[str, ...]
    size: float
    is_rtl: bool

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * LEADING


def fit(text: str, width: float, height: float, sizes: Sequence[float]) -> Block:
    """The text in the largest of the sizes (the largest first) in which it stays within the box. A size that breaks a
    word loses against a smaller one that does not; what fits in none is cut off, with an ellipsis."""
    text = _DIRECTIONS.sub("", text[:LONGEST])
    longest_word = max((measure(word) for word in text.split()), default=0) if not _is_wide(text) else 0
    for size in sizes:
        lines = wrap(text, width / size)
        whole = longest_word * size <= width or size == sizes[-1]
        if whole and len(lines) * size * LEADING <= height:
            least = max(width / size / 2, min(longest_word, width / size))
            return Block(_balanced(text, least, width / size, lines), size, _is_rtl(text))
    room = max(1, int(height / (sizes[-1] * LEADING)))
    if len(lines) > room:
        last = lines[room - 1]
        while last and measure(last + "…") * sizes[-1] > width:
            last = last[:-1]
        lines = [*lines[: room - 1], last.rstrip() + "…"]
    return Block(tuple(lines), sizes[-1], _is_rtl(text))


def wrap(text: str, width: float) -> list[str]:
    """Lines of at most so many ems, broken at spaces, between ideographs, and within a word longer than a line."""
    lines: list[str] = []
    line = ""
    for space, piece in _pieces(text, width):
        longer = f"{line}{space}{piece}" if line else piece
        if line and measure(longer) > width:
            lines.append(line)
            longer = piece
        line = longer
    return [*lines, line] if line else lines


def measure(text: str) -> float:
    """The width in ems."""
    return sum(map(_letter_width, text))


@lru_cache(maxsize=1 << 12)
def _letter_width(letter: str) -> float:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return 1.05
    plain = unicodedata.normalize("NFD", letter)[0]
    if plain in _NARROW:
        return 0.42
    if plain in _WIDE:
        return 1.04
    if letter.isupper():
        return 0.86
    return 0.6 if plain < "\u0250" else 0.72


def _pieces(text: str, width: float) -> Iterator[tuple[str, str]]:
    """What must stay on one line, and the space before it."""
    for word in text.split():
        space = " "
        piece = ""
        for letter in word:
            # A hyphen is drawn where a word is broken; between ideographs there is none.
            if piece and (_is_wide(letter) or _is_wide(piece[-1])):
                yield space, piece
                space, piece = "", ""
            elif piece and measure(piece + letter) + 0.42 > width and measure(word) > width:
                yield space, piece + ("-" if _has_case(piece[-1]) and _has_case(letter) else "")
                space, piece = "", ""
            piece += letter
        yield space, piece


def _balanced(text: str, least: float, most: float, lines: list[str]) -> tuple[str, ...]:
    """The same number of lines, of about the same length: as narrow as can be between two widths."""
    for _ in range(6):
        middle = (least + most) / 2
        tried = wrap(text, middle)
        if len(tried) == len(lines):
            lines, most = tried, middle
        else:
            least = middle
    return tuple(lines)


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()


def _is_wide(text: str) -> bool:
    return any(unicodedata.east_asian_width(letter) in ("W", "F") for letter in text)


def _is_rtl(text: str) -> bool:
    """By the first letter that has a direction, as dir="auto" goes."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"
