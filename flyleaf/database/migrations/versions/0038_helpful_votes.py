"""Votes for helpful reviews, and ratings of new accounts that are held when too many come at once."""

from alembic import op

revision = "0038"
down_revision = "0037"

# As revision 0036 has it, without ratings that are held.
COUNTS = """
CREATE OR REPLACE FUNCTION count_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    public  text := ' WHERE hidden_at IS NULL AND NOT is_private AND counts_from IS NULL';
    gone    text := 'SELECT book_id, rating, -1 AS change FROM before' || public;
    come    text := 'SELECT book_id, rating, 1 AS change FROM after' || public;
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
            ADD COLUMN helpful_count integer NOT NULL DEFAULT 0,
            ADD COLUMN is_new boolean NOT NULL DEFAULT false,
            ADD COLUMN counts_from timestamptz;
        COMMENT ON COLUMN reviews.helpful_count IS 'how many readers found it helpful: kept by triggers';
        COMMENT ON COLUMN reviews.is_new IS 'its reader''s account was younger than a day when it was written';
        COMMENT ON COLUMN reviews.counts_from IS
            'until then it is held and seen by its reader only; infinity: a moderator refused it; null: it counts';
        CREATE INDEX reviews_held ON reviews (counts_from) WHERE counts_from IS NOT NULL;
    """)
    op.execute(COUNTS)
    op.execute("""
        CREATE TABLE helpful_votes (
            review_id bigint      NOT NULL REFERENCES reviews ON DELETE CASCADE,
            reader_id bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
            voted_at  timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (review_id, reader_id)
        );
        COMMENT ON TABLE helpful_votes IS 'a review of another reader that this one found helpful';
        CREATE INDEX helpful_votes_by_reader ON helpful_votes (reader_id, voted_at DESC, review_id DESC);
        CREATE OR REPLACE FUNCTION count_helpful_votes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM reviews WHERE id IN (SELECT review_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
            UPDATE reviews
               SET helpful_count = helpful_count + votes
              FROM (SELECT review_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS votes
                      FROM changed GROUP BY review_id) AS changes
             WHERE id = review_id;
            RETURN NULL;
        END $$;
        CREATE OR REPLACE TRIGGER helpful_votes_come AFTER INSERT ON helpful_votes
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_helpful_votes();
        CREATE OR REPLACE TRIGGER helpful_votes_go AFTER DELETE ON helpful_votes
            REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_helpful_votes();
    """)
