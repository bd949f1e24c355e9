"""A database without anything, and a site with a bit of everything in it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from flyleaf.backup.tables import make_readable, stored_tables
from flyleaf.database import Database
from tests.fixture_types import AddBook
from tests.postgresql import Server
from tests.site import Site

AWKWARD = "Tab\t, back\\slash, \\. and \\N;\r\nquotes ' \" and 🦉 مرحبا\n||a secret||"


@pytest.fixture
def empty(server: Server) -> Iterator[Database]:
    """A database in which there is nothing, not even a schema."""
    name = f"empty_{uuid4().hex}"
    database = Database(server.create_database(name), pool_size=2)
    yield database
    database.close()
    server.drop_database(name)


@pytest.fixture
def place(server: Server) -> Iterator[Database]:
    """A database that has the schema and no rows. Migrating an empty one takes a second more."""
    name = f"place_{uuid4().hex}"
    database = Database(server.create_database(name, template="template"), pool_size=2)
    database.trust_schema()
    yield database
    database.close()
    server.drop_database(name)


# Bob's review of Dune is reported and hidden, another one waits for a moderator. Carol left: her id must not be
# given to another reader. Somebody is about to leave.
ROWS = r"""
INSERT INTO subjects (id, key, name) VALUES (7, 'sand', 'Sánd');
UPDATE books SET subjects = '{7}';
INSERT INTO books (isbn, isbn13, title, author, year)
VALUES ('0141439580', '9780141439587', 'Émma; ''=x', 'Jane Austen', -500), ('123456789X', NULL, '\N', '', NULL);
INSERT INTO books (identity, title) VALUES ('goodreads:2767052', 'The Hunger Games');
INSERT INTO identifiers (scheme, value, book_id)
SELECT 'goodreads', '2767052', id FROM books WHERE isbn IS NULL;
UPDATE readers SET is_moderator = true, language = 'pt-BR', theme = 'dark';
INSERT INTO readers (name, name_key, password_hash, lock_reason)
VALUES ('Bob', 'bob', 'x', 'Sells watches.'), ('Carol', 'carol', 'x', NULL);
INSERT INTO reviews (book_id, reader_id, rating, text)
SELECT books.id, readers.id, 1 + books.id % 5, books.description || readers.name FROM books, readers
 WHERE description IS NOT NULL;
INSERT INTO review_reports (review_id, reader_id, reason, settled_at)
SELECT (SELECT min(id) FROM reviews), id, 'Spam', now() FROM readers WHERE name = 'Alice';
UPDATE reviews SET hidden_at = now(), hidden_reason = 'Not about the book.'
 WHERE id = (SELECT min(review_id) FROM review_reports);
INSERT INTO external_ratings (book_id, source, average, ratings_count, key, fetched_at)
SELECT id, 'open_library', 3.917, 12, '/works/OL1W', '2026-02-03 04:05:06.789+01' FROM books;
INSERT INTO unread_titles SELECT min(id) FROM books;
INSERT INTO external_rating_requests (book_id) SELECT min(id) FROM books;
INSERT INTO covers (book_id, source) SELECT id, 'open_library' FROM books;
INSERT INTO cover_requests (book_id) SELECT min(id) FROM books;
INSERT INTO authenticator_apps (reader_id, name, secret, last_step)
SELECT id, 'Phone', sha256('secret'), 60000000 FROM readers WHERE name = 'Bob';
INSERT INTO passkeys (reader_id, name, site, credential_id, user_handle, public_key, sign_count)
SELECT id, 'Key', 'localhost', 'a', sha256('a'), 'b', 7 FROM readers WHERE name = 'Bob';
INSERT INTO recovery_codes (reader_id, code_hash) SELECT id, 'x' FROM readers WHERE name = 'Bob';
UPDATE readers SET has_second_factor = true WHERE name = 'Bob';
INSERT INTO events (kind, reader_id, detail) SELECT 'review-hidden', id, '{"reason": "a\tb"}' FROM readers;
UPDATE reviews SET reader_id = NULL WHERE reader_id = (SELECT id FROM readers WHERE name = 'Carol');
DELETE FROM readers WHERE name = 'Carol';
INSERT INTO readers (name, name_key, password_hash) VALUES (NULL, NULL, '');
INSERT INTO departures (reader_id, keeps_reviews) SELECT id, true FROM readers WHERE name IS NULL;
INSERT INTO review_reports (review_id, reader_id) SELECT max(id), (SELECT min(id) FROM readers) FROM reviews;
INSERT INTO pending_registrations (reader_id) SELECT id FROM readers WHERE name = 'Bob';
INSERT INTO invitations (token_hash, made_by, expires_at, uses_max, note)
SELECT sha256('a token'), id, now(), 30, 'the book club' FROM readers WHERE name = 'Alice';
INSERT INTO corrections (book_id, field, before, after, imported, reason, accepted_by)
SELECT b.id, 'title', 'Dune?', b.title, E'Dune\\N', 'Title page.', r.id
  FROM books AS b, readers AS r WHERE r.name = 'Alice';
