"""Authors: all books under one name. Spellings with the same search key count as the same name."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import PAGE_SIZE

WORKS_MAX = 2_000  # the most popular works of one author; as many as the pages show
SPELLINGS_MAX = 6

# The key is computed once, so that the index on its first 60 letters is used. A name without letters has no key.
_WORKS = """
    WITH sought AS MATERIALIZED (SELECT nullif(search_key(:name), '') AS key),
         works AS MATERIALIZED (
        SELECT id, lead_book_id, popularity, editions, year_min, review_count, rating_sum
          FROM search_works, sought
         WHERE left(author_key, 60) = left(key, 60) COLLATE "C"
           AND author_key = key COLLATE "C"
         ORDER BY popularity DESC, id
         LIMIT :works_max
    )"""


@dataclass(frozen=True, slots=True)
class Work:
    """A work, shown as its most popular edition. `year` is the oldest edition's; the counts cover all editions."""

    address: str
    title: str
    author: str
    language: str | None
    year: int | None
    editions: int
    review_count: int
    average_score: float | None


@dataclass(frozen=True, slots=True)
class Author:
    """An author: the spellings of the name, the most common first, and the number of works."""

    spellings: tuple[str, ...]
    work_count: int

    @property
    def name(self) -> str:
        return self.spellings[0]


def select_author(connection: Connection, name: str) -> Author | None:
    """Return the author of this name, or None if the catalogue has no book by one."""
    rows = connection.execute(
        text(f"""{_WORKS}
            SELECT author, sum(count(*)) OVER ()
              FROM works
              JOIN books ON books.id = lead_book_id
             GROUP BY author
             ORDER BY count(*) DESC, author
             LIMIT :spellings_max
        """),  # noqa: S608  # a constant
        {"name": name, "works_max": WORKS_MAX, "spellings_max": SPELLINGS_MAX},
    ).all()
    return Author(tuple(row[0] for row in rows), int(rows[0][1])) if rows else None


def select_works(connection: Connection, name: str, page: int = 1, page_size: int = PAGE_SIZE) -> list[Work]:
    """Return a page of an author's works, the most popular first. `page` counts from 1."""
    rows = connection.execute(
        text(f"""{_WORKS}
            SELECT coalesce(isbn, identity), title, author, language, coalesce(year_min, year), editions, review_count,
                   round(rating_sum::numeric / nullif(review_count, 0), 2)::float8
              FROM works
              JOIN books ON books.id = lead_book_id
             ORDER BY popularity DESC, title, books.id
             LIMIT :page_size OFFSET :skipped
        """),  # noqa: S608  # a constant
        {"name": name, "works_max": WORKS_MAX, "page_size": page_size, "skipped": (page - 1) * page_size},
    )
    return [Work(*row) for row in rows]
