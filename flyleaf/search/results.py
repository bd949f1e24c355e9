"""From ranked works to results: filters checked on the editions, order, the page, and the edition that is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, column, text

from flyleaf.identifiers import isbn_in

# IMDb's weighted rating (v*R + m*C) / (v + m): so many reviews of the middle of the scale are added to each book's own.
BAYES_REVIEWS = 5
BAYES_MEAN = 3.0
EDITIONS_SHOWN = 20  # of one work below a result; its book page lists more


class Edition(NamedTuple):
    """Another book of the same title and author."""

    address: str
    title: str
    author: str
    year: int | None
    publisher: str | None = None
    language: str | None = None

    @property
    def isbn(self) -> str | None:
        return isbn_in(self.address)


class Shown(NamedTuple):
    """A work as results show it: one of its editions, with the reviews of all, how many there are, a series, and
    the newest EDITIONS_SHOWN editions where there are several, newest first."""

    work_id: int
    address: str
    title: str
    author: str
    year: int | None
    language: str | None
    review_count: int
    average_score: float | None
    editions: int
    series: str | None
    newest: tuple[Edition, ...] = ()


class Filters(NamedTuple):
    """What an edition must be. None: anything."""

    year_from: int | None = None
    year_to: int | None = None
    language: str | None = None
    has_reviews: bool = False
    subject_id: int | None = None  # of the work, which has the subjects of all its editions

    def takes(self, edition: tuple[int | None, str | None]) -> bool:
        """Whether an edition of this year, in this language in lower case, passes."""
        return self.takes_year(edition[0]) and self.takes_language(edition[1])

    def takes_year(self, year: int | None) -> bool:
        if self.year_from is None and self.year_to is None:
            return True
        return year is not None and (
            (self.year_from is None or year >= self.year_from) and (self.year_to is None or year <= self.year_to)
        )

    def takes_language(self, language: str | None) -> bool:
        return self.language is None or language == self.language.lower()

    @property
    def active(self) -> bool:
        return self != Filters()

    @property
    def parameters(self) -> dict[str, object]:
        return {"year_from": self.year_from, "year_to": self.year_to, "language": self.language}


_LEADING = (
    text("SELECT CAST(search_leading(:works, :most) AS text)").columns(column("shown")).execution_options(prepared=True)
)
_CHOSEN = text("""
    SELECT work.id, address, title, author, year, language, work.review_count,
           round(work.rating_sum::numeric / nullif(work.review_count, 0), 2)::float8, work.editions,
           search_series_of(work.id),
           CASE WHEN work.editions > 1 THEN search_editions_of(work.id, :most) END
      FROM unnest(CAST(:works AS bigint[])) WITH ORDINALITY AS wanted (id, place)
      JOIN (SELECT id, lead_book_id, editions, review_count, rating_sum FROM search_works) AS work
           ON work.id = wanted.id
     CROSS JOIN LATERAL (
    SELECT coalesce(isbn, identity) AS address, title, author, year, language
      FROM search_editions AS edition
      JOIN books ON books.id = edition.book_id
      LEFT JOIN rating_counts AS counts ON counts.book_id = books.id
     WHERE work_id = work.id
       AND (CAST(:year_from AS int) IS NULL OR year >= :year_from)
       AND (CAST(:year_to AS int) IS NULL OR year <= :year_to)
       AND (CAST(:language AS text) IS NULL OR lower(language) = lower(:language))
     ORDER BY CASE WHEN :reviewed THEN counts.review_count END DESC NULLS LAST,
              CASE WHEN :newest THEN year END DESC NULLS LAST,
              books.id = work.lead_book_id DESC, books.id
     LIMIT 1) AS chosen
     ORDER BY place LIMIT 1000""")


class Preference(StrEnum):
    """Which of the editions that pass the filters stands for a work."""

    LEAD = "lead"  # the most popular one
    NEWEST = "newest"
    REVIEWED = "reviewed"  # the one with the most reviews


def is_lead(filters: Filters, preference: Preference) -> bool:
    """Whether the most popular edition of a work stands for it."""
    return not filters.active and preference is Preference.LEAD


def load_works(
    connection: Connection,
    works: Sequence[int],
    filters: Filters,
    preference: Preference = Preference.LEAD,
    loaded: Sequence[str] = (),
) -> list[Shown]:
    """One book a work, in the order given. `loaded`: what search_leading() has returned for some works."""
    if not works:
        return []
    if is_lead(filters, preference):
        known = {book.work_id: book for found in loaded for book in read_shown(found)}
        if not known.keys() >= set(works):
            found = connection.execute(_LEADING, {"works": list(works), "most": EDITIONS_SHOWN}).scalar()
            known = {book.work_id: book for book in read_shown(found)}
        return [known[work] for work in works if work in known]
    wanted = {
        "works": list(works),
        "most": EDITIONS_SHOWN,
        "newest": preference is Preference.NEWEST,
        "reviewed": preference is Preference.REVIEWED,
        **filters.parameters,
    }
    return [_shown(*book) for book in connection.execute(_CHOSEN, wanted)]


def read_shown(found: str | None) -> list[Shown]:
    """The books of which the database made JSON."""
    return [_shown(*book) for book in json.loads(found or "[]")]


def _shown(*book: Any) -> Shown:
    """The last value is a list of editions, or None."""
    newest = tuple(Edition(*edition) for edition in book[-1] or ())
    return Shown(*(*book[:-1], newest))


def bayesian_average(rating_sum: int, review_count: int) -> float:
    """IMDb's weighted rating, from 1 to 5."""
    return (BAYES_REVIEWS * BAYES_MEAN + rating_sum) / (BAYES_REVIEWS + review_count)
