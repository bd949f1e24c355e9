"""Convert names of people from catalogues' sorted form to the form that readers write."""

import re
import unicodedata

# Removed with the comma before them: years of life, with or without cataloguers' words.
_YEARS_AT_END = re.compile(r",?\s*(?:b\.|d\.|ca\.|fl\.)?\s*\d{3,4}\??(?:-(?:\d{3,4}\??)?)?\.?$")
# "[from old catalog]", "[pseud.]"; also where the closing bracket is missing.
_REMARK = re.compile(
    r",?\s*\[(?:from old catalog(?:ue)?|pseud(?:onym)?\b[^\]]*|i\.\s?e\.[^\]]*|et al|sic|comp|ed|tr|supposed author"
    r"|joint [a-z]+)\.?(?:\]|\Z)",
    re.IGNORECASE,
)
# Other remarks that are not part of a name: "[wife of the above]", "[the elder]".
_LOWER_CASE = re.compile(r",?\s+\[(?!(?:d[aeiou]|d[ao]s|del|la|le|van|von|zu|al|el|ibn|bin)\b)[a-zà-ÿ][^\]]*(?:\]|\Z)")
_OTHERS = re.compile(
    r"[\s,]*(?:\.\.\.|…)?\s*\[?(?:and (?:\w+ )?others|et al\b|e outros|y otros|u\.\s?a\.)[^;]*", re.IGNORECASE
)
_HELPERS = re.compile(
    r",? (?:with|avec|translated|illustrated|edited|introduction|foreword|traduit|traducción|tradução|illustr\w+"
    r"|ilustr\w+|trad\.) .*"
)
_SQUARE_BRACKETS = re.compile(r"[\[\]]")
_IN_BRACKETS = re.compile(r"\([^)]*\)")
_DIGIT = re.compile("[0-9]")
_EPITHET = re.compile(r"(?:of|the|de|da|di|del|von|van) ")  # "of Avila", "the Great", "de Sales"
_SUFFIX = re.compile(r"(?i:(?:[JS]r|Esq)\.?|fils|père|filho|neto|hijo)|[IVX]{1,4}")
# Titles that precede the name if only a family name or single name is given: "Seuss, Dr."
_FORM_OF_ADDRESS = re.compile(r"(?:Dr|Mrs|Mr|Ms)\.?|Mother|Brother|Sister|Father|Madame|Mme\.?|Miss", re.IGNORECASE)
# Titles that follow the names of people known by their given name.
_DIGNITY = re.compile(
    r"(?:(?:grand )?(?:saint|pope|king|queen|emperor|empress|tsar|czar|kaiser|sultan|caliph|khan|pharaoh|patriarch"
    r"|(?:arch)?bishop|(?:arch)?duke|(?:arch)?duchess|prince|princess|antipope|metropolitan|consort|dauphin|margrave))\b"
    r".*",
    re.IGNORECASE,
)
_FURTHER_TITLE = re.compile(r"(?:[A-Z]\. ?){2,}|Sir|Dame|Lady|Lord|Rabbi|Reverend|Rev\.?")  # "O.C.S.O."
_CORPORATE = re.compile(
    r"(?<=\S )(?:&|(?:and|inc|ltd|llc|co|corp|gmbh|company|corporation|university|press|institute|association|society"
    r"|department|office|committee|museum|library|council|commission|ministry)\b)",
    re.IGNORECASE,
)
_STATEMENT = re.compile(
    r"(?:(?:[a-z]+|Edited|Compiled|Written|Selected|Translated|Illustrated|Text)[a-z .,&]* )?[Bb]y:? "
    r"|(?:\w+ )?[Pp][ao]r:? "  # French; Spanish and Portuguese
)
_NAME_ENDS = re.compile(r"\b(?:\w|Jr|Sr|Dr|Mrs|Mr|Ms|Esq)\.$")


def natural_name(text: str) -> str:
    """Return "Stephen King" for "King, Stephen, 1947-". Names without a comma and names of organisations are not
    inverted."""
    text = without_additions(text)
    if _CORPORATE.search(text):
        return text
    name, *rest = _parts(text)
    if not rest:
        return name
    if _DIGNITY.fullmatch(rest[0]) or _EPITHET.match(rest[0]):
        return known_by_given_name(text)
    if _SUFFIX.fullmatch(rest[0]):  # Henry Louis Gates, Jr.
        return f"{name} {rest[0]}"
    given = rest[0]
    suffixes = [part for part in rest[1:] if _SUFFIX.fullmatch(part)]
    if not given.endswith(f" {name}"):  # Byron, George Gordon Byron
        given += name if given.endswith(("'", "’")) else f" {name}"
    return " ".join([given, *suffixes])


def known_by_given_name(text: str) -> str:
    """Return "Elizabeth II" for "Elizabeth II, Queen of Great Britain", "Thomas Aquinas" for "Thomas, Aquinas,
    Saint"."""
    name, *rest = _parts(without_additions(text))
    parts = [name, *(part for part in rest if _EPITHET.match(part) or not _is_title(part))]
    address = [part for part in parts[1:] if _FORM_OF_ADDRESS.fullmatch(part)]
    return " ".join([*address, *(part for part in parts if part not in address)])


def without_additions(name: str) -> str:
    """Return a name in natural order without cataloguers' additions: years of life, full names in round brackets after
    initials, and punctuation at the ends."""
    name = unicodedata.normalize("NFC", name)  # a separate combining mark would count as the end of a word
    name = without_square_brackets(name)
    if "(" in name:
        name = _IN_BRACKETS.sub(" ", name)
    if name.rstrip(" .?-")[-1:].isdigit():
        name = _YEARS_AT_END.sub("", name)
    name = " ".join(name.split()).strip(" ,;/")
    if name.endswith(".") and not _NAME_ENDS.search(name):
        name = name.rstrip(". ")
    return name


def without_square_brackets(name: str) -> str:
    """Return a name without cataloguers' remarks in square brackets, and without brackets around what they added."""
    return _SQUARE_BRACKETS.sub("", _LOWER_CASE.sub("", _REMARK.sub("", name))) if "[" in name or "]" in name else name


def name_in_statement(text: str) -> str:
    """Return the first name in a title page's statement: "Iain Banks" in "by Iain Banks ; illustrated by Me."."""
    words = _OTHERS.sub("", _REMARK.sub("", text.partition(";")[0]))
    words = _SQUARE_BRACKETS.sub("", words).strip()
    by = _STATEMENT.match(words)
    return without_additions(_HELPERS.sub("", words[by.end() :] if by else words))


def _parts(text: str) -> list[str]:
    """Return the parts between commas, without years, the only parts with digits."""
    first, *rest = text.split(", ")
    return [first, *filter(None, (without_additions(part) for part in rest if not _DIGIT.search(part)))]


def _is_title(part: str) -> bool:
    return part[0].islower() or bool(_DIGNITY.fullmatch(part) or _FURTHER_TITLE.fullmatch(part))
