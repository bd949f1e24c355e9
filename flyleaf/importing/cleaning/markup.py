"""HTML and entities out of the texts of a catalogue: what a reader would see on the page that they were written for.

A text is decoded once: what is still an entity then was meant so. In a title, which may speak of markup, only what is
closed again is markup: "Using <b>" stays.
"""

import re
from html import unescape
from html.entities import html5

_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3"
    " h4 h5 h6 head header hr html main nav ol p pre section summary table tbody td tfoot th thead title tr ul".split()
)
_VOID = frozenset("br hr img wbr".split())
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br cite code dfn em font i img ins kbd label li mark o q s samp small span strike"
    " strong sub sup time tt u var wbr".split()
)
_NAMES = _BLOCKS | _INLINE
_TAG = re.compile(r"""<(/?)([a-z][a-z0-9]{0,9})(?::[a-z]+)?(?:\s(?:"[^"<]*"|'[^'<]*'|[^<>"'])*)?/?>""", re.IGNORECASE)
_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_SUSPECT = re.compile("<[/!A-Za-z]|&[#A-Za-z]")
_LINE_END = r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028])"
_BLANK_LINE = re.compile(rf"{_LINE_END}(?:[ \t\xa0]*{_LINE_END})+|\u2029")
_LINE_ENDS = re.compile(_LINE_END)
_PART, _BREAK = "\x1e", "\x1f"  # between paragraphs; between lines
_BREAKS = re.compile(f"{_BREAK}(?:[ \t\xa0]*{_BREAK})+")


def may_hold_markup(text: str) -> bool:
    """Whether it is worth a closer look."""
    return _SUSPECT.search(text) is not None


def plain_line(text: str) -> str:
    """Return a title or a name without tags, and with letters for entities."""
    if not may_hold_markup(text):
        return text
    names = [(tag[1], tag[2].lower()) for tag in _TAG.finditer(text)]
    markup = {name for slash, name in names if name in _VOID or {("", name), ("/", name)} <= set(names)}

    def replaced(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        if name not in markup & _NAMES:
            return tag[0]
        return " " if name in _BLOCKS or name == "br" else ""

    return _with_letters(_TAG.sub(replaced, text))


def paragraphs(text: str) -> list[list[str]]:
    """Return the lines of each paragraph of a description. Where it is HTML, its tags part them; else line ends do,
    and blank lines part the paragraphs."""
    text = text.replace(_PART, " ").replace(_BREAK, " ")
    if "<" in text:
        text = _UNSEEN.sub("", text)
    is_html = any(tag[2].lower() in _BLOCKS | {"br", "li"} for tag in _TAG.finditer(text))
    text = _BLANK_LINE.sub(_PART, text)
    text = _LINE_ENDS.sub(" " if is_html else _BREAK, text)
    text = _BREAKS.sub(_PART, _TAG.sub(_mark, text))
    return [part.split(_BREAK) for part in _with_letters(text).split(_PART)]


def with_letters(text: str) -> str:
    """Return the text with letters for the entities of all but the signs of markup: for whoever looks at the
    punctuation of a text before it is decoded."""
    return _ENTITY.sub(lambda entity: entity[0] if (letter := _letter(entity)) in "&<" else letter, text)


def escaped(text: str) -> str:
    """Return the text so that decoding gives it back."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _mark(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name in _BLOCKS:
        return _PART
    if name == "br":
        return _BREAK
    if name == "li":
        return "" if tag[1] else f"{_BREAK}• "
    return "" if name in _INLINE else tag[0]


def _with_letters(text: str) -> str:
    return _ENTITY.sub(_letter, text) if "&" in text else text


def _letter(entity: re.Match[str]) -> str:
    text = entity[0]
    return unescape(text) if text[1] == "#" or text[1:] in html5 else text
