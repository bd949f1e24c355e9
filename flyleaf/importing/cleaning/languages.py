"""Map languages in files, given as ISO 639 or MARC codes or by name, to BCP 47 tags."""

import re
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global, parse_locale

# Values that mean unknown, no linguistic content, or several languages.
UNDETERMINED = frozenset(("", "|||", "und", "undetermined", "unknown", "zxx", "mul", "mis", "n/a", "none"))

# Obsolete MARC codes that CLDR doesn't know.
_FORMER_CODES = {
    "cam": "km", "esk": "ypk", "esp": "eo", "eth": "gez", "far": "fo", "fri": "fy", "gae": "gd", "gag": "gl",
    "gal": "om", "gua": "gn", "int": "ia", "iri": "ga", "kus": "kos", "lan": "oc", "lap": "smi", "max": "gv",
    "mla": "mg", "sao": "sm", "sho": "sn", "snh": "si", "sso": "st", "swz": "ss", "tag": "fil", "taj": "tg",
    "tar": "tt", "tru": "chk", "tsw": "tn",
}  # fmt: skip
# Language families (ISO 639-5), which catalogues use for languages without a code; CLDR has no names for them.
_FAMILIES = frozenset(
    "afa alg apa art ath aus bad bai bat ber bih bnt btk cai cau cel cmc cpe cpf cpp crp cus day dra fiu gem ijo inc"
    " ine ira iro kar khi kro map mkh mno mun myn nai nic nub oto paa phi pra roa sai sal sem sgn sio sit sla smi son"
    " ssa tai tup tut wak wen ypk znd".split()
)
_FURTHER_NAMES = {"castilian": "es", "farsi": "fa", "mandarin": "zh", "modern greek": "el"}
# Languages that are also known by their own names. Babel caches locales: all of them would take 130 MB.
_WRITTEN_OUT = tuple(
    "ar bg bn ca cs da de el es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka ko lt lv ms nb nl nn no pl pt ro ru"
    " sk sl sq sr sv sw ta th tr uk ur vi zh".split()
)
_PERIOD = re.compile(r" \([^()]*[0-9][^()]*\)")  # "English, Middle (1100-1500)"
_QUALIFIED = re.compile(r"(.+?)(?:, | \()([^()]+?)\)?")  # "Greek, Ancient", "Chinese (simplified)"


@lru_cache(maxsize=1 << 12)
def language_code(text: str) -> str | None:
    """Return the BCP 47 tag ("en", "pt-BR") of a language given as a code, a tag, Open Library's key, or its name in
    English or in the language itself. Return None if it is unknown or UNDETERMINED."""
    key = text.strip(" \t\n.[]").removeprefix("/languages/").casefold()
    if key in UNDETERMINED:
        return None
    return _tag(key) or _named(_PERIOD.sub("", key))


def _tag(text: str) -> str | None:
    try:
        code, territory, script, variant = parse_locale(text.replace("_", "-"), sep="-")[:4]
    except ValueError:
        return None
    language = _current(code)
    if not language or variant:
        return None
    english = _english()
    if (territory and territory not in english.territories) or (script and script not in english.scripts):
        return None
    return "-".join(filter(None, (language, script, territory)))


def _current(code: str) -> str | None:
    """Return the shortest code of a language, such as "sr-Latn" for "sh"."""
    if code in _FORMER_CODES:
        return _FORMER_CODES[code]
    replacement: str = get_global("language_aliases").get(code, code)
    if code in _FAMILIES or replacement in _english().languages or "_" in replacement:
        return replacement.replace("_", "-")
    return None


def _named(name: str) -> str | None:
    """Return the tag of a language given by its name in lower case."""
    if found := _english_names().get(name):
        return found
    if qualified := _QUALIFIED.fullmatch(name):
        language, qualifier = qualified.groups()
        territory = _territories().get(qualifier)
        code = _english_names().get(language)
        if code and territory:
            return f"{code}-{territory}"
        return _english_names().get(f"{qualifier} {language}")
    return _own_names().get(name) or _english_names().get(name.partition(";")[0])


@cache
def _english() -> Locale:
    return Locale("en")


@cache
def _english_names() -> dict[str, str]:
    names = {name.casefold(): code.replace("_", "-") for code, name in _english().languages.items()}
    return {name: code for name, code in names.items() if name not in UNDETERMINED} | _FURTHER_NAMES


@cache
def _territories() -> dict[str, str]:
    return {name.casefold(): code for code, name in _english().territories.items()}


@cache
def _own_names() -> dict[str, str]:
    return {Locale(code).languages[code].casefold(): code for code in _WRITTEN_OUT}
