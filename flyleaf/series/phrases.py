"""A series and a number in one phrase: "Dune, #2", "Dune Book 2", "Book 2 of the Dune Chronicles", "Dune, 2"."""

import re

from flyleaf.series.numbers import NOUN, OF_SO_MANY, SOME, number_in
from flyleaf.series.remembered import remembered
from flyleaf.series.stored import Series

EDGES = " ,:;–—-/"

_LETTER = r"(?<=[,;:]\s)[tnv](?=[\s.]*[0-9])"  # "Dune, T2", but no name that ends with such a letter
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
_NUMBER_LAST = (
    re.compile(rf"[\s,:–—-]*#\s*({SOME}){OF_SO_MANY}$", re.IGNORECASE),
    re.compile(rf"(?:^|(?<=[\s,:;–—(-]))(?:(?:{NOUN})\b|{_LETTER})[\s.:]*#?\s*({SOME}){OF_SO_MANY}$", re.IGNORECASE),
    re.compile(r"(?:^|(?<=[\s,]))([0-9]{1,3})\. ?(?:band|teil|buch|bd)\.?$", re.IGNORECASE),
)
_NUMBER_FIRST = (
    re.compile(
        rf"(?:the )?(?:{NOUN})\b[\s.]*#?\s*({SOME})"
        rf"(?:{OF_SO_MANY}\s*[:,–—-]\s*|\s+(?:of|in|de|del|da|do|der|du|von)\s+)(?![0-9]+$)(.+)",
        re.IGNORECASE,
    ),
    re.compile(rf"#\s*({SOME})\s+(?:of|in)\s+(.+)", re.IGNORECASE),
    re.compile(
        rf"(?:the )?({_ORDINALS}|[0-9]{{1,2}}(?:st|nd|rd|th))(?: (?:book|novel|volume|instal?lment|title))?"
        r" (?:of|in) (.+)",
        re.IGNORECASE,
    ),
)
_BEHIND_COMMA = re.compile(r"(.+\D),\s*([0-9]{1,3}(?:\.[0-9]{1,2})?(?:\s*[-–—]\s*[0-9]{1,3})?|[ivx]+)$", re.IGNORECASE)
_AROUND = re.compile(r"^(?:part of (?:the )?|s[eé]ries? )(?=\S)|(?<=\S) series$", re.IGNORECASE)
_ARTICLE = re.compile("(?:the|la|le|les|el|los|las|der|die|das|o|os|as) ")  # no capital: it belongs to the phrase
_EMPTY = ("", "the", "a", "an")  # keys


@remembered
def series_name(text: str) -> str:
    """Return a name without what separates it from its number, and without "series" around it."""
    name = " ".join(text.replace(";", ",").split()).strip(EDGES)
    while (shorter := _AROUND.sub("", name).strip(EDGES)) != name and Series(shorter).key not in _EMPTY:
        name = shorter
    return name


def named(name: str, number: str) -> Series | None:
    """Return the series of a name and its number as they are written, or None if one of them is none."""
    series = Series(series_name(name), number_in(number))
    is_named = any(map(str.isalnum, series.name)) and not number_in(f"{series.name} {series.number}")  # "Book", "#1"
    return series if series.number and is_named else None


def with_number(text: str) -> Series | None:
    """Return the series of a text whose number has a sign or a noun."""
    for pattern in _NUMBER_LAST:
        if match := pattern.search(text):
            return named(text[: match.start()], match[1])
    for pattern in _NUMBER_FIRST:
        if match := pattern.fullmatch(text):
            return named(_ARTICLE.sub("", match[2], count=1), match[1])
    return None


def with_number_behind_comma(text: str) -> Series | None:
    """Return the series of "Dune, 2", but not of "Paris, 1900"."""
    match = _BEHIND_COMMA.fullmatch(text)
    return named(match[1], match[2]) if match else None
