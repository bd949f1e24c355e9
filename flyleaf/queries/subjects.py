"""Subjects and genres. A work has those of its editions."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.limits import PAGE_MAX, PAGE_SIZE
from flyleaf.queries.authors import Work
from flyleaf.queries.prepared import prepared
from flyleaf.subjects import subject_key

WORKS_MAX = 2_000  # the most popular works of one subject; as many as the pages show
LOOK = 5_000  # works; of a subject that more have, only those are listed that are among the 32,000 most popular works
LARGEST_ON_A_PAGE = 100
LARGEST_MAX = LARGEST_ON_A_PAGE * min(20, PAGE_MAX)

_OF_WORK = prepared(
    text("""
        SELECT subject.key, subject.name
          FROM search_editions AS edition
          JOIN search_subjects AS work ON work.work_id = edition.work_id
         CROSS JOIN LATERAL unnest(work.subjects) WITH ORDINALITY AS listed (id, place)
          JOIN subjects AS subject ON subject.id = listed.id
         WHERE edition.book_id = :book_id
         ORDER BY listed.place
         LIMIT 100
    """),
    "key", "name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject: the key in its address, and its name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class SizedSubject:
    """A subject with the number of works that have it."""

    key: str
    name: str
    work_count: int


@dataclass(frozen=True, slots=True)
class ListedSubject:
    """A subject, the number of works that have it, and of those that its pages list."""

    id: int
    key: str
    name: str
    work_count: int
    listed: int


def select_subject_name(connection: Connection, spelling: str) -> str | None:
    """Return the name of a subject in any spelling, or None if no book has ever had it."""
    key = subject_key(spelling)
    return connection.execute(text("SELECT name FROM subjects WHERE key = :key"), {"key": key}).scalar_one_or_none()


def select_subjects_of_work(connection: Connection, book_id: int) -> tuple[Subject, ...]:
    """Return the subjects of a book's work. There are none of a book that the search has not seen yet."""
    return tuple(Subject(row.key, row.name) for row in connection.execute(_OF_WORK, {"book_id": book_id}))


def select_subject(connection: Connection, key: str) -> ListedSubject | None:
    """Return the subject with this key, or None if no work has it."""
    row = connection.execute(
        text("""
            SELECT id, key, name, works,
                   (SELECT count(*) FROM search_works_about(id, works, :look, :works_max)) AS listed
              FROM subjects
              JOIN search_subject_sizes ON subject_id = id
             WHERE key = :key
        """),
        {"key": key, "look": LOOK, "works_max": WORKS_MAX},
    ).one_or_none()
    return ListedSubject(row.id, row.key, row.name, row.works, row.listed) if row else None


def select_works_about(connection: Connection, subject: ListedSubject, page: int = 1) -> list[Work]:
    """Return a page of the works that have a subject, the most popular first. `page` counts from 1."""
    rows = connection.execute(
        text("""
            SELECT coalesce(isbn, identity), title, author, language, coalesce(year_min, year), editions, review_count,
                   round(rating_sum::numeric / nullif(review_count, 0), 2)::float8
              FROM (SELECT work_id
                      FROM search_works_about(:subject, :size, :look, :works_max)
                     ORDER BY popularity DESC, work_id
                     LIMIT :page_size OFFSET :skipped) AS about
              JOIN search_works AS work ON work.id = about.work_id
              JOIN books ON books.id = lead_book_id
             ORDER BY work.popularity DESC, work.id
             LIMIT :page_size
        """),
        {
            "subject": subject.id,
            "size": subject.work_count,
            "look": LOOK,
            "works_max": WORKS_MAX,
            "page_size": PAGE_SIZE,
            "skipped": (page - 1) * PAGE_SIZE,
        },
    )
    return [Work(*row) for row in rows]


def select_largest_subjects(connection: Connection, page: int = 1) -> list[SizedSubject]:
    """Return a page of the subjects that most works have."""
    rows = connection.execute(
        text("""
            SELECT key, name, works
              FROM (SELECT subject_id, works
                      FROM search_subject_sizes
                     ORDER BY works DESC, subject_id
                     LIMIT :page_size OFFSET :skipped) AS size
              JOIN subjects ON id = subject_id
             ORDER BY works DESC, subject_id
             LIMIT :page_size
        """),
        {"page_size": LARGEST_ON_A_PAGE, "skipped": (page - 1) * LARGEST_ON_A_PAGE},
    )
    return [SizedSubject(*row) for row in rows]


def count_largest_subjects(connection: Connection) -> int:
    """Return how many subjects there are, at most LARGEST_MAX."""
    sizes = connection.execute(
        text("SELECT count(*) FROM (SELECT FROM search_subject_sizes LIMIT :most) AS size"), {"most": LARGEST_MAX}
    )
    return int(sizes.scalar_one())


def has_subjects(connection: Connection) -> bool:
    """Return whether any work has a subject."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM search_subject_sizes)")).scalar())
