-- Revision 0029. Its check reads all books.

--- short
ALTER TABLE books
    ADD COLUMN IF NOT EXISTS other_titles text,
    DROP CONSTRAINT IF EXISTS books_other_titles_check,
    ADD CONSTRAINT books_other_titles_check CHECK (char_length(other_titles) BETWEEN 1 AND 10000) NOT VALID;
COMMENT ON COLUMN books.other_titles IS 'at most ten, with " | " between them; null: none is known'

--- long
ALTER TABLE books VALIDATE CONSTRAINT books_other_titles_check
