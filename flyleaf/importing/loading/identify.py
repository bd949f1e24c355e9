"""Find out which book each staged row is, if its ISBN doesn't say so, and keep the identifiers that rows give.

A row is the book with its ISBN; else the book that has one of its identifiers, unless that book has another ISBN, or
other identifiers of a scheme of which the row has some, too. Else it is a new book. Without an ISBN a new book is
identified by its first identifier that no other book has, or by a digest of its title, author, year and publisher.

All of it is done by a few statements for all rows. A file that has ISBNs only needs none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.importing.cleaning.identifier_cells import ANY_SCHEME
from flyleaf.importing.fields import IDENTIFIER_COLUMNS
from flyleaf.importing.reporting.findings import SHOWN, Findings

_ARE_NEEDED = "SELECT EXISTS (SELECT FROM import_rows WHERE isbn IS NULL)"

# What identifies a row without any identifier.
_DIGEST = r"""'flyleaf:' || left(md5(concat_ws(E'\n', title, coalesce(author, ''), coalesce(CAST(year AS text), ''),
                                         coalesce(publisher, ''))), 16)"""

# The identifiers of every row with their schemes, in the order of the columns. Those of ANY_SCHEME have them already.
_NAMED = ", ".join(
    column if column == ANY_SCHEME else f"'{column}:' || replace({column}, ' ', ' {column}:')"
    for column in IDENTIFIER_COLUMNS
)
_SPREAD = f"""
CREATE TEMP TABLE import_identifiers ON COMMIT DROP AS
SELECT line, place, split_part(name, ':', 1) COLLATE "C" AS scheme,
       substr(name, strpos(name, ':') + 1) COLLATE "C" AS value
  FROM (SELECT line,
               coalesce(nullif(concat_ws(' ', {_NAMED}), ''), CASE WHEN isbn IS NULL THEN {_DIGEST} END) AS names
          FROM import_rows) AS said
 CROSS JOIN LATERAL unnest(string_to_array(names, ' ')) WITH ORDINALITY AS one (name, place)
"""  # noqa: S608  # constants

# Rows that are known by an identifier. Of several new ISBNs that would go to one book, the first one does.
_FIND_KNOWN = """
WITH others AS MATERIALIZED (
    SELECT said.line, coalesce(said.isbn13, said.isbn) AS isbn
      FROM import_rows AS said
     WHERE NOT EXISTS (SELECT FROM books WHERE identity = coalesce(said.isbn13, said.isbn))
), held AS MATERIALIZED (
    SELECT own.line, own.place, known.book_id
      FROM others
      JOIN import_identifiers AS own ON own.line = others.line
      JOIN identifiers AS known ON known.scheme = own.scheme AND known.value = own.value
), found AS MATERIALIZED (
    SELECT others.line, others.isbn, held.book_id, min(held.place) AS place
      FROM others
      JOIN held ON held.line = others.line
      JOIN books ON books.id = held.book_id
     WHERE others.isbn IS NULL OR books.isbn IS NULL
     GROUP BY others.line, others.isbn, held.book_id
), differing AS MATERIALIZED (
    SELECT found.line, found.book_id
      FROM found
      JOIN import_identifiers AS own ON own.line = found.line
      JOIN identifiers AS known ON known.book_id = found.book_id AND known.scheme = own.scheme
     GROUP BY found.line, found.book_id, own.scheme
    HAVING NOT bool_or(known.value = own.value)
), chosen AS (
    SELECT DISTINCT ON (line) line, isbn, book_id
      FROM found
     WHERE NOT EXISTS (SELECT FROM differing WHERE differing.line = found.line AND differing.book_id = found.book_id)
     ORDER BY line, place, book_id
), first AS (
    SELECT line, isbn, book_id, first_value(isbn) OVER (PARTITION BY book_id ORDER BY isbn IS NULL, line) AS first_isbn
      FROM chosen
)
UPDATE import_rows AS said
   SET identity = books.identity
  FROM first
  JOIN books ON books.id = first.book_id
 WHERE said.line = first.line
   AND (first.isbn IS NULL OR first.isbn = first.first_isbn)
