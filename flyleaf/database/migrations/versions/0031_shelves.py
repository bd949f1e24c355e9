"""Shelves: the books that readers want to read, are reading and have read, when they read them, and shelves of their
own."""

from alembic import op

revision = "0031"
down_revision = "0030"

# Title, author, ISBN and year are copied from the book, so that a shelf is sorted by one index, and nothing is lost if
# the book is deleted.
SHELVED_BOOKS = """
CREATE TABLE shelved_books (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id  bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    book_id    bigint      REFERENCES books ON DELETE SET NULL,
    title      text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 1000),
    author     text        NOT NULL DEFAULT '' CHECK (char_length(author) <= 500),
    isbn       text        CHECK (char_length(isbn) BETWEEN 1 AND 20),
    year       smallint    CHECK (year BETWEEN -3000 AND 2100),
    title_key  text        COLLATE "C" NOT NULL CHECK (char_length(title_key) <= 500),
    author_key text        COLLATE "C" NOT NULL CHECK (char_length(author_key) <= 500),
    status     text        CHECK (status IN ('to-read', 'reading', 'read', 'did-not-finish')),
    notes      text        CHECK (char_length(notes) BETWEEN 1 AND 10000),
    added_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_shelved_book_a_reader_and_book UNIQUE (reader_id, book_id)
);
COMMENT ON TABLE shelved_books IS 'a book that a reader has put on a shelf';
COMMENT ON COLUMN shelved_books.book_id IS 'null: a line of the reader''s own, about a book that is not here';
COMMENT ON COLUMN shelved_books.title_key IS 'by which a shelf is sorted and searched; so is author_key';
COMMENT ON COLUMN shelved_books.status IS 'null: only on shelves of the reader''s own';
COMMENT ON COLUMN shelved_books.notes IS 'for the reader alone';
CREATE INDEX shelved_books_of_book ON shelved_books (book_id);
CREATE INDEX shelved_books_by_status ON shelved_books (reader_id, status);
CREATE INDEX shelved_books_by_date ON shelved_books (reader_id, added_at, id);
CREATE INDEX shelved_books_by_title ON shelved_books (reader_id, title_key, id);
CREATE INDEX shelved_books_by_author ON shelved_books (reader_id, author_key, id);
CREATE INDEX shelved_books_by_year ON shelved_books (reader_id, coalesce(year, -32768), id);
"""

SHELVES = """
CREATE TABLE shelves (
    id        bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id bigint  NOT NULL REFERENCES readers ON DELETE CASCADE,
    name      text    NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    name_key  text    NOT NULL,
    is_public boolean NOT NULL DEFAULT false,
    CONSTRAINT one_shelf_a_reader_and_name UNIQUE (reader_id, name_key)
);
COMMENT ON TABLE shelves IS
    'the shelves that readers have named; and of the four statuses those that a reader has made public';

CREATE TABLE shelf_members (
    shelf_id        bigint NOT NULL REFERENCES shelves ON DELETE CASCADE,
    shelved_book_id bigint NOT NULL REFERENCES shelved_books ON DELETE CASCADE,
    PRIMARY KEY (shelf_id, shelved_book_id)
);
CREATE INDEX shelf_members_of_book ON shelf_members (shelved_book_id);
COMMENT ON TABLE shelf_members IS 'which books are on a shelf that a reader has named';
"""

READINGS = """
CREATE TABLE readings (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shelved_book_id bigint NOT NULL REFERENCES shelved_books ON DELETE CASCADE,
    reader_id       bigint NOT NULL REFERENCES readers ON DELETE CASCADE,
    started_on      date   CHECK (started_on BETWEEN '1900-01-01' AND '2100-12-31'),
    finished_on     date   CHECK (finished_on BETWEEN '1900-01-01' AND '2100-12-31'),
    CHECK (num_nonnulls(started_on, finished_on) > 0),
    CHECK (started_on <= finished_on)
);
COMMENT ON TABLE readings IS 'when a reader began a book, and finished it';
CREATE UNIQUE INDEX readings_once
    ON readings (shelved_book_id, coalesce(started_on, '-infinity'), coalesce(finished_on, 'infinity'));
CREATE INDEX readings_by_year ON readings (reader_id, finished_on);
"""

# An import may change a million titles, and its transaction is a long one: it only notes which books readers have, and
# the maintenance thread copies their titles afterwards. So no reader waits for an import.
BEHIND = """
CREATE TABLE shelved_books_behind (book_id bigint PRIMARY KEY REFERENCES books ON DELETE CASCADE);
COMMENT ON TABLE shelved_books_behind IS
    'books on shelves that have changed since title, author, ISBN and year were copied';

CREATE FUNCTION note_shelved_books() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $sql$
        INSERT INTO shelved_books_behind (book_id)
        SELECT after.id
          FROM after
          JOIN before ON before.id = after.id
         WHERE (after.title, after.author, after.isbn, after.year)
               IS DISTINCT FROM (before.title, before.author, before.isbn, before.year)
           AND EXISTS (SELECT FROM shelved_books WHERE shelved_books.book_id = after.id)
         ORDER BY after.id
        ON CONFLICT (book_id) DO UPDATE SET book_id = excluded.book_id
    $sql$;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION note_shelved_books IS
    'EXECUTE plans for as many books as there are. A book noted before is locked, and so not followed too early';

CREATE TRIGGER shelved_books_follow AFTER UPDATE ON books
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION note_shelved_books();
"""


def upgrade() -> None:
    for statements in (SHELVED_BOOKS, SHELVES, READINGS, BEHIND):
        op.execute(statements)
