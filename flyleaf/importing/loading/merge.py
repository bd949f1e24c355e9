"""Merge the staging table into the catalogue, within the loader's transaction.

Most rows of a file are either all new or already known. So one join finds the known rows: those that differ move to
import_changed, the others are left alone, and the rest is new. Changes and additions are then applied in slices.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.importing.fields import COLUMNS, SERIES
from flyleaf.importing.loading.corrected import has_corrections, keep_corrected_fields, keep_corrections_out
from flyleaf.importing.loading.identify import identify, insert_identifiers
from flyleaf.importing.reporting.findings import SHOWN, Findings

SLICE_ROWS = 20_000  # between progress reports, about a quarter of a second; smaller slices would be slower

# Rows of the same book. One that knows its ISBN is kept, and the last of these.
REPEATED = """
CREATE TEMP TABLE import_repeated ON COMMIT DROP AS
SELECT coalesce(identity, isbn13, isbn) AS identity,
       coalesce(max(line) FILTER (WHERE isbn IS NOT NULL), max(line)) AS kept
  FROM import_rows
 GROUP BY 1
HAVING count(*) > 1
"""

DELETE_REPEATED = """
WITH earlier AS (
    DELETE FROM import_rows AS said
     USING import_repeated
     WHERE coalesce(said.identity, said.isbn13, said.isbn) = import_repeated.identity
       AND said.line <> import_repeated.kept
    RETURNING said.line, coalesce(said.isbn, import_repeated.identity) AS name, import_repeated.kept
)
SELECT line, name, kept, (SELECT count(*) FROM earlier) AS total
  FROM earlier
 ORDER BY line
 LIMIT :shown
"""

# Of corrected books all rows: they may say what the correction says.
CHANGED = """
CREATE TEMP TABLE import_changed ON COMMIT DROP AS
SELECT books.id AS book_id, said.*
  FROM import_rows AS said
  JOIN books ON books.identity = coalesce(said.identity, said.isbn13, said.isbn)
 WHERE ({stored}) IS DISTINCT FROM ({said})
    OR books.id IN (SELECT book_id FROM corrections WHERE undone_at IS NULL)
"""

UNCHANGED = """
DELETE FROM import_changed AS said
 USING books
 WHERE books.id = said.book_id
   AND books.id IN (SELECT book_id FROM corrections WHERE undone_at IS NULL)
   AND ({stored}) IS NOT DISTINCT FROM ({said})
"""

DELETE_KNOWN = """
DELETE FROM import_rows AS said
 USING books
 WHERE books.identity = coalesce(said.identity, said.isbn13, said.isbn)
"""

# Some pages of the staging table at a time.
UPDATE_BOOKS = """
UPDATE books
   SET {assignments}
  FROM import_changed AS said
 WHERE books.id = said.book_id
   AND said.ctid >= CAST(:low AS tid)
   AND said.ctid < CAST(:high AS tid)
"""

# In the file's order, so that its books stay together on disk.
INSERT_BOOKS = """
INSERT INTO books (identity, isbn13, {columns})
SELECT coalesce(identity, isbn13, isbn), isbn13, {values}
  FROM import_rows
 WHERE ctid >= CAST(:low AS tid)
   AND ctid < CAST(:high AS tid)
"""

# In order, so that an import and whoever else adds subjects can’t deadlock.
INSERT_SUBJECTS = """
INSERT INTO subjects (id, key, name)
SELECT DISTINCT ON (id) id, key, name
  FROM import_subjects
 ORDER BY id, place
    ON CONFLICT DO NOTHING