"""

# Rows of one ISBN are one book, also where only some of them, or several, are known by an identifier.
_UNITE_ISBNS = """
UPDATE import_rows AS said
   SET identity = first.identity
  FROM (SELECT DISTINCT ON (coalesce(isbn13, isbn)) coalesce(isbn13, isbn) AS isbn, identity
          FROM import_rows
         WHERE isbn IS NOT NULL
           AND identity IS NOT NULL
         ORDER BY coalesce(isbn13, isbn), line) AS first
 WHERE coalesce(said.isbn13, said.isbn) = first.isbn
   AND said.identity IS DISTINCT FROM first.identity
"""

# New books without an ISBN.
_NAME_NEW = f"""
WITH free AS MATERIALIZED (
    SELECT DISTINCT ON (own.line) own.line, (own.scheme || ':' || own.value) COLLATE "default" AS first
      FROM import_identifiers AS own
     WHERE NOT EXISTS (SELECT FROM identifiers AS known WHERE known.scheme = own.scheme AND known.value = own.value)
     ORDER BY own.line, own.place
), named AS MATERIALIZED (
    SELECT new.line, coalesce(free.first, {_DIGEST}) AS identity
      FROM import_rows AS new
      LEFT JOIN free ON free.line = new.line
     WHERE new.isbn IS NULL
       AND new.identity IS NULL
)
UPDATE import_rows AS said
   SET identity = named.identity
  FROM named
 WHERE said.line = named.line
"""  # noqa: S608  # constants

# Such rows of one file that share the first identifier, but differ from the first of them in those of another scheme:
# they are called by that one. They may share it with rows from which they differ in a third scheme, so it is run again
# while it changes rows, and the last time it calls them by their digest.
_SET_APART = f"""
WITH first AS (
    SELECT identity, min(line) AS line
      FROM import_rows
     WHERE isbn IS NULL
     GROUP BY identity
    HAVING count(*) > 1
), differing AS (
    SELECT said.line, own.scheme
      FROM first
      JOIN import_rows AS said ON said.identity = first.identity AND said.line > first.line
      JOIN import_identifiers AS own ON own.line = said.line
      JOIN import_identifiers AS other ON other.line = first.line AND other.scheme = own.scheme
     WHERE said.isbn IS NULL
     GROUP BY said.line, own.scheme
    HAVING NOT bool_or(own.value = other.value)
), named AS (
    SELECT DISTINCT ON (own.line) own.line,
           CASE WHEN NOT :is_last AND known.book_id IS NULL
                THEN (own.scheme || ':' || own.value) COLLATE "default" END AS identity
      FROM differing
      JOIN import_identifiers AS own ON own.line = differing.line AND own.scheme = differing.scheme
      LEFT JOIN identifiers AS known ON known.scheme = own.scheme AND known.value = own.value
     ORDER BY own.line, known.book_id IS NOT NULL, own.place
)
UPDATE import_rows AS said
   SET identity = coalesce(named.identity, {_DIGEST})
  FROM named
 WHERE said.line = named.line
"""  # noqa: S608  # constants

_TIMES_SET_APART = 4

# Whose the identifiers are that the catalogue doesn't know as the book's: `key` is what the merge takes for the book,
# `identity` what it will be called.
_OWN = """
CREATE TEMP TABLE import_owned ON COMMIT DROP AS
SELECT own.line, own.scheme, own.value, coalesce(said.identity, said.isbn13, said.isbn) AS key,
       coalesce(said.isbn13, said.isbn, said.identity) AS identity
  FROM import_rows AS said
  JOIN import_identifiers AS own ON own.line = said.line
  LEFT JOIN identifiers AS known ON known.scheme = own.scheme AND known.value = own.value
  LEFT JOIN books AS holder ON holder.id = known.book_id
 WHERE holder.identity IS DISTINCT FROM coalesce(said.identity, said.isbn13, said.isbn)
 UNION ALL
SELECT line, split_part(identity, ':', 1) COLLATE "C", split_part(identity, ':', 2) COLLATE "C", identity, identity
  FROM import_rows AS said
 WHERE identity LIKE 'flyleaf:%'
   AND NOT EXISTS (SELECT FROM import_identifiers AS own WHERE own.line = said.line AND own.scheme = 'flyleaf')
