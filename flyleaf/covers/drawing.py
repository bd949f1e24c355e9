"""Draw a cover as SVG: six layouts, ten palettes and small variations, all chosen by a hash.

Colours are attributes, not styles, so that the strictest Content-Security-Policy allows them. The typeface is that of
the surrounding page.
"""

import hashlib
import re
from dataclasses import dataclass
from html import escape

from flyleaf.covers.typesetting import Block, fit, is_rtl, measure

WIDTH, HEIGHT = 200, 300  # in the SVG's own units, as everything below
TITLE_SIZES = (38, 34, 30, 27, 24, 21, 18.5, 16, 14)
AUTHOR_SIZES = (14, 12.5, 11)
# Background, ink (for text; a test checks the contrast) and accent (for shapes only).
PALETTES = (
    ("#1f3a4d", "#f5ecdc", "#d98e4a"),
    ("#e8dcc3", "#2a2622", "#b5482f"),
    ("#23524a", "#f1ecd9", "#dfb350"),
    ("#6e2831", "#f8eadd", "#dd9c78"),
    ("#d3dfdc", "#1b2f36", "#4b8f93"),
    ("#edc07a", "#33211a", "#b9502f"),
    ("#3a325a", "#f0e9f5", "#b98cc0"),
    ("#e4e0d6", "#20211f", "#3f78a8"),
    ("#27292d", "#ece7da", "#b99d5f"),
    ("#b9c9a8", "#20301f", "#5d7f4a"),
)


@dataclass(frozen=True, slots=True)
class _Book:
    """What a layout draws: the texts, the colours, and a number from 0 to 255 for variation."""

    title: str
    author: str
    ground: str
    ink: str
    accent: str
    chance: int

    @property
    def is_rtl(self) -> bool:
        """Return whether the title runs from right to left, so that the cover is mirrored."""
        return is_rtl(self.title)


def cover(identity: str, title: str, author: str) -> str:
    """Return the SVG for the book with this identity. Screen readers skip it: the title is next to it."""
    chance = hashlib.sha256(identity.encode()).digest()
    book = _Book(_main_title(title), author, *PALETTES[chance[0] % len(PALETTES)], chance[2])
    drawing = LAYOUTS[chance[1] % len(LAYOUTS)](book)
    return (
        f'<svg class="cover" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<path fill="{book.ground}" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>{drawing}'
        f'<path d="M{WIDTH - 6 if book.is_rtl else 6} 0v{HEIGHT}" stroke="#000" stroke-width="2" opacity=".14"/></svg>'
    )


def picture(identity: str, title: str, author: str) -> str:
    """Return the same as a file, which has no page whose typeface it could take."""
    svg = cover(identity, title, author)
    return svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" font-family="Georgia, serif"', 1)


def _main_title(title: str) -> str:
    """Return the title up to a colon, semicolon or bracket."""
    return re.split(r"(?<=.{3})(?:\s*[:;]\s|\s[(\[/=])", title, maxsplit=1)[0]


def _text(block: Block, x: float, top: float, fill: str, *, edge: str = "left", weight: int = 600) -> str:
    """Return the block's lines as SVG, from `top` downwards. `x` is their left edge, right edge or middle."""
    if not block.lines:
        return ""
    direction = ' direction="rtl"' if block.is_rtl else ""
    if edge == "middle":
        anchor = ' text-anchor="middle"'
    else:  # text starts at its left edge, or at its right edge if it runs from right to left
        anchor = ' text-anchor="end"' if block.is_rtl == (edge == "left") else ""
    step = block.size * block.leading
    first = top + step - block.size * 0.24
    lines = "".join(
        f'<tspan x="{x:g}" y="{first + step * number:.4g}">{escape(line)}</tspan>'
        for number, line in enumerate(block.lines)
    )
    return f'<text font-size="{block.size:g}" font-weight="{weight}" fill="{fill}"{anchor}{direction}>{lines}</text>'


def _both(book: _Book, x: float, top: float, width: float, height: float, *, centred: bool = False) -> str:
    """Return the title with the author below it, in a box that starts at `x` or is centred on it. Both are aligned to
    the edge where the title starts; a mirrored cover uses the other side."""
    author = fit(book.author, width, 30, AUTHOR_SIZES)
    gap = 10 if author.lines else 0
    title = fit(book.title, width, height - author.height - gap, TITLE_SIZES)
    edge = "middle" if centred else "right" if book.is_rtl else "left"
    x = WIDTH - x if edge == "right" else x
    return _text(title, x, top, book.ink, edge=edge) + _text(
        author, x, top + title.height + gap, book.ink, edge=edge, weight=400
    )


def _mirrored(book: _Book, shapes: str) -> str:
    """Return the shapes, mirrored if the title runs from right to left."""
    return f'<g transform="translate({WIDTH}) scale(-1 1)">{shapes}</g>' if book.is_rtl else shapes


