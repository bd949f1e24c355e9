"""Reviews that wait for a moderator have a table of their own: a page of them costs the same however many there are.

A trigger keeps it, because reports also go with the reader who made them. It adds up what a statement changes, and
plans for as many reports as there are, as the trigger for the counts of ratings does (0009).
"""

from alembic import op

revision = "0012"
down_revision = "0011"

QUEUE = """
CREATE TABLE moderation_queue (
    review_id   bigint      PRIMARY KEY REFERENCES reviews ON DELETE CASCADE,
    reports     integer     NOT NULL CHECK (reports > 0),
    reported_at timestamptz NOT NULL
);
COMMENT ON TABLE moderation_queue IS 'reviews with open reports: how many, and when the last one came';
CREATE INDEX moderation_queue_latest_first ON moderation_queue (reported_at DESC, review_id DESC);
"""

FOLLOW = """
CREATE FUNCTION queue_reported_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes text := $sql$
        SELECT review_id, sum(change) AS reports, max(reported_at) FILTER (WHERE change > 0) AS reported_at
          FROM ($sql$ || CASE TG_OP
                   WHEN 'INSERT' THEN 'SELECT review_id, reported_at, 1 AS change FROM after WHERE settled_at IS NULL'
                   WHEN 'DELETE' THEN 'SELECT review_id, reported_at, -1 AS change FROM before WHERE settled_at IS NULL'
                   ELSE 'SELECT review_id, reported_at, -1 AS change FROM before WHERE settled_at IS NULL
                          UNION ALL
                         SELECT review_id, reported_at, 1 FROM after WHERE settled_at IS NULL'
               END || $sql$) AS open
         GROUP BY review_id
        HAVING sum(change) <> 0
        $sql$;
BEGIN
    IF TG_OP <> 'INSERT' THEN  -- the rows are locked in the order of the reviews, which prevents deadlocks
        EXECUTE $sql$
            WITH changes AS MATERIALIZED ($sql$ || changes || $sql$),
                 lost AS MATERIALIZED (
                     SELECT review_id, queue.reports + changes.reports AS reports
                       FROM changes
                       JOIN moderation_queue AS queue USING (review_id)
                      WHERE changes.reports < 0
                      ORDER BY review_id
                        FOR UPDATE OF queue),
                 settled AS (
                     DELETE FROM moderation_queue AS queue
                      USING lost
                      WHERE queue.review_id = lost.review_id AND lost.reports <= 0)
            UPDATE moderation_queue AS queue
               SET reports = lost.reports
              FROM lost
             WHERE queue.review_id = lost.review_id AND lost.reports > 0
            $sql$;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE $sql$
            INSERT INTO moderation_queue AS queue (review_id, reports, reported_at)
            SELECT review_id, reports, reported_at
              FROM ($sql$ || changes || $sql$) AS changes
             WHERE reports > 0
             ORDER BY review_id
            ON CONFLICT (review_id) DO UPDATE
               SET reports     = queue.reports + excluded.reports,
                   reported_at = greatest(queue.reported_at, excluded.reported_at)
            $sql$;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER queue_insert AFTER INSERT ON review_reports REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION queue_reported_reviews();
CREATE TRIGGER queue_update AFTER UPDATE ON review_reports REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION queue_reported_reviews();
CREATE TRIGGER queue_delete AFTER DELETE ON review_reports REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION queue_reported_reviews();
"""

# By the index of open reports. The lock that CREATE TRIGGER has taken keeps others from reporting meanwhile.
FILL = """
INSERT INTO moderation_queue (review_id, reports, reported_at)
SELECT o.review_id, count(*), max(o.reported_at)
  FROM review_reports AS o
  JOIN reviews AS r ON r.id = o.review_id
 WHERE o.settled_at IS NULL AND r.hidden_at IS NULL
 GROUP BY o.review_id
"""


def upgrade() -> None:
    for statements in (QUEUE, FOLLOW, FILL):
        op.execute(statements)