"""
# A book that gets its ISBN from one row, and identifiers from another.
_FOLLOW_ISBN = """
UPDATE import_owned AS owned
   SET identity = said.identity
  FROM (SELECT identity AS key, max(coalesce(isbn13, isbn)) AS identity
          FROM import_rows
         WHERE identity IS NOT NULL
           AND isbn IS NOT NULL
         GROUP BY 1) AS said
 WHERE owned.key = said.key
"""

# What is said of several books goes to the one that has no other name, or else to the first.
_INSERT = """
WITH added AS (
    INSERT INTO identifiers (scheme, value, book_id)
    SELECT scheme, value, book_id
      FROM (SELECT DISTINCT ON (owned.scheme, owned.value) owned.scheme, owned.value, books.id AS book_id
              FROM import_owned AS owned
              JOIN books ON books.identity = owned.identity
             WHERE NOT EXISTS (SELECT FROM identifiers AS known
                                WHERE known.scheme = owned.scheme AND known.value = owned.value)
             ORDER BY owned.scheme, owned.value,
                      owned.identity = (owned.scheme || ':' || owned.value) COLLATE "default" DESC, owned.line) AS new
    ON CONFLICT (scheme, value) DO NOTHING
    RETURNING book_id
)
SELECT count(DISTINCT book_id)
  FROM added
 WHERE book_id <= :last_known_id
   AND NOT EXISTS (SELECT FROM import_changed WHERE import_changed.book_id = added.book_id)
"""

_TAKEN = """
SELECT owned.line, owned.scheme, owned.value, coalesce(holder.isbn, holder.identity) AS address,
       count(*) OVER () AS total
  FROM (SELECT DISTINCT line, scheme, value, identity FROM import_owned) AS owned
  JOIN identifiers AS known ON known.scheme = owned.scheme AND known.value = owned.value
  JOIN books AS holder ON holder.id = known.book_id
 WHERE holder.identity <> owned.identity
   AND owned.scheme <> 'librarythingwork'  -- which all editions of a work have
 ORDER BY owned.line, owned.scheme, owned.value
 LIMIT :shown
"""


@dataclass(frozen=True)
class Identified:
    """The rows of a file of which it is known which book each is. `are_needed`: some are not identified by an ISBN, or
    give identifiers."""

    are_needed: bool
    last_known_id: int = 0


def identify(connection: Connection, columns: Sequence[str]) -> Identified:
    """Set import_rows.identity where the ISBN doesn't identify the book, so that its key, coalesce(identity, isbn13,
    isbn), is the identity of the book that it is, or will be."""
    are_given = any(column in columns for column in IDENTIFIER_COLUMNS)
    if not are_given and not connection.execute(text(_ARE_NEEDED)).scalar_one():
        return Identified(False)
    last_known_id = connection.execute(text("SELECT coalesce(max(id), 0) FROM books")).scalar_one()
    connection.execute(text(_SPREAD))
    connection.execute(text("ANALYZE import_identifiers"))
    for statement in (_FIND_KNOWN, _UNITE_ISBNS, _NAME_NEW):
        connection.execute(text(statement))
    for time in range(1, _TIMES_SET_APART + 1):
        if connection.execute(text(_SET_APART), {"is_last": time == _TIMES_SET_APART}).rowcount == 0:
            break
    for statement in (_OWN, _FOLLOW_ISBN):
        connection.execute(text(statement))
    connection.execute(text("ANALYZE import_rows, import_owned"))
    return Identified(True, last_known_id)


def insert_identifiers(connection: Connection, identified: Identified, findings: Findings) -> int:
    """Store the identifiers of the file's books, after these, and report those that another book has. Return how many
    books have new ones and are otherwise left alone. Drops the tables of `identify`."""
    if not identified.are_needed:
        return 0
    named = connection.execute(text(_INSERT), {"last_known_id": identified.last_known_id}).scalar_one()
    total = 0
    for line, scheme, value, address, total in connection.execute(text(_TAKEN), {"shown": SHOWN}):  # noqa: B007
        findings.taken.add(line, f"{scheme}:{value} is of {address}")
    findings.taken.count += total - min(total, SHOWN)
    connection.execute(text("DROP TABLE import_identifiers, import_owned"))
    connection.execute(text("ANALYZE identifiers"))
    return int(named)
