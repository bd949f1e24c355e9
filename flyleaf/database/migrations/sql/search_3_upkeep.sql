-- How the derived tables follow books, reviews and ratings.
--
-- A statement that changes books, reviews or ratings leaves one row in search_changes. Few books are settled at once,
-- many when the transaction commits; either way all or nothing. What can't be had without waiting (a work that an
-- import is changing, anything during a rebuild) stays in search_changes for the next who settles.

-- The text and the numbers of books as the search needs them: the rebuild and the refresh both read this.
CREATE VIEW search_books AS
SELECT books.id AS book_id, title, search_key(title) AS title_key, search_key(author) AS author_key, year,
       coalesce(review_count, 0) AS review_count, coalesce(rating_sum, 0) AS rating_sum,
       least(coalesce(review_count, 0)::bigint + coalesce(elsewhere, 0), 100000000)::int AS popularity
  FROM books
  LEFT JOIN rating_counts ON rating_counts.book_id = books.id
  LEFT JOIN (SELECT book_id, max(ratings_count) AS elsewhere FROM external_ratings GROUP BY book_id) AS others
         ON others.book_id = books.id;

CREATE FUNCTION search_main_length(title text, title_key text) RETURNS smallint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    main int := CASE WHEN title ~ '[:(\[;/]' THEN length(search_key(split_part(regexp_replace(title, '[(\[;/]', ':', 'g'), ':', 1))) END;
BEGIN
    RETURN CASE WHEN main > 0 THEN main ELSE length(title_key) END;
END $$;

-- Rebuild --------------------------------------------------------------------------------------------------------

-- Who settles holds this lock shared, a rebuild alone.
CREATE FUNCTION search_rebuild_lock() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 7310010001;

CREATE FUNCTION search_build_editions() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE UNLOGGED TABLE search_books_new AS SELECT * FROM search_books;
    CREATE TABLE search_editions_new AS SELECT book_id, search_work_id(title_key, author_key) AS work_id FROM search_books_new;
    ALTER TABLE search_editions_new ALTER work_id SET NOT NULL, ADD CONSTRAINT search_editions_new_pkey PRIMARY KEY (book_id);
    CREATE INDEX search_editions_new_of_work ON search_editions_new (work_id);
    ANALYZE search_books_new;
END $$;

