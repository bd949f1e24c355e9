"""Books without an ISBN, and identifiers of other schemes."""

from alembic import op

revision = "0022"
down_revision = "0021"

BOOKS = """
ALTER TABLE books
    ALTER COLUMN isbn DROP NOT NULL,
    ALTER COLUMN identity DROP EXPRESSION,
    ADD CONSTRAINT books_identity_check CHECK (
        CASE WHEN isbn IS NULL THEN isbn13 IS NULL AND identity ~ '^[a-z]+:[!-~]{1,100}$'
             ELSE identity = coalesce(isbn13, isbn) END);
COMMENT ON COLUMN books.isbn IS
    'compact, in the form (10 or 13 characters) in which the catalogue''s file gave it; null: the book has none';
COMMENT ON COLUMN books.identity IS
    'unique: the ISBN, whichever form of it a file or an address gives; else an identifier, such as goodreads:2767052';

CREATE FUNCTION identify_by_isbn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.identity := coalesce(NEW.isbn13, NEW.isbn);
    RETURN NEW;
END $$;
CREATE TRIGGER books_are_identified BEFORE INSERT OR UPDATE ON books FOR EACH ROW
    WHEN (NEW.isbn IS NOT NULL AND NEW.identity IS DISTINCT FROM coalesce(NEW.isbn13, NEW.isbn))
    EXECUTE FUNCTION identify_by_isbn();
"""

# A foreign key would take as long per row as the two indexes together, and imports write a million.
IDENTIFIERS = """
CREATE TABLE identifiers (
    scheme  text   COLLATE "C" NOT NULL CHECK (scheme ~ '^[a-z]{2,20}$'),
    value   text   COLLATE "C" NOT NULL CHECK (value ~ '^[!-~]{1,100}$'),
    book_id bigint NOT NULL,
    PRIMARY KEY (scheme, value)
);
CREATE INDEX identifiers_of_book ON identifiers (book_id);
COMMENT ON TABLE identifiers IS 'what others call a book, besides its ISBN; triggers delete those of deleted books';

CREATE FUNCTION delete_identifiers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE identifiers;
    ELSE
        DELETE FROM identifiers WHERE book_id IN (SELECT id FROM gone);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER books_take_identifiers_along AFTER DELETE ON books REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION delete_identifiers();
CREATE TRIGGER all_books_take_identifiers_along AFTER TRUNCATE ON books
    FOR EACH STATEMENT EXECUTE FUNCTION delete_identifiers();
"""


def upgrade() -> None:
    for statements in (BOOKS, IDENTIFIERS):
        op.execute(statements)
