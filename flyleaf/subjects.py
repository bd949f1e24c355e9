"""Subjects: what books are about, and their genres. However a subject is spelled, it has one key and one id."""

import hashlib
import unicodedata

_KEPT = frozenset("+#")  # "C++" and "C#" are not "C"
_ACCENTS = range(0x0300, 0x0370)  # combining marks that other scripts don't need to tell their words apart


def subject_key(name: str) -> str:
    """Return "science-fiction" for "Science Fiction", "" for a name without letters.

    It is the same without accents, in any case, and with other punctuation. Unicode's other marks stay: without them
    words of India's scripts would be the same that aren't.
    """
    folded = unicodedata.normalize("NFKD", name.replace("&", " and ").casefold())
    folded = unicodedata.normalize("NFKD", folded.casefold())  # "™" has become "TM"
    letters = "".join(
        char if char in _KEPT or unicodedata.category(char)[0] in "LMN" else " "
        for char in folded
        if ord(char) not in _ACCENTS
    )
    return unicodedata.normalize("NFC", "-".join(letters.split()))


def subject_id(key: str) -> int:
    """Return the id of the subject with this key: 64 bits of its MD5, so that it is the same in every catalogue and
    an importer needn't look it up."""
    return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest()[:8], signed=True)
