"""Pending logins: the password was right, and the second factor is awaited. The database stores a hash of the key that
the browser has; there is no session yet."""

import hashlib

from sqlalchemy import Connection, text

from flyleaf.limits import PENDING_LOGIN_MINUTES
from flyleaf.queries.readers import Credentials, Reader

PRUNED_AT_ONCE = 100


def insert_pending_login(connection: Connection, key: str, credentials: Credentials) -> None:
    connection.execute(
        text("""
            INSERT INTO pending_logins (key_hash, reader_id, password_hash)
            SELECT :key_hash, id, :password_hash FROM readers WHERE id = :reader_id
        """),
        {
            "key_hash": _key_hash(key),
            "reader_id": credentials.reader.id,
            "password_hash": credentials.password_hash,
        },
    )
    _prune(connection)


def select_pending_login(connection: Connection, key: str) -> Credentials | None:
    """Return the credentials of the reader who is half logged in.

    Return None if that was too long ago, or if since then the login was finished, the password was changed, the
    account was locked, or the last second factor was removed.
    """
    row = connection.execute(
        text("""
            SELECT r.id, r.name, r.language, r.theme, r.is_moderator, r.has_second_factor, p.password_hash
              FROM pending_logins AS p
              JOIN readers AS r ON r.id = p.reader_id AND r.password_hash = p.password_hash
             WHERE p.key_hash = :key_hash
               AND p.began_at > now() - make_interval(mins => :minutes)
               AND r.lock_reason IS NULL
               AND r.has_second_factor
        """),
        {"key_hash": _key_hash(key), "minutes": PENDING_LOGIN_MINUTES},
    ).one_or_none()
    if row is None:
        return None
    reader = Reader(row.id, row.name, row.language, row.theme, row.is_moderator, row.has_second_factor)
    return Credentials(reader, row.password_hash)


def delete_pending_login(connection: Connection, key: str) -> bool:
    """End a pending login. Return False if it has ended before: of simultaneous requests only one finishes it."""
    row = connection.execute(
        text("DELETE FROM pending_logins WHERE key_hash = :key_hash RETURNING reader_id"),
        {"key_hash": _key_hash(key)},
    ).one_or_none()
    return row is not None


def _prune(connection: Connection) -> None:
    connection.execute(
        text("""
            DELETE FROM pending_logins
             WHERE key_hash IN (SELECT key_hash
                                  FROM pending_logins
                                 WHERE began_at < now() - make_interval(mins => :minutes)
                                 ORDER BY began_at
                                 LIMIT :limit
                                   FOR UPDATE SKIP LOCKED)
        """),
        {"minutes": PENDING_LOGIN_MINUTES, "limit": PRUNED_AT_ONCE},
    )


def _key_hash(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()
