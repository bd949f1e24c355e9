"""Books that the catalogue lacks and that an upload adds or proposes, and how that is undone."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, text

from flyleaf.history import HistoryRow
from flyleaf.isbn import IsbnError, parse
from flyleaf.limits import UPLOAD_BOOKS, UPLOAD_PROPOSALS_MAX
from flyleaf.queries.proposals import decide_proposal, delete_proposal
from flyleaf.queries.proposed_books import FIELDS, add_proposed_book, insert_proposed_book, is_proposed

ReadersAddBooks = Literal["yes", "moderated", "no"]


def provide_missing_book(
    connection: Connection, reader_id: int, said: HistoryRow, readers_add_books: ReadersAddBooks
) -> dict[str, Any]:
    """Add a book that the catalogue doesn't have, or propose it. Return what was done, for `undo_missing_book`: the
    id of the book or of the proposal, or that the reader has added as many as one may in a day."""
    try:
        isbn = parse(said.isbn) if said.isbn else None
    except IsbnError:
        isbn = None
    if isbn is not None and isbn.isbn13 is None:
        isbn = None  # a wrong check digit
    values = {name: getattr(said, name) for name in FIELDS}
    texts = {name: None if value in (None, "") else str(value) for name, value in values.items()}
    if readers_add_books == "moderated":
        if not said.author or _is_proposed(connection, reader_id, said):
            return {}
        if isbn is not None and is_proposed(connection, isbn, reader_id):
            return {}
    elif _has_added_many(connection, reader_id):
        return {"too_many_books": True}
    proposal_id = insert_proposed_book(connection, isbn, texts, None, reader_id)
    if readers_add_books == "moderated":
        return {"proposal": proposal_id}
    if add_proposed_book(connection, proposal_id) is None:
        delete_proposal(connection, proposal_id, reader_id)
        return {}
    decide_proposal(connection, proposal_id, reader_id, is_accepted=True)
    statement = text("SELECT book_id FROM proposals WHERE id = :id")
    return {"added": connection.execute(statement, {"id": proposal_id}).scalar_one()}


def _is_proposed(connection: Connection, reader_id: int, said: HistoryRow) -> bool:
    """Return whether the reader has proposed a book of this title and author, or as many as an upload may bring."""
    found = connection.execute(
        text("""
            SELECT count(*) >= :most OR bool_or(m.title = :title AND m.author = :author)
              FROM proposals AS p
              JOIN proposed_books AS m ON m.proposal_id = p.id
             WHERE p.proposed_by = :reader_id AND p.decided_at IS NULL
        """),
        {"most": UPLOAD_PROPOSALS_MAX, "reader_id": reader_id, "title": said.title, "author": said.author},
    ).scalar()
    return bool(found)


def _has_added_many(connection: Connection, reader_id: int) -> bool:
    """Return whether the reader's uploads have added as many books as they may, of which those that were undone
    don't count."""
    found = connection.execute(
        text("""
            SELECT count(*) >= :most
              FROM proposals
             WHERE proposed_by = :reader_id
               AND proposed_at > now() - make_interval(secs => :seconds)
               AND kind = 'book'
               AND decided_by = :reader_id
        """),
        {"reader_id": reader_id, "most": UPLOAD_BOOKS.most, "seconds": UPLOAD_BOOKS.seconds},
    ).scalar()
    return bool(found)


def undo_missing_book(connection: Connection, reader_id: int, outcome: Mapping[str, Any]) -> None:
    """Withdraw the proposal of a book, or delete the book that was added if nobody uses it."""
    if "proposal" in outcome:
        delete_proposal(connection, outcome["proposal"], reader_id)
    if "added" in outcome:
        _delete_unused_book(connection, outcome["added"])


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
