"""The work on uploads, in steps of bounded size: match the rows, write them, undo that.

A step is a transaction that locks the reader and then the upload, so that of several processes one takes it, and a step
that was killed has done nothing. It ends after about a second, however long its rows take.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Row, text

from flyleaf.history import HistoryRow
from flyleaf.queries.upload_books import ReadersAddBooks, provide_missing_book, undo_missing_book
from flyleaf.queries.upload_entries import RowEntry, notes_of, undo_entries, write_entries
from flyleaf.queries.upload_faults import FAULTS_MAX, give_up_next_row, note_fault, size_of_step
from flyleaf.queries.upload_reviews import NewReview, undo_reviews, write_reviews
from flyleaf.queries.upload_rows import Decision, match_next_rows
from flyleaf.queries.uploads import UploadState

MATCHED_AT_ONCE = 250  # rows of a step: a fifth of a second
WRITTEN_AT_ONCE = 100  # rows of a step, at most
WRITTEN_TOGETHER = 25  # with the same statements; so many are written even if time is up
STEP_SECONDS = 1.0  # after which a step begins no more rows: its transaction is cut after TRANSACTION_SECONDS

logger = logging.getLogger("flyleaf.uploads")


def continue_next_upload(
    transaction: Callable[[], AbstractContextManager[Connection]],
    readers_add_books: ReadersAddBooks,
    upload_id: int | None = None,
) -> bool:
    """Do a step of the work on an upload, or on this one, in a transaction. Return False if there is none to be done.

    If the step fails, the next one takes fewer rows, and another upload has its turn before. A row that fails alone is
    left out after some tries, so that the others are not held up. Raises what the database raises while it is away.
    """
    upload = None
    try:
        with transaction() as connection:
            upload = _take_upload(connection, upload_id)
            if upload is None:
                return False
            _take_step(connection, upload, readers_add_books)
    except Exception:
        if upload is None:
            raise
        with transaction() as connection:
            note_fault(connection, upload.id)
        logger.exception("a step of an import failed", extra={"upload": upload.id, "faults": upload.faults + 1})
    return True


def _take_upload(connection: Connection, upload_id: int | None) -> Row[Any] | None:
    """Return an upload that is to be worked on, the one that has waited longest, locked after its reader, like
    everything else of a reader's.

    Uploads of accounts that were deleted are left to the departure.
    """
    next_id = connection.execute(
        text("""
            SELECT u.id
              FROM uploads AS u
              JOIN readers AS r ON r.id = u.reader_id
             WHERE u.state IN ('matching', 'writing', 'undoing')
               AND (:id IS NULL OR u.id = :id)
               AND r.name IS NOT NULL
             ORDER BY u.changed_at, u.id
             LIMIT 1
               FOR NO KEY UPDATE OF r SKIP LOCKED
        """),
        {"id": upload_id},
    ).scalar()
    return connection.execute(
        text("""
            SELECT id, reader_id, state, done, is_private, faults
              FROM uploads
             WHERE id = :id AND state IN ('matching', 'writing', 'undoing')
               FOR UPDATE SKIP LOCKED
        """),
        {"id": next_id},
    ).one_or_none()


def _take_step(connection: Connection, upload: Any, readers_add_books: ReadersAddBooks) -> None:
    state = UploadState(upload.state)
    if upload.faults >= FAULTS_MAX:
        done = give_up_next_row(connection, upload.id, state, upload.done)
    elif state is UploadState.MATCHING:
        done = match_next_rows(connection, upload.id, upload.done, size_of_step(upload.faults, MATCHED_AT_ONCE))
    elif state is UploadState.WRITING:
        done = _write_next(connection, upload, readers_add_books)
    else:
        done = _undo_next(connection, upload)
    _note(connection, upload.id, done, UploadState.WRITTEN if state is UploadState.WRITING else UploadState.READY)


def _note(connection: Connection, upload_id: int, done: int | None, then: UploadState) -> None:
    """Note how far the work is; None: it is done, and the upload gets its next state."""
    connection.execute(
        text("""
            UPDATE uploads
               SET done = coalesce(:done, 0), state = CASE WHEN :done IS NULL THEN :then ELSE state END,
                   faults = CASE WHEN :done IS NULL THEN 0 WHEN faults >= :most THEN :most - 2
                                 ELSE greatest(faults - 1, 0) END,  -- so the next row has two tries, too
                   changed_at = clock_timestamp()
             WHERE id = :id
        """),
        {"id": upload_id, "done": done, "then": then, "most": FAULTS_MAX},
    )


def _write_next(connection: Connection, upload: Any, readers_add_books: ReadersAddBooks) -> int | None:
    """Write the next rows and return the number of the last one; None if no more are left."""
    size = size_of_step(upload.faults, WRITTEN_AT_ONCE)
    rows = connection.execute(
        text("""
            SELECT n, said, book_id, decision, replaces
              FROM upload_rows
             WHERE upload_id = :id AND n > :done AND decision IN ('write', 'line') AND outcome IS NULL
             ORDER BY n
             LIMIT :limit
        """),
        {"id": upload.id, "done": upload.done, "limit": size},
    ).all()
    if not rows:
        return None
    written = 0
    for some in _in_time(rows, WRITTEN_TOGETHER):
        _write_rows(connection, upload, some, readers_add_books)
        written += len(some)
    return None if written == len(rows) < size else int(rows[written - 1].n)


def _in_time(rows: Sequence[Row[Any]], size: int) -> Iterator[Sequence[Row[Any]]]:
    """Return the rows, so many together, until the time of a step is up."""
    until = monotonic() + STEP_SECONDS
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
        if monotonic() >= until:
            return


def _write_rows(
    connection: Connection, upload: Any, rows: Sequence[Row[Any]], readers_add_books: ReadersAddBooks
) -> None:
    said = {row.n: HistoryRow.from_json(row.said) for row in rows}
    known_shelves = _shelf_ids(connection, upload.reader_id)
    books = {row.n: row.book_id if row.decision == Decision.WRITE else None for row in rows}
    outcomes: dict[int, dict[str, Any]] = {row.n: {} for row in rows}
    for row in rows:
        if row.decision == Decision.LINE and readers_add_books != "no":
            outcomes[row.n] |= provide_missing_book(connection, upload.reader_id, said[row.n], readers_add_books)
            books[row.n] = outcomes[row.n].get("added")
    reviews = [
        NewReview(row.n, book_id, said[row.n], row.replaces)
        for row in rows
        if said[row.n].rating and (book_id := books[row.n]) is not None
    ]
    for n, review in write_reviews(connection, upload.reader_id, reviews, is_private=upload.is_private).items():
        outcomes[n]["review"] = review
    reviewed = {review.n for review in reviews}
    entries = [
        RowEntry(row.n, books[row.n], said[row.n], notes_of(said[row.n], has_review=row.n in reviewed), row.replaces)
        for row in rows
    ]
    for n, changed in write_entries(connection, upload.reader_id, entries).items():
        outcomes[n] |= changed
    outcomes[rows[0].n]["made_shelves"] = sorted(_shelf_ids(connection, upload.reader_id) - known_shelves)
    _store_outcomes(connection, upload.id, outcomes)


def _undo_next(connection: Connection, upload: Any) -> int | None:
    """Undo the next rows, the last ones first, as a later row may have added to what an earlier one wrote. Return how
    many are undone; None if no more are left. What the reader has changed since stays, and the row says so."""
    size = size_of_step(upload.faults, WRITTEN_AT_ONCE)
    rows = connection.execute(
        text("""
            SELECT n, outcome
              FROM upload_rows
             WHERE upload_id = :id AND outcome IS NOT NULL AND NOT outcome ? 'kept'
             ORDER BY n DESC
             LIMIT :limit
        """),
        {"id": upload.id, "limit": size},
    ).all()
    if not rows:
        return None
    undone = 0
    for some in _in_time(rows, WRITTEN_TOGETHER):
        _undo_rows(connection, upload, {row.n: row.outcome for row in some})
        undone += len(some)
    return None if undone == len(rows) < size else int(upload.done) + undone


def _undo_rows(connection: Connection, upload: Any, written: Mapping[int, Mapping[str, Any]]) -> None:
    """Undo what was written of rows. What the reader has changed since is noted as kept."""
    reader_id = upload.reader_id
    reviews = {n: one["review"] for n, one in written.items() if "review" in one}
    entries = {n: one["entry"] for n, one in written.items() if "entry" in one}
    changed = {
        "review": undo_reviews(connection, reader_id, reviews),
        "entry": undo_entries(connection, reader_id, entries),
    }
    shelves = [shelf_id for one in written.values() for shelf_id in one.get("made_shelves", ())]
    _delete_empty_shelves(connection, reader_id, shelves)
    for one in written.values():
        undo_missing_book(connection, reader_id, one)
    kept = {n: [what for what, numbers in changed.items() if n in numbers] for n in written}
    _store_outcomes(connection, upload.id, {n: {"kept": whats} if whats else None for n, whats in kept.items()})


def _shelf_ids(connection: Connection, reader_id: int) -> set[int]:
    statement = text("SELECT id FROM shelves WHERE reader_id = :reader_id")
    return set(connection.scalars(statement, {"reader_id": reader_id}))


def _delete_empty_shelves(connection: Connection, reader_id: int, ids: Sequence[int]) -> None:
    """Delete those of the shelves that the upload made on which no book is."""
    connection.execute(
        text("""
            DELETE FROM shelves AS s
             WHERE reader_id = :reader_id
               AND id = ANY (:ids)
               AND NOT EXISTS (SELECT FROM shelf_members WHERE shelf_id = s.id)
        """),
        {"reader_id": reader_id, "ids": list(ids)},
    )


def _store_outcomes(connection: Connection, upload_id: int, outcomes: Mapping[int, Mapping[str, Any] | None]) -> None:
    numbers: Sequence[int] = list(outcomes)
    connection.execute(
        text("""
            UPDATE upload_rows AS r
               SET outcome = CAST(new.outcome AS jsonb)
              FROM unnest(CAST(:numbers AS int[]), CAST(:outcomes AS text[])) AS new (n, outcome)
             WHERE r.upload_id = :upload_id AND r.n = new.n
        """),
        {
            "upload_id": upload_id,
            "numbers": numbers,
            "outcomes": [None if outcomes[n] is None else json.dumps(outcomes[n]) for n in numbers],
        },
    )
