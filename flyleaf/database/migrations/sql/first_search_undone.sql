-- Undoes what 0002 made on the first day, before its text was another: it held nothing but columns that are derived.
ALTER TABLE books DROP COLUMN IF EXISTS folded_title, DROP COLUMN IF EXISTS folded_author;
DROP INDEX IF EXISTS books_isbns;
DROP FUNCTION IF EXISTS fold(text);
-- The search that 0002 makes today reads these.
ALTER TABLE books ADD COLUMN IF NOT EXISTS average_rating numeric(4, 3), ADD COLUMN IF NOT EXISTS ratings_count integer;
UPDATE alembic_version SET version_num = '0001';
