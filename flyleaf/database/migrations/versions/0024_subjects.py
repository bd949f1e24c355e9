"""Subjects: what books are about, and their genres. A book has the ids of its own."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE subjects (
            id   bigint PRIMARY KEY,
            key  text   COLLATE "C" NOT NULL UNIQUE CHECK (key <> '' AND length(key) <= 100),
            name text   NOT NULL CHECK (name <> '' AND length(name) <= 100)
        );
        COMMENT ON TABLE subjects IS 'a subject or genre that a book has, or has had; rows are never deleted';
        COMMENT ON COLUMN subjects.id IS '64 bits of the MD5 of the key';
        COMMENT ON COLUMN subjects.key IS 'the name in lower case, without accents and punctuation: it is in addresses';
        ALTER TABLE books
            ADD COLUMN subjects bigint[],
            ADD CONSTRAINT books_subjects_check CHECK (cardinality(subjects) BETWEEN 1 AND 20);
        COMMENT ON COLUMN books.subjects IS
            'ids of subjects in the order of the file; no foreign keys, so that an import stores them like any fact';
    """)
