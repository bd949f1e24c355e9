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
    title: str | None = None  # tsquery of the words that must be in the title
    author: str | None = None


_FIRST = text("""
    SELECT 'start', id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_by_start(search_start(:key), 200, 50)
     UNION ALL
    SELECT 'author', id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_by_author(:key, 400, 60)
     UNION ALL
    SELECT 'popular', id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_popular(CAST(:words AS tsquery), :keep, :enough, :year_from, :year_to, :has_reviews,
                     CAST(:title AS tsquery), CAST(:author AS tsquery))""")
_POPULAR = text("""
    SELECT place, id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM unnest(CAST(:drivers AS text[])) WITH ORDINALITY AS asked (driver, place),
           search_popular(CAST(driver AS tsquery), 60, 100, :year_from, :year_to, :has_reviews,
                     CAST(:title AS tsquery), CAST(:author AS tsquery))""")
_ALL = text("""
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_all(CAST(:driver AS tsquery), CAST(:others AS tsquery), :look, :keep,
                      :year_from, :year_to, :has_reviews,
                     CAST(:title AS tsquery), CAST(:author AS tsquery))""")

_TITLES = text("""
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_by_titles(ARRAY(SELECT DISTINCT search_start(key) FROM unnest(CAST(:keys AS text[])) AS key), 200, 40)
     ORDER BY id""")
_COVERING = text("""
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_covering(CAST(:driver AS tsquery), CAST(:asked AS text[]), CAST(:weights AS real[]), :look, :keep)""")


def find_first(
    connection: Connection, key: str, reading: Reading, narrowing: Narrowing, keep: int
) -> dict[str, list[Candidate]]:
    """Three stages in one statement: `start`, titles that are or begin with the query, wherever their spaces are;
    `author`, works of exactly this author; `popular`, popular works that have all the words."""
    found: dict[str, list[Candidate]] = {"start": [], "author": [], "popular": []}
    for stage, *candidate in connection.execute(
        _FIRST,
        {"key": key, "words": tsquery(reading.asked), "keep": keep, "enough": max(keep, 100), **asdict(narrowing)},
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


def is_cut_short(reading: Reading) -> bool:
    """Whether find_all may have looked at fewer works than have the words that it asks the index for."""
    driver, _, look = plan(reading)
    return min(term.works for term in reading.asked if term.tsquery in driver) > look


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


def find_titles(connection: Connection, keys: Sequence[str]) -> list[Candidate]:
    """Works whose title, whole or up to a subtitle or bracket, is one of the keys."""
    return [Candidate._make(row) for row in connection.execute(_TITLES, {"keys": list(keys)})]


def find_covering(
    connection: Connection, driver: str, terms: Sequence[Term], look: int = 1_500, keep: int = 80
) -> list[Candidate]:
    """Works that have what the driver asks; where there are many, those that have the most telling of the terms."""
    parameters = {
        "driver": driver,
        "asked": [term.tsquery for term in terms if term.alternatives],
        "weights": [term.missing for term in terms if term.alternatives],
        "look": look,
        "keep": keep,
    }
    return [Candidate._make(row) for row in connection.execute(_COVERING, parameters)]
