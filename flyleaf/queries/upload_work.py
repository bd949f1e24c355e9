"""The work on uploads, in steps of bounded size: match the rows, write them, undo that.

A step is a transaction that locks the reader and then the upload, so that of several processes one takes it, and a step
that was killed has done nothing. It ends after about a second, however long its rows take.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from flyleaf.history import HistoryRow
from flyleaf.isbn import IsbnError, parse
from flyleaf.limits import UPLOAD_PROPOSALS_MAX
from flyleaf.queries.named_shelves import TooManyShelvesError, select_known, status_of
from flyleaf.queries.proposals import decide_proposal, delete_proposal
from flyleaf.queries.proposed_books import FIELDS, add_proposed_book, insert_proposed_book, is_proposed
from flyleaf.queries.upload_entries import notes_of, undo_entry, write_entry
from flyleaf.queries.upload_reviews import NewReview, undo_review, write_reviews
from flyleaf.queries.upload_rows import Decision, match_next_rows
from flyleaf.queries.uploads import UploadState

WRITTEN_AT_ONCE = 100  # rows of a step, at most
WRITTEN_TOGETHER = 5  # with one statement for all of their reviews; so many are written even if time is up
STEP_SECONDS = 1.0  # after which a step begins no more rows: its transaction is cut after TRANSACTION_SECONDS

ReadersAddBooks = Literal["yes", "moderated", "no"]


def continue_next_upload(
    connection: Connection, readers_add_books: ReadersAddBooks, upload_id: int | None = None
) -> bool:
    """Do a step of the work on an upload, or on this one. Return False if there is none to be done."""
    upload = _take_upload(connection, upload_id)
    if upload is None:
        return False
    if upload.state == UploadState.MATCHING:
        done = match_next_rows(connection, upload.id, upload.done)
        _note(connection, upload.id, done, UploadState.READY)
    elif upload.state == UploadState.WRITING:
        done = _write_next(connection, upload, readers_add_books)
        _note(connection, upload.id, done, UploadState.WRITTEN)
    else:
        done = _undo_next(connection, upload)
        _note(connection, upload.id, done, UploadState.READY)
    return True


def _take_upload(connection: Connection, upload_id: int | None) -> Row[Any] | None:
    """Return an upload that is to be worked on, locked after its reader, like everything else of a reader's.

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
             ORDER BY u.id
             LIMIT 1
               FOR NO KEY UPDATE OF r SKIP LOCKED
        """),
        {"id": upload_id},
    ).scalar()
    return connection.execute(
        text("""
            SELECT id, reader_id, state, done, is_private
              FROM uploads
             WHERE id = :id AND state IN ('matching', 'writing', 'undoing')
               FOR UPDATE SKIP LOCKED
        """),
        {"id": next_id},
    ).one_or_none()


def _note(connection: Connection, upload_id: int, done: int | None, then: UploadState) -> None:
    """Note how far the work is; None: it is done, and the upload gets its next state."""
    connection.execute(
        text("""
            UPDATE uploads
               SET done = coalesce(:done, 0), state = CASE WHEN :done IS NULL THEN :then ELSE state END,
                   changed_at = now()
             WHERE id = :id
        """),
        {"id": upload_id, "done": done, "then": then},
    )


def _write_next(connection: Connection, upload: Any, readers_add_books: ReadersAddBooks) -> int | None:
    """Write the next rows and return the number of the last one; None if no more are left."""
    rows = connection.execute(
        text("""
            SELECT n, said, book_id, decision, replaces
              FROM upload_rows
             WHERE upload_id = :id AND n > :done AND decision IN ('write', 'line') AND outcome IS NULL
             ORDER BY n
             LIMIT :limit
        """),
        {"id": upload.id, "done": upload.done, "limit": WRITTEN_AT_ONCE},
    ).all()
    if not rows:
        return None
    written = 0
    for some in _in_time(rows, WRITTEN_TOGETHER):
        _write_rows(connection, upload, some, readers_add_books)
        written += len(some)
    return None if written == len(rows) < WRITTEN_AT_ONCE else int(rows[written - 1].n)


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
            outcomes[row.n] |= _missing_book(connection, upload, said[row.n], readers_add_books)
            books[row.n] = outcomes[row.n].get("added")
    reviews = [
        NewReview(row.n, book_id, said[row.n], row.replaces)
        for row in rows
        if said[row.n].rating and (book_id := books[row.n]) is not None
    ]
    for n, review in write_reviews(connection, upload.reader_id, reviews, is_private=upload.is_private).items():
        outcomes[n]["review"] = review
    reviewed = {review.n for review in reviews}
    for row in rows:
        notes = notes_of(said[row.n], has_review=row.n in reviewed)
        write = partial(write_entry, connection, upload.reader_id, notes=notes, replaces=row.replaces)
        try:
            with connection.begin_nested():
                entry = write(said[row.n], books[row.n])
        except TooManyShelvesError:
            known = select_known(connection, upload.reader_id, said[row.n].shelves)
            entry = write(replace(said[row.n], shelves=tuple(known)), books[row.n])
            left_out = [name for name in said[row.n].shelves if name not in known and status_of(name) is None]
            outcomes[row.n]["shelves_left_out"] = left_out
        outcomes[row.n] |= {"entry": entry} if entry else {}
    outcomes[rows[0].n]["made_shelves"] = sorted(_shelf_ids(connection, upload.reader_id) - known_shelves)
    _store_outcomes(connection, upload.id, outcomes)


def _missing_book(
    connection: Connection, upload: Any, said: HistoryRow, readers_add_books: ReadersAddBooks
) -> dict[str, Any]:
    """Add a book that the catalogue doesn't have, or propose it. Return what was done, for `_undo_next`."""
    try:
        isbn = parse(said.isbn) if said.isbn else None
    except IsbnError:
        isbn = None
    if isbn is not None and isbn.isbn13 is None:
        isbn = None  # a wrong check digit
    values = {name: getattr(said, name) for name in FIELDS}
    texts = {name: None if value in (None, "") else str(value) for name, value in values.items()}
    if readers_add_books == "moderated":
        if not said.author or _is_proposed(connection, upload, said):
            return {}
        if isbn is not None and is_proposed(connection, isbn, upload.reader_id):
            return {}
    proposal_id = insert_proposed_book(connection, isbn, texts, None, upload.reader_id)
    if readers_add_books == "moderated":
        return {"proposal": proposal_id}
    if add_proposed_book(connection, proposal_id) is None:
        delete_proposal(connection, proposal_id, upload.reader_id)
        return {}
    decide_proposal(connection, proposal_id, upload.reader_id, is_accepted=True)
    statement = text("SELECT book_id FROM proposals WHERE id = :id")
    return {"added": connection.execute(statement, {"id": proposal_id}).scalar_one()}


