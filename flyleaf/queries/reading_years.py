"""What a reader has read in a year: how many books and pages, in which months, and how they were rated."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import READ_ON_MAX, READ_ON_MIN
from flyleaf.queries.shelved_books import WITH_RATING

_YEARS_MAX = READ_ON_MAX.year - READ_ON_MIN.year + 1


@dataclass(frozen=True, slots=True)
class YearRead:
    """A year, and how many books were finished in it."""

    year: int
    book_count: int


@dataclass(frozen=True, slots=True)
class ReadingYear:
    """A year of a reader's. A book that was finished twice in it counts once, in the month of the first time.

    `months` are the books of January to December, `ratings` those of one to five stars. `pages` are those of the
    `with_pages` books whose pages are known.
    """

    year: int
    book_count: int
    pages: int
    with_pages: int
    months: tuple[int, ...]
    ratings: tuple[int, ...]


def select_years_read(connection: Connection, reader_id: int) -> list[YearRead]:
    """Return the years in which a reader has finished books, the latest first."""
    rows = connection.execute(
        text("""
            SELECT CAST(extract(year FROM finished_on) AS int) AS year, count(DISTINCT shelved_book_id) AS book_count
              FROM readings
             WHERE reader_id = :reader_id AND finished_on IS NOT NULL
             GROUP BY 1
             ORDER BY 1 DESC
             LIMIT :most
        """),
        {"reader_id": reader_id, "most": _YEARS_MAX},
    )
    return [YearRead(**row._mapping) for row in rows]


def select_reading_year(connection: Connection, reader_id: int, year: int) -> ReadingYear:
    """Return what a reader has read in a year, all zero if it was nothing."""
    rows = connection.execute(
        text(f"""
            SELECT CASE WHEN finished.precision <> 'year'
                        THEN CAST(extract(month FROM finished.day) AS int) END AS month,
                   r.rating, count(*) AS book_count,
                   count(b.pages) AS with_pages, coalesce(sum(b.pages), 0) AS pages
              FROM (SELECT DISTINCT ON (shelved_book_id) shelved_book_id, finished_on AS day,
                           finished_precision AS precision
                      FROM readings
                     WHERE reader_id = :reader_id
                       AND finished_on BETWEEN make_date(:year, 1, 1) AND make_date(:year, 12, 31)
                     ORDER BY shelved_book_id, finished_on, id) AS finished
              JOIN shelved_books AS s ON s.id = finished.shelved_book_id
              LEFT JOIN books AS b ON b.id = s.book_id
              {WITH_RATING}
             GROUP BY 1, 2
             ORDER BY 1, 2
             LIMIT 100
        """),  # noqa: S608  # a constant
        {"reader_id": reader_id, "year": year},
    ).all()
    return ReadingYear(
        year,
        sum(row.book_count for row in rows),
        sum(row.pages for row in rows),
        sum(row.with_pages for row in rows),
        tuple(sum(row.book_count for row in rows if row.month == month) for month in range(1, 13)),
        tuple(sum(row.book_count for row in rows if row.rating == rating) for rating in range(1, 6)),
    )
