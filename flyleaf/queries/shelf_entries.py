"""Entries of books on a reader's shelves, of which shelves.py says what they are: many are added with one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import SHELVED_MAX

# The keys by which the title and the author of what a statement calls "named" stand on shelves. As in an index of
# titles: "hobbit the". All words stay, because shelves are searched by them, too.
_ARTICLE_LAST = r"""
    '^(the|an?|l|l[aeo]s?|un|une|der|die|das|den|det|ein|eine|el|il|gli|het|een|os?|as|um|uma|en|et) (.+)$', '\2 \1'
"""
_SURNAME_FIRST = r"'^(\S+) (.+)$', '\2 \1'"  # of "j tolkien"
TITLE_KEY = f"left(regexp_replace(search_title_key(named.title), {_ARTICLE_LAST}), 500)"
# The surname, and the name as it is written: "tolkien j j r r tolkien".
AUTHOR_KEY = f"""
    ltrim(left(concat_ws(' ', regexp_replace(
        split_part(search_work_author(named.author, search_key(named.author)), '|', 1), {_SURNAME_FIRST}),
        search_key(named.author)), 500))
"""
_INSERT = text(f"""
    INSERT INTO shelved_books
           (reader_id, book_id, title, author, isbn, year, title_key, author_key, status, notes, added_at)
    SELECT :reader_id, b.id, named.title, named.author,
           CASE WHEN b.id IS NULL THEN new.isbn ELSE b.isbn END, CASE WHEN b.id IS NULL THEN new.year ELSE b.year END,
           {TITLE_KEY}, {AUTHOR_KEY},
           new.status, new.notes, coalesce(new.added_at, now())
      FROM unnest(CAST(:book_ids AS bigint[]), CAST(:titles AS text[]), CAST(:authors AS text[]),
                  CAST(:isbns AS text[]), CAST(:years AS smallint[]), CAST(:statuses AS text[]),
                  CAST(:notes AS text[]), CAST(:added AS timestamptz[])) WITH ORDINALITY
               AS new (book_id, title, author, isbn, year, status, notes, added_at, n)
      LEFT JOIN books AS b ON b.id = new.book_id
     CROSS JOIN LATERAL (SELECT coalesce(b.title, new.title) AS title,
                                coalesce(b.author, new.author) AS author) AS named
     WHERE b.id IS NOT NULL OR new.book_id IS NULL
     ORDER BY n
    RETURNING id, book_id, title, author, isbn
""")  # noqa: S608  # constants


class TooManyBooksError(Exception):
    """The reader has as many books on shelves as one may."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A book for a reader's shelves. Without an id it is a line of the reader's own, and only then the title, author,
    ISBN and year count. `added_at` is now if it is None."""

    book_id: int | None
    title: str = ""
    author: str = ""
    isbn: str | None = None
    year: int | None = None
    status: str | None = None
    notes: str | None = None
    added_at: datetime | None = None


def count_room(connection: Connection, reader_id: int, most: int) -> int:
    """Return for how many more books there is room on the reader's shelves, up to `most`."""
    count = connection.execute(
        text("SELECT count(*) FROM shelved_books WHERE reader_id = :reader_id"), {"reader_id": reader_id}
    ).scalar_one()
    return min(max(SHELVED_MAX - int(count), 0), most)


def insert_entries(connection: Connection, reader_id: int, entries: Sequence[NewEntry]) -> list[int | None]:
    """Add entries of books and lines that the reader doesn't have, each once, and return their ids. That of a book that
    was deleted a moment ago is None."""
    rows = connection.execute(
        _INSERT,
        {
            "reader_id": reader_id,
            "book_ids": [entry.book_id for entry in entries],
            "titles": [entry.title for entry in entries],
            "authors": [entry.author for entry in entries],
            "isbns": [entry.isbn for entry in entries],
            "years": [entry.year for entry in entries],
            "statuses": [entry.status for entry in entries],
            "notes": [entry.notes for entry in entries],
            "added": [entry.added_at for entry in entries],
        },
    ).all()
    ids = {row.book_id or (row.title, row.author, row.isbn): row.id for row in rows}
    return [ids.get(entry.book_id or (entry.title, entry.author, entry.isbn)) for entry in entries]


def add_to_shelves(connection: Connection, members: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """Put entries on shelves that their reader has named, given as pairs of the shelf's and the entry's id. Return the
    shelves that are new to each entry."""
    rows = connection.execute(
        text("""
            INSERT INTO shelf_members (shelf_id, shelved_book_id)
            SELECT DISTINCT shelf_id, shelved_book_id
              FROM unnest(CAST(:shelves AS bigint[]), CAST(:ids AS bigint[])) AS new (shelf_id, shelved_book_id)
             ORDER BY shelf_id, shelved_book_id
            ON CONFLICT DO NOTHING
            RETURNING shelf_id, shelved_book_id
        """),
        {"shelves": [shelf for shelf, _ in members], "ids": [id_ for _, id_ in members]},
    )
    added: dict[int, list[int]] = {}
    for row in rows:
        added.setdefault(row.shelved_book_id, []).append(row.shelf_id)
    return added
