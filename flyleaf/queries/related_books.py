"""What a book's page shows of its work: other titles, other editions, and more by its author."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.identifiers import isbn_in
from flyleaf.queries.authors import Work
from flyleaf.queries.prepared import prepared

EDITIONS_MAX = 100
MORE_MAX = 6
TITLES_MAX = 10

_RELATED = prepared(
    text("""
        WITH this AS MATERIALIZED (
            SELECT work.id, work.author_key
              FROM search_editions
              JOIN search_works AS work ON work.id = work_id
             WHERE book_id = :book_id
        )
        (SELECT true AS is_edition, coalesce(isbn, identity) AS address, title, author, language, year, publisher,
                NULL::int AS editions, NULL::int AS review_count, NULL::float8 AS average_score,
                NULL::int AS popularity, NULL AS title_key
           FROM search_editions
           JOIN books ON books.id = book_id
          WHERE work_id = (SELECT id FROM this)
            AND book_id <> :book_id
          ORDER BY year DESC NULLS LAST, address
          LIMIT :editions_max)
         UNION ALL
        (SELECT false, coalesce(isbn, identity), title, author, language, coalesce(year_min, year), NULL, editions,
                review_count, round(rating_sum::numeric / nullif(review_count, 0), 2)::float8,
                popularity, title_key
           FROM (SELECT lead_book_id, editions, year_min, review_count, rating_sum, popularity, title_key
                   FROM search_works
                  WHERE left(author_key, 60) = (SELECT left(author_key, 60) FROM this WHERE author_key <> '')
                    AND author_key = (SELECT author_key FROM this)
                    AND id <> (SELECT id FROM this)
                  ORDER BY popularity DESC, title_key, id
                  LIMIT :more_max) AS work
           JOIN books ON books.id = lead_book_id)
         ORDER BY is_edition DESC, popularity DESC, title_key, year DESC NULLS LAST, address
         LIMIT :most
    """),
    "is_edition", "address", "title", "author", "language", "year", "publisher", "editions", "review_count",
    "average_score", "popularity", "title_key",
)  # fmt: skip

# Titles are the same if the rule for works takes them for one: "Dune" and "Dune: a novel".
_OTHER_TITLES = prepared(
    text("""
        WITH editions AS MATERIALIZED (
            SELECT book_id, title, other_titles
              FROM search_editions
              JOIN books ON books.id = book_id
             WHERE work_id = (SELECT work_id FROM search_editions WHERE book_id = :book_id)
             ORDER BY book_id <> :book_id, book_id
             LIMIT :editions_max
        ),
        named AS (
            SELECT book_id, title FROM editions
             UNION ALL
            SELECT book_id, string_to_table(other_titles, ' | ') FROM editions
        ),
        keyed AS (
            SELECT title, search_work_title(title, search_title_key(title)) AS key FROM named
        )
        SELECT mode() WITHIN GROUP (ORDER BY title) AS title
          FROM keyed
         WHERE key <> (SELECT search_work_title(title, search_title_key(title)) FROM editions WHERE book_id = :book_id)
         GROUP BY key
         ORDER BY count(*) DESC, title
         LIMIT :titles_max
    """),
    "title",
)


@dataclass(frozen=True, slots=True)
class Edition:
    """Another book of the same title and author."""

    address: str
    title: str
    year: int | None
    publisher: str | None
    language: str | None

    @property
    def isbn(self) -> str | None:
        return isbn_in(self.address)


@dataclass(frozen=True, slots=True)
class RelatedBooks:
    """Other editions, the newest first, and other works by the author, the most popular first."""

    editions: tuple[Edition, ...] = ()
    more_by_author: tuple[Work, ...] = ()


def select_related_books(connection: Connection, book_id: int) -> RelatedBooks:
    """Return what belongs to a book. Nothing belongs to one that the search has not seen yet."""
    rows = connection.execute(
        _RELATED,
        {
            "book_id": book_id,
            "editions_max": EDITIONS_MAX,
            "more_max": MORE_MAX,
            "most": EDITIONS_MAX + MORE_MAX,
        },
    ).all()
    return RelatedBooks(
        tuple(Edition(row.address, row.title, row.year, row.publisher, row.language) for row in rows if row.is_edition),
        tuple(
            Work(
                row.address, row.title, row.author, row.language, row.year,
                row.editions, row.review_count, row.average_score,
            )
            for row in rows
            if not row.is_edition
        ),
    )  # fmt: skip


def select_other_titles(connection: Connection, book_id: int) -> tuple[str, ...]:
    """Return the titles, other than the book's own, that its work has or is known under, the most common first."""
    rows = connection.execute(
        _OTHER_TITLES, {"book_id": book_id, "editions_max": EDITIONS_MAX, "titles_max": TITLES_MAX}
    )
    return tuple(row.title for row in rows)
