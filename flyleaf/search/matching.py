"""A reading compared with a work, word by word: what scores are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from flyleaf.search.candidates import Candidate
from flyleaf.search.reading import ARTICLES, Reading
from flyleaf.search.surplus_words import GENERIC, LITTLE, OFTEN_GENERIC, OFTEN_GENERIC_COST


@dataclass(frozen=True)
class Weights:
    """What was tuned, on other seeds than those of the published figures."""

    title_whole: float = 4.5  # the query is the title
    title_main: float = 4.0  # … the title before its subtitle or bracket
    title_start: float = 2.8  # the title begins with it
    title_words: float = 1.0  # its words are in the title
    title_length: float = 1.6  # less for each e-fold that the title is longer than the query
    article: float = 0.3  # the leading article is the same, too
    author_whole: float = 4.0
    author_surname: float = 3.0
    author_words: float = 1.5
    author_length: float = 0.5
    both: float = 2.1  # words of the title and of the author
    both_surname: float = 0.7  # … and the surname is among them
    unfinished: float = 1.3  # less where the last word only begins a word
    elsewhere: float = 3.3  # less for a word that is neither in title nor author as typed: a numeral, initials
    missing: float = 6.0  # less for a word that nothing in the work resembles
    prior: float = 0.8
    prior_scale: float = 5.0


WEIGHTS = Weights()
LOOSE_COST = 3.0  # an edit of the word that was left out

KNOWN_COST = 1.0  # more, where the typed word is one of the catalogue's
LEAST_LETTERS = 4  # of a typed word that others may resemble, in a work that lacks some of the words


class Instead(NamedTuple):
    """A word that only resembles a typed one, which so many works have. `saved`: what lacking it costs more."""

    word: str
    works: int
    saved: float


class Match(NamedTuple):
    """A candidate with its score, and why: the words of the work that matched, and the fields that they are in."""

    score: float
    candidate: Candidate
    stage: str
    words: tuple[str, ...]
    fields: tuple[str, ...]
    typed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # of those that were typed
    dearest: float = 0.0  # the cost of that of these which says most
    dearest_word: float = 0.0  # … which is no number
    is_exact: bool = True  # no other word stands for a typed one
    is_whole: bool = True  # the query has the whole title, or all of it before a subtitle or bracket
    instead: tuple[Instead, ...] = ()


def prior(popularity: int, weights: Weights = WEIGHTS) -> float:
    """Half of all readers look for any book, half for popular ones, which counts with the root of the popularity."""
    return weights.prior * math.log1p(math.sqrt(popularity) / weights.prior_scale)


def is_whole_title(match: Match) -> bool:
    """Whether the words that were typed are those of the title, or of all of it before a subtitle or bracket."""
    key = match.candidate.title_key
    typed = without_article(list(match.typed))
    return typed in (without_article(key.split()), without_article(key[: match.candidate.main_length].split()))


def stands_out(match: Match) -> bool:
    """Whether the first word that matched begins the title, or is the author's surname."""
    title, author = without_article(match.candidate.title_key.split()), match.candidate.author_key.split()
    return match.words[0] in (*title[:1], *author[-1:])


def without_article(words: list[str]) -> list[str]:
    return words[1:] if len(words) > 1 and words[0] in ARTICLES else words


Placed = tuple[str, float] | None  # a word of the work, and what it costs that the reader typed another


