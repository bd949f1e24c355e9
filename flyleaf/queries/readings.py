"""Readings: when a reader began a book and finished it. A book can be read several times."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from flyleaf.history import PartialDate, Precision, ReadingDates
from flyleaf.limits import READINGS_MAX
from flyleaf.queries.named_shelves import lock_shelves

_INSERT = text("""
    INSERT INTO readings
           (shelved_book_id, reader_id, started_on, finished_on, started_precision, finished_precision)
    SELECT id, :reader_id, started_on, finished_on, started_precision, finished_precision
      FROM (SELECT new.*,
                   (SELECT count(*) FROM readings WHERE shelved_book_id = new.id)
                   + row_number() OVER (PARTITION BY new.id ORDER BY new.n) AS place
              FROM unnest(CAST(:ids AS bigint[]), CAST(:started AS date[]), CAST(:finished AS date[]),
                          CAST(:started_precisions AS text[]), CAST(:finished_precisions AS text[])) WITH ORDINALITY
                   AS new (id, started_on, finished_on, started_precision, finished_precision, n)
              JOIN shelved_books AS s ON s.id = new.id AND s.reader_id = :reader_id
             WHERE NOT EXISTS (SELECT
                                 FROM readings AS r
                                WHERE r.shelved_book_id = new.id
                                  AND r.started_on IS NOT DISTINCT FROM new.started_on
                                  AND r.finished_on IS NOT DISTINCT FROM new.finished_on)) AS missing
     WHERE place <= :most
     ORDER BY n
    ON CONFLICT DO NOTHING
    RETURNING id, shelved_book_id
""")
_INSERT_UNDATED = text("""
    INSERT INTO readings (shelved_book_id, reader_id)
    SELECT new.id, :reader_id
      FROM unnest(CAST(:ids AS bigint[]), CAST(:counts AS int[])) AS new (id, count)
      JOIN shelved_books AS s ON s.id = new.id AND s.reader_id = :reader_id
     CROSS JOIN LATERAL generate_series(
           1, new.count - (SELECT count(*) FROM readings WHERE shelved_book_id = new.id)) AS one
    RETURNING id, shelved_book_id
""")


@dataclass(frozen=True, slots=True)
class Reading:
    """When a reader began a book, and finished it. One of the two may be None: unknown, or not yet; or both, if only
    that they read it is known. Of a month or a year it is the first day, or the last."""

    id: int
    started_on: date | None
    finished_on: date | None
    started_precision: Precision = "day"
    finished_precision: Precision = "day"

    @property
    def started(self) -> PartialDate | None:
        return PartialDate.in_which(self.started_on, self.started_precision) if self.started_on else None

    @property
    def finished(self) -> PartialDate | None:
        return PartialDate.in_which(self.finished_on, self.finished_precision) if self.finished_on else None


def partial_date(day: str | None, precision: Precision) -> PartialDate | None:
    """Return the date of a reading that a row has as text."""
    return PartialDate.in_which(date.fromisoformat(day), precision) if day else None


def add_reading(connection: Connection, reader_id: int, shelved_id: int, dates: ReadingDates) -> int | None:
    """Add when the reader began and finished a book, at least one of the two. Return its id; None, if the entry has
    these dates, or as many as it may, or the reader has no such entry."""
    lock_shelves(connection, reader_id)
    added = add_readings(connection, reader_id, [(shelved_id, dates)])
    return added[shelved_id][0] if added else None


def add_readings(
    connection: Connection, reader_id: int, readings: Sequence[tuple[int, ReadingDates]]
) -> dict[int, list[int]]:
    """Add when the reader began and finished books, given with the ids of their entries. Return the ids of the new
    readings by those of the entries: of what an entry has, and beyond as many as it may have, there is no new one.

    Those without any date say how often it was read in all: an entry that has as many readings gets no more.
    """
    dated = [(id_, started, finished) for id_, (started, finished) in readings if started or finished]
    all_of = Counter(id_ for id_, _ in readings)
    undated = {id_: all_of[id_] for id_, dates in readings if dates == (None, None)}
    added: dict[int, list[int]] = {}
    if dated:
        values = {
            "ids": [id_ for id_, _, _ in dated],
            "started": [started and started.first for _, started, _ in dated],
            "finished": [finished and finished.last for _, _, finished in dated],
            "started_precisions": [started.precision if started else "day" for _, started, _ in dated],
            "finished_precisions": [finished.precision if finished else "day" for _, _, finished in dated],
        }
        for row in connection.execute(_INSERT, values | {"reader_id": reader_id, "most": READINGS_MAX}):
            added.setdefault(row.shelved_book_id, []).append(row.id)
    if undated:
        values = {"ids": list(undated), "counts": [min(count, READINGS_MAX) for count in undated.values()]}
        for row in connection.execute(_INSERT_UNDATED, values | {"reader_id": reader_id}):
            added.setdefault(row.shelved_book_id, []).append(row.id)
    return added


def update_reading(connection: Connection, reader_id: int, reading_id: int, dates: ReadingDates) -> bool:
    """Change when the reader began and finished a book. Return False if the book has these dates already, as another
    reading, or the reader has no such reading."""
    lock_shelves(connection, reader_id)
    started, finished = dates
    row = connection.execute(
        text("""
            UPDATE readings AS r
               SET started_on = :started_on, finished_on = :finished_on,
                   started_precision = :started_precision, finished_precision = :finished_precision
             WHERE r.id = :id
               AND r.reader_id = :reader_id
               AND NOT EXISTS (SELECT FROM readings AS other
                                WHERE other.shelved_book_id = r.shelved_book_id
                                  AND other.id <> r.id
                                  AND other.started_on IS NOT DISTINCT FROM CAST(:started_on AS date)
                                  AND other.finished_on IS NOT DISTINCT FROM CAST(:finished_on AS date))
            RETURNING id
        """),
        {
            "id": reading_id, "reader_id": reader_id,
            "started_on": started and started.first, "started_precision": started.precision if started else "day",
            "finished_on": finished and finished.last, "finished_precision": finished.precision if finished else "day",
        },
    ).one_or_none()  # fmt: skip
    return row is not None


def delete_readings(connection: Connection, reader_id: int, ids: Sequence[int]) -> int:
    """Delete those of a reader's readings that have these ids, and return their number."""
    statement = text("DELETE FROM readings WHERE reader_id = :reader_id AND id = ANY (:ids)")
    return connection.execute(statement, {"reader_id": reader_id, "ids": list(ids)}).rowcount