def _is_proposed(connection: Connection, upload: Any, said: HistoryRow) -> bool:
    """Return whether the reader has proposed a book of this title and author, or as many as an upload may bring."""
    found = connection.execute(
        text("""
            SELECT count(*) >= :most OR bool_or(m.title = :title AND m.author = :author)
              FROM proposals AS p
              JOIN proposed_books AS m ON m.proposal_id = p.id
             WHERE p.proposed_by = :reader_id AND p.decided_at IS NULL
        """),
        {"most": UPLOAD_PROPOSALS_MAX, "reader_id": upload.reader_id, "title": said.title, "author": said.author},
    ).scalar()
    return bool(found)


def _undo_next(connection: Connection, upload: Any) -> int | None:
    """Undo the next rows, the last ones first, as a later row may have added to what an earlier one wrote. Return how
    many are undone; None if no more are left. What the reader has changed since stays, and the row says so."""
    rows = connection.execute(
        text("""
            SELECT n, outcome
              FROM upload_rows
             WHERE upload_id = :id AND outcome IS NOT NULL AND NOT outcome ? 'kept'
             ORDER BY n DESC
             LIMIT :limit
        """),
        {"id": upload.id, "limit": WRITTEN_AT_ONCE},
    ).all()
    if not rows:
        return None
    outcomes: dict[int, dict[str, Any] | None] = {}
    for [row] in _in_time(rows, 1):
        kept = _undo_row(connection, upload.reader_id, row.outcome)
        outcomes[row.n] = {"kept": kept} if kept else None
    _store_outcomes(connection, upload.id, outcomes)
    return None if len(outcomes) == len(rows) < WRITTEN_AT_ONCE else int(upload.done) + len(outcomes)


def _undo_row(connection: Connection, reader_id: int, outcome: Mapping[str, Any]) -> list[str]:
    """Undo what was written of a row. Return what the reader has changed since, which stays."""
    kept = []
    if "review" in outcome and not undo_review(connection, reader_id, outcome["review"]):
        kept.append("review")
    if "entry" in outcome and not undo_entry(connection, reader_id, outcome["entry"]):
        kept.append("entry")
    if outcome.get("made_shelves"):
        _delete_empty_shelves(connection, reader_id, outcome["made_shelves"])
    if "proposal" in outcome:
        delete_proposal(connection, outcome["proposal"], reader_id)
    if "added" in outcome:
        _delete_unused_book(connection, outcome["added"])
    return kept


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


def _delete_unused_book(connection: Connection, book_id: int) -> None:
    """Delete a book that the upload added, unless somebody uses it: reviewed, shelved or corrected it, decided about
    its work, or suggested something of it."""
    # What is written of the book meanwhile waits for this lock, or is seen by the next statement.
    connection.execute(text("SELECT FROM books WHERE id = :id FOR UPDATE"), {"id": book_id})
    connection.execute(
        text("""
            DELETE FROM books AS b
             WHERE id = :id
               AND NOT EXISTS (SELECT FROM reviews WHERE book_id = b.id)
               AND NOT EXISTS (SELECT FROM shelved_books WHERE book_id = b.id)
               AND NOT EXISTS (SELECT FROM corrections WHERE book_id = b.id)
               AND NOT EXISTS (SELECT FROM work_corrections WHERE book_id = b.id)
               AND NOT EXISTS (SELECT FROM work_corrections WHERE other_book_id = b.id)
               AND NOT EXISTS (SELECT FROM proposals WHERE book_id = b.id AND kind <> 'book')
               AND NOT EXISTS (SELECT FROM proposals WHERE other_book_id = b.id)
        """),
        {"id": book_id},
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
