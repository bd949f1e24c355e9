"""Subjects and genres of books. A work has those of its editions."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import SUBJECTS_MAX
from flyleaf.queries.prepared import prepared
from flyleaf.queries.related_books import EDITIONS_MAX

# Those that most editions have come first, then those that a file names first.
_OF_WORK = prepared(
    text("""
        SELECT subject.key, subject.name
          FROM (SELECT subjects
                  FROM search_editions
                  JOIN books ON books.id = book_id
                 WHERE work_id = (SELECT work_id FROM search_editions WHERE book_id = :book_id)
                 ORDER BY book_id = :book_id DESC, book_id
                 LIMIT :editions_max) AS edition
         CROSS JOIN LATERAL unnest(edition.subjects) WITH ORDINALITY AS listed (id, place)
          JOIN subjects AS subject ON subject.id = listed.id
         GROUP BY subject.id
         ORDER BY count(*) DESC, min(listed.place), subject.key
         LIMIT :subjects_max
    """),
    "key", "name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject: the key in its address, and its name."""

    key: str
    name: str


def select_subjects_of_work(connection: Connection, book_id: int) -> tuple[Subject, ...]:
    """Return the subjects of a book's work. There are none of a book that the search has not seen yet."""
    rows = connection.execute(
        _OF_WORK,
        {"book_id": book_id, "editions_max": EDITIONS_MAX, "subjects_max": SUBJECTS_MAX},
    )
    return tuple(Subject(row.key, row.name) for row in rows)
