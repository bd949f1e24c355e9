"""Convert HTML and entities in texts to what a reader would see on a page.

A text is decoded only once: an entity that remains was meant literally. In a title, which may be about markup, only
elements that are closed count as markup, so "Using <b>" stays.
"""

import re
from collections.abc import Set
from html import unescape
from html.entities import html5

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend main menu nav ol option p pre section select summary"
    " table tbody tfoot thead title ul".split()
)
_CELLS = frozenset(("td", "th"))
_VOID = frozenset(("br", "hr", "img", "wbr"))
USUAL = (_BLOCKS | _CELLS | _VOID).union(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label li mark nobr q s samp small span strike"
    " strong sub sup time tr tt u var".split()
)
# Rarely used in descriptions, but sometimes written about: markup only if it is closed or has attributes.
_RARE = frozenset(
    "area audio base blink button canvas col colgroup data datalist dialog embed frame iframe input legend link map"
    " marquee math menu meta meter noscript o object option output param picture progress rp rt ruby select slot source"
    " svg template textarea track video".split()
)
TAG = re.compile(
    r"""<(/?)([a-z][a-z0-9]{0,9}(?:-[a-z0-9-]{1,30})?)(?::[a-z]+)?(?:\s(?:"[^"<]*"|'[^'<]*'|[^<>"'])*)?/?>""",
    re.IGNORECASE,
)
# Matches end at the next opening mark, so that a text of many opening marks doesn't take quadratic time.
_CDATA = re.compile(r"<!\[CDATA\[((?:(?!<!\[).)*?)\]\]>", re.DOTALL)
_UNSEEN = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<!doctype\b[^<>]*>|<\?xml\b[^<>]*>"
    r"|<(script|style)\b[^<>]*>(?:(?!<\1\b).)*?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_SUSPECT = re.compile("<[/!?A-Za-z]|&[#A-Za-z]")
_LINE_END = r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028])"
_BLANK_LINE = re.compile(rf"{_LINE_END}(?:[ \t\xa0]*{_LINE_END})+|\u2029")
_LINE_ENDS = re.compile(_LINE_END)
_SPACED = _BLOCKS | _CELLS | {"br", "li", "tr"}  # these separate words
_PARTING = _BLOCKS | {"br", "li"}  # a text with one of these is HTML, where line ends are only white space
_PART, _BREAK = "\x1e", "\x1f"  # between paragraphs; between lines
_BREAKS = re.compile(f"{_BREAK}(?:[ \t\xa0]*{_BREAK})+")


def may_hold_markup(text: str) -> bool:
    """Return whether the text may contain markup; a fast check."""
    return _SUSPECT.search(text) is not None


def plain_line(text: str) -> str:
    """Return a title or name without tags and with entities decoded."""
    if not may_hold_markup(text):
        return text
    text = _seen(text)
    markup = _VOID | (_closed(text) & (USUAL | _RARE))

    def replaced(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        if name not in markup:
            return tag[0]
        return " " if name in _SPACED else ""

    return _with_letters(TAG.sub(replaced, text))


def paragraphs(text: str) -> list[list[str]]:
    """Return the lines of each paragraph of a description. In HTML, tags separate them; in plain text, line ends
    separate lines and blank lines separate paragraphs."""
    text = _seen(text.replace(_PART, " ").replace(_BREAK, " "))
    is_html = any(tag[2].lower() in _PARTING for tag in TAG.finditer(text))
    text = _BLANK_LINE.sub(_PART, text)
    text = _LINE_ENDS.sub(" " if is_html else _BREAK, text)
    # Other tags are markup only if they are closed; "List<String>" is not.
    markup = (USUAL - _RARE) | _closed(text)
    text = TAG.sub(lambda tag: _mark(tag) if _is_markup(tag, markup) else tag[0], text)
    text = _BREAKS.sub(_PART, text)
    return [part.split(_BREAK) for part in _with_letters(text).split(_PART)]


def with_letters(text: str) -> str:
    """Return the text with all entities decoded except for markup characters, so that its punctuation can be examined
    before the final decoding."""
    return _ENTITY.sub(lambda entity: entity[0] if (letter := _letter(entity)) in "&<" else letter, text)


def escaped(text: str) -> str:
    """Return the text escaped, so that decoding restores it."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _seen(text: str) -> str:
    """Return the text without comments, scripts and styles, which browsers don't show. Unclosed ones are kept."""
    return _UNSEEN.sub("", _CDATA.sub(r"\1", text)) if "<" in text else text


def _closed(text: str) -> set[str]:
    """Return the names of the tags that are opened and closed."""
    names = {(tag[1], tag[2].lower()) for tag in TAG.finditer(text)}
    return {name for slash, name in names if {("", name), ("/", name)} <= names}


def _is_markup(tag: re.Match[str], markup: Set[str]) -> bool:
    name = tag[2].lower()
    return name in markup or (name in _RARE and "=" in tag[0])


def _mark(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name in _BLOCKS:
        return _PART
    if name == "br" or (name == "tr" and not tag[1]):
        return _BREAK
    if name == "li":
        return "" if tag[1] else f"{_BREAK}• "
    return " " if name in _CELLS else ""


def _with_letters(text: str) -> str:
    return _ENTITY.sub(_letter, text) if "&" in text else text


def _letter(entity: re.Match[str]) -> str:
    text = entity[0]
    return unescape(text) if text[1] == "#" or text[1:] in html5 else text
