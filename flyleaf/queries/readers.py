"""Readers: who has an account, what others see of them, and what the operator does about them."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

ROWS_AT_ONCE = 2_000  # that a cursor of the server hands over
_LISTED = """
    a.id, a.name, a.created_at AS registered_at,
    (SELECT max(s.seen_at) FROM sessions AS s WHERE s.reader_id = a.id) AS seen_at,
    (SELECT count(*) FROM reviews AS r WHERE r.reader_id = a.id) AS reviews,
    a.is_moderator, a.lock_reason
"""


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


@dataclass(frozen=True, slots=True)
class Profile:
    """`average_rating`: of the stars that the reader gave; None without reviews. What is hidden does not count."""

    reader_id: int
    name: str
    joined_at: datetime
    review_count: int
    average_rating: float | None


@dataclass(frozen=True, slots=True)
class ListedReader:
    """`seen_at` of the sessions that are kept; `reviews` with the hidden ones; `lock_reason` None: not locked."""

    id: int
    name: str
    registered_at: datetime
    seen_at: datetime | None
    reviews: int
    is_moderator: bool
    lock_reason: str | None


@dataclass(frozen=True, slots=True)
class OwnDetails:
    """What the site knows about a reader, for that reader to download."""

    name: str
    registered_at: datetime
    language: str | None  # of the pages; None: not chosen
    theme: str | None


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


def select_profile(connection: Connection, name: str) -> Profile | None:
    """The reader of this name, in any spelling that counts as the same."""
    row = connection.execute(
        text("""
            SELECT a.id AS reader_id, a.name, a.created_at AS joined_at, count(r.id) AS review_count,
                   round(avg(r.rating), 2)::float8 AS average_rating
              FROM readers AS a
              LEFT JOIN reviews AS r ON r.reader_id = a.id AND r.hidden_at IS NULL
             WHERE a.name_key = :name_key
             GROUP BY a.id
        """),
        {"name_key": name_key(name)},
    ).one_or_none()
    return Profile(**row._mapping) if row else None


def select_listed_reader(connection: Connection, name: str) -> ListedReader | None:
    """The reader of this name, in any spelling that counts as the same."""
    row = connection.execute(
        text(f"SELECT {_LISTED} FROM readers AS a WHERE a.name_key = :name_key"),  # noqa: S608  # a constant
        {"name_key": name_key(name)},
    ).one_or_none()
    return ListedReader(**row._mapping) if row else None


def select_listed_readers(connection: Connection, part: str) -> Iterator[ListedReader]:
    """All whose name has `part` in it, by name, as they are asked for: the transaction lasts as long as whoever reads
    needs."""
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"))
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        text(f"""
            SELECT {_LISTED}
              FROM readers AS a
             WHERE strpos(a.name_key, :part) > 0
             ORDER BY a.name_key
        """),  # noqa: S608  # a constant
        {"part": name_key(part)},
    )
    return (ListedReader(**row._mapping) for row in rows)


def update_lock(connection: Connection, reader_id: int, reason: str | None) -> None:
    """Lock the account, or with None unlock it. A log-in of the same moment holds the row, or waits for it: what this
    transaction does to the sessions afterwards finds all that there are."""
    connection.execute(
        text("UPDATE readers SET lock_reason = :reason WHERE id = :reader_id"),
        {"reader_id": reader_id, "reason": reason},
    )


def update_moderator(connection: Connection, reader_id: int, is_moderator: bool) -> None:
    connection.execute(
        text("UPDATE readers SET is_moderator = :is_moderator WHERE id = :reader_id"),
        {"reader_id": reader_id, "is_moderator": is_moderator},
    )


def select_own_details(connection: Connection, reader_id: int) -> OwnDetails:
    row = connection.execute(
        text("SELECT name, created_at AS registered_at, language, theme FROM readers WHERE id = :reader_id"),
        {"reader_id": reader_id},
    ).one()
    return OwnDetails(**row._mapping)


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
