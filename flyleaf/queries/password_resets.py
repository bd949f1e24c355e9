"""Password resets: links for readers who have forgotten their password. The database stores a hash of the token.

Every function that changes a password or deletes an account locks the reader's row first, which prevents deadlocks.
"""

import hashlib

from sqlalchemy import Connection, text

from flyleaf.limits import RESET_HOURS

PRUNED_AT_ONCE = 100


def insert_password_reset(connection: Connection, reader_id: int, token: str) -> None:
    """Store a new link for this reader. Earlier links stop working."""
    connection.execute(
        text("""
            INSERT INTO password_resets (reader_id, token_hash, expires_at)
            VALUES (:reader_id, :token_hash, now() + make_interval(hours => :hours))
            ON CONFLICT (reader_id) DO UPDATE
               SET token_hash = excluded.token_hash, expires_at = excluded.expires_at
        """),
        {"reader_id": reader_id, "token_hash": _token_hash(token), "hours": RESET_HOURS},
    )


def select_password_reset(connection: Connection, token: str) -> str | None:
    """Return the name of the reader whom the link is for, or None if it was used or has expired."""
    name = connection.execute(
        text("""
            SELECT a.name
              FROM password_resets AS p
              JOIN readers AS a ON a.id = p.reader_id
             WHERE p.token_hash = :token_hash AND p.expires_at > now()
        """),
        {"token_hash": _token_hash(token)},
    ).scalar()
    return None if name is None else str(name)


def use_password_reset(connection: Connection, token: str, password_hash: str) -> int | None:
    """Set the password of the link's reader and return the reader's id, or None if the link was used or has expired.

    The row lock lets only one of two simultaneous requests use the link.
    """
    token_hash = _token_hash(token)
    connection.execute(
        text("""
            SELECT a.id
              FROM readers AS a
              JOIN password_resets AS p ON p.reader_id = a.id
             WHERE p.token_hash = :token_hash
               FOR NO KEY UPDATE OF a
        """),
        {"token_hash": token_hash},
    )
    reader_id = connection.execute(
        text("""
            WITH used AS (
                DELETE FROM password_resets
                 WHERE token_hash = :token_hash AND expires_at > now()
                RETURNING reader_id
            )
            UPDATE readers AS a
               SET password_hash = :password_hash
              FROM used
             WHERE a.id = used.reader_id
            RETURNING a.id
        """),
        {"token_hash": token_hash, "password_hash": password_hash},
    ).scalar()
    return None if reader_id is None else int(reader_id)


def delete_password_reset(connection: Connection, reader_id: int) -> None:
    connection.execute(text("DELETE FROM password_resets WHERE reader_id = :reader_id"), {"reader_id": reader_id})


def delete_expired_password_resets(connection: Connection) -> int:
    """Delete links that have expired and return how many there were."""
    deleted = connection.execute(
        text("""
            DELETE FROM password_resets
             WHERE reader_id = ANY (ARRAY(SELECT reader_id
                                            FROM password_resets
                                           WHERE expires_at < now()
                                           ORDER BY expires_at
                                           LIMIT :limit
                                             FOR UPDATE SKIP LOCKED))
        """),
        {"limit": PRUNED_AT_ONCE},
    )
    return deleted.rowcount


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
