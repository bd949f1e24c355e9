"""The stages that find candidates: each asks one index and returns at most some hundred works."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import Connection, text

from flyleaf.search.pieces import Piece
from flyleaf.search.reading import MOST_WORDS, Query, Reading, Term

LOOK = 5_000  # works; where more have what the index is asked, only popular ones are found
KEEP_COVERING = 80
LOOK_COVERING = 1_500  # … of which each is compared with all words


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


class AsTyped(NamedTuple):
    """A query read, and what the first stages found: titles that are or begin with it, wherever their spaces are; works
    of exactly this author; popular works that have all its words, and all others. `others` is None where the popular
    ones were enough; `cut_short`: more works have the words than one search may look at."""

    query: Query
    start: list[Candidate]
    author: list[Candidate]
    popular: list[Candidate]
    others: list[Candidate] | None
    cut_short: bool


_AS_TYPED = text("""
    SELECT words, places, works, starting, romanised, all_are_popular, catalogue,
           CAST(start AS text), CAST(author AS text), CAST(popular AS text), CAST(others AS text), cut_short
      FROM search_as_typed(:pieces, CAST(:fields AS text[]), :most, :year_from, :year_to, :has_reviews,
                           :keep, :keep_others, :enough, :look)""")
_POPULAR = text("""
    SELECT place, id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM unnest(CAST(:drivers AS text[])) WITH ORDINALITY AS asked (driver, place),
           search_popular(CAST(driver AS tsquery), 60, 100, :year_from, :year_to, :has_reviews,
                          NULL, NULL)""")
_ALL = text("""
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_all(:terms, :works, :look, :keep, :year_from, :year_to, :has_reviews, NULL, NULL)""")
_TITLES = text("""
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_by_titles(ARRAY(SELECT DISTINCT search_start(key) FROM unnest(CAST(:keys AS text[])) AS key), 200, 40)
     ORDER BY id""")
_COVERING = text("""
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM search_covering(CAST(:driver AS tsquery), CAST(:asked AS text[]), CAST(:weights AS real[]), :look, :keep)""")


def find_as_typed(
    connection: Connection, typed: Sequence[Piece], narrowing: Narrowing, keep: int, keep_others: int, enough: int
) -> AsTyped:
    """Read the query, and run the stages that find it as it was typed, in one statement. It returns at most `keep`
    popular works, and where these are fewer than `enough`, `keep_others` others."""
    parameters = {
        "pieces": [piece.text for piece in typed],
        "fields": [piece.field for piece in typed],
        "most": MOST_WORDS,
        "keep": keep,
        "keep_others": keep_others,
        "enough": enough,
        "look": LOOK,
        **asdict(narrowing),
    }
    *read, start, author, popular, others, cut_short = connection.execute(_AS_TYPED, parameters).one()
    return AsTyped(
        Query.of(typed, *read),
        _listed(start),
        _listed(author),
        _listed(popular),
        None if others is None else _listed(others),
        bool(cut_short),
    )


def _listed(found: str | None) -> list[Candidate]:
    return [Candidate._make(values) for values in json.loads(found)] if found else []


def find_popular(connection: Connection, readings: Sequence[Reading], narrowing: Narrowing) -> list[list[Candidate]]:
    """For each of the readings the most popular works that have all its terms; one statement for all."""
    found: list[list[Candidate]] = [[] for _ in readings]
    drivers = [tsquery(reading.asked) for reading in readings]
    for place, *candidate in connection.execute(_POPULAR, {"drivers": drivers, **asdict(narrowing)}):
        found[place - 1].append(Candidate._make(candidate))
    return found


def find_all(
    connection: Connection, reading: Reading, narrowing: Narrowing, keep: int = 200
) -> tuple[list[Candidate], bool]:
    """Find the works beside the popular ones that have all terms of the reading. The second value says whether the
    search was cut short, because more have its rarest words than one search may look at."""
    parameters = {
        "terms": [term.tsquery for term in reading.asked],
        "works": [term.works for term in reading.asked],
        "look": LOOK,
        "keep": keep,
        **asdict(narrowing),
    }
    rows = connection.execute(_ALL, parameters).all()
    found = [Candidate._make(row) for row in rows if row[0] is not None]
    return found, len(found) < len(rows)


def tsquery(terms: Iterable[Term]) -> str:
    return "&".join(term.tsquery for term in terms)


def find_titles(connection: Connection, keys: Sequence[str]) -> list[Candidate]:
    """Works whose title, whole or up to a subtitle or bracket, is one of the keys."""
    return [Candidate._make(row) for row in connection.execute(_TITLES, {"keys": list(keys)})]


def find_covering(
    connection: Connection, driver: str, terms: Sequence[Term], keep: int = KEEP_COVERING
) -> list[Candidate]:
    """Works that have what the driver asks; where there are many, those that have the most telling of the terms."""
    parameters = {
        "driver": driver,
        "asked": [term.tsquery for term in terms if term.alternatives],
        "weights": [term.missing for term in terms if term.alternatives],
        "look": LOOK_COVERING,
        "keep": keep,
    }
    return [Candidate._make(row) for row in connection.execute(_COVERING, parameters)]
