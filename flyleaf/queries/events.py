"""Events: what happened to accounts and to the catalogue. They are written once, and never changed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text

from flyleaf.limits import EVENTS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page

ROWS_AT_ONCE = 2_000  # that a cursor of the server hands over
OWN_EVENTS_MAX = 10_000  # newest first

_OWN = """
    SELECT id, at, kind, reader_id, detail
      FROM events
     WHERE reader_id = :reader_id
"""
# Ids are given out in the order of time, near enough, and the index has them.
_BY_READER = Listed(
    older=text(f"{_OWN} AND id < :id ORDER BY id DESC LIMIT :limit"),
    newer=text(f"{_OWN} AND id > :id ORDER BY id LIMIT :limit"),
)

Detail = Mapping[str, str | int | None]  # names and numbers for people; never a password, a token or an address


class EventKind(StrEnum):
    REGISTERED = "registered"
    LOGGED_IN = "logged-in"
    LOGIN_FAILED = "login-failed"
    LOGGED_OUT = "logged-out"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  # nosec B105
    PASSWORD_REFUSED = "password-refused"  # noqa: S105  # nosec B105  # the old one, where it had to be repeated, was wrong
    SESSION_ENDED = "session-ended"
    OTHER_SESSIONS_ENDED = "other-sessions-ended"
    DATA_DOWNLOADED = "data-downloaded"
    ACCOUNT_DELETED = "account-deleted"
    LOGIN_REFUSED = "login-refused"  # the password was right, the account is locked
    ACCOUNT_LOCKED = "account-locked"
    ACCOUNT_UNLOCKED = "account-unlocked"
    PASSWORD_RESET_OFFERED = "password-reset-offered"  # noqa: S105  # nosec B105
    PASSWORD_RESET = "password-reset"  # noqa: S105  # nosec B105
    MODERATOR_MADE = "moderator-made"
    MODERATOR_REMOVED = "moderator-removed"
    REVIEW_REPORTED = "review-reported"  # by this reader
    REVIEW_HIDDEN = "review-hidden"  # of this reader; what the moderator did is another event, of the moderator
    REVIEW_UNHIDDEN = "review-unhidden"
    MODERATED = "moderated"
    CATALOGUE_IMPORTED = "catalogue-imported"


@dataclass(frozen=True, slots=True)
class Event:
    """`reader_id` None: it happened to nobody's account."""

    id: int
    at: datetime
    kind: str
    reader_id: int | None
    detail: Detail


def insert_event(
    connection: Connection, kind: EventKind, reader_id: int | None = None, detail: Detail | None = None
) -> None:
    connection.execute(
        text("INSERT INTO events (kind, reader_id, detail) VALUES (:kind, :reader_id, CAST(:detail AS jsonb))"),
        {"kind": kind.value, "reader_id": reader_id, "detail": json.dumps(detail or {})},
    )


def select_events(connection: Connection, reader_id: int, place: Key) -> Page[Event]:
    """Return the page of what happened to this account at the place, newest first."""
    named = {"reader_id": reader_id}
    return select_page(connection, _BY_READER, named, place, EVENTS_ON_A_PAGE, Event, lambda one: (one.at, one.id))


def select_own_events(connection: Connection, reader_id: int) -> list[Event]:
    """The newest of this account, for its reader to take along; `count_events` says how many there are."""
    rows = connection.execute(
        text(f"{_OWN} ORDER BY id DESC LIMIT :limit"), {"reader_id": reader_id, "limit": OWN_EVENTS_MAX}
    )
    return [Event(**row._mapping) for row in rows]


def count_events(connection: Connection, reader_id: int) -> int:
    found = connection.execute(
        text("SELECT count(*) FROM events WHERE reader_id = :reader_id"), {"reader_id": reader_id}
    )
    return int(found.scalar_one())


def select_all_events(connection: Connection) -> Iterator[Event]:
    """Every event, the oldest first, as they are asked for: the transaction lasts as long as whoever reads needs."""
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"))
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        text("SELECT id, at, kind, reader_id, detail FROM events ORDER BY id")
    )
    return (Event(**row._mapping) for row in rows)
