"""Readers: who has an account."""

import unicodedata
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Reader:
    id: int
    name: str
    language: str | None  # of the pages; None: not chosen
    theme: str | None
    is_moderator: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a log-in is checked against. `lock_reason` None: the account is not locked."""

    reader: Reader
    password_hash: str
    lock_reason: str | None = None


def name_key(name: str) -> str:
    """Equal for names that people would take for one: Admin, admin and ａdmin.

    NFKC once more after case folding, as UAX #15 and UTS #46 do: folding can undo the normal form.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def insert_reader(connection: Connection, name: str, password_hash: str) -> Reader | None:
    """None where the name is taken; the unique index decides, also between two at the same moment."""
    row = connection.execute(
        text("""
            INSERT INTO readers (name, name_key, password_hash)
            VALUES (:name, :name_key, :password_hash)
            ON CONFLICT (name_key) DO NOTHING
            RETURNING id, name, language, theme, is_moderator
        """),
        {"name": name, "name_key": name_key(name), "password_hash": password_hash},
    ).one_or_none()
    return Reader(**row._mapping) if row else None


def select_credentials(connection: Connection, name: str) -> Credentials | None:
    row = connection.execute(
        text("""
            SELECT id, name, language, theme, is_moderator, password_hash, lock_reason
              FROM readers
             WHERE name_key = :name_key
        """),
        {"name_key": name_key(name)},
    ).one_or_none()
    if row is None:
        return None
    reader = Reader(row.id, row.name, row.language, row.theme, row.is_moderator)
    return Credentials(reader, row.password_hash, row.lock_reason)


def update_password_hash(connection: Connection, credentials: Credentials, password_hash: str) -> bool:
    """False, and nothing is written, where the password is no longer the one that these credentials were made of."""
    row = connection.execute(
        text("""
            UPDATE readers
               SET password_hash = :password_hash
             WHERE id = :reader_id AND password_hash = :old
            RETURNING id
        """),
        {"reader_id": credentials.reader.id, "old": credentials.password_hash, "password_hash": password_hash},
    ).one_or_none()
    return row is not None


def delete_reader(connection: Connection, reader_id: int) -> None:
    """And whatever is the reader's: sessions, and reviews that were not let go before."""
    connection.execute(text("DELETE FROM readers WHERE id = :reader_id"), {"reader_id": reader_id})


def update_preferences(connection: Connection, reader_id: int, language: str | None, theme: str | None) -> None:
    """What is None stays as it is."""
    connection.execute(
        text("""
            UPDATE readers
               SET language = coalesce(:language, language),
                   theme    = coalesce(:theme, theme)
             WHERE id = :reader_id
        """),
        {"reader_id": reader_id, "language": language, "theme": theme},
    )
