"""Reviews between two forms: as other sites export them, with <br/> and <spoiler>, and as readers write them here."""

import re
import unicodedata
from html import unescape

from flyleaf.importing.cleaning.markup import TAG, USUAL, may_hold_markup

_SPOILER = re.compile(r"</?spoiler>", re.IGNORECASE)
_BLOCKS = frozenset("p div blockquote ul ol h1 h2 h3 h4 pre hr".split())
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_MANY_LINES = re.compile(r"\n{3,}")


def review_text(cell: str) -> str:
    """Return the review without markup: a line for each <br/>, and || around spoilers."""
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    if may_hold_markup(text):
        tags = {tag[2].lower() for tag in TAG.finditer(text)}
        if tags & (_BLOCKS | {"br"}):  # HTML, in which a line end is only white space
            text = text.replace("\n", " ")
        text = TAG.sub(_replaced, _SPOILER.sub("||", text))
        if tags & _BLOCKS:
            text = _MANY_LINES.sub("\n\n", "\n".join(line.strip(" ") for line in text.split("\n")))
        text = unescape(text)
    return _CONTROL.sub("", unicodedata.normalize("NFC", text)).strip()


def review_cell(text: str) -> str:
    """Return the cell from which `review_text` makes this review again, and which other sites can read."""
    *pairs, rest = text.replace("&", "&amp;").replace("<", "&lt;").split("||")
    if len(pairs) % 2:  # the last mark has no other one
        rest = f"{pairs.pop()}||{rest}"
    marked = "".join(f"{part}</spoiler>" if place % 2 else f"{part}<spoiler>" for place, part in enumerate(pairs))
    return f"{marked}{rest}".replace("\n", "<br/>")


def _replaced(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name == "br":
        return "\n"
    if name in _BLOCKS:
        return "\n\n"
    if name == "li":
        return "" if tag[1] else "\n• "
    return "" if name in USUAL else tag[0]
