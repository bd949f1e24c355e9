"""What the rows of an upload change on a reader's shelves, and how that is undone: of many rows with each statement."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, text

from flyleaf.history import HistoryRow
from flyleaf.limits import LINE_ISBN_MAX, NOTES_MAX
from flyleaf.queries.named_shelves import lock_shelves, provide_shelves, status_of
from flyleaf.queries.readings import add_readings, delete_readings
from flyleaf.queries.shelf_entries import TITLE_KEY, NewEntry, add_to_shelves, count_room, insert_entries
from flyleaf.queries.shelves import delete_shelved_books

# The reader's entry of each book's work, as in shelves.py, and otherwise the line of the same words: the catalogue
# lacked the book when the reader first brought it.
_KNOWN = text(f"""
    SELECT named.n, coalesce(own.id, line.id) AS id, own.id IS NULL AND named.book_id IS NOT NULL AS is_line,
           coalesce(CAST(edition.work_id AS text), 'book ' || named.book_id) AS work
      FROM unnest(CAST(:numbers AS int[]), CAST(:book_ids AS bigint[]), CAST(:titles AS text[]),
                  CAST(:authors AS text[]), CAST(:isbns AS text[])) AS named (n, book_id, title, author, isbn)
      LEFT JOIN search_editions AS edition ON edition.book_id = named.book_id
      LEFT JOIN LATERAL (
           SELECT s.id
             FROM (SELECT named.book_id AS book_id
                    UNION
                   SELECT other.book_id FROM search_editions AS other WHERE other.work_id = edition.work_id) AS of_work
            CROSS JOIN LATERAL (SELECT id, added_at FROM shelved_books
                                 WHERE book_id = of_work.book_id AND reader_id = :reader_id
                                OFFSET 0) AS s
            ORDER BY s.added_at DESC, s.id DESC
            LIMIT 1) AS own ON true
      LEFT JOIN LATERAL (
           SELECT s.id
             FROM (SELECT id, book_id, title, author, isbn FROM shelved_books
                    WHERE reader_id = :reader_id AND title_key = {TITLE_KEY}
                   OFFSET 0) AS s  -- or all of the reader's lines may be read
            WHERE own.id IS NULL
              AND s.book_id IS NULL
              AND s.title = named.title
              AND s.author = named.author
              AND s.isbn IS NOT DISTINCT FROM named.isbn
            ORDER BY s.id
            LIMIT 1) AS line ON true
""")  # noqa: S608  # constants
_SNAPSHOTS = text("""
    SELECT s.id, s.status, s.notes,
           ARRAY(SELECT shelf_id FROM shelf_members WHERE shelved_book_id = s.id ORDER BY shelf_id) AS shelves,
           ARRAY(SELECT id FROM readings WHERE shelved_book_id = s.id ORDER BY id) AS readings
      FROM shelved_books AS s
     WHERE s.id = ANY (:ids) AND s.reader_id = :reader_id
""")
_SET_BOOKS = text("""
    UPDATE shelved_books AS s
       SET book_id = new.book_id
      FROM unnest(CAST(:ids AS bigint[]), CAST(:book_ids AS bigint[])) AS new (id, book_id)
     WHERE s.id = new.id
""")
_SET = text("""
    UPDATE shelved_books AS s
       SET status = new.status, notes = new.notes
      FROM unnest(CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:notes AS text[])) AS new (id, status, notes)
     WHERE s.id = new.id
""")


@dataclass(frozen=True, slots=True)
class RowEntry:
    """What the row with this number says of a book, for the reader's shelves; without a book, for a line of the
    reader's own."""

    n: int
    book_id: int | None
    said: HistoryRow
    notes: str
    replaces: bool

    @property
    def isbn(self) -> str | None:
        return self.said.isbn if self.said.isbn and len(self.said.isbn) <= LINE_ISBN_MAX else None

    @property
    def shelves(self) -> list[str]:
        """Return the names of shelves; a tag may be called "read", which is none."""
        return [name for name in self.said.shelves if status_of(name) is None]

    @property
    def is_only_a_review(self) -> bool:
        """Return whether it says nothing for the shelves; a line is kept in any case."""
        return self.book_id is not None and not (self.said.status or self.shelves or self.notes or self.said.readings)


