"""The kinds of queries by which a reader looks for a book, as one function each; "" means not for this book."""

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from anyascii import anyascii

from benchmarks.search.catalogue import with_check_digit
from flyleaf.series.titles import read_title

LETTERS = "abcdefghijklmnopqrstuvwxyz"
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
STOP_WORDS = frozenset("the a an of and to in for on is with at by from la le de der die das el i my".split())
ROMAN = dict(zip("II III IV V VI VII VIII IX X XI XII XIII XIV XV".split(), range(2, 16), strict=True))
ARABIC = {str(number): roman.lower() for roman, number in ROMAN.items()}
ARTICLE = re.compile(r"(the|an?|le|la|les|el|los|las|il|der|die|das) (?=\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Book:
    """A book to look for. `isbn` has ten or thirteen characters, without hyphens."""

    isbn: str
    title: str
    author: str
    popularity: int

    @property
    def key(self) -> str:
        """Return a key that is the same for all editions of the work, of the title as an import stores it: without
        its series in brackets."""
        return f"{fold(read_title(self.title)[0])}|{fold(self.author)}"

    @cached_property
    def short(self) -> str:
        """Return the title without the brackets at its end."""
        return re.split(r"\s*[(\[]", self.title)[0].strip() or self.title

    @cached_property
    def main(self) -> str:
        """Return the title without brackets and subtitle."""
        return re.split(r"\s*(?:[:;/]| - )\s*", self.short)[0].strip() or self.short

    @cached_property
    def telling(self) -> list[str]:
        """Return the distinctive words of the title."""
        return [word for word in fold(self.title).split() if len(word) > 3 and word not in STOP_WORDS]

    @cached_property
    def names(self) -> list[str]:
        return fold(self.author).split()

    @property
    def surname(self) -> str:
        return self.names[-1] if self.names else ""


def fold(text: str) -> str:
    """Return the words in a-z and 0-9, separated by single spaces. Folding twice changes nothing."""
    words = re.sub(r"[\W_]+", " ", without_marks(text.lower()).replace("'", "").replace("’", ""))
    return " ".join(re.sub("[^a-z0-9 ]", "", anyascii(words).lower()).split())


def without_marks(text: str) -> str:
    """Return the text as typed on a keyboard without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def thirteen(isbn: str) -> str:
    """Return the ISBN-13 of a compact ISBN, even if its check digit is wrong. Other text is returned unchanged."""
    return isbn if len(isbn) != 10 else with_check_digit("978" + isbn[:9])


def misspelt(word: str, chance: random.Random) -> str:
    """Return the text with one typo after the first letter: a letter added, dropped, replaced or swapped."""
    at = chance.randrange(1, len(word))
    slip = chance.randrange(4)
    if slip == 0 and at + 1 < len(word) and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip == 1:
        return word[:at] + word[at + 1 :]
    if slip == 2:
        return word[:at] + chance.choice((word[at], chance.choice(LETTERS))) + word[at:]
    return word[:at] + chance.choice(_beside(word[at])) + word[at + 1 :]


def _beside(letter: str) -> str:
    for row in KEYBOARD:
        if letter in row:
            place = row.index(letter)
            return row[max(0, place - 1) : place + 2].replace(letter, "")
    return LETTERS


def exact_title(book: Book, chance: random.Random) -> str:
    return chance.choice((book.title, book.title.lower())) if 2 <= len(book.title) <= 80 else ""


def title_prefix(book: Book, chance: random.Random) -> str:
    title = book.short.lower()
    if chance.random() < 0.3:
        title = ARTICLE.sub("", title, count=1) if ARTICLE.match(title) else title
    return title[: chance.choice((3, 4, 5, 6, 8, 10, 12, 15, 18))] if len(title) >= 8 else ""


def title_words(book: Book, chance: random.Random) -> str:
    size = min(len(book.telling), chance.choice((2, 2, 3)))
    return " ".join(chance.sample(book.telling, size)) if size > 1 else ""


def surname(book: Book, chance: random.Random) -> str:
    return book.surname if len(book.surname) > 3 else ""


def author_full(book: Book, chance: random.Random) -> str:
    return book.author.lower() if len(book.names) > 1 else ""


def author_and_title(book: Book, chance: random.Random) -> str:
    if not book.telling or len(book.surname) < 3:
        return ""
    words = [*chance.sample(book.telling, min(len(book.telling), chance.choice((1, 1, 2)))), book.surname]
    chance.shuffle(words)
    return " ".join(words)


def typo_title(book: Book, chance: random.Random) -> str:
    words = book.short.lower().split()
    long = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not long or len(book.short) > 60:
        return ""
    for place in chance.sample(long, min(len(long), chance.choice((1, 1, 2)))):
        words[place] = misspelt(words[place], chance)
    return " ".join(words)


def typo_author(book: Book, chance: random.Random) -> str:
    if len(book.surname) < 5 or len(book.names) < 2:
        return ""
    wrong = misspelt(book.surname, chance)
    if chance.random() < 0.3:
        wrong = misspelt(wrong, chance)
    return " ".join([*book.names[:-1], wrong]) if chance.random() < 0.6 else wrong


def typo_mix(book: Book, chance: random.Random) -> str:
    if not book.telling or len(book.surname) < 5:
        return ""
    word = max(book.telling, key=len)
    if chance.random() < 0.5:
        return f"{word} {misspelt(book.surname, chance)}"
    return f"{misspelt(word, chance)} {book.surname}"


def diacritics(book: Book, chance: random.Random) -> str:
    plain = without_marks(book.short.lower())
    return plain if plain != book.short.lower() and plain.strip() else ""


def isbn(book: Book, chance: random.Random) -> str:
    long, form = thirteen(book.isbn), chance.randrange(4)
    if form == 0:
        return book.isbn
    if form == 1 and long.startswith("978"):
        ten = with_check_digit(long[3:12])
        return chance.choice((ten, ten.lower(), f"{ten[0]}-{ten[1:5]}-{ten[5:9]}-{ten[9]}"))
    return chance.choice((long, f"{long[:3]}-{long[3]}-{long[4:8]}-{long[8:12]}-{long[12]}", f"{long[:3]} {long[3:]}"))


def isbn_prefix(book: Book, chance: random.Random) -> str:
    return book.isbn[: chance.randrange(5, 10) if len(book.isbn) == 10 else chance.randrange(7, 12)]


def substring(book: Book, chance: random.Random) -> str:
    long = [word for word in book.telling if len(word) > 8]
    if not long:
        return ""
    word = chance.choice(long)
    return word[chance.randrange(1, 3) : len(word) - chance.randrange(2)]


def run_together(book: Book, chance: random.Random) -> str:
    words = fold(book.short).split()[:5]
    if len(words) < 2 or len("".join(words)) < 8:
        return ""
    place = chance.randrange(len(words) - 1)
    words[place : place + 2] = [words[place] + words[place + 1]]
    return " ".join(words)


def taken_apart(book: Book, chance: random.Random) -> str:
    words = fold(book.short).split()[:5]
    long = [place for place, word in enumerate(words) if len(word) > 6]
    if not long:
        return ""
    place = chance.choice(long)
    cut = chance.randrange(3, len(words[place]) - 2)
    words[place : place + 1] = [words[place][:cut], words[place][cut:]]
    return " ".join(words)


def numeral(book: Book, chance: random.Random) -> str:
    words = book.short.replace(",", "").replace(":", "").split()[:8]
    other = [str(ROMAN[word]) if word in ROMAN else ARABIC.get(word, word.lower()) for word in words]
    return " ".join(other) if other != [word.lower() for word in words] and len(words) > 1 else ""


def initials(book: Book, chance: random.Random) -> str:
    *given, last = book.names or [""]
    if len(given) < 2 or min(map(len, given)) > 1:  # an author who signs with an initial is known by it
        return ""
    letters = [name[0] for name in given]
    return chance.choice(("".join(letters), ".".join(letters) + ".", " ".join(letters).upper())) + f" {last}"


def last_first(book: Book, chance: random.Random) -> str:
    *given, last = book.author.split() or [""]
    return f"{last}, {' '.join(given)}".lower() if given else ""


def article(book: Book, chance: random.Random) -> str:
    title = book.short.lower()
    if len(title) < 8 or len(title) > 60:
        return ""
    if ARTICLE.match(title):
        return ARTICLE.sub("", title, count=1)
    return f"the {title}" if book.telling and title.startswith(book.telling[0]) else ""


def ampersand(book: Book, chance: random.Random) -> str:
    title = book.short.lower()
    if " & " in title:
        return title.replace(" & ", " and ")
    return title.replace(" and ", " & ") if " and " in title and len(title) <= 60 else ""


class Kind(NamedTuple):
    """A kind of query. `mode` says what counts as found: item (any edition), author, isbn, isbn_prefix, substring."""

    name: str
    mode: str
    typed: Callable[[Book, random.Random], str]


KINDS = (
    *(Kind(way.__name__, "item", way) for way in (exact_title, title_prefix, title_words, typo_title, typo_mix)),
    Kind("author+title", "item", author_and_title),
    *(Kind(way.__name__, "item", way) for way in (diacritics, run_together, taken_apart, numeral, article, ampersand)),
    *(Kind(way.__name__, "author", way) for way in (surname, author_full, typo_author, initials, last_first)),
    *(Kind(way.__name__, way.__name__, way) for way in (isbn, isbn_prefix, substring)),
)
