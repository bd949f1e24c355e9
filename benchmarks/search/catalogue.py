"""Make a catalogue of any size: the shipped books, followed by invented books with the same statistics.

In a real catalogue, a few words are very common and most words are rare, a few authors wrote hundreds of books, a few
books have nearly all the readers, and popular books have many editions. A search that is fast and accurate on books
without these properties may be neither on real ones.
"""

import csv
import random
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import NamedTuple

from flyleaf.config import PROJECT
from flyleaf.isbn import isbn13

COLUMNS = ("isbn", "title", "author", "year", "average_rating", "ratings_count")
THIS_YEAR = 2026
LONGEST_TITLE = 14  # words
LITTLE_WORDS = frozenset("with from that this what your della dans para como nicht eine einer avec pour".split())
STRIDE = 3**18  # coprime to every power of ten, so that its multiples visit every number once


class Row(NamedTuple):
    isbn: str
    title: str
    author: str
    year: int
    average_rating: str
    ratings_count: int


def write(path: Path, books: int, seed: int) -> None:
    """Write the catalogue as a CSV file, atomically."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(make(books, seed))
    unfinished.rename(path)


def make(books: int, seed: int) -> Iterator[Row]:
    """Yield this many rows without keeping the catalogue in memory."""
    with (PROJECT / "books.csv").open(encoding="utf-8", newline="") as file:
        shipped = list(csv.DictReader(file))
    yield from islice(_all(shipped, books, random.Random(seed)), books)


def _all(shipped: Sequence[dict[str, str]], books: int, chance: random.Random) -> Iterator[Row]:
    for book in shipped:
        readers = _readers(chance, 40, 0.8)
        yield Row(book["isbn"], book["title"], book["author"], int(book["year"]), _rating(chance), readers)
    isbns = _isbns(chance, {book["isbn"] for book in shipped})
    titles = Titles([book["title"] for book in shipped], max(1000, books // 4), chance)
    authors = make_authors([book["author"] for book in shipped], max(2000, books // 5), chance)
    while True:
        title, author = titles.make(), authors[zipf(chance, len(authors))]
        if chance.random() < 0.5:
            author = chance.choice(authors)
        year, readers = THIS_YEAR - int(min(120, chance.expovariate(1 / 18))), _readers(chance, 3, 0.75)
        for edition in range(min(12, int(chance.expovariate(1.6)) + 1)):
            count = readers // (edition + 1)
            yield Row(next(isbns), title, author, min(THIS_YEAR, year + 3 * edition), _rating(chance), count)


def zipf(chance: random.Random, size: int, flat: int = 30) -> int:
    """Draw a rank below `size` by the Zipf–Mandelbrot law: p ~ 1 / (rank + flat)."""
    return min(size - 1, int(flat * ((size + flat) / flat) ** chance.random()) - flat)


def _readers(chance: random.Random, least: int, tail: float) -> int:
    return min(3_000_000, int(least * chance.paretovariate(tail)))


def _rating(chance: random.Random) -> str:
    return f"{min(5.0, max(1.0, chance.gauss(3.9, 0.3))):.2f}"


class Titles:
    """Invent titles: the start of one title and the end of another that share a word, with a few words changed."""

    def __init__(self, titles: Iterable[str], coined: int, chance: random.Random) -> None:
        self._chance = chance
        self._coined = coined
        self._titles = [words for title in titles if (words := title.split()) and len(words) <= LONGEST_TITLE]
        self._known = set(map(tuple, self._titles))
        self._behind: dict[str, list[tuple[int, int]]] = {}
        for number, words in enumerate(self._titles):
            for place, word in enumerate(words, 1):
                self._behind.setdefault(word.casefold(), []).append((number, place))
        counts = Counter(word.casefold() for words in self._titles for word in words if _has_meaning(word))
        self._lexicon = [word for word, _ in counts.most_common()]
        self._shape = chance.randrange(1, 10_000)

    def make(self) -> str:
        chance = self._chance
        words = self._words()
        while tuple(words) in self._known and chance.random() < 0.9:  # many books share a title, but not most
            words = self._words()
        title = " ".join(words).rstrip(" ,:;-")
        title = title[:1].upper() + title[1:]
        kind = chance.random()
        if kind < 0.03:
            return f"{title}, vol. {chance.randrange(1, 30)}"
        if kind < 0.05:
            return f"{title} {chance.choice(('II', 'III', 'IV', 'V', '2', '3', '4'))}"
        return f"{title}: a novel" if kind < 0.08 and ":" not in title else title

    def _words(self) -> list[str]:
        words = list(self._chance.choice(self._titles))
        for _ in range(self._chance.choice((1, 1, 2))):
            cut = self._chance.randrange(len(words)) + 1
            number, place = self._chance.choice(self._behind[words[cut - 1].casefold()])
            words[cut:] = self._titles[number][place:]
        return list(map(self._changed, words[:LONGEST_TITLE]))

    def _changed(self, word: str) -> str:
        chance = self._chance
        if chance.random() > 0.35 or not _has_meaning(word):
            return word
        if chance.random() < 0.25:
            new = self._coin(zipf(chance, self._coined, flat=3000))
        else:
            new = self._lexicon[zipf(chance, len(self._lexicon))]
        return new.capitalize() if word[0].isupper() else new

    def _coin(self, number: int) -> str:
        """Return an invented word, the same for the same number: the beginning of one word and the end of another."""
        first = self._lexicon[(number * 7919 + self._shape) % len(self._lexicon)]
        second = self._lexicon[(number * 104_729 // 7 + self._shape) % len(self._lexicon)]
        return first[: 2 + number % 4] + second[-3 - number % 3 :]


def _has_meaning(word: str) -> bool:
    return len(word) > 3 and word.isalpha() and word.casefold() not in LITTLE_WORDS


def make_authors(known: Sequence[str], size: int, chance: random.Random) -> list[str]:
    """Return the known authors and new combinations of their first and last names, shuffled."""
    authors = sorted(set(known))
    names = [author.split() for author in authors if " " in author]
    first, last = Drawn(name[0] for name in names), Drawn(name[-1] for name in names)
    while len(authors) < size:
        middle = f" {chance.choice('ABCDEFGHJKLMNPRSTW')}." if chance.random() < 0.2 else ""
        surname = last.draw(chance)
        if chance.random() < 0.15:
            surname = surname[: chance.randrange(2, 5)] + last.draw(chance)[-4:].lower()
        authors.append(f"{first.draw(chance)}{middle} {surname}")
    chance.shuffle(authors)
    return authors


class Drawn:
    """Draw words with the frequency that they have in their source."""

    def __init__(self, words: Iterable[str]) -> None:
        counts = sorted(Counter(words).items())
        self._words = [word for word, _ in counts]
        self._sums = list(accumulate(count for _, count in counts))

    def draw(self, chance: random.Random) -> str:
        return self._words[bisect(self._sums, chance.randrange(self._sums[-1]))]


def _isbns(chance: random.Random, taken: set[str]) -> Iterator[str]:
    """Yield unused ISBNs without end, as ISBN-10 or ISBN-13, most of them in the English groups 0 and 1."""
    english, other = chance.randrange(200_000_000), chance.randrange(800_000_000)
    while True:
        if chance.random() < 0.6:
            english = (english + STRIDE) % 200_000_000
            nine = f"{english:09d}"
        else:
            other = (other + STRIDE) % 800_000_000
            nine = f"{other + 200_000_000:09d}"
        if chance.random() < 0.5:
            isbn = with_check_digit(nine)
        else:
            isbn = with_check_digit(("979" if chance.random() < 0.1 else "978") + nine)
        if isbn not in taken and with_check_digit(nine) not in taken:
            yield isbn


def with_check_digit(digits: str) -> str:
    """Return the ISBN whose first nine or twelve digits these are."""
    return next(digits + last for last in "0123456789X" if isbn13(digits + last))
