"""Books and our readers' ratings of them."""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, text

from flyleaf.identifiers import Identifier
from flyleaf.queries.external_ratings import HIT_AGE, MISS_AGE, ExternalRating
from flyleaf.queries.prepared import prepared
from flyleaf.queries.readers import Reader
from flyleaf.queries.related_books import Edition
from flyleaf.queries.reviews import Review

_COLUMNS = """
    b.id, b.isbn, b.isbn13, b.identity, b.title, b.author, b.year, b.publisher, b.language, b.pages, b.description,
    coalesce(w.one, c.one, 0) AS one, coalesce(w.two, c.two, 0) AS two, coalesce(w.three, c.three, 0) AS three,
    coalesce(w.four, c.four, 0) AS four, coalesce(w.five, c.five, 0) AS five
"""
# The ratings of the work, or of a book whose work is not known yet.
_JOINED = """
    LEFT JOIN search_editions AS edition ON edition.book_id = b.id
    LEFT JOIN search_ratings AS w ON w.work_id = edition.work_id
    LEFT JOIN rating_counts AS c ON c.book_id = b.id AND edition.book_id IS NULL
"""
_FACTS = (
    "id", "isbn", "isbn13", "identity", "title", "author", "year", "publisher", "language", "pages", "description",
)  # fmt: skip
IDENTIFIERS_MAX = 50  # shown of one book; records of libraries name a few, and none has hundreds
_COUNTS = ("one", "two", "three", "four", "five")

_BOOK = prepared(
    text(f"""
        SELECT {_COLUMNS}
          FROM books AS b
          {_JOINED}
         WHERE b.identity = :identity
    """),  # noqa: S608  # constants
    *_FACTS, *_COUNTS,
)  # fmt: skip

_IDENTITY = text("""
    SELECT b.identity
      FROM identifiers AS i
      JOIN books AS b ON b.id = i.book_id
     WHERE i.scheme = :scheme
       AND i.value = :value
""")

