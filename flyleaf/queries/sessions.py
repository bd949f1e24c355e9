"""Sessions: which of them are active. The database knows a session by the hash of its id; its content is in its
file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, TextClause, text

from flyleaf.limits import FRESH_MINUTES, SESSION_DAYS, SESSION_IDLE_DAYS, SESSION_SEEN_MINUTES, SESSIONS_MAX
from flyleaf.queries.prepared import prepared
from flyleaf.queries.readers import Credentials, Reader

PRUNED_AT_ONCE = 100
_ALIVE = """
    s.seen_at > now() - make_interval(days => :idle_days) AND s.began_at > now() - make_interval(days => :most_days)
"""
_DAYS = {"idle_days": SESSION_IDLE_DAYS, "most_days": SESSION_DAYS}

_LIVE = prepared(
    text(f"""
        SELECT r.id, r.name, r.language, r.theme, r.is_moderator, r.has_second_factor,
               s.seen_at < now() - make_interval(mins => :minutes) AS is_due
          FROM sessions AS s
          JOIN readers AS r ON r.id = s.reader_id
         WHERE s.id_hash = :id_hash AND s.reader_id = :reader_id AND {_ALIVE}
    """),  # noqa: S608  # the text of this module
    "id", "name", "language", "theme", "is_moderator", "has_second_factor", "is_due",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Session:
    """An active session. `browser` and `system` are names of programs, None if unknown."""

    id: int
    began_at: datetime
    seen_at: datetime
    browser: str | None
    system: str | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class LiveSession:
    """The session that a request belongs to. `is_due` means that `seen_at` should be updated."""

    reader: Reader
    is_due: bool


def insert_session(
    connection: Connection, id_hash: bytes, credentials: Credentials, browser: str | None, system: str | None
) -> list[bytes] | None:
    """Start a session and return the hashes of those that ended because of it. Return None if it was not started: the
    password has changed since, the first second factor was added or the last one removed, or the account is locked,
    pending or deleted.

    The row lock serialises logins with password changes, and with other logins to the same account, so that the number
    of its sessions stays within the limit.
    """
    row = connection.execute(
        text("""
            INSERT INTO sessions (id_hash, reader_id, browser, system)
            SELECT :id_hash, r.id, :browser, :system
              FROM (SELECT id
                      FROM readers
                     WHERE id = :reader_id
                       AND password_hash = :password_hash
                       AND has_second_factor = :has_second_factor
                       AND lock_reason IS NULL
                       AND NOT EXISTS (SELECT FROM pending_registrations AS p WHERE p.reader_id = readers.id)
                       FOR NO KEY UPDATE) AS r
            RETURNING id
        """),
        {
            "id_hash": id_hash,
            "reader_id": credentials.reader.id,
            "password_hash": credentials.password_hash,
            "has_second_factor": credentials.reader.has_second_factor,
            "browser": browser,
            "system": system,
        },
    ).one_or_none()
    if row is None:
        return None
    return [*_delete_oldest(connection, credentials.reader.id), *_delete_expired(connection)]


def select_live_session(connection: Connection, id_hash: bytes, reader_id: int) -> LiveSession | None:
    """Return the session with its reader, or None if it was ended or has expired."""
    row = connection.execute(
        _LIVE,
        {"id_hash": id_hash, "reader_id": reader_id, "minutes": SESSION_SEEN_MINUTES, **_DAYS},
    ).one_or_none()
    if row is None:
        return None
    reader = Reader(row.id, row.name, row.language, row.theme, row.is_moderator, row.has_second_factor)
    return LiveSession(reader, row.is_due)


def is_session_fresh(connection: Connection, id_hash: bytes) -> bool:
    """Return whether the session began within FRESH_MINUTES."""
    return (
        connection.execute(
            text(
                "SELECT FROM sessions WHERE id_hash = :id_hash AND began_at > now() - make_interval(mins => :minutes)"
            ),
            {"id_hash": id_hash, "minutes": FRESH_MINUTES},
        ).one_or_none()
        is not None
    )


def update_session_seen(connection: Connection, id_hash: bytes) -> None:
    """Note that the session is in use. Of simultaneous requests only one writes, and none waits for another."""
    connection.execute(
        text("""
            UPDATE sessions
               SET seen_at = now()
             WHERE id IN (SELECT id FROM sessions WHERE id_hash = :id_hash FOR UPDATE SKIP LOCKED)
        """),
        {"id_hash": id_hash},
    )


def update_session_id(connection: Connection, id_hash: bytes, new_id_hash: bytes) -> None:
    connection.execute(
        text("UPDATE sessions SET id_hash = :new_id_hash WHERE id_hash = :id_hash"),
        {"id_hash": id_hash, "new_id_hash": new_id_hash},
    )


def select_sessions(connection: Connection, reader_id: int, current_id_hash: bytes) -> list[Session]:
    """Return a reader's active sessions: the current one first, then the most recently used."""
    rows = connection.execute(
        text(f"""
            SELECT s.id, s.began_at, s.seen_at, s.browser, s.system, s.id_hash = :current_id_hash AS is_current
              FROM sessions AS s
             WHERE s.reader_id = :reader_id AND {_ALIVE}
             ORDER BY is_current DESC, s.seen_at DESC, s.id DESC
             LIMIT :limit
        """),  # noqa: S608  # the text of this module
        {"reader_id": reader_id, "current_id_hash": current_id_hash, "limit": SESSIONS_MAX, **_DAYS},
    )
    return [Session(**row._mapping) for row in rows]


