"""Corrections: changes of a book's fields that people made.

Of a field's corrections in force the newest is what the book says. An import leaves such a field alone and keeps what
the file says in `imported` (flyleaf/importing/loading/corrected.py); undoing the last correction gives it back.

Every function that changes a book locks it first, and an import keeps all of them out: see `keep_imports_out`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import CORRECTIONS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.subjects import subject_id, subject_key

# The fields of a book that can be corrected, in the order of the form. The check fits_field() names them, too.
FIELDS = (
    "title",
    "author",
    "series",
    "year",
    "publisher",
    "language",
    "pages",
    "subjects",
    "other_titles",
    "description",
)
SUBJECTS_BETWEEN = "; "  # as the database's function subject_names() puts it
# An import holds this advisory lock while it merges, corrections share it. The number only has to be unique in the
# database.
CORRECTION_LOCK = 7_303_004

_CORRECTION = """
    SELECT c.id, c.field, c.before, c.after, c.reason, c.accepted_at, c.undone_at,
           proposer.name AS proposer_name, accepter.name AS accepter_name, undoer.name AS undoer_name
      FROM corrections AS c
      LEFT JOIN readers AS proposer ON proposer.id = c.proposed_by
      LEFT JOIN readers AS accepter ON accepter.id = c.accepted_by
      LEFT JOIN readers AS undoer ON undoer.id = c.undone_by
     WHERE c.book_id = :book_id
"""
_OF_BOOK = Listed(
    older=text(f"""{_CORRECTION}
       AND (c.accepted_at, c.id) < (:at, :id)
     ORDER BY c.accepted_at DESC, c.id DESC
     LIMIT :limit"""),
    newer=text(f"""{_CORRECTION}
       AND (c.accepted_at, c.id) > (:at, :id)
     ORDER BY c.accepted_at, c.id
     LIMIT :limit"""),
)


@dataclass(frozen=True, slots=True)
class Correction:
    """An accepted change of a field. Names are None if the account was deleted; values if the book had or has none."""

    id: int
    field: str
    before: str | None
    after: str | None
    reason: str | None
    accepted_at: datetime
    undone_at: datetime | None
    proposer_name: str | None
    accepter_name: str | None
    undoer_name: str | None


@dataclass(frozen=True, slots=True)
class Undone:
    """A correction that was undone just now."""

    book_id: int
    field: str
    proposed_by: int | None


def keep_imports_out(connection: Connection) -> bool:
    """Return whether books can be corrected now. If so, no import merges until the transaction ends."""
    statement = text("SELECT pg_try_advisory_xact_lock_shared(:lock)")
    return bool(connection.execute(statement, {"lock": CORRECTION_LOCK}).scalar_one())


def lock_book(connection: Connection, book_id: int) -> None:
    """Let nobody else change the book until the transaction ends."""
    connection.execute(text("SELECT FROM books WHERE id = :book_id FOR NO KEY UPDATE"), {"book_id": book_id})


def select_values(connection: Connection, book_id: int) -> dict[str, str | None]:
    """Return the values of a book's FIELDS as texts, None for those that it doesn't have."""
    row = connection.execute(
        text("""
            SELECT title, nullif(author, '') AS author, series, CAST(year AS text) AS year, publisher, language,
                   CAST(pages AS text) AS pages, subject_names(subjects) AS subjects, other_titles,
                   description
              FROM books
             WHERE id = :book_id
        """),
        {"book_id": book_id},
    ).one()
    return dict(row._mapping)


def insert_correction(
    connection: Connection,
    book_id: int,
    field: str,
    after: str | None,
    reason: str | None,
    *,
    proposed_by: int | None,
    accepted_by: int,
) -> int | None:
    """Change a field of a book and return the correction's id, or None if the book already says so."""
    lock_book(connection, book_id)
    if field == "subjects" and after is not None:
        after = _add_subjects(connection, after)
    before = select_values(connection, book_id)[field]
    if before == after:
        return None
    correction_id: int = connection.execute(
        text("""
            INSERT INTO corrections (book_id, field, before, after, imported, reason, proposed_by, accepted_by)
            SELECT :book_id, :field, CAST(:before AS text), :after,
                   CASE WHEN earlier.id IS NULL THEN :before ELSE earlier.imported END,
                   :reason, :proposed_by, :accepted_by
              FROM (VALUES (1)) AS one
              LEFT JOIN LATERAL (SELECT id, imported
                                   FROM corrections
                                  WHERE book_id = :book_id AND field = :field AND undone_at IS NULL
                                  ORDER BY id DESC
                                  LIMIT 1) AS earlier ON true
            RETURNING id
        """),
        {
            "book_id": book_id,
            "field": field,
            "before": before,
            "after": after,
            "reason": reason,
            "proposed_by": proposed_by,
            "accepted_by": accepted_by,
        },
    ).scalar_one()
    _update_field(connection, book_id, field, after)
    return correction_id


