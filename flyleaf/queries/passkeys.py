"""Passkeys: keys on readers' devices, of which the site has the public half; and the challenges that they sign."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import PASSKEY_CHALLENGE_MINUTES, SECOND_FACTORS_MAX
from flyleaf.queries.readers import Credentials, Reader
from flyleaf.queries.second_factors import Passkey, follow_factors, lock_reader

PRUNED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What an authenticator says about a passkey that it has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class PasskeyLogin:
    """What a login with a passkey is checked against."""

    id: int
    public_key: bytes
    sign_count: int
    user_handle: bytes
    credentials: Credentials


def insert_passkey(
    connection: Connection, credentials: Credentials, name: str, site: str, user_handle: bytes, passkey: NewPasskey
) -> bool:
    """Add a passkey.

    Return False if it is there already, the password has changed since these credentials were read, or the reader has
    too many factors.
    """
    if not lock_reader(connection, credentials):
        return False
    row = connection.execute(
        text("""
            INSERT INTO passkeys (reader_id, name, site, credential_id, user_handle, public_key, sign_count)
            SELECT :reader_id, :name, :site, :credential_id, :user_handle, :public_key, :sign_count
             WHERE (SELECT count(*) FROM passkeys WHERE reader_id = :reader_id) < :most
            ON CONFLICT (credential_id) DO NOTHING
            RETURNING id
        """),
        {
            "reader_id": credentials.reader.id,
            "name": name,
            "site": site,
            "credential_id": passkey.credential_id,
            "user_handle": user_handle,
            "public_key": passkey.public_key,
            "sign_count": passkey.sign_count,
            "most": SECOND_FACTORS_MAX,
        },
    ).one_or_none()
    follow_factors(connection, credentials.reader.id)
    return row is not None


def delete_passkey(connection: Connection, credentials: Credentials, passkey_id: int) -> bool:
    """Remove a passkey. Return False if there is no such passkey, or the password has changed since.

    With the last factor the recovery codes go, too.
    """
    if not lock_reader(connection, credentials):
        return False
    row = connection.execute(
        text("DELETE FROM passkeys WHERE id = :passkey_id AND reader_id = :reader_id RETURNING id"),
        {"passkey_id": passkey_id, "reader_id": credentials.reader.id},
    ).one_or_none()
    follow_factors(connection, credentials.reader.id)
    return row is not None


def select_passkey(connection: Connection, reader_id: int, passkey_id: int) -> Passkey | None:
    """Return a passkey of this reader, or None."""
    row = connection.execute(
        text("""
            SELECT id, name, site, added_at, used_at
              FROM passkeys
             WHERE id = :passkey_id AND reader_id = :reader_id
        """),
        {"reader_id": reader_id, "passkey_id": passkey_id},
    ).one_or_none()
    return Passkey(**row._mapping) if row else None


def select_credential_ids(connection: Connection, reader_id: int, site: str) -> list[bytes]:
    """Return by which ids the authenticators know the reader's passkeys for this site."""
    rows = connection.execute(
        text("""
            SELECT credential_id
              FROM passkeys
             WHERE reader_id = :reader_id AND site = :site
             ORDER BY id
             LIMIT :most
        """),
        {"reader_id": reader_id, "site": site, "most": SECOND_FACTORS_MAX},
    )
    return [bytes(row.credential_id) for row in rows]


def select_passkey_login(connection: Connection, credential_id: bytes, site: str) -> PasskeyLogin | None:
    """Return the passkey with its reader's credentials, or None if it is unknown here."""
    row = connection.execute(
        text("""
            SELECT p.id AS passkey_id, p.public_key, p.sign_count, p.user_handle, r.id, r.name, r.language, r.theme,
                   r.is_moderator, r.has_second_factor, r.password_hash, r.lock_reason
              FROM passkeys AS p
              JOIN readers AS r ON r.id = p.reader_id
             WHERE p.credential_id = :credential_id AND p.site = :site
        """),
        {"credential_id": credential_id, "site": site},
    ).one_or_none()
    if row is None:
        return None
    reader = Reader(row.id, row.name, row.language, row.theme, row.is_moderator, row.has_second_factor)
    credentials = Credentials(reader, row.password_hash, row.lock_reason)
    return PasskeyLogin(row.passkey_id, bytes(row.public_key), row.sign_count, bytes(row.user_handle), credentials)


def use_passkey(connection: Connection, passkey_id: int, sign_count: int) -> bool:
    """Note the use of a passkey. Return False if it was removed, or its counter did not go on: then it was copied.

    The row lock lets only one of simultaneous requests with the same count through.
    """
    row = connection.execute(
        text("""
            UPDATE passkeys
               SET sign_count = :sign_count, used_at = now()
             WHERE id = :passkey_id AND (sign_count < :sign_count OR (sign_count = 0 AND :sign_count = 0))
            RETURNING id
        """),
        {"passkey_id": passkey_id, "sign_count": sign_count},
    ).one_or_none()
    return row is not None


def insert_passkey_challenge(connection: Connection, challenge: bytes, owner: str) -> None:
    connection.execute(
        text("INSERT INTO passkey_challenges (challenge, owner_hash) VALUES (:challenge, :owner_hash)"),
        {"challenge": challenge, "owner_hash": _hash(owner)},
    )
    connection.execute(
        text("""
            DELETE FROM passkey_challenges
             WHERE challenge IN (SELECT challenge
                                   FROM passkey_challenges
                                  WHERE made_at < now() - make_interval(mins => :minutes)
                                  ORDER BY made_at
                                  LIMIT :limit
                                    FOR UPDATE SKIP LOCKED)
        """),
        {"minutes": PASSKEY_CHALLENGE_MINUTES, "limit": PRUNED_AT_ONCE},
    )


def use_passkey_challenge(connection: Connection, challenge: bytes, owner: str) -> bool:
    """Use up a challenge. Return False if this owner has none such: it was used, or made too long ago."""
    row = connection.execute(
        text("""
            DELETE FROM passkey_challenges
             WHERE challenge = :challenge
               AND owner_hash = :owner_hash
               AND made_at > now() - make_interval(mins => :minutes)
            RETURNING made_at
        """),
        {"challenge": challenge, "owner_hash": _hash(owner), "minutes": PASSKEY_CHALLENGE_MINUTES},
    ).one_or_none()
    return row is not None


def _hash(owner: str) -> bytes:
    return hashlib.sha256(owner.encode()).digest()
