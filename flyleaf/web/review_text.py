"""Readers' texts as HTML. Everything is escaped, and addresses stay text, so that reviews contain no links.

Blank lines separate paragraphs, and single line breaks are kept. Text between two || or in <spoiler> is hidden in a
details element: inline if it is part of a line, else as a block.
"""

import re
from collections.abc import Iterator

from flask_babel import gettext
from markupsafe import Markup, escape

_MARK = re.compile(r"\|\||</?spoiler>", re.IGNORECASE)
_CLOSES = {"||": "||", "<spoiler>": "</spoiler>"}
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")


def paragraphs(text: str) -> Markup:
    """Return a text of the catalogue as HTML: only paragraphs, no spoilers."""
    return Markup("").join(Markup("<p>{}</p>").format(_lines(part)) for part in _PARAGRAPHS.split(text.strip()))


def review_text(text: str) -> Markup:
    """Return the text of a review as HTML."""
    html = Markup("")
    open_paragraph = Markup("")
    for is_spoiler, piece in _pieces(text):
        if not is_spoiler:
            *finished, last = _PARAGRAPHS.split(piece)
            for part in finished:
                html += _paragraph(open_paragraph + _lines(part))
                open_paragraph = Markup("")
            open_paragraph += _lines(last)
        elif _PARAGRAPHS.search(piece.strip()):
            html += _paragraph(open_paragraph) + _folded(paragraphs(piece))
            open_paragraph = Markup("")
        else:
            open_paragraph += _folded(_lines(piece.strip()))
    return html + _paragraph(open_paragraph)


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Yield pieces of text in order, each with whether it is a spoiler. An unmatched mark is ordinary text."""
    marks = list(_MARK.finditer(text))
    last = {_kind(mark): mark for mark in marks}
    start = 0
    opened: re.Match[str] | None = None
    for mark in marks:
        if opened is not None and _kind(mark) == _CLOSES[_kind(opened)]:
            inside = text[opened.end() : mark.start()]
            if inside.strip():
                yield False, text[start : opened.start()]
                yield True, inside
                start = mark.end()
            opened = None
        elif opened is None and _kind(mark) in _CLOSES:
            closing = last.get(_CLOSES[_kind(mark)])
            opened = mark if closing is not None and closing.start() > mark.start() else None
    yield False, text[start:]


def _kind(mark: re.Match[str]) -> str:
    return mark[0].lower()


def _paragraph(html: Markup) -> Markup:
    """Return a paragraph, as a div if it holds a details element, because a p can't."""
    if not html.strip():
        return Markup("")
    tag = "div" if "<details" in html else "p"
    return Markup("<{0}>{1}</{0}>").format(tag, html)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(map(escape, text.strip("\n").split("\n")))


def _folded(html: Markup) -> Markup:
    return Markup('<details class="spoiler"><summary>{}</summary><div>{}</div></details>').format(
        gettext("Spoiler"), html
    )
