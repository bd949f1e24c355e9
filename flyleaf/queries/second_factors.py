"""Second factors: what readers prove themselves with beside the password. Authenticator apps, passkeys
(queries/passkeys.py), and recovery codes for when they are lost.

Every function that adds or removes a factor locks the reader's row first. That prevents deadlocks, and a login that
runs at the same moment sees the change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import SECOND_FACTORS_MAX
from flyleaf.queries.readers import Credentials


@dataclass(frozen=True, slots=True)
class AuthenticatorApp:
    """An app as its reader sees it. `used_at` is None if it was not used since it was added."""

    id: int
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its reader sees it. `used_at` is None if it was not used since it was added."""

    id: int
    name: str
    site: str  # the host name at which it works
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class AppSecret:
    """What the codes of an app are checked with."""

    app_id: int
    secret: bytes  # encrypted


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    id: int
    code_hash: str


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """A reader's factors, oldest first, and how many recovery codes are left."""

    apps: list[AuthenticatorApp]
    passkeys: list[Passkey]
    recovery_codes: int


def insert_authenticator_app(
    connection: Connection, credentials: Credentials, name: str, secret: bytes, step: int
) -> bool:
    """Add an app whose code of this step was just used.

    Return False if the password has changed since these credentials were read, or the reader has too many factors.
    """
    if not lock_reader(connection, credentials):
        return False
    row = connection.execute(
        text("""
            INSERT INTO authenticator_apps (reader_id, name, secret, last_step)
            SELECT :reader_id, :name, :secret, :step
             WHERE (SELECT count(*) FROM authenticator_apps WHERE reader_id = :reader_id) < :most
            RETURNING id
        """),
        {
            "reader_id": credentials.reader.id,
            "name": name,
            "secret": secret,
            "step": step,
            "most": SECOND_FACTORS_MAX,
        },
    ).one_or_none()
    follow_factors(connection, credentials.reader.id)
    return row is not None


def select_second_factors(connection: Connection, reader_id: int) -> SecondFactors:
    rows = connection.execute(
        text("""
            SELECT id, name, added_at, used_at
              FROM authenticator_apps
             WHERE reader_id = :reader_id
             ORDER BY id
             LIMIT :most
        """),
        {"reader_id": reader_id, "most": SECOND_FACTORS_MAX},
    )
    apps = [AuthenticatorApp(**row._mapping) for row in rows]
    codes = connection.execute(
        text("SELECT count(*) FROM recovery_codes WHERE reader_id = :reader_id"), {"reader_id": reader_id}
    )
    return SecondFactors(apps, _select_passkeys(connection, reader_id), int(codes.scalar_one()))


def select_authenticator_app(connection: Connection, reader_id: int, app_id: int) -> AuthenticatorApp | None:
    """Return an app of this reader, or None."""
    row = connection.execute(
        text("""
            SELECT id, name, added_at, used_at
              FROM authenticator_apps
             WHERE id = :app_id AND reader_id = :reader_id
        """),
        {"reader_id": reader_id, "app_id": app_id},
    ).one_or_none()
    return AuthenticatorApp(**row._mapping) if row else None


def select_app_secrets(connection: Connection, reader_id: int) -> list[AppSecret]:
    rows = connection.execute(
        text("""
            SELECT id AS app_id, secret
              FROM authenticator_apps
             WHERE reader_id = :reader_id
             ORDER BY id
             LIMIT :most
        """),
        {"reader_id": reader_id, "most": SECOND_FACTORS_MAX},
    )
    return [AppSecret(row.app_id, bytes(row.secret)) for row in rows]


def use_app_step(connection: Connection, app_id: int, step: int) -> bool:
    """Use up the code of this step. Return False if it, or a later one, was used before.

    The row lock lets only one of simultaneous requests use it.
    """
    row = connection.execute(
        text("""
            UPDATE authenticator_apps
               SET last_step = :step, used_at = now()
             WHERE id = :app_id AND last_step < :step
            RETURNING id
        """),
        {"app_id": app_id, "step": step},
    ).one_or_none()
    return row is not None


