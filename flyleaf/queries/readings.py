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
    added = add_readings(connection, reader_id, [(shelved_id, started_on, finished_on)])
    return added[shelved_id][0] if added else None


def add_readings(
    connection: Connection, reader_id: int, readings: Sequence[tuple[int, date | None, date | None]]
) -> dict[int, list[int]]:
    """Add when the reader began and finished books, given with the ids of their entries. Return the ids of the new
    readings by those of the entries: of what an entry has, and beyond as many as it may have, there is no new one."""
    rows = connection.execute(
        text("""
            INSERT INTO readings (shelved_book_id, reader_id, started_on, finished_on)
            SELECT id, :reader_id, started_on, finished_on
              FROM (SELECT s.id, new.started_on, new.finished_on, new.n,
                           (SELECT count(*) FROM readings WHERE shelved_book_id = s.id)
                           + row_number() OVER (PARTITION BY s.id ORDER BY new.n) AS place
                      FROM unnest(CAST(:ids AS bigint[]), CAST(:started AS date[]), CAST(:finished AS date[]))
                           WITH ORDINALITY AS new (id, started_on, finished_on, n)
                      JOIN shelved_books AS s ON s.id = new.id AND s.reader_id = :reader_id
                     WHERE NOT EXISTS (SELECT
                                         FROM readings AS r
                                        WHERE r.shelved_book_id = s.id
                                          AND r.started_on IS NOT DISTINCT FROM new.started_on
                                          AND r.finished_on IS NOT DISTINCT FROM new.finished_on)) AS missing
             WHERE place <= :most
             ORDER BY n
            ON CONFLICT DO NOTHING
            RETURNING id, shelved_book_id
        """),
        {
            "reader_id": reader_id,
            "ids": [shelved_id for shelved_id, _, _ in readings],
            "started": [started_on for _, started_on, _ in readings],
            "finished": [finished_on for _, _, finished_on in readings],
            "most": READINGS_MAX,
        },
    )
    added: dict[int, list[int]] = {}
    for row in rows:
        added.setdefault(row.shelved_book_id, []).append(row.id)
    return added


def update_reading(
    connection: Connection, reader_id: int, reading_id: int, started_on: date | None, finished_on: date | None
) -> bool:
    """Change when the reader began and finished a book. Return False if the book has these dates already, as another
    reading, or the reader has no such reading."""
    lock_shelves(connection, reader_id)
    row = connection.execute(
        text("""
            UPDATE readings AS r
               SET started_on = :started_on, finished_on = :finished_on
             WHERE r.id = :id
               AND r.reader_id = :reader_id
               AND NOT EXISTS (SELECT FROM readings AS other
                                WHERE other.shelved_book_id = r.shelved_book_id
                                  AND other.id <> r.id
                                  AND other.started_on IS NOT DISTINCT FROM CAST(:started_on AS date)
                                  AND other.finished_on IS NOT DISTINCT FROM CAST(:finished_on AS date))
            RETURNING id
        """),
        {"id": reading_id, "reader_id": reader_id, "started_on": started_on, "finished_on": finished_on},
    ).one_or_none()
    return row is not None


def delete_readings(connection: Connection, reader_id: int, ids: Sequence[int]) -> int:
    """Delete those of a reader's readings that have these ids, and return their number."""
    statement = text("DELETE FROM readings WHERE reader_id = :reader_id AND id = ANY (:ids)")
    return connection.execute(statement, {"reader_id": reader_id, "ids": list(ids)}).rowcount
