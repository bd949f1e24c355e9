"""What the works of a search have in common: languages, decades, subjects and reviews, and how many works have each.

A number is what the same search finds with that filter. So filters are applied to what the search finds without them,
and nothing is looked for again. Where the search can't have found all works, or finds many, there are no numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, column, text

from flyleaf.limits import YEAR_MAX
from flyleaf.search.matching import Match
from flyleaf.search.results import Filters
from flyleaf.search.timing import stage

COUNTED = 100  # works; of more there are no numbers, so that a search with facets takes little longer
SAMPLED = 60  # of the best works, whose values are shown without numbers
LANGUAGES = 8  # shown
DECADES = 8
SUBJECTS = 10

_FACTS = (
    text("""
    SELECT edition.work_id, book.year, lower(book.language), about.subjects
      FROM search_editions AS edition
      JOIN books AS book ON book.id = edition.book_id
      LEFT JOIN search_subjects AS about ON about.work_id = edition.work_id
     WHERE edition.work_id = ANY (:works)""")
    .columns(*map(column, "work_id year language subjects".split()))
    .execution_options(prepared=True)
)
_NAMES = (
    text("SELECT id, key, name FROM subjects WHERE id = ANY (:ids)")
    .columns(*map(column, "id key name".split()))
    .execution_options(prepared=True)
)

Key = TypeVar("Key", int, str)
Dated = tuple[int | None, str | None]
"""The year of an edition and its language, in lower case."""


@dataclass(slots=True)
class Facts:
    """What the filters ask of a work."""

    editions: set[Dated]
    subjects: Sequence[int]
    is_reviewed: bool


class Value(NamedTuple):
    """A value that works have, and how many do; None where that is not known."""

    value: str
    name: str
    works: int | None


class Decade(NamedTuple):
    """The first and the last year of ten, and how many works have an edition of them."""

    first: int
    last: int
    works: int | None


class Facets(NamedTuple):
    """The most common values of each kind, without those that all works have. `reviewed`: how many works have reviews;
    None where that is not known, and 0 where all have."""

    languages: tuple[Value, ...]
    decades: tuple[Decade, ...]
    subjects: tuple[Value, ...]
    reviewed: int | None


@stage("facets")
def load_facts(connection: Connection, matches: Iterable[Match]) -> dict[int, Facts]:
    """Return the facts of the matched works."""
    reviewed = {match.candidate.id: match.candidate.review_count > 0 for match in matches}
    facts: dict[int, Facts] = {}
    if reviewed:
        for work, year, language, subjects in connection.execute(_FACTS, {"works": list(reviewed)}):
            found = facts.get(work)
            if found is None:
                facts[work] = Facts({(year, language)}, subjects or (), reviewed[work])
            else:
                found.editions.add((year, language))
    return facts


def passes(facts: Facts, filters: Filters) -> bool:
    """Return whether a work passes: one of its editions has to be of the years and in the language."""
    return _has_subject(facts, filters) and _has_reviews(facts, filters) and any(map(filters.takes, facts.editions))


def newest_year(facts: Facts, filters: Filters) -> int | None:
    """Return the newest year of the editions that pass."""
    return max((year for year, _ in filter(filters.takes, facts.editions) if year is not None), default=None)


def count_facets(connection: Connection, facts: Sequence[Facts], filters: Filters, are_all: bool) -> Facets:
    """Return the facets of works. Each kind is counted among those that pass the filters of the others."""
    languages: list[str] = []
    decades: list[int] = []
    subjects: list[int] = []
    passing = reviewed = 0
    for work in facts:
        has_subject, has_reviews = _has_subject(work, filters), _has_reviews(work, filters)
        of_years = [one for one in work.editions if filters.takes_year(one[0])]
        in_language = [one for one in work.editions if filters.takes_language(one[1])]
        takes = any(one in of_years for one in in_language)
        if has_subject and has_reviews:
            languages += {language for _, language in of_years if language}
            decades += {year // 10 * 10 for year, _ in in_language if year is not None}
        if takes and has_reviews:
            subjects += work.subjects
        if takes and has_subject:
            passing += has_reviews
            reviewed += work.is_reviewed
    in_use = filters.year_from is not None or filters.year_to is not None
    by_language = _most(Counter(languages), LANGUAGES, passing, filters.language is not None)
    by_decade = sorted(_most(Counter(decades), DECADES, passing, in_use), reverse=True)
    by_subject = _most(Counter(subjects), SUBJECTS, passing, filters.subject_id is not None)
    names = _names(connection, [number for number, _ in by_subject])
    shown_reviewed = reviewed if reviewed < passing or filters.has_reviews else 0
    return Facets(
        tuple(Value(code, code, count if are_all else None) for code, count in by_language),
        tuple(Decade(first, min(first + 9, YEAR_MAX), count if are_all else None) for first, count in by_decade),
        tuple(Value(*names[number], count if are_all else None) for number, count in by_subject if number in names),
        shown_reviewed if are_all else None,
    )


def _most(counts: Counter[Key], most: int, passing: int, is_chosen: bool) -> list[tuple[Key, int]]:
    """Return the most common values with their counts. One that all works have is of no use, unless it is chosen."""
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(value, count) for value, count in found if is_chosen or count < passing][:most]


def _names(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the key and the name of each of the subjects."""
    if not ids:
        return {}
    return {number: (key, name) for number, key, name in connection.execute(_NAMES, {"ids": list(ids)})}


def _has_subject(facts: Facts, filters: Filters) -> bool:
    return filters.subject_id is None or filters.subject_id in facts.subjects


def _has_reviews(facts: Facts, filters: Filters) -> bool:
    return facts.is_reviewed or not filters.has_reviews
