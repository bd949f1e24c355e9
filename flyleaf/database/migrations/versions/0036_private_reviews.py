"""Private reviews, ratings that aren't whole stars, and the language in which a review is written."""

from alembic import op

revision = "0036"
down_revision = "0035"

# As revision 0009 has it, without private reviews.
COUNTS = """
CREATE OR REPLACE FUNCTION count_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone    text := 'SELECT book_id, rating, -1 AS change FROM before WHERE hidden_at IS NULL AND NOT is_private';
    come    text := 'SELECT book_id, rating, 1 AS change FROM after WHERE hidden_at IS NULL AND NOT is_private';
    changes text := $sql$
        SELECT book_id,
               coalesce(sum(change) FILTER (WHERE rating = 1), 0) AS one,
               coalesce(sum(change) FILTER (WHERE rating = 2), 0) AS two,
               coalesce(sum(change) FILTER (WHERE rating = 3), 0) AS three,
               coalesce(sum(change) FILTER (WHERE rating = 4), 0) AS four,
               coalesce(sum(change) FILTER (WHERE rating = 5), 0) AS five
          FROM ($sql$ || CASE TG_OP WHEN 'INSERT' THEN come WHEN 'DELETE' THEN gone
                                    ELSE gone || ' UNION ALL ' || come END || $sql$) AS visible
         GROUP BY book_id
        $sql$;
BEGIN
    IF TG_OP <> 'INSERT' THEN  -- the rows are locked in the order of the books, which prevents deadlocks
        EXECUTE $sql$
            WITH changes AS MATERIALIZED ($sql$ || changes || $sql$),
                 lost AS MATERIALIZED (
                     SELECT changes.*
                       FROM changes
                       JOIN rating_counts AS counts USING (book_id)
                      WHERE least(changes.one, changes.two, changes.three, changes.four, changes.five) < 0
                      ORDER BY book_id
                        FOR UPDATE OF counts)
            UPDATE rating_counts AS counts
               SET one   = counts.one   + least(lost.one, 0),
                   two   = counts.two   + least(lost.two, 0),
                   three = counts.three + least(lost.three, 0),
                   four  = counts.four  + least(lost.four, 0),
                   five  = counts.five  + least(lost.five, 0)
              FROM lost
             WHERE counts.book_id = lost.book_id
            $sql$;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE $sql$
            INSERT INTO rating_counts AS counts (book_id, one, two, three, four, five)
            SELECT book_id, greatest(one, 0), greatest(two, 0), greatest(three, 0), greatest(four, 0), greatest(five, 0)
              FROM ($sql$ || changes || $sql$) AS changes
             WHERE greatest(one, two, three, four, five) > 0
             ORDER BY book_id
            ON CONFLICT (book_id) DO UPDATE
               SET one   = counts.one   + excluded.one,
                   two   = counts.two   + excluded.two,
                   three = counts.three + excluded.three,
                   four  = counts.four  + excluded.four,
                   five  = counts.five  + excluded.five
            $sql$;
    END IF;
    RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.execute("""
        ALTER TABLE reviews
            ADD COLUMN exact_rating numeric(3, 2),
            ADD COLUMN is_private boolean NOT NULL DEFAULT false,
            ADD COLUMN language text,
            ADD CONSTRAINT reviews_exact_rating_check
                CHECK (exact_rating IS NULL
                       OR exact_rating BETWEEN 0.25 AND 5 AND mod(exact_rating, 0.25) = 0
                          AND rating = greatest(round(exact_rating), 1)),
            ADD CONSTRAINT reviews_language_check CHECK (language ~ '^[a-z]{2,3}$');
        COMMENT ON COLUMN reviews.exact_rating IS
            'what the reader gave, in quarters of a star; averages count rating, which is it rounded; null: whole ones';
        COMMENT ON COLUMN reviews.is_private IS 'only its reader sees it, and it is not counted';
        COMMENT ON COLUMN reviews.language IS 'in which it is written: a code of ISO 639; null: unknown';
    """)
    op.execute(COUNTS)
    op.execute("""
        CREATE INDEX reviews_public_by_book ON reviews (book_id, created_at DESC, id DESC)
            WHERE hidden_at IS NULL AND NOT is_private;
        CREATE INDEX reviews_public_by_reader ON reviews (reader_id, created_at DESC, id DESC) INCLUDE (rating)
            WHERE hidden_at IS NULL AND NOT is_private;
        DROP INDEX reviews_visible_by_book;
        DROP INDEX reviews_visible_by_reader;
    """)
