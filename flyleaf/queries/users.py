"""Users: the readers as the operator sees them, who lists, locks and appoints them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.queries.readers import name_key

ROWS_AT_ONCE = 2_000  # that a cursor of the server hands over
_COLUMNS = """
    a.id, a.name, a.created_at AS registered_at,
    (SELECT max(s.seen_at) FROM sessions AS s WHERE s.reader_id = a.id) AS seen_at,
    (SELECT count(*) FROM reviews AS r WHERE r.reader_id = a.id) AS reviews,
    a.is_moderator, a.lock_reason
"""


@dataclass(frozen=True, slots=True)
class User:
    """`seen_at` of the sessions that are kept; `reviews` with the hidden ones; `lock_reason` None: not locked."""

    id: int
    name: str
    registered_at: datetime
    seen_at: datetime | None
    reviews: int
    is_moderator: bool
    lock_reason: str | None


def select_user(connection: Connection, name: str) -> User | None:
    """The reader of this name, in any spelling that counts as the same."""
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM readers AS a WHERE a.name_key = :name_key"),  # noqa: S608  # a constant
        {"name_key": name_key(name)},
    ).one_or_none()
    return User(**row._mapping) if row else None


def select_users(connection: Connection, part: str) -> Iterator[User]:
    """All whose name has `part` in it, by name, as they are asked for: the transaction lasts as long as whoever reads
    needs."""
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"))
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        text(f"""
            SELECT {_COLUMNS}
              FROM readers AS a
             WHERE strpos(a.name_key, :part) > 0
             ORDER BY a.name_key
        """),  # noqa: S608  # a constant
        {"part": name_key(part)},
    )
    return (User(**row._mapping) for row in rows)


def update_lock(connection: Connection, reader_id: int, reason: str | None) -> None:
    """Lock the account, or with None unlock it. A log-in of the same moment holds the row, or waits for it: what this
    transaction does to the sessions afterwards finds all that there are."""
    connection.execute(
        text("UPDATE readers SET lock_reason = :reason WHERE id = :reader_id"),
        {"reader_id": reader_id, "reason": reason},
    )


def update_moderator(connection: Connection, reader_id: int, is_moderator: bool) -> None:
    connection.execute(
        text("UPDATE readers SET is_moderator = :is_moderator WHERE id = :reader_id"),
        {"reader_id": reader_id, "is_moderator": is_moderator},
    )
