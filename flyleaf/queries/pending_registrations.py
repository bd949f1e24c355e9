"""Pending registrations: readers who can't log in until a moderator approves them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import PENDING_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page

_PENDING = """
    SELECT r.id, r.name, p.registered_at
      FROM pending_registrations AS p
      JOIN readers AS r ON r.id = p.reader_id
"""
_ALL = Listed(
    older=text(f"""{_PENDING}
     WHERE (p.registered_at, p.reader_id) < (:at, :id)
     ORDER BY p.registered_at DESC, p.reader_id DESC
     LIMIT :limit"""),
    newer=text(f"""{_PENDING}
     WHERE (p.registered_at, p.reader_id) > (:at, :id)
     ORDER BY p.registered_at, p.reader_id
     LIMIT :limit"""),
)


@dataclass(frozen=True, slots=True)
class PendingRegistration:
    id: int
    name: str
    registered_at: datetime


def insert_pending_registration(connection: Connection, reader_id: int) -> None:
    """Keep a new reader from logging in."""
    connection.execute(
        text("INSERT INTO pending_registrations (reader_id) VALUES (:reader_id)"), {"reader_id": reader_id}
    )


def select_pending_registrations(connection: Connection, place: Key) -> Page[PendingRegistration]:
    """Return the page of pending registrations at the place, the latest first."""
    return select_page(
        connection, _ALL, {}, place, PENDING_ON_A_PAGE, PendingRegistration, lambda one: (one.registered_at, one.id)
    )


def approve_registration(connection: Connection, reader_id: int) -> bool:
    """Let the reader log in. Return False if the registration is not pending any more."""
    row = connection.execute(
        text("DELETE FROM pending_registrations WHERE reader_id = :reader_id RETURNING reader_id"),
        {"reader_id": reader_id},
    ).one_or_none()
    return row is not None


def refuse_registration(connection: Connection, reader_id: int) -> bool:
    """Delete the reader, whose name is free again. Return False if the registration is not pending any more."""
    pending = connection.execute(
        text("SELECT FROM pending_registrations WHERE reader_id = :reader_id FOR UPDATE"), {"reader_id": reader_id}
    ).one_or_none()
    if pending is not None:
        connection.execute(text("DELETE FROM readers WHERE id = :reader_id"), {"reader_id": reader_id})
    return pending is not None
