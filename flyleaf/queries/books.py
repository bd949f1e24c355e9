"""Books and our readers' ratings of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class RatingCounts:
    """The number of readers who gave one star, two stars, … five stars."""

    one: int = 0
    two: int = 0
    three: int = 0
    four: int = 0
    five: int = 0

    @property
    def review_count(self) -> int:
        return self.one + self.two + self.three + self.four + self.five

    @property
    def average_score(self) -> float | None:
        """Return the average from 1 to 5, rounded to two decimals, or None without reviews."""
        if not self.review_count:
            return None
        stars = self.one + 2 * self.two + 3 * self.three + 4 * self.four + 5 * self.five
        return round(stars / self.review_count, 2)

    def spread(self) -> list[tuple[int, int, int]]:
        """Return (stars, readers, percentage of all readers) for each number of stars, five first."""
        counts = ((5, self.five), (4, self.four), (3, self.three), (2, self.two), (1, self.one))
        total = self.review_count or 1
        return [(stars, count, round(100 * count / total)) for stars, count in counts]


@dataclass(frozen=True, slots=True)
class Book:
    """A book in the catalogue. An unknown author is an empty string; other unknown fields are None."""

    id: int
    isbn: str
    isbn13: str | None
    title: str
    author: str
    year: int | None
    publisher: str | None
    language: str | None
    pages: int | None
    description: str | None
    ratings: RatingCounts


def select_book(connection: Connection, identity: str) -> Book | None:
    """Return the book with this `isbn.Isbn.identity`."""
    row = connection.execute(
        text("""
            SELECT b.id, b.isbn, b.isbn13, b.title, b.author, b.year, b.publisher, b.language, b.pages, b.description,
                   coalesce(c.one, 0) AS one, coalesce(c.two, 0) AS two, coalesce(c.three, 0) AS three,
                   coalesce(c.four, 0) AS four, coalesce(c.five, 0) AS five
              FROM books AS b
              LEFT JOIN rating_counts AS c ON c.book_id = b.id
             WHERE b.identity = :identity
        """),
        {"identity": identity},
    ).one_or_none()
    if row is None:
        return None
    columns: dict[str, Any] = dict(row._mapping)
    counts = RatingCounts(*(columns.pop(stars) for stars in ("one", "two", "three", "four", "five")))
    return Book(**columns, ratings=counts)


def has_books(connection: Connection) -> bool:
    """Return whether the catalogue has any books."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM books)")).scalar())


def count_books(connection: Connection) -> int:
    """Return the number of books. This scans them all, which takes a tenth of a second for a million."""
    return int(connection.execute(text("SELECT count(*) FROM books")).scalar_one())


def select_languages(connection: Connection) -> list[str]:
    """Return the catalogue's languages, as its files name them, by a loose index scan: one index lookup per
    language."""
    rows = connection.execute(
        text("""
            WITH RECURSIVE languages AS (
                (SELECT language FROM books WHERE language IS NOT NULL ORDER BY language LIMIT 1)
                 UNION ALL
                SELECT (SELECT b.language FROM books AS b WHERE b.language > l.language ORDER BY b.language LIMIT 1)
                  FROM languages AS l
                 WHERE l.language IS NOT NULL
            )
            SELECT language FROM languages WHERE language IS NOT NULL ORDER BY language LIMIT 500
        """)
    )
    return list(rows.scalars())
