-- Which work each review is of, and what the reviews of a work come to. A review is written about an edition, and belongs to the work
-- that the edition is one of: when that changes, what is here follows, and the reviews themselves stay as they are.
--
-- Of the reviews that one reader has written of one work, the newest counts and is shown to others; the older ones are superseded. There
-- can be several only because works were joined afterwards: a new one of a work that the reader has reviewed is refused by the unique index.

CREATE TABLE search_reviews (
    review_id     bigint      PRIMARY KEY,
    work_id       bigint      NOT NULL,
    reader_id     bigint,
    rating        smallint    NOT NULL,
    created_at    timestamptz NOT NULL,
    is_visible    boolean     NOT NULL,
    is_superseded boolean     NOT NULL,
    is_held       boolean     NOT NULL,
    is_new        boolean     NOT NULL,
    helpful_count integer     NOT NULL,
    language      text        NOT NULL COLLATE "C"
);
COMMENT ON TABLE search_reviews IS 'which work a review is of; none of books that search_editions does not have yet';
COMMENT ON COLUMN search_reviews.is_visible IS 'it is neither private nor held, no moderator has hidden it, and its reader has not withdrawn it';
COMMENT ON COLUMN search_reviews.is_superseded IS 'its reader has a newer one of the same work; only its reader sees it, and it is not counted';
COMMENT ON COLUMN search_reviews.is_held IS 'it would be visible, but waits to be counted: reviews.counts_from';
COMMENT ON COLUMN search_reviews.language IS 'empty if it is unknown';

