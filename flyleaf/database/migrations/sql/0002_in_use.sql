-- What is left of revision 0002: the search that it made has moved to a schema of its own since.

--- short
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;

--- long
DROP INDEX CONCURRENTLY IF EXISTS books_languages

--- long
CREATE INDEX CONCURRENTLY books_languages ON books (language) WHERE language IS NOT NULL
