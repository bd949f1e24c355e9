"""Series in the brackets that end a title."""

import re

from flyleaf.series.cells import series_parts
from flyleaf.series.numbers import DIGITS, OF_SO_MANY, SOME, VOLUME, number_in
from flyleaf.series.phrases import EDGES, series_name, with_number, with_number_behind_comma
from flyleaf.series.stored import Series

BRACKETS = (")", "]")  # the ends of titles that are worth a look
_LOOKED_AT = 4  # brackets at the end of a title
_NUMBERS_END = 1000  # a larger number without a sign or noun is a year

# A number behind #, or several that are no range: "#0.5, 2.5".
_SIGN_AND_NUMBERS = re.compile(
    rf"[\s,:–—-]*#\s*((?:{DIGITS})(?:[\s,&+#–—-]+(?:{DIGITS}))*{OF_SO_MANY}|{SOME})$", re.IGNORECASE
)
# "Discworld, #40, Moist von Lipwig, #3"
_NEXT_SERIES = re.compile(r"(#\s*[0-9]+(?:\.[0-9]+)?),\s+(?!Part\b)(?=[^\W\d].*#)", re.IGNORECASE)
_NUMBER_APART = re.compile(r"\s*;\s*(?=#?[0-9]{1,3}(?:\.[0-9]{1,2})?$)")  # "Folio ; 12", as libraries write it
_BEHIND_NAME = re.compile(rf"(.+\D)\s((?:{DIGITS})(?:\s*[-–—]\s*(?:{DIGITS}))?)$")
_ONLY_VOLUME = re.compile(rf"(?:(?:{VOLUME})\b[\s.]*#?\s*|#\s*)({SOME}){OF_SO_MANY}", re.IGNORECASE)

# Names of series often end so, and hardly anything else does.
_NOUNS = (
    "series|trilogy|trilogie|trilogia|trilogía|saga|chronicles|crônicas|crónicas|cycle|cyclus|zyklus|quartet|tetralogy"
    "|mysteries|reihe|collana"
)
_WITH_NOUN = re.compile(rf".*[^\W\d].* (?:{_NOUNS}|mystery|novels?|thrillers?|adventures?|files)", re.IGNORECASE)
_UNNUMBERED = re.compile(
    rf".*[^\W\d].* (?:{_NOUNS}|(?-i:Classics|Masterworks))"
    r"|(?:série|serie|colección|coleção|trilog[ií]a|collection) \S.*",
    re.IGNORECASE,
)
# Publishers' series whose names could be anything.
_KNOWN = frozenset(
    "modern library|the modern library|everyman's library|everyman’s library|library of america|folio|folio classique|"
    "the library of america|loeb classical library|oxford world's classics|oxford world’s classics|que sais-je ?|"
    "que sais-je?|penguin great ideas|great ideas|bibliothèque de la pléiade|very short introductions|"
    "a very short introduction|vintage international|dover thrift editions|norton critical edition|"
    "norton critical editions|penguin drop caps|reclams universal-bibliothek|universal-bibliothek|puffin books|"
    "letras hispánicas|little golden book|a little golden book|l'imaginaire|le livre de poche|rororo|insel-bücherei|"
    "suhrkamp taschenbuch|33 1/3|i tatti renaissance library|new york review books classics|companhia de bolso|"
    "biblioteca breve|la comédie humaine|les rougon-macquart".split("|")
)
# Words that beside a number, or before "series", make no name.
_NO_NAME = re.compile(
    r"(?:(?:the|a|an|o|la|el|le|der|die|das)\b ?)?(?:(?:complete|entire|whole|full|first|new|revised|special|limited|"
    r"box(?:ed)?|collected|kindle|paperback|hardcover|hardback|illustrated|annotated|unabridged|abridged|large|print|"
    r"deluxe|anniversary|original|international|digital|audio|graphic|short|epic|fantasy|historical|"
    r"editions?|edición|edição|ausgabe|auflage|version|release|chapters?|grades?|levels?|ages?|seasons?|"
    r"dis[ck]s?|cds?|pages?|units?|lessons?|psalms?|acts?|scenes?|figures?|tables?|oration|sonnets?|cantos?|op|opus|"
    r"stage|class|years?|world war|apollo|windows|office|issues?|sets?|omnibus|books?|volumes?|vols?|parts?|series|"
    r"trilogy|trilogia|trilogía|novels?|mystery|mysteries|thrillers?|january|february|march|april|may|june|july|"
    r"august|september|october|november|december|circa|ca|c|and|of|in|with|tv|television|reissue|reprint|anthology|"
    r"classics?|collection)\b[ ,]*)*",
    re.IGNORECASE,
)
_NO_SERIES = re.compile(r"(?:an?|um|uma|una|ein|eine|from|by|with|based on|translated|edited|volume) ", re.IGNORECASE)
_EDITION = re.compile(
    r"\b(?:editions?|edición|edição|ausgabe|auflage|hardcover|paperback|kindle|unabridged|complete|omnibus"
    r"|box(?:ed)? set)\b",
    re.IGNORECASE,
)