-- The lead is the edition of the highest popularity, then the lowest id: both in one number, so that one pass finds it.
CREATE FUNCTION search_lead(popularity integer, book_id bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (popularity::bigint << 36) + (68719476735 - book_id);
CREATE FUNCTION search_lead_book(lead bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 68719476735 - (lead & 68719476735);

-- Works of equal popularity at the cut are drawn by their id, so that a tier is never far from its size.
CREATE FUNCTION search_cut(size integer, OUT above integer, OUT share integer) LANGUAGE plpgsql AS $$
DECLARE
    over bigint;
    ties bigint;
BEGIN
    SELECT popularity INTO above FROM search_groups_new ORDER BY popularity DESC OFFSET size LIMIT 1;
    SELECT count(*) FILTER (WHERE popularity > above), count(*) FILTER (WHERE popularity = above) INTO over, ties FROM search_groups_new;
    above := coalesce(above, -1);
    share := CASE WHEN above >= 0 THEN (1000 * (size - over)) / greatest(ties, 1) ELSE 0 END;
END $$;

CREATE FUNCTION search_build_works() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    top   record;
    head  record;
    state search_state;
BEGIN
    CREATE UNLOGGED TABLE search_groups_new AS
    SELECT search_work_id(title_key, author_key) AS work_id, search_lead_book(max(search_lead(popularity, book_id))) AS lead_book_id,
           least(sum(popularity), 100000000)::int AS popularity, count(*)::int AS editions, min(year) AS year_min, max(year) AS year_max,
           sum(review_count)::int AS review_count, sum(rating_sum)::int AS rating_sum
      FROM search_books_new GROUP BY 1;
    ANALYZE search_groups_new;
    SELECT * INTO top FROM search_cut(2000);
    SELECT * INTO head FROM search_cut(32000);
    UPDATE search_state SET top_cut = top.above, top_share = top.share, head_cut = head.above, head_share = head.share, built_at = now(),
                            works = (SELECT count(*) FROM search_groups_new)
    RETURNING * INTO state;
    EXECUTE $sql$
    CREATE TABLE search_works_new WITH (fillfactor = 90) AS
    SELECT groups.work_id AS id, groups.lead_book_id, groups.popularity, search_tier(groups.popularity, work_id, $sql$ || quote_literal(state) || $sql$::search_state) AS tier,
           groups.editions, groups.year_min, groups.year_max, groups.review_count, groups.rating_sum,
           search_main_length(title, title_key) AS main_length, title_key COLLATE "C" AS title_key, author_key COLLATE "C" AS author_key,
           search_words(title, title_key, author_key) AS words
      FROM search_groups_new AS groups JOIN search_books_new AS leads ON leads.book_id = groups.lead_book_id
     ORDER BY groups.popularity DESC$sql$;
    DROP TABLE search_groups_new, search_books_new;
END $$;

CREATE FUNCTION search_finish_works() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE search_works_new ADD CONSTRAINT search_works_new_pkey PRIMARY KEY (id),
        ALTER lead_book_id SET NOT NULL, ALTER popularity SET NOT NULL, ALTER tier SET NOT NULL, ALTER editions SET NOT NULL,
        ALTER review_count SET NOT NULL, ALTER rating_sum SET NOT NULL, ALTER main_length SET NOT NULL,
        ALTER title_key SET NOT NULL, ALTER author_key SET NOT NULL, ALTER words SET NOT NULL;
    PERFORM search_index_works('search_works_new');
    CREATE TABLE search_vocabulary_new AS
    SELECT word COLLATE "C" AS word, count(*)::int AS works FROM search_works_new, unnest(tsvector_to_array(words)) AS word GROUP BY word ORDER BY word;
    ALTER TABLE search_vocabulary_new ADD CONSTRAINT search_vocabulary_new_pkey PRIMARY KEY (word), ALTER works SET NOT NULL;
    PERFORM search_index_vocabulary('search_vocabulary_new');
    ANALYZE search_editions_new;
    ANALYZE search_works_new;
    ANALYZE search_vocabulary_new;
END $$;

-- The names of a table and all its indexes, from search_x_new to search_x.
CREATE FUNCTION search_swap(old text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    index_name text;
BEGIN
    EXECUTE format('DROP TABLE %I', old);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', old || '_new', old);
    FOR index_name IN SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = old::regclass LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', index_name, replace(index_name, '_new', ''));
    END LOOP;
END $$;

CREATE FUNCTION search_rebuild() RETURNS void LANGUAGE plpgsql
SET maintenance_work_mem = '256MB' SET work_mem = '128MB' SET client_min_messages = warning AS $$
DECLARE
    seen bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(search_rebuild_lock());
    ANALYZE books, rating_counts, external_ratings;
    SELECT array_agg(id) INTO seen FROM search_changes;
    PERFORM search_build_editions();
    PERFORM search_build_works();
    PERFORM search_finish_works();
    DELETE FROM search_changes WHERE id = ANY (seen);
    DELETE FROM search_vocabulary_changes;
    PERFORM search_swap('search_works'), search_swap('search_editions'), search_swap('search_vocabulary');
END $$;
COMMENT ON FUNCTION search_rebuild IS 'makes everything anew beside the live tables, then swaps names: readers wait for the swap only';

-- Refresh --------------------------------------------------------------------------------------------------------

-- A work's words never change (another title or author makes another work), so the vocabulary changes with works that come and go.
CREATE FUNCTION search_refresh_works(works bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (
        DELETE FROM search_works WHERE id = ANY (works) AND NOT EXISTS (SELECT FROM search_editions WHERE work_id = search_works.id) RETURNING words)
    INSERT INTO search_vocabulary_changes (word, change) SELECT word, -1 FROM gone, unnest(tsvector_to_array(gone.words)) AS word;

    WITH editions AS MATERIALIZED (
        SELECT work_id, search_books.* FROM search_editions JOIN search_books USING (book_id) WHERE work_id = ANY (works)),
    groups AS (
        SELECT work_id, search_lead_book(max(search_lead(popularity, book_id))) AS lead_book_id, least(sum(popularity), 100000000)::int AS popularity,
               count(*)::int AS editions, min(year) AS year_min, max(year) AS year_max,
               sum(review_count)::int AS review_count, sum(rating_sum)::int AS rating_sum
          FROM editions GROUP BY work_id),
    new AS MATERIALIZED (
        SELECT groups.*, search_tier(groups.popularity, groups.work_id, search_state) AS tier, title, title_key, author_key
          FROM groups JOIN editions ON book_id = lead_book_id CROSS JOIN search_state),
    kept AS (
        UPDATE search_works AS work
           SET lead_book_id = new.lead_book_id, popularity = new.popularity, tier = new.tier, editions = new.editions, year_min = new.year_min,
               year_max = new.year_max, review_count = new.review_count, rating_sum = new.rating_sum
          FROM new WHERE work.id = new.work_id),
    added AS (
        INSERT INTO search_works (id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum,
                                  main_length, title_key, author_key, words)
        SELECT work_id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum,
               search_main_length(title, title_key), title_key, author_key, search_words(title, title_key, author_key)
          FROM new ORDER BY work_id
        ON CONFLICT (id) DO NOTHING RETURNING words)
    INSERT INTO search_vocabulary_changes (word, change) SELECT word, 1 FROM added, unnest(tsvector_to_array(added.words)) AS word;
END $$;

CREATE FUNCTION search_fold_vocabulary() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(search_rebuild_lock() + 1) THEN
        RETURN;  -- another is at it; the next one folds what it could not see
    END IF;
    WITH taken AS (DELETE FROM search_vocabulary_changes RETURNING word, change),
    sums AS (SELECT word, sum(change)::int AS change FROM taken GROUP BY word HAVING sum(change) <> 0)
    INSERT INTO search_vocabulary AS vocabulary (word, works) SELECT word, change FROM sums ORDER BY word
    ON CONFLICT (word) DO UPDATE SET works = vocabulary.works + excluded.works;
    DELETE FROM search_vocabulary WHERE works <= 0;
END $$;

-- Settle ---------------------------------------------------------------------------------------------------------

-- The works of which books are editions now, and were before.
CREATE FUNCTION search_works_of(books bigint[]) RETURNS TABLE (book_id bigint, work_id bigint, is_now boolean) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH now AS MATERIALIZED (SELECT search_books.book_id, title_key, author_key FROM search_books WHERE search_books.book_id = ANY (books))
    SELECT now.book_id, search_work_id(title_key, author_key), true FROM now
     UNION ALL SELECT edition.book_id, edition.work_id, false FROM search_editions AS edition WHERE edition.book_id = ANY (books);
END $$;

-- Books of which another transaction holds the work, old or new: not waited for.
CREATE FUNCTION search_busy_books(books bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    works bigint[] := ARRAY(SELECT DISTINCT work_id FROM search_works_of(books));
    free  bigint[] := ARRAY(SELECT id FROM search_works WHERE id = ANY (works) ORDER BY id FOR UPDATE SKIP LOCKED);
    busy  bigint[] := ARRAY(SELECT id FROM search_works WHERE id = ANY (works) EXCEPT SELECT unnest(free));
BEGIN
    IF busy = '{}' THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(SELECT DISTINCT book_id FROM search_works_of(books) WHERE work_id = ANY (busy));
END $$;

CREATE FUNCTION search_settle_books(books bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    works bigint[] := ARRAY(SELECT DISTINCT work_id FROM search_works_of(books));
BEGIN
    DELETE FROM search_editions WHERE book_id = ANY (books) AND NOT EXISTS (SELECT FROM books AS book WHERE book.id = book_id);
    INSERT INTO search_editions AS edition (book_id, work_id) SELECT book_id, work_id FROM search_works_of(books) WHERE is_now ORDER BY book_id
    ON CONFLICT (book_id) DO UPDATE SET work_id = excluded.work_id WHERE edition.work_id <> excluded.work_id;
    PERFORM search_refresh_works(works);
    PERFORM search_fold_vocabulary();
END $$;

CREATE FUNCTION search_settle() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    taken  bigint[];
    books  bigint[];
    whole  boolean;
    busy   bigint[];
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(search_rebuild_lock()) THEN
        RETURN;  -- a rebuild is under way, in another transaction
    END IF;
    WITH rows AS MATERIALIZED (SELECT id, book_ids FROM search_changes ORDER BY id FOR UPDATE SKIP LOCKED)
    SELECT array_agg(id), bool_or(book_ids IS NULL), ARRAY(SELECT DISTINCT unnest(book_ids) FROM rows) INTO taken, whole, books FROM rows;
    IF taken IS NULL THEN
        RETURN;
    END IF;
    IF whole OR cardinality(books) > 5000 + (SELECT works / 20 FROM search_state) THEN
        PERFORM search_rebuild();
        RETURN;
    END IF;
    busy := search_busy_books(books);
    IF busy <> '{}' THEN  -- kept by an update: an insert would call this function again at the commit, and again
        UPDATE search_changes SET book_ids = busy WHERE id = taken[1];
        taken := taken[2:];
        books := ARRAY(SELECT unnest(books) EXCEPT SELECT unnest(busy));
    END IF;
    DELETE FROM search_changes WHERE id = ANY (taken);
    PERFORM search_settle_books(books);
END $$;

-- Triggers -------------------------------------------------------------------------------------------------------

CREATE FUNCTION search_note(books bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF books = '{}' THEN
        RETURN;
    END IF;
    INSERT INTO search_changes (book_ids) VALUES (CASE WHEN cardinality(books) <= 50000 THEN books END);
    IF cardinality(books) <= 1000 THEN
        PERFORM search_settle();
    END IF;
END $$;

CREATE FUNCTION search_books_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO search_changes (book_ids) VALUES (NULL);
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM search_note(ARRAY(SELECT id FROM after JOIN before USING (id)
             WHERE (after.title, after.author, after.year) IS DISTINCT FROM (before.title, before.author, before.year) LIMIT 50001));
    ELSE
        PERFORM search_note(ARRAY(SELECT id FROM after LIMIT 50001));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION search_ratings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_note(ARRAY(SELECT book_id FROM after LIMIT 50001));
    RETURN NULL;
END $$;

CREATE FUNCTION search_changes_committed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_settle();
    RETURN NULL;
END $$;

CREATE TRIGGER search_insert AFTER INSERT ON books REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_books_changed();
CREATE TRIGGER search_update AFTER UPDATE ON books REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_books_changed();
CREATE TRIGGER search_delete AFTER DELETE ON books REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_books_changed();
CREATE TRIGGER search_truncate AFTER TRUNCATE ON books FOR EACH STATEMENT EXECUTE FUNCTION search_books_changed();
CREATE TRIGGER search_insert AFTER INSERT ON rating_counts REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_ratings_changed();
CREATE TRIGGER search_update AFTER UPDATE ON rating_counts REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_ratings_changed();
CREATE TRIGGER search_delete AFTER DELETE ON rating_counts REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_ratings_changed();
CREATE TRIGGER search_insert AFTER INSERT ON external_ratings REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_ratings_changed();
CREATE TRIGGER search_update AFTER UPDATE ON external_ratings REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_ratings_changed();
CREATE TRIGGER search_delete AFTER DELETE ON external_ratings REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_ratings_changed();
CREATE CONSTRAINT TRIGGER search_settle AFTER INSERT ON search_changes DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION search_changes_committed();

-- A catalogue that was there before this migration.
INSERT INTO search_changes (book_ids) SELECT NULL WHERE EXISTS (SELECT FROM books);