class TermMatcher:
    """A reading made ready to be compared with many candidates."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.exact: list[dict[str, float]] = []
        self.prefixes: list[str | None] = []
        # Most terms stand for themselves, and most often the word is there: the short way.
        self.exactly: list[Placed] = []
        for term in reading.terms:
            exact, prefix = {}, None
            for alternative in reversed(term.alternatives):
                if alternative.prefix:
                    prefix = alternative.word
                else:
                    exact[alternative.word] = alternative.cost
            self.exact.append(exact)
            self.prefixes.append(prefix)
            self.exactly.append((term.typed, 0.0) if len(exact) == 1 and term.typed in exact else None)
        self.typed = tuple([term.typed for term in reading.terms])
        self.loose = [term.loose for term in reading.terms]
        self.fields = [term.field for term in reading.terms]
        self.covers = reading.covers
        self.size = len(self.typed)
        self.repeats = len(set(self.typed)) < self.size
        self.is_fielded = any(self.fields)
        self.has_article = self.typed[0] in ARTICLES and self.size > 1

    # What only a reading needs of which a work may lack some words:

    @cached_property
    def missing(self) -> tuple[float, ...]:
        return tuple(term.missing for term in self.reading.terms)

    @cached_property
    def known(self) -> tuple[bool, ...]:
        return tuple(term.known for term in self.reading.terms)

    @cached_property
    def pieces(self) -> tuple[int, ...]:
        return tuple(term.piece for term in self.reading.terms)

    @cached_property
    def required(self) -> tuple[int, ...]:
        return tuple(at for at, term in enumerate(self.reading.terms) if term.required)

    @cached_property
    def as_typed(self) -> list[float]:
        """What it costs to lack each of the words that books have as they were typed; the others may be misspelt."""
        terms = self.reading.terms
        return [term.missing for term in terms if term.works and term.alternatives[0].word == term.typed]

    @cached_property
    def rarest(self) -> float:
        """What the most telling word says: a work that lacks it is not what was meant because of its title."""
        return max(self.as_typed, default=0.0)

    @cached_property
    def told(self) -> float:
        return sum(self.as_typed)

    @cached_property
    def telling(self) -> frozenset[str]:
        """The words that books have as they were typed, without those that say little wherever they stand."""
        little = LITTLE | GENERIC | OFTEN_GENERIC
        return frozenset(term.typed for term in self.reading.terms if term.own_works and term.typed not in little)

    @cached_property
    def edges(self) -> tuple[list[bool], list[bool]]:
        """For each word whether it begins, and whether it ends, its piece; words that say little count as edges."""
        says_little = [missing <= OFTEN_GENERIC_COST for missing in self.missing]
        last = self.size - 1
        begins = [at == 0 or self.pieces[at - 1] != self.pieces[at] or says_little[at - 1] for at in range(self.size)]
        ends = [at == last or self.pieces[at + 1] != self.pieces[at] or says_little[at + 1] for at in range(self.size)]
        return begins, ends

    def place(self, words: list[str], unfinished: float) -> list[Placed]:
        """For each term the best of the words that it can stand for, and its cost."""
        return [
            exactly if exactly is not None and exactly[0] in words else self._best(term, words, unfinished)
            for term, exactly in enumerate(self.exactly)
        ]

    def _best(self, term: int, words: list[str], unfinished: float) -> Placed:
        best: Placed = None
        exact = self.exact[term]
        if self.exactly[term] is None:
            for word in words:
                cost = exact.get(word)
                if cost is not None and (best is None or cost < best[1]):
                    best = (word, cost)
        prefix = self.prefixes[term]
        if prefix is not None and (best is None or best[1] > unfinished):
            for word in words:
                if word.startswith(prefix):
                    return word, unfinished
        may_resemble = not self.covers or (self.missing[term] > LOOSE_COST and len(self.typed[term]) >= LEAST_LETTERS)
        if best is None and self.loose[term] and may_resemble:
            return self._loosely(self.typed[term], words, KNOWN_COST if self.covers and self.known[term] else 0.0)
        return best

    def _loosely(self, typed: str, words: list[str], extra: float) -> Placed:
        near = [(distance, word) for word in words if (distance := resembles(typed, word)) is not None]
        return (min(near)[1], LOOSE_COST * min(near)[0] + extra) if near else None


@lru_cache(20_000)  # works that are compared with one query share most of their words
def resembles(typed: str, word: str) -> int | None:
    """Edits between a typed word and a word of a book or its beginning: letters wrong, missing, too many, or swapped
    with a neighbour. None where it is too far to be meant.

    Looser than the vocabulary's two edits: it is asked only of books that have all other words of the query.
    """
    most = max(1, min(3, len(typed) // 2))
    if len(word) < len(typed) - most:
        return None
    whole = OSA.distance(typed, word, score_cutoff=most)
    beginning = OSA.distance(typed, word[: len(typed)], score_cutoff=most) + (len(word) > len(typed) + 2)
    found = min(whole, beginning)
    letters = set(typed)
    return found if found <= most and len(letters & set(word)) * 5 >= len(letters) * 3 else None
