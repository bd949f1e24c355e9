"""Readers: who has an account."""

import unicodedata
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Reader:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a log-in is checked against."""

    reader: Reader
    password_hash: str


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
            RETURNING id, name
        """),
        {"name": name, "name_key": name_key(name), "password_hash": password_hash},
    ).one_or_none()
    return Reader(*row) if row else None


def select_reader(connection: Connection, reader_id: int) -> Reader | None:
    row = connection.execute(
        text("SELECT id, name FROM readers WHERE id = :reader_id"), {"reader_id": reader_id}
    ).one_or_none()
    return Reader(*row) if row else None


def select_credentials(connection: Connection, name: str) -> Credentials | None:
    row = connection.execute(
        text("SELECT id, name, password_hash FROM readers WHERE name_key = :name_key"), {"name_key": name_key(name)}
    ).one_or_none()
    return Credentials(Reader(row[0], row[1]), row[2]) if row else None


def update_password_hash(connection: Connection, reader_id: int, password_hash: str) -> None:
    connection.execute(
        text("UPDATE readers SET password_hash = :password_hash WHERE id = :reader_id"),
        {"reader_id": reader_id, "password_hash": password_hash},
    )
