"""One search under way: what was asked, and what the stages have found so far."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from flyleaf.search.candidates import AsTyped, Candidate, Narrowing
from flyleaf.search.matching import WEIGHTS, Match, TermMatcher, Weights, is_whole_title, without_article
from flyleaf.search.ranking import score
from flyleaf.search.reading import ELIDED, Query, Reading
from flyleaf.search.spelling import Vocabulary
from flyleaf.search.surplus_words import GENERIC_COST

AS_TYPED = frozenset({"words", "start"})  # stages of matches that leave nothing out and change no word
EXACT = AS_TYPED | {"connectives", "year"}  # … or only what says nothing, or a year that is right
MOST_READINGS = 6  # other readings that one search tries; each scan is bounded by the rows that it looks at
START = 50  # titles that begin with the query, as search_as_typed returns them
POPULAR = 120  # candidates of the query as typed that are taken of the popular works …
KEEP = 200  # … and of all others, where the popular ones are not enough
DOUBT = 0.4  # of what it would cost that the word is missing; with more, misspelt words are found less often
OTHER_TITLE_COST = 0.5  # a work whose own title it is comes first where they are about as likely
FEW = 8  # fewer than this: other readings are tried
IN_ORDER = 1e-6  # between the books of a series that the query names
_NUMBERED = re.compile(r"(?P<name>.+?)(?P<book> book)? (?P<number>\d{1,4})")  # of search_series_forms()


@dataclass
class Search:
    """One search under way: what was asked, and the best match of every candidate so far."""

    connection: Connection
    query: Query
    narrowing: Narrowing
    weights: Weights = WEIGHTS
    matches: dict[int, Match] = field(default_factory=dict)
    keep: int = KEEP
    readings: int = 0
    most_readings: int = MOST_READINGS
    undated: Reading | None = None  # the query without what may be a year of publication
    looked_everywhere: bool = True  # no work that has all the words can have been missed
    show: int = 0  # where a stage finds at most so many works, the books that stand for them are loaded, too …
    shown: list[str] = field(default_factory=list)  # … as JSON
    numbers: dict[int, tuple[str, int]] = field(
        default_factory=dict
    )  # authors and numbers of works in a series of the query's name
    cut_short: bool = False  # … because more works had to be looked at than one search may
    vocabulary: Vocabulary = field(init=False)
    rest: Reading = field(init=False)  # what later stages correct: the query as typed, but for a year
    names: tuple[str, ...] = field(init=False)  # the query as the name of a series, with and without an article

    def __post_init__(self) -> None:
        self.vocabulary = Vocabulary(self.connection)
        self.rest = self.query.reading
        words = list(self.query.words)
        self.names = " ".join(words), " ".join(without_article(words))

    @property
    def complete(self) -> bool:
        """Whether a work has all the words of a reading."""
        return any(
            not match.missing and (match.stage != "surplus" or match.is_exact) for match in self.matches.values()
        )

    @property
    def poor(self) -> bool:
        """Whether other readings are worth a look: nothing has all the words, or one word finds next to nothing."""
        return not self.complete or (len(self.query.words) == 1 and len(self.matches) < FEW)

    @property
    def has_whole_title(self) -> bool:
        """Whether the query is the title of a work."""
        return any(is_whole_title(match) for match in self.matches.values())

    @property
    def best(self) -> Match | None:
        return max(self.matches.values(), key=lambda match: match.score, default=None)

    def add(self, reading: Reading, candidates: list[Candidate]) -> int:
        """Score the candidates as matches of the reading; keep each one's best. How many there were."""
        matcher = TermMatcher(reading)
        for candidate in candidates:
            match = score(matcher, candidate, self.weights)
            if candidate.forms:
                for other in candidate.others:
                    number = number_in_series(other, self.names)
                    if number is not None:
                        self.numbers[candidate.id] = other.author_key, number
                    found = score(matcher, other, self.weights)
                    match = max(match, found._replace(score=found.score - OTHER_TITLE_COST), key=lambda one: one.score)
            if match.score == -math.inf or (reading.covers and not match.words):
                continue
            known = self.matches.get(candidate.id)
            if known is None or (known.stage not in EXACT and match.score > known.score):
                self.matches[candidate.id] = match
        return len(candidates)

    def add_as_typed(self, found: AsTyped) -> None:
        """Score what the first stages found, and note whether that can be all."""
        having = found.having
        self.shown += [found.shown] if found.shown else []
        if found.near:
            self.vocabulary.learn(found.query.words, json.loads(found.near))
        start = [work for work in found.start if not is_glued(work.title_key, found.query.words)]
        listed = (*start, *found.author, *having.all)
        self.add(found.query.reading, list({candidate.id: candidate for candidate in listed}.values()))
        self.cut_short |= having.cut_short
        if len(start) >= START and any(
            match.stage == "start" for work in start if (match := self.matches.get(work.id))
        ):
            self.looked_everywhere = False  # others may begin with the same letters
        if found.query.all_are_popular:
            self.looked_everywhere &= len(having.popular) <= self.keep and not having.cut_short
        else:
            self.looked_everywhere &= (
                having.others is not None
                and len(having.others) < self.keep
                and len(having.popular) < POPULAR
                and not having.cut_short
            )

    def prefer_typed_words(self) -> None:
        """Doubt a match that only has a word which resembles a typed one, if no more works have that than the typed
        one: who types "robin hood" hardly means "Robin Hook"."""
        self.vocabulary.look_up([], list({other.word for match in self.matches.values() for other in match.instead}))
        for work, match in self.matches.items():
            if not match.instead:
                continue
            doubted = [other for other in match.instead if self.vocabulary.works.get(other.word, 0) <= other.works]
            score = match.score - DOUBT * sum(other.saved for other in doubted)
            self.matches[work] = match._replace(score=score, instead=tuple(doubted))

    def put_series_in_order(self) -> None:
        """Let the books of a series whose name is the query follow the best of them by their numbers. One that several
        authors have is as many series; behind an author there may be others, such as illustrators."""
        found = sorted((own, number, work) for work, (own, number) in self.numbers.items() if work in self.matches)
        series: dict[str, list[tuple[int, int]]] = {}
        author = ""
        for own, number, work in found:
            author = author if author and f"{own} ".startswith(f"{author} ") else own
            series.setdefault(author, []).append((number, work))

        def best(books: list[tuple[int, int]]) -> float:
            return max(self.matches[work].score for _, work in books)

        score = math.inf
        for books in sorted(series.values(), key=best, reverse=True):
            score = min(score, best(books))
            for _, work in sorted(books):
                self.matches[work] = self.matches[work]._replace(score=score)
                score -= IN_ORDER

    @property
    def by_letters(self) -> bool:
        """Whether what was found has its words set apart elsewhere than the query."""
        return all(match.stage == "start" for match in self.matches.values())

    @property
    def typed_only(self) -> list[Match]:
        """The matches that are not loose, where there are any; else all."""
        ranked = self.ranked()
        return [match for match in ranked if not is_loose(match)] or ranked

    def ranked(self) -> list[Match]:
        """The matches, the best first; but those that have all words as typed before all others."""
        return sorted(self.matches.values(), key=lambda match: (is_loose(match), -match.score, match.candidate.id))