def _label(book: _Book) -> str:
    """Draw patterned paper with a pasted label, in the style of old bindings."""
    step = (12, 16, 20)[book.chance % 3]
    rows = "".join(f"M{(row % 2) * step / 2:g} {row * step}h{WIDTH}" for row in range(HEIGHT // step + 1))
    dash = (f"0 {step}", f"{step / 2:g} {step / 2:g}", f"2 {step - 2}")[book.chance // 3 % 3]
    thick = (step * 0.45, step * 0.25, step * 0.7)[book.chance // 3 % 3]
    author = fit(book.author, 124, 30, AUTHOR_SIZES)
    title = fit(book.title, 124, 120, TITLE_SIZES[2:])
    height = title.height + author.height + 42
    return (
        f'<path d="{rows}" fill="none" stroke="{book.accent}" stroke-width="{thick:g}" stroke-linecap="round"'
        f' stroke-dasharray="{dash}"/>'
        f'<path fill="{book.ground}" stroke="{book.ink}" d="M28 42h144v{height:g}H28z"/>'
        f"{_text(title, 100, 56, book.ink, edge='middle')}"
        f"{_text(author, 100, 70 + title.height, book.ink, edge='middle', weight=400)}"
    )


def _frame(book: _Book) -> str:
    """Draw a double frame with a fleuron in the middle and the author at the bottom."""
    title = fit(book.title, 148, 130, TITLE_SIZES)
    author = fit(book.author, 148, 30, AUTHOR_SIZES)
    middle = (34 + title.height + 262 - author.height) / 2
    petals = 4 + book.chance % 5
    fleuron = "".join(
        f'<path d="M0 0q9-11 0-24q-9 13 0 24" transform="translate(100 {middle:g}) rotate({360 * petal / petals:g})"/>'
        for petal in range(petals)
    )
    return (
        f'<path stroke-width="4" fill="none" stroke="{book.accent}" d="M14 12h174v276H14z"/>'
        f'<path fill="none" stroke="{book.accent}" d="M20 18h162v264H20z"/>'
        f'<g fill="{book.accent}">{fleuron}</g>'
        f"{_text(title, 101, 34, book.ink, edge='middle')}"
        f"{_text(author, 101, 266 - author.height, book.ink, edge='middle', weight=400)}"
    )


def _sun(book: _Book) -> str:
    """Draw a large disc that rises or sets at the bottom edge."""
    x, radius = 40 + book.chance % 121, 62 + book.chance // 16 * 2
    horizon = f'<path fill="{book.ink}" opacity=".85" d="M0 268h200v32H0z"/>' if book.chance % 2 else ""
    return (
        f'<circle cx="{x}" cy="{290 if book.chance % 2 else 300}" r="{radius}" fill="{book.accent}"/>{horizon}'
        f"{_both(book, 20, 22, 162, 166)}"
    )


def _hills(book: _Book) -> str:
    """Draw three ranges of hills below the title."""
    a, b = 12 + book.chance % 24, 12 + book.chance // 8 % 24
    return (
        f'<path fill="{book.accent}" opacity=".45" d="M0 {216 - a}q50-{a} 100 0t100 {b - 12}v120H0z"/>'
        f'<path fill="{book.accent}" d="M0 {244 - b}q60 {a} 110 0t90-{a / 2:g}v100H0z"/>'
        f'<path fill="{book.ink}" opacity=".8" d="M0 276q60-{b} 120 0t80 0v30H0z"/>'
        f"{_both(book, 100, 22, 164, 140, centred=True)}"
    )


def _initial(book: _Book) -> str:
    """Draw the first letter, as large as the cover, behind a band with the title."""
    letter = next((letter for letter in book.title if letter.isalnum()), "·").upper()[0]
    size = min(205, 185 / max(measure(letter), 0.4))
    return (
        f'<text x="100" y="{86 + size * 0.35:.4g}" font-size="{size:.4g}" text-anchor="middle" fill="{book.accent}"'
        f' opacity=".9">{escape(letter)}</text><path fill="{book.ground}" d="M0 168h200v132H0z"/>'
        f'<path d="M20 178h160" stroke="{book.ink}" stroke-width="1.5"/>'
        f"{_both(book, 20, 188, 162, 100)}"
    )


def _spine(book: _Book) -> str:
    """Draw a broad band along the spine with a column of marks."""
    mark = ("M28 {y}m-7 0l7-7 7 7-7 7z", "M21 {y}h14", "M28 {y}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0")[book.chance % 3]
    count = 5 + book.chance // 3 % 7
    marks = "".join(mark.format(y=round(300 / count * (n + 0.5))) for n in range(count))
    band = (
        f'<path fill="{book.accent}" d="M0 0h56v300H0z"/>'
        f'<path fill="{book.ground}" stroke="{book.ground}" stroke-width="1.5" d="{marks}"/>'
    )
    return _mirrored(book, band) + _both(book, 70, 30, 114, 240)


LAYOUTS = (_label, _frame, _sun, _hills, _initial, _spine)
