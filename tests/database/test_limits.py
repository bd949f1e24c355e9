"""Each limit of flyleaf.limits is the database's own: the limit itself is taken, one more is refused."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from flyleaf import limits
from flyleaf.database import Database
from flyleaf.limits import (
    API_TOKEN_NAME_MAX,
    AUTHOR_MAX,
    AVERAGE_RATING_MAX,
    DESCRIPTION_MAX,
    IDENTIFIER_MAX,
    INVITATION_NOTE_MAX,
    INVITATION_USES_MAX,
    LANGUAGE_MAX,
    LINE_ISBN_MAX,
    NOTES_MAX,
    OTHER_TITLES_MAX,
    PAGES_MAX,
    PUBLISHER_MAX,
    RATING_MAX,
    RATING_MIN,
    RATINGS_COUNT_MAX,
    READ_ON_MAX,
    READ_ON_MIN,
    REASON_MAX,
    REVIEW_MAX,
    SECOND_FACTOR_NAME_MAX,
    SERIES_MAX,
    SHELF_NAME_MAX,
    SUBJECT_MAX,
    SUBJECT_NAME_MAX,
    SUBJECTS_MAX,
    TITLE_MAX,
    UPLOAD_NAME_MAX,
    UPLOAD_PROBLEM_MAX,
    USERNAME_MAX,
    YEAR_MAX,
    YEAR_MIN,
)

LETTER = "\U0001f4da"  # characters are counted, not bytes
LETTERS = {
    ("books", "title"): TITLE_MAX,
    ("books", "author"): AUTHOR_MAX,
    ("books", "publisher"): PUBLISHER_MAX,
    ("books", "other_titles"): OTHER_TITLES_MAX,
    ("books", "series"): SERIES_MAX,
    ("books", "language"): LANGUAGE_MAX,
    ("books", "description"): DESCRIPTION_MAX,
    ("readers", "name"): USERNAME_MAX,
    ("readers", "lock_reason"): REASON_MAX,
    ("reviews", "text"): REVIEW_MAX,
    ("reviews", "hidden_reason"): REASON_MAX,
    ("review_reports", "reason"): REASON_MAX,
    ("work_corrections", "reason"): REASON_MAX,
    ("corrections", "reason"): REASON_MAX,
    ("proposals", "reason"): REASON_MAX,
    ("proposals", "answer"): REASON_MAX,
    ("authenticator_apps", "name"): SECOND_FACTOR_NAME_MAX,
    ("invitations", "note"): INVITATION_NOTE_MAX,
    ("api_tokens", "name"): API_TOKEN_NAME_MAX,
    ("identities", "subject"): SUBJECT_MAX,
    ("passkeys", "name"): SECOND_FACTOR_NAME_MAX,
    ("subjects", "key"): SUBJECT_NAME_MAX,
    ("subjects", "name"): SUBJECT_NAME_MAX,
    ("shelved_books", "title"): TITLE_MAX,
    ("shelved_books", "author"): AUTHOR_MAX,
    ("shelved_books", "isbn"): LINE_ISBN_MAX,
    ("shelved_books", "notes"): NOTES_MAX,
    ("shelves", "name"): SHELF_NAME_MAX,
    ("uploads", "name"): UPLOAD_NAME_MAX,
    ("upload_rows", "problem"): UPLOAD_PROBLEM_MAX,
}
NUMBERS = {
    ("books", "year"): (YEAR_MIN, YEAR_MAX),
    ("books", "pages"): (1, PAGES_MAX),
    ("books", "average_rating"): (0, AVERAGE_RATING_MAX),
    ("books", "ratings_count"): (0, RATINGS_COUNT_MAX),
    ("reviews", "rating"): (RATING_MIN, RATING_MAX),
    ("invitations", "uses_max"): (1, INVITATION_USES_MAX),
    ("shelved_books", "year"): (YEAR_MIN, YEAR_MAX),
}
NOT_EMPTY = [
    ("books", "title"),
    ("books", "publisher"),
    ("books", "other_titles"),
    ("books", "series"),
    ("books", "language"),
    ("books", "description"),
    ("readers", "name"),
    ("readers", "lock_reason"),
    ("reviews", "hidden_reason"),
    ("review_reports", "reason"),
    ("corrections", "reason"),
    ("proposals", "reason"),
    ("proposals", "answer"),
    ("work_corrections", "reason"),
    ("authenticator_apps", "name"),
    ("passkeys", "name"),
    ("api_tokens", "name"),
    ("subjects", "key"),
    ("subjects", "name"),
    ("shelved_books", "title"),
    ("shelved_books", "isbn"),
    ("shelved_books", "notes"),
    ("shelves", "name"),
    ("uploads", "name"),
    ("upload_rows", "problem"),
]


@pytest.fixture
def row(database: Database) -> Callable[[str, str, object], None]:
    """Sets a column of the one row that each table has."""
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO books (isbn, title) VALUES ('0441172717', 'Dune')"))
        connection.execute(text("INSERT INTO readers (name, name_key, password_hash) VALUES ('Alice', 'alice', '')"))
        connection.execute(
            text(
                "INSERT INTO reviews (book_id, reader_id, rating, text, hidden_at, hidden_reason)"
                " SELECT b.id, r.id, 5, '', now(), 'Spam' FROM books AS b, readers AS r"
            )
        )
        connection.execute(
            text(
                "INSERT INTO work_corrections (kind, book_id, into_work)"
                " SELECT 'split', id, ARRAY[CAST(id AS text)] FROM books"
            )
        )
        connection.execute(
            text("INSERT INTO identities (issuer, subject, reader_id) SELECT 'https://a', 'a-1', id FROM readers")
        )
        connection.execute(
            text(
                "INSERT INTO api_tokens (reader_id, name, can_write, token_hash, expires_at)"
                " SELECT id, 'Script', false, sha256('a token'), now() + interval '1 day' FROM readers"
            )
        )
        connection.execute(
            text("INSERT INTO invitations (token_hash, expires_at, uses_max) VALUES (sha256('a token'), now(), 1)")
        )
        connection.execute(
            text(
                "INSERT INTO corrections (book_id, field, before, after, imported)"
                " SELECT id, 'title', title, '!', title FROM books"
            )
        )
        connection.execute(
            text(
                "INSERT INTO proposals (kind, book_id, field, before, after)"
                " SELECT 'field', id, 'title', title, '!' FROM books"
            )
        )
        connection.execute(
            text("INSERT INTO review_reports (review_id, reader_id) SELECT v.id, r.id FROM reviews AS v, readers AS r")
        )
        connection.execute(
            text(
                "INSERT INTO authenticator_apps (reader_id, name, secret, last_step)"
                " SELECT r.id, 'Phone', sha256('secret'), 0 FROM readers AS r"
            )
        )
        connection.execute(
            text(
                "INSERT INTO passkeys (reader_id, name, site, credential_id, user_handle, public_key, sign_count)"
                " SELECT r.id, 'Key', 'localhost', 'a', sha256('a'), 'b', 0 FROM readers AS r"
            )
        )
        connection.execute(text("INSERT INTO subjects (id, key, name) VALUES (1, 'dogs', 'Dogs')"))
        connection.execute(
            text(
                "INSERT INTO shelved_books (reader_id, title, title_key, author_key)"
                " SELECT r.id, 'Dune', 'dune', '' FROM readers AS r"
            )
        )
        connection.execute(
            text("INSERT INTO uploads (reader_id, name, format, state) SELECT id, 'A', 'csv', 'ready' FROM readers")
        )
        connection.execute(
            text("INSERT INTO upload_rows (upload_id, n, said, problem) SELECT id, 1, '{}', 'A' FROM uploads")
        )
        connection.execute(text("INSERT INTO shelves (reader_id, name, name_key) SELECT id, 'A', 'a' FROM readers"))
        connection.execute(
            text(
                "INSERT INTO readings (shelved_book_id, reader_id, finished_on)"
                " SELECT id, reader_id, '2020-01-01' FROM shelved_books"
            )
        )

    def update(table: str, column: str, value: object) -> None:
        with database.transaction() as connection:
            connection.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": value})  # names of this file

    return update


def test_texts(row: Callable[[str, str, object], None], subtests: pytest.Subtests) -> None:
    for (table, column), most in LETTERS.items():
        with subtests.test(f"{table}.{column}"):
            row(table, column, LETTER * most)
            with pytest.raises(IntegrityError):
                row(table, column, LETTER * (most + 1))


def test_numbers(row: Callable[[str, str, object], None], subtests: pytest.Subtests) -> None:
    for (table, column), (least, most) in NUMBERS.items():
        with subtests.test(f"{table}.{column}"):
            row(table, column, least)
            row(table, column, most)
            for wrong in (least - 1, most + 1):
                with pytest.raises((IntegrityError, DataError)):
                    row(table, column, wrong)


def test_what_is_there_is_not_empty(row: Callable[[str, str, object], None], subtests: pytest.Subtests) -> None:
    for table, column in NOT_EMPTY:
        with subtests.test(f"{table}.{column}"), pytest.raises(IntegrityError):
            row(table, column, "")


def test_every_limit_of_the_catalogue_and_of_readers_is_compared_here() -> None:
    """PASSWORD_*: only the hash is stored. QUERY_*, PAGE_*, REVIEWS_ON_A_PAGE: nothing is. SESSIONS_MAX,
    SECOND_FACTORS_MAX, SHELVES_MAX, SHELVED_MAX, READINGS_MAX, API_TOKENS_MAX: rows, counted when one is added.
    DRAFT_*: kept beside the sessions. READ_ON_*: dates, tested below. UPLOADS_MAX, UPLOAD_ROWS_MAX, UPLOAD_BYTES_MAX,
    UPLOAD_PROPOSALS_MAX, UPLOAD_UNPACKED_MAX, UPLOAD_LINES_MAX: rows and files.
    OWN_*: how much a download has. SUBJECTS_MAX: a book's array of ids, tested below."""
    stored = {
        name
        for name in vars(limits)
        if name.endswith(("_MIN", "_MAX"))
        and not name.startswith(
            ("PASSWORD", "QUERY", "PAGE_", "SESSIONS", "SECOND_FACTORS", "DRAFT", "OWN_", "READ_ON")
        )
        and name not in {"SUBJECTS_MAX", "SHELVES_MAX", "SHELVED_MAX", "READINGS_MAX", "API_TOKENS_MAX", "UPLOADS_MAX"}
        and not name.startswith(
            ("SHELF_PAGE", "UPLOAD_ROWS", "UPLOAD_BYTES", "UPLOAD_PROPOSALS", "UPLOAD_UNPACKED", "UPLOAD_LINES")
        )
    }
    assert stored == {name for name in stored if name in globals()}


