"""Works by their ids: which edition stands for one, and which one an edition belongs to."""

import re

from sqlalchemy import Connection, text

_ID = re.compile("[0-9a-f]{16}", re.ASCII)


def work_name(work_id: int) -> str:
    """Return the id as addresses have it: JavaScript can't count to 64 bits."""
    return f"{work_id % 2**64:016x}"


def work_id_of(name: str) -> int | None:
    """Return the id that has this name, or None if there can't be one."""
    if not _ID.fullmatch(name):
        return None
    number = int(name, 16)
    return number - 2**64 if number >= 2**63 else number


def select_leading_identity(connection: Connection, work_id: int) -> str | None:
    """Return the identity of the edition that stands for the work, or None if there is no such work."""
    return connection.execute(
        text("""
            SELECT b.identity
              FROM search_works AS work
              JOIN books AS b ON b.id = work.lead_book_id
             WHERE work.id = :work_id
        """),
        {"work_id": work_id},
    ).scalar()


def select_work_id(connection: Connection, book_id: int) -> int | None:
    """Return the id of the book's work, or None while the search has yet to learn it."""
    return connection.execute(
        text("SELECT work_id FROM search_editions WHERE book_id = :book_id"), {"book_id": book_id}
    ).scalar()
