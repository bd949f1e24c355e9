"""How a query is read: its words, how common each is, and what each may stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flyleaf.search.pieces import Piece, Where
from flyleaf.search.surplus_words import missing_cost

LONGEST_QUERY = 300  # characters; what comes after is not read
MOST_WORDS = 16
ARTICLES = frozenset(
    "the a an la le les los las der die das den det ein eine el il lo gli het een un une os um uma en et as l".split()
)
# What search_title_key() sets apart from the word behind the apostrophe.
ELIDED = frozenset("c d j l m n s qu jusqu lorsqu puisqu quoiqu un quest quell sant all dall dell nell sull".split())
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class Alternative(NamedTuple):
    """A word of the vocabulary that a typed word may stand for. `cost`: how unlikely, in natural logarithms."""

    word: str
    cost: float
    works: int
    prefix: bool = False

    @property
    def tsquery(self) -> str:
        return f"{self.word}:*" if self.prefix else self.word


class Term(NamedTuple):
    """One typed word. `works`: how many works have it, at least one of its alternatives counted."""

    typed: str
    works: int
    alternatives: tuple[Alternative, ...]
    loose: bool = False  # not asked of the index: what resembles it in a work that has the other words is compared
    missing: float = 0.0  # how unlikely it is that somebody types it who means a work without it
    field: str | None = None  # title or author, where it may not be in the other one
    required: bool = False  # a work without it is not meant, and no other word is: the signs of "c++"
    piece: int = 0  # which piece of the typed text it is of

    @property
    def tsquery(self) -> str:
        return "(" + "|".join(alternative.tsquery for alternative in self.alternatives) + ")"

    @property
    def known(self) -> bool:
        return self.works > 0

    @property
    def own_works(self) -> int:
        """How many works have the word itself, whatever else it may stand for."""
        own = self.alternatives[0] if self.alternatives else None
        return own.works if own is not None and own.word == self.typed and not own.prefix else 0


class Reading(NamedTuple):
    """A query as one list of terms. `label` names the stage that made it; `cost` is added to that of its words."""

    label: str
    terms: tuple[Term, ...]
    cost: float = 0.0
    covers: bool = False  # a work may lack any of the words

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
        return self._replace(label=label, terms=terms)


@dataclass(frozen=True)
class Query:
    """What search_read made of the typed text: `words` are in the form of the index, `works` counts beside them."""

    words: tuple[str, ...]
    works: tuple[int, ...]
    starting: int
    romanised: tuple[str, ...]
    all_are_popular: bool  # the catalogue is so small that no work is outside the popular ones
    catalogue: int  # works in it, when it was last built anew
    places: tuple[int, ...]  # for each word, which piece it is of
    wheres: tuple[Where, ...]  # … and where that stands
    fields: tuple[str | None, ...]
    reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reading", Reading("words", self._terms()))

    @classmethod
    def of(
        cls,
        typed: Sequence[Piece],
        words: list[str],
        places: list[int],
        works: list[int],
        starting: int,
        romanised: list[str],
        all_are_popular: bool,
        catalogue: int,
    ) -> Query:
        """Make the query of what search_read returned; `places` says for each word of which piece it is, from 1."""
        pieces = [typed[place - 1] for place in places]
        return cls(
            tuple(words),
            tuple(works),
            starting,
            tuple(romanised),
            all_are_popular,
            catalogue,
            tuple(places),
            tuple(piece.where for piece in pieces),
            tuple(piece.field for piece in pieces),
        )

    @property
    def key(self) -> str:
        return " ".join(self.words)

    @property
    def is_fielded(self) -> bool:
        return any(self.fields)

    def _terms(self) -> tuple[Term, ...]:
        last = len(self.words) - 1
        catalogue = max(LEAST_CATALOGUE, self.catalogue, *self.works, 0)
        signs = _signs(self.words)
        terms = []
        for place, (word, works, roman) in enumerate(zip(self.words, self.works, self.romanised, strict=False)):
            alternatives = [Alternative(word, 0.0, works)]
            if place == last:
                alternatives.append(Alternative(word, PREFIX_COST, self.starting, prefix=True))
            if roman != word:
                alternatives.append(Alternative(roman, ROMANISED_COST, works))
            missing = missing_cost(word, self.wheres[place], works, catalogue)
            known = max(works, self.starting) if place == last else works
            terms.append(
                Term(
                    word,
                    known,
                    tuple(alternatives),
                    missing=missing,
                    field=self.fields[place],
                    required=place in signs,
                    piece=self.places[place],
                )
            )
        return tuple(terms)


LEAST_CATALOGUE = 1_000  # works; in a smaller one, too, a word of a single work says something
PREFIX_COST = 0.0  # a last word that only begins a word of the book
ROMANISED_COST = 0.3


def _signs(words: Sequence[str]) -> set[int]:
    """Return the places of "c plus plus" and "c sharp": one name, however it is typed."""
    found: set[int] = set()
    for at, word in enumerate(words):
        if len(word) == 1 and not word.isdigit():
            size = 2 if words[at + 1 : at + 2] == ("sharp",) else 3 if words[at + 1 : at + 3] == ("plus", "plus") else 0
            found.update(range(at, at + size))
    return found


def clean(typed: str) -> str:
    """The text without control characters and lone surrogates, cut at LONGEST_QUERY characters."""
    return _UNPRINTABLE.sub(" ", typed[:LONGEST_QUERY]).strip()
