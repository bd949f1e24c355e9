"""The number of a book in a series, however it is written."""

import re

from flyleaf.series.remembered import remembered

_SAID = (
    "zero", "one first 1st um uno primero primeiro eins un", "two second 2nd dois dos segundo zwei deux",
    "three third 3rd três tres tercero terceiro drei trois", "four fourth 4th quatro cuatro quatre vier",
    "five fifth 5th cinco fünf cinq", "six sixth 6th seis sechs", "seven seventh 7th sete siete sieben sept",
    "eight eighth 8th oito ocho acht huit", "nine ninth 9th nove nueve neun neuf", "ten tenth 10th dez diez zehn dix",
    "eleven eleventh 11th", "twelve twelfth 12th", "thirteen 13th", "fourteen 14th", "fifteen 15th", "sixteen 16th",
    "seventeen 17th", "eighteen 18th", "nineteen 19th", "twenty 20th",
)  # fmt: skip
_VALUES = {word: value for value, words in enumerate(_SAID) for word in words.split()}
_ROMANS = {"i": 1, "v": 5, "x": 10}
_TURKISH = str.maketrans("İı", "ii")  # which patterns take for an "i" when they ignore case

# Patterns, all for text in any case.
DIGITS = r"[0-9]{1,4}(?:\.[0-9]{1,2})?½?|½"
ONE = rf"(?:{DIGITS}|(?=[ivx])x{{0,3}}(?:ix|iv|v?i{{0,3}})|{'|'.join(sorted(_VALUES, key=len, reverse=True))})"
# "3", "1-3", "1 & 2", "#1, #2"; what several numbers mean is checked by `number_in`.
SOME = rf"{ONE}(?:\s*(?:[-–—&+,/]|\band\b|\be\b|\by\b|\bund\b|\bet\b|\bto\b)\s*#?\s*{ONE}){{0,9}}(?![^\W_])"
OF_SO_MANY = r"(?:\s*(?:/|\b(?:of|de|von|sur|di|van))\s*[0-9]{1,3})?"
# Nouns that a number follows: a book, or a part of a whole, in the languages of most series.
VOLUME = (
    "books?|bks?|volumes?|vols?|band|bd|buch|tomes?|tomos?|livres?|libros?|livros?|volumen|volum|deel|boek|bok|bind|tom"
    "|kniha|księga|книга|кн|том"
)
NOUN = rf"{VOLUME}|parts?|parte|teil|partie|number|num|núm|no|nr|nº|n°|n\.º|episode|folge|novel|novella|часть"

_NUMBER = re.compile(rf"(?:(?:{NOUN})\b|[tnv](?=[\s.]*[0-9]))?[\s.:]*#?\s*({SOME}){OF_SO_MANY}\s*", re.IGNORECASE)
_ONE = re.compile(ONE, re.IGNORECASE)
_RANGE = re.compile("[-–—]|to", re.IGNORECASE)


@remembered
def number_in(text: str) -> str:
    """Return the number in "3", "03", "#3", "Book 3", "vol. III", "three", "1.0", "½" or "1 of 3", the range in "1-3"
    or "1, 2 & 3", or "" if there is none."""
    found = _NUMBER.fullmatch(text.strip())
    values = list(map(_value, _ONE.findall(found[1]))) if found else []
    if not found or not values:
        return ""
    if len(values) == 1:
        return _shown(values[0])
    follow = values == [values[0] + step for step in range(len(values))]
    is_range = follow or (len(values) == 2 and _RANGE.search(found[1]) is not None and values[0] < values[1])
    return f"{_shown(values[0])}-{_shown(values[-1])}" if is_range else ""


def _value(one: str) -> float:
    text = one.translate(_TURKISH).casefold()
    if text in _VALUES:
        return _VALUES[text]
    if text[0] in _ROMANS:
        values = [_ROMANS[letter] for letter in text]
        return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))
    return float(text.replace("½", "") or 0) + ("½" in text) / 2


def _shown(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
