-- Revision 0026. Its check, and the search for titles with a bracket, read all books.

--- short
ALTER TABLE books ADD COLUMN IF NOT EXISTS series text;
ALTER TABLE books
    DROP CONSTRAINT IF EXISTS books_series_check,
    ADD CONSTRAINT books_series_check CHECK (char_length(series) BETWEEN 1 AND 500) NOT VALID;
COMMENT ON COLUMN books.series IS 'names with numbers, "Discworld #34; City Watch #7"; null: none is known';

CREATE TABLE IF NOT EXISTS unread_titles (book_id bigint PRIMARY KEY REFERENCES books ON DELETE CASCADE);
COMMENT ON TABLE unread_titles IS 'books whose titles were imported before series were read from them';

--- long
ALTER TABLE books VALIDATE CONSTRAINT books_series_check

--- long
INSERT INTO unread_titles SELECT id FROM books WHERE right(title, 1) IN (')', ']') ON CONFLICT DO NOTHING
