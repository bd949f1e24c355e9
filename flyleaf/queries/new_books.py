"""The books that were added to the catalogue last."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.identifiers import isbn_in

DESCRIPTION_SHOWN = 1_000  # characters


@dataclass(frozen=True, slots=True)
class NewBook:
    """A book, and when it was added. A long description is cut."""

    address: str
    title: str
    author: str
    language: str | None
    description: str | None
    added_at: datetime

    @property
    def isbn(self) -> str | None:
        return isbn_in(self.address)


def select_new_books(connection: Connection, limit: int) -> list[NewBook]:
    """Return those of the newest books whose date is known, the newest first."""
    statement = text("""
        WITH newest AS MATERIALIZED (
            SELECT id, coalesce(isbn, identity) AS address, title, author, language, added_at,
                   left(description, :shown) || CASE WHEN char_length(description) > :shown THEN '…' ELSE '' END
                   AS description
              FROM books
             ORDER BY id DESC
             LIMIT :limit
        )
        SELECT address, title, author, language, description, added_at
          FROM newest
         WHERE added_at IS NOT NULL
         ORDER BY added_at DESC, id DESC
         LIMIT :limit
    """)
    rows = connection.execute(statement, {"limit": limit, "shown": DESCRIPTION_SHOWN})
    return [NewBook(**row._mapping) for row in rows]
