-- Revision 0007. It changes every book that another site's ratings came with, in a database of the first days.

--- short
ALTER TABLE books
    ADD COLUMN IF NOT EXISTS average_rating numeric(4, 3),
    ADD COLUMN IF NOT EXISTS ratings_count  integer;
COMMENT ON COLUMN books.average_rating IS 'what readers elsewhere think of it, as the catalogue''s file says';
DROP INDEX IF EXISTS books_isbns;
DO $do$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint
                    WHERE conname = 'books_average_rating_check' AND conrelid = 'books'::regclass) THEN
        ALTER TABLE books
            ADD CONSTRAINT books_average_rating_check CHECK (average_rating BETWEEN 0 AND 5) NOT VALID,
            ADD CONSTRAINT books_ratings_count_check CHECK (ratings_count >= 0) NOT VALID;
    END IF;
    -- Nobody adds such ratings from now on.
    IF EXISTS (SELECT FROM pg_constraint
                WHERE conname = 'external_ratings_source_check' AND conrelid = 'external_ratings'::regclass
                  AND pg_get_constraintdef(oid) LIKE '%catalogue%') THEN
        ALTER TABLE external_ratings
            DROP CONSTRAINT external_ratings_source_check,
            ADD CONSTRAINT external_ratings_source_check CHECK (source IN ('open_library')) NOT VALID;
    END IF;
END $do$

--- batches
WITH moved AS (
    DELETE FROM external_ratings
     WHERE source = 'catalogue'
       AND book_id IN (SELECT book_id FROM external_ratings WHERE source = 'catalogue' ORDER BY book_id LIMIT 5000)
    RETURNING book_id, average, ratings_count)
UPDATE books
   SET average_rating = moved.average, ratings_count = moved.ratings_count
  FROM moved
 WHERE books.id = moved.book_id

--- long
ALTER TABLE external_ratings VALIDATE CONSTRAINT external_ratings_source_check
