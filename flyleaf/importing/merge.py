"""The SQL between the staging table and the catalogue. Every statement runs in the loader's transaction.

import_rows holds what the file says, import_changes the books that it added or changed; both end with the transaction.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.importing.findings import SHOWN, Findings

STAGING = """
CREATE TEMP TABLE import_rows (
    line           bigint NOT NULL,
    isbn           text   NOT NULL,
    isbn13         text,
    identity       text   NOT NULL GENERATED ALWAYS AS (coalesce(isbn13, isbn)) STORED,
    title          text   NOT NULL,
    author         text,
    year           smallint,
    publisher      text,
    language       text,
    pages          integer,
    description    text,
    average_rating numeric(4, 3),
    ratings_count  integer
) ON COMMIT DROP
"""

CHANGES = """
CREATE TEMP TABLE import_changes (
    book_id bigint  PRIMARY KEY,
    added   boolean NOT NULL
) ON COMMIT DROP
"""

REPEATED = """
CREATE TEMP TABLE import_repeated ON COMMIT DROP AS
SELECT identity, max(line) AS last
  FROM import_rows
 GROUP BY identity
HAVING count(*) > 1
"""

DELETE_REPEATED = """
WITH earlier AS (
    DELETE FROM import_rows
     USING import_repeated
     WHERE import_rows.identity = import_repeated.identity
       AND import_rows.line < import_repeated.last
    RETURNING import_rows.line, import_rows.isbn, import_repeated.last
)
SELECT line, isbn, last, (SELECT count(*) FROM earlier) AS total
  FROM earlier
 ORDER BY line
 LIMIT :shown
"""

# Columns of books that a file may say something about; identity stays, or it would be another book.
_STORED = ("title", "author", "year", "publisher", "language", "pages", "description")

UPDATE_BOOKS = """
WITH changed AS (
    UPDATE books
       SET {assignments}
      FROM import_rows AS said
     WHERE books.identity = said.identity
       AND ({stored}) IS DISTINCT FROM ({said})
    RETURNING books.id
)
INSERT INTO import_changes (book_id, added)
SELECT id, false
  FROM changed
"""

# In the order of the file, so that books of one file stay together on the disk.
INSERT_BOOKS = """
WITH added AS (
    INSERT INTO books (isbn, isbn13, title, author, year, publisher, language, pages, description)
    SELECT isbn, isbn13, title, coalesce(author, ''), year, publisher, language, pages, description
      FROM import_rows AS said
     WHERE NOT EXISTS (SELECT FROM books WHERE books.identity = said.identity)
     ORDER BY line
    RETURNING id
)
INSERT INTO import_changes (book_id, added)
SELECT id, true
  FROM added
"""

# What the file doesn't say of the two stays as it is; where nothing is left of both, the row goes.
STAGE_RATINGS = """
CREATE TEMP TABLE import_ratings ON COMMIT DROP AS
SELECT books.id AS book_id, {average} AS average, {count} AS ratings_count
  FROM import_rows AS said
  JOIN books ON books.identity = said.identity
  LEFT JOIN external_ratings AS stored
         ON stored.book_id = books.id
        AND stored.source = 'catalogue'
 WHERE (stored.average, stored.ratings_count) IS DISTINCT FROM ({average}, {count})
"""

MERGE_RATINGS = (
    """
    INSERT INTO external_ratings (book_id, source, average, ratings_count)
    SELECT book_id, 'catalogue', average, ratings_count
      FROM import_ratings
     WHERE average IS NOT NULL
        OR ratings_count IS NOT NULL
        ON CONFLICT (book_id, source) DO UPDATE
       SET average       = excluded.average,
           ratings_count = excluded.ratings_count,
           fetched_at    = now()
    """,
    """
    DELETE FROM external_ratings
     USING import_ratings
     WHERE external_ratings.book_id = import_ratings.book_id
       AND external_ratings.source = 'catalogue'
       AND import_ratings.average IS NULL
       AND import_ratings.ratings_count IS NULL
    """,
    """
    INSERT INTO import_changes (book_id, added)
    SELECT book_id, false
      FROM import_ratings
        ON CONFLICT (book_id) DO NOTHING
    """,
)


@dataclass(frozen=True)
class Merged:
    """Numbers of books."""

    added: int
    changed: int
    left_alone: int


def create_staging(connection: Connection) -> None:
    """Makes the empty tables import_rows, which the loader fills, and import_changes."""
    connection.execute(text(STAGING))
    connection.execute(text(CHANGES))


def merge(connection: Connection, columns: tuple[str, ...], findings: Findings) -> Merged:
    """Brings what import_rows says into the catalogue. `columns` are the table's: what the file doesn't say anything
    about stays as it is."""
    connection.execute(text("ANALYZE import_rows"))
    staged = connection.execute(text("SELECT count(*) FROM import_rows")).scalar_one()
    _delete_repeated(connection, findings)
    _update_books(connection, columns)
    connection.execute(text(INSERT_BOOKS))
    if "average_rating" in columns or "ratings_count" in columns:
        _merge_ratings(connection, columns)
    added, changed = connection.execute(
        text("SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM import_changes")
    ).one()
    if added or changed:
        connection.execute(text("ANALYZE books, external_ratings"))  # or the planner takes the catalogue for empty
    return Merged(added, changed, staged - findings.repeated.count - added - changed)


def _delete_repeated(connection: Connection, findings: Findings) -> None:
    """Of the rows with one ISBN, whichever form it has, the last one stays."""
    connection.execute(text(REPEATED))
    for line, isbn, last, total in connection.execute(text(DELETE_REPEATED), {"shown": SHOWN}):
        findings.repeated.add(line, f"{isbn}, again in line {last}")
        findings.repeated.count = total


def _update_books(connection: Connection, columns: tuple[str, ...]) -> None:
    stored = ["isbn", "isbn13", *(column for column in _STORED if column in columns)]
    said = ["coalesce(said.author, '')" if column == "author" else f"said.{column}" for column in stored]
    connection.execute(
        text(
            UPDATE_BOOKS.format(
                assignments=", ".join(f"{column} = {value}" for column, value in zip(stored, said, strict=True)),
                stored=", ".join(f"books.{column}" for column in stored),
                said=", ".join(said),
            )
        )
    )


def _merge_ratings(connection: Connection, columns: tuple[str, ...]) -> None:
    average = "said.average_rating" if "average_rating" in columns else "stored.average"
    count = "said.ratings_count" if "ratings_count" in columns else "stored.ratings_count"
    connection.execute(text(STAGE_RATINGS.format(average=average, count=count)))
    for statement in MERGE_RATINGS:
        connection.execute(text(statement))
