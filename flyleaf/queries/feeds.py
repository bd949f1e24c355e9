"""What feeds of reviews show: the newest of a work, or of the works of an author or a series. Those of a reader are the
list of the page. And the keys in the addresses of feeds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, TextClause, text

from flyleaf.limits import REVIEWS_ON_A_PAGE

WORKS_MAX = 2_000  # of an author or a series: the most popular, or the first

# The newest of each work are found in an index, and of those the newest are kept.
_NEWEST = """
    SELECT r.id, coalesce(b.isbn, b.identity) AS address, b.title, a.name AS reader_name, r.rating, r.text,
           r.created_at, r.edited_at
      FROM works
     CROSS JOIN LATERAL (
           SELECT review_id
             FROM search_reviews
            WHERE work_id = works.id AND is_visible AND NOT is_superseded
            ORDER BY created_at DESC, review_id DESC
            LIMIT :limit) AS newest
      JOIN reviews AS r ON r.id = newest.review_id
      JOIN books AS b ON b.id = r.book_id
      LEFT JOIN readers AS a ON a.id = r.reader_id
     ORDER BY r.created_at DESC, r.id DESC
     LIMIT :limit
"""
_OF_BOOK = text(f"""
    WITH works AS MATERIALIZED (SELECT work_id AS id FROM search_editions WHERE book_id = :book_id)
    {_NEWEST}""")  # noqa: S608  # a constant
_OF_AUTHOR = text(f"""
    WITH sought AS MATERIALIZED (SELECT nullif(search_key(:name), '') AS key),
         works AS MATERIALIZED (
        SELECT id
          FROM search_works, sought
         WHERE left(author_key, 60) = left(key, 60) COLLATE "C"
           AND author_key = key COLLATE "C"
         ORDER BY popularity DESC, id
         LIMIT :works_max
    ) {_NEWEST}""")  # noqa: S608  # a constant
_OF_SERIES = text(f"""
    WITH works AS MATERIALIZED (
        SELECT work_id AS id
          FROM search_series
         WHERE key = (SELECT nullif(search_series_key(:name), '')) COLLATE "C"
           AND (CAST(:author AS text) IS NULL
                OR author = split_part(search_work_author(:author, search_key(:author)), '|', 1) COLLATE "C")
         ORDER BY first_number, last_number, title_key, work_id
         LIMIT :works_max
    ) {_NEWEST}""")  # noqa: S608  # a constant


@dataclass(frozen=True, slots=True)
class FeedReview:
    """A public review with the book that it was written about. The reader is None if the account was deleted."""

    id: int
    address: str
    title: str
    reader_name: str | None
    rating: int
    text: str
    created_at: datetime
    edited_at: datetime | None


def select_newest_of_book(connection: Connection, book_id: int) -> list[FeedReview]:
    """Return the newest reviews of a book's work."""
    return _reviews(connection, _OF_BOOK, book_id=book_id)


def select_newest_of_author(connection: Connection, name: str) -> list[FeedReview]:
    """Return the newest reviews of an author's works."""
    return _reviews(connection, _OF_AUTHOR, name=name, works_max=WORKS_MAX)


def select_newest_of_series(connection: Connection, name: str, author: str | None = None) -> list[FeedReview]:
    """Return the newest reviews of the works of a series, or of all series of this name."""
    return _reviews(connection, _OF_SERIES, name=name, author=author, works_max=WORKS_MAX)


def _reviews(connection: Connection, statement: TextClause, **values: object) -> list[FeedReview]:
    rows = connection.execute(statement, {**values, "limit": REVIEWS_ON_A_PAGE})
    return [FeedReview(**row._mapping) for row in rows]


def select_feed_key(connection: Connection, reader_id: int) -> int | None:
    """Return the number in the keys of a reader's feeds, or None if the account is locked, closed or gone."""
    statement = text("""
        SELECT feed_key FROM readers WHERE id = :reader_id AND name IS NOT NULL AND lock_reason IS NULL
    """)
    return connection.execute(statement, {"reader_id": reader_id}).scalar()


def update_feed_key(connection: Connection, reader_id: int) -> None:
    """Revoke the keys that the reader has."""
    connection.execute(
        text("UPDATE readers SET feed_key = feed_key % 2147483647 + 1 WHERE id = :reader_id"), {"reader_id": reader_id}
    )
