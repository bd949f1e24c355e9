"""A statement that changes many reviews takes time in proportion to their number, no longer to its square."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Sums, and no join of the reviews before a statement with those after it. EXECUTE plans for as many reviews as there
# are: a plan that a session has kept for one review would be slow for 10,000, and the other way round.
COUNTS = """
CREATE OR REPLACE FUNCTION count_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes text := $sql$
        SELECT book_id,
               coalesce(sum(change) FILTER (WHERE rating = 1), 0) AS one,
               coalesce(sum(change) FILTER (WHERE rating = 2), 0) AS two,
               coalesce(sum(change) FILTER (WHERE rating = 3), 0) AS three,
               coalesce(sum(change) FILTER (WHERE rating = 4), 0) AS four,
               coalesce(sum(change) FILTER (WHERE rating = 5), 0) AS five
          FROM ($sql$ || CASE TG_OP
                   WHEN 'INSERT' THEN 'SELECT book_id, rating, 1 AS change FROM after WHERE hidden_at IS NULL'
                   WHEN 'DELETE' THEN 'SELECT book_id, rating, -1 AS change FROM before WHERE hidden_at IS NULL'
                   ELSE 'SELECT book_id, rating, -1 AS change FROM before WHERE hidden_at IS NULL
                          UNION ALL
                         SELECT book_id, rating, 1 FROM after WHERE hidden_at IS NULL'
               END || $sql$) AS visible
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
    op.execute(COUNTS)
