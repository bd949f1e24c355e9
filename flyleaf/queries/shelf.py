"""A few books to begin with: from all over the catalogue, or the best known ones."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from flyleaf.identifiers import isbn_in

GOLDEN = 0.6180339887498949  # the golden ratio's fraction: its multiples modulo 1 are spread evenly


@dataclass(frozen=True, slots=True)
class ShelvedBook:
    address: str
    title: str
    author: str
    language: str | None

    @property
    def isbn(self) -> str | None:
        return isbn_in(self.address)


def select_shelf(connection: Connection, day: date, size: int) -> list[ShelvedBook]:
    """Return at most `size` books, the same ones all day. Each costs one index lookup, however large the catalogue
    is."""
    places = [(day.toordinal() + place / size) * GOLDEN % 1 for place in range(size)]
    rows = connection.execute(
        text("""
            WITH ends AS (SELECT min(id) AS first, max(id) AS last FROM books)
            SELECT address, title, author, language
              FROM (SELECT DISTINCT ON (id) id, address, title, author, language
                      FROM ends
                     CROSS JOIN unnest(CAST(:places AS float8[])) AS place
                     CROSS JOIN LATERAL (SELECT id, coalesce(isbn, identity) AS address, title, author, language
                                           FROM books
                                          WHERE id >= first + floor(place * (last - first + 1))::bigint
                                          ORDER BY id
                                          LIMIT 1) AS book
                     ORDER BY id) AS shelf
             ORDER BY id
             LIMIT :size
        """),
        {"places": places, "size": size},
    )
    return [ShelvedBook(**row._mapping) for row in rows]


def select_showcase(connection: Connection, size: int) -> list[ShelvedBook]:
    """Return at most `size` popular books whose titles fit a cover, one of each author, always the same ones.

    The index holds the most popular works alone, and the first hundred of them are looked at.
    """
    rows = connection.execute(
        text("""
            WITH popular AS MATERIALIZED (
                SELECT id, lead_book_id, popularity
                  FROM search_works
                 WHERE tier = 0
                 ORDER BY popularity DESC, id
                 LIMIT 100
            ),
            shown AS (
                SELECT DISTINCT ON (author) coalesce(isbn, identity) AS address, title, author, language, popularity,
                       popular.id
                  FROM popular
                  JOIN books ON books.id = lead_book_id
                 WHERE author <> '' AND length(title) BETWEEN 2 AND 60
                 ORDER BY author, popularity DESC, popular.id
            )
            SELECT address, title, author, language
              FROM shown
             ORDER BY popularity DESC, id
             LIMIT :size
        """),
        {"size": size},
    )
    return [ShelvedBook(**row._mapping) for row in rows]
