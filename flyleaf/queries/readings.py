"""Readings: when a reader began a book and finished it. A book can be read several times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from flyleaf.limits import READINGS_MAX
from flyleaf.queries.named_shelves import lock_shelves


@dataclass(frozen=True, slots=True)
class Reading:
    """When a reader began a book, and finished it. One of the two may be None: unknown, or not yet."""

    id: int
    started_on: date | None
    finished_on: date | None


def add_reading(
    connection: Connection, reader_id: int, shelved_id: int, started_on: date | None, finished_on: date | None
) -> int | None:
    """Add when the reader began and finished a book, at least one of the two. Return its id; None, if the entry has
    these dates, or as many as it may, or the reader has no such entry."""
    lock_shelves(connection, reader_id)
    return connection.execute(
        text("""
            INSERT INTO readings (shelved_book_id, reader_id, started_on, finished_on)
            SELECT id, reader_id, :started_on, :finished_on
              FROM shelved_books
             WHERE id = :id
               AND reader_id = :reader_id
               AND (SELECT count(*) FROM readings WHERE shelved_book_id = :id) < :most
            ON CONFLICT DO NOTHING
            RETURNING id
        """),
        {
            "id": shelved_id, "reader_id": reader_id, "started_on": started_on, "finished_on": finished_on,
            "most": READINGS_MAX,
        },
    ).scalar_one_or_none()  # fmt: skip


def delete_readings(connection: Connection, reader_id: int, ids: Sequence[int]) -> int:
    """Delete those of a reader's readings that have these ids, and return their number."""
    statement = text("DELETE FROM readings WHERE reader_id = :reader_id AND id = ANY (:ids)")
    return connection.execute(statement, {"reader_id": reader_id, "ids": list(ids)}).rowcount
