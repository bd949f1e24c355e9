"""The rows of an upload: what the file says, the book that was found, and what the reader decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from flyleaf.history import HistoryRow, RefusedRow
from flyleaf.limits import UPLOAD_PROBLEM_MAX
from flyleaf.queries.book_matches import MatchKind, WantedBook, match_books

ROWS_ON_A_PAGE = 20


class Decision(StrEnum):
    """What is to become of a row: it is written about the book, kept as a line of the reader's own, or left out."""

    WRITE = "write"
    LINE = "line"
    LEAVE_OUT = "leave-out"


class Shown(StrEnum):
    """Which rows of an upload a page lists."""

    ALL = "all"
    UNDECIDED = "undecided"
    SURE = "sure"
    LINES = "lines"
    LEFT_OUT = "left-out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class MatchedBook:
    """The book that a row is about, or may be."""

    id: int
    address: str
    title: str
    author: str
    year: int | None
    language: str | None


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A row of an upload, with the reader's own rating of the book's work, if they have reviewed it. `refused_because`
    is why the row can't be used; it has no book then, and says nothing."""

    n: int
    row: HistoryRow
    refused_because: str | None
    match: MatchKind | None
    book: MatchedBook | None
    decision: Decision | None
    replaces: bool
    outcome: Mapping[str, Any] | None
    own_rating: int | None


@dataclass(frozen=True, slots=True)
class OwnUploadRow:
    """A row of an upload, for the reader to download. `said` is without what the row doesn't say."""

    import_id: int
    n: int
    said: Mapping[str, Any]
    refused_because: str | None
    decision: Decision | None


# The list that a row is on.
_LIST = """
    CASE WHEN problem IS NOT NULL THEN 'refused'
         WHEN decision IS NULL THEN 'undecided'
         WHEN decision = 'write' THEN 'sure'
         WHEN decision = 'line' THEN 'lines'
         ELSE 'left-out' END
"""
_ROW = """
    r.n, r.said, r.problem, r.match, r.decision, r.replaces, r.outcome, b.id AS book_id,
    coalesce(b.isbn, b.identity) AS address, b.title, b.author, b.year, b.language, own.rating AS own_rating
"""
_JOINED = """
    LEFT JOIN books AS b ON b.id = r.book_id
    LEFT JOIN search_editions AS edition ON edition.book_id = r.book_id
    LEFT JOIN search_reviews AS known
              ON known.work_id = edition.work_id AND known.reader_id = :reader_id AND NOT known.is_superseded
    LEFT JOIN reviews AS own
              ON own.withdrawn_at IS NULL
             AND own.id = coalesce(known.review_id, (SELECT id FROM reviews AS one
                                                      WHERE one.book_id = r.book_id AND one.reader_id = :reader_id))
"""
_PAGE = text(f"""
    SELECT {_ROW}
      FROM (SELECT * FROM upload_rows
             WHERE upload_id = :upload_id AND n > :after AND (:shown = 'all' OR {_LIST} = :shown)
             ORDER BY n
             LIMIT :limit) AS r
      {_JOINED}
     ORDER BY r.n
""")  # noqa: S608  # constants


def insert_upload_rows(
    connection: Connection, upload_id: int, rows: Sequence[HistoryRow | RefusedRow], first: int
) -> bool:
    """Add rows to an upload that is being read. The first one has the number `first`. Return False if the upload is
    gone, as with its account."""
    inserted = connection.execute(
        text("""
            INSERT INTO upload_rows (upload_id, n, said, problem, decision)
            SELECT upload.id, :first - 1 + n, CAST(said AS jsonb), problem,
                   CASE WHEN problem IS NOT NULL THEN 'leave-out' END
              FROM (SELECT id FROM uploads WHERE id = :upload_id FOR KEY SHARE) AS upload
             CROSS JOIN unnest(CAST(:said AS text[]), CAST(:problems AS text[]))
                        WITH ORDINALITY AS new (said, problem, n)
        """),
        {
            "upload_id": upload_id,
            "first": first,
            "said": [
                (HistoryRow(row.line, row.text, refused_for=row.kind) if isinstance(row, RefusedRow) else row).to_json()
                for row in rows
            ],
            "problems": [row.reason[:UPLOAD_PROBLEM_MAX] if isinstance(row, RefusedRow) else None for row in rows],
        },
    )
    return inserted.rowcount > 0


def count_rows(connection: Connection, upload_id: int) -> dict[Shown, int]:
    """Return how many rows each list of an upload has."""
    statement = text(f"SELECT {_LIST} AS list, count(*) AS rows FROM upload_rows WHERE upload_id = :id GROUP BY 1")  # noqa: S608  # constants
    counts = {row.list: row.rows for row in connection.execute(statement, {"id": upload_id})}
    return {shown: sum(counts.values()) if shown is Shown.ALL else counts.get(shown, 0) for shown in Shown}


def select_rows(
    connection: Connection, upload_id: int, reader_id: int, shown: Shown, after: int, size: int = ROWS_ON_A_PAGE
) -> list[UploadRow]:
    """Return the rows that follow the one with the number `after`, one more than a page has if there are more."""
    values = {"upload_id": upload_id, "reader_id": reader_id, "shown": shown, "after": after, "limit": size + 1}
    return [_row(row._mapping) for row in connection.execute(_PAGE, values)]


