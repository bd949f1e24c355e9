"""Links with which a reader who has lost the password chooses a new one. The database has a hash of their token.

Whoever changes a password or ends an account locks the reader's row first: nobody waits in a circle.
"""

import hashlib

from sqlalchemy import Connection, text

from flyleaf.limits import RESET_HOURS


def insert_password_reset(connection: Connection, reader_id: int, token: str) -> None:
    """A link that was handed out before is worth nothing from now on."""
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
    """The name of the reader whose password may be chosen; None where the link was used, or is too old."""
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
    """Whose password it is now; None where somebody was faster, or it is too late. Of two at once one has the row."""
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


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