CREATE FUNCTION search_is_visible(hidden_at timestamptz, is_private boolean, counts_from timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hidden_at IS NULL AND NOT is_private AND counts_from IS NULL;

CREATE FUNCTION search_is_held(hidden_at timestamptz, is_private boolean, counts_from timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hidden_at IS NULL AND NOT is_private AND counts_from IS NOT NULL AND counts_from < 'infinity';

CREATE TABLE search_ratings (
    work_id      bigint  PRIMARY KEY,
    one          integer NOT NULL DEFAULT 0,
    two          integer NOT NULL DEFAULT 0,
    three        integer NOT NULL DEFAULT 0,
    four         integer NOT NULL DEFAULT 0,
    five         integer NOT NULL DEFAULT 0,
    held         integer NOT NULL DEFAULT 0,
    review_count integer NOT NULL GENERATED ALWAYS AS (one + two + three + four + five) STORED,
    rating_sum   integer NOT NULL GENERATED ALWAYS AS (one + 2 * two + 3 * three + 4 * four + 5 * five) STORED
) WITH (fillfactor = 90);
COMMENT ON TABLE search_ratings IS 'how many readers gave a work one, two, … five stars; kept by triggers on search_reviews';
COMMENT ON COLUMN search_ratings.held IS 'how many ratings wait to be counted';

CREATE INDEX ON search_ratings (held DESC, work_id) WHERE held > 0;

CREATE TABLE search_reviews_behind (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review_ids bigint[] NOT NULL DEFAULT '{}',
    book_ids   bigint[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE search_reviews_behind IS
    'a row a statement: reviews, or all those of some books, whose works could not be told for sure; search_follow_reviews() looks again';

-- A function, because a rebuild makes the indexes and triggers of a new table, too.
CREATE FUNCTION search_index_reviews(reviews text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($sql$
        CREATE UNIQUE INDEX %1$I ON %4$I (work_id, reader_id) WHERE NOT is_superseded;
        CREATE INDEX %2$I ON %4$I (work_id, created_at DESC, review_id DESC) WHERE is_visible AND NOT is_superseded;
        CREATE INDEX %3$I ON %4$I (reader_id, work_id) WHERE is_superseded;
        CREATE INDEX %5$I ON %4$I (work_id, rating, created_at DESC, review_id DESC) WHERE is_visible AND NOT is_superseded;
        CREATE INDEX %6$I ON %4$I (work_id, language, rating, created_at DESC, review_id DESC) WHERE is_visible AND NOT is_superseded;
        CREATE INDEX %7$I ON %4$I (work_id, rating, helpful_count DESC, created_at DESC, review_id DESC) WHERE is_visible AND NOT is_superseded;
        CREATE INDEX %8$I ON %4$I (work_id, language, rating, helpful_count DESC, created_at DESC, review_id DESC) WHERE is_visible AND NOT is_superseded;
        CREATE INDEX %9$I ON %4$I (work_id, review_id) WHERE is_new;
        CREATE INDEX %10$I ON %4$I (work_id) WHERE is_held;
        CREATE TRIGGER count_insert AFTER INSERT ON %4$I REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_count_ratings();
        CREATE TRIGGER count_update AFTER UPDATE ON %4$I REFERENCING OLD TABLE AS before NEW TABLE AS after
            FOR EACH STATEMENT EXECUTE FUNCTION search_count_ratings();
        CREATE TRIGGER count_delete AFTER DELETE ON %4$I REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION search_count_ratings();
    $sql$, reviews || '_one_a_reader_and_work', reviews || '_latest_first', reviews || '_superseded', reviews, reviews || '_by_rating', reviews || '_by_language',
          reviews || '_helpful', reviews || '_helpful_by_language', reviews || '_recent', reviews || '_held');
END $$;

-- EXECUTE plans for as many reviews as there are, and the rows are locked in the order of the works, as count_ratings() does for books.
CREATE FUNCTION search_count_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone text := 'SELECT work_id, rating, is_held, -1 AS change FROM before WHERE (is_visible OR is_held) AND NOT is_superseded';
    come text := 'SELECT work_id, rating, is_held, 1 AS change FROM after WHERE (is_visible OR is_held) AND NOT is_superseded';
BEGIN
    EXECUTE $sql$
        INSERT INTO search_ratings AS counts (work_id, one, two, three, four, five, held)
        SELECT work_id, one, two, three, four, five, held
          FROM (SELECT work_id, coalesce(sum(change) FILTER (WHERE rating = 1 AND NOT is_held), 0) AS one,
                       coalesce(sum(change) FILTER (WHERE rating = 2 AND NOT is_held), 0) AS two,
                       coalesce(sum(change) FILTER (WHERE rating = 3 AND NOT is_held), 0) AS three,
                       coalesce(sum(change) FILTER (WHERE rating = 4 AND NOT is_held), 0) AS four,
                       coalesce(sum(change) FILTER (WHERE rating = 5 AND NOT is_held), 0) AS five, coalesce(sum(change) FILTER (WHERE is_held), 0) AS held
                  FROM ($sql$ || CASE TG_OP WHEN 'INSERT' THEN come WHEN 'DELETE' THEN gone ELSE gone || ' UNION ALL ' || come END || $sql$) AS changes
                 GROUP BY work_id) AS sums
         WHERE (one, two, three, four, five, held) <> (0, 0, 0, 0, 0, 0)
         ORDER BY work_id
        ON CONFLICT (work_id) DO UPDATE
           SET one   = counts.one   + excluded.one,
               two   = counts.two   + excluded.two,
               three = counts.three + excluded.three,
               four  = counts.four  + excluded.four,
               five  = counts.five  + excluded.five,
               held  = counts.held  + excluded.held
        $sql$;
    RETURN NULL;
END $$;

SELECT search_index_reviews('search_reviews');

-- Of a reader's reviews of one work that with the greatest counts, and of several such the newest: one that its reader has withdrawn only
-- where there is no other, and of these first one that a moderator had hidden, because of which the reader may not write another.
CREATE FUNCTION search_precedence(withdrawn_at timestamptz, hidden_reason text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN withdrawn_at IS NULL THEN 2 WHEN hidden_reason IS NOT NULL THEN 1 ELSE 0 END;

-- What is known of some reviews is compared with reviews and search_editions. The works are returned whose ratings it may have changed.
CREATE FUNCTION search_place_reviews(ids bigint[]) RETURNS bigint[] LANGUAGE plpgsql SET plan_cache_mode = auto AS $$
DECLARE
    works   bigint[];  -- of which they were, and by whom
    readers bigint[];
    older   bigint[];
    newest  bigint[];
BEGIN
    PERFORM search_plan_for(cardinality(ids));
    SELECT coalesce(array_agg(work_id), '{}'), array_agg(reader_id) INTO works, readers FROM search_reviews WHERE review_id = ANY (ids);
    DELETE FROM search_reviews WHERE review_id = ANY (ids) AND NOT EXISTS (SELECT FROM reviews JOIN search_editions USING (book_id) WHERE reviews.id = review_id);
    -- One that comes to a work counts only when those that the reader has there already are known.
    INSERT INTO search_reviews AS known (review_id, work_id, reader_id, rating, created_at, is_visible, is_superseded, is_held, is_new, helpful_count, language)
    SELECT review.id, work_id, reader_id, rating, created_at, search_is_visible(hidden_at, is_private, counts_from), reader_id IS NOT NULL,
           search_is_held(hidden_at, is_private, counts_from), is_new, helpful_count, coalesce(language, '')
      FROM reviews AS review JOIN search_editions USING (book_id) WHERE review.id = ANY (ids) ORDER BY review.id
    ON CONFLICT (review_id) DO UPDATE
       SET work_id = excluded.work_id, reader_id = excluded.reader_id, rating = excluded.rating, created_at = excluded.created_at, is_visible = excluded.is_visible,
           is_held = excluded.is_held, is_new = excluded.is_new, helpful_count = excluded.helpful_count, language = excluded.language,
           is_superseded = excluded.is_superseded AND (known.is_superseded OR (known.work_id, known.reader_id) IS DISTINCT FROM (excluded.work_id, excluded.reader_id))
     WHERE (known.work_id, known.reader_id, known.rating, known.created_at, known.is_visible, known.is_held, known.is_new, known.helpful_count, known.language)
           IS DISTINCT FROM (excluded.work_id, excluded.reader_id, excluded.rating, excluded.created_at, excluded.is_visible, excluded.is_held, excluded.is_new,
                             excluded.helpful_count, excluded.language);

    WITH pairs AS (
        SELECT work_id, reader_id FROM unnest(works, readers) AS were (work_id, reader_id) WHERE reader_id IS NOT NULL
         UNION
        SELECT work_id, reader_id FROM search_reviews WHERE review_id = ANY (ids) AND reader_id IS NOT NULL),
    ranked AS (
        SELECT found.review_id, is_superseded, row_number() OVER (PARTITION BY work_id, pairs.reader_id ORDER BY search_precedence(withdrawn_at, hidden_reason) DESC,
                                                                  created_at DESC, id DESC) > 1 AS is_older
          FROM pairs
         CROSS JOIN LATERAL (SELECT review_id, is_superseded FROM search_reviews AS one
                              WHERE one.work_id = pairs.work_id AND one.reader_id = pairs.reader_id AND NOT is_superseded
                              UNION ALL
                             SELECT review_id, is_superseded FROM search_reviews AS one
                              WHERE one.work_id = pairs.work_id AND one.reader_id = pairs.reader_id AND is_superseded) AS found
          JOIN reviews ON reviews.id = found.review_id)
    SELECT array_agg(review_id) FILTER (WHERE is_older AND NOT is_superseded), array_agg(review_id) FILTER (WHERE NOT is_older AND is_superseded)
      INTO older, newest FROM ranked;
    IF older IS NOT NULL THEN  -- first, as the index lets only one count at a time
        UPDATE search_reviews SET is_superseded = true WHERE review_id = ANY (older);
    END IF;
    IF newest IS NOT NULL THEN
        UPDATE search_reviews SET is_superseded = false WHERE review_id = ANY (newest);
    END IF;
    RETURN ARRAY(SELECT unnest(works) UNION SELECT work_id FROM search_reviews WHERE review_id = ANY (ids));
END $$;

-- Looks again at what was left behind, at `most` reviews; the number of those that are placed now is returned. Not before the end of a
-- transaction: who writes a review would wait for the works' ratings.
CREATE FUNCTION search_follow_reviews(most integer DEFAULT 5000) RETURNS integer LANGUAGE plpgsql SET plan_cache_mode = auto AS $$
DECLARE
    taken  bigint[];
    noted  bigint[];
    books  bigint[];
    moved  bigint[];  -- reviews of the books
    ids    bigint[];
    sure   bigint[];  -- books that no other transaction is moving to another work
    unsure bigint[];
    works  bigint[];
BEGIN
    WITH rows AS MATERIALIZED (SELECT id, review_ids, book_ids FROM search_reviews_behind ORDER BY id FOR UPDATE SKIP LOCKED)
    SELECT array_agg(id), ARRAY(SELECT DISTINCT unnest(review_ids) FROM rows), ARRAY(SELECT DISTINCT unnest(book_ids) FROM rows) INTO taken, noted, books FROM rows;
    IF taken IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM search_plan_for(cardinality(noted || books));
    moved := ARRAY(SELECT review.id
                     FROM reviews AS review JOIN search_editions AS edition USING (book_id) LEFT JOIN search_reviews AS known ON review_id = review.id
                    WHERE book_id = ANY (books) AND known.work_id IS DISTINCT FROM edition.work_id LIMIT most);
    ids := (noted || moved)[:most];
    PERFORM search_plan_for(cardinality(ids || books));
    sure := ARRAY(SELECT book_id FROM search_editions WHERE book_id IN (SELECT book_id FROM reviews WHERE id = ANY (ids)) ORDER BY book_id FOR SHARE SKIP LOCKED);
    unsure := ARRAY(SELECT id FROM reviews WHERE id = ANY (ids) AND NOT EXISTS (SELECT FROM unnest(sure) AS one WHERE one = book_id));
    noted := noted[most + 1:] || unsure;
    IF cardinality(ids) < most THEN
        books := '{}';
    END IF;
    IF noted <> '{}' OR books <> '{}' THEN
        UPDATE search_reviews_behind SET review_ids = noted, book_ids = books WHERE id = taken[1];
        taken := taken[2:];
    END IF;
    DELETE FROM search_reviews_behind WHERE id = ANY (taken);
    ids := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(unsure));
    works := search_refresh_free_works(search_place_reviews(ids));
    IF works <> '{}' THEN
        INSERT INTO search_changes (book_ids) SELECT array_agg(DISTINCT lead_book_id) FROM search_works WHERE id = ANY (works);
    END IF;
    RETURN cardinality(ids);
END $$;

CREATE FUNCTION search_continue() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (SELECT FROM search_reviews_behind) AND pg_try_advisory_xact_lock_shared(search_rebuild_lock()) AND search_follow_reviews() > 0;
END $$;
COMMENT ON FUNCTION search_continue IS 'follows some of the reviews that were left behind; whether there were any';

CREATE FUNCTION search_reviews_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET plan_cache_mode = auto AS $$
DECLARE
    undisturbed boolean := pg_try_advisory_xact_lock_shared(search_rebuild_lock());  -- by a rebuild, until this transaction ends
    ids   bigint[];
    books bigint[];
    works bigint[];
BEGIN
    IF undisturbed AND NOT EXISTS (SELECT FROM search_state WHERE built_at IS NOT NULL) THEN
        RETURN NULL;  -- the first rebuild is yet to come
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT id), array_agg(DISTINCT book_id) INTO ids, books
          FROM ((SELECT id, book_id, reader_id, rating, created_at, is_private, counts_from, is_new, helpful_count, language, hidden_at IS NULL, hidden_reason IS NULL, withdrawn_at IS NULL FROM after
                 EXCEPT
                 SELECT id, book_id, reader_id, rating, created_at, is_private, counts_from, is_new, helpful_count, language, hidden_at IS NULL, hidden_reason IS NULL, withdrawn_at IS NULL FROM before)
                 UNION ALL
                (SELECT id, book_id, reader_id, rating, created_at, is_private, counts_from, is_new, helpful_count, language, hidden_at IS NULL, hidden_reason IS NULL, withdrawn_at IS NULL FROM before
                 EXCEPT
                 SELECT id, book_id, reader_id, rating, created_at, is_private, counts_from, is_new, helpful_count, language, hidden_at IS NULL, hidden_reason IS NULL, withdrawn_at IS NULL FROM after)) AS changed;
    ELSE
        SELECT array_agg(id), array_agg(DISTINCT book_id) INTO ids, books FROM after;
    END IF;
    IF ids IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM search_plan_for(cardinality(ids));
    IF NOT undisturbed
       OR TG_OP <> 'DELETE' AND cardinality(books) > (SELECT count(*) FROM (SELECT FROM search_editions WHERE book_id = ANY (books) ORDER BY book_id FOR SHARE SKIP LOCKED) AS sure) THEN
        INSERT INTO search_reviews_behind (review_ids) VALUES (ids);
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO search_reviews (review_id, work_id, reader_id, rating, created_at, is_visible, is_superseded, is_held, is_new, helpful_count, language)
        SELECT after.id, work_id, reader_id, rating, created_at, search_is_visible(hidden_at, is_private, counts_from), false,
               search_is_held(hidden_at, is_private, counts_from), is_new, helpful_count, coalesce(language, '')
          FROM after JOIN search_editions USING (book_id) ORDER BY after.id;
    ELSE
        works := search_place_reviews(ids);
        -- Of a book that is deleted the edition may be gone already, and the work is found by another one.
        books := books || ARRAY(SELECT lead_book_id FROM search_works
                                 WHERE id IN (SELECT unnest(works) EXCEPT SELECT work_id FROM search_editions WHERE book_id = ANY (books)));
    END IF;
    PERFORM search_note(books);
    RETURN NULL;
END $$;
