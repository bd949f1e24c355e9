"""Series: their works in order, and the place of a work in its series. Spellings with the same key are one series."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.prepared import prepared

WORKS_MAX = 2_000  # of one series; as many as the pages show
SPELLINGS_MAX = 6
SERIES_SHOWN = 5  # of one work
AUTHORS_MAX = 50  # who have a series of one name

_OF_BOOK = prepared(
    text("""
        WITH found AS MATERIALIZED (
            SELECT s.*, search_is_shared(s.key) AS is_shared
              FROM search_series AS s
             WHERE work_id = (SELECT work_id FROM search_editions WHERE book_id = :book_id)
             ORDER BY s.place, s.key
             LIMIT :most
        )
        SELECT s.name, search_series_number(s.first_number, s.last_number) AS number,
               CASE WHEN s.is_shared
                    THEN (SELECT search_main_author(author) FROM books WHERE id = :book_id) END AS author,
               coalesce(previous.isbn, previous.identity) AS previous_address, previous.title AS previous_title,
               previous.language AS previous_language,
               coalesce(following.isbn, following.identity) AS next_address, following.title AS next_title,
               following.language AS next_language
          FROM found AS s
          LEFT JOIN search_works AS before
                 ON before.id = search_neighbour(s.key, s.first_number, s.last_number, s.author, s.is_shared, false)
          LEFT JOIN books AS previous ON previous.id = before.lead_book_id
          LEFT JOIN search_works AS after
                 ON after.id = search_neighbour(s.key, s.first_number, s.last_number, s.author, s.is_shared, true)
          LEFT JOIN books AS following ON following.id = after.lead_book_id
         ORDER BY s.place, s.key
         LIMIT :most
    """),
    "name", "number", "author", "previous_address", "previous_title", "previous_language", "next_address",
    "next_title", "next_language",
)  # fmt: skip

# The key is computed once, so that the index is used. A name without letters has no key. Without an author it is the
# series of all.
_WORKS = """
    WITH named AS MATERIALIZED (
        SELECT work_id, name, first_number, last_number, title_key, author
          FROM search_series
         WHERE key = (SELECT nullif(search_series_key(:name), '')) COLLATE "C"
         ORDER BY first_number, last_number, title_key, work_id
         LIMIT :most
    ),
    listed AS MATERIALIZED (
        SELECT work_id, name, search_series_number(first_number, last_number) AS number, first_number, last_number,
               title_key
          FROM named
         WHERE CAST(:author AS text) IS NULL
            OR author = split_part(search_work_author(:author, search_key(:author)), '|', 1) COLLATE "C"
         ORDER BY first_number, last_number, title_key, work_id
         LIMIT :limit OFFSET :skipped
    )"""


_IS_SHARED = text("SELECT search_is_shared(nullif(search_series_key(:name), ''))")
_BY_AUTHOR = text("""
    WITH named AS MATERIALIZED (
        SELECT work_id, author
          FROM search_series
         WHERE key = (SELECT search_series_key(:name)) COLLATE "C"
         ORDER BY first_number, last_number, title_key, work_id
         LIMIT :most
    )
    SELECT mode() WITHIN GROUP (ORDER BY search_main_author(books.author)) AS author, count(*) AS work_count,
           coalesce(named.author = split_part(search_work_author(:author, search_key(:author)), '|', 1), false)
           AS is_asked
      FROM named
      JOIN search_works AS work ON work.id = work_id
      JOIN books ON books.id = lead_book_id
     GROUP BY named.author
     ORDER BY is_asked DESC, work_count DESC, author
     LIMIT :authors_max
""")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A book before or after another one in a series."""

    address: str
    title: str
    language: str | None


@dataclass(frozen=True, slots=True)
class PlaceInSeries:
    """A work's series, its number there, if it is known, and the works with the numbers before and after it. `author`
    if other series have the same name."""

    name: str
    number: str | None
    author: str | None
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
class SeriesOfAuthor:
    """A series whose name several have: its author, the number of works, and whether it was asked for."""

    author: str
    work_count: int
    is_asked: bool


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
            row.author or None,
            _neighbour(row.previous_address, row.previous_title, row.previous_language),
            _neighbour(row.next_address, row.next_title, row.next_language),
        )
        for row in rows
    )


def _neighbour(address: str | None, title: str | None, language: str | None) -> Neighbour | None:
    return Neighbour(address, title, language) if address is not None and title is not None else None


def select_series_by_author(connection: Connection, name: str, author: str | None = None) -> list[SeriesOfAuthor]:
    """Return the series of this name, that of the author first and then the largest, if several authors have one; else
    nothing."""
    if not connection.execute(_IS_SHARED, {"name": name}).scalar():
        return []
    asked = {"name": name, "author": author, "most": WORKS_MAX, "authors_max": AUTHORS_MAX}
    return [SeriesOfAuthor(*row) for row in connection.execute(_BY_AUTHOR, asked)]


def select_series(connection: Connection, name: str, author: str | None = None) -> Series | None:
    """Return the series of this name, and author, or None if the catalogue has no book of it."""
    rows = connection.execute(
        text(f"""{_WORKS}
            SELECT name, sum(count(*)) OVER ()
              FROM listed
             GROUP BY name
             ORDER BY count(*) DESC, name
             LIMIT :spellings_max
        """),  # noqa: S608  # a constant
        {
            "name": name,
            "author": author,
            "most": WORKS_MAX,
            "limit": WORKS_MAX,
            "skipped": 0,
            "spellings_max": SPELLINGS_MAX,
        },
    ).all()
    return Series(tuple(row[0] for row in rows), int(rows[0][1])) if rows else None


def select_works_of_series(
    connection: Connection, name: str, author: str | None = None, page: int = 1, page_size: int = PAGE_SIZE
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
        {"name": name, "author": author, "most": WORKS_MAX, "limit": page_size, "skipped": (page - 1) * page_size},
    )
    return [SeriesWork(*row) for row in rows]
