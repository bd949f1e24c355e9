"""Covers of books, and the queue of books whose covers another site is to be asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection, text

CoverSource = Literal["open_library"]

HIT_AGE = timedelta(days=180)  # how long a cover stays fresh
MISS_AGE = timedelta(days=30)  # how long "no cover" stays fresh
# Another machine that lacks the file asks again. Should it get another picture, that one replaces a row of this age at
# the earliest, so that two machines never take turns.
SETTLED_AGE = timedelta(days=1)
# Longer than one look-up takes. After a crash the books become available again when the claim expires.
CLAIM = timedelta(seconds=120)
# The advisory lock that lets one process at a time claim a book. The number only has to be unique in the database.
CLAIM_LOCK = 7_303_004


@dataclass(frozen=True, slots=True)
class Cover:
    """A cover that pages can show: the name of its files, and the size of the large one in pixels."""

    digest: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """A book to ask another site about, by its ISBN or, if it has none, by that site's own identifier."""

    book_id: int
    scheme: Literal["isbn", "openlibrary"]
    value: str | None  # None: it had an identifier when it was queued


@dataclass(frozen=True, slots=True)
class CoveredBook:
    """What a cover is drawn from until its picture is there."""

    id: int
    address: str  # its ISBN, or an identifier
    title: str
    author: str


def select_covers(connection: Connection, identities: Collection[str]) -> dict[str, Cover]:
    """Return the covers of the books with these identities, by the books' addresses."""
    rows = connection.execute(
        text("""
            SELECT coalesce(books.isbn, books.identity) AS address, covers.digest, covers.width, covers.height
              FROM books
              JOIN covers ON covers.book_id = books.id
             WHERE books.identity = ANY(:identities)
               AND covers.digest IS NOT NULL
        """),
        {"identities": list(identities)},
    )
    return {row.address: Cover(row.digest, row.width, row.height) for row in rows}


def is_cover_due(connection: Connection, book_id: int) -> bool:
    """Return whether the book's cover can and should be asked for, and isn't yet."""
    return bool(
        connection.execute(
            text("""
                SELECT EXISTS (SELECT FROM books WHERE id = :book_id AND isbn IS NOT NULL
                                UNION ALL
                               SELECT FROM identifiers
                                WHERE book_id = :book_id AND scheme = 'openlibrary' AND value ~ '^OL[0-9]+M$')
                   AND NOT EXISTS (SELECT FROM cover_requests WHERE book_id = :book_id)
                   AND NOT EXISTS (SELECT FROM covers
                                    WHERE book_id = :book_id
                                      AND fetched_at > now() - CASE WHEN digest IS NULL THEN :miss_age
                                                                    ELSE :hit_age END)
            """),
            {"book_id": book_id, "miss_age": MISS_AGE, "hit_age": HIT_AGE},
        ).scalar_one()
    )


def request_cover(connection: Connection, book_id: int) -> bool:
    """Queue the book, unless it is queued or gone, and return whether it was added."""
    result = connection.execute(
        text("""
            INSERT INTO cover_requests (book_id)
            SELECT id FROM books WHERE id = :book_id
            ON CONFLICT (book_id) DO NOTHING
        """),
        {"book_id": book_id},
    )
    return result.rowcount == 1