def delete_session(connection: Connection, id_hash: bytes) -> int | None:
    """End a session and return its reader's id, or None if there is no such session."""
    deleted = connection.execute(
        text("DELETE FROM sessions WHERE id_hash = :id_hash RETURNING reader_id"), {"id_hash": id_hash}
    ).scalar()
    return None if deleted is None else int(deleted)


def delete_readers_session(connection: Connection, reader_id: int, session_id: int) -> list[bytes]:
    """End a session of this reader and return its hash, in a list that is empty if there is no such session."""
    return _hashes(
        connection,
        text("DELETE FROM sessions WHERE id = :session_id AND reader_id = :reader_id RETURNING id_hash"),
        {"session_id": session_id, "reader_id": reader_id},
    )


def delete_other_sessions(connection: Connection, reader_id: int, id_hash: bytes) -> list[bytes]:
    """End all sessions of this reader except the given one, and return the hashes of those that ended."""
    return _hashes(
        connection,
        text("DELETE FROM sessions WHERE reader_id = :reader_id AND id_hash <> :id_hash RETURNING id_hash"),
        {"reader_id": reader_id, "id_hash": id_hash},
    )


def delete_all_sessions(connection: Connection, reader_id: int) -> list[bytes]:
    """End all sessions of this reader and return their hashes."""
    return _hashes(
        connection,
        text("DELETE FROM sessions WHERE reader_id = :reader_id RETURNING id_hash"),
        {"reader_id": reader_id},
    )


def select_live_hashes(connection: Connection, id_hashes: Sequence[bytes]) -> set[bytes]:
    """Return those of the hashes that belong to active sessions."""
    statement = text(f"SELECT s.id_hash FROM sessions AS s WHERE s.id_hash = ANY (:id_hashes) AND {_ALIVE}")  # noqa: S608  # the text of this module
    return set(_hashes(connection, statement, {"id_hashes": list(id_hashes), **_DAYS}))


def _hashes(connection: Connection, statement: TextClause, named: Mapping[str, object]) -> list[bytes]:
    return [bytes(id_hash) for id_hash in connection.scalars(statement, named)]


def _delete_oldest(connection: Connection, reader_id: int) -> list[bytes]:
    """End this reader's least recently used sessions beyond the limit, and return their hashes."""
    return _hashes(
        connection,
        text("""
            DELETE FROM sessions
             WHERE id IN (SELECT id
                            FROM sessions
                           WHERE reader_id = :reader_id
                           ORDER BY seen_at DESC, id DESC
                          OFFSET :most)
            RETURNING id_hash
        """),
        {"reader_id": reader_id, "most": SESSIONS_MAX},
    )


def _delete_expired(connection: Connection) -> list[bytes]:
    """Delete sessions that were not used for too long, and return their hashes. Those that are too old end here too,
    as they are no longer used."""
    return _hashes(
        connection,
        text("""
            DELETE FROM sessions
             WHERE id IN (SELECT id
                            FROM sessions
                           WHERE seen_at < now() - make_interval(days => :idle_days)
                           ORDER BY seen_at
                           LIMIT :limit
                             FOR UPDATE SKIP LOCKED)
            RETURNING id_hash
        """),
        {"idle_days": SESSION_IDLE_DAYS, "limit": PRUNED_AT_ONCE},
    )
