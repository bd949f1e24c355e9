"""Series: their works in order, and the place of a work in its series. Spellings with the same key are one series."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.prepared import prepared

WORKS_MAX = 2_000  # of one series; as many as the pages show
SPELLINGS_MAX = 6
SERIES_SHOWN = 5  # of one work

_OF_BOOK = prepared(
    text("""
        WITH this AS MATERIALIZED (
            SELECT work.id, work.author_key
              FROM search_editions
              JOIN search_works AS work ON work.id = work_id
             WHERE book_id = :book_id
        )
        SELECT s.name, search_series_number(s.first_number, s.last_number) AS number,
               coalesce(previous.isbn, previous.identity) AS previous_address, previous.title AS previous_title,
               previous.language AS previous_language,
               coalesce(following.isbn, following.identity) AS next_address, following.title AS next_title,
               following.language AS next_language
          FROM this
          JOIN search_series AS s ON s.work_id = this.id
          LEFT JOIN search_works AS before
                 ON before.id = search_neighbour(s.key, s.first_number, s.last_number, this.author_key, false)
          LEFT JOIN books AS previous ON previous.id = before.lead_book_id
          LEFT JOIN search_works AS after
                 ON after.id = search_neighbour(s.key, s.first_number, s.last_number, this.author_key, true)
          LEFT JOIN books AS following ON following.id = after.lead_book_id
         ORDER BY s.place, s.key
         LIMIT :most
    """),
    "name", "number", "previous_address", "previous_title", "previous_language", "next_address", "next_title",
    "next_language",
)  # fmt: skip

# The key is computed once, so that the index is used. A name without letters has no key.
_WORKS = """
    WITH listed AS MATERIALIZED (
        SELECT work_id, name, search_series_number(first_number, last_number) AS number, first_number, last_number,
               title_key
          FROM search_series
         WHERE key = (SELECT nullif(search_series_key(:name), '')) COLLATE "C"
         ORDER BY first_number, last_number, title_key, work_id
         LIMIT :limit OFFSET :skipped
    )"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A book before or after another one in a series."""

    address: str
    title: str
    language: str | None


@dataclass(frozen=True, slots=True)
class PlaceInSeries:
    """A work's series, its number there, if it is known, and the works with the numbers before and after it."""

    name: str
    number: str | None
    previous: Neighbour | None
    next: Neighbour | None


@dataclass(frozen=True, slots=True)
class SeriesWork:
    """A work of a series, shown as its most popular edition. `year` is the oldest edition's."""

    number: str | None
    address: str
    title: str
    author: str
    language: str | None
    year: int | None
    editions: int
    review_count: int
    average_score: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """A series: the spellings of its name, the most common first, and the number of works."""

    spellings: tuple[str, ...]
    work_count: int

    @property
    def name(self) -> str:
        return self.spellings[0]


def select_series_of_book(connection: Connection, book_id: int) -> tuple[PlaceInSeries, ...]:
    """Return the series of the book's work. It has none while the search has not seen the book."""
    rows = connection.execute(_OF_BOOK, {"book_id": book_id, "most": SERIES_SHOWN})
    return tuple(
        PlaceInSeries(
            row.name,
            row.number,
            _neighbour(row.previous_address, row.previous_title, row.previous_language),
            _neighbour(row.next_address, row.next_title, row.next_language),
        )
        for row in rows
    )


def _neighbour(address: str | None, title: str | None, language: str | None) -> Neighbour | None:
    return Neighbour(address, title, language) if address is not None and title is not None else None


def select_series(connection: Connection, name: str) -> Series | None:
    """Return the series of this name, or None if the catalogue has no book of it."""
    rows = connection.execute(
        text(f"""{_WORKS}
            SELECT name, sum(count(*)) OVER ()
              FROM listed
             GROUP BY name
             ORDER BY count(*) DESC, name
             LIMIT :spellings_max
        """),  # noqa: S608  # a constant
        {"name": name, "limit": WORKS_MAX, "skipped": 0, "spellings_max": SPELLINGS_MAX},
    ).all()
    return Series(tuple(row[0] for row in rows), int(rows[0][1])) if rows else None


def select_works_of_series(
    connection: Connection, name: str, page: int = 1, page_size: int = PAGE_SIZE
) -> list[SeriesWork]:
    """Return a page of a series' works in order, those without a number last. `page` counts from 1."""
    rows = connection.execute(
        text(f"""{_WORKS}
            SELECT number, coalesce(isbn, identity), title, author, language, coalesce(year_min, year), editions,
                   review_count, round(rating_sum::numeric / nullif(review_count, 0), 2)::float8
              FROM listed
              JOIN search_works AS work ON work.id = work_id
              JOIN books ON books.id = lead_book_id
             ORDER BY first_number, last_number, listed.title_key, work_id
             LIMIT :limit
        """),  # noqa: S608  # a constant
        {"name": name, "limit": page_size, "skipped": (page - 1) * page_size},
    )
    return [SeriesWork(*row) for row in rows]
