-- Revision 0005. Its checks of reviews and readers, and the index of hidden reviews, read the whole tables.

--- short
ALTER TABLE readers
    ADD COLUMN IF NOT EXISTS is_moderator boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS lock_reason  text;
ALTER TABLE readers
    DROP CONSTRAINT IF EXISTS readers_lock_reason_check,
    ADD CONSTRAINT readers_lock_reason_check CHECK (char_length(lock_reason) BETWEEN 1 AND 500) NOT VALID;
COMMENT ON COLUMN readers.lock_reason IS 'who logs in is told; null: the account is not locked';

--- short
ALTER TABLE reviews
    ADD COLUMN IF NOT EXISTS hidden_at     timestamptz,
    ADD COLUMN IF NOT EXISTS hidden_reason text;
ALTER TABLE reviews
    DROP CONSTRAINT IF EXISTS reviews_hidden_reason_check,
    DROP CONSTRAINT IF EXISTS reviews_check,
    ADD CONSTRAINT reviews_hidden_reason_check CHECK (char_length(hidden_reason) BETWEEN 1 AND 500) NOT VALID,
    ADD CONSTRAINT reviews_check CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL)) NOT VALID;
COMMENT ON COLUMN reviews.hidden_at IS 'only its reader sees it, and it is not counted; null: all do';

--- short
CREATE TABLE IF NOT EXISTS password_resets (
    reader_id  bigint      PRIMARY KEY REFERENCES readers ON DELETE CASCADE,
    token_hash bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE password_resets IS 'links that the operator has handed out; each is deleted when it is used';
COMMENT ON COLUMN password_resets.token_hash IS 'SHA-256 of what is in the link: from the table nobody can use it';

CREATE TABLE IF NOT EXISTS review_reports (
    review_id   bigint      NOT NULL REFERENCES reviews ON DELETE CASCADE,
    reader_id   bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    reason      text        CHECK (char_length(reason) BETWEEN 1 AND 500),
    reported_at timestamptz NOT NULL DEFAULT now(),
    settled_at  timestamptz,
    PRIMARY KEY (review_id, reader_id)
);
COMMENT ON COLUMN review_reports.settled_at IS 'when a moderator hid the review, or let it be; null: it waits for one';
CREATE INDEX IF NOT EXISTS review_reports_open ON review_reports (review_id) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS review_reports_by_reader ON review_reports (reader_id);

--- short
DROP TRIGGER IF EXISTS reviews_are_counted ON reviews;
DROP TRIGGER IF EXISTS count_insert ON reviews;
DROP TRIGGER IF EXISTS count_update ON reviews;
DROP TRIGGER IF EXISTS count_delete ON reviews;
DROP FUNCTION IF EXISTS count_rating();

CREATE OR REPLACE FUNCTION count_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT FROM before JOIN after USING (id)
                        WHERE (before.book_id, before.rating, before.hidden_at IS NULL)
                              <> (after.book_id, after.rating, after.hidden_at IS NULL)) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        UPDATE rating_counts AS counts
           SET one   = counts.one   - gone.one,
               two   = counts.two   - gone.two,
               three = counts.three - gone.three,
               four  = counts.four  - gone.four,
               five  = counts.five  - gone.five
          FROM (SELECT book_id, count(*) FILTER (WHERE rating = 1) AS one, count(*) FILTER (WHERE rating = 2) AS two,
                       count(*) FILTER (WHERE rating = 3) AS three, count(*) FILTER (WHERE rating = 4) AS four,
                       count(*) FILTER (WHERE rating = 5) AS five
                  FROM before
                 WHERE hidden_at IS NULL
                 GROUP BY book_id) AS gone
         WHERE counts.book_id = gone.book_id;
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
        INSERT INTO rating_counts AS counts (book_id, one, two, three, four, five)
        SELECT book_id, count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2),
               count(*) FILTER (WHERE rating = 3), count(*) FILTER (WHERE rating = 4),
               count(*) FILTER (WHERE rating = 5)
          FROM after
         WHERE hidden_at IS NULL
         GROUP BY book_id
         ORDER BY book_id
        ON CONFLICT (book_id) DO UPDATE
           SET one   = counts.one   + excluded.one,
               two   = counts.two   + excluded.two,
               three = counts.three + excluded.three,
               four  = counts.four  + excluded.four,
               five  = counts.five  + excluded.five;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_insert AFTER INSERT ON reviews REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_ratings();
CREATE TRIGGER count_update AFTER UPDATE ON reviews REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_ratings();
CREATE TRIGGER count_delete AFTER DELETE ON reviews REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION count_ratings();

--- long
ALTER TABLE readers VALIDATE CONSTRAINT readers_lock_reason_check

--- long
ALTER TABLE reviews VALIDATE CONSTRAINT reviews_hidden_reason_check

--- long
ALTER TABLE reviews VALIDATE CONSTRAINT reviews_check

--- long
DROP INDEX CONCURRENTLY IF EXISTS reviews_hidden

--- long
CREATE INDEX CONCURRENTLY reviews_hidden ON reviews (hidden_at) WHERE hidden_at IS NOT NULL
