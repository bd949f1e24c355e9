-- Revision 0022. Its check of books reads the whole table.

--- short
ALTER TABLE books
    ALTER COLUMN isbn DROP NOT NULL,
    ALTER COLUMN identity DROP EXPRESSION IF EXISTS,
    DROP CONSTRAINT IF EXISTS books_identity_check,
    ADD CONSTRAINT books_identity_check CHECK (
        CASE WHEN isbn IS NULL THEN isbn13 IS NULL AND identity ~ '^[a-z]+:[!-~]{1,100}$'
             ELSE identity = coalesce(isbn13, isbn) END) NOT VALID;
COMMENT ON COLUMN books.isbn IS
    'compact, in the form (10 or 13 characters) in which the catalogue''s file gave it; null: the book has none';
COMMENT ON COLUMN books.identity IS
    'unique: the ISBN, whichever form of it a file or an address gives; else an identifier, such as goodreads:2767052';

CREATE OR REPLACE FUNCTION identify_by_isbn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.identity := coalesce(NEW.isbn13, NEW.isbn);
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS books_are_identified ON books;
CREATE TRIGGER books_are_identified BEFORE INSERT OR UPDATE ON books FOR EACH ROW
    WHEN (NEW.isbn IS NOT NULL AND NEW.identity IS DISTINCT FROM coalesce(NEW.isbn13, NEW.isbn))
    EXECUTE FUNCTION identify_by_isbn();

--- short
CREATE TABLE IF NOT EXISTS identifiers (
    scheme  text   COLLATE "C" NOT NULL CHECK (scheme ~ '^[a-z]{2,20}$'),
    value   text   COLLATE "C" NOT NULL CHECK (value ~ '^[!-~]{1,100}$'),
    book_id bigint NOT NULL,
    PRIMARY KEY (scheme, value)
);
CREATE INDEX IF NOT EXISTS identifiers_of_book ON identifiers (book_id);
COMMENT ON TABLE identifiers IS 'what others call a book, besides its ISBN; triggers delete those of deleted books';

CREATE OR REPLACE FUNCTION delete_identifiers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE identifiers;
    ELSE
        DELETE FROM identifiers WHERE book_id IN (SELECT id FROM gone);
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS books_take_identifiers_along ON books;
DROP TRIGGER IF EXISTS all_books_take_identifiers_along ON books;
CREATE TRIGGER books_take_identifiers_along AFTER DELETE ON books REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION delete_identifiers();
CREATE TRIGGER all_books_take_identifiers_along AFTER TRUNCATE ON books
    FOR EACH STATEMENT EXECUTE FUNCTION delete_identifiers();

--- long
ALTER TABLE books VALIDATE CONSTRAINT books_identity_check
