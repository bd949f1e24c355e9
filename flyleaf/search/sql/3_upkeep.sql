-- How the derived tables follow books, reviews and ratings.
--
-- A statement that changes books, reviews or ratings leaves one row in search_changes. Few books are settled at once,
-- many when the transaction commits; either way all or nothing. What can't be had without waiting (a work that an
-- import is changing, anything during a rebuild) stays in search_changes for the next who settles.

-- What the search needs of books: the rebuild and the refresh both read this. Another source would be joined as the one is.
CREATE VIEW search_books AS
SELECT books.id AS book_id, coalesce(isbn || ' ' || coalesce(isbn13, ''), '') AS isbns, title, author, series, other_titles, year,
       least(coalesce(review_count, 0)::bigint + coalesce(greatest(books.ratings_count, elsewhere.ratings_count), 0), 100000000)::int AS popularity
  FROM books
  LEFT JOIN rating_counts ON rating_counts.book_id = books.id
  LEFT JOIN external_ratings AS elsewhere ON elsewhere.book_id = books.id AND source = 'open_library';

CREATE FUNCTION search_main_length(title text, title_key text) RETURNS smallint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    main text := split_part(translate(title, '([;/', '::::'), ':', 1);
BEGIN
    RETURN coalesce(nullif(CASE WHEN main <> title THEN length(search_title_key(main)) END, 0), length(title_key));
END $$;

