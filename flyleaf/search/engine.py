"""The stages in their order. Each is run only where those before it found too little."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from flyleaf.search.candidates import (
    KEEP_COVERING,
    AsTyped,
    Candidate,
    Narrowing,
    find_all,
    find_as_typed,
    find_covering,
    find_popular,
    find_titles,
)
from flyleaf.search.matching import WEIGHTS, Match, TermMatcher, Weights, is_whole_title
from flyleaf.search.pieces import Piece
from flyleaf.search.ranking import score
from flyleaf.search.reading import ELIDED, Query, Reading
from flyleaf.search.spelling import (
    corrected_terms,
    doubtful,
    resegmented,
    without_connectives,
    without_year,
)
from flyleaf.search.surplus import core, covering, drivers, is_hinted, spans
from flyleaf.search.surplus_words import BEHIND_COST, GENERIC_COST

MORE_READINGS = 2  # … and so many more where all that found nothing
MOST_READINGS = 6  # other readings that one search tries; each scan is bounded by the rows that it looks at
KEEP_POPULAR = 60  # as search_popular is asked
KEEP_OTHERS = 80  # candidates of a reading that is not as typed
COMMON = 8_000  # works; words that are all commoner are looked for among the popular works only
AS_TYPED = frozenset({"words", "start"})  # stages of matches that leave nothing out and change no word
EXACT = AS_TYPED | {"connectives", "year"}  # … or only what says nothing, or a year that is right
POPULAR = 120  # candidates of the query as typed that are taken of the popular works …
KEEP = 200  # … and of all others, where the popular ones are not enough
KEEP_WIDE = 600  # … because a filter will take most away
ENOUGH = 60  # popular candidates; after so many, the others are left out
SAYS_LITTLE = BEHIND_COST  # where the best work lacks no word that says more, no further reading is tried
PLAUSIBLE = 2.5  # where the best work lacks no word that says more, no known word is changed
NEEDLESS_COST = 2.5  # of a correction where the query as typed found something
REWRITTEN_COST = 2.0  # of a correction of a known word, which so is the better answer only where much speaks for it
FEW = 8  # fewer than this: other readings are tried
_APOSTROPHES = re.compile("['’‘ʼ`´]")


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
    cut_short: bool = False  # … because more works had to be looked at than one search may
    rest: Reading = field(init=False)  # what later stages correct: the query as typed, but for a year

    def __post_init__(self) -> None:
        self.rest = self.query.reading

    @property
    def may_go_on(self) -> bool:
        """Whether another reading may be tried: the work is bounded, not the time, so that answers stay the same."""
        return self.readings < self.most_readings

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
            if match.score == -math.inf or (reading.covers and not match.words):
                continue
            known = self.matches.get(candidate.id)
            if known is None or (known.stage not in EXACT and match.score > known.score):
                self.matches[candidate.id] = match
        return len(candidates)

    def add_as_typed(self, found: AsTyped) -> None:
        """Score what the first stages found, and note whether that can be all."""
        others = found.others or []
        start = [candidate for candidate in found.start if not is_glued(candidate.title_key, found.query.words)]
        listed = (*start, *found.author, *found.popular, *others)
        self.add(found.query.reading, list({candidate.id: candidate for candidate in listed}.values()))
        self.cut_short |= found.cut_short
        if found.query.all_are_popular:
            self.looked_everywhere &= len(found.popular) <= self.keep
        else:
            self.looked_everywhere &= (
                found.others is not None
                and len(others) < self.keep
                and len(found.popular) < POPULAR
                and not found.cut_short
            )

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


def find(
    connection: Connection,
    typed: Sequence[Piece],
    narrowing: Narrowing | None = None,
    wide: bool = False,
    verbatim: bool = False,
) -> Search:
    """Run the stages for a query that is no ISBN. `wide`: keep more, because a filter will take most away."""
    search = as_typed(connection, typed, narrowing, KEEP_WIDE if wide else KEEP)
    query = search.query
    if not query.words:
        return search
    if query.is_fielded:
        if not search.matches and not verbatim:
            correct(search)
        return search
    if search.poor:
        disconnect(search)
    if not search.matches:
        date(search)
    if not verbatim:
        read_otherwise(search)
    return search


def read_otherwise(search: Search) -> None:
    """Run the stages that leave words out or change them."""
    query = search.query
    found = any(match.stage != "year" for match in search.matches.values())
    if not search.has_whole_title and (is_hinted(query) or (not found and len(query.words) > 1)):
        try_surplus(search)
        best = search.best
        if best is not None and best.is_exact and best.dearest <= SAYS_LITTLE:
            return
    if search.poor or search.by_letters:
        resegment(search)
    if search.poor:
        correct(search)
    if not search.complete and search.undated is not None:
        search.rest = search.undated  # it was no word of a title after all
        correct(search)


def as_typed(
    connection: Connection,
    typed: Sequence[Piece],
    narrowing: Narrowing | None = None,
    keep: int = KEEP,
    everything: bool = True,
) -> Search:
    """Stages: as typed. Titles that begin with it, its author's works, popular works with its words, then all works."""
    narrowing = narrowing or Narrowing()
    enough = ENOUGH if everything else 0
    found = find_as_typed(connection, typed, narrowing, POPULAR, keep, enough)
    search = Search(connection, found.query, narrowing, keep=keep)
    if not found.query.words:
        return search
    search.add_as_typed(found)
    if any("'" in piece.text or "’" in piece.text for piece in typed) and not ELIDED.isdisjoint(found.query.words):
        # A name may be printed with an apostrophe (Louis L'Amour), and is one word.
        closed = [piece._replace(text=_APOSTROPHES.sub("", piece.text)) for piece in typed]
        search.add_as_typed(find_as_typed(connection, closed, narrowing, POPULAR, keep, enough))
    return search


