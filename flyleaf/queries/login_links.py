"""Login links: the operator's way into an account without its password, once, within minutes."""

import hashlib

from sqlalchemy import Connection, text

from flyleaf.limits import LOGIN_LINK_MINUTES
from flyleaf.queries.readers import Credentials, credentials_of


def insert_login_link(connection: Connection, reader_id: int, token: str) -> None:
    """Store a new link for this reader. Earlier links stop working."""
    connection.execute(
        text("""
            INSERT INTO login_links (reader_id, token_hash, expires_at)
            VALUES (:reader_id, :token_hash, now() + make_interval(mins => :minutes))
            ON CONFLICT (reader_id) DO UPDATE
               SET token_hash = excluded.token_hash, expires_at = excluded.expires_at
        """),
        {"reader_id": reader_id, "token_hash": _token_hash(token), "minutes": LOGIN_LINK_MINUTES},
    )


def select_login_link(connection: Connection, token: str) -> str | None:
    """Return the name of the reader whom the link is for, or None if it was used or has expired."""
    name = connection.execute(
        text("""
            SELECT r.name
              FROM login_links AS l
              JOIN readers AS r ON r.id = l.reader_id
             WHERE l.token_hash = :token_hash AND l.expires_at > now()
        """),
        {"token_hash": _token_hash(token)},
    ).scalar()
    return None if name is None else str(name)


def use_login_link(connection: Connection, token: str) -> Credentials | None:
    """Use the link up and return its reader's credentials, or None if it was used or has expired."""
    reader_id = connection.execute(
        text("DELETE FROM login_links WHERE token_hash = :token_hash AND expires_at > now() RETURNING reader_id"),
        {"token_hash": _token_hash(token)},
    ).scalar()
    return None if reader_id is None else credentials_of(connection, int(reader_id))


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
