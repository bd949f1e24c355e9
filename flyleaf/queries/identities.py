"""Identities: accounts at another site (an OpenID Connect provider) that readers log in with."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.queries.readers import Credentials, credentials_of


@dataclass(frozen=True, slots=True)
class ConnectedIdentity:
    """An identity of a reader, as the account page shows it."""

    connected_at: datetime
    used_at: datetime | None


def select_identity_credentials(connection: Connection, issuer: str, subject: str) -> Credentials | None:
    """Return the credentials of the reader with this identity, or None, and note that it is used."""
    reader_id = connection.execute(
        text("""
            UPDATE identities SET used_at = now()
             WHERE issuer = :issuer AND subject = :subject
            RETURNING reader_id
        """),
        {"issuer": issuer, "subject": subject},
    ).scalar()
    return None if reader_id is None else credentials_of(connection, int(reader_id))


def select_identity(connection: Connection, issuer: str, reader_id: int) -> ConnectedIdentity | None:
    row = connection.execute(
        text("SELECT connected_at, used_at FROM identities WHERE reader_id = :reader_id AND issuer = :issuer"),
        {"issuer": issuer, "reader_id": reader_id},
    ).one_or_none()
    return ConnectedIdentity(**row._mapping) if row else None


def insert_identity(connection: Connection, issuer: str, subject: str, reader_id: int) -> bool:
    """Connect an identity to a reader. Return False if it is somebody's, or the reader has one of this provider."""
    row = connection.execute(
        text("""
            INSERT INTO identities (issuer, subject, reader_id)
            VALUES (:issuer, :subject, :reader_id)
            ON CONFLICT DO NOTHING
            RETURNING reader_id
        """),
        {"issuer": issuer, "subject": subject, "reader_id": reader_id},
    ).one_or_none()
    return row is not None


def delete_identity(connection: Connection, issuer: str, reader_id: int) -> bool:
    """Disconnect a reader's identity. Return False if there is none."""
    row = connection.execute(
        text("DELETE FROM identities WHERE reader_id = :reader_id AND issuer = :issuer RETURNING reader_id"),
        {"issuer": issuer, "reader_id": reader_id},
    ).one_or_none()
    return row is not None
