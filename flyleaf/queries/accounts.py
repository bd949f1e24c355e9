"""Accounts: what is kept of one reader, for that reader to take along."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

REVIEWS_MAX = 10_000  # newest first; more than anybody reads in a life


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    registered_at: datetime
    language: str | None  # of the pages; None: not chosen
    theme: str | None


@dataclass(frozen=True, slots=True)
class OwnReview:
    isbn: str
    title: str
    author: str
    rating: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    hidden_reason: str | None


def select_account(connection: Connection, reader_id: int) -> Account:
    row = connection.execute(
        text("SELECT name, created_at AS registered_at, language, theme FROM readers WHERE id = :reader_id"),
        {"reader_id": reader_id},
    ).one()
    return Account(**row._mapping)


def select_own_reviews(connection: Connection, reader_id: int) -> list[OwnReview]:
    rows = connection.execute(
        text("""
            SELECT b.isbn, b.title, b.author, r.rating, r.text, r.created_at, r.edited_at, r.hidden_reason
              FROM reviews AS r
              JOIN books AS b ON b.id = r.book_id
             WHERE r.reader_id = :reader_id
             ORDER BY r.created_at DESC, r.id DESC
             LIMIT :limit
        """),
        {"reader_id": reader_id, "limit": REVIEWS_MAX},
    )
    return [OwnReview(**row._mapping) for row in rows]