INSERT INTO proposals (kind, book_id, field, before, after, reason, proposed_by, decided_at, is_accepted, answer)
SELECT 'field', b.id, 'year', b.year, '1966', 'Title page.', r.id, now(), false, 'No.'
  FROM books AS b, readers AS r WHERE r.name = 'Bob';
WITH one AS (INSERT INTO proposals (kind, proposed_by) SELECT 'book', id FROM readers WHERE name = 'Bob' RETURNING id)
INSERT INTO proposed_books (proposal_id, isbn, isbn13, title) SELECT id, '0441172717', '9780441172719', 'Dune' FROM one;
INSERT INTO shelved_books (reader_id, book_id, title, author, isbn, title_key, author_key, status, notes)
SELECT r.id, b.id, b.title, b.author, b.isbn, 'a', 'b', 'read', E'Mine\N' FROM books AS b, readers AS r
 WHERE b.isbn IS NOT NULL AND r.name IS NOT NULL;
INSERT INTO shelved_books_behind (book_id) SELECT min(id) FROM books;
INSERT INTO shelves (reader_id, name, name_key, is_public)
SELECT id, 'Léñt', 'léñt', true FROM readers WHERE name = 'Bob';
INSERT INTO shelf_members (shelf_id, shelved_book_id)
SELECT shelves.id, max(shelved_books.id) FROM shelves, shelved_books GROUP BY 1;
INSERT INTO readings (shelved_book_id, reader_id, finished_on) SELECT id, reader_id, '2020-02-29' FROM shelved_books;
INSERT INTO event_ages (kind, days) VALUES ('review-hidden', 1000);
INSERT INTO failed_logins (hour, address_group, attempts) VALUES ('2026-02-03 04:00+01', 255, 7);
INSERT INTO identities (issuer, subject, reader_id)
SELECT 'https://login.example', 'a-1', id FROM readers WHERE name = 'Alice';
INSERT INTO work_corrections (kind, book_id, other_book_id, from_work, into_work, reader_id, reason)
SELECT 'merge', min(books.id), max(books.id), ARRAY['Émma; ''=x', 'Jane Austen'], ARRAY['\N', ''], min(readers.id), 'I'
  FROM books, readers;
INSERT INTO helpful_votes (review_id, reader_id)
SELECT max(reviews.id), min(readers.id) FROM reviews, readers WHERE readers.name = 'Alice';
WITH one AS (INSERT INTO uploads (reader_id, name, format, state, row_count, done)
             SELECT id, 'Léñt.csv', 'goodreads', 'written', 1, 1 FROM readers WHERE name = 'Alice' RETURNING id)
INSERT INTO upload_rows (upload_id, n, said, match, book_id, decision, outcome)
SELECT one.id, 1, '{"title": "a\tb"}', 'exact', min(books.id), 'write', '{}' FROM one, books GROUP BY one.id
"""


@pytest.fixture
def filled(database: Database, alice: Site, add_book: AddBook) -> Database:
    """The test's database with something in every table, and with a reader who has left."""
    add_book(description=AWKWARD, average_rating=4.25, ratings_count=7, publisher="Ace", language="en", pages=412)
    with database.transaction() as connection:
        connection.execution_options(no_parameters=True).exec_driver_sql(ROWS)
    return database


def content(database: Database) -> dict[str, list[str]]:
    """The rows of all tables that a backup holds, as text."""
    with database.transaction_as_is() as connection:
        make_readable(connection)
        return {
            table.name: list(
                connection.scalars(
                    text(f"SELECT CAST(row AS text) FROM {table.name} AS row ORDER BY CAST(row AS text)")
                )
            )
            for table in stored_tables(connection)
        }


def run(database: Database, statement: str) -> Any:
    """Run a statement on the schema as it is; its one value."""
    with database.transaction_as_is() as connection:
        result = connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None