def select_own_rows(connection: Connection, upload_id: int, after: int, size: int) -> list[OwnUploadRow]:
    """Return the rows that follow the one with the number `after`, as many as `size`."""
    rows = connection.execute(
        text("""
            SELECT upload_id AS import_id, n, said, problem AS refused_because, decision
              FROM upload_rows
             WHERE upload_id = :upload_id AND n > :after
             ORDER BY n
             LIMIT :size
        """),
        {"upload_id": upload_id, "after": after, "size": size},
    )
    return [OwnUploadRow(**row._mapping) for row in rows]


def select_row(connection: Connection, upload_id: int, reader_id: int, n: int) -> UploadRow | None:
    """Return one row."""
    row = connection.execute(
        text(f"SELECT {_ROW} FROM upload_rows AS r {_JOINED} WHERE r.upload_id = :upload_id AND r.n = :n"),  # noqa: S608  # constants
        {"upload_id": upload_id, "reader_id": reader_id, "n": n},
    ).one_or_none()
    return _row(row._mapping) if row else None


def decide_rows(
    connection: Connection, upload_id: int, decisions: Mapping[int, Decision], replacing: Sequence[int]
) -> None:
    """Set what is to become of rows that are not written yet. Those in `replacing` replace the reader's own reviews. A
    row without a book can't be written about one, and stays as it is."""
    connection.execute(
        text("""
            UPDATE upload_rows AS r
               SET decision = new.decision, replaces = r.n = ANY (:replacing)
              FROM unnest(CAST(:numbers AS int[]), CAST(:decisions AS text[])) AS new (n, decision)
             WHERE r.upload_id = :upload_id
               AND r.n = new.n
               AND r.problem IS NULL
               AND r.outcome IS NULL
               AND (new.decision <> 'write' OR r.book_id IS NOT NULL)
        """),
        {
            "upload_id": upload_id,
            "numbers": list(decisions),
            "decisions": list(decisions.values()),
            "replacing": list(replacing),
        },
    )


def choose_book(connection: Connection, upload_id: int, n: int, book_id: int) -> None:
    """Set the book that a row is about, by the reader's word."""
    connection.execute(
        text("""
            UPDATE upload_rows
               SET match = 'chosen', book_id = :book_id, decision = 'write'
             WHERE upload_id = :upload_id AND n = :n AND problem IS NULL AND outcome IS NULL
        """),
        {"upload_id": upload_id, "n": n, "book_id": book_id},
    )


def match_next_rows(connection: Connection, upload_id: int, done: int, size: int) -> int | None:
    """Match the next rows of an upload, so many at most, and return the number of the last one; None if no more are
    left.

    A book that is surely meant is written about, and one that the catalogue doesn't have becomes a line of the reader's
    own. Where it is only near, the reader decides.
    """
    rows = connection.execute(
        text("""
            SELECT n, said, problem
              FROM upload_rows
             WHERE upload_id = :upload_id AND n > :done
             ORDER BY n
             LIMIT :limit
        """),
        {"upload_id": upload_id, "done": done, "limit": size},
    ).all()
    if not rows:
        return None
    usable = [(row.n, HistoryRow.from_json(row.said)) for row in rows if row.problem is None]
    wanted = [WantedBook(said.title, said.author, said.series, said.identity, said.identifiers) for _, said in usable]
    matches = match_books(connection, wanted)
    connection.execute(
        text("""
            UPDATE upload_rows AS r
               SET match = new.match, book_id = new.book_id, decision = new.decision
              FROM unnest(CAST(:numbers AS int[]), CAST(:matches AS text[]), CAST(:books AS bigint[]),
                          CAST(:decisions AS text[])) AS new (n, match, book_id, decision)
             WHERE r.upload_id = :upload_id AND r.n = new.n
        """),
        {
            "upload_id": upload_id,
            "numbers": [n for n, _ in usable],
            "matches": [match.kind for match in matches],
            "books": [match.book_id for match in matches],
            "decisions": [_first_decision(said, match.kind) for (_, said), match in zip(usable, matches, strict=True)],
        },
    )
    return int(rows[-1].n) if len(rows) == size else None


def _first_decision(said: HistoryRow, kind: MatchKind) -> Decision | None:
    if said.is_bare:
        return Decision.LEAVE_OUT
    if kind.is_sure:
        return Decision.WRITE
    return Decision.LINE if kind is MatchKind.NONE else None


def _row(row: RowMapping) -> UploadRow:
    book = None
    if row["book_id"] is not None:
        book = MatchedBook(row["book_id"], row["address"], row["title"], row["author"], row["year"], row["language"])
    return UploadRow(
        n=row["n"],
        row=HistoryRow.from_json(row["said"]),
        refused_because=row["problem"],
        match=MatchKind(row["match"]) if row["match"] else None,
        book=book,
        decision=Decision(row["decision"]) if row["decision"] else None,
        replaces=row["replaces"],
        outcome=row["outcome"],
        own_rating=row["own_rating"],
    )
