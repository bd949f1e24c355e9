"""Fields that people have corrected: an import leaves them alone and keeps what the file says for when they are undone.

It costs one look at an empty index if nothing was corrected.
"""

from sqlalchemy import Connection, text

from flyleaf.queries.corrections import CORRECTION_LOCK

# The values of rows in import_changed as corrections keep them: as texts.
_SAID = """
SELECT said.book_id, one.field, one.value
  FROM import_changed AS said
 CROSS JOIN LATERAL (VALUES ('title', said.title), ('author', nullif(said.author, '')), ('year', said.year::text),
                            ('publisher', said.publisher), ('language', said.language), ('pages', said.pages::text),
                            ('description', said.description), ('series', said.series),
                            ('other_titles', said.other_titles),
                            ('subjects', subject_names(said.subjects))) AS one (field, value)
 WHERE said.book_id IN (SELECT book_id FROM corrections WHERE undone_at IS NULL)
   AND (one.field = ANY (:columns) OR one.field = 'series' AND said.series IS NOT NULL)  -- which titles name, too
   AND (one.field <> 'author' OR said.author IS NOT NULL OR said.author_keys IS NULL)  -- it may give only a key
"""

# A file that says the same as a correction in force is, most likely, an export of this site: it says nothing new.
KEEP_IMPORTED = f"""
UPDATE corrections AS c
   SET imported = said.value
  FROM ({_SAID}) AS said
 WHERE c.book_id = said.book_id
   AND c.field = said.field
   AND c.undone_at IS NULL
   AND c.imported IS DISTINCT FROM said.value
   AND NOT EXISTS (SELECT FROM corrections AS own
                    WHERE own.book_id = c.book_id
                      AND own.field = c.field
                      AND own.undone_at IS NULL
                      AND own.after IS NOT DISTINCT FROM said.value)
"""  # noqa: S608  # constants

# jsonb_populate_record changes only the fields that it is given.
KEEP_CORRECTED = """
UPDATE import_changed AS said
   SET title = kept.title, author = kept.author, year = kept.year, publisher = kept.publisher,
       language = kept.language, pages = kept.pages, description = kept.description, series = kept.series,
       other_titles = kept.other_titles, subjects = kept.subjects
  FROM import_changed AS was
  JOIN LATERAL (SELECT jsonb_object_agg(c.field, to_jsonb(b) -> c.field) AS fields
                  FROM corrections AS c
                  JOIN books AS b ON b.id = c.book_id
                 WHERE c.book_id = was.book_id AND c.undone_at IS NULL) AS corrected ON corrected.fields IS NOT NULL
 CROSS JOIN LATERAL jsonb_populate_record(was, corrected.fields) AS kept
 WHERE said.book_id = was.book_id
   AND was.book_id IN (SELECT book_id FROM corrections WHERE undone_at IS NULL)
"""


def keep_corrections_out(connection: Connection) -> None:
    """Wait for corrections that are being made, and let none be made until the import has ended."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CORRECTION_LOCK})


def has_corrections(connection: Connection) -> bool:
    """Return whether any correction is in force."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM corrections WHERE undone_at IS NULL)")).scalar())


def keep_corrected_fields(connection: Connection, columns: tuple[str, ...]) -> None:
    """Replace what import_changed says of corrected fields by what the catalogue says, and keep it in `imported`.

    `columns` are the file's: it says nothing of others.
    """
    connection.execute(text(KEEP_IMPORTED), {"columns": list(columns)})
    connection.execute(text(KEEP_CORRECTED))
