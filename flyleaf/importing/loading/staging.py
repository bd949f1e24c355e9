"""The staging table, which holds a file's rows on their way to the catalogue."""

from collections.abc import Callable, Iterator
from contextlib import closing
from tempfile import TemporaryFile

import psycopg2
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flyleaf import limits
from flyleaf.database import DatabaseUnusableError
from flyleaf.importing.cleaning.cells import clean
from flyleaf.importing.cleaning.rows import Columns, clean_columns, staged_columns
from flyleaf.importing.cleaning.subjects import SubjectIds
from flyleaf.importing.fields import FIELDS, IDENTIFIERS
from flyleaf.importing.loading.ahead import Ahead
from flyleaf.importing.reporting.findings import Findings
from flyleaf.importing.table import Table

# No constraints or generated columns, which would add a fifth to the COPY. `identity` is filled in by the merge, for
# rows that are not identified by their ISBN.
STAGING = f"""
CREATE TEMP TABLE import_rows (
    line        bigint,
    identity    text,
    isbn13      text,
    author_keys text,
    {", ".join(f"{field.name} {field.sql_type}" for field in (*FIELDS, *IDENTIFIERS))}
) ON COMMIT DROP
"""

# Author names, to which rows of other files refer by key.
AUTHOR_NAMES = """
CREATE TEMP TABLE import_author_names (
    place bigint GENERATED ALWAYS AS IDENTITY,
    key   text,
    name  text
) ON COMMIT DROP;
CREATE INDEX import_author_names_key ON import_author_names (key, place)
"""

# As many names as fit the catalogue. A key's last name wins; a repeated key keeps its first place.
NAME_AUTHORS = """
UPDATE import_rows AS said
   SET author = (SELECT string_agg(fitting.name, ', ' ORDER BY fitting.place)
                   FROM (SELECT keys.place, found.name, sum(length(found.name) + 2) OVER (ORDER BY keys.place) AS size
                           FROM (SELECT key, min(place) AS place
                                   FROM unnest(string_to_array(said.author_keys, ' '))
                                        WITH ORDINALITY AS every (key, place)
                                  GROUP BY key) AS keys
                          CROSS JOIN LATERAL (SELECT names.name
                                                FROM import_author_names AS names
                                               WHERE names.key = keys.key
                                               ORDER BY names.place DESC
                                               LIMIT 1) AS found) AS fitting
                  WHERE fitting.size <= :longest + 2)
 WHERE said.author_keys IS NOT NULL
"""

# Names of subjects, to whose ids the rows refer. The first spelling counts.
SUBJECTS_STAGING = """
CREATE TEMP TABLE import_subjects (
    place bigint GENERATED ALWAYS AS IDENTITY,
    id    bigint,
    key   text,
    name  text
) ON COMMIT DROP
"""

DESCRIPTION = "description"
SUBJECTS = "subjects"
NAMES_AT_ONCE = 1 << 16  # characters of the names of subjects
LINE_END = "\v"  # replaces line ends inside cells until the row is escaped

Advance = Callable[[int], object]
"""Called with the number of rows read so far."""


def create_staging(connection: Connection) -> None:
    """Create the empty tables import_rows, import_subjects and import_author_names, which are dropped with the
    transaction."""
    connection.execute(text(STAGING))
    connection.execute(text(SUBJECTS_STAGING))
    connection.execute(text(AUTHOR_NAMES))


def copy_rows(connection: Connection, table: Table, findings: Findings, advance: Advance) -> int:
    """Copy the table to import_rows, and the names of its subjects to import_subjects, and return the number of rows.
    Problems go to `findings`.

    Raises UnusableFileError, DatabaseUnusableError, DBAPIError.
    """
    columns = ", ".join(staged_columns(table))
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as names:
        ids = SubjectIds(names, findings)
        rows = _copy(connection, f"import_rows ({columns})", _copy_texts(table, findings, ids), advance)
        names.seek(0)
        blocks = iter(lambda: names.read(NAMES_AT_ONCE).encode(), b"")
        _copy(connection, "import_subjects (id, key, name)", blocks, lambda rows: None)
    return rows


