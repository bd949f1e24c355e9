"""The whole catalogue, for an export."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, text

ROWS_AT_ONCE = 2_000  # that a cursor of the server hands over


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A book as a catalogue's file describes it, without what our readers say of it. None: it does not say."""

    isbn: str
    title: str
    author: str
    year: int | None
    publisher: str | None
    language: str | None
    pages: int | None
    description: str | None
    average_rating: Decimal | None
    ratings_count: int | None


def select_catalogue(connection: Connection) -> Iterator[CatalogueEntry]:
    """Every book, in the order in which they came, as of one moment. Memory is bounded; the transaction may last as
    long as whoever reads needs."""
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"))
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        text("""
            SELECT isbn, title, author, year, publisher, language, pages, description, average_rating, ratings_count
              FROM books
             ORDER BY id
        """)
    )
    return (CatalogueEntry(**row._mapping) for row in rows)
