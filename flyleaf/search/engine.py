"""The stages in their order. Each is run only where those before it found too little."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import Connection

from flyleaf.search.candidates import (
    KEEP_COVERING,
    Candidate,
    Limits,
    Narrowing,
    find_as_typed,
    find_covering,
    find_having,
)
from flyleaf.search.gathering import FEW, KEEP, POPULAR, Search
from flyleaf.search.pieces import Piece
from flyleaf.search.reading import ELIDED, Reading
from flyleaf.search.spelling import (
    corrected_terms,
    doubtful,
    resegmented,
    without_connectives,
    without_year,
)
from flyleaf.search.surplus import core, covering, drivers, is_hinted, spans
from flyleaf.search.surplus_words import BEHIND_COST
from flyleaf.search.timing import stage

AS_TYPED = Limits(popular=POPULAR, others=KEEP, enough=60, common=2**31 - 1)
WIDE = AS_TYPED._replace(popular=600, others=600)  # because a filter will take most away
OTHERWISE = Limits(popular=60, others=80, enough=60, common=8_000)  # of a reading that is not as typed
SAYS_LITTLE = BEHIND_COST  # where the best work lacks no word that says more, no further reading is tried
PLAUSIBLE = 2.5  # where the best work lacks no word that says more, no known word is changed
NEEDLESS_COST = 2.5  # of a correction where the query as typed found something
_APOSTROPHES = re.compile("['’‘ʼ`´]")


def find(
    connection: Connection,
    typed: Sequence[Piece],
    narrowing: Narrowing | None = None,
    wide: bool = False,
    verbatim: bool = False,
    show: int = 0,
) -> Search:
    """Run the stages for a query that is no ISBN. `wide`: keep more, because a filter will take most away. `show`: load
    the books as well, where so few are found."""
    search = as_typed(connection, typed, narrowing, WIDE if wide else AS_TYPED, show, verbatim)
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
        search.prefer_typed_words()
    search.put_series_in_order()
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


@stage("as typed")
def as_typed(
    connection: Connection,
    typed: Sequence[Piece],
    narrowing: Narrowing | None = None,
    limits: Limits = AS_TYPED,
    show: int = 0,
    verbatim: bool = False,
) -> Search:
    """Stages: as typed. Titles that begin with it, its author's works, popular works with its words, then all works."""
    narrowing = narrowing or Narrowing()
    few = 0 if verbatim or any(piece.field for piece in typed) else FEW
    found = find_as_typed(connection, typed, narrowing, limits, show, few)
    search = Search(connection, found.query, narrowing, keep=limits.others, show=show)
    if not found.query.words:
        return search
    search.add_as_typed(found)
    if any("'" in piece.text or "’" in piece.text for piece in typed) and not ELIDED.isdisjoint(found.query.words):
        # A name may be printed with an apostrophe (Louis L'Amour), and is one word.
        closed = [piece._replace(text=_APOSTROPHES.sub("", piece.text)) for piece in typed]
        search.add_as_typed(find_as_typed(connection, closed, narrowing, limits))
    return search


def everywhere(
    search: Search, readings: list[Reading], narrowing: Narrowing | None = None, titles: Sequence[str] = ()
) -> int:
    """Stages: popular works with the words of other readings, then all works. How many were found.

    With them works that have one of the titles, of which the query has all words and more.
    """
    askable = [reading for reading in readings if all(term.alternatives for term in reading.asked)]
    askable = askable[: search.most_readings - search.readings]
    if not askable and not titles:
        return 0
    search.readings += len(askable)
    query = search.query
    limits = OTHERWISE._replace(enough=0) if query.all_are_popular else OTHERWISE
    titled, found, shown = find_having(
        search.connection, askable, titles, narrowing or search.narrowing, limits, query.catalogue, search.show
    )
    search.shown += shown
    search.add(covering(query.reading), titled)
    for reading, having in zip(askable, found, strict=True):
        if having.others is not None:
            fits = len(having.popular) <= limits.popular and len(having.others) < limits.others
            search.looked_everywhere &= fits and not having.cut_short
        elif len(having.popular) >= limits.popular or not query.all_are_popular or having.cut_short:
            search.looked_everywhere = False
        search.add(reading, having.all)
    return sum(len(having.all) for having in found)


@stage("without connectives")
def disconnect(search: Search) -> None:
    """Stage: without "and", "by" and their like, which readers put between a title and an author."""
    reading = without_connectives(search.query.reading)
    if reading is not None:
        everywhere(search, [reading])


@stage("year")
def date(search: Search) -> None:
    """Stage: a year that no title has is that of publication, or near it: "dune 1965"."""
    found = without_year(search.rest)
    if found is not None and search.narrowing.year_from is None and search.narrowing.year_to is None:
        search.undated, year = found
        everywhere(search, [search.undated], search.narrowing._replace(year_from=year - 1, year_to=year + 1))


@stage("words joined or split")
def resegment(search: Search) -> None:
    """Stage: two words run together, or one taken apart."""
    everywhere(search, resegmented(search.vocabulary, search.query, look_closer=search.poor))


@stage("spelling")
def correct(search: Search) -> None:
    """Stage: words that may be misspelt: the unknown ones; where that finds nothing, works that lack some of the words;
    where those lack too much, any one of the known words, or all."""
    reading = search.rest
    unknown, others = doubtful(reading)
    if search.complete:  # which may be all that was meant
        reading = reading._replace(cost=NEEDLESS_COST)
    fixed = reading.with_terms(corrected_terms(search.vocabulary, reading, unknown), "spelling")
    if unknown and everywhere(search, [fixed] if search.query.is_fielded else [fixed, *core(fixed)]):
        return
    if len(reading.terms) > 1 and not search.query.is_fielded:
        try_covering(search, fixed)
        if search.best is not None and search.best.dearest <= PLAUSIBLE:
            return
    corrected = corrected_terms(search.vocabulary, reading, others)
    found = 0
    if not unknown:
        found = everywhere(search, [reading.with_terms({at: term}, "spelling") for at, term in corrected.items()])
    if not found and len(reading.terms) > 1:
        everywhere(search, [fixed.with_terms(corrected, "spelling")])


@stage("surplus words")
def try_surplus(search: Search) -> None:
    """Stage: works whose whole title is a part of the query, and those that have all but the words that say little."""
    everywhere(search, core(search.query.reading), titles=spans(search.query))


@stage("most of the words")
def try_covering(search: Search, reading: Reading) -> None:
    """Stage: works that have the most telling of the words, where none has all."""
    reading = covering(reading)
    works: dict[int, Candidate] = {}
    for found in find_covering(search.connection, drivers(reading.terms), reading.terms):
        works |= {candidate.id: candidate for candidate in found}
        search.looked_everywhere &= len(found) < KEEP_COVERING
    search.add(reading, list(works.values()))