def number_in_series(form: Candidate, names: tuple[str, ...]) -> int | None:
    """Return the number of a work in the series of one of these names, if this form of it is made of that."""
    numbered = _NUMBERED.fullmatch(form.title_key) if form.title_key.startswith(names) else None
    if numbered is None or numbered["name"] not in names:
        return None
    is_form = numbered["book"] or form.main_length == len(numbered["name"])
    return int(numbered["number"]) if is_form else None


def is_loose(match: Match) -> bool:
    """Whether the work has other words than those that were typed, or lacks some: of a whole title with "a novel"
    or a year it lacks none that counts."""
    if match.stage != "surplus":
        return match.stage not in EXACT
    lacks_little = match.is_whole and match.dearest_word <= GENERIC_COST
    return not match.is_exact or (match.missing != () and not lacks_little)


def is_glued(title_key: str, typed: Sequence[str]) -> bool:
    """Whether a title begins with what was typed only because an elided word was run together with the next one: "dune"
    is no word of "D'une rive à l'autre"."""
    words = title_key.split()[:2]
    letters = "".join(typed)
    return (
        len(words) == 2
        and words[0] in ELIDED
        and words[0] != typed[0]
        and len(letters) <= len("".join(words))
        and letters != title_key.replace(" ", "")
    )
