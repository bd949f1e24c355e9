"""What databases of the first days lack, because the text of 0001 and 0002 was changed after they had been made.

All of it is there already in a database that was made later.
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE books
            ADD COLUMN IF NOT EXISTS average_rating numeric(4, 3),
            ADD COLUMN IF NOT EXISTS ratings_count  integer;
        COMMENT ON COLUMN books.average_rating IS 'what readers elsewhere think of it, as the catalogue''s file says';
        DROP INDEX IF EXISTS books_isbns;
    """)
    # Nothing is checked again in a table whose columns are checked; in another they are null, or were by the importer.
    op.execute("""
        DO $do$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_constraint
                            WHERE conname = 'books_average_rating_check' AND conrelid = 'books'::regclass) THEN
                ALTER TABLE books
                    ADD CONSTRAINT books_average_rating_check CHECK (average_rating BETWEEN 0 AND 5) NOT VALID,
                    ADD CONSTRAINT books_ratings_count_check CHECK (ratings_count >= 0) NOT VALID;
            END IF;
            -- What the files say has its own columns since; this table is for what other sites say.
            IF EXISTS (SELECT FROM pg_constraint
                        WHERE conname = 'external_ratings_source_check' AND conrelid = 'external_ratings'::regclass
                          AND pg_get_constraintdef(oid) LIKE '%catalogue%') THEN
                UPDATE books
                   SET average_rating = elsewhere.average, ratings_count = elsewhere.ratings_count
                  FROM external_ratings AS elsewhere
                 WHERE elsewhere.book_id = books.id AND source = 'catalogue';
                DELETE FROM external_ratings WHERE source = 'catalogue';
                ALTER TABLE external_ratings
                    DROP CONSTRAINT external_ratings_source_check,
                    ADD CONSTRAINT external_ratings_source_check CHECK (source IN ('open_library'));
            END IF;
        END $do$
    """)
