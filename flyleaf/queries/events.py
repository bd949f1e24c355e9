"""Events: what happened to accounts and to the catalogue. They are never changed, nor deleted before their time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text

from flyleaf.limits import EVENTS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.streaming import stream

_OWN = """
    SELECT id, at, kind, reader_id, detail
      FROM events
     WHERE reader_id = :reader_id
"""
# Ordered by id, which the index covers: ids follow the time of the events closely enough.
_BY_READER = Listed(
    older=text(f"{_OWN} AND id < :id ORDER BY id DESC LIMIT :limit"),
    newer=text(f"{_OWN} AND id > :id ORDER BY id LIMIT :limit"),
)

Detail = Mapping[str, str | int | None]  # readable names and numbers; never a password, token or address


class EventKind(StrEnum):
    REGISTERED = "registered"
    LOGGED_IN = "logged-in"
    LOGIN_FAILED = "login-failed"
    LOGGED_OUT = "logged-out"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  # nosec B105
    PASSWORD_REFUSED = "password-refused"  # noqa: S105  # nosec B105  # the current password was entered wrongly
    SESSION_ENDED = "session-ended"
    OTHER_SESSIONS_ENDED = "other-sessions-ended"
    DATA_DOWNLOADED = "data-downloaded"
    ACCOUNT_DELETED = "account-deleted"
    LOGIN_REFUSED = "login-refused"  # the password was right, but the account is locked
    ACCOUNT_LOCKED = "account-locked"
    ACCOUNT_UNLOCKED = "account-unlocked"
    PASSWORD_RESET_OFFERED = "password-reset-offered"  # noqa: S105  # nosec B105
    PASSWORD_RESET = "password-reset"  # noqa: S105  # nosec B105
    MODERATOR_MADE = "moderator-made"
    MODERATOR_REMOVED = "moderator-removed"
    REVIEW_REPORTED = "review-reported"  # by this reader
    REVIEW_HIDDEN = "review-hidden"  # this reader's; the moderator has a MODERATED event
    REVIEW_UNHIDDEN = "review-unhidden"
    REVIEW_ALLOWED = "review-allowed"  # another one by this reader, of a book whose last one was hidden
    MODERATED = "moderated"
    PROPOSAL_MADE = "proposal-made"  # by this reader
    PROPOSAL_ACCEPTED = "proposal-accepted"  # this reader's; the moderator has a MODERATED event
    PROPOSAL_REFUSED = "proposal-refused"
    CORRECTION_UNDONE = "correction-undone"  # that this reader proposed
    SECOND_FACTOR_ADDED = "second-factor-added"
    SECOND_FACTOR_REMOVED = "second-factor-removed"
    SECOND_FACTOR_REFUSED = "second-factor-refused"  # at a login: the password was right
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    SECOND_FACTORS_RESET = "second-factors-reset"  # by the operator
    REGISTRATION_APPROVED = "registration-approved"
    IDENTITY_CONNECTED = "identity-connected"  # an account at another site
    IDENTITY_DISCONNECTED = "identity-disconnected"
    LOGIN_LINK_OFFERED = "login-link-offered"
    INVITATION_MADE = "invitation-made"  # by this moderator; None: by the operator
    INVITATION_ENDED = "invitation-ended"
    API_TOKEN_MADE = "api-token-made"  # noqa: S105  # nosec B105
    API_TOKEN_REVOKED = "api-token-revoked"  # noqa: S105  # nosec B105
    CATALOGUE_IMPORTED = "catalogue-imported"


# Those that may come with every visit. They are kept for a shorter time than the others.
ROUTINE = frozenset(
    {
        EventKind.LOGGED_IN,
        EventKind.LOGIN_FAILED,
        EventKind.LOGGED_OUT,
        EventKind.LOGIN_REFUSED,
        EventKind.PASSWORD_REFUSED,
        EventKind.SECOND_FACTOR_REFUSED,
        EventKind.SESSION_ENDED,
        EventKind.OTHER_SESSIONS_ENDED,
        EventKind.DATA_DOWNLOADED,
        EventKind.REVIEW_REPORTED,
        EventKind.PROPOSAL_MADE,
    }
)
PRUNED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `reader_id` is None if it concerns no account."""

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


def select_events(connection: Connection, reader_id: int, place: Key, size: int = EVENTS_ON_A_PAGE) -> Page[Event]:
    """Return the page of this reader's events at the place, newest first."""
    named = {"reader_id": reader_id}
    return select_page(connection, _BY_READER, named, place, size, Event, lambda one: (one.at, one.id))


def count_events(connection: Connection, reader_id: int) -> int:
    found = connection.execute(
        text("SELECT count(*) FROM events WHERE reader_id = :reader_id"), {"reader_id": reader_id}
    )
    return int(found.scalar_one())


def select_all_events(connection: Connection) -> Iterator[Event]:
    """Return every event, oldest first, row by row."""
    rows = stream(connection, text("SELECT id, at, kind, reader_id, detail FROM events ORDER BY id"))
    return (Event(**row._mapping) for row in rows)


def update_event_ages(connection: Connection, routine_days: int, other_days: int) -> None:
    """Store how long events of each kind are kept. The database refuses to delete younger ones."""
    days = {kind.value: routine_days if kind in ROUTINE else other_days for kind in EventKind}
    connection.execute(
        text("""
            INSERT INTO event_ages (kind, days)
            SELECT kind, days
              FROM unnest(CAST(:kinds AS text[]), CAST(:days AS integer[])) AS wanted (kind, days)
             WHERE NOT EXISTS (SELECT FROM event_ages AS a WHERE (a.kind, a.days) = (wanted.kind, wanted.days))
             ORDER BY kind
            ON CONFLICT (kind) DO UPDATE SET days = excluded.days
        """),
        {"kinds": list(days), "days": list(days.values())},
    )


def delete_due_events(connection: Connection) -> int:
    """Delete the next events that are older than their kind is kept, and return how many there were."""
    deleted = connection.execute(
        text("""
            DELETE FROM events
             WHERE id = ANY (ARRAY(SELECT due.id
                                     FROM event_ages AS a
                                    CROSS JOIN LATERAL (SELECT e.id
                                                          FROM events AS e
                                                         WHERE e.kind = a.kind
                                                           AND e.at < now() - make_interval(days => a.days)
                                                         ORDER BY e.at
                                                         LIMIT :limit
                                                           FOR UPDATE SKIP LOCKED) AS due
                                    LIMIT :limit))
        """),
        {"limit": PRUNED_AT_ONCE},
    )
    return deleted.rowcount
