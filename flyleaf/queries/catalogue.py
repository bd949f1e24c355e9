"""The whole catalogue, for an export."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, text

from flyleaf.queries.streaming import stream


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A book as a catalogue file describes it, without our readers' reviews. Unknown fields are None. `identifiers` is
    such as "goodreads:2767052 asin:B002MQYOFW": the first identifies a book without an ISBN."""

    isbn: str | None
    title: str
    author: str
    year: int | None
    publisher: str | None
    language: str | None
    pages: int | None
    description: str | None
    average_rating: Decimal | None
    ratings_count: int | None
    subjects: str | None  # names, each with a semicolon behind it
    series: str | None
    other_titles: str | None
    identifiers: str | None


def select_catalogue(connection: Connection) -> Iterator[CatalogueEntry]:
    """Return a consistent snapshot of all books in the order in which they were added, row by row."""
    rows = stream(
        connection,
        text("""
            SELECT isbn, title, author, year, publisher, language, pages, description, average_rating, ratings_count,
                   CASE WHEN subjects IS NOT NULL
                        THEN (SELECT string_agg(name || ';', ' ' ORDER BY place)
                                FROM unnest(books.subjects) WITH ORDINALITY AS listed (id, place)
                                JOIN subjects AS subject USING (id)) END AS subjects,
                   series, other_titles,
                   (SELECT string_agg(scheme || ':' || value, ' '
                                      ORDER BY (scheme || ':' || value) COLLATE "default" <> identity, scheme, value)
                      FROM identifiers
                     WHERE book_id = books.id) AS identifiers
              FROM books
             ORDER BY id
        """),
    )
    return (CatalogueEntry(**row._mapping) for row in rows)