@pytest.mark.parametrize("column", ["started_on", "finished_on"])
@pytest.mark.parametrize("day", [READ_ON_MIN, READ_ON_MAX])
def test_a_book_is_read_in_these_years(row: Callable[[str, str, object], None], column: str, day: date) -> None:
    row("readings", "finished_on", READ_ON_MAX)
    row("readings", column, day)
    with pytest.raises(IntegrityError):
        row("readings", column, day + timedelta(days=1 if day == READ_ON_MAX else -1))


def test_a_book_is_not_finished_before_it_is_begun(row: Callable[[str, str, object], None]) -> None:
    with pytest.raises(IntegrityError):
        row("readings", "started_on", date(2020, 1, 2))


@pytest.mark.parametrize(("count", "fits"), [(1, True), (SUBJECTS_MAX, True), (SUBJECTS_MAX + 1, False), (0, False)])
def test_a_book_has_so_many_subjects(row: Callable[[str, str, object], None], count: int, fits: bool) -> None:
    with nullcontext() if fits else pytest.raises(IntegrityError):
        row("books", "subjects", list(range(count)))


def test_every_text_that_is_stored_has_a_limit(database: Database) -> None:
    """Each text column has a CHECK, or is derived or made by the site itself."""
    own = {"name_key", "password_hash", "identity", "version_num", "search_schema"}
    with database.transaction() as connection:
        columns = connection.execute(
            text("""
                SELECT c.relname, a.attname
                  FROM pg_attribute AS a
                  JOIN pg_class AS c ON c.oid = a.attrelid
                 WHERE c.relnamespace = 'public'::regnamespace
                   AND c.relkind = 'r'
                   AND c.relname <> 'alembic_version'
                   AND c.relname !~ '^search_'  -- derived from books
                   AND a.attnum > 0
                   AND NOT a.attisdropped
                   AND a.attgenerated = ''
                   AND a.atttypid = 'text'::regtype
                   AND NOT EXISTS (SELECT FROM pg_constraint AS k
                                    WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey))
            """)
        ).all()
    assert {(table, column) for table, column in columns if column not in own} == set()


@pytest.mark.parametrize(
    "isbn", ["", "044117271", "04411727170", "044117271x", "0-44117271", "X441172717", "０441172717"]
)
def test_an_isbn_is_ten_or_thirteen_characters(row: Callable[[str, str, object], None], isbn: str) -> None:
    with pytest.raises(IntegrityError):
        row("books", "isbn", isbn)


@pytest.mark.parametrize("column", ["identity", "value"])
@pytest.mark.parametrize("more", [0, 1])
def test_the_value_of_an_identifier(database: Database, column: str, more: int) -> None:
    value = "x" * (IDENTIFIER_MAX + more)
    statement = {
        "identity": "INSERT INTO books (identity, title) VALUES ('goodreads:' || :value, 'Dune')",
        "value": "INSERT INTO identifiers (scheme, value, book_id) VALUES ('goodreads', :value, 1)",
    }
    with pytest.raises(IntegrityError) if more else nullcontext(), database.transaction() as connection:
        connection.execute(text(statement[column]), {"value": value})