-- The titles and authors of a work's editions may differ. A form is "title_key/author_key/main_length"; keys have no signs.
CREATE FUNCTION search_form(title text, title_key text, author_key text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN title_key || '/' || author_key || '/' || search_main_length(title, title_key);

CREATE FUNCTION search_forms_of(title text, title_key text, author_key text, other_titles text) RETURNS SETOF text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN NEXT search_form(title, title_key, author_key);
    RETURN QUERY SELECT search_form(other, search_title_key(other), author_key) FROM (SELECT left(other, 1000) AS other FROM string_to_table(other_titles, '|') AS other LIMIT 10) AS others;
END $$;
COMMENT ON FUNCTION search_forms_of IS 'the forms of an edition: its title, and its other titles by the same author';

CREATE FUNCTION search_forms(title_key text, author_key text, editions text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    known text[] := string_to_array(title_key || ' ' || author_key, ' ');
    forms text[] := '{}';
    form  text;
BEGIN
    FOREACH form IN ARRAY editions LOOP
        EXIT WHEN cardinality(forms) = 10;
        IF NOT string_to_array(split_part(form, '/', 1) || ' ' || split_part(form, '/', 2), ' ') <@ known THEN
            forms := forms || form;
        END IF;
    END LOOP;
    RETURN array_to_string(forms, ';');
END $$;
COMMENT ON FUNCTION search_forms IS 'of the forms, at most 10 that have words which the lead''s have not, with ; between them';

CREATE FUNCTION search_work_words(title_key text, author_words text, forms text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF forms = '' THEN
        RETURN search_words(search_title_words(title_key), author_words);
    END IF;
    RETURN (SELECT search_words(search_title_words(title_key) || ' ' || string_agg(search_title_words(split_part(form, '/', 1)), ' '),
                                author_words || ' ' || string_agg(search_author_words(split_part(form, '/', 2)), ' '))
              FROM string_to_table(forms, ';') AS form);
END $$;

CREATE FUNCTION search_titles_of(title_key text, forms text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN forms = '' THEN title_key ELSE (SELECT title_key || ' ' || string_agg(split_part(form, '/', 1), ' ') FROM string_to_table(forms, ';') AS form) END;
CREATE FUNCTION search_authors_of(author_key text, forms text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN forms = '' THEN author_key ELSE (SELECT author_key || ' ' || string_agg(split_part(form, '/', 2), ' ') FROM string_to_table(forms, ';') AS form) END;

-- Rebuild --------------------------------------------------------------------------------------------------------

-- Who settles holds this lock shared, a rebuild alone. Its number is the digest in the schema's name, so that the rebuild of one version
-- is nothing to writers that settle for another; the number after it is the lock of search_fold_vocabulary().
CREATE FUNCTION search_rebuild_lock() RETURNS bigint LANGUAGE sql STABLE RETURN 2 * ('x' || right(current_schema(), 12))::bit(48)::bigint;

-- Where readers search meanwhile, it takes one processor and no more.
CREATE FUNCTION search_rebuild_begin() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(search_rebuild_lock());
    PERFORM set_config('work_mem', CAST(reset_val AS bigint) * 2 || 'kB', true),
            set_config('maintenance_work_mem', CAST(reset_val AS bigint) * 4 || 'kB', true)
       FROM pg_settings
      WHERE name = 'maintenance_work_mem';
    IF EXISTS (SELECT FROM search_works) THEN
        PERFORM set_config('max_parallel_workers_per_gather', '0', true), set_config('max_parallel_maintenance_workers', '0', true);
    END IF;
    ANALYZE books, reviews, rating_counts, external_ratings;
    -- What is left behind from now on may be missed, and stays for the next who settles.
    CREATE UNLOGGED TABLE search_changes_seen_new AS SELECT id FROM search_changes;
END $$;

-- OFFSET '0' keeps apart what is computed first from what is made of it. It is a text, because the planner takes OFFSET 0, a number that is
-- yet to be cast, for a real one, and would not share the work among processors.

-- Most authors have several books: their words are made once.
CREATE FUNCTION search_rebuild_authors() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE UNLOGGED TABLE search_names_new AS SELECT DISTINCT author FROM books;
    ANALYZE search_names_new;
    CREATE UNLOGGED TABLE search_authors_new AS
    SELECT author, author_key, search_author_words(author_key) AS author_words, search_work_author(author, author_key) AS work_author
      FROM (SELECT author, search_key(author) AS author_key FROM search_names_new OFFSET '0') AS names;
    ANALYZE search_authors_new;
    DROP TABLE search_names_new;
END $$;

CREATE FUNCTION search_rebuild_books() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE UNLOGGED TABLE search_books_new AS
    SELECT book_id, isbns, title, other_titles, year, popularity, title_key, author_key, author_words, hashtextextended(title_key || '/' || author_key, 0) AS both_keys,
           CASE WHEN series IS NOT NULL THEN split_part(work_author, '|', 1) END AS series_author, search_work_id(work_title, work_author) AS work_id
      FROM (SELECT *, main_title || coalesce(search_volume_of_series(main_title, series), '') AS work_title
              FROM (SELECT *, search_work_title(title, title_key) AS main_title
                      FROM (SELECT search_books.*, search_title_key(title) AS title_key, author_key, author_words, work_author
                              FROM search_books JOIN search_authors_new USING (author) OFFSET '0') AS keys OFFSET '0') AS titles OFFSET '0') AS books;
    DROP TABLE search_authors_new;
    PERFORM search_rebuild_corrections();
    IF EXISTS (SELECT FROM search_corrections) THEN
        UPDATE search_books_new AS book SET work_id = into_id
          FROM (SELECT DISTINCT ON (book_id) book_id, into_id FROM search_corrections WHERE book_id IS NOT NULL ORDER BY book_id, id DESC) AS moved
         WHERE book.book_id = moved.book_id;
        UPDATE search_books_new SET work_id = root
          FROM (SELECT DISTINCT from_id, search_root(from_id) AS root FROM search_corrections WHERE from_id IS NOT NULL) AS merged
         WHERE work_id = from_id;
    END IF;
    ANALYZE search_books_new;
END $$;

CREATE FUNCTION search_rebuild_editions() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE search_editions_new AS SELECT book_id, work_id, isbns COLLATE "C" AS isbns FROM search_books_new;
    ALTER TABLE search_editions_new ALTER work_id SET NOT NULL, ALTER isbns SET NOT NULL, ADD CONSTRAINT search_editions_new_pkey PRIMARY KEY (book_id);
    PERFORM search_index_editions('search_editions_new');
    ANALYZE search_editions_new;
END $$;

CREATE FUNCTION search_rebuild_reviews() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE search_reviews_new AS
    SELECT review.id AS review_id, work_id, reader_id, rating, created_at, search_is_visible(hidden_at, is_private, counts_from) AS is_visible,
           reader_id IS NOT NULL AND row_number() OVER (PARTITION BY work_id, reader_id ORDER BY search_precedence(withdrawn_at, hidden_reason) DESC, created_at DESC, review.id DESC) > 1
               AS is_superseded,
           search_is_held(hidden_at, is_private, counts_from) AS is_held, is_new, helpful_count,
           coalesce(language, '') COLLATE "C" AS language
      FROM reviews AS review JOIN search_editions_new USING (book_id);
    ALTER TABLE search_reviews_new ALTER work_id SET NOT NULL, ALTER rating SET NOT NULL, ALTER created_at SET NOT NULL, ALTER is_visible SET NOT NULL,
        ALTER is_superseded SET NOT NULL, ALTER is_held SET NOT NULL, ALTER is_new SET NOT NULL, ALTER helpful_count SET NOT NULL,
        ALTER language SET NOT NULL, ADD CONSTRAINT search_reviews_new_pkey PRIMARY KEY (review_id);
    PERFORM search_index_reviews('search_reviews_new');
    CREATE TABLE search_ratings_new (LIKE search_ratings INCLUDING ALL) WITH (fillfactor = 90);
    INSERT INTO search_ratings_new (work_id, one, two, three, four, five, held)
    SELECT work_id, count(*) FILTER (WHERE rating = 1 AND NOT is_held), count(*) FILTER (WHERE rating = 2 AND NOT is_held),
           count(*) FILTER (WHERE rating = 3 AND NOT is_held), count(*) FILTER (WHERE rating = 4 AND NOT is_held),
           count(*) FILTER (WHERE rating = 5 AND NOT is_held), count(*) FILTER (WHERE is_held)
      FROM search_reviews_new WHERE (is_visible OR is_held) AND NOT is_superseded GROUP BY work_id;
    ANALYZE search_reviews_new, search_ratings_new;
END $$;

-- The lead is the edition of the highest popularity, then the lowest ISBN (none at all is the highest), in whichever order the books came: all in one text, so that
-- one pass finds it as the smallest. The function is stable, as concat_ws() is: one that promised more would not be inlined, and take
-- three times as long.
CREATE FUNCTION search_lead(popularity integer, isbns text, book_id bigint) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN concat_ws(' ', 1000000000 + 100000000 - popularity, coalesce(nullif(isbns, ''), '~'), lpad(book_id::text, 19, '0'));
CREATE FUNCTION search_lead_book(lead text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN split_part(lead, ' ', -1)::bigint;

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

CREATE FUNCTION search_rebuild_works() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    top   record;
    head  record;
    state search_state;
BEGIN
    CREATE UNLOGGED TABLE search_groups_new AS
    SELECT work_id, search_lead_book(min(search_lead(popularity, isbns, book_id) COLLATE "C")) AS lead_book_id,
           least(sum(popularity), 100000000)::int AS popularity, count(*)::int AS editions, min(year) AS year_min, max(year) AS year_max,
           min(both_keys) <> max(both_keys) OR count(other_titles) > 0 AS is_varied
      FROM search_books_new GROUP BY 1;
    ANALYZE search_groups_new;
    -- Of the few works that have any, those of their editions, then those of their series.
    CREATE UNLOGGED TABLE search_forms_new AS
      WITH varied AS (
    SELECT varied.work_id, search_forms(title_key, author_key, forms) AS forms
      FROM (SELECT work_id, lead_book_id, array_agg(form ORDER BY popularity DESC, form COLLATE "C") AS forms
              FROM (SELECT work_id, lead_book_id, form, sum(book.popularity) AS popularity
                      FROM search_groups_new AS varied JOIN search_books_new AS book USING (work_id), search_forms_of(title, title_key, author_key, other_titles) AS form
                     WHERE is_varied GROUP BY 1, 2, 3) AS each
             GROUP BY 1, 2) AS varied
      JOIN search_books_new ON book_id = varied.lead_book_id),
           in_series AS (
    SELECT series.work_id, string_agg(search_series_forms(name, first_number, last_number, author_key), ';' ORDER BY series.place, series.key) AS forms
      FROM search_series_new AS series JOIN search_groups_new AS own ON own.work_id = series.work_id JOIN search_books_new ON book_id = lead_book_id
     GROUP BY 1)
    SELECT work_id, concat_ws(';', nullif(varied.forms, ''), in_series.forms) AS forms FROM varied FULL JOIN in_series USING (work_id);
    ANALYZE search_forms_new;
    SELECT * INTO top FROM search_cut(2000);
    SELECT * INTO head FROM search_cut(32000);
    UPDATE search_state SET top_cut = top.above, top_share = top.share, head_cut = head.above, head_share = head.share, built_at = now(), text_rules = search_text_rules(),
                            works = (SELECT count(*) FROM search_groups_new)
    RETURNING * INTO state;
    EXECUTE $sql$
    CREATE TABLE search_works_new WITH (fillfactor = 90) AS
    SELECT groups.work_id AS id, groups.lead_book_id, groups.popularity, search_tier(groups.popularity, groups.work_id, $sql$ || quote_literal(state) || $sql$::search_state) AS tier,
           groups.editions, groups.year_min, groups.year_max, coalesce(review_count, 0) AS review_count, coalesce(rating_sum, 0) AS rating_sum,
           search_main_length(title, title_key) AS main_length, title_key COLLATE "C" AS title_key, author_key COLLATE "C" AS author_key,
           coalesce(forms, '') COLLATE "C" AS forms, search_work_words(title_key, author_words, coalesce(forms, '')) AS words
      FROM search_groups_new AS groups JOIN search_books_new AS leads ON leads.book_id = groups.lead_book_id
      LEFT JOIN search_ratings_new AS ratings ON ratings.work_id = groups.work_id
      LEFT JOIN search_forms_new AS other ON other.work_id = groups.work_id
     ORDER BY groups.popularity DESC, groups.work_id$sql$;
    DROP TABLE search_groups_new, search_forms_new, search_books_new;
    ALTER TABLE search_works_new ADD CONSTRAINT search_works_new_pkey PRIMARY KEY (id),
        ALTER lead_book_id SET NOT NULL, ALTER popularity SET NOT NULL, ALTER tier SET NOT NULL, ALTER editions SET NOT NULL,
        ALTER review_count SET NOT NULL, ALTER rating_sum SET NOT NULL, ALTER main_length SET NOT NULL,
        ALTER title_key SET NOT NULL, ALTER author_key SET NOT NULL, ALTER forms SET NOT NULL, ALTER words SET NOT NULL;
END $$;

CREATE FUNCTION search_rebuild_works_indexes() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_index_works('search_works_new');
    ANALYZE search_works_new;
END $$;

CREATE FUNCTION search_rebuild_vocabulary() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE search_vocabulary_new WITH (fillfactor = 50) AS
    SELECT word COLLATE "C" AS word, ndoc AS works FROM ts_stat('SELECT words FROM search_works_new') ORDER BY word COLLATE "C";
    ALTER TABLE search_vocabulary_new ADD CONSTRAINT search_vocabulary_new_pkey PRIMARY KEY (word), ALTER works SET NOT NULL;
    PERFORM search_index_vocabulary('search_vocabulary_new');
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

-- Readers hold these tables for milliseconds, a backup for minutes: who comes while the swap waits for one would wait, too.
-- So it does not stay in the queue, but tries again.
CREATE FUNCTION search_lock_for_swap() RETURNS void LANGUAGE plpgsql SET lock_timeout = '100ms' AS $$
BEGIN
    LOOP
        BEGIN
            LOCK TABLE search_works, search_editions, search_reviews, search_ratings, search_vocabulary IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE search_subjects, search_subject_sizes, search_series IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.2);
        END;
    END LOOP;
END $$;

CREATE FUNCTION search_rebuild_end() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_changes WHERE id IN (SELECT id FROM search_changes_seen_new);
    DELETE FROM search_vocabulary_changes;
    DELETE FROM search_subject_changes;
    DROP TABLE search_changes_seen_new;
    PERFORM search_lock_for_swap();
    PERFORM search_swap('search_works'), search_swap('search_editions'), search_swap('search_reviews'), search_swap('search_ratings'), search_swap('search_vocabulary');
    PERFORM search_swap('search_subjects'), search_swap('search_subject_sizes'), search_swap('search_series');
    PERFORM search_follow_reviews();
END $$;

-- `share` is of the time, for a progress bar.
CREATE FUNCTION search_rebuild_steps() RETURNS TABLE (step text, share float8) LANGUAGE sql IMMUTABLE AS $$
    VALUES ('search_rebuild_begin', 0.01::float8), ('search_rebuild_authors', 0.06), ('search_rebuild_books', 0.19), ('search_rebuild_editions', 0.12), ('search_rebuild_series', 0.01),
           ('search_rebuild_reviews', 0.01), ('search_rebuild_works', 0.23), ('search_rebuild_works_indexes', 0.18), ('search_rebuild_vocabulary', 0.16),
           ('search_rebuild_subjects', 0.02), ('search_rebuild_end', 0.01)
$$;

CREATE FUNCTION search_rebuild() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    step text;
BEGIN
    FOR step IN SELECT steps.step FROM search_rebuild_steps() AS steps LOOP
        EXECUTE format('SELECT %I()', step);
    END LOOP;
END $$;
COMMENT ON FUNCTION search_rebuild IS 'makes everything anew beside the live tables, then swaps names: readers wait for the swap only';

-- Refresh --------------------------------------------------------------------------------------------------------

CREATE FUNCTION search_busy_works(works bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY(SELECT id FROM search_works WHERE id = ANY (works)
                 EXCEPT (SELECT id FROM (SELECT id FROM search_works WHERE id = ANY (works) ORDER BY id FOR UPDATE SKIP LOCKED) AS free));
END $$;
COMMENT ON FUNCTION search_busy_works IS 'those that another transaction holds; the others are held until this one ends';

-- A work's words change with its editions' titles and authors. Most that is refreshed is a review, for which they are not made anew.
CREATE FUNCTION search_refresh_works(works bigint[]) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = auto AS $$
BEGIN
    PERFORM search_plan_for(cardinality(works));
    PERFORM search_refresh_series(works);
    WITH gone AS (
        DELETE FROM search_works WHERE id = ANY (works) AND NOT EXISTS (SELECT FROM search_editions WHERE work_id = search_works.id) RETURNING words)
    INSERT INTO search_vocabulary_changes (word, change) SELECT word, -1 FROM gone, unnest(tsvector_to_array(gone.words)) AS word;

    WITH editions AS MATERIALIZED (
        SELECT edition.work_id, search_books.*, search_title_key(title) AS title_key, search_key(author) AS author_key
          FROM search_editions AS edition JOIN search_books USING (book_id) WHERE edition.work_id = ANY (works)),
    groups AS MATERIALIZED (
        SELECT editions.work_id, search_lead_book(min(search_lead(editions.popularity, isbns, book_id) COLLATE "C")) AS lead_book_id, least(sum(editions.popularity), 100000000)::int AS popularity,
               search_tier(least(sum(editions.popularity), 100000000)::int, editions.work_id, any_state.state) AS tier,
               count(*)::int AS editions, min(year) AS year_min, max(year) AS year_max,
               coalesce(min(ratings.review_count), 0) AS review_count, coalesce(min(ratings.rating_sum), 0) AS rating_sum,
               count(DISTINCT title_key) > 1 OR count(DISTINCT author_key) > 1 OR count(other_titles) > 0 AS is_varied
          FROM editions CROSS JOIN (SELECT search_state AS state FROM search_state) AS any_state
          LEFT JOIN search_ratings AS ratings ON ratings.work_id = editions.work_id GROUP BY editions.work_id, any_state.state),
    varied AS MATERIALIZED (
        SELECT work_id, array_agg(form ORDER BY popularity DESC, form COLLATE "C") AS forms
          FROM (SELECT work_id, form, sum(editions.popularity) AS popularity
                  FROM groups JOIN editions USING (work_id), search_forms_of(title, title_key, author_key, other_titles) AS form
                 WHERE is_varied GROUP BY 1, 2) AS each
         GROUP BY work_id),
    leads AS MATERIALIZED (
        SELECT groups.*, search_main_length(title, title_key) AS main_length, title_key, author_key,
               concat_ws(';', nullif(search_forms(title_key, author_key, forms), ''),
                         (SELECT string_agg(search_series_forms(name, first_number, last_number, author_key), ';' ORDER BY in_series.place, in_series.key)
                            FROM search_series AS in_series WHERE in_series.work_id = groups.work_id)) AS forms
          FROM groups JOIN editions ON book_id = lead_book_id
          LEFT JOIN varied ON varied.work_id = groups.work_id),
    made AS MATERIALIZED (
        SELECT new.*, work.words AS old_words,
               CASE WHEN (work.title_key, work.author_key, work.forms) = (new.title_key, new.author_key, new.forms) THEN work.words
                    ELSE search_work_words(new.title_key, search_author_words(new.author_key), new.forms) END AS words
          FROM leads AS new LEFT JOIN search_works AS work ON work.id = new.work_id),
    kept AS (
        UPDATE search_works AS work
           SET lead_book_id = new.lead_book_id, popularity = new.popularity, tier = new.tier, editions = new.editions, year_min = new.year_min,
               year_max = new.year_max, review_count = new.review_count, rating_sum = new.rating_sum, main_length = new.main_length,
               title_key = new.title_key, author_key = new.author_key, forms = new.forms, words = new.words
          FROM made AS new WHERE work.id = new.work_id
           AND (work.lead_book_id, work.popularity, work.tier, work.editions, work.year_min, work.year_max, work.review_count, work.rating_sum, work.main_length, work.title_key, work.author_key, work.forms)
               IS DISTINCT FROM (new.lead_book_id, new.popularity, new.tier, new.editions, new.year_min, new.year_max, new.review_count, new.rating_sum, new.main_length, new.title_key, new.author_key, new.forms)),
    added AS (
        INSERT INTO search_works (id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum,
                                  main_length, title_key, author_key, forms, words)
        SELECT work_id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum, main_length, title_key, author_key, forms, words
          FROM made WHERE old_words IS NULL ORDER BY work_id
        ON CONFLICT (id) DO NOTHING RETURNING words),
    changed AS MATERIALIZED (SELECT tsvector_to_array(old_words) AS before, tsvector_to_array(words) AS after FROM made WHERE words <> old_words)
    INSERT INTO search_vocabulary_changes (word, change)
    SELECT word, 1 FROM added, unnest(tsvector_to_array(added.words)) AS word
     UNION ALL
    SELECT word, 1 FROM changed, unnest(after) AS word WHERE word <> ALL (before)
     UNION ALL
    SELECT word, -1 FROM changed, unnest(before) AS word WHERE word <> ALL (after);
    PERFORM search_refresh_subjects(works);
END $$;

-- The works that another transaction holds are not waited for, but returned.
CREATE FUNCTION search_refresh_free_works(works bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    busy bigint[] := search_busy_works(works);
BEGIN
    PERFORM search_refresh_works(ARRAY(SELECT unnest(works) EXCEPT SELECT unnest(busy)));
    RETURN busy;
END $$;

CREATE FUNCTION search_fold_vocabulary() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone text[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(search_rebuild_lock() + 1) THEN
        RETURN;  -- another is at it; the next one folds what it could not see
    END IF;
    WITH taken AS (DELETE FROM search_vocabulary_changes RETURNING word, change),
    sums AS (SELECT word, sum(change)::int AS change FROM taken GROUP BY word HAVING sum(change) <> 0),
    folded AS (INSERT INTO search_vocabulary AS vocabulary (word, works) SELECT word, change FROM sums ORDER BY word
        ON CONFLICT (word) DO UPDATE SET works = vocabulary.works + excluded.works RETURNING word, works)
    SELECT array_agg(word) INTO gone FROM folded WHERE works <= 0;
    DELETE FROM search_vocabulary WHERE word = ANY (gone);
END $$;

-- Settle ---------------------------------------------------------------------------------------------------------

-- More than this is quicker to make anew than to settle. A book that many statements have changed counts once.
CREATE FUNCTION search_needs_rebuild() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    most bigint := (SELECT CASE WHEN built_at IS NOT NULL THEN 5000 + works / 20 END FROM search_state);
BEGIN
    RETURN most IS NULL
        OR (SELECT coalesce(bool_or(book_ids IS NULL) OR max(cardinality(book_ids)) > most, false) FROM search_changes)
        OR (SELECT coalesce(sum(cardinality(book_ids)), 0) FROM search_changes) > most
           AND (SELECT count(DISTINCT book_id) FROM search_changes, unnest(book_ids) AS book_id) > most;
END $$;

-- What some books are editions of is compared with search_editions; works that another transaction holds are not waited
-- for: the books of those, old or new, are returned, and all else of them stays as it was.
CREATE FUNCTION search_settle_books(books bigint[]) RETURNS bigint[] LANGUAGE plpgsql SET plan_cache_mode = auto AS $$
DECLARE
    ids   bigint[];  -- of the books that are still there, with the works that they are editions of now
    works bigint[];
    every bigint[];  -- works, those that they were editions of, too
    busy  bigint[];
    left_behind bigint[] := '{}';
BEGIN
    PERFORM search_plan_for(cardinality(books));
    SELECT array_agg(id), array_agg(search_corrected(id, search_work_of(title, author, series))) INTO ids, works FROM books AS book WHERE id = ANY (books);
    every := ARRAY(SELECT unnest(works) UNION SELECT work_id FROM search_editions WHERE book_id = ANY (books));
    busy := search_busy_works(every);
    IF busy <> '{}' THEN
        left_behind := ARRAY(SELECT id FROM unnest(ids, works) AS now (id, work_id) WHERE work_id = ANY (busy)
                             UNION SELECT book_id FROM search_editions WHERE book_id = ANY (books) AND work_id = ANY (busy));
        books := ARRAY(SELECT unnest(books) EXCEPT SELECT unnest(left_behind));
        every := ARRAY(SELECT unnest(every) EXCEPT SELECT unnest(busy));
    END IF;
    DELETE FROM search_editions WHERE book_id = ANY (books) AND NOT EXISTS (SELECT FROM books AS book WHERE book.id = book_id);
    -- Of editions that stay as they are none is locked: who reviews one takes that to mean that it moves to another work.
    WITH moved AS (
        INSERT INTO search_editions AS edition (book_id, work_id, isbns)
        SELECT now.id, now.work_id, search_books.isbns FROM unnest(ids, works) AS now (id, work_id) JOIN search_books ON book_id = now.id
         WHERE now.id = ANY (books)
           -- With `=` the index of parts of ISBNs would be taken, of which a common part has a thousand pages.
           AND NOT EXISTS (SELECT FROM search_editions AS old WHERE old.book_id = now.id AND old.work_id = now.work_id AND old.isbns IS NOT DISTINCT FROM search_books.isbns)
         ORDER BY now.id
        ON CONFLICT (book_id) DO UPDATE SET work_id = excluded.work_id, isbns = excluded.isbns
        RETURNING book_id),
    reviewed AS (SELECT book_id FROM moved WHERE EXISTS (SELECT FROM reviews WHERE reviews.book_id = moved.book_id))
    INSERT INTO search_reviews_behind (book_ids) SELECT array_agg(book_id) FROM reviewed HAVING count(*) > 0;
    PERFORM search_refresh_works(every);
    PERFORM search_fold_vocabulary();
    RETURN left_behind;
END $$;

-- `entirely` is false in the middle of a transaction: the reviews of editions that have moved to another work follow at its end.
CREATE FUNCTION search_settle(entirely boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    taken bigint[];
    books bigint[];
    busy  bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM search_state WHERE built_at IS NOT NULL) THEN
        RETURN;  -- the first rebuild is yet to come
    END IF;
    IF NOT pg_try_advisory_xact_lock_shared(search_rebuild_lock()) THEN
        RETURN;  -- a rebuild is under way, in another transaction
    END IF;
    IF search_needs_rebuild() THEN
        PERFORM search_rebuild();
        RETURN;
    END IF;
    WITH rows AS MATERIALIZED (SELECT id, book_ids FROM search_changes ORDER BY id FOR UPDATE SKIP LOCKED)
    SELECT array_agg(id), ARRAY(SELECT DISTINCT unnest(book_ids) FROM rows) INTO taken, books FROM rows;
    IF taken IS NOT NULL THEN
        busy := search_settle_books(books);
        IF busy <> '{}' THEN  -- kept by an update: an insert would call this function again at the commit, and again
            UPDATE search_changes SET book_ids = busy WHERE id = taken[1];
            taken := taken[2:];
        END IF;
        DELETE FROM search_changes WHERE id = ANY (taken);
    END IF;
    IF entirely THEN
        PERFORM search_follow_reviews();
    END IF;
END $$;

-- Triggers -------------------------------------------------------------------------------------------------------

-- They run as the owner, because pages run as a role that can't write the search's tables.

CREATE FUNCTION search_note(books bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF books = '{}' THEN
        RETURN;
    END IF;
    INSERT INTO search_changes (book_ids) VALUES (CASE WHEN cardinality(books) <= 50000 THEN books END);
    -- The few that come behind many wait with them.
    IF (SELECT sum(coalesce(cardinality(book_ids), 1000000)) FROM search_changes) <= 1000 THEN
        PERFORM search_settle(entirely => false);
    END IF;
END $$;

CREATE FUNCTION search_books_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO search_changes (book_ids) VALUES (NULL);
    ELSIF TG_OP = 'UPDATE' THEN
        -- A set operation costs the same per book in every plan. A join kept the plan for one book, and cost their square.
        PERFORM search_note(ARRAY(SELECT id FROM (SELECT id, isbn, isbn13, title, author, series, other_titles, year, ratings_count, subjects FROM after
                                                  EXCEPT
                                                  SELECT id, isbn, isbn13, title, author, series, other_titles, year, ratings_count, subjects FROM before) AS changed LIMIT 50001));
    ELSE
        PERFORM search_note(ARRAY(SELECT id FROM after LIMIT 50001));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION search_ratings_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM search_note(ARRAY(SELECT book_id FROM after LIMIT 50001));
    RETURN NULL;
END $$;

CREATE FUNCTION search_changes_committed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM search_settle();
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER search_settle AFTER INSERT ON search_changes DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION search_changes_committed();