def write_entries(connection: Connection, reader_id: int, rows: Sequence[RowEntry]) -> dict[int, dict[str, Any]]:
    """Put the rows' books on the reader's shelves, as if one came after the other. Return what changed by their
    numbers: as "entry" what was there before and what is new, for `undo_entries`; and what there was no room for.

    What an entry says already stays, unless the row replaces it.
    """
    lock_shelves(connection, reader_id)
    outcomes: dict[int, dict[str, Any]] = {}
    waiting = list(rows)
    while waiting:
        known = _find(connection, reader_id, waiting)
        now, waiting = _first_of_each(waiting, known)
        outcomes |= _write(connection, reader_id, now, known)
    return outcomes


def _find(connection: Connection, reader_id: int, rows: Sequence[RowEntry]) -> dict[int, Any]:
    found = connection.execute(
        _KNOWN,
        {
            "reader_id": reader_id,
            "numbers": [row.n for row in rows],
            "book_ids": [row.book_id for row in rows],
            "titles": [row.said.title for row in rows],
            "authors": [row.said.author for row in rows],
            "isbns": [row.isbn for row in rows],
        },
    )
    return {one.n: one for one in found}


def _first_of_each(rows: Sequence[RowEntry], known: Mapping[int, Any]) -> tuple[list[RowEntry], list[RowEntry]]:
    """Return the rows of which no earlier one can be about the same entry, and the others."""
    now: list[RowEntry] = []
    later: list[RowEntry] = []
    seen: set[object] = set()
    for row in rows:
        same = {(row.said.title, row.said.author, row.isbn), known[row.n].work or row.n}
        (later if same & seen else now).append(row)
        seen |= same
    return now, later


def _write(
    connection: Connection, reader_id: int, rows: Sequence[RowEntry], known: Mapping[int, Any]
) -> dict[int, dict[str, Any]]:
    rows = [row for row in rows if not row.is_only_a_review or (known[row.n].id and known[row.n].is_line)]
    outcomes: dict[int, dict[str, Any]] = {row.n: {} for row in rows}
    old = [row for row in rows if known[row.n].id is not None]
    new = [row for row in rows if known[row.n].id is None]
    room = count_room(connection, reader_id, len(new)) if new else 0
    for row in new[room:]:
        outcomes[row.n]["no_room"] = True
    before = _snapshots(connection, reader_id, [known[row.n].id for row in old])
    after: dict[int, tuple[str | None, str | None]] = {}
    for row in old:
        was = before[known[row.n].id]
        keeps_status, keeps_notes = (was["status"], was["notes"]) if not row.replaces else (None, None)
        after[row.n] = keeps_status or row.said.status or was["status"], keeps_notes or row.notes or was["notes"]
    lines = [row for row in old if known[row.n].is_line]
    _set_books(connection, {known[row.n].id: row.book_id for row in lines})
    changed = {known[row.n].id: after[row.n] for row in old if after[row.n] != _said(before[known[row.n].id])}
    _set(connection, changed)
    ids = {row.n: known[row.n].id for row in old}
    inserted = insert_entries(connection, reader_id, [_new_entry(row) for row in new[:room]])
    ids |= {row.n: id_ for row, id_ in zip(new[:room], inserted, strict=True) if id_ is not None}
    after |= {row.n: (row.said.status, row.notes or None) for row in new[:room]}
    written = [row for row in rows if row.n in ids]
    shelves = provide_shelves(connection, reader_id, dict.fromkeys(name for row in written for name in row.shelves))
    placed = add_to_shelves(
        connection, [(shelves[name], ids[row.n]) for row in written for name in row.shelves if name in shelves]
    )
    readings = add_readings(
        connection, reader_id, [(ids[row.n], dates) for row in written for dates in row.said.readings]
    )
    for row in written:
        id_ = ids[row.n]
        was_line = known[row.n].id is not None and known[row.n].is_line
        if left_out := [name for name in row.shelves if name not in shelves]:
            outcomes[row.n]["shelves_left_out"] = left_out
        was_there = before.get(id_)
        is_same = was_there is not None and id_ not in changed and not was_line
        if is_same and id_ not in placed and id_ not in readings:
            continue
        outcomes[row.n]["entry"] = {
            "id": id_,
            "was_line": was_line,
            "before": was_there and {name: was_there[name] for name in ("status", "notes")},
            "after": dict(zip(("status", "notes"), after[row.n], strict=True)),
            "shelves": placed.get(id_, []),
            "readings": readings.get(id_, []),
        }
    return outcomes