def copy_author_names(connection: Connection, table: Table, findings: Findings, advance: Advance) -> int:
    """Copy a table of author keys and names to import_author_names and return the number of rows."""

    def texts() -> Iterator[bytes]:
        for batch in table.batches:
            for refusal in batch.refused:
                findings.refuse(refusal)
            keys, names = batch.columns
            yield _copy_text([keys, list(map(clean, names))])

    return _copy(connection, "import_author_names (key, name)", filter(None, texts()), advance)


def name_authors(connection: Connection) -> int:
    """Fill in the authors' names for their keys, and return the number of rows without any known name."""
    connection.execute(text("ANALYZE import_author_names"))
    connection.execute(text(NAME_AUTHORS), {"longest": limits.AUTHOR_MAX})
    unnamed = "SELECT count(*) FROM import_rows WHERE author_keys IS NOT NULL AND author IS NULL"
    return int(connection.execute(text(unnamed)).scalar_one())


def _copy(connection: Connection, target: str, texts: Iterator[bytes], advance: Advance) -> int:
    driver = connection.connection.driver_connection
    if driver is None:
        raise DatabaseUnusableError("The database has closed the connection.")
    with closing(Ahead(texts)) as ahead:
        source = _CopyText(ahead, advance)
        try:
            with driver.cursor() as cursor:
                cursor.copy_expert(f"COPY {target} FROM STDIN WITH (NULL '')", source)
        except psycopg2.Error as error:
            if source.failure is not None:
                raise source.failure from None
            raise DBAPIError("COPY", None, error) from error
    return source.rows


class _CopyText:
    """A file-like object for psycopg2's copy_expert. Each `read` returns some rows in COPY's text format."""

    def __init__(self, texts: Iterator[bytes], advance: Advance) -> None:
        self._texts = texts
        self._advance = advance
        self.rows = 0
        self.failure: BaseException | None = None  # psycopg2 replaces exceptions from `read` with its own

    def read(self, size: int) -> bytes:
        try:
            self._advance(self.rows)
            rows = next(self._texts, b"")
        except BaseException as error:
            self.failure = error
            raise
        self.rows += rows.count(b"\n")
        return rows


def _copy_texts(table: Table, findings: Findings, ids: SubjectIds) -> Iterator[bytes]:
    names = staged_columns(table)
    place = names.index(DESCRIPTION) if DESCRIPTION in names else None
    subjects = names.index(SUBJECTS) if SUBJECTS in names else None
    for copied, columns in clean_columns(table, findings):
        if subjects is not None:
            copied = _with_ids(copied, len(names), subjects, ids)
            if columns:
                arrays = ids.arrays(columns[0], columns[subjects])
                columns = [*columns[:subjects], arrays, *columns[subjects + 1 :]]
            ids.report()
        if columns and place is not None:  # the only multi-line column
            lines = [cell.replace("\n", LINE_END) if "\n" in cell else cell for cell in columns[place]]
            columns = [*columns[:place], lines, *columns[place + 1 :]]
        if text_of_rows := copied + _copy_text(columns):  # an empty read would end the COPY
            yield text_of_rows


def _with_ids(copied: bytes, width: int, place: int, ids: SubjectIds) -> bytes:
    """Return rows in COPY's text format with the ids of the subjects at this place, instead of their names."""
    cells = copied.decode().replace("\n", "\t").split("\t")
    columns = [cells[at:-1:width] for at in range(width)]
    columns[place] = ids.arrays(columns[0], columns[place])
    return "".join([f"{row}\n" for row in map("\t".join, zip(*columns, strict=True))]).encode()


def _copy_text(columns: Columns) -> bytes:
    """Return rows in COPY's text format. Clean cells contain no tabs, so only backslashes and LINE_END are escaped.
    Empty cells are NULL."""
    rows = "".join([f"{row}\n" for row in map("\t".join, zip(*columns, strict=True))])
    rows = rows.replace("\\", "\\\\") if "\\" in rows else rows
    return rows.replace(LINE_END, "\\n").encode()