def everywhere(search: Search, readings: list[Reading], narrowing: Narrowing | None = None) -> int:
    """Stages: popular works with the words of other readings, then all works. How many were found."""
    narrowing = narrowing or search.narrowing
    if not search.may_go_on:
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
        if len(found) < ENOUGH and rarest < COMMON and not search.query.all_are_popular:
            others, cut_short = find_all(search.connection, reading, narrowing, KEEP_OTHERS)
            found |= {candidate.id: candidate for candidate in others}
            search.looked_everywhere &= len(others) < KEEP_OTHERS and not cut_short
        elif len(found) >= KEEP_POPULAR or not search.query.all_are_popular:
            search.looked_everywhere = False
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
    """Stage: words that may be misspelt: the unknown ones; where that finds nothing, works that lack some of the words;
    where those lack too much, any one of the known words, or all."""
    reading = search.rest
    unknown, others = doubtful(reading)
    if search.complete:  # which may be all that was meant
        reading = replace(reading, cost=NEEDLESS_COST)
    fixed = reading.with_terms(corrected_terms(search.connection, reading, unknown), "spelling")
    if unknown:
        found = everywhere(search, [fixed])
        if not search.query.is_fielded:
            found += try_core(search, fixed)
        if found:
            return
    if len(reading.terms) > 1 and not search.query.is_fielded:
        try_covering(search, fixed)
        if search.best is not None and search.best.dearest <= PLAUSIBLE:
            return
    corrected = corrected_terms(search.connection, reading, others)
    found = 0
    if not unknown:
        found = everywhere(search, [reading.with_terms({at: term}, "spelling") for at, term in corrected.items()])
    if not found and len(reading.terms) > 1:
        everywhere(search, [fixed.with_terms(corrected, "spelling")])


def try_surplus(search: Search) -> None:
    """Stage: works whose whole title is a part of the query, and those that have all but the words that say little."""
    query = search.query
    search.add(covering(query.reading), find_titles(search.connection, spans(query)))
    try_core(search, query.reading)


def try_core(search: Search, reading: Reading) -> int:
    """Stage: works that have all but the words that say little. How many were found."""
    rest = core(reading)
    return everywhere(search, [rest]) if rest is not None and all(term.works for term in rest.asked) else 0


def try_covering(search: Search, reading: Reading) -> None:
    """Stage: works that have the most telling of the words, where none has all."""
    reading = covering(reading)
    works: dict[int, Candidate] = {}
    for driver in drivers(reading.terms):
        found = find_covering(search.connection, driver, reading.terms)
        works |= {candidate.id: candidate for candidate in found}
        search.looked_everywhere &= len(found) < KEEP_COVERING
    search.add(reading, list(works.values()))
