"""The stages that find candidates: each asks one index and returns at most some hundred works."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import Connection, text

from flyleaf.search.reading import Reading, Term

_RARE = 500  # works; a word that has fewer needs no help from common ones
_COMMON = 100_000  # works; a word that has more is checked on the row
_COMMON_PREFIX = 8_000  # … one still being typed, for which the index reads many lists
_POSTINGS = 150_000  # at most so many entries of the index are read for one scan


class Candidate(NamedTuple):
    """A work that may be meant; the columns of the type search_candidate."""

    id: int
    title_key: str
    author_key: str
    main_length: int
    popularity: int
    year_max: int | None
    review_count: int
    rating_sum: int


@dataclass(frozen=True)
class Narrowing:
    """Filters that a scan can apply on the row of a work; the exact check, on editions, comes later."""

    year_from: int | None = None
    year_to: int | None = None
    has_reviews: bool = False

    @property
    def active(self) -> bool:
        return self.year_from is not None or self.year_to is not None or self.has_reviews


_FIRST = text("""
    SELECT 'start', id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_by_start(search_start(:key), 200, 50)
     UNION ALL
    SELECT 'author', id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_by_author(:key, 400, 60)
     UNION ALL
    SELECT 'popular', id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_popular(CAST(:words AS tsquery), 1000, 120, 100, :year_from, :year_to, :has_reviews)""")
_POPULAR = text("""
    SELECT place, id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM unnest(CAST(:drivers AS text[])) WITH ORDINALITY AS asked (driver, place),
           search_popular(CAST(driver AS tsquery), 1000, 60, 100, :year_from, :year_to, :has_reviews)""")
_ALL = text("""
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_all(CAST(:driver AS tsquery), CAST(:others AS tsquery), :look, :keep,
                      :year_from, :year_to, :has_reviews)""")


def find_first(connection: Connection, key: str, reading: Reading, narrowing: Narrowing) -> dict[str, list[Candidate]]:
    """Three stages in one statement: `start`, titles that are or begin with the query, wherever their spaces are;
    `author`, works of exactly this author; `popular`, popular works that have all the words."""
    found: dict[str, list[Candidate]] = {"start": [], "author": [], "popular": []}
    for stage, *candidate in connection.execute(
        _FIRST, {"key": key, "words": tsquery(reading.asked), **asdict(narrowing)}
    ):
        found[stage].append(Candidate._make(candidate))
    return found


def find_popular(connection: Connection, readings: Sequence[Reading], narrowing: Narrowing) -> list[list[Candidate]]:
    """For each of the readings the most popular works that have all its terms; one statement for all."""
    found: list[list[Candidate]] = [[] for _ in readings]
    drivers = [tsquery(reading.asked) for reading in readings]
    for place, *candidate in connection.execute(_POPULAR, {"drivers": drivers, **asdict(narrowing)}):
        found[place - 1].append(Candidate._make(candidate))
    return found


def find_all(connection: Connection, reading: Reading, narrowing: Narrowing, keep: int = 200) -> list[Candidate]:
    """Works that have all terms of the reading, whatever their popularity."""
    driver, others, look = plan(reading)
    parameters = {"driver": driver, "others": others, "look": look, "keep": keep, **asdict(narrowing)}
    return [Candidate._make(row) for row in connection.execute(_ALL, parameters)]


def tsquery(terms: Iterable[Term]) -> str:
    return "&".join(term.tsquery for term in terms)


def plan(reading: Reading) -> tuple[str, str | None, int]:
    """What the index is asked (tsquery), what is checked on the row (tsquery or None), and how many rows are looked at.

    The rarest words drive; more of them only while the index reads fewer entries for them than rows would be checked.
    """
    terms = sorted(reading.asked, key=lambda term: (term.works, term.typed))
    drivers = terms[:1]
    postings = terms[0].works
    for term in terms[1:4]:
        most = _COMMON_PREFIX if any(a.prefix for a in term.alternatives) else _COMMON
        if (
            term.works > most
            or postings + term.works > _POSTINGS
            or (terms[0].works < _RARE and term.works > 20 * _RARE)
        ):
            continue
        drivers.append(term)
        postings += term.works
    others = [term for term in terms if term not in drivers]
    return tsquery(drivers), tsquery(others) or None, 1_500 if others else 1_000
