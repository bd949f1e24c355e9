"""Decode MARC records. The encoding in the leader is often wrong, so the content is checked."""

import re
from collections.abc import Sequence
from enum import StrEnum
from types import SimpleNamespace
from typing import NoReturn

from pymarc import Field, Indicators, Subfield, marc8
from pymarc.marc8 import marc8_to_unicode

from flyleaf.importing.cleaning.markup import with_letters
from flyleaf.importing.formats.iso5426 import from_iso5426, is_iso5426
from flyleaf.importing.formats.marc_fields import Assumed

_ESCAPE = b"\x1b"
_CONTROL_FIELDS = b"010"  # lower tags have neither indicators nor subfields
_LETTER_IN_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# pymarc silently drops these: bytes undefined in MARC-8, and a mark without a following letter.
_NEVER_MARC8 = re.compile(rb"[\x80-\x87\x8a-\x8c\x8f-\xa0]|[\xe0-\xfe]+\Z")
# Frequent in damaged UTF-8 and never in MARC-8: a sign such as © within a word, or a mark without a letter.
_HARDLY_MARC8 = re.compile(rb"[A-Za-z][\xc2-\xc6][A-Za-z]|[\xe0-\xfe](?![A-Za-z\xa1-\xbd\xe0-\xfe])")
_BACK_TO_ANSEL = re.compile(rb"(\x1b[(,)-])!E")  # its name has two characters, and pymarc reads one


class Encoding(StrEnum):
    """The encodings that a record may be marked as, and may be in."""

    ASCII = "ascii"
    UTF8 = "utf-8"
    MARC8 = "marc-8"
    ISO5426 = "iso-5426"


class _NotMarc8Error(ValueError):
    pass


class _Strict:
    """Replaces sys.stderr in pymarc's module, where it reports characters that it replaced with spaces; there is no
    other way to notice. The process's own sys.stderr must not be replaced, as this may run in a thread."""

    def write(self, complaint: str) -> NoReturn:
        raise _NotMarc8Error(complaint)


marc8.sys = SimpleNamespace(stderr=_Strict())  # type: ignore[assignment, attr-defined]


def decoded(
    fields: Sequence[tuple[bytes, bytes]], used: dict[str, str], marked: Encoding
) -> tuple[list[Field], Assumed | None]:
    """Return the fields with the subfields listed in `used`, and the assumption made about the encoding. Undecodable
    bytes become lone surrogates."""
    parted = [(tag.decode(), *_parted(tag, content, used)) for tag, content in fields]
    texts = [value for _, _, subfields in parted for _, value in subfields]
    encoding, assumed = _encoding(texts, marked)
    read = []
    for tag, indicators, subfields in parted:
        values = [(code, _text(value, encoding)) for code, value in subfields]
        if tag.encode() < _CONTROL_FIELDS:
            read.append(Field(tag=tag, data=values[0][1]))
        else:
            read.append(Field(tag=tag, indicators=indicators, subfields=[Subfield(*value) for value in values]))
    return read, assumed


def _parted(tag: bytes, content: bytes, used: dict[str, str]) -> tuple[Indicators, list[tuple[str, bytes]]]:
    """Return the indicators of a field, even if malformed, and the subfields that are used."""
    if tag < _CONTROL_FIELDS:
        return Indicators(" ", " "), [("", content)]
    before, *subfields = content.split(b"\x1f")
    first, second = [*before.decode(errors="replace"), " ", " "][:2]
    codes = used[tag.decode()].encode()
    return Indicators(first, second), [(chr(text[0]), text[1:]) for text in subfields if text and text[0] in codes]


def _encoding(texts: Sequence[bytes], marked: Encoding) -> tuple[Encoding, Assumed | None]:
    """Return the encoding of the texts. No text with combining marks is valid in both UTF-8 and MARC-8 or ISO 5426,
    which put marks first; but text with escapes is always MARC-8."""
    joined = b"\x1f".join(texts)
    has_escape = _ESCAPE in joined
    if joined.isascii() and not has_escape:
        return Encoding.ASCII, None
    if not has_escape and _is_utf8(joined):
        return Encoding.UTF8, Assumed.UTF8 if marked == Encoding.MARC8 else None
    if marked == Encoding.MARC8:
        return Encoding.MARC8, None
    if _LETTER_IN_UTF8.search(joined):
        return Encoding.UTF8, None  # damaged
    if marked == Encoding.ISO5426:
        return (Encoding.ISO5426, Assumed.ISO5426) if is_iso5426(texts) else (Encoding.UTF8, None)
    return (Encoding.MARC8, Assumed.MARC8) if all(map(_is_marc8, texts)) else (Encoding.UTF8, None)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_marc8(text: bytes) -> bool:
    try:
        _from_marc8(text)
    except _NotMarc8Error:
        return False
    return _ESCAPE in text or not _HARDLY_MARC8.search(text)


def _text(value: bytes, encoding: Encoding) -> str:
    if encoding == Encoding.ISO5426:
        text = from_iso5426(value)
    elif encoding != Encoding.MARC8 or (value.isascii() and _ESCAPE not in value):
        text = value.decode(errors="surrogateescape")
    else:
        try:
            text = _from_marc8(value)
        except _NotMarc8Error:
            text = value.replace(_ESCAPE, b"\xff").decode("ascii", "surrogateescape")
    return with_letters(text) if "&" in text else text


def _from_marc8(value: bytes) -> str:
    if _ESCAPE not in value and _NEVER_MARC8.search(value):
        raise _NotMarc8Error("bytes that are undefined in MARC-8, or a mark without a letter")
    try:
        return str(marc8_to_unicode(_BACK_TO_ANSEL.sub(rb"\1E", value)))
    except (ValueError, IndexError, TypeError) as error:
        raise _NotMarc8Error(str(error)) from error
