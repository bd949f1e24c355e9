"""Turn a library catalogue's wording into what a reader would write.

Each function takes one field of a record and returns the cleaned text, or None if no safe repair is known. The list
then leaves that record out.
"""

import re
import unicodedata

from flyleaf.importing.cleaning.names import without_additions
from flyleaf.importing.cleaning.punctuation import natural_title

LONGEST_TITLE = 150

# Cyrillic is romanised with ligatures, primes and marked vowels; readers write plain letters.
LIGATURE = re.compile("(\\w)\ufe20(\\w)\ufe21")
ROMANISATION = str.maketrans(
    {
        **dict.fromkeys("\ufe20\ufe21\u02b9\u02ba", ""),
        **dict.fromkeys("\u02bb\u02bc\u2018\u2019", "'"),
    }
    | {"Ė": "E", "ė": "e", "Ĭ": "I", "ĭ": "i"}
)
# The conversion from the older character set turned these marks into their neighbours.
MISREAD_MARKS = str.maketrans({"\u031c": "\u0328", "\u0315": "\u030c", "ı": "i"})
LETTERS_WITHOUT_PARTS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)

# Non-ASCII letters of European languages, Turkish and romanised Japanese.
LETTERS = (
    "áàâäãåăąæćčçďđéèêëěęėğģíìîïıīįķłļľñńňņóòôöõøőōœŕřśšşșßťţțþðúùûüůűūųýÿžźż"
    "ÁÀÂÄÃÅĂĄÆĆČÇĎĐÉÈÊËĚĘĢÍÌÎÏİĪĶŁĽÑŃŇÓÒÔÖÕØŐŌŒŘŚŠŞȘŤȚÞÚÙÛÜŮŰŪÝŽŹŻ"
)
READABLE_TITLE = re.compile(rf"[0-9A-Za-z{LETTERS} ,.:;!?'\"&()/+#%$@*—°²½·¿¡«»-]+")
READABLE_NAME = re.compile(rf"[A-Z{LETTERS}][A-Za-z{LETTERS} .'·-]*[A-Za-z{LETTERS}.]")

# Names of editors and translators that were catalogued as part of the title.
EDITORS = re.compile(r"[;:,] (?:translated|edited|illustrated|selected|introduced)(?: and \w+)? by .*$")
BROKEN_SENTENCE = re.compile(r"[a-z]{3}\. [a-z]")


def plain(text: str) -> str:
    """Return the words in lower case, without accents and apostrophes, for comparing texts."""
    text = text.translate(ROMANISATION).replace("'", "").casefold().translate(LETTERS_WITHOUT_PARTS)
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", letters))


def clean_title(raw: str, language: str = "eng") -> str | None:
    # A slash begins the statement of responsibility, an equals sign the title in another language.
    title = re.split(r" /| = |\\", _readable_letters(raw, language))[0]
    if (title.startswith("[") and title.endswith("]")) or title.count("[") != title.count("]"):
        return None  # the cataloguer made up this title
    title = _shortened(natural_title(EDITORS.sub("", title)))
    if language == "spa":
        title = _with_opening_marks(title)
    if not plain(title) or len(title) > LONGEST_TITLE or not READABLE_TITLE.fullmatch(title):
        return None
    if title.count("(") != title.count(")") or title.count('"') % 2 or BROKEN_SENTENCE.search(title):
        return None
    return title


def _readable_letters(text: str, language: str) -> str:
    text = LIGATURE.sub(lambda pair: pair[1] + pair[2].lower(), text).translate(ROMANISATION)
    if language != "tur":
        text = text.translate(MISREAD_MARKS)
    text = re.sub("(?<=[cC])\u0328|(?<=[cC])\u0326", "\u0327", text)
    return unicodedata.normalize("NFC", text)


def _shortened(title: str) -> str:
    """Remove subtitles from the end until the title is short enough."""
    while len(title) > LONGEST_TITLE and ": " in title:
        title = title.rpartition(": ")[0]
    return title


def _with_opening_marks(title: str) -> str:
    """Restore the Spanish ¿ and ¡, which the older character set dropped or replaced by ? and !."""
    parts = re.split(r"(?<=[:;]) ", title)
    for i, part in enumerate(parts):
        if closing := re.search(r"(?<=\w)\"?[?!]", part):
            opening = "¿" if closing[0][-1] == "?" else "¡"
            if not re.search("[¿¡]", part):
                parts[i] = opening + part.removeprefix("?").removeprefix("!")
    return " ".join(parts)


def clean_name(raw: str) -> str | None:
    name = without_additions(_readable_letters(raw, "eng"))
    return name if READABLE_NAME.fullmatch(name) else None


def isbn_13(isbn: str) -> str | None:
    """Return the ISBN-13 for either form of an ISBN, or None if the check digit is wrong."""
    digits = re.sub(r"[\s-]", "", isbn).upper()
    if re.fullmatch(r"\d{9}[\dX]", digits):
        ten = [10 if c == "X" else int(c) for c in digits]
        if sum(weight * value for weight, value in zip(range(10, 0, -1), ten, strict=True)) % 11:
            return None
        digits = "978" + digits[:9]
        return digits + _check_digit_13(digits)
    if re.fullmatch(r"97[89]\d{10}", digits) and digits[12] == _check_digit_13(digits[:12]):
        return digits
    return None


def _check_digit_13(first_twelve: str) -> str:
    return str(-sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(first_twelve)) % 10)