def undo_correction(connection: Connection, correction_id: int, undone_by: int) -> Undone | None:
    """Undo a correction and return it, or None if it doesn't exist or was undone before.

    The book then says what the newest correction in force says or, without any, what the newest file says.
    """
    book_id = connection.execute(
        text("SELECT book_id FROM corrections WHERE id = :id"), {"id": correction_id}
    ).scalar_one_or_none()
    if book_id is None:
        return None
    lock_book(connection, book_id)
    values = select_values(connection, book_id)
    row = connection.execute(
        text("""
            UPDATE corrections
               SET undone_at = now(), undone_by = :undone_by
             WHERE id = :id AND undone_at IS NULL
            RETURNING book_id, field, imported, proposed_by
        """),
        {"id": correction_id, "undone_by": undone_by},
    ).one_or_none()
    if row is None:
        return None
    left = connection.execute(
        text("""
            SELECT after
              FROM corrections
             WHERE book_id = :book_id AND field = :field AND undone_at IS NULL
             ORDER BY id DESC
             LIMIT 1
        """),
        {"book_id": book_id, "field": row.field},
    ).one_or_none()
    value = left.after if left else row.imported
    if value != values[row.field]:
        _update_field(connection, book_id, row.field, value)
    return Undone(book_id, row.field, row.proposed_by)


def select_corrected_book(connection: Connection, correction_id: int) -> str | None:
    """Return the address of the book that was corrected, or None without such a correction."""
    return connection.execute(
        text("""
            SELECT coalesce(b.isbn, b.identity)
              FROM corrections AS c
              JOIN books AS b ON b.id = c.book_id
             WHERE c.id = :id
        """),
        {"id": correction_id},
    ).scalar_one_or_none()


def select_corrections(
    connection: Connection, book_id: int, place: Key, size: int = CORRECTIONS_ON_A_PAGE
) -> Page[Correction]:
    """Return the page of a book's corrections at the place, newest first, undone ones too."""
    named = {"book_id": book_id}
    return select_page(connection, _OF_BOOK, named, place, size, Correction, lambda one: (one.accepted_at, one.id))


def _update_field(connection: Connection, book_id: int, field: str, value: str | None) -> None:
    """Set a field of a book. The search follows by its triggers."""
    if field == "subjects":
        ids = None if value is None else [subject_id(subject_key(name)) for name in value.split(SUBJECTS_BETWEEN)]
        connection.execute(
            text("UPDATE books SET subjects = CAST(:ids AS bigint[]) WHERE id = :book_id"),
            {"book_id": book_id, "ids": ids},
        )
        return
    connection.execute(
        text("""
            UPDATE books AS b
               SET title = said.title, author = coalesce(said.author, ''), year = said.year,
                   publisher = said.publisher, language = said.language, pages = said.pages,
                   description = said.description, series = said.series, other_titles = said.other_titles
              FROM books AS was
             CROSS JOIN LATERAL jsonb_populate_record(
                       was, jsonb_build_object(CAST(:field AS text), CAST(:value AS text))) AS said
             WHERE was.id = :book_id AND b.id = was.id
        """),
        {"book_id": book_id, "field": field, "value": value},
    )


def _add_subjects(connection: Connection, names: str) -> str:
    """Add the subjects that the catalogue doesn't have, and return the names by which it knows them all."""
    keys = {subject_key(name): name for name in names.split(SUBJECTS_BETWEEN)}
    ids = {subject_id(key): key for key in keys}
    connection.execute(
        text("""
            INSERT INTO subjects (id, key, name)
            SELECT id, key, name
              FROM unnest(CAST(:ids AS bigint[]), CAST(:keys AS text[]), CAST(:names AS text[])) AS new (id, key, name)
             ORDER BY id
            ON CONFLICT DO NOTHING
        """),
        {"ids": list(ids), "keys": list(keys), "names": list(keys.values())},
    )
    known = connection.execute(text("SELECT id, name FROM subjects WHERE id = ANY (:ids)"), {"ids": list(ids)}).all()
    found = {row.id: row.name for row in known}
    return SUBJECTS_BETWEEN.join(found[one] for one in ids)