def delete_authenticator_app(connection: Connection, credentials: Credentials, app_id: int) -> bool:
    """Remove an app. Return False if there is no such app, or the password has changed since.

    With the last factor the recovery codes go, too.
    """
    if not lock_reader(connection, credentials):
        return False
    row = connection.execute(
        text("DELETE FROM authenticator_apps WHERE id = :app_id AND reader_id = :reader_id RETURNING id"),
        {"app_id": app_id, "reader_id": credentials.reader.id},
    ).one_or_none()
    follow_factors(connection, credentials.reader.id)
    return row is not None


def delete_second_factors(connection: Connection, reader_id: int) -> int:
    """Remove all factors and recovery codes of this reader, end pending logins, and return the number of factors."""
    connection.execute(text("SELECT id FROM readers WHERE id = :reader_id FOR NO KEY UPDATE"), {"reader_id": reader_id})
    apps = connection.execute(
        text("DELETE FROM authenticator_apps WHERE reader_id = :reader_id"), {"reader_id": reader_id}
    )
    passkeys = connection.execute(text("DELETE FROM passkeys WHERE reader_id = :reader_id"), {"reader_id": reader_id})
    connection.execute(text("DELETE FROM pending_logins WHERE reader_id = :reader_id"), {"reader_id": reader_id})
    follow_factors(connection, reader_id)
    return apps.rowcount + passkeys.rowcount


def replace_recovery_codes(connection: Connection, credentials: Credentials, code_hashes: Sequence[str]) -> bool:
    """Store new recovery codes. Earlier ones stop working.

    Return False, and change nothing, if the password has changed since.
    """
    if not lock_reader(connection, credentials):
        return False
    connection.execute(
        text("DELETE FROM recovery_codes WHERE reader_id = :reader_id"), {"reader_id": credentials.reader.id}
    )
    connection.execute(
        text("""
            INSERT INTO recovery_codes (reader_id, code_hash)
            SELECT :reader_id, code_hash FROM unnest(CAST(:code_hashes AS text[])) AS code_hash
        """),
        {"reader_id": credentials.reader.id, "code_hashes": list(code_hashes)},
    )
    return True


def select_recovery_codes(connection: Connection, reader_id: int) -> list[RecoveryCode]:
    rows = connection.execute(
        text("SELECT id, code_hash FROM recovery_codes WHERE reader_id = :reader_id ORDER BY id LIMIT 100"),
        {"reader_id": reader_id},
    )
    return [RecoveryCode(**row._mapping) for row in rows]


def use_recovery_code(connection: Connection, code_id: int) -> bool:
    """Use up a recovery code. Return False if it was used, or replaced, before."""
    row = connection.execute(
        text("DELETE FROM recovery_codes WHERE id = :code_id RETURNING id"), {"code_id": code_id}
    ).one_or_none()
    return row is not None


def lock_reader(connection: Connection, credentials: Credentials) -> bool:
    """Lock the reader's row. Return False if the password has changed since these credentials were read."""
    row = connection.execute(
        text("SELECT id FROM readers WHERE id = :reader_id AND password_hash = :password_hash FOR NO KEY UPDATE"),
        {"reader_id": credentials.reader.id, "password_hash": credentials.password_hash},
    ).one_or_none()
    return row is not None


def follow_factors(connection: Connection, reader_id: int) -> None:
    """Note in the reader's row whether a factor is left. Without one, delete the recovery codes."""
    has_second_factor = connection.execute(
        text("""
            UPDATE readers
               SET has_second_factor = EXISTS (SELECT FROM authenticator_apps WHERE reader_id = :reader_id)
                                       OR EXISTS (SELECT FROM passkeys WHERE reader_id = :reader_id)
             WHERE id = :reader_id
            RETURNING has_second_factor
        """),
        {"reader_id": reader_id},
    ).scalar()
    if not has_second_factor:
        connection.execute(text("DELETE FROM recovery_codes WHERE reader_id = :reader_id"), {"reader_id": reader_id})


def _select_passkeys(connection: Connection, reader_id: int) -> list[Passkey]:
    rows = connection.execute(
        text("""
            SELECT id, name, site, added_at, used_at
              FROM passkeys
             WHERE reader_id = :reader_id
             ORDER BY id
             LIMIT :most
        """),
        {"reader_id": reader_id, "most": SECOND_FACTORS_MAX},
    )
    return [Passkey(**row._mapping) for row in rows]