def _said(entry: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return entry["status"], entry["notes"]


def _new_entry(row: RowEntry) -> NewEntry:
    said = row.said
    added_at = datetime.combine(said.added_on, time(), UTC) if said.added_on else None
    return NewEntry(row.book_id, said.title, said.author, row.isbn, said.year, said.status, row.notes or None, added_at)


def undo_entries(connection: Connection, reader_id: int, written: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Make entries what they were before the rows with these numbers, one after the other. Return the numbers of those
    that the reader has changed since: what they changed stays."""
    kept: set[int] = set()
    for some in apart(written):
        kept |= _undo(connection, reader_id, some)
    return kept


def apart(written: Mapping[int, Mapping[str, Any]]) -> Iterator[dict[int, Mapping[str, Any]]]:
    """Return what was written of rows in parts, in each of which no entry or review stands twice, in their order."""
    waiting = dict(written)
    while waiting:
        first: dict[object, int] = {}
        for n, one in waiting.items():
            first.setdefault(one["id"], n)
        yield {n: waiting.pop(n) for n in first.values()}


def _undo(connection: Connection, reader_id: int, written: Mapping[int, Mapping[str, Any]]) -> set[int]:
    snapshots = _snapshots(connection, reader_id, [one["id"] for one in written.values()])
    there = {n: one for n, one in written.items() if one["id"] in snapshots}
    members = [(shelf, one["id"]) for one in there.values() for shelf in one["shelves"]]
    connection.execute(
        text("""
            DELETE FROM shelf_members AS m
             USING unnest(CAST(:shelves AS bigint[]), CAST(:ids AS bigint[])) AS written (shelf_id, shelved_book_id)
             WHERE m.shelf_id = written.shelf_id AND m.shelved_book_id = written.shelved_book_id
        """),
        {"shelves": [shelf for shelf, _ in members], "ids": [id_ for _, id_ in members]},
    )
    delete_readings(connection, reader_id, [reading for one in there.values() for reading in one["readings"]])
    kept: set[int] = set()
    restored, deleted = {}, []
    for n, one in there.items():
        now, before = snapshots[one["id"]], one["before"]
        is_changed = {"status": now["status"], "notes": now["notes"]} != one["after"]
        has_more = not (set(now["shelves"]) <= set(one["shelves"]) and set(now["readings"]) <= set(one["readings"]))
        if is_changed or (before is None and has_more):
            kept.add(n)
        elif before is not None:
            restored[one["id"]] = before["status"], before["notes"]
        else:
            deleted.append(one["id"])
    _set_books(connection, {one["id"]: None for one in there.values() if one["before"] and one["was_line"]})
    _set(connection, restored)
    delete_shelved_books(connection, reader_id, deleted)
    return kept


def _set_books(connection: Connection, books: Mapping[int, int | None]) -> None:
    """Make entries ones of these books, or lines of the reader's own."""
    if books:
        connection.execute(_SET_BOOKS, {"ids": list(books), "book_ids": list(books.values())})


def _set(connection: Connection, said: Mapping[int, tuple[str | None, str | None]]) -> None:
    """Set the statuses and notes of entries."""
    if said:
        statuses, notes = zip(*said.values(), strict=True)
        connection.execute(_SET, {"ids": list(said), "statuses": list(statuses), "notes": list(notes)})


def notes_of(said: HistoryRow, *, has_review: bool) -> str:
    """Return the private notes of a row. What can't be a review, for want of a rating or of the book, is kept here."""
    if has_review:
        return said.notes
    rating = f"★ {said.rating.normalize():f}" if said.rating else ""
    notes = "\n\n".join(filter(None, (rating, said.review, said.notes)))
    return notes if len(notes) <= NOTES_MAX else said.notes


def _snapshots(connection: Connection, reader_id: int, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    rows = connection.execute(_SNAPSHOTS, {"ids": list(ids), "reader_id": reader_id})
    return {row.id: dict(row._mapping) for row in rows}
