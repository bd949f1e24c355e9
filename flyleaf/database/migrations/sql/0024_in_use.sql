-- Revision 0024. Its check reads all books.

--- short
CREATE TABLE IF NOT EXISTS subjects (
    id   bigint PRIMARY KEY,
    key  text   COLLATE "C" NOT NULL UNIQUE CHECK (key <> '' AND length(key) <= 100),
    name text   NOT NULL CHECK (name <> '' AND length(name) <= 100)
);
COMMENT ON TABLE subjects IS 'a subject or genre that a book has, or has had; rows are never deleted';
COMMENT ON COLUMN subjects.id IS '64 bits of the MD5 of the key';
COMMENT ON COLUMN subjects.key IS 'the name in lower case, without accents and punctuation: it is in addresses';
ALTER TABLE books
    ADD COLUMN IF NOT EXISTS subjects bigint[],
    DROP CONSTRAINT IF EXISTS books_subjects_check,
    ADD CONSTRAINT books_subjects_check CHECK (cardinality(subjects) BETWEEN 1 AND 20) NOT VALID;
COMMENT ON COLUMN books.subjects IS
    'ids of subjects in the order of the file; no foreign keys, so that an import stores them like any fact';

--- long
ALTER TABLE books VALIDATE CONSTRAINT books_subjects_check
