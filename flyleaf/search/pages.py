"""A search from its query to its page of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from flyleaf.identifiers import isbn_in
from flyleaf.limits import PAGE_SIZE
from flyleaf.search import identifier_stage, isbn_stage
from flyleaf.search.candidates import Narrowing
from flyleaf.search.engine import find
from flyleaf.search.facets import COUNTED, SAMPLED, Facets, count_facets, load_facts, newest_year, passes
from flyleaf.search.gathering import EXACT, Search, is_loose
from flyleaf.search.marking import IDEOGRAPH, left_out
from flyleaf.search.matching import Match, stands_out
from flyleaf.search.pieces import Piece, asked_isbn, fielded, pieces
from flyleaf.search.reading import clean
from flyleaf.search.results import (
    Edition,
    Filters,
    Preference,
    Shown,
    bayesian_average,
    is_lead,
    load_works,
)
from flyleaf.search.schema import require
from flyleaf.search.spelling import SHORTEST, TWO_SLIPS
from flyleaf.search.surplus_words import LITTLE
from flyleaf.search.timing import stage
from flyleaf.subjects import subject_id, subject_key

DEEPEST = 200  # results; a search looks no further, and says has_next only as far as it has looked


class Order(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    BEST_RATED = "best_rated"


@dataclass(frozen=True)
class SearchQuery:
    """What a reader asks. `verbatim`: no other spelling is tried. Pages count from 1."""

    text: str
    page: int = 1
    page_size: int = PAGE_SIZE
    year_from: int | None = None
    year_to: int | None = None
    language: str | None = None
    has_reviews: bool = False
    order: Order = Order.RELEVANCE
    verbatim: bool = False
    subject: str | None = None  # in any spelling
    with_facets: bool = False

    @property
    def skipped(self) -> int:
        """How many results the pages before have."""
        return (max(self.page, 1) - 1) * self.page_size

    @property
    def filters(self) -> Filters:
        subject = subject_id(subject_key(self.subject)) if self.subject else None
        return Filters(self.year_from, self.year_to, self.language or None, self.has_reviews, subject)


class MatchReason(NamedTuple):
    """Why a result is there: the stage that found it, and the fields and the words of the book that matched. `loose`:
    it is close, but has not all the words as they were typed."""

    stage: str
    fields: tuple[str, ...]
    words: tuple[str, ...]
    loose: bool = False


class SearchResult(NamedTuple):
    """One work, shown as one of its editions, with the reviews of all. `editions` counts them, `other_editions` are the
    newest of them, where there are more than one."""

    address: str
    title: str
    author: str
    year: int | None
    language: str | None
    review_count: int
    average_score: float | None
    match: MatchReason
    editions: int
    other_editions: tuple[Edition, ...] = ()
    series: str | None = None  # with the number of the work in it: "Discworld #34"
    work_id: int = 0

    @property
    def isbn(self) -> str | None:
        return isbn_in(self.address)


class SearchPage(NamedTuple):
    """A page of results. `corrected_query`: what was searched instead; `invalid_isbn`: the text is an ISBN with a slip
    in it, and `did_you_mean` are the books one slip away. `left_out`: words as they were typed that the results lack,
    where no book has all. `total`: how many books were found; where it is not exact, there are more. `cut_short`: more
    works had to be looked at than one search may, so that some that match can be missing. `digits_needed`: the text is
    a piece of an ISBN that is too short, and so many digits are the least."""

    query: str
    corrected_query: str | None
    results: tuple[SearchResult, ...]
    page: int
    has_next: bool
    invalid_isbn: bool = False
    did_you_mean: tuple[SearchResult, ...] = ()
    left_out: tuple[str, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    cut_short: bool = False
    digits_needed: int | None = None
    facets: Facets | None = None


@stage("all")
def search_books(connection: Connection, query: SearchQuery) -> SearchPage:
    """Find the books that are meant, the likeliest first. Raises SearchNotReadyError."""
    require(connection)
    typed = clean(query.text)
    if page := _search_identifier(connection, query, typed):
        return page
    asked = asked_isbn(typed)
    number = isbn_stage.compact(asked or typed)
    if number is not None and (page := _search_isbn(connection, query, number)):
        return page
    if number is None and (numbers := isbn_stage.inside(typed)):
        found = isbn_stage.find(connection, numbers, query.page_size, query.skipped)
        if found.books:
            return _number_page(query, found, "isbn", tuple(numbers))
    if isbn_stage.is_too_short(asked or ""):
        return _too_short(query)
    of_fields = fielded(typed)
    page = _search_words(connection, query, pieces(typed) if of_fields is None else of_fields)
    if not page.results and of_fields is not None:  # it may be no field after all, but the beginning of a title
        plain = _search_words(connection, query, pieces(typed))
        page = plain if plain.results and not plain.results[0].match.loose and not plain.left_out else page
    if not page.results and page.page == 1 and isbn_stage.is_too_short(typed):
        return _too_short(query)
    return page


def _search_words(connection: Connection, query: SearchQuery, typed: Sequence[Piece]) -> SearchPage:
    filters, preference = query.filters, _preference(query)
    show = query.page_size if is_lead(filters, preference) else 0
    search = find(connection, typed, verbatim=query.verbatim, show=show)
    are_all = search.looked_everywhere
    if filters.active and not are_all:  # they would take most of what was looked at away
        narrowing = Narrowing(query.year_from, query.year_to, query.has_reviews, filters.subject_id)
        is_wide = filters.language is not None or filters.subject_id is not None
        search = find(connection, typed, narrowing, is_wide, query.verbatim)
    matches = search.ranked() if query.order is Order.RELEVANCE else search.typed_only
    are_counted = are_all and len(matches) <= COUNTED
    facets = None
    years: dict[int, int | None] = {}
    if filters.active or query.with_facets:
        facts = load_facts(connection, matches if filters.active or are_counted else matches[:SAMPLED])
        if query.with_facets and facts:
            facets = count_facets(connection, list(facts.values()), filters, are_counted)
    if filters.active:
        matches = [
            match for match in matches if match.candidate.id in facts and passes(facts[match.candidate.id], filters)
        ]
        years = {match.candidate.id: newest_year(facts[match.candidate.id], filters) for match in matches}
    found = len(matches)
    matches = _ordered(matches[:DEEPEST], query.order, years)
    wanted = matches[query.skipped : query.skipped + query.page_size]
    shown = load_works(connection, [match.candidate.id for match in wanted], filters, preference, search.shown)
    why = {match.candidate.id: MatchReason(match.stage, match.fields, match.words, is_loose(match)) for match in wanted}
    return SearchPage(
        query.text,
        None if IDEOGRAPH.search(query.text) else _corrected(search, matches),  # they are shown in Latin letters
        _results(shown, why),
        query.page,
        len(matches) > query.skipped + query.page_size,
        left_out=left_out(query.text, matches),
        total=min(found, DEEPEST),
        total_is_exact=found <= DEEPEST and search.looked_everywhere,
        cut_short=search.cut_short,
        facets=facets,
    )


def _too_short(query: SearchQuery) -> SearchPage:
    return SearchPage(query.text, None, (), query.page, False, digits_needed=isbn_stage.SHORTEST)


def _search_identifier(connection: Connection, query: SearchQuery, typed: str) -> SearchPage | None:
    """None: the text is no identifier, or may be something else, too, and no book has it."""
    asked = identifier_stage.asked(typed)
    if not asked:
        return None
    found = identifier_stage.find(connection, asked, query.page_size, query.skipped)
    if not found.books and not identifier_stage.is_certain(typed):
        return None
    return _number_page(query, found, "identifier", tuple(map(str, asked)))


def _search_isbn(connection: Connection, query: SearchQuery, number: str) -> SearchPage | None:
    """None: no book has, begins with, or is near this number; it may be a word of a title."""
    found = isbn_stage.find(connection, [number], query.page_size, query.skipped, unfinished=True, part=True)
    if found.books:
        return _number_page(query, found, "isbn", (number,))
    if len(number) < isbn_stage.FULL_LENGTH:
        return None
    near = isbn_stage.find_near(connection, number)
    why = dict.fromkeys((book.work_id for book in near), MatchReason("isbn_near", ("isbn",), (number,)))
    invalid = isbn_stage.to_isbn13(number) is None
    return SearchPage(query.text, None, (), query.page, False, invalid, _results(near, why))


def _number_page(query: SearchQuery, found: isbn_stage.Found, field: str, numbers: tuple[str, ...]) -> SearchPage:
    why = dict.fromkeys((book.work_id for book in found.shown), MatchReason(found.stage, (field,), numbers))
    return SearchPage(
        query.text,
        None,
        _results(found.shown, why),
        query.page,
        len(found.books) > query.skipped + query.page_size,
        total=len(found.books),
        total_is_exact=len(found.books) < isbn_stage.PREFIX_LOOK,
    )


def _preference(query: SearchQuery) -> Preference:
    if query.has_reviews or query.order is Order.BEST_RATED:
        return Preference.REVIEWED
    return Preference.NEWEST if query.order is Order.NEWEST else Preference.LEAD


def _ordered(matches: list[Match], order: Order, years: dict[int, int | None]) -> list[Match]:
    """Newest and best rated order what was found; relevance decides between equals."""
    if order is Order.NEWEST:
        return sorted(matches, key=lambda m: -(years.get(m.candidate.id) or m.candidate.year_max or -9999))
    if order is Order.BEST_RATED:
        return sorted(matches, key=lambda m: -bayesian_average(m.candidate.rating_sum, m.candidate.review_count))
    return matches


def _corrected(search: Search, matches: list[Match]) -> str | None:
    """What was searched instead, where the best match was found under another reading."""
    best = max(matches, key=lambda match: (not is_loose(match), match.score), default=None)
    if best is None or best.stage in EXACT or (best.stage == "surplus" and best.is_exact) or best.instead:
        return None
    if _is_by_chance(best, matches):
        return None
    words = list(best.words)
    last = best.typed[-1]
    if len(words) == len(best.typed) and last == search.query.words[-1] and words[-1].startswith(last):
        words[-1] = last  # it is still being typed, and may become another word
    corrected = " ".join(words)
    return corrected if corrected != search.query.key else None


def _is_by_chance(best: Match, matches: Sequence[Match]) -> bool:
    """Whether the words of the best match may resemble the typed ones by chance: a single short word that no other work
    has, and this one somewhere in the middle; or three letters, beside which no word is there as it was typed."""
    is_unfinished = best.words[-1].startswith(best.typed[-1])
    typed = best.typed[:-1] if is_unfinished else best.typed
    longest = max((len(word) for word in typed if word not in best.words and word not in best.missing), default=0)
    if len(best.typed) == 1:
        is_only = sum(match.words == best.words for match in matches) == 1
        return 0 < longest < TWO_SLIPS and is_only and not stands_out(best)
    return 0 < longest <= SHORTEST and LITTLE.issuperset(set(best.typed) & set(best.words))


def _results(shown: Sequence[Shown], why: Mapping[int, MatchReason]) -> tuple[SearchResult, ...]:
    """The books with the reasons for their works, and their other editions where there are any."""
    return tuple(
        SearchResult(
            book.address,
            book.title,
            book.author,
            book.year,
            book.language,
            book.review_count,
            book.average_score,
            why[book.work_id],
            book.editions,
            tuple(edition for edition in book.newest if edition.address != book.address),
            book.series,
            book.work_id,
        )
        for book in shown
    )
