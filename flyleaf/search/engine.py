"""The stages in their order. Each is run only where those before it found too little."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from flyleaf.search.candidates import Candidate, Narrowing, find_all, find_first, find_popular
from flyleaf.search.ranking import WEIGHTS, Match, TermMatcher, Weights, score
from flyleaf.search.reading import Query, Reading, read_query
from flyleaf.search.spelling import (
    corrected_terms,
    doubtful,
    partial,
    relaxed,
    resegmented,
    without_connectives,
    without_year,
)

MORE_READINGS = 2  # … and so many more where all that found nothing
MOST_READINGS = 6  # other readings that one search tries; each scan is bounded by the rows that it looks at
LATEST = 0.100  # seconds: on an overloaded machine no further reading is tried after this
KEEP_OTHERS = 80  # candidates of a reading that is not as typed
COMMON = 8_000  # works; words that are all commoner are looked for among the popular works only
AS_TYPED = frozenset({"words", "start"})  # stages of matches that leave nothing out and change no word
ENOUGH = 60  # popular candidates; after so many, the others are left out
NEEDLESS_COST = 2.5  # of a correction where the query as typed found something
FEW = 8  # fewer than this: other readings are tried


@dataclass
class Search:
    """One search under way: what was asked, and the best match of every candidate so far."""

    connection: Connection
    query: Query
    narrowing: Narrowing
    weights: Weights = WEIGHTS
    matches: dict[int, Match] = field(default_factory=dict)
    keep: int = 200
    started: float = field(default_factory=time.monotonic)
    readings: int = 0
    most_readings: int = MOST_READINGS
    fixed: Reading = field(init=False)  # the same with what its unknown words may be
    undated: Reading | None = None  # the query without what may be a year of publication
    rest: Reading = field(init=False)  # what later stages correct: the query as typed, but for a year

    def __post_init__(self) -> None:
        self.rest = self.fixed = self.query.reading

    @property
    def in_time(self) -> bool:
        return self.readings < self.most_readings and time.monotonic() - self.started < LATEST

    @property
    def poor(self) -> bool:
        """Whether other readings are worth a look: nothing has all the words, or one word finds next to nothing."""
        return not self.matches or (len(self.query.words) == 1 and len(self.matches) < FEW)

    def add(self, reading: Reading, candidates: list[Candidate]) -> int:
        """Score the candidates as matches of the reading; keep each one's best. How many there were."""
        matcher, least = TermMatcher(reading), reading.least
        for candidate in candidates:
            match = score(matcher, candidate, self.weights)
            if len(match.words) < least:
                continue
            known = self.matches.get(candidate.id)
            if known is None or match.score > known.score:
                self.matches[candidate.id] = match
        return len(candidates)

    @property
    def by_letters(self) -> bool:
        """Whether what was found has its words set apart elsewhere than the query."""
        return all(match.stage == "start" for match in self.matches.values())

    @property
    def typed_only(self) -> list[Match]:
        """The matches of the query as typed, where there are any; else all."""
        ranked = self.ranked()
        return [match for match in ranked if match.stage in AS_TYPED] or ranked

    def ranked(self) -> list[Match]:
        return sorted(self.matches.values(), key=lambda match: (-match.score, match.candidate.id))


def find(
    connection: Connection, typed: str, narrowing: Narrowing | None = None, wide: bool = False, verbatim: bool = False
) -> Search:
    """Run the stages for a query that is no ISBN. `wide`: keep more, because a filter will take most away."""
    query = read_query(connection, typed)
    search = Search(connection, query, narrowing or Narrowing(), keep=600 if wide else 200)
    if not query.words:
        return search
    as_typed(search)
    if search.poor:
        disconnect(search)
    if not search.matches:
        date(search)
    if verbatim:
        return search
    if search.poor or search.by_letters:
        resegment(search)
    if search.poor:
        correct(search)
    if not search.matches and search.undated is not None:
        search.rest = search.undated  # it was no word of a title after all
        correct(search)
    if not search.matches:
        relax(search)
    if not search.matches:
        leave_out(search)
    return search


def as_typed(search: Search, everything: bool = True) -> None:
    """Stages: as typed. Titles that begin with it, its author's works, popular works with its words, then all works."""
    query = search.query
    stages = find_first(search.connection, query.key, query.reading, search.narrowing)
    found = {candidate.id: candidate for candidates in stages.values() for candidate in candidates}
    search.add(query.reading, list(found.values()))
    if everything and len(stages["popular"]) < ENOUGH and not query.all_are_popular:
        others = find_all(search.connection, query.reading, search.narrowing, search.keep)
        search.add(query.reading, [candidate for candidate in others if candidate.id not in found])


def everywhere(search: Search, readings: list[Reading], narrowing: Narrowing | None = None) -> int:
    """Stages: popular works with the words of other readings, then all works. How many were found."""
    narrowing = narrowing or search.narrowing
    if not search.in_time:
        return 0
    askable = [reading for reading in readings if all(term.alternatives for term in reading.asked)]
    askable = askable[: search.most_readings - search.readings]
    if not askable:
        return 0
    search.readings += len(askable)
    count = 0
    for reading, popular in zip(askable, find_popular(search.connection, askable, narrowing), strict=True):
        found = {candidate.id: candidate for candidate in popular}
        rarest = min((term.works for term in reading.asked), default=0)
        if len(found) < ENOUGH and rarest < COMMON and not search.query.all_are_popular and search.in_time:
            others = find_all(search.connection, reading, narrowing, KEEP_OTHERS)
            found |= {candidate.id: candidate for candidate in others}
        count += search.add(reading, list(found.values()))
    return count


def disconnect(search: Search) -> None:
    """Stage: without "and", "by" and their like, which readers put between a title and an author."""
    reading = without_connectives(search.query.reading)
    if reading is not None:
        everywhere(search, [reading])


def date(search: Search) -> None:
    """Stage: a year that no title has is that of publication, or near it: "dune 1965"."""
    found = without_year(search.rest)
    if found is not None and search.narrowing.year_from is None and search.narrowing.year_to is None:
        search.undated, year = found
        everywhere(search, [search.undated], replace(search.narrowing, year_from=year - 1, year_to=year + 1))


def resegment(search: Search) -> None:
    """Stage: two words run together, or one taken apart."""
    everywhere(search, resegmented(search.connection, search.query))


def correct(search: Search) -> None:
    """Stage: words that may be misspelt: all unknown ones, or any one of the known; where that finds nothing, all."""
    reading = search.rest
    unknown, others = doubtful(reading)
    if search.matches:  # which may be all that was meant
        reading = replace(reading, cost=NEEDLESS_COST)
    fixed = reading.with_terms(corrected_terms(search.connection, reading, unknown), "spelling")
    search.fixed = fixed
    if unknown and everywhere(search, [fixed]):
        return
    corrected = corrected_terms(search.connection, reading, others)
    found = 0
    if not unknown:
        found = everywhere(search, [reading.with_terms({at: term}, "spelling") for at, term in corrected.items()])
    if not found and len(reading.terms) > 1:
        everywhere(search, [fixed.with_terms(corrected, "spelling")])


def relax(search: Search) -> None:
    """Stage: all words but one, which is compared with what these works have instead."""
    everywhere(search, relaxed(search.rest))


def leave_out(search: Search) -> None:
    """Stage: some of the words, where no book has nearly all: "percy jackson lightning thief"."""
    for together, reading in ((2, search.fixed), (1, search.rest)):  # a word alone is not corrected: it may be anything
        search.most_readings = search.readings + MORE_READINGS
        if len(reading.terms) > together and everywhere(search, partial(reading, together)):
            return