_SEEN = prepared(
    text(f"""
        SELECT {_COLUMNS},
               b.average_rating, b.ratings_count,
               e.average, e.ratings_count AS external_count, e.key, e.fetched_at,
               ARRAY(SELECT scheme || ':' || value FROM identifiers AS i WHERE i.book_id = b.id ORDER BY scheme, value
                      LIMIT :identifiers_max) AS identifiers,
               EXISTS (SELECT FROM corrections AS k WHERE k.book_id = b.id)
               OR EXISTS (SELECT FROM work_corrections AS k WHERE k.book_id = b.id)
               OR EXISTS (SELECT FROM work_corrections AS k WHERE k.other_book_id = b.id) AS is_corrected,
               b.isbn IS NOT NULL
               AND q.book_id IS NULL
               AND (e.book_id IS NULL OR e.fetched_at <= now() - CASE WHEN e.average IS NULL
                                                                      THEN CAST(:miss_age AS interval)
                                                                      ELSE :hit_age END) AS is_request_due,
               r.id AS review_id, r.rating, r.text, r.created_at, r.edited_at, r.hidden_reason,
               CAST(r.exact_rating AS float8) AS exact_rating, r.is_private, r.language AS written_in,
               r.counts_from IS NOT NULL AS is_held, r.helpful_count, coalesce(w.held, 0) AS held_ratings,
               r.withdrawn_at, r.book_id, coalesce(o.isbn, o.identity) AS own_address, o.title AS own_title,
               o.year AS own_year, o.publisher AS own_publisher, o.language AS own_language,
               EXISTS (SELECT
                         FROM search_reviews AS older
                        WHERE older.work_id = edition.work_id
                          AND older.reader_id = :reader_id
                          AND older.is_superseded) AS has_superseded
          FROM books AS b
          {_JOINED}
          LEFT JOIN external_ratings AS e ON e.book_id = b.id AND e.source = 'open_library'
          LEFT JOIN external_rating_requests AS q ON q.book_id = b.id
          LEFT JOIN reviews AS r
                    ON r.id = coalesce((SELECT review_id
                                          FROM search_reviews AS own
                                         WHERE own.work_id = edition.work_id
                                           AND own.reader_id = :reader_id
                                           AND NOT own.is_superseded),
                                       (SELECT id
                                          FROM reviews AS own
                                         WHERE own.book_id = b.id
                                           AND own.reader_id = :reader_id))
          LEFT JOIN books AS o ON o.id = r.book_id
         WHERE b.identity = :identity
    """),  # noqa: S608  # constants
    *_FACTS, *_COUNTS, "average_rating", "ratings_count", "average", "external_count", "key", "fetched_at",
    "identifiers", "is_corrected", "is_request_due", "review_id", "rating", "text", "created_at", "edited_at",
    "hidden_reason", "exact_rating", "is_private", "written_in", "is_held",
    "helpful_count", "held_ratings", "withdrawn_at", "book_id", "own_address", "own_title",
    "own_year", "own_publisher", "own_language", "has_superseded",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RatingCounts:
    """The number of readers who gave one star, two stars, … five stars."""

    one: int = 0
    two: int = 0
    three: int = 0
    four: int = 0
    five: int = 0

    @property
    def review_count(self) -> int:
        return self.one + self.two + self.three + self.four + self.five

    @property
    def average_score(self) -> float | None:
        """Return the average from 1 to 5, rounded to two decimals, or None without reviews."""
        if not self.review_count:
            return None
        stars = self.one + 2 * self.two + 3 * self.three + 4 * self.four + 5 * self.five
        return round(stars / self.review_count, 2)

    def spread(self) -> list[tuple[int, int, int]]:
        """Return (stars, readers, percentage of all readers) for each number of stars, five first."""
        counts = ((5, self.five), (4, self.four), (3, self.three), (2, self.two), (1, self.one))
        total = self.review_count or 1
        return [(stars, count, round(100 * count / total)) for stars, count in counts]


@dataclass(frozen=True, slots=True)
class Book:
    """A book in the catalogue, with the ratings of its work. An unknown author is an empty string; other unknown fields
    are None.

    `identity` is the same for every form of its ISBN; of a book without one it is an identifier.
    """

    id: int
    isbn: str | None
    isbn13: str | None
    identity: str
    title: str
    author: str
    year: int | None
    publisher: str | None
    language: str | None
    pages: int | None
    description: str | None
    ratings: RatingCounts

    @property
    def address(self) -> str:
        """Return the last part of its page's address: its ISBN, or an identifier."""
        return self.isbn or self.identity


@dataclass(frozen=True, slots=True)
class SeenBook:
    """A book with what its page says of it to one reader: its identifiers besides the ISBN, what they wrote of its
    work, and what readers of other sites think.

    `has_superseded`: they have also written an older review of it.
    `refused_because` is why a moderator hid a review that the reader then deleted: another one has to be allowed first.
    `is_corrected`: people have changed it or its work, perhaps undone since.
    `held_ratings`: how many ratings of its work wait to be counted.
    `is_request_due`: Open Library should be asked for it, and isn't yet.
    """

    book: Book
    identifiers: tuple[Identifier, ...]
    own_review: Review | None
    has_superseded: bool
    refused_because: str | None
    external_ratings: tuple[ExternalRating, ...]
    is_request_due: bool
    is_corrected: bool
    held_ratings: int


def select_identity(connection: Connection, identifier: Identifier) -> str | None:
    """Return the identity of the book that has this identifier."""
    return connection.execute(_IDENTITY, identifier._asdict()).scalar_one_or_none()


def select_book(connection: Connection, identity: str) -> Book | None:
    """Return the book with this identity."""
    row = connection.execute(_BOOK, {"identity": identity}).one_or_none()
    return _book(row._mapping) if row else None


def select_identifiers(connection: Connection, book_id: int) -> list[Identifier]:
    """Return the identifiers of a book besides its ISBN."""
    rows = connection.execute(
        text("SELECT scheme, value FROM identifiers WHERE book_id = :book_id ORDER BY scheme, value LIMIT :most"),
        {"book_id": book_id, "most": IDENTIFIERS_MAX},
    )
    return [Identifier(*row) for row in rows]


def select_seen_book(connection: Connection, identity: str, reader: Reader) -> SeenBook | None:
    """Return the same with what its page says to this reader, in one statement."""
    row = connection.execute(
        _SEEN,
        {
            "identity": identity,
            "reader_id": reader.id,
            "miss_age": MISS_AGE,
            "hit_age": HIT_AGE,
            "identifiers_max": IDENTIFIERS_MAX,
        },
    ).one_or_none()
    if row is None:
        return None
    own = None
    if row.review_id is not None and row.withdrawn_at is None:
        written = (row.rating, row.text, row.created_at, row.edited_at, row.hidden_reason)
        choices = (row.exact_rating, row.is_private, row.written_in, row.is_held, row.helpful_count)
        about = Edition(row.own_address, row.own_title, row.own_year, row.own_publisher, row.own_language)
        own = Review(
            row.review_id, reader.id, reader.name, *written, *choices, None if row.book_id == row.id else about
        )
    external = []
    if row.average_rating is not None:
        external.append(ExternalRating("catalogue", float(row.average_rating), row.ratings_count, None, None))
    if row.average is not None:
        external.append(ExternalRating("open_library", float(row.average), row.external_count, row.key, row.fetched_at))
    refused_because = None if own else row.hidden_reason
    identifiers = tuple(Identifier(*name.split(":", 1)) for name in row.identifiers)
    return SeenBook(
        _book(row._mapping),
        identifiers,
        own,
        row.has_superseded,
        refused_because,
        tuple(external),
        row.is_request_due,
        row.is_corrected,
        row.held_ratings,
    )


def _book(row: RowMapping) -> Book:
    """Return the book whose _COLUMNS stand in a row."""
    counts = RatingCounts(**{name: row[name] for name in _COUNTS})
    return Book(**{name: row[name] for name in _FACTS}, ratings=counts)


def has_books(connection: Connection) -> bool:
    """Return whether the catalogue has any books."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM books)")).scalar())


def count_books(connection: Connection) -> int:
    """Return the number of books. This scans them all, which takes a tenth of a second for a million."""
    return int(connection.execute(text("SELECT count(*) FROM books")).scalar_one())


def select_languages(connection: Connection) -> list[str]:
    """Return the catalogue's languages, as its files name them, by a loose index scan: one index lookup per
    language."""
    rows = connection.execute(
        text("""
            WITH RECURSIVE languages AS (
                (SELECT language FROM books WHERE language IS NOT NULL ORDER BY language LIMIT 1)
                 UNION ALL
                SELECT (SELECT b.language FROM books AS b WHERE b.language > l.language ORDER BY b.language LIMIT 1)
                  FROM languages AS l
                 WHERE l.language IS NOT NULL
            )
            SELECT language FROM languages WHERE language IS NOT NULL ORDER BY language LIMIT 500
        """)
    )
    return list(rows.scalars())
