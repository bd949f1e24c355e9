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
TALL_LEADING = 1.45  # in scripts that stack marks above and below their letters
# Arabic, the scripts of India, Thai, Lao, Tibetan, Burmese, Khmer.
_TALL = re.compile("[\u0600-\u06ff\u0900-\u0fff\u1000-\u109f\u1780-\u17ff]")
# Thai, Lao, Burmese and Khmer are written without spaces between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")  # written before the consonant that they follow
_FOLLOWING_VOWELS = frozenset("ะาำๅະາຳ")
LONGEST = 150  # characters that are looked at; no cover holds more
_NARROW = frozenset("iIjlJ.,:;'!|()[]{}/ftr·‘’“”\"- ")
_WIDE = frozenset("mwMW@%—…ŒœÆæ")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size, which take `height` in all."""

    lines: tuple[str, ...]
    size: float
    is_rtl: bool
    leading: float = LEADING

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * self.leading


def fit(text: str, width: float, height: float, sizes: Sequence[float]) -> Block:
    """The text in the largest of the sizes (the largest first) in which it stays within the box. A size that breaks a
    word loses against a smaller one that does not; what fits in none is cut off, with an ellipsis."""
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
    if "\u0b80" <= plain <= "\u0d7f" or "\u1000" <= plain <= "\u109f":
        return 1.0  # the round letters of the south of India and of Burmese
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
    """The same number of lines, of about the same length: as narrow as can be between two widths."""
    for _ in range(6):
        middle = (least + most) / 2
        tried = wrap(text, middle)
        if len(tried) == len(lines):
            lines, most = tried, middle
        else:
            least = middle
    return tuple(lines)


def _belongs_to(letter: str, before: str) -> bool:
    """Whether the two are parts of one sign, which no line break may take apart."""
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
    return any(unicodedata.east_asian_width(letter) in ("W", "F") for letter in text)


def is_rtl(text: str) -> bool:
    """By the first letter that has a direction, as dir="auto" goes."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"