def read_title(title: str) -> tuple[str, list[Series]]:
    """Return the title without the series in its closing brackets, and these series.

    A volume without the name of a series ("Naruto (Vol. 3)") stays in the title, which names the series as well.
    """
    rest, kept = title, ""
    found: list[Series] = []
    for _ in range(_LOOKED_AT):
        start = _opening(rest)
        if start < 1 or not any(map(str.isalnum, rest[:start])):
            break
        before, content = rest[:start].rstrip(), rest[start + 1 : -1].strip()
        if series := _of_bracket(content, before, rest[start] == "["):
            found[:0] = series
            rest = before.rstrip(EDGES)
            continue
        if not kept and (volume := _ONLY_VOLUME.fullmatch(content)) and (number := number_in(volume[1])):
            found.insert(0, Series(series_name(before.rstrip(".")), number))
        kept = rest[len(before) :] + kept
        rest = before
    return (rest + kept, found) if found else (title, [])


def _opening(text: str) -> int:
    """Return where the bracket opens that the text ends with, or -1."""
    if not text.endswith(BRACKETS):
        return -1
    closing, opening, depth = text[-1], "(" if text[-1] == ")" else "[", 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] == closing) - (text[place] == opening)
        if depth == 0:
            return place
    return -1


def _of_bracket(content: str, title: str, is_square: bool) -> list[Series]:
    """Return the series that a bracket names, if one of them has a number or is surely a series; else none."""
    parts = list(series_parts(_NEXT_SERIES.sub(r"\1; ", _NUMBER_APART.sub(", ", content))))
    found = [_in_title(part, title, is_square) for part in parts]
    if not any(found):
        return [] if is_square or len(parts) > 1 else _unnumbered(content)
    named = [one or _beside(part) for one, part in zip(found, parts, strict=True)]
    return [one for one in named if one] if all(named) else []


def _in_title(part: str, title: str, is_square: bool) -> Series | None:
    """Return the series of a part of a bracket. With a # it is one; else its name has to look like a name."""
    if match := _SIGN_AND_NUMBERS.search(part):
        name = series_name(part[: match.start()])
        return Series(name, number_in(match[1])) if any(map(str.isalnum, name)) and "#" not in name else None
    found = with_number(part) or with_number_behind_comma(part)
    if found is None and (match := _BEHIND_NAME.fullmatch(part)):
        name, number = series_name(match[1]), number_in(match[2])
        is_sure = is_square or _WITH_NOUN.fullmatch(match[1]) or title.casefold().startswith(name.casefold())
        found = Series(name, number) if is_sure and number and float(number.split("-")[-1]) < _NUMBERS_END else None
    return found if found and _is_name(found.name) else None


def _beside(part: str) -> Series | None:
    """Return the series without a number that is named beside one with a number."""
    return Series(series_name(part)) if _is_name(part) else None


def _unnumbered(content: str) -> list[Series]:
    if content.casefold() in _KNOWN:
        return [Series(content)]
    is_series = _UNNUMBERED.fullmatch(content) and not _NO_SERIES.match(content)
    return [Series(series_name(content))] if is_series and _is_name(content.rpartition(" ")[0]) else []


def _is_name(name: str) -> bool:
    """Return whether a text beside a number is likely to be the name of a series."""
    return (
        any(map(str.isalpha, name))
        and not name[0].islower()
        and "#" not in name.replace("C#", "")
        and not number_in(name)
        and not _NO_NAME.fullmatch(name.rstrip("0123456789. "))
        and not _EDITION.search(name)
    )