"""

# A row without an ISBN leaves a book its own.
SAID = {
    "isbn13": "CASE WHEN said.isbn IS NULL THEN books.isbn13 ELSE said.isbn13 END",
    "isbn": "coalesce(said.isbn, books.isbn)",
}

# If a file gives only an author's key, keep the name that the catalogue has.
SAID["author"] = "coalesce(said.author, CASE WHEN said.author_keys IS NULL THEN '' ELSE books.author END)"

# A file without series may still name them in its titles.
SERIES_OF_TITLES = "coalesce(said.series, books.series)"

PAGES = "SELECT pg_relation_size(CAST(:rows AS regclass)) / CAST(current_setting('block_size') AS bigint)"


@dataclass(frozen=True)
class Merged:
    """How many books a merge added, changed and left alone."""

    added: int
    changed: int
    left_alone: int

    def __add__(self, other: "Merged") -> "Merged":
        return Merged(self.added + other.added, self.changed + other.changed, self.left_alone + other.left_alone)


def merge(
    connection: Connection,
    columns: tuple[str, ...],
    findings: Findings,
    advance: Callable[[int], object] = lambda rows_done: None,
) -> Merged:
    """Merge import_rows into the catalogue, and empty it.

    `columns` are the table's: other columns of the catalogue are not changed. `advance` is called after each slice with
    the number of rows that are done.
    """
    keep_corrections_out(connection)
    connection.execute(text(INSERT_SUBJECTS))
    connection.execute(text("ANALYZE import_rows"))
    staged = connection.execute(text("SELECT count(*) FROM import_rows")).scalar_one()
    identified = identify(connection, columns)
    repeated = _delete_repeated(connection, findings)
    stored = ["isbn13", *(column for column in COLUMNS if column in columns or column == SERIES)]
    said = [SAID.get(column, f"said.{column}") for column in stored]
    if SERIES not in columns:
        said[stored.index(SERIES)] = SERIES_OF_TITLES
    changed = connection.execute(
        text(CHANGED.format(stored=", ".join(f"books.{column}" for column in stored), said=", ".join(said)))
    ).rowcount
    if has_corrections(connection):
        keep_corrected_fields(connection, columns)
        statement = UNCHANGED.format(stored=", ".join(f"books.{column}" for column in stored), said=", ".join(said))
        changed -= connection.execute(text(statement)).rowcount
    added = staged - repeated - connection.execute(text(DELETE_KNOWN)).rowcount
    done = staged - changed - added
    advance(done)
    assignments = ", ".join(f"{column} = {value}" for column, value in zip(stored, said, strict=True))
    values = ("coalesce(author, '')" if column == "author" else column for column in COLUMNS)
    for statement, rows, count in (
        (UPDATE_BOOKS.format(assignments=assignments), "import_changed", changed),
        (INSERT_BOOKS.format(columns=", ".join(COLUMNS), values=", ".join(values)), "import_rows", added),
    ):
        for bounds in _slices(connection, rows, count):
            done += connection.execute(text(statement), bounds).rowcount
            advance(done)
    named = insert_identifiers(connection, identified, findings)
    connection.execute(text("TRUNCATE import_rows, import_subjects"))
    connection.execute(text("DROP TABLE import_changed, import_repeated"))
    if added or changed:
        connection.execute(text("ANALYZE books"))  # otherwise the planner assumes an empty catalogue
    return Merged(added, changed + named, staged - repeated - added - changed - named)


def _delete_repeated(connection: Connection, findings: Findings) -> int:
    """Keep only one of the rows of the same book, and return how many were deleted."""
    connection.execute(text(REPEATED))
    deleted = 0
    for line, name, kept, total in connection.execute(text(DELETE_REPEATED), {"shown": SHOWN}):
        findings.repeated.add(line, f"{name}, again in {findings.unit} {kept}")
        deleted = total
    findings.repeated.count += deleted - min(deleted, SHOWN)
    return deleted


def _slices(connection: Connection, rows: str, count: int) -> Iterator[dict[str, str]]:
    """Yield page ranges (first, end) of the table `rows`, which has `count` rows."""
    if not count:
        return
    pages = connection.execute(text(PAGES), {"rows": rows}).scalar_one()
    at_once = -(-pages // -(-count // SLICE_ROWS))
    for page in range(0, pages, at_once):
        yield {"low": f"({page},0)", "high": f"({page + at_once},0)"}
