"""Readers: their accounts, their public profiles and what the operator does with both."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, TextClause, text

from flyleaf.queries.streaming import stream

_LISTED = """
    a.id, a.name, a.created_at AS registered_at,
    (SELECT max(s.seen_at) FROM sessions AS s WHERE s.reader_id = a.id) AS seen_at,
    (SELECT count(*) FROM reviews AS r WHERE r.reader_id = a.id AND r.withdrawn_at IS NULL) AS reviews,
    a.is_moderator, a.has_second_factor, a.lock_reason,
    EXISTS (SELECT FROM pending_registrations AS p WHERE p.reader_id = a.id) AS is_pending
"""

_CREDENTIALS = """
    SELECT r.id, r.name, r.language, r.theme, r.is_moderator, r.has_second_factor, r.password_hash,
           r.lock_reason, p.reader_id IS NOT NULL AS is_pending
      FROM readers AS r
      LEFT JOIN pending_registrations AS p ON p.reader_id = r.id
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader that a request is made by."""

    id: int
    name: str
    language: str | None  # of the interface; None: not chosen
    theme: str | None
    is_moderator: bool
    has_second_factor: bool  # the password alone does not log in


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a login is checked against. `lock_reason` is None unless the account is locked. `is_pending` means that a
    moderator has to approve the registration first. `password_hash` is empty for readers who log in at another site."""

    reader: Reader
    password_hash: str
    lock_reason: str | None = None
    is_pending: bool = False

    @property
    def has_password(self) -> bool:
        return bool(self.password_hash)


@dataclass(frozen=True, slots=True)
class Profile:
    """What others see of a reader. `average_rating` is the average of the ratings given, None without reviews. Hidden,
    private and superseded reviews are not counted."""

    reader_id: int
    name: str
    joined_at: datetime
    review_count: int
    average_rating: float | None


@dataclass(frozen=True, slots=True)
class ListedReader:
    """A reader as the operator sees one. `seen_at` is the last use of any current session, `reviews` includes hidden
    reviews, and `lock_reason` is None unless the account is locked."""

    id: int
    name: str
    registered_at: datetime
    seen_at: datetime | None
    reviews: int
    is_moderator: bool
    has_second_factor: bool
    lock_reason: str | None
    is_pending: bool


@dataclass(frozen=True, slots=True)
class OwnDetails:
    """What the site knows about a reader, for that reader to download."""

    name: str
    registered_at: datetime
    language: str | None  # of the interface; None: not chosen
    theme: str | None


def name_key(name: str) -> str:
    """Return a key that is equal for names that look the same to people: Admin, admin and ａdmin.

    NFKC is applied again after case folding, as in UAX #15 and UTS #46, because folding can undo the normal form.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def insert_reader(connection: Connection, name: str, password_hash: str) -> Reader | None:
    """Create a reader, or return None if the name is taken. The unique index decides between simultaneous requests."""
    row = connection.execute(
        text("""
            INSERT INTO readers (name, name_key, password_hash)
            VALUES (:name, :name_key, :password_hash)
            ON CONFLICT (name_key) DO NOTHING
            RETURNING id, name, language, theme, is_moderator, has_second_factor
        """),
        {"name": name, "name_key": name_key(name), "password_hash": password_hash},
    ).one_or_none()
    return Reader(**row._mapping) if row else None


def select_credentials(connection: Connection, name: str) -> Credentials | None:
    return _credentials(connection, text(f"{_CREDENTIALS} WHERE r.name_key = :name_key"), name_key=name_key(name))


def credentials_of(connection: Connection, reader_id: int) -> Credentials | None:
    """Return the credentials of the reader with this id, or None."""
    return _credentials(connection, text(f"{_CREDENTIALS} WHERE r.id = :reader_id"), reader_id=reader_id)


def _credentials(connection: Connection, statement: TextClause, **values: object) -> Credentials | None:
    row = connection.execute(statement, values).one_or_none()
    if row is None:
        return None
    reader = Reader(row.id, row.name, row.language, row.theme, row.is_moderator, row.has_second_factor)
    return Credentials(reader, row.password_hash, row.lock_reason, row.is_pending)


def update_password_hash(connection: Connection, credentials: Credentials, password_hash: str) -> bool:
    """Replace the password. Return False, and change nothing, if it has changed since these credentials were read."""
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
    """Return the profile of the reader whose name has the same key, or None. Pending registrations have none."""
    row = connection.execute(
        text("""
            SELECT a.id AS reader_id, a.name, a.created_at AS joined_at, count(r.id) AS review_count,
                   round(avg(r.rating), 2)::float8 AS average_rating
              FROM readers AS a
              LEFT JOIN reviews AS r ON r.reader_id = a.id
                                    AND r.hidden_at IS NULL
                                    AND NOT r.is_private
                                    AND r.counts_from IS NULL
                                    AND r.id <> ALL (ARRAY(
                            SELECT review_id
                              FROM search_reviews
                             WHERE reader_id = (SELECT id FROM readers WHERE name_key = :name_key) AND is_superseded))
             WHERE a.name_key = :name_key
               AND NOT EXISTS (SELECT FROM pending_registrations AS p WHERE p.reader_id = a.id)
             GROUP BY a.id
        """),
        {"name_key": name_key(name)},
    ).one_or_none()
    return Profile(**row._mapping) if row else None


def select_listed_reader(connection: Connection, name: str) -> ListedReader | None:
    """Return the reader whose name has the same key, or None."""
    row = connection.execute(
        text(f"SELECT {_LISTED} FROM readers AS a WHERE a.name_key = :name_key"),  # noqa: S608  # a constant
        {"name_key": name_key(name)},
    ).one_or_none()
    return ListedReader(**row._mapping) if row else None


def select_listed_readers(connection: Connection, part: str) -> Iterator[ListedReader]:
    """Return all readers whose name contains `part`, ordered by name, row by row."""
    rows = stream(
        connection,
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
    """Lock the account, or unlock it if the reason is None.

    A simultaneous login either holds the row or waits for it, so deleting the sessions afterwards finds all of them.
    """
    connection.execute(
        text("UPDATE readers SET lock_reason = :reason WHERE id = :reader_id"),
        {"reader_id": reader_id, "reason": reason},
    )


def update_moderator(connection: Connection, reader_id: int, is_moderator: bool) -> None:
    connection.execute(
        text("UPDATE readers SET is_moderator = :is_moderator WHERE id = :reader_id"),
        {"reader_id": reader_id, "is_moderator": is_moderator},
    )


def select_own_details(connection: Connection, reader_id: int) -> OwnDetails | None:
    """Return what the site knows about this reader, or None if the account was deleted."""
    row = connection.execute(
        text("SELECT name, created_at AS registered_at, language, theme FROM readers WHERE id = :reader_id"),
        {"reader_id": reader_id},
    ).one_or_none()
    return OwnDetails(**row._mapping) if row else None


def update_preferences(connection: Connection, reader_id: int, language: str | None, theme: str | None) -> None:
    """Store the preferences. None leaves a preference as it is."""
    connection.execute(
        text("""
            UPDATE readers
               SET language = coalesce(:language, language),
                   theme    = coalesce(:theme, theme)
             WHERE id = :reader_id
        """),
        {"reader_id": reader_id, "language": language, "theme": theme},
    )
