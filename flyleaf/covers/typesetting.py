"""Fit text into a box: choose its size and its line breaks. The server has no fonts to measure, so widths are
estimates, slightly above those of the widest typeface in the pages' font stack."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

# Bidi controls: their effect would carry over from one line of a cover to the next.
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
LEADING = 1.16  # line height, as a multiple of the font size
TALL_LEADING = 1.45  # for scripts that stack marks above and below their letters
# Arabic, the scripts of India, Thai, Lao, Tibetan, Burmese, Khmer.
_TALL = re.compile("[\u0600-\u06ff\u0900-\u0fff\u1000-\u109f\u1780-\u17ff]")
# Thai, Lao, Burmese and Khmer are written without spaces between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")  # written before the consonant that they follow
_FOLLOWING_VOWELS = frozenset("ะาำๅະາຳ")
LONGEST = 150  # characters that are used; no cover has room for more
_NARROW = frozenset("iIjlJ.,:;'!|()[]{}/ftr·‘’“”\"- ")
_WIDE = frozenset("mwMW@%—…ŒœÆæ")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one font size. `height` is the height of all of them."""

    lines: tuple[str, ...]
    size: float
    is_rtl: bool
    leading: float = LEADING

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * self.leading


def fit(text: str, width: float, height: float, sizes: Sequence[float]) -> Block:
    """Return the text in the largest of the `sizes`, given in descending order, at which it fits the box.

    A smaller size is preferred to breaking a word. Text that fits at no size is cut off with an ellipsis.
    """
    text = _DIRECTIONS.sub("", text[:LONGEST])
    has_spaces = not (_is_wide(text) or _UNSPACED.search(text))
    longest_word = max((measure(word) for word in text.split()), default=0) if has_spaces else 0
    leading = TALL_LEADING if _TALL.search(text) else LEADING
    for size in sizes:
        lines = wrap(text, width / size)
        whole = longest_word * size <= width or size == sizes[-1]
        if whole and len(lines) * size * leading <= height:
            least = max(width / size / 2, min(longest_word, width / size))
            return Block(_balanced(text, least, width / size, lines), size, is_rtl(text), leading)
    room = max(1, int(height / (sizes[-1] * leading)))
    if len(lines) > room:
        last = lines[room - 1]
        while last and measure(last + "…") * sizes[-1] > width:
            last = last[:-1]
        lines = [*lines[: room - 1], last.rstrip() + "…"]
    return Block(tuple(lines), sizes[-1], is_rtl(text), leading)


def wrap(text: str, width: float) -> list[str]:
    """Return lines at most `width` ems wide, broken at spaces, between ideographs, and within words that are too
    long."""
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
    """Return the width in ems."""
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
    if "\u0b80" <= plain <= "\u0d7f" or "\u1000" <= plain <= "\u109f":
        return 1.0  # the round letters of South Indian scripts and of Burmese
    if letter.isupper():
        return 0.86
    return 0.6 if plain < "\u0250" else 0.72


def _pieces(text: str, width: float) -> Iterator[tuple[str, str]]:
    """Yield each piece that must stay on one line, with the space before it."""
    for word in text.split():
        if not _is_wide(word) and measure(word) <= width:  # nearly every word of a title
            yield " ", word
            continue
        space = " "
        piece = ""
        for letter in word:
            # A broken word gets a hyphen; ideographs don't.
            if piece and _belongs_to(letter, piece[-1]):
                pass
            elif piece and (_is_wide(letter) or _is_wide(piece[-1])):
                yield space, piece
                space, piece = "", ""
            elif piece and measure(piece + letter) + 0.42 > width and measure(word) > width:
                yield space, piece + ("-" if _has_case(piece[-1]) and _has_case(letter) else "")
                space, piece = "", ""
            piece += letter
        yield space, piece


def _balanced(text: str, least: float, most: float, lines: list[str]) -> tuple[str, ...]:
    """Return the same number of lines with about equal lengths: the narrowest width between `least` and `most`."""
    for _ in range(6):
        middle = (least + most) / 2
        tried = wrap(text, middle)
        if len(tried) == len(lines):
            lines, most = tried, middle
        else:
            least = middle
    return tuple(lines)


def _belongs_to(letter: str, before: str) -> bool:
    """Return whether the two belong to one grapheme, within which lines must not break."""
    return (
        unicodedata.category(letter)[0] == "M"
        or unicodedata.combining(before) == 9  # a virama joins two consonants
        or before == "\u200d"
        or letter in _FOLLOWING_VOWELS
        or before in _LEADING_VOWELS
    )


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()


def _is_wide(text: str) -> bool:
    return not text.isascii() and any(unicodedata.east_asian_width(letter) in ("W", "F") for letter in text)


def is_rtl(text: str) -> bool:
    """Return whether the first letter with a direction runs from right to left, as in dir="auto"."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"
