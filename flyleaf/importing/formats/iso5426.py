"""ISO 5426, the encoding of UNIMARC before UTF-8. As in MARC-8, combining marks stand before their letters, but their
bytes differ. No maintained library supports it."""

import re
from collections.abc import Sequence

# By byte, from 0xC0 on; a space means none.
_MARKS = dict(
    enumerate(
        "\u0309\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0308\u030a\u0315\u0312\u030b\u031b\u030c"
        "\u0327\u031c\u0328\u0325\u032e \u0323\u0324\u0332\u0333\u0329\u032d ",
        0xC0,
    )
)
_SIGNS = dict(enumerate("¡„£$¥†§′‘“«♭©℗®ʿʾ‚   ‡·″’”»♯ʹʺ¿", 0xA1)) | dict(
    enumerate("ÆĐ   Ĳ ŁØŒ Þ    æđð ıĳ łøœßþ", 0xE1)
)
_UNPRINTED = frozenset((0x88, 0x89))  # around an article that sorting ignores
# A mark before a letter that takes marks, in a text without bytes that are frequent in Latin-1 and rare here.
_TELLING = re.compile(rb"[\xc1-\xc8\xca\xcd\xcf\xd0\xd2][aceginosuyzACEGINOSUYZ]")
_OF_LATIN1 = re.compile(rb"[\xe0-\xf9\xfc-\xff]|[\xc0-\xdf](?![A-Za-z\xc0-\xdf])")


def is_iso5426(texts: Sequence[bytes]) -> bool:
    """Return whether the texts of a record are in ISO 5426, and not in Latin-1 or damaged."""
    return any(map(_TELLING.search, texts)) and not any(map(_OF_LATIN1.search, texts))


def from_iso5426(text: bytes) -> str:
    """Return the text with marks after their letters. Invalid bytes become lone surrogates."""
    letters: list[str] = []
    marks = ""
    for byte in text:
        if _MARKS.get(byte, " ") != " ":
            marks += _MARKS[byte]
        elif byte not in _UNPRINTED:
            letter = chr(byte) if byte < 0x80 else _SIGNS.get(byte, " ").strip() or chr(0xDC00 + byte)
            letters.append(letter + marks)
            marks = ""
    return "".join(letters)
