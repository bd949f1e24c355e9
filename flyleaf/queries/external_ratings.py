"""Ratings from other sites, and the queue of books to ask those sites about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, text

Source = Literal["catalogue", "open_library"]
SOURCE_NAMES: dict[Source, str] = {"catalogue": "Elsewhere, says the catalogue", "open_library": "Open Library"}

HIT_AGE = timedelta(days=30)  # how long a rating stays fresh
MISS_AGE = timedelta(days=7)  # how long "no ratings" stays fresh
# Longer than one look-up takes. After a crash the books become available again when the claim expires.
CLAIM = timedelta(seconds=60)
# The advisory lock that lets one process at a time claim books. The number only has to be unique in the database.
CLAIM_LOCK = 7_303_003


@dataclass(frozen=True)
class ExternalRating:
    """A rating by other sites' readers. One from the catalogue came with an imported file, so its date is unknown."""

    source: Source
    average: float  # 0 to 5
    ratings_count: int | None  # None: unknown
    key: str | None  # the book's path on the source's site, such as /works/OL27448W
    fetched_at: datetime | None

    @property
    def source_name(self) -> str:
        return SOURCE_NAMES[self.source]


@dataclass(frozen=True)
class ExternalRatingRequest:
    """A book to ask another site about."""

    book_id: int
    isbn: str


@dataclass(frozen=True)
class ExternalRatingAnswer:
    """Another site's answer about a book. All three fields are None if it has no ratings."""

    book_id: int
    average: float | None = None
    ratings_count: int | None = None
    key: str | None = None


def select_external_ratings(connection: Connection, book_id: int) -> list[ExternalRating]:
    """Return at most one rating from each source. Stale ones are included until a new answer arrives; misses are
    not."""
    rows = connection.execute(
        text("""
            SELECT 'catalogue' AS source, average_rating AS average, ratings_count, NULL AS key, NULL AS fetched_at
              FROM books
             WHERE id = :book_id
               AND average_rating IS NOT NULL
             UNION ALL
            SELECT source, average, ratings_count, key, fetched_at
              FROM external_ratings
             WHERE book_id = :book_id
               AND average IS NOT NULL
             ORDER BY source
             LIMIT 2
        """),
        {"book_id": book_id},
    )
    return [ExternalRating(row.source, float(row.average), row.ratings_count, row.key, row.fetched_at) for row in rows]


def request_external_rating(connection: Connection, book_id: int) -> bool:
    """Queue the book for Open Library unless its last answer is fresh, and return whether it was added."""
    result = connection.execute(
        text("""
            INSERT INTO external_rating_requests (book_id)
            SELECT id
              FROM books
             WHERE id = :book_id
               AND isbn IS NOT NULL  -- by which it is asked for
               AND NOT EXISTS (SELECT 1
                                 FROM external_ratings
                                WHERE book_id = :book_id
                                  AND source = 'open_library'
                                  AND fetched_at > now() - CASE WHEN average IS NULL THEN :miss_age
                                                                ELSE :hit_age END)
            ON CONFLICT (book_id) DO NOTHING
        """),
        {"book_id": book_id, "miss_age": MISS_AGE, "hit_age": HIT_AGE},
    )
    return result.rowcount == 1


def take_requests(connection: Connection, limit: int) -> list[ExternalRatingRequest]:
    """Claim the books that have waited longest and return them. The list is empty while another claim is active, so
    that only one process asks at a time.

    The claim ends with delete_requests() or release_requests(), or expires after CLAIM.
    """
    # A separate statement, so that the next one sees what the previous holder of the lock committed.
    lock = connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": CLAIM_LOCK})
    if not lock.scalar_one():
        return []
    rows = connection.execute(
        text("""
            WITH waiting AS (
                SELECT book_id
                  FROM external_rating_requests
                 WHERE NOT EXISTS (SELECT 1 FROM external_rating_requests WHERE claimed_until > now())
                 ORDER BY requested_at, book_id
                 LIMIT :limit
                   FOR UPDATE SKIP LOCKED
            )
            UPDATE external_rating_requests AS requests
               SET claimed_until = now() + :claim
              FROM waiting
              JOIN books ON books.id = waiting.book_id
             WHERE requests.book_id = waiting.book_id
            RETURNING requests.book_id, books.isbn
        """),
        {"limit": limit, "claim": CLAIM},
    )
    return [ExternalRatingRequest(row.book_id, row.isbn) for row in rows]


def release_requests(connection: Connection, book_ids: Sequence[int], pause: timedelta = timedelta()) -> None:
    """Move claimed books to the end of the queue. No process claims any books for the length of `pause`."""
    connection.execute(
        text("""
            UPDATE external_rating_requests
               SET claimed_until = now() + :pause,
                   requested_at  = now()
             WHERE book_id = ANY(:book_ids)
        """),
        {"book_ids": list(book_ids), "pause": pause},
    )


def delete_requests(connection: Connection, book_ids: Sequence[int]) -> None:
    """Remove answered books from the queue."""
    connection.execute(
        text("DELETE FROM external_rating_requests WHERE book_id = ANY(:book_ids)"), {"book_ids": list(book_ids)}
    )


def upsert_external_ratings(
    connection: Connection, source: Literal["open_library"], answers: Sequence[ExternalRatingAnswer]
) -> None:
    """Store the answers, including misses, with the current time. Books deleted in the meantime are skipped."""
    connection.execute(
        text("""
            INSERT INTO external_ratings (book_id, source, average, ratings_count, key, fetched_at)
            SELECT books.id, :source, answers.average, answers.ratings_count, answers.key, now()
              FROM unnest(CAST(:book_ids AS bigint[]), CAST(:averages AS double precision[]),
                          CAST(:ratings_counts AS integer[]), CAST(:keys AS text[]))
                   AS answers (book_id, average, ratings_count, key)
              JOIN books ON books.id = answers.book_id
             ORDER BY books.id
               FOR KEY SHARE OF books
            ON CONFLICT (book_id, source) DO UPDATE
               SET average       = excluded.average,
                   ratings_count = excluded.ratings_count,
                   key           = excluded.key,
                   fetched_at    = excluded.fetched_at
        """),
        {
            "source": source,
            "book_ids": [answer.book_id for answer in answers],
            "averages": [answer.average for answer in answers],
            "ratings_counts": [answer.ratings_count for answer in answers],
            "keys": [answer.key for answer in answers],
        },
    )
