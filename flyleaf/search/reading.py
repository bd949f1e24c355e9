"""How a query is read: its words, how common each is, and what each may stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, text

LONGEST_QUERY = 300  # characters; what comes after is not read
MOST_WORDS = 12
ARTICLES = frozenset(
    "the a an la le les los las der die das den det ein eine el il lo gli het een un une os um uma en et as".split()
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Alternative:
    """A word of the vocabulary that a typed word may stand for. `cost`: how unlikely, in natural logarithms."""

    word: str
    cost: float
    works: int
    prefix: bool = False

    @property
    def tsquery(self) -> str:
        return f"{self.word}:*" if self.prefix else self.word


@dataclass(frozen=True)
class Term:
    """One typed word. `works`: how many works have it, at least one of its alternatives counted."""

    typed: str
    works: int
    alternatives: tuple[Alternative, ...]
    loose: bool = False  # not asked of the index: what resembles it in a work that has the other words is compared

    @property
    def tsquery(self) -> str:
        return "(" + "|".join(alternative.tsquery for alternative in self.alternatives) + ")"

    @property
    def known(self) -> bool:
        return self.works > 0


@dataclass(frozen=True)
class Reading:
    """A query as one list of terms. `label` names the stage that made it; `cost` is added to that of its words."""

    label: str
    terms: tuple[Term, ...]
    cost: float = 0.0
    least: int = 0  # how many words a work must match, where some are left out

    @property
    def key(self) -> str:
        return " ".join(term.typed for term in self.terms)

    @property
    def asked(self) -> tuple[Term, ...]:
        """The terms that a work must have."""
        return tuple(term for term in self.terms if not term.loose)

    def with_terms(self, changed: dict[int, Term], label: str) -> Reading:
        """The reading with other terms in some places."""
        terms = tuple(changed.get(place, term) for place, term in enumerate(self.terms))
        return replace(self, label=label, terms=terms)


@dataclass(frozen=True)
class Query:
    """What search_read made of the typed text: `words` are in the form of the index, `works` counts beside them."""

    key: str
    words: tuple[str, ...]
    works: tuple[int, ...]
    starting: int
    romanised: tuple[str, ...]
    all_are_popular: bool  # the catalogue is so small that no work is outside the popular ones
    reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reading", Reading("words", self._terms()))

    def _terms(self) -> tuple[Term, ...]:
        last = len(self.words) - 1
        terms = []
        for place, (word, works, roman) in enumerate(zip(self.words, self.works, self.romanised, strict=False)):
            alternatives = [Alternative(word, 0.0, works)]
            if place == last:
                alternatives.append(Alternative(word, PREFIX_COST, self.starting, prefix=True))
            if roman != word:
                alternatives.append(Alternative(roman, ROMANISED_COST, works))
            terms.append(Term(word, max(works, self.starting) if place == last else works, tuple(alternatives)))
        return tuple(terms)


PREFIX_COST = 0.0  # a last word that only begins a word of the book
ROMANISED_COST = 0.3


def clean(typed: str) -> str:
    """The text without control characters and lone surrogates, cut at LONGEST_QUERY characters."""
    return _UNPRINTABLE.sub(" ", typed[:LONGEST_QUERY]).strip()


def read_query(connection: Connection, typed: str) -> Query:
    """Normalise the text as books are, split it, and look its words up. One statement."""
    key, words, works, starting, romanised, all_are_popular = connection.execute(
        _READ, {"typed": clean(typed), "most": MOST_WORDS}
    ).one()
    return Query(key, tuple(words), tuple(works), starting, tuple(romanised), all_are_popular)


_READ = text("SELECT key, words, works, starting, romanised, all_are_popular FROM search_read(:typed, :most)")
