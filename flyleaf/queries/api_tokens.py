"""Tokens with which programs use the API in a reader's name. The database stores a hash of each."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import API_TOKEN_USED_MINUTES, API_TOKENS_MAX
from flyleaf.queries.prepared import prepared
from flyleaf.queries.readers import Reader

PRUNED_AT_ONCE = 100

# A locked reader's tokens wait until the account is unlocked.
_LIVE = prepared(
    text("""
        SELECT t.id AS token_id, t.name AS token_name, t.can_write, t.expires_at,
               coalesce(t.used_at < now() - make_interval(mins => :minutes), true) AS is_due,
               r.id, r.name, r.language, r.theme, r.is_moderator, r.has_second_factor
          FROM api_tokens AS t
          JOIN readers AS r ON r.id = t.reader_id
         WHERE t.token_hash = :token_hash AND t.expires_at > now() AND r.lock_reason IS NULL
    """),
    "token_id", "token_name", "can_write", "expires_at", "is_due",
    "id", "name", "language", "theme", "is_moderator", "has_second_factor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A valid token as its reader sees it. `used_at` may be an hour behind, and is None if it was not used yet."""

    id: int
    name: str
    can_write: bool
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class LiveToken:
    """The token that a request was sent with. `is_due` means that `used_at` should be updated."""

    id: int
    name: str
    can_write: bool
    expires_at: datetime
    reader: Reader
    is_due: bool


def insert_api_token(
    connection: Connection, reader_id: int, token: str, name: str, days: int, *, can_write: bool
) -> int | None:
    """Store a token that is valid for `days` and return its id, or None if the reader has API_TOKENS_MAX already.

    The row lock lets simultaneous requests count one by one.
    """
    connection.execute(text("SELECT id FROM readers WHERE id = :reader_id FOR NO KEY UPDATE"), {"reader_id": reader_id})
    made = connection.execute(
        text("""
            INSERT INTO api_tokens (reader_id, name, can_write, token_hash, expires_at)
            SELECT :reader_id, :name, :can_write, :token_hash, now() + make_interval(days => :days)
             WHERE (SELECT count(*) FROM api_tokens WHERE reader_id = :reader_id AND expires_at > now()) < :most
            RETURNING id
        """),
        {
            "reader_id": reader_id,
            "name": name,
            "can_write": can_write,
            "token_hash": _token_hash(token),
            "days": days,
            "most": API_TOKENS_MAX,
        },
    ).scalar()
    return None if made is None else int(made)


def select_api_tokens(connection: Connection, reader_id: int) -> list[ApiToken]:
    """Return the reader's valid tokens, newest first."""
    rows = connection.execute(
        text("""
            SELECT id, name, can_write, made_at, expires_at, used_at
              FROM api_tokens
             WHERE reader_id = :reader_id AND expires_at > now()
             ORDER BY id DESC
             LIMIT :limit
        """),
        {"reader_id": reader_id, "limit": API_TOKENS_MAX},
    )
    return [ApiToken(**row._mapping) for row in rows]


def select_live_token(connection: Connection, token: str) -> LiveToken | None:
    """Return the token with its reader, or None if it is unknown, revoked or expired, or its reader is locked."""
    row = connection.execute(_LIVE, {"token_hash": _token_hash(token), "minutes": API_TOKEN_USED_MINUTES}).one_or_none()
    if row is None:
        return None
    reader = Reader(row.id, row.name, row.language, row.theme, row.is_moderator, row.has_second_factor)
    return LiveToken(row.token_id, row.token_name, row.can_write, row.expires_at, reader, row.is_due)


def update_token_used(connection: Connection, token_id: int) -> None:
    """Note that the token is in use. Of simultaneous requests only one writes, and none waits for another."""
    connection.execute(
        text("""
            UPDATE api_tokens
               SET used_at = now()
             WHERE id IN (SELECT id FROM api_tokens WHERE id = :token_id FOR UPDATE SKIP LOCKED)
        """),
        {"token_id": token_id},
    )


def delete_api_token(connection: Connection, reader_id: int, token_id: int) -> str | None:
    """Revoke a token of this reader and return its name, or None if there is none."""
    return connection.execute(
        text("DELETE FROM api_tokens WHERE id = :token_id AND reader_id = :reader_id RETURNING name"),
        {"token_id": token_id, "reader_id": reader_id},
    ).scalar()


def delete_api_tokens(connection: Connection, reader_id: int) -> int:
    """Revoke all tokens of this reader and return how many there were."""
    deleted = connection.execute(text("DELETE FROM api_tokens WHERE reader_id = :reader_id"), {"reader_id": reader_id})
    return deleted.rowcount


def delete_expired_api_tokens(connection: Connection) -> int:
    """Delete tokens that have expired and return how many there were."""
    deleted = connection.execute(
        text("""
            DELETE FROM api_tokens
             WHERE id = ANY (ARRAY(SELECT id
                                     FROM api_tokens
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
