"""Helpful votes: the reviews that readers found helpful. Triggers keep reviews.helpful_count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.paging import Key, Page


@dataclass(frozen=True, slots=True)
class OwnVote:
    """A vote as its reader downloads it."""

    review_id: int
    isbn: str | None
    address: str
    voted_at: datetime


def insert_helpful_vote(connection: Connection, review_id: int, reader_id: int) -> bool:
    """Vote for a review. Return False if the reader has done so before, wrote it or can't see it."""
    row = connection.execute(
        text("""
            INSERT INTO helpful_votes (review_id, reader_id)
            SELECT found.id, :reader_id
              FROM (SELECT r.id
                      FROM reviews AS r
                     WHERE r.id = :review_id
                       AND r.reader_id IS DISTINCT FROM :reader_id
                       AND r.hidden_at IS NULL
                       AND NOT r.is_private
                       AND r.counts_from IS NULL
                       AND NOT EXISTS (SELECT FROM search_reviews AS s WHERE s.review_id = r.id AND s.is_superseded)
                       FOR NO KEY UPDATE) AS found
            ON CONFLICT (review_id, reader_id) DO NOTHING
            RETURNING review_id
        """),
        {"review_id": review_id, "reader_id": reader_id},
    ).one_or_none()
    return row is not None


def delete_helpful_vote(connection: Connection, review_id: int, reader_id: int) -> bool:
    """Withdraw a vote. Return False if there is none."""
    row = connection.execute(
        text("""
            WITH review AS MATERIALIZED (SELECT id FROM reviews WHERE id = :review_id FOR NO KEY UPDATE)
            DELETE FROM helpful_votes
             WHERE review_id = (SELECT id FROM review) AND reader_id = :reader_id
            RETURNING review_id
        """),
        {"review_id": review_id, "reader_id": reader_id},
    ).one_or_none()
    return row is not None


def select_voted(connection: Connection, reader_id: int, review_ids: Sequence[int]) -> set[int]:
    """Return which of these reviews the reader found helpful."""
    rows = connection.execute(
        text("SELECT review_id FROM helpful_votes WHERE reader_id = :reader_id AND review_id = ANY (:ids)"),
        {"reader_id": reader_id, "ids": list(review_ids)},
    )
    return set(rows.scalars())


def select_own_votes(connection: Connection, reader_id: int, place: Key, size: int) -> Page[OwnVote]:
    """Return the page of a reader's votes at the place, newest first, for the reader to download."""
    rows = connection.execute(
        text("""
            SELECT v.review_id, b.isbn, coalesce(b.isbn, b.identity) AS address, v.voted_at
              FROM helpful_votes AS v
              JOIN reviews AS r ON r.id = v.review_id
              JOIN books AS b ON b.id = r.book_id
             WHERE v.reader_id = :reader_id AND (v.voted_at, v.review_id) < (:at, :id)
             ORDER BY v.voted_at DESC, v.review_id DESC
             LIMIT :limit
        """),
        {"reader_id": reader_id, "at": place.at, "id": place.id, "limit": size},
    )
    items = [OwnVote(**row._mapping) for row in rows]
    return Page(items, next=Key(items[-1].voted_at, items[-1].review_id) if len(items) == size else None)