def take_cover_request(connection: Connection, wanted: Sequence[int] = ()) -> CoverRequest | None:
    """Claim a book and return it: one of those that this machine `wanted`, or the one that has waited longest. Return
    None while another claim is active, so that only one process asks at a time.

    The claim ends with delete_cover_request() or release_cover_request(), or expires after CLAIM.
    """
    # A separate statement, so that the next one sees what the previous holder of the lock committed.
    lock = connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": CLAIM_LOCK})
    if not lock.scalar_one():
        return None
    row = connection.execute(
        text("""
            WITH chosen AS (
                SELECT id AS book_id, CAST(NULL AS timestamptz) AS requested_at
                  FROM books
                 WHERE id = ANY(:wanted)
                 UNION ALL
                (SELECT book_id, requested_at FROM cover_requests ORDER BY requested_at, book_id LIMIT 1)
                 ORDER BY requested_at NULLS FIRST, book_id
                 LIMIT 1
            ), claimed AS (
                INSERT INTO cover_requests (book_id, claimed_until)
                SELECT book_id, now() + :claim
                  FROM chosen
                 WHERE NOT EXISTS (SELECT FROM cover_requests WHERE claimed_until > now())
                    ON CONFLICT (book_id) DO UPDATE SET claimed_until = excluded.claimed_until
                RETURNING book_id
            )
            SELECT books.id, CASE WHEN books.isbn IS NULL THEN 'openlibrary' ELSE 'isbn' END AS scheme,
                   coalesce(books.isbn,
                            (SELECT min(value) FROM identifiers  -- an edition's, and not a work's
                              WHERE book_id = books.id AND scheme = 'openlibrary' AND value ~ '^OL[0-9]+M$')) AS value
              FROM claimed
              JOIN books ON books.id = claimed.book_id
        """),
        {"wanted": list(wanted), "claim": CLAIM},
    ).one_or_none()
    return CoverRequest(row.id, row.scheme, row.value) if row else None


def release_cover_request(connection: Connection, book_id: int, pause: timedelta = timedelta()) -> None:
    """Move a claimed book to the end of the queue. No process claims any book for the length of `pause`."""
    connection.execute(
        text("""
            UPDATE cover_requests
               SET claimed_until = now() + :pause,
                   requested_at  = now()
             WHERE book_id = :book_id
        """),
        {"book_id": book_id, "pause": pause},
    )


def delete_cover_request(connection: Connection, book_id: int) -> None:
    """Remove an answered book from the queue."""
    connection.execute(text("DELETE FROM cover_requests WHERE book_id = :book_id"), {"book_id": book_id})


def upsert_cover(connection: Connection, source: CoverSource, book_id: int, cover: Cover | None, size: int = 0) -> None:
    """Store what the source has: a cover whose files have `size` bytes, or None for a miss, with the current time. A
    book deleted in the meantime is skipped, and so is another picture of one that has been stored just now."""
    connection.execute(
        text("""
            INSERT INTO covers AS known (book_id, source, digest, width, height, bytes, fetched_at)
            SELECT id, :source, CAST(:digest AS text), CAST(:width AS integer), CAST(:height AS integer),
                   CAST(:bytes AS integer), now()
              FROM books
             WHERE id = :book_id
               FOR KEY SHARE
            ON CONFLICT (book_id) DO UPDATE
               SET source = excluded.source, digest = excluded.digest, width = excluded.width,
                   height = excluded.height, bytes = excluded.bytes, fetched_at = excluded.fetched_at
             WHERE known.digest IS NULL
                OR known.digest = excluded.digest
                OR known.fetched_at < now() - CAST(:settled_age AS interval)
        """),
        {
            "source": source,
            "book_id": book_id,
            "digest": cover and cover.digest,
            "width": cover and cover.width,
            "height": cover and cover.height,
            "bytes": size if cover else None,
            "settled_age": SETTLED_AGE,
        },
    )


def select_covered_book(connection: Connection, digest: str) -> CoveredBook | None:
    """Return a book that has the cover with this digest."""
    row = connection.execute(
        text("""
            SELECT books.id, coalesce(books.isbn, books.identity) AS address, books.title, books.author
              FROM covers
              JOIN books ON books.id = covers.book_id
             WHERE covers.digest = :digest
             ORDER BY books.id
             LIMIT 1
        """),
        {"digest": digest},
    ).one_or_none()
    return CoveredBook(row.id, row.address, row.title, row.author) if row else None


def select_known_digests(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Return those of the digests that a book's cover has."""
    rows = connection.execute(
        text("SELECT DISTINCT digest FROM covers WHERE digest = ANY(:digests)"), {"digests": list(digests)}
    )
    return set(rows.scalars())
