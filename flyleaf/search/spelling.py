"""Other readings of a query whose words, as typed, find too little: misspelt, run together, taken apart, cut out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from rapidfuzz.distance import OSA
from sqlalchemy import Connection, column, text

from flyleaf.search.candidates import SPELLINGS
from flyleaf.search.reading import ELIDED, Alternative, Query, Reading, Term

EDIT_COST = 3.0  # one wrong letter in a word: about one word in twenty
PLURAL_COST = 1.0  # one s more or less at its end
FIRST_LETTER_COST = 1.5  # few get the first letter wrong
SPLIT_COST = 2.0
REWRITTEN_COST = 2.0  # of a correction of a known word, which so is the better answer only where much speaks for it …
KNOWN_COST = 0.5  # … and for each e-fold of works that have the word as typed, which so is less likely a misspelling
INSIDE_COST = 3.0  # a part of a word of four letters; less for longer parts, which are in few words by chance
MOST_ALTERNATIVES = 20
MOST_CORRECTED = 4  # words of a query for which the vocabulary is searched: the longest ones
MOST_JOINED = 2  # pairs of neighbours tried as one word: the longest
MOST_KNOWN = 3  # … of those, words that other books do have
# Typed between a title and an author, or between two names.
CONNECTIVES = frozenset({"and", "by", "und", "von", "et", "par", "y", "por", "e"})
SHORTEST = 3
_YEAR = re.compile("1[4-9][0-9][0-9]|20[0-9][0-9]")
LONG = 5  # letters, of a word that has an s more or less
TWO_SLIPS = 7  # letters; in a shorter word two edits make another word more often than they mend one

_LOOK_UP = (
    text("""
    SELECT typed, is_part, word, works
      FROM search_look_up(:misspelt, :parts, :words, :keep)""")
    .columns(*map(column, "typed is_part word works".split()))
    .execution_options(prepared=True)
)


def inside_cost(part: str, word: str) -> float:
    """How unlikely it is that a reader typed the middle of this word."""
    return max(0.5, INSIDE_COST - 0.5 * (len(part) - 4)) + math.log(len(word) / len(part))


def _most_edits(typed: str, spelling: str) -> int:
    """How many edits may be a slip: two in a long word whose first letter is right, else one. Of three letters one may
    be lacking, or two swapped; where one differs, it is another word."""
    if len(typed) == SHORTEST and len(spelling) <= SHORTEST and sorted(typed) != sorted(spelling):
        return 0
    return 2 if len(typed) >= TWO_SLIPS and typed[0] == spelling[0] else 1


class Vocabulary:
    """What the vocabulary says of the words of one search. It is asked once for each of them, in few statements."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.works: dict[str, int] = {}  # that have the word, where any has
        self.spellings: dict[str, list[Alternative]] = {}

    def look_up(self, terms: Sequence[Term], words: Sequence[str] = ()) -> None:
        """Learn how many works have each of the words; and for each of the terms those words that are within two edits
        (one, under seven letters) or, where it is unknown, have it inside: the likelier first."""
        new = [term for term in terms if term.typed not in self.spellings]
        if not new and not words:
            return
        misspelt = list(dict.fromkeys(term.typed for term in new))
        asked = {
            "misspelt": misspelt,
            "parts": list({term.typed: 0 for term in new if not term.known}),
            "words": list(words),
            "keep": SPELLINGS,
        }
        self.learn(misspelt, self.connection.execute(_LOOK_UP, asked))

    def learn(self, words: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Take in what search_look_up() returned for some words that may be misspelt."""
        found: dict[str, list[Alternative]] = {word: [] for word in words}
        for typed, is_part, spelling, works in rows:
            if typed is None:
                self.works[spelling] = works
            elif is_part:
                found[typed].append(Alternative(spelling, inside_cost(typed, spelling), works))
            elif (distance := OSA.distance(typed, spelling)) <= _most_edits(typed, spelling):
                cost = EDIT_COST * distance + FIRST_LETTER_COST * (spelling[0] != typed[0])
                is_plural = len(typed) >= LONG and (typed + "s" == spelling or typed == spelling + "s")
                found[typed].append(Alternative(spelling, PLURAL_COST if is_plural else cost, works))
        for word, near in found.items():
            near.sort(key=lambda a: (a.cost - 0.7 * math.log(a.works), a.word))
            self.spellings[word] = near[:MOST_ALTERNATIVES]


def corrected_terms(vocabulary: Vocabulary, reading: Reading, places: list[int]) -> dict[int, Term]:
    """By place: the terms with what they may be a misspelling of, themselves included where they are words."""
    terms = [reading.terms[place] for place in places]
    vocabulary.look_up(terms)
    typed = {term.typed for term in reading.terms}  # who types two words means two
    corrected = {}
    for place, term in zip(places, terms, strict=True):
        own_cost = REWRITTEN_COST + KNOWN_COST * math.log1p(term.works) if term.known else 0.0
        own = tuple(alternative for alternative in term.alternatives if alternative.works)
        names = typed.union(alternative.word for alternative in own if not alternative.prefix)
        near = sorted(vocabulary.spellings[term.typed], key=lambda a: -a.cost)
        best = {a.word: a for a in near if a.word not in names}
        best = {word: a._replace(cost=a.cost + own_cost) for word, a in best.items()}
        alternatives = (*own, *best.values())
        corrected[place] = term._replace(works=sum(a.works for a in alternatives), alternatives=alternatives)
    return corrected


def doubtful(reading: Reading) -> tuple[list[int], list[int]]:
    """Places of the words worth looking up, the longest first: those that no book has, and the others."""
    places = [
        place
        for place, term in enumerate(reading.terms)
        if len(term.typed) >= SHORTEST and not term.typed.isdigit() and not term.required
    ]
    places.sort(key=lambda place: -len(reading.terms[place].typed))
    unknown = [place for place in places if not reading.terms[place].known][:MOST_CORRECTED]
    known_ones = [place for place in places if reading.terms[place].known]
    return unknown, known_ones[: min(MOST_KNOWN, MOST_CORRECTED - len(unknown))]


def without_connectives(reading: Reading) -> Reading | None:
    """The other words alone: "garcía & márquez", "emma by jane austen". None where there is nothing to leave out."""
    terms = tuple(term for term in reading.terms if term.typed not in CONNECTIVES)
    return Reading("connectives", terms) if 0 < len(terms) < len(reading.terms) else None


def without_year(reading: Reading) -> tuple[Reading, int] | None:
    """The other words and the year, where one of several words looks like one: "dune 1965"."""
    years = [place for place, term in enumerate(reading.terms) if _YEAR.fullmatch(term.typed)]
    if not years or len(reading.terms) < 2:
        return None
    terms = tuple(term for place, term in enumerate(reading.terms) if place != years[-1])
    return Reading("year", terms), int(reading.terms[years[-1]].typed)


def resegmented(vocabulary: Vocabulary, query: Query, look_closer: bool) -> list[Reading]:
    """Readings with two neighbours joined, or one unknown word split into two known ones. `look_closer`: look the
    unknown words up as well, for the next stage."""
    words = query.words
    joined = [a + b for a, b in pairwise(words)]
    unknown = [place for place, works in enumerate(query.works) if not works and len(words[place]) >= 4][:3]
    halves = {
        place: [(words[place][:cut], words[place][cut:]) for cut in range(1, len(words[place]))] for place in unknown
    }
    asked = joined + [half for pairs in halves.values() for pair in pairs for half in pair]
    if not asked:
        return []
    terms = query.reading.terms
    vocabulary.look_up([terms[place] for place in doubtful(query.reading)[0]] if look_closer else [], asked)
    counts = vocabulary.works
    readings = []
    together = sorted(
        (place for place, word in enumerate(joined) if word in counts), key=lambda place: -len(joined[place])
    )
    for place in together[:MOST_JOINED]:
        word = joined[place]
        terms = (*query.reading.terms[:place], exact_term(word, counts[word]), *query.reading.terms[place + 2 :])
        readings.append(Reading("joined", terms, SPLIT_COST))
    for place, pairs in halves.items():
        good = [
            (min(counts[a], counts[b]), a, b)
            for a, b in pairs
            if a in counts and b in counts and (len(a) > 1 or a in ELIDED or a in "ai")
        ]
        for _, a, b in sorted(good, reverse=True)[:2]:
            terms = (
                *query.reading.terms[:place],
                exact_term(a, counts[a]),
                exact_term(b, counts[b]),
                *query.reading.terms[place + 1 :],
            )
            readings.append(Reading("split", terms, SPLIT_COST))
    return readings


def exact_term(word: str, works: int) -> Term:
    return Term(word, works, (Alternative(word, 0.0, works),))
