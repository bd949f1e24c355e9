-- The database of commit 05e95ee, made by scripts/old_databases.py.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA search_000000000000;

CREATE EXTENSION IF NOT EXISTS fuzzystrmatch WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

CREATE TYPE search_000000000000.search_candidate AS (
	id bigint,
	tier smallint,
	line text
);

CREATE FUNCTION public.count_ratings() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
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
END $_$;

CREATE FUNCTION public.queue_reported_reviews() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
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
END $_$;

CREATE FUNCTION public.refuse_to_delete_events_early() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM gone
                 LEFT JOIN event_ages USING (kind)
                WHERE days IS NULL OR at >= now() - make_interval(days => days)) THEN
        RAISE EXCEPTION 'events are never changed, nor deleted before their time'
              USING ERRCODE = 'restrict_violation', HINT = 'event_ages has the days that each kind is kept.';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.refuse_to_rewrite_events() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed, nor deleted before their time' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION search_000000000000.search_all(driver tsquery, others tsquery, above smallint, look integer, keep integer, from_year integer, to_year integer, reviewed boolean, in_title tsquery, in_author tsquery) RETURNS SETOF search_000000000000.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
      WITH found AS MATERIALIZED (
        SELECT id, title_key, author_key, main_length, popularity, year_min, year_max, review_count, rating_sum, tier,
               others IS NULL OR ts_match_vq(words, others) AS has_others
          FROM search_works WHERE words @@ driver LIMIT look + 1),
           counted AS MATERIALIZED (SELECT count(*) > look AS are_too_many FROM found)
    (SELECT NULL::bigint, NULL::smallint, NULL::text FROM counted WHERE are_too_many)
     UNION ALL
    (SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
       FROM (SELECT found.*
               FROM counted, found
              WHERE NOT are_too_many AND has_others AND tier > above
                AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
                AND (in_title IS NULL OR search_is_in(in_title, search_title_words(title_key)))
                AND (in_author IS NULL OR search_is_in(in_author, search_author_words(author_key)))
              ORDER BY popularity DESC, id LIMIT keep) AS ranked);
END $$;

CREATE FUNCTION search_000000000000.search_as_typed(pieces text[], fields text[], most integer, from_year integer, to_year integer, reviewed boolean, keep integer, keep_others integer, enough integer, common integer, look integer, show integer, editions integer, few integer, spellings integer, OUT words text[], OUT places integer[], OUT works integer[], OUT starting integer, OUT romanised text[], OUT all_are_popular boolean, OUT catalogue bigint, OUT start text, OUT author text, OUT popular text, OUT others text, OUT cut_short boolean, OUT shown json, OUT near json) RETURNS record
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    typed     text;
    terms     text[];
    counts    integer[];
    in_title  tsquery;
    in_author tsquery;
    ids       bigint[];
    starting_ids bigint[];
    author_ids   bigint[];
BEGIN
    PERFORM search_require();
    SELECT * INTO words, places, works, starting, romanised, all_are_popular, catalogue FROM search_read(pieces, most);
    IF words = '{}' THEN
        RETURN;
    END IF;
    typed := array_to_string(words, ' ');
    SELECT array_agg(asked), string_agg(asked, '&') FILTER (WHERE fields[place] = 'title'), string_agg(asked, '&') FILTER (WHERE fields[place] = 'author')
      INTO terms, in_title, in_author
      FROM (SELECT place, '(' || word || CASE WHEN at = cardinality(words) THEN '|' || word || ':*' ELSE '' END
                              || CASE WHEN roman <> word THEN '|' || roman ELSE '' END || ')' AS asked
              FROM unnest(words, romanised, places) WITH ORDINALITY AS read (word, roman, place, at) ORDER BY at) AS read;
    counts := works;
    counts[cardinality(words)] := greatest(works[cardinality(words)], starting);
    SELECT found.popular, found.others, found.cut_short, found.ids INTO popular, others, cut_short, ids
      FROM search_having(terms, counts, catalogue, look, CASE WHEN all_are_popular THEN keep_others + 1 ELSE keep END, keep_others,
                         CASE WHEN all_are_popular THEN 0 ELSE enough END, common, from_year, to_year, reviewed, in_title, in_author) AS found;
    SELECT string_agg(line, chr(10)), array_agg(id) INTO start, starting_ids
      FROM (SELECT line, id FROM search_by_start(search_start(typed), 200, 50)
             UNION ALL  -- "letranger": the article is left out of where L'Étranger stands
            SELECT line, id FROM search_by_start(substr(search_start(typed), 2), 200, 50) WHERE typed LIKE 'l___%' AND line ~ '^[^|]*[|]l ') AS work;
    SELECT string_agg(line, chr(10)), array_agg(id) INTO author, author_ids FROM search_by_author(typed, 400, 60);
    ids := ARRAY(SELECT DISTINCT id FROM unnest(ids || starting_ids || author_ids) AS id WHERE id IS NOT NULL);
    IF cardinality(ids) BETWEEN 1 AND show THEN
        shown := search_shown(ids, NULL, editions);
    END IF;
    IF cardinality(words) = 1 AND counts[1] > 0 AND cardinality(ids) < few AND typed ~ '[a-z]' COLLATE "C" AND length(typed) > 2 THEN
        near := (SELECT json_agg(json_build_array(found.typed, is_part, word, found.works)) FROM search_look_up(words, '{}', '{}', spellings) AS found);
    END IF;
END $$;

CREATE FUNCTION search_000000000000.search_author_words(author_key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    names text[] := string_to_array(author_key, ' ');
    words text   := author_key;
    given text   := '';
BEGIN
    FOR n IN 1 .. least(cardinality(names) - 1, 4) LOOP
        given := given || left(names[n], 1);
        words := words || ' ' || left(names[n], 1);
    END LOOP;
    words := words || ' ' || given;
    IF author_key ~ '(o[ij]|[iy][ijy]|ski|off|eff|[aeo][yj]e|tch|tsch|[aou]e|( |^)ye)' COLLATE "C" THEN
        words := words || ' ' || search_romanised(author_key);
    END IF;
    RETURN words;
END $$;

CREATE FUNCTION search_000000000000.search_books_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'search_000000000000', '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO search_changes (book_ids) VALUES (NULL);
    ELSIF TG_OP = 'UPDATE' THEN
        -- A set operation costs the same per book in every plan. A join kept the plan for one book, and cost their square.
        PERFORM search_note(ARRAY(SELECT id FROM (SELECT id, isbn, isbn13, title, author, year, ratings_count FROM after
                                                  EXCEPT
                                                  SELECT id, isbn, isbn13, title, author, year, ratings_count FROM before) AS changed LIMIT 50001));
    ELSE
        PERFORM search_note(ARRAY(SELECT id FROM after LIMIT 50001));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION search_000000000000.search_by_author(key text, look integer, keep integer) RETURNS SETOF search_000000000000.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
      FROM (SELECT *
              FROM (SELECT id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max
                      FROM search_works WHERE left(author_key, 60) = left(key, 60) COLLATE "C" AND author_key = key ORDER BY id LIMIT look) AS looked
             ORDER BY popularity DESC, id LIMIT keep) AS found;
END $$;

CREATE FUNCTION search_000000000000.search_by_isbn(identities text[], low text, high text, low10 text, high10 text, part text, look integer, skipped integer, size integer, editions integer, OUT stage text, OUT ids bigint[], OUT shown json) RETURNS record
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    wanted bigint[];
BEGIN
    PERFORM search_require();
    stage := 'isbn';
    ids := ARRAY(SELECT id FROM books WHERE identity = ANY (identities) ORDER BY identity LIMIT 10);
    IF ids = '{}' AND low IS NOT NULL THEN
        stage := 'isbn_prefix';
        ids := ARRAY(SELECT near.id
                         FROM ((SELECT id, identity FROM books WHERE identity >= low AND identity < high ORDER BY identity LIMIT look)
                                UNION
                               (SELECT id, identity FROM books WHERE identity >= low10 AND identity < high10 ORDER BY identity LIMIT look)) AS near
                         LEFT JOIN search_editions ON book_id = near.id
                         LEFT JOIN search_works AS work ON work.id = work_id
                        ORDER BY popularity DESC NULLS LAST, identity LIMIT look);
    END IF;
    IF ids = '{}' AND part IS NOT NULL THEN
        stage := 'isbn_part';
        ids := ARRAY(SELECT book_id FROM search_editions WHERE isbns LIKE '%' || part || '%' ORDER BY isbns LIMIT look);
    END IF;
    IF ids <> '{}' THEN
        wanted := ids[skipped + 1 : skipped + size];
        shown := search_shown(ARRAY(SELECT (SELECT work_id FROM search_editions WHERE book_id = id) FROM unnest(wanted) WITH ORDINALITY AS book (id, place) ORDER BY place),
                              wanted, editions);
    END IF;
END $$;

CREATE FUNCTION search_000000000000.search_by_start(start text, look integer, keep integer) RETURNS SETOF search_000000000000.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
      FROM (SELECT * FROM ((SELECT true AS whole, id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max
                              FROM search_works WHERE search_start(title_key) = start COLLATE "C" ORDER BY id LIMIT look)
                            UNION ALL
                           (SELECT false, id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max
                              FROM search_works WHERE search_start(title_key) > start COLLATE "C" AND search_start(title_key) < start || '~' COLLATE "C"
                             ORDER BY search_start(title_key) COLLATE "C", id LIMIT look)) AS either
             ORDER BY whole DESC, popularity DESC, id LIMIT keep) AS found;
END $$;

CREATE FUNCTION search_000000000000.search_by_titles(starts text[], look integer, keep integer) RETURNS SETOF search_000000000000.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (id) id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
      FROM unnest(starts) AS asked (start)
     CROSS JOIN LATERAL (
    SELECT *
      FROM ((SELECT id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max
               FROM search_works WHERE search_start(title_key) = start COLLATE "C" ORDER BY id LIMIT look)
             UNION ALL
            (SELECT id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max
               FROM search_works WHERE search_start(left(title_key, main_length)) = start COLLATE "C" AND main_length < length(title_key)
              ORDER BY id LIMIT look)) AS works
     ORDER BY popularity DESC, id LIMIT keep) AS found
     ORDER BY id;
END $$;

CREATE FUNCTION search_000000000000.search_changes_committed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'search_000000000000', '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM search_settle();
    RETURN NULL;
END $$;

CREATE FUNCTION search_000000000000.search_covering(driver tsquery, asked text[], weights real[], look integer, keep integer) RETURNS SETOF search_000000000000.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    queries tsquery[] := asked::tsquery[];
BEGIN
    RETURN QUERY
      WITH found AS MATERIALIZED (
        SELECT id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max, words
          FROM search_works WHERE words @@ driver LIMIT look + 1),
           counted AS MATERIALIZED (SELECT count(*) > look AS are_too_many FROM found),
           compared AS (
        SELECT found.* FROM counted, found WHERE NOT are_too_many
         UNION ALL
        (SELECT id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max, words
           FROM search_works WHERE tier <= 1 AND words @@ driver AND (SELECT are_too_many FROM counted)
          ORDER BY popularity DESC, id LIMIT look))
    SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
      FROM (SELECT *
              FROM (SELECT *, (SELECT sum(weight) FROM unnest(queries, weights) AS terms (term, weight) WHERE ts_match_vq(words, term)) AS covered
                      FROM compared OFFSET 0) AS compared
             ORDER BY covered DESC, popularity DESC, id LIMIT keep) AS ranked;
END $$;

CREATE FUNCTION search_000000000000.search_cut(size integer, OUT above integer, OUT share integer) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    over bigint;
    ties bigint;
BEGIN
    SELECT popularity INTO above FROM search_groups_new ORDER BY popularity DESC OFFSET size LIMIT 1;
    SELECT count(*) FILTER (WHERE popularity > above), count(*) FILTER (WHERE popularity = above) INTO over, ties FROM search_groups_new;
    above := coalesce(above, -1);
    share := CASE WHEN above >= 0 THEN (1000 * (size - over)) / greatest(ties, 1) ELSE 0 END;
END $$;

CREATE FUNCTION search_000000000000.search_deletes(word text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    head    text := left(word, 7);
    size    int  := length(head);
    deletes text := head;
    shorter text;
BEGIN
    IF size < 3 THEN
        RETURN ARRAY[head];
    END IF;
    FOR i IN 1 .. size LOOP
        shorter := left(head, i - 1) || substr(head, i + 1);
        deletes := deletes || ' ' || shorter;
        IF size >= 5 THEN
            FOR j IN i .. size - 1 LOOP
                deletes := deletes || ' ' || left(shorter, j - 1) || substr(shorter, j + 1);
            END LOOP;
        END IF;
    END LOOP;
    RETURN string_to_array(deletes, ' ');
END $$;

COMMENT ON FUNCTION search_000000000000.search_deletes(word text) IS 'the first seven letters of a word with up to two left out: words within two edits share one of these (SymSpell)';

CREATE FUNCTION search_000000000000.search_editions_of(work bigint, most integer) RETURNS json
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN (SELECT json_agg(json_build_array(isbn, title, author, year, publisher, language))
              FROM (SELECT books.isbn, books.title, books.author, books.year, books.publisher, books.language
                      FROM search_editions AS edition JOIN books ON books.id = edition.book_id
                     WHERE edition.work_id = work
                     ORDER BY year DESC NULLS LAST, isbn LIMIT most) AS newest);
END $$;

CREATE FUNCTION search_000000000000.search_fold_vocabulary() RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION search_000000000000.search_having(terms text[], works integer[], catalogue bigint, look integer, keep_popular integer, keep integer, enough integer, most integer, from_year integer, to_year integer, reviewed boolean, in_title tsquery, in_author tsquery, OUT popular text, OUT others text, OUT cut_short boolean, OUT ids bigint[]) RETURNS record
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    plan record;
    more bigint[];
BEGIN
    SELECT * INTO plan FROM search_plan(terms, works, catalogue, look);
    IF enough > 0 AND plan.rarest <= least(look, 1000) THEN  -- one look at so few is quicker than two
        SELECT string_agg(line, chr(10)) FILTER (WHERE tier <= 1), coalesce(string_agg(line, chr(10)) FILTER (WHERE tier > 1), ''),
               coalesce(bool_or(id IS NULL), false), array_agg(id)
          INTO popular, others, cut_short, ids
          FROM search_all(plan.driver, plan.others, -1::smallint, look, keep_popular + keep, from_year, to_year, reviewed, in_title, in_author);
        RETURN;
    END IF;
    SELECT string_agg(line, chr(10)), array_agg(id) INTO popular, ids
      FROM search_popular(plan.driver, plan.others, keep_popular, greatest(keep_popular, 100), from_year, to_year, reviewed, in_title, in_author);
    IF enough > 0 AND plan.rarest < most AND (ids IS NULL OR cardinality(ids) < enough OR plan.rarest <= keep) THEN
        SELECT coalesce(string_agg(line, chr(10)), ''), coalesce(bool_or(id IS NULL), false), array_agg(id) INTO others, cut_short, more
          FROM search_all(plan.driver, plan.others, 1::smallint, CASE WHEN in_title IS NULL AND in_author IS NULL THEN look ELSE least(look, 1500) END,
                          keep, from_year, to_year, reviewed, in_title, in_author);
        ids := ids || more;
    END IF;
END $$;

CREATE FUNCTION search_000000000000.search_index_editions(editions text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %3$I (work_id);
        CREATE INDEX %2$I ON %3$I USING gin (isbns gin_trgm_ops);
    $sql$, editions || '_of_work', editions || '_isbns', editions);
END $_$;

CREATE FUNCTION search_000000000000.search_index_vocabulary(vocabulary text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %3$I USING gin (search_deletes(word)) WITH (fastupdate = off);
        CREATE INDEX %2$I ON %3$I USING gin (word gin_trgm_ops) WITH (fastupdate = off);
    $sql$, vocabulary || '_deletes', vocabulary || '_trigrams', vocabulary);
END $_$;

CREATE FUNCTION search_000000000000.search_index_works(works text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format('CREATE INDEX %1$I ON %2$I (popularity DESC, id) WHERE tier = 0', works || '_popular', works);
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %5$I USING gin (words) WITH (fastupdate = off);
        CREATE INDEX %2$I ON %5$I USING gin (words) WITH (fastupdate = off) WHERE tier <= 1;
        CREATE INDEX %3$I ON %5$I USING gin (words) WITH (fastupdate = off) WHERE tier = 0;
        CREATE INDEX %4$I ON %5$I (search_start(title_key) COLLATE "C", id);
        CREATE INDEX %6$I ON %5$I (left(author_key, 60) COLLATE "C", id);
        CREATE INDEX %7$I ON %5$I (search_start(left(title_key, main_length)) COLLATE "C", id) WHERE main_length < length(title_key);
    $sql$, works || '_words', works || '_head_words', works || '_top_words', works || '_start', works, works || '_author', works || '_main_start');
END $_$;

CREATE FUNCTION search_000000000000.search_initials(key text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT coalesce(string_agg(replace(run[1], ' ', ''), ' '), '') FROM regexp_matches(key, '\m[a-z0-9](?: [a-z0-9])+\M', 'g') AS runs (run)
$$;

COMMENT ON FUNCTION search_000000000000.search_initials(key text) IS 'single letters in a row as one word: ''j r r tolkien'' gives jrr, ''u s a'' usa';

CREATE FUNCTION search_000000000000.search_is_in(asked tsquery, words text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(words, ' '), '')) @@ asked;
END $$;

CREATE FUNCTION search_000000000000.search_key(string text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    plain text := lower(CASE WHEN octet_length(string) = length(string) THEN string ELSE search_latin(string) END COLLATE "C");
BEGIN
    IF plain ~ '[^a-z0-9 ]' COLLATE "C" THEN
        IF plain ~ '[a-z0-9][+#]' COLLATE "C" THEN  -- C++ and A+, but not 1+1; C#, but not (Dune#1)
            plain := regexp_replace(plain, '([a-z0-9])\+\+(?![a-z0-9+])' COLLATE "C", '\1 plus plus ', 'g');
            plain := regexp_replace(plain, '([a-z0-9])\+(?![a-z0-9+])' COLLATE "C", '\1 plus ', 'g');
            plain := regexp_replace(plain, '\m([a-z])#' COLLATE "C", '\1 sharp ', 'g');
        END IF;
        plain := replace(replace(replace(replace(replace(replace(plain, '''', ''), '.', ' '), ',', ' '), ':', ' '), '-', ' '), '&', ' and ');
        IF plain ~ '[^a-z0-9 ]' COLLATE "C" THEN
            plain := regexp_replace(replace(plain, '`', ''), '[^a-z0-9]+' COLLATE "C", ' ', 'g');
        END IF;
    END IF;
    WHILE strpos(plain, '  ') > 0 LOOP
        plain := replace(plain, '  ', ' ');
    END LOOP;
    RETURN btrim(plain);
END $$;

COMMENT ON FUNCTION search_000000000000.search_key(string text) IS 'words of a to z and 0 to 9 with single spaces; & is and; C++ c plus plus; C# c sharp; apostrophes are dropped';

CREATE FUNCTION search_000000000000.search_latin(string text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    plain text := unaccent(string);
BEGIN
    IF octet_length(plain) = length(plain) THEN
        RETURN plain;
    END IF;
    plain := normalize(plain, NFKC);
    IF plain ~ '[ぁ-ヿ]' THEN  -- no spaces part Japanese words, but hiragana, katakana and Latin letters do
        plain := regexp_replace(plain, '([ァ-ヿ])(?=[ぁ-ゟA-Za-z0-9])|([ぁ-ゟ])(?=[ァ-ヿA-Za-z0-9])|([A-Za-z0-9])(?=[ぁ-ヿ])', '\1\2\3 ', 'g');
    END IF;
    RETURN (SELECT string_agg(CASE WHEN character <= '~' THEN character ELSE coalesce(latin, ' ') END, '' ORDER BY place)
              FROM unnest(string_to_array(unaccent(plain), NULL)) WITH ORDINALITY AS characters (character, place)
              LEFT JOIN search_letters ON letter = character COLLATE "C");
END $$;

COMMENT ON FUNCTION search_000000000000.search_latin(string text) IS 'without accents, other scripts transliterated: ''Łódź'' Lodz, ''Толстой'' tolstoy';

CREATE FUNCTION search_000000000000.search_lead(popularity integer, isbns text, book_id bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((((((1000000000 + 100000000) - popularity))::text || ' '::text) || isbns) || ' '::text) || book_id);

CREATE FUNCTION search_000000000000.search_lead_book(lead text) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (split_part(lead, ' '::text, '-1'::integer))::bigint;

CREATE FUNCTION search_000000000000.search_line(id bigint, title_key text, author_key text, main_length smallint, popularity integer, review_count integer, rating_sum integer, year_max smallint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat_ws('|'::text, id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max);

CREATE FUNCTION search_000000000000.search_lock_for_swap() RETURNS void
    LANGUAGE plpgsql
    SET lock_timeout TO '100ms'
    AS $$
BEGIN
    LOOP
        BEGIN
            LOCK TABLE search_works, search_editions, search_vocabulary IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.2);
        END;
    END LOOP;
END $$;

CREATE FUNCTION search_000000000000.search_look_up(misspelt text[], parts text[], words text[], keep integer) RETURNS TABLE(typed text, is_part boolean, word text, works integer)
    LANGUAGE plpgsql STABLE ROWS 32
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    FOREACH typed IN ARRAY misspelt LOOP
        RETURN QUERY
        SELECT typed, false, near.word, near.works
          FROM (SELECT vocabulary.word, vocabulary.works, levenshtein_less_equal(vocabulary.word, typed, 3) AS distance
                  FROM search_vocabulary AS vocabulary
                 WHERE search_deletes(vocabulary.word) && search_deletes(typed)
                   AND length(vocabulary.word) BETWEEN length(typed) - 2 AND length(typed) + 2) AS near
         WHERE distance BETWEEN 1 AND 3
         ORDER BY distance * 2.5 - ln(near.works) * 0.5 - (left(near.word, 1) = left(typed, 1))::int, near.word LIMIT keep;
    END LOOP;
    FOREACH typed IN ARRAY parts LOOP
        RETURN QUERY
          WITH found AS MATERIALIZED (
            SELECT vocabulary.word, vocabulary.works FROM search_vocabulary AS vocabulary WHERE vocabulary.word LIKE '%' || typed || '%' LIMIT 10001)
        SELECT typed, true, found.word, found.works FROM found WHERE (SELECT count(*) FROM found) <= 10000
         ORDER BY found.works DESC, found.word LIMIT 8;
    END LOOP;
    RETURN QUERY SELECT NULL, false, vocabulary.word, vocabulary.works FROM search_vocabulary AS vocabulary WHERE vocabulary.word = ANY (words COLLATE "C");
END $$;

CREATE FUNCTION search_000000000000.search_main_length(title text, title_key text) RETURNS smallint
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    main text := split_part(translate(title, '([;/', '::::'), ':', 1);
BEGIN
    RETURN coalesce(nullif(CASE WHEN main <> title THEN length(search_title_key(main)) END, 0), length(title_key));
END $$;

CREATE FUNCTION search_000000000000.search_needs_rebuild() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT (SELECT built_at IS NULL FROM search_state)
           OR coalesce(bool_or(book_ids IS NULL) OR sum(cardinality(book_ids)) > 5000 + (SELECT works / 20 FROM search_state), false)
      FROM search_changes
$$;

CREATE FUNCTION search_000000000000.search_note(books bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF books = '{}' THEN
        RETURN;
    END IF;
    INSERT INTO search_changes (book_ids) VALUES (CASE WHEN cardinality(books) <= 50000 THEN books END);
    -- The few that come behind many wait with them.
    IF (SELECT sum(coalesce(cardinality(book_ids), 1000000)) FROM search_changes) <= 1000 THEN
        PERFORM search_settle();
    END IF;
END $$;

CREATE FUNCTION search_000000000000.search_number_words() RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '{"i": 1, "v": 1, "x": 1, "ii": 1, "iv": 1, "ix": 1, "vi": 1, "xi": 1, "xv": 1, "xx": 1, "iii": 1, "one": 1, "six": 1, "ten": 1, "two": 1, "vii": 1, "xii": 1, "xiv": 1, "xix": 1, "xvi": 1, "five": 1, "four": 1, "nine": 1, "viii": 1, "xiii": 1, "xvii": 1, "eight": 1, "fifty": 1, "forty": 1, "seven": 1, "sixty": 1, "three": 1, "xviii": 1, "eighty": 1, "eleven": 1, "ninety": 1, "thirty": 1, "twelve": 1, "twenty": 1, "fifteen": 1, "hundred": 1, "seventy": 1, "sixteen": 1, "eighteen": 1, "fourteen": 1, "nineteen": 1, "thirteen": 1, "thousand": 1, "seventeen": 1}'::jsonb;

COMMENT ON FUNCTION search_000000000000.search_number_words() IS 'the words without digits that search_numerals reads';

CREATE FUNCTION search_000000000000.search_numerals(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
DECLARE
    romans constant text[] := '{i,ii,iii,iv,v,vi,vii,viii,ix,x,xi,xii,xiii,xiv,xv,xvi,xvii,xviii,xix,xx}'::text[];
    names  constant text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,eighteen,nineteen,twenty}'::text[];
    tens   constant text[] := '{ten,twenty,thirty,forty,fifty,sixty,seventy,eighty,ninety}'::text[];
    extra  text := '';
    word   text;
    said   int;  -- the number that the words so far say
    n      int;
BEGIN
    FOREACH word IN ARRAY string_to_array(key, ' ') LOOP
        IF word > ':' COLLATE "C" AND NOT search_number_words() ? word THEN  -- digits stand before the colon
            said := NULL;
            CONTINUE;
        END IF;
        n := coalesce(array_position(romans, word), array_position(names, word), CASE WHEN word ~ '^[1-9][0-9]{0,4}$' THEN word::int END);
        IF n <= 20 THEN
            extra := concat_ws(' ', extra, n, romans[n], names[n]);
        ELSIF n IS NOT NULL OR word = '000' THEN
            extra := concat_ws(' ', extra, coalesce(search_spelled(n), 'thousand'));
        END IF;
        n := coalesce(array_position(names, word), 10 * array_position(tens, word));
        said := CASE WHEN word = 'hundred' THEN coalesce(nullif(said, 0), 1) * 100
                     WHEN word = 'thousand' THEN coalesce(nullif(said, 0), 1) * 1000
                     WHEN n IS NULL THEN NULL
                     WHEN said % 100 = 0 OR (said % 100 >= 20 AND said % 10 = 0 AND n < 10) THEN said + n
                     WHEN said BETWEEN 10 AND 20 AND n >= 10 THEN said * 100 + n
                     ELSE n END;
        IF said BETWEEN 21 AND 99999 THEN
            extra := concat_ws(' ', extra, said);
        ELSIF said > 99999 THEN
            said := NULL;
        END IF;
    END LOOP;
    RETURN extra;
END $_$;

COMMENT ON FUNCTION search_000000000000.search_numerals(key text) IS 'numbers in their other forms: ''henry v'' gives 5 v five, ''catch 22'' twenty two, ''nineteen eighty four'' 19 1980 1984';

CREATE FUNCTION search_000000000000.search_plan(terms text[], works integer[], catalogue bigint, look integer, OUT driver tsquery, OUT others tsquery, OUT rarest integer) RETURNS record
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    term    record;
    drivers text[] := '{}';
    checked text[] := '{}';
    entries integer := 0;
    rows    float8;  -- that have all of the drivers, as words do that often stand together
BEGIN
    FOR term IN SELECT asked, number, asked LIKE '%:*%' AS is_beginning FROM unnest(terms, works) AS given (asked, number)
                 ORDER BY number, asked COLLATE "C" LOOP
        IF drivers = '{}'
           OR NOT term.is_beginning AND term.number < 100 * rows AND entries + term.number <= 400000
           OR term.is_beginning AND (term.number < 4 * rows OR rows > look) AND entries + term.number <= 50000 THEN
            drivers := drivers || term.asked;
            entries := entries + term.number;
            rows := coalesce(rows * least(1, 20.0 * term.number / greatest(catalogue, 1)), term.number);
        ELSE
            checked := checked || term.asked;
        END IF;
        rarest := coalesce(rarest, term.number);
    END LOOP;
    driver := array_to_string(drivers, '&')::tsquery;
    others := nullif(array_to_string(checked, '&'), '')::tsquery;
END $$;

CREATE FUNCTION search_000000000000.search_popular(driver tsquery, others tsquery, keep integer, enough integer, from_year integer, to_year integer, reviewed boolean, in_title tsquery, in_author tsquery) RETURNS SETOF search_000000000000.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    found integer;
BEGIN
    SELECT count(*) INTO found FROM (SELECT FROM search_works WHERE tier = 0 AND words @@ driver AND (others IS NULL OR ts_match_vq(words, others))
        AND (from_year IS NULL AND to_year IS NULL AND NOT reviewed AND in_title IS NULL AND in_author IS NULL) LIMIT enough) AS tops;
    IF found = enough THEN
        RETURN QUERY
        SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
          FROM (SELECT * FROM search_works WHERE tier = 0 AND words @@ driver AND (others IS NULL OR ts_match_vq(words, others))
                 ORDER BY popularity DESC, id LIMIT keep) AS ranked;
    ELSE
        RETURN QUERY
        SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
          FROM (SELECT * FROM search_works WHERE tier <= 1 AND words @@ driver AND (others IS NULL OR ts_match_vq(words, others))
                   AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
                 ORDER BY popularity DESC, id LIMIT CASE WHEN in_title IS NULL AND in_author IS NULL THEN keep ELSE 4000 END) AS ranked
         WHERE (in_title IS NULL OR search_is_in(in_title, search_title_words(title_key)))
           AND (in_author IS NULL OR search_is_in(in_author, search_author_words(author_key)))
         ORDER BY popularity DESC, id LIMIT keep;
    END IF;
END $$;

CREATE FUNCTION search_000000000000.search_ratings_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'search_000000000000', '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM search_note(ARRAY(SELECT book_id FROM after LIMIT 50001));
    RETURN NULL;
END $$;

CREATE FUNCTION search_000000000000.search_read(pieces text[], most integer, OUT words text[], OUT places integer[], OUT works integer[], OUT starting integer, OUT romanised text[], OUT all_are_popular boolean, OUT catalogue bigint) RETURNS record
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    last text;
BEGIN
    SELECT coalesce(array_agg(word), '{}'), coalesce(array_agg(place), '{}'),
           coalesce(array_agg(coalesce((SELECT vocabulary.works FROM search_vocabulary AS vocabulary WHERE vocabulary.word = typed.word COLLATE "C"), 0)), '{}')
      INTO words, places, works
      FROM (SELECT word, place
              FROM unnest(pieces) WITH ORDINALITY AS given (piece, place),
                   string_to_table(search_title_key(piece), ' ') WITH ORDINALITY AS found (word, at)
             ORDER BY place, at LIMIT most) AS typed;
    last := words[cardinality(words)];
    romanised := string_to_array(search_romanised(array_to_string(words, ' ')), ' ');
    SELECT coalesce(sum(found.works), 0)::int INTO starting
      FROM (SELECT vocabulary.works FROM search_vocabulary AS vocabulary
             WHERE word >= last COLLATE "C" AND word < last || '~' COLLATE "C" ORDER BY word LIMIT 2000) AS found;
    SELECT head_cut < 0, state.works INTO all_are_popular, catalogue FROM search_state AS state;
END $$;

CREATE FUNCTION search_000000000000.search_readings(titles text[], terms text[], works integer[], readings integer[], catalogue bigint, look integer, keep_popular integer, keep integer, enough integer, most integer, from_year integer, to_year integer, reviewed boolean, show integer, editions integer) RETURNS TABLE(reading integer, popular text, others text, cut_short boolean, shown json)
    LANGUAGE plpgsql STABLE ROWS 3
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    IF titles <> '{}' THEN
        RETURN QUERY
        SELECT -1, string_agg(line, chr(10)), NULL, false, CASE WHEN count(*) BETWEEN 1 AND show THEN search_shown(array_agg(id), NULL, editions) END
          FROM search_by_titles(ARRAY(SELECT DISTINCT search_start(key) FROM unnest(titles) AS key), 200, 40);
    END IF;
    RETURN QUERY
    SELECT asked.reading, found.popular, found.others, found.cut_short,
           CASE WHEN cardinality(ids) BETWEEN 1 AND show THEN search_shown(ids, NULL, editions) END
      FROM (SELECT own.reading, array_agg(term ORDER BY at) AS own_terms, array_agg(number ORDER BY at) AS own_works
              FROM unnest(terms, works, readings) WITH ORDINALITY AS own (term, number, reading, at) GROUP BY own.reading) AS asked,
           search_having(own_terms, own_works, catalogue, look, keep_popular, keep, enough, most, from_year, to_year, reviewed, NULL, NULL) AS found;
END $$;

CREATE FUNCTION search_000000000000.search_rebuild() RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    step text;
BEGIN
    FOR step IN SELECT steps.step FROM search_rebuild_steps() AS steps LOOP
        EXECUTE format('SELECT %I()', step);
    END LOOP;
END $$;

COMMENT ON FUNCTION search_000000000000.search_rebuild() IS 'makes everything anew beside the live tables, then swaps names: readers wait for the swap only';

CREATE FUNCTION search_000000000000.search_rebuild_authors() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    CREATE UNLOGGED TABLE search_names_new AS SELECT DISTINCT author FROM books;
    ANALYZE search_names_new;
    CREATE UNLOGGED TABLE search_authors_new AS
    SELECT author, author_key, search_author_words(author_key) AS author_words
      FROM (SELECT author, search_key(author) AS author_key FROM search_names_new OFFSET 0) AS names;
    ANALYZE search_authors_new;
    DROP TABLE search_names_new;
END $$;

CREATE FUNCTION search_000000000000.search_rebuild_begin() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(search_rebuild_lock());
    PERFORM set_config('work_mem', CAST(reset_val AS bigint) * 2 || 'kB', true),
            set_config('maintenance_work_mem', CAST(reset_val AS bigint) * 4 || 'kB', true)
       FROM pg_settings
      WHERE name = 'maintenance_work_mem';
    IF EXISTS (SELECT FROM search_works) THEN
        PERFORM set_config('max_parallel_workers_per_gather', '0', true), set_config('max_parallel_maintenance_workers', '0', true);
    END IF;
    ANALYZE books, rating_counts, external_ratings;
    -- What is left behind from now on may be missed, and stays for the next who settles.
    CREATE UNLOGGED TABLE search_changes_seen_new AS SELECT id FROM search_changes;
END $$;

CREATE FUNCTION search_000000000000.search_rebuild_books() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    CREATE UNLOGGED TABLE search_books_new AS
    SELECT *, search_work_id(title_key, author_key) AS work_id
      FROM (SELECT search_books.*, search_title_key(title) AS title_key, author_key, author_words
              FROM search_books JOIN search_authors_new USING (author) OFFSET 0) AS books;
    DROP TABLE search_authors_new;
    ANALYZE search_books_new;
END $$;

CREATE FUNCTION search_000000000000.search_rebuild_editions() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    CREATE TABLE search_editions_new AS SELECT book_id, work_id, isbns COLLATE "C" AS isbns FROM search_books_new;
    ALTER TABLE search_editions_new ALTER work_id SET NOT NULL, ALTER isbns SET NOT NULL, ADD CONSTRAINT search_editions_new_pkey PRIMARY KEY (book_id);
    PERFORM search_index_editions('search_editions_new');
    ANALYZE search_editions_new;
END $$;

CREATE FUNCTION search_000000000000.search_rebuild_end() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM search_changes WHERE id IN (SELECT id FROM search_changes_seen_new);
    DELETE FROM search_vocabulary_changes;
    DROP TABLE search_changes_seen_new;
    PERFORM search_lock_for_swap();
    PERFORM search_swap('search_works'), search_swap('search_editions'), search_swap('search_vocabulary');
END $$;

CREATE FUNCTION search_000000000000.search_rebuild_lock() RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN '7310010001'::bigint;

CREATE FUNCTION search_000000000000.search_rebuild_steps() RETURNS TABLE(step text, share double precision)
    LANGUAGE sql IMMUTABLE
    AS $$
    VALUES ('search_rebuild_begin', 0.01::float8), ('search_rebuild_authors', 0.06), ('search_rebuild_books', 0.19), ('search_rebuild_editions', 0.13),
           ('search_rebuild_works', 0.24), ('search_rebuild_works_indexes', 0.18), ('search_rebuild_vocabulary', 0.18), ('search_rebuild_end', 0.01)
$$;

CREATE FUNCTION search_000000000000.search_rebuild_vocabulary() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    CREATE TABLE search_vocabulary_new WITH (fillfactor = 50) AS
    SELECT word COLLATE "C" AS word, count(*)::int AS works FROM search_works_new, unnest(tsvector_to_array(words)) AS word GROUP BY word ORDER BY word;
    ALTER TABLE search_vocabulary_new ADD CONSTRAINT search_vocabulary_new_pkey PRIMARY KEY (word), ALTER works SET NOT NULL;
    PERFORM search_index_vocabulary('search_vocabulary_new');
    ANALYZE search_vocabulary_new;
END $$;

CREATE FUNCTION search_000000000000.search_rebuild_works() RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    top   record;
    head  record;
    state search_state;
BEGIN
    CREATE UNLOGGED TABLE search_groups_new AS
    SELECT work_id, search_lead_book(min(search_lead(popularity, isbns, book_id) COLLATE "C")) AS lead_book_id,
           least(sum(popularity), 100000000)::int AS popularity, count(*)::int AS editions, min(year) AS year_min, max(year) AS year_max,
           sum(review_count)::int AS review_count, sum(rating_sum)::int AS rating_sum
      FROM search_books_new GROUP BY 1;
    ANALYZE search_groups_new;
    SELECT * INTO top FROM search_cut(2000);
    SELECT * INTO head FROM search_cut(32000);
    UPDATE search_state SET top_cut = top.above, top_share = top.share, head_cut = head.above, head_share = head.share, built_at = now(), text_rules = search_text_rules(),
                            works = (SELECT count(*) FROM search_groups_new)
    RETURNING * INTO state;
    EXECUTE $sql$
    CREATE TABLE search_works_new WITH (fillfactor = 90) AS
    SELECT groups.work_id AS id, groups.lead_book_id, groups.popularity, search_tier(groups.popularity, groups.work_id, $sql$ || quote_literal(state) || $sql$::search_state) AS tier,
           groups.editions, groups.year_min, groups.year_max, groups.review_count, groups.rating_sum,
           search_main_length(title, title_key) AS main_length, title_key COLLATE "C" AS title_key, author_key COLLATE "C" AS author_key,
           search_words(search_title_words(title_key), author_words) AS words
      FROM search_groups_new AS groups JOIN search_books_new AS leads ON leads.book_id = groups.lead_book_id
     ORDER BY groups.popularity DESC, groups.work_id$sql$;
    DROP TABLE search_groups_new, search_books_new;
    ALTER TABLE search_works_new ADD CONSTRAINT search_works_new_pkey PRIMARY KEY (id),
        ALTER lead_book_id SET NOT NULL, ALTER popularity SET NOT NULL, ALTER tier SET NOT NULL, ALTER editions SET NOT NULL,
        ALTER review_count SET NOT NULL, ALTER rating_sum SET NOT NULL, ALTER main_length SET NOT NULL,
        ALTER title_key SET NOT NULL, ALTER author_key SET NOT NULL, ALTER words SET NOT NULL;
END $_$;

CREATE FUNCTION search_000000000000.search_rebuild_works_indexes() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM search_index_works('search_works_new');
    ANALYZE search_works_new;
END $$;

CREATE FUNCTION search_000000000000.search_refresh_works(works bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH gone AS (
        DELETE FROM search_works WHERE id = ANY (works) AND NOT EXISTS (SELECT FROM search_editions WHERE work_id = search_works.id) RETURNING words)
    INSERT INTO search_vocabulary_changes (word, change) SELECT word, -1 FROM gone, unnest(tsvector_to_array(gone.words)) AS word;

    WITH editions AS MATERIALIZED (
        SELECT edition.work_id, search_books.* FROM search_editions AS edition JOIN search_books USING (book_id) WHERE edition.work_id = ANY (works)),
    groups AS MATERIALIZED (
        SELECT work_id, search_lead_book(min(search_lead(editions.popularity, isbns, book_id) COLLATE "C")) AS lead_book_id, least(sum(editions.popularity), 100000000)::int AS popularity,
               search_tier(least(sum(editions.popularity), 100000000)::int, work_id, any_state.state) AS tier,
               count(*)::int AS editions, min(year) AS year_min, max(year) AS year_max,
               sum(review_count)::int AS review_count, sum(rating_sum)::int AS rating_sum
          FROM editions CROSS JOIN (SELECT search_state AS state FROM search_state) AS any_state GROUP BY work_id, any_state.state),
    kept AS (
        UPDATE search_works AS work
           SET lead_book_id = new.lead_book_id, popularity = new.popularity, tier = new.tier, editions = new.editions, year_min = new.year_min,
               year_max = new.year_max, review_count = new.review_count, rating_sum = new.rating_sum
          FROM groups AS new WHERE work.id = new.work_id
           AND (work.lead_book_id, work.popularity, work.tier, work.editions, work.year_min, work.year_max, work.review_count, work.rating_sum)
               IS DISTINCT FROM (new.lead_book_id, new.popularity, new.tier, new.editions, new.year_min, new.year_max, new.review_count, new.rating_sum)),
    leads AS MATERIALIZED (
        SELECT new.*, title, search_title_key(title) AS title_key, search_key(author) AS author_key
          FROM groups AS new JOIN editions ON book_id = lead_book_id
         WHERE NOT EXISTS (SELECT FROM search_works WHERE id = new.work_id)),
    added AS (
        INSERT INTO search_works (id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum,
                                  main_length, title_key, author_key, words)
        SELECT work_id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum, search_main_length(title, title_key),
               title_key, author_key, search_words(search_title_words(title_key), search_author_words(author_key))
          FROM leads ORDER BY work_id
        ON CONFLICT (id) DO NOTHING RETURNING words)
    INSERT INTO search_vocabulary_changes (word, change) SELECT word, 1 FROM added, unnest(tsvector_to_array(added.words)) AS word;
END $$;

CREATE FUNCTION search_000000000000.search_require() RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM search_state WHERE built_at IS NOT NULL) THEN
        RAISE undefined_table USING MESSAGE = 'the search is not built yet';
    END IF;
END $$;

CREATE FUNCTION search_000000000000.search_romanised(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
    key := regexp_replace(key, 't(s?)ch', 'ch', 'g');
    key := regexp_replace(key, '\mye', 'e', 'g');
    key := regexp_replace(key, '([aeo])[yj]e', '\1e', 'g');
    key := regexp_replace(key, '([oe])ff\M', '\1v', 'g');
    key := regexp_replace(key, 'o[ij]\M', 'oy', 'g');
    key := regexp_replace(key, 'ski\M', 'sky', 'g');
    key := regexp_replace(key, '(?<=[a-z]{3})[iy][ijy]\M', 'y', 'g');
    RETURN regexp_replace(key, '(?<![gq])([aou])e(?!l?\M)', '\1', 'g');
END $$;

COMMENT ON FUNCTION search_000000000000.search_romanised(key text) IS 'one spelling for the common romanisations of names: tolstoi, tolstoj and tolstoy are tolstoy; kaestner is kastner, as Kästner is';

CREATE FUNCTION search_000000000000.search_settle() RETURNS void
    LANGUAGE plpgsql
    AS $$
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
    IF taken IS NULL THEN
        RETURN;
    END IF;
    busy := search_settle_books(books);
    IF busy <> '{}' THEN  -- kept by an update: an insert would call this function again at the commit, and again
        UPDATE search_changes SET book_ids = busy WHERE id = taken[1];
        taken := taken[2:];
    END IF;
    DELETE FROM search_changes WHERE id = ANY (taken);
END $$;

CREATE FUNCTION search_000000000000.search_settle_books(books bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    ids   bigint[];  -- of the books that are still there, with the works that they are editions of now
    works bigint[];
    every bigint[];  -- works, those that they were editions of, too
    busy  bigint[];
    left_behind bigint[] := '{}';
BEGIN
    SELECT array_agg(id), array_agg(search_work_id(search_title_key(title), search_key(author))) INTO ids, works FROM books AS book WHERE id = ANY (books);
    every := ARRAY(SELECT unnest(works) UNION SELECT work_id FROM search_editions WHERE book_id = ANY (books));
    busy := ARRAY(SELECT id FROM search_works WHERE id = ANY (every)
                  EXCEPT (SELECT id FROM (SELECT id FROM search_works WHERE id = ANY (every) ORDER BY id FOR UPDATE SKIP LOCKED) AS free));
    IF busy <> '{}' THEN
        left_behind := ARRAY(SELECT id FROM unnest(ids, works) AS now (id, work_id) WHERE work_id = ANY (busy)
                             UNION SELECT book_id FROM search_editions WHERE book_id = ANY (books) AND work_id = ANY (busy));
        books := ARRAY(SELECT unnest(books) EXCEPT SELECT unnest(left_behind));
        every := ARRAY(SELECT unnest(every) EXCEPT SELECT unnest(busy));
    END IF;
    DELETE FROM search_editions WHERE book_id = ANY (books) AND NOT EXISTS (SELECT FROM books AS book WHERE book.id = book_id);
    INSERT INTO search_editions AS edition (book_id, work_id, isbns)
    SELECT now.id, now.work_id, search_books.isbns FROM unnest(ids, works) AS now (id, work_id) JOIN search_books ON book_id = now.id
     WHERE now.id = ANY (books) ORDER BY now.id
    ON CONFLICT (book_id) DO UPDATE SET work_id = excluded.work_id, isbns = excluded.isbns
     WHERE (edition.work_id, edition.isbns) IS DISTINCT FROM (excluded.work_id, excluded.isbns);
    PERFORM search_refresh_works(every);
    PERFORM search_fold_vocabulary();
    RETURN left_behind;
END $$;

CREATE FUNCTION search_000000000000.search_shown(works bigint[], books bigint[], most integer) RETURNS json
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN (
    SELECT json_agg(json_build_array(work.id, isbn, title, author, year, language, coalesce(counts.review_count, 0),
                                     round(counts.rating_sum::numeric / nullif(counts.review_count, 0), 2)::float8, editions,
                                     CASE WHEN editions > 1 THEN search_editions_of(work.id, most) END) ORDER BY place)
      FROM unnest(works, books) WITH ORDINALITY AS wanted (work_id, book_id, place)
      JOIN search_works AS work ON work.id = wanted.work_id
      JOIN books AS book ON book.id = coalesce(wanted.book_id, work.lead_book_id)
      LEFT JOIN rating_counts AS counts ON counts.book_id = book.id);
END $$;

CREATE FUNCTION search_000000000000.search_spelled(n integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    units constant text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,eighteen,nineteen}'::text[];
    tens  constant text[] := '{ten,twenty,thirty,forty,fifty,sixty,seventy,eighty,ninety}'::text[];
BEGIN
    RETURN CASE WHEN n < 20 THEN units[n]
                WHEN n < 100 THEN concat_ws(' ', tens[n / 10], units[n % 10])
                WHEN n % 1000 = 0 THEN search_spelled(n / 1000) || ' thousand'
                WHEN n % 100 = 0 THEN search_spelled(n / 100) || ' hundred'
                WHEN n BETWEEN 2000 AND 2099 THEN 'two thousand ' || search_spelled(n % 100)
                ELSE concat_ws(' ', search_spelled(n / 100), search_spelled(n % 100)) END;
END $$;

COMMENT ON FUNCTION search_000000000000.search_spelled(n integer) IS 'a number as it is said: 22 twenty two, 1984 nineteen eighty four, 100 one hundred';

CREATE FUNCTION search_000000000000.search_start(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
    IF key ~ '^(the|an?|l|l[aeo]s?|un|une|der|die|das|den|det|ein|eine|el|il|gli|het|een|os?|as|um|uma|en|et) .' THEN
        key := substr(key, strpos(key, ' ') + 1);
    END IF;
    RETURN left(replace(key, ' ', ''), 60);
END $$;

COMMENT ON FUNCTION search_000000000000.search_start(key text) IS 'a key without its leading article and without spaces, cut at 60: equal however the words are run together';

CREATE FUNCTION search_000000000000.search_swap(old text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    index_name text;
BEGIN
    EXECUTE format('DROP TABLE %I', old);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', old || '_new', old);
    FOR index_name IN SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = old::regclass LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', index_name, replace(index_name, '_new', ''));
    END LOOP;
END $$;

CREATE FUNCTION search_000000000000.search_text_rules() RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT md5(concat_ws(' ', current_setting('server_version_num')::int / 10000, unaccent(letters), normalize(letters, NFKC), regexp_replace(letters, '\w', '', 'g')))
      FROM (SELECT string_agg(chr(code), ' ' ORDER BY code) AS letters
              FROM (VALUES (x'80'::int, x'33ff'::int), (x'a640'::int, x'abff'::int), (x'f900'::int, x'ffef'::int),
                           (x'10700'::int, x'107ff'::int), (x'1d400'::int, x'1d7ff'::int), (x'1f100'::int, x'1f1ff'::int)) AS blocks (first, last),
                   generate_series(first, last) AS code) AS every
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE search_000000000000.search_state (
    one boolean DEFAULT true NOT NULL,
    top_cut integer DEFAULT 2147483647 NOT NULL,
    top_share integer DEFAULT 0 NOT NULL,
    head_cut integer DEFAULT '-1'::integer NOT NULL,
    head_share integer DEFAULT 0 NOT NULL,
    works bigint DEFAULT 0 NOT NULL,
    built_at timestamp with time zone,
    text_rules text,
    CONSTRAINT search_state_one_check CHECK (one)
);

COMMENT ON TABLE search_000000000000.search_state IS 'the cuts of the last rebuild: works more popular than a cut are in the tier, and so many thousandths of those equal to it';

COMMENT ON COLUMN search_000000000000.search_state.built_at IS 'null until the first rebuild: nothing can be searched, and nothing is settled';

COMMENT ON COLUMN search_000000000000.search_state.text_rules IS 'search_text_rules() at the last rebuild: on a server with other rules there has to be another';

CREATE FUNCTION search_000000000000.search_tier(popularity integer, work_id bigint, state search_000000000000.search_state) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((popularity > (state).top_cut) OR ((popularity = (state).top_cut) AND (abs((work_id % (1000)::bigint)) < (state).top_share))) THEN 0 WHEN ((popularity > (state).head_cut) OR ((popularity = (state).head_cut) AND (abs((work_id % (1000)::bigint)) < (state).head_share))) THEN 1 ELSE 2 END;

CREATE FUNCTION search_000000000000.search_title_key(title text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
    IF title ~ '[''’‘ʼ`´]' THEN
        title := regexp_replace(title, '(?<![\w''’‘ʼ`´])([cdjlmns]|(?:jus|lors|puis|quoi)?qu|un|quest|quell|sant|d?all|dell|nell|sull)[''’‘ʼ`´](?=[^ ''’‘ʼ`´])(?!s\M)', '\1 ', 'gi');
    END IF;
    RETURN search_key(title);
END $$;

COMMENT ON FUNCTION search_000000000000.search_title_key(title text) IS 'the key of a title, in which an elided word is one of its own: d une, l etranger; but obrien, since that is a name';

CREATE FUNCTION search_000000000000.search_title_words(title_key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    words text := title_key;
BEGIN
    IF search_number_words() ?| string_to_array(title_key, ' ') OR title_key ~ '[0-9]' COLLATE "C" THEN
        words := words || ' ' || search_numerals(title_key);
    END IF;
    IF ' ' || title_key || ' ' LIKE '% _ _ %' THEN
        words := words || ' ' || search_initials(title_key);
    END IF;
    RETURN words;
END $$;

CREATE FUNCTION search_000000000000.search_words(title_words text, author_words text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN array_to_tsvector(array_remove(string_to_array(((title_words || ' '::text) || author_words), ' '::text), ''::text));

COMMENT ON FUNCTION search_000000000000.search_words(title_words text, author_words text) IS 'every word under which a work is found: of the title and the author, and numerals, initials and romanisations';

CREATE FUNCTION search_000000000000.search_work_id(title_key text, author_key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((('x'::text || "left"(md5(((title_key || '|'::text) || author_key)), 16)))::bit(64))::bigint;

COMMENT ON FUNCTION search_000000000000.search_work_id(title_key text, author_key text) IS 'books of one title and one author are editions of one work: 64 bits of MD5, which no server version changes';

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE UNLOGGED TABLE public.attempts (
    key bytea NOT NULL,
    moments timestamp with time zone[] NOT NULL,
    kept_until timestamp with time zone NOT NULL,
    CONSTRAINT attempts_key_check CHECK ((octet_length(key) = 32)),
    CONSTRAINT attempts_moments_check CHECK (((cardinality(moments) >= 0) AND (cardinality(moments) <= 10000)))
);

COMMENT ON TABLE public.attempts IS 'what is limited for a time: wrong passwords, registrations';

COMMENT ON COLUMN public.attempts.key IS 'a keyed hash of what is limited and whose it is; no names or addresses are in here';

CREATE TABLE public.authenticator_apps (
    id bigint NOT NULL,
    reader_id bigint NOT NULL,
    name text NOT NULL,
    secret bytea NOT NULL,
    last_step bigint NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT authenticator_apps_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 60))),
    CONSTRAINT authenticator_apps_secret_check CHECK (((octet_length(secret) >= 32) AND (octet_length(secret) <= 200)))
);

COMMENT ON COLUMN public.authenticator_apps.name IS 'chosen by the reader';

COMMENT ON COLUMN public.authenticator_apps.secret IS 'what its codes are made of, encrypted with a key made of SECRET_KEY';

COMMENT ON COLUMN public.authenticator_apps.last_step IS 'of the last code that was used, in periods of 30 seconds';

ALTER TABLE public.authenticator_apps ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.authenticator_apps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.books (
    id bigint NOT NULL,
    isbn text NOT NULL,
    isbn13 text,
    identity text GENERATED ALWAYS AS (COALESCE(isbn13, isbn)) STORED NOT NULL,
    title text NOT NULL,
    author text DEFAULT ''::text NOT NULL,
    year smallint,
    publisher text,
    language text,
    pages integer,
    description text,
    average_rating numeric(4,3),
    ratings_count integer,
    CONSTRAINT books_author_check CHECK ((char_length(author) <= 500)),
    CONSTRAINT books_average_rating_check CHECK (((average_rating >= (0)::numeric) AND (average_rating <= (5)::numeric))),
    CONSTRAINT books_description_check CHECK (((char_length(description) >= 1) AND (char_length(description) <= 20000))),
    CONSTRAINT books_isbn13_check CHECK ((isbn13 ~ '^97[89][0-9]{10}$'::text)),
    CONSTRAINT books_isbn_check CHECK ((isbn ~ '^([0-9]{9}[0-9X]|[0-9]{13})$'::text)),
    CONSTRAINT books_language_check CHECK (((char_length(language) >= 1) AND (char_length(language) <= 35))),
    CONSTRAINT books_pages_check CHECK (((pages >= 1) AND (pages <= 100000))),
    CONSTRAINT books_publisher_check CHECK (((char_length(publisher) >= 1) AND (char_length(publisher) <= 500))),
    CONSTRAINT books_ratings_count_check CHECK ((ratings_count >= 0)),
    CONSTRAINT books_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 1000))),
    CONSTRAINT books_year_check CHECK (((year >= '-3000'::integer) AND (year <= 2100)))
);

COMMENT ON COLUMN public.books.isbn IS 'compact, in the form (10 or 13 characters) in which the catalogue''s file gave it';

COMMENT ON COLUMN public.books.isbn13 IS 'null where the check digit of isbn is wrong';

COMMENT ON COLUMN public.books.identity IS 'one a book, whichever form of its ISBN a file or an address gives';

COMMENT ON COLUMN public.books.average_rating IS 'what readers elsewhere think of it, as the catalogue''s file says';

ALTER TABLE public.books ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.books_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.departures (
    reader_id bigint NOT NULL,
    keeps_reviews boolean NOT NULL,
    left_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.departures IS 'deleted accounts whose reviews are yet to be deleted, or to lose their reader';

CREATE TABLE public.event_ages (
    kind text NOT NULL,
    days integer NOT NULL,
    CONSTRAINT event_ages_days_check CHECK ((days > 0)),
    CONSTRAINT event_ages_kind_check CHECK (((kind ~ '^[a-z]+(-[a-z]+)*$'::text) AND (char_length(kind) <= 40)))
);

COMMENT ON TABLE public.event_ages IS 'how long events are kept, as the settings say; other kinds are kept for good';

CREATE TABLE public.events (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    kind text NOT NULL,
    reader_id bigint,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT events_detail_check CHECK (((jsonb_typeof(detail) = 'object'::text) AND (char_length((detail)::text) <= 4000))),
    CONSTRAINT events_kind_check CHECK (((kind ~ '^[a-z]+(-[a-z]+)*$'::text) AND (char_length(kind) <= 40)))
);

COMMENT ON TABLE public.events IS 'what happened to accounts and to the catalogue; rows are added, and never changed';

COMMENT ON COLUMN public.events.reader_id IS 'whose account it happened to, also where that is deleted; null: nobody''s';

ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.external_rating_requests (
    book_id bigint NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    claimed_until timestamp with time zone
);

COMMENT ON TABLE public.external_rating_requests IS 'books that a reader looked at, to be asked for elsewhere';

COMMENT ON COLUMN public.external_rating_requests.claimed_until IS 'until then a process asks for it; no other process of the site asks for any book while such a claim stands';

CREATE TABLE public.external_ratings (
    book_id bigint NOT NULL,
    source text NOT NULL,
    average numeric(4,3),
    ratings_count integer,
    key text,
    fetched_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT external_ratings_average_check CHECK (((average >= (0)::numeric) AND (average <= (5)::numeric))),
    CONSTRAINT external_ratings_key_check CHECK ((char_length(key) <= 100)),
    CONSTRAINT external_ratings_ratings_count_check CHECK ((ratings_count >= 0)),
    CONSTRAINT external_ratings_source_check CHECK ((source = 'open_library'::text))
);

COMMENT ON COLUMN public.external_ratings.key IS 'where the source keeps the book, for a link: /works/OL27448W';

CREATE TABLE public.failed_logins (
    hour timestamp with time zone NOT NULL,
    address_group smallint NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    CONSTRAINT failed_logins_address_group_check CHECK (((address_group >= 0) AND (address_group <= 255))),
    CONSTRAINT failed_logins_attempts_check CHECK ((attempts > 0))
);

COMMENT ON TABLE public.failed_logins IS 'logins to names that nobody has, by the hour: they become one event when it is over';

COMMENT ON COLUMN public.failed_logins.address_group IS 'a byte of a keyed hash: from how many addresses they came can be estimated, but not from which';

CREATE TABLE public.identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    reader_id bigint NOT NULL,
    connected_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT identities_issuer_check CHECK (((char_length(issuer) >= 1) AND (char_length(issuer) <= 300))),
    CONSTRAINT identities_subject_check CHECK (((char_length(subject) >= 1) AND (char_length(subject) <= 255)))
);

COMMENT ON TABLE public.identities IS 'accounts at an OpenID Connect provider that readers log in with';

COMMENT ON COLUMN public.identities.subject IS 'the provider''s id of the account, which is never given to another one';

CREATE TABLE public.invitations (
    id bigint NOT NULL,
    token_hash bytea NOT NULL,
    made_by bigint,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    uses integer DEFAULT 0 NOT NULL,
    uses_max integer NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT invitations_check CHECK (((uses >= 0) AND (uses <= uses_max))),
    CONSTRAINT invitations_note_check CHECK ((char_length(note) <= 100)),
    CONSTRAINT invitations_token_hash_check CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT invitations_uses_max_check CHECK (((uses_max >= 1) AND (uses_max <= 1000)))
);

COMMENT ON TABLE public.invitations IS 'links with which people may register';

COMMENT ON COLUMN public.invitations.token_hash IS 'SHA-256 of the token in the link, which is stored nowhere';

COMMENT ON COLUMN public.invitations.made_by IS 'null: the operator made it, or its maker has left';

COMMENT ON COLUMN public.invitations.note IS 'whom it is for, for moderators';

ALTER TABLE public.invitations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.invitations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.login_links (
    reader_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT login_links_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

COMMENT ON TABLE public.login_links IS 'links from the operator that log in once, for minutes';

CREATE TABLE public.moderation_queue (
    review_id bigint NOT NULL,
    reports integer NOT NULL,
    reported_at timestamp with time zone NOT NULL,
    CONSTRAINT moderation_queue_reports_check CHECK ((reports > 0))
);

COMMENT ON TABLE public.moderation_queue IS 'reviews with open reports: how many, and when the last one came';

CREATE TABLE public.passkey_challenges (
    challenge bytea NOT NULL,
    owner_hash bytea NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT passkey_challenges_challenge_check CHECK ((octet_length(challenge) = 32)),
    CONSTRAINT passkey_challenges_owner_hash_check CHECK ((octet_length(owner_hash) = 32))
);

COMMENT ON TABLE public.passkey_challenges IS 'random bytes that a passkey has to sign, once and within minutes';

COMMENT ON COLUMN public.passkey_challenges.owner_hash IS 'SHA-256 of what it is for and of the browser''s secret';

CREATE TABLE public.passkeys (
    id bigint NOT NULL,
    reader_id bigint NOT NULL,
    name text NOT NULL,
    site text NOT NULL,
    credential_id bytea NOT NULL,
    user_handle bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT passkeys_credential_id_check CHECK (((octet_length(credential_id) >= 1) AND (octet_length(credential_id) <= 1023))),
    CONSTRAINT passkeys_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 60))),
    CONSTRAINT passkeys_public_key_check CHECK (((octet_length(public_key) >= 1) AND (octet_length(public_key) <= 4000))),
    CONSTRAINT passkeys_sign_count_check CHECK ((sign_count >= 0)),
    CONSTRAINT passkeys_site_check CHECK (((char_length(site) >= 1) AND (char_length(site) <= 253))),
    CONSTRAINT passkeys_user_handle_check CHECK ((octet_length(user_handle) = 32))
);

COMMENT ON COLUMN public.passkeys.name IS 'chosen by the reader';

COMMENT ON COLUMN public.passkeys.site IS 'the host name under which it was added, and the only one where it works';

COMMENT ON COLUMN public.passkeys.user_handle IS 'by which the authenticator knows the reader; random';

COMMENT ON COLUMN public.passkeys.sign_count IS 'of the last use; 0 for authenticators that don''t count';

ALTER TABLE public.passkeys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.passkeys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.password_resets (
    reader_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT password_resets_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

COMMENT ON TABLE public.password_resets IS 'links that the operator has handed out; each is deleted when it is used';

COMMENT ON COLUMN public.password_resets.token_hash IS 'SHA-256 of what is in the link: from the table nobody can use it';

CREATE TABLE public.pending_logins (
    key_hash bytea NOT NULL,
    reader_id bigint NOT NULL,
    password_hash text NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pending_logins_key_hash_check CHECK ((octet_length(key_hash) = 32))
);

COMMENT ON TABLE public.pending_logins IS 'the password was right, and the second factor is awaited, for minutes';

COMMENT ON COLUMN public.pending_logins.key_hash IS 'SHA-256 of what the cookie carries: from the table nobody can log in';

COMMENT ON COLUMN public.pending_logins.password_hash IS 'of that moment: a new password ends the login';

CREATE TABLE public.pending_registrations (
    reader_id bigint NOT NULL,
    registered_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.pending_registrations IS 'readers who can''t log in until a moderator approves them';

CREATE TABLE public.rating_counts (
    book_id bigint NOT NULL,
    one integer DEFAULT 0 NOT NULL,
    two integer DEFAULT 0 NOT NULL,
    three integer DEFAULT 0 NOT NULL,
    four integer DEFAULT 0 NOT NULL,
    five integer DEFAULT 0 NOT NULL,
    review_count integer GENERATED ALWAYS AS (((((one + two) + three) + four) + five)) STORED NOT NULL,
    rating_sum integer GENERATED ALWAYS AS (((((one + (2 * two)) + (3 * three)) + (4 * four)) + (5 * five))) STORED NOT NULL,
    CONSTRAINT rating_counts_check CHECK ((LEAST(one, two, three, four, five) >= 0))
);

CREATE TABLE public.readers (
    id bigint NOT NULL,
    name text,
    name_key text,
    password_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    language text,
    theme text,
    is_moderator boolean DEFAULT false NOT NULL,
    lock_reason text,
    has_second_factor boolean DEFAULT false NOT NULL,
    CONSTRAINT readers_language_check CHECK ((language = ANY (ARRAY['en'::text, 'pt-BR'::text, 'es'::text]))),
    CONSTRAINT readers_lock_reason_check CHECK (((char_length(lock_reason) >= 1) AND (char_length(lock_reason) <= 500))),
    CONSTRAINT readers_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 64))),
    CONSTRAINT readers_theme_check CHECK ((theme = ANY (ARRAY['auto'::text, 'light'::text, 'dark'::text])))
);

COMMENT ON COLUMN public.readers.name IS 'null: the account is deleted, and its reviews are about to follow';

COMMENT ON COLUMN public.readers.name_key IS 'the name after NFKC and case folding: Admin and ａdmin are one';

COMMENT ON COLUMN public.readers.language IS 'null where none was chosen: the browser says it then';

COMMENT ON COLUMN public.readers.theme IS 'null where none was chosen: shown as auto, what the browser prefers';

COMMENT ON COLUMN public.readers.lock_reason IS 'who logs in is told; null: the account is not locked';

COMMENT ON COLUMN public.readers.has_second_factor IS 'a password alone does not log this reader in';

ALTER TABLE public.readers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.readers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recovery_codes (
    id bigint NOT NULL,
    reader_id bigint NOT NULL,
    code_hash text NOT NULL,
    CONSTRAINT recovery_codes_code_hash_check CHECK (((char_length(code_hash) >= 1) AND (char_length(code_hash) <= 200)))
);

COMMENT ON TABLE public.recovery_codes IS 'codes that replace a second factor once; each is deleted when it is used';

ALTER TABLE public.recovery_codes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recovery_codes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.review_reports (
    review_id bigint NOT NULL,
    reader_id bigint NOT NULL,
    reason text,
    reported_at timestamp with time zone DEFAULT now() NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT review_reports_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 500)))
);

COMMENT ON COLUMN public.review_reports.settled_at IS 'when a moderator hid the review, or let it be; null: it waits for one';

CREATE TABLE public.reviews (
    id bigint NOT NULL,
    book_id bigint NOT NULL,
    reader_id bigint,
    rating smallint NOT NULL,
    text text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    edited_at timestamp with time zone,
    hidden_at timestamp with time zone,
    hidden_reason text,
    withdrawn_at timestamp with time zone,
    CONSTRAINT reviews_check CHECK (((hidden_at IS NULL) = ((hidden_reason IS NULL) AND (withdrawn_at IS NULL)))),
    CONSTRAINT reviews_hidden_reason_check CHECK (((char_length(hidden_reason) >= 1) AND (char_length(hidden_reason) <= 500))),
    CONSTRAINT reviews_rating_check CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT reviews_text_check CHECK ((char_length(text) <= 10000))
);

COMMENT ON COLUMN public.reviews.reader_id IS 'null: the reader has deleted the account, and left the review behind';

COMMENT ON COLUMN public.reviews.hidden_at IS 'only its reader sees it, and it is not counted; null: all do';

COMMENT ON COLUMN public.reviews.hidden_reason IS 'what the moderator said who hid it; until one allows it, its reader writes no other review of the book';

COMMENT ON COLUMN public.reviews.withdrawn_at IS 'its reader has deleted it, but a moderator had hidden it, or was to look at it; null: it is there';

ALTER TABLE public.reviews ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reviews_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sessions (
    id bigint NOT NULL,
    id_hash bytea NOT NULL,
    reader_id bigint NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    browser text,
    system text,
    CONSTRAINT sessions_browser_check CHECK (((char_length(browser) >= 1) AND (char_length(browser) <= 40))),
    CONSTRAINT sessions_id_hash_check CHECK ((octet_length(id_hash) = 32)),
    CONSTRAINT sessions_system_check CHECK (((char_length(system) >= 1) AND (char_length(system) <= 40)))
);

COMMENT ON TABLE public.sessions IS 'who is logged in: a session whose row is gone is refused, wherever its file is';

COMMENT ON COLUMN public.sessions.id_hash IS 'SHA-256 of the id that the cookie carries: from the table nobody can log in';

COMMENT ON COLUMN public.sessions.seen_at IS 'coarse: a busy reader''s is written once in some minutes';

COMMENT ON COLUMN public.sessions.browser IS 'the name of the program, and of the system below it; null where unknown';

ALTER TABLE public.sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW search_000000000000.search_books AS
 SELECT books.id AS book_id,
    ((books.isbn || ' '::text) || COALESCE(books.isbn13, ''::text)) AS isbns,
    books.title,
    books.author,
    books.year,
    COALESCE(rating_counts.review_count, 0) AS review_count,
    COALESCE(rating_counts.rating_sum, 0) AS rating_sum,
    (LEAST(((COALESCE(rating_counts.review_count, 0))::bigint + COALESCE(GREATEST(books.ratings_count, elsewhere.ratings_count), 0)), (100000000)::bigint))::integer AS popularity
   FROM ((public.books
     LEFT JOIN public.rating_counts ON ((rating_counts.book_id = books.id)))
     LEFT JOIN public.external_ratings elsewhere ON (((elsewhere.book_id = books.id) AND (elsewhere.source = 'open_library'::text))));

CREATE TABLE search_000000000000.search_changes (
    id bigint NOT NULL,
    book_ids bigint[]
);

COMMENT ON TABLE search_000000000000.search_changes IS 'a row a statement: books whose works are to be computed again; null: so many that a rebuild is quicker';

ALTER TABLE search_000000000000.search_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME search_000000000000.search_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE search_000000000000.search_editions (
    book_id bigint CONSTRAINT search_editions_new_book_id_not_null NOT NULL,
    work_id bigint CONSTRAINT search_editions_new_work_id_not_null NOT NULL,
    isbns text CONSTRAINT search_editions_new_isbns_not_null NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE search_000000000000.search_letters (
    letter text NOT NULL COLLATE pg_catalog."C",
    latin text NOT NULL
);

CREATE TABLE search_000000000000.search_vocabulary (
    word text CONSTRAINT search_vocabulary_new_word_not_null NOT NULL COLLATE pg_catalog."C",
    works integer CONSTRAINT search_vocabulary_new_works_not_null NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE search_000000000000.search_vocabulary_changes (
    word text NOT NULL COLLATE pg_catalog."C",
    change integer NOT NULL
);

COMMENT ON TABLE search_000000000000.search_vocabulary_changes IS 'only appended to, so that writers never wait for one another at a common word; folded in by search_fold_vocabulary()';

CREATE TABLE search_000000000000.search_works (
    id bigint CONSTRAINT search_works_new_id_not_null NOT NULL,
    lead_book_id bigint CONSTRAINT search_works_new_lead_book_id_not_null NOT NULL,
    popularity integer CONSTRAINT search_works_new_popularity_not_null NOT NULL,
    tier smallint CONSTRAINT search_works_new_tier_not_null NOT NULL,
    editions integer CONSTRAINT search_works_new_editions_not_null NOT NULL,
    year_min smallint,
    year_max smallint,
    review_count integer CONSTRAINT search_works_new_review_count_not_null NOT NULL,
    rating_sum integer CONSTRAINT search_works_new_rating_sum_not_null NOT NULL,
    main_length smallint CONSTRAINT search_works_new_main_length_not_null NOT NULL,
    title_key text CONSTRAINT search_works_new_title_key_not_null NOT NULL COLLATE pg_catalog."C",
    author_key text CONSTRAINT search_works_new_author_key_not_null NOT NULL COLLATE pg_catalog."C",
    words tsvector CONSTRAINT search_works_new_words_not_null NOT NULL
)
WITH (fillfactor='90');

INSERT INTO public.alembic_version VALUES
	('0019');

INSERT INTO public.attempts VALUES
	('\xc5d97c06b3411e1845bfbd675d7238ab9a7dda0d6f42dcc97379150825c87366', '{"2026-11-28 07:52:54.993964+00"}', '2026-11-29 07:52:55.069429+00'),
	('\x7f56d5efab140dc055d1fcadbc4dcb9e587e2dbdc7e004b16daee4af49401b31', '{"2026-11-28 07:52:55.805717+00"}', '2026-11-28 08:52:55.811249+00'),
	('\xc52e42158c4f35545534543d9fd6b6d6180bd455db52fe1d283f1f21e0a8be85', '{}', '2026-11-28 07:57:59.087387+00'),
	('\xa81d222537eae63b9d3e5d2ffd31dc9a6031d1e735bbab1c708d8713f6348839', '{}', '2026-11-28 07:57:59.3858+00'),
	('\x02aca0f3883b83699862d14cc2e625e8d0766a602134f56d4124783c88418475', '{"2026-11-28 07:52:52.553996+00","2026-11-28 07:52:59.540508+00"}', '2026-11-28 08:52:59.548055+00'),
	('\x90de397f28fd21721ba55cd841b48e67ebe2578431dcc79a1bd1b4cea44bbe24', '{}', '2026-11-28 07:57:59.810908+00'),
	('\xe9eee38f99815287c2b8257c18c1c92b322137aace6bdce70c9ad2589cfb56d6', '{}', '2026-11-28 07:57:59.811316+00'),
	('\xaafb81cd0c2a83dbaeb5f3f4f1cfca6ad14f4279a43932942235baa56827ca6d', '{"2026-11-28 07:52:52.097658+00","2026-11-28 07:53:00.05439+00"}', '2026-11-28 08:53:00.054968+00'),
	('\x85092aa60fe6ea9283fc411c3fbfeebe68be3ee8915670f082c10ad6d6cdc3fd', '{"2026-11-28 07:52:51.758032+00","2026-11-28 07:52:52.215598+00","2026-11-28 07:52:55.429127+00","2026-11-28 07:53:00.31107+00"}', '2026-11-28 08:53:00.311378+00'),
	('\x75524f7937f52033b3c86baef55f672723e04b059617d6d4ead7696a4f7c255b', '{"2026-11-28 07:52:52.097658+00","2026-11-28 07:52:52.553996+00","2026-11-28 07:52:55.805717+00","2026-11-28 07:52:59.540508+00","2026-11-28 07:53:00.05439+00","2026-11-28 07:53:00.464336+00"}', '2026-11-28 08:53:00.468657+00'),
	('\xb367324050043db2d5d7994b980bb50edea0fa7e798af6a00d29515311e1d75f', '{"2026-11-28 07:53:00.464336+00"}', '2026-11-28 08:53:00.477292+00');

INSERT INTO public.authenticator_apps OVERRIDING SYSTEM VALUE VALUES
	(1, 3, 'My phone', '\xae6e889a3eea75657d536441c2310316d34711c97ee08f9c01ad08364f817fbc514d0d276c3c33992230681d67615b0eb6b38b62b1adcd878f71144d', 60000000, '2026-11-28 07:52:58.233743+00', NULL);

INSERT INTO public.books OVERRIDING SYSTEM VALUE VALUES
	(1, '0141439513', '9780141439518', DEFAULT, 'Pride and Prejudice', 'Jane Austen', 1813, NULL, NULL, NULL, NULL, NULL, NULL),
	(2, '0141439580', '9780141439587', DEFAULT, 'Emma', 'Jane Austen', 1815, NULL, NULL, NULL, NULL, NULL, NULL),
	(3, '0141439688', '9780141439686', DEFAULT, 'Persuasion', 'Jane Austen', 1817, NULL, NULL, NULL, NULL, NULL, NULL),
	(4, '0140449132', '9780140449136', DEFAULT, 'Crime and Punishment', 'Fyodor Dostoyevsky', 1866, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, '0141439564', '9780141439563', DEFAULT, 'Great Expectations', 'Charles Dickens', 1861, NULL, NULL, NULL, NULL, NULL, NULL),
	(6, '0141439602', '9780141439600', DEFAULT, 'A Tale of Two Cities', 'Charles Dickens', 1859, NULL, NULL, NULL, NULL, NULL, NULL),
	(7, '0141439556', '9780141439556', DEFAULT, 'Wuthering Heights', 'Emily Brontë', 1847, NULL, NULL, NULL, NULL, NULL, NULL),
	(8, '0142437174', '9780142437179', DEFAULT, 'Adventures of Huckleberry Finn', 'Mark Twain', 1884, NULL, NULL, NULL, NULL, NULL, NULL),
	(9, '0142437247', '9780142437247', DEFAULT, 'Moby-Dick, or The Whale', 'Herman Melville', 1851, NULL, NULL, NULL, NULL, NULL, NULL),
	(10, '0140449124', '9780140449129', DEFAULT, 'Madame Bovary', 'Gustave Flaubert', 1857, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-28 07:52:48.35371+00', 'catalogue-imported', NULL, '{"added": 10, "files": "books_of_the_dump.csv", "changed": 0, "refused": 0, "left_alone": 0}'),
	(2, '2026-11-28 07:52:52.076008+00', 'registered', 1, '{"invitation": null}'),
	(3, '2026-11-28 07:52:52.168515+00', 'logged-in', 1, '{"system": null, "browser": null, "second_factor": null}'),
	(4, '2026-11-28 07:52:52.537255+00', 'registered', 2, '{"invitation": null}'),
	(5, '2026-11-28 07:52:52.627539+00', 'logged-in', 2, '{"system": null, "browser": null, "second_factor": null}'),
	(6, '2026-11-28 07:52:54.816711+00', 'moderator-made', 1, '{}'),
	(7, '2026-11-28 07:52:55.137275+00', 'review-reported', 1, '{"review": 5}'),
	(8, '2026-11-28 07:52:55.290329+00', 'review-hidden', 2, '{"reason": "Too windy, too.", "review": 5}'),
	(9, '2026-11-28 07:52:55.295302+00', 'moderated', 1, '{"action": "hidden", "reason": "Too windy, too.", "review": 5}'),
	(10, '2026-11-28 07:52:55.31745+00', 'password-reset-offered', 2, '{}'),
	(11, '2026-11-28 07:52:55.800661+00', 'registered', 3, '{"invitation": null}'),
	(12, '2026-11-28 07:52:55.850842+00', 'logged-in', 3, '{"system": null, "browser": null, "second_factor": null}'),
	(13, '2026-11-28 07:52:58.241029+00', 'second-factor-added', 3, '{"second_factor": "app"}'),
	(14, '2026-11-28 07:52:59.312774+00', 'second-factor-added', 3, '{"second_factor": "passkey"}'),
	(15, '2026-11-28 07:52:59.575949+00', 'logged-in', 2, '{"system": null, "browser": null, "second_factor": null}'),
	(16, '2026-11-28 07:53:00.073372+00', 'logged-in', 1, '{"system": null, "browser": null, "second_factor": null}'),
	(17, '2026-11-28 07:53:00.245638+00', 'invitation-made', 1, '{"days": 7, "uses": 3, "invitation": 1}'),
	(18, '2026-11-28 07:53:00.445204+00', 'registered', 4, '{"invitation": null}'),
	(19, '2026-11-28 07:53:00.50488+00', 'logged-in', 4, '{"system": null, "browser": null, "second_factor": null}');

INSERT INTO public.identities VALUES
	('https://login.example', 'c-1', 3, '2026-11-28 07:53:00.523514+00', NULL);

INSERT INTO public.invitations OVERRIDING SYSTEM VALUE VALUES
	(1, '\x497f398fd38cbfc5f9c9840466fafb1030c8ae4b3b8e4db5471c285e6e0a900d', 1, '2026-11-28 07:53:00.205223+00', '2026-12-05 07:53:00.205223+00', 0, 3, 'The book club');

INSERT INTO public.passkeys OVERRIDING SYSTEM VALUE VALUES
	(1, 3, 'My key', 'localhost', '\x612063726564656e7469616c206964', '\xecdcbf7ea0b38e23afcaae18cab1e624de1188b66848205496ecc979e8541631', '\xa50102032620012158206ead421a9da94d61eb6ca3facbeb6e967c2c0b4601a4f1336e57ad7c6300db012258203e6682bd79a042c7f803cee4834d4cc8ed29e21f317083efa8470eee832e2846', 0, '2026-11-28 07:52:59.311037+00', NULL);

INSERT INTO public.password_resets VALUES
	(2, '\xd78da595455cf03fb61add84355bb59eede247667289879b3ae3609a14af3329', '2026-11-29 07:52:55.312973+00');

INSERT INTO public.pending_registrations VALUES
	(4, '2026-11-28 07:53:00.523514+00');

INSERT INTO public.rating_counts VALUES
	(2, 0, 0, 1, 0, 1, DEFAULT, DEFAULT),
	(9, 0, 0, 1, 0, 1, DEFAULT, DEFAULT),
	(7, 0, 0, 0, 1, 0, DEFAULT, DEFAULT);

INSERT INTO public.readers OVERRIDING SYSTEM VALUE VALUES
	(2, 'Bob', 'bob', '$argon2id$v=19$m=19456,t=2,p=1$fgiS2Zusf+32yunkdmroOg$x3+VldKf2OcFFn5YYyarsPbOZ1gpsnCbmZpt4m/PmT8', '2026-11-28 07:52:52.451511+00', NULL, NULL, false, NULL, false),
	(1, 'Alice', 'alice', '$argon2id$v=19$m=19456,t=2,p=1$7XlHSB3zItBYh3EnsklPWA$0bkyyQU6WSLtjSi6Z4dfxXtYjJVkRvBnvwYVoLTS4SE', '2026-11-28 07:52:52.073974+00', NULL, NULL, true, NULL, false),
	(3, 'Carol', 'carol', '$argon2id$v=19$m=19456,t=2,p=1$Ns6PwVoLwz9++Rc94HTBzw$ozx2DP0iyruJTUblrf6sl21aDHuuDyyy+K4kB6mvCn0', '2026-11-28 07:52:55.800165+00', NULL, NULL, false, NULL, true),
	(4, 'Erin', 'erin', '$argon2id$v=19$m=19456,t=2,p=1$uR79z8Kocghu7mL8r4LExw$HCWo/oOmzA7LS9qe32KS/Tbeg2JUV/I+0vxM6p1calI', '2026-11-28 07:53:00.437095+00', NULL, NULL, false, NULL, false);

INSERT INTO public.recovery_codes OVERRIDING SYSTEM VALUE VALUES
	(1, 3, '$argon2id$v=19$m=19456,t=2,p=1$25KmoyiYM747SOVTxRDATA$HBwSkPjpVAwG7QwpNGLOx1SC9TgUPlvLXU71dnr4U0A'),
	(2, 3, '$argon2id$v=19$m=19456,t=2,p=1$qjkv9A5r943S6AbqH7l0MA$GEYUcvPLs6oMl0Icjyvj2NfRFZz4i4T0+NCB67HNZuM'),
	(3, 3, '$argon2id$v=19$m=19456,t=2,p=1$PQre4tPdUjrh6Cj5U5zXpQ$bDhNlG4O9ibh11/3KNkCetqW7nEiRDwPelGqTWC/mzk'),
	(4, 3, '$argon2id$v=19$m=19456,t=2,p=1$BcKuoiJi+/HH5bh6bky9yg$GjndlRzNi3SpO6auZXx63Hb0Uy5FouIgz6B7C9F6C64'),
	(5, 3, '$argon2id$v=19$m=19456,t=2,p=1$MdCjOMwVQ/S/u++Rs6IXRA$/WDF/w/+42N6IMf1o2NauuqL32opj79hbtTMcndU2+M'),
	(6, 3, '$argon2id$v=19$m=19456,t=2,p=1$lRcJjyBejDjgz4lIPzOYZw$cBrgMIKoiJ1BwpYkH1iQ5SsWnuUeGdy9gGpGOWxNHrk'),
	(7, 3, '$argon2id$v=19$m=19456,t=2,p=1$6FfDYmGMEKlmnMySg40XOQ$Wvp1SV++BYRNnsj4STcqGjOXTNHAXZNzFyZSjWCl26A'),
	(8, 3, '$argon2id$v=19$m=19456,t=2,p=1$2ieigp7TTmthle6N0QNQnA$TwiBfseMImtJnYfvCckWtrlzIPXAYalGzUepl+fKdQ8'),
	(9, 3, '$argon2id$v=19$m=19456,t=2,p=1$NIogZPIkjakcOROo3kFKag$KCqAISitYPCTLzhHdY5CBrsq/bgdPuxVrZK3jmEBMYg'),
	(10, 3, '$argon2id$v=19$m=19456,t=2,p=1$qcRoNkR9KiR1YENPdnSs+A$hXdFZni2ednzLlQWqrDWmRfDZUdaHh6TwX7YwzqT3YE');

INSERT INTO public.review_reports VALUES
	(5, 1, 'Too short.', '2026-11-28 07:52:54.993964+00', '2026-11-28 07:52:55.253743+00');

INSERT INTO public.reviews OVERRIDING SYSTEM VALUE VALUES
	(1, 2, 1, 5, 'Alice on 0141439580.', '2026-11-28 07:52:53.732924+00', NULL, NULL, NULL, NULL),
	(2, 2, 2, 3, 'Bob on 0141439580: “très bien”.', '2026-11-28 07:52:54.137125+00', NULL, NULL, NULL, NULL),
	(3, 9, 1, 5, 'Alice on 0142437247.', '2026-11-28 07:52:54.29579+00', NULL, NULL, NULL, NULL),
	(4, 9, 2, 3, 'Bob on 0142437247: “très bien”.', '2026-11-28 07:52:54.501134+00', NULL, NULL, NULL, NULL),
	(6, 7, 3, 4, 'Windy.', '2026-11-28 07:52:55.905436+00', NULL, NULL, NULL, NULL),
	(5, 7, 2, 1, '', '2026-11-28 07:52:54.70956+00', NULL, '2026-11-28 07:52:55.253743+00', 'Too windy, too.', '2026-11-28 07:52:59.694722+00');

INSERT INTO public.sessions OVERRIDING SYSTEM VALUE VALUES
	(1, '\x2a8771fbc7e7ecae067755f2074acd640739976c58c65eff503533c0785ce918', 1, '2026-11-28 07:52:52.128282+00', '2026-11-28 07:52:52.128282+00', NULL, NULL),
	(2, '\xb1d4e28d130c07477a072d8629e3915823bc52d70a42e4089ca93489c2dfb551', 2, '2026-11-28 07:52:52.624948+00', '2026-11-28 07:52:52.624948+00', NULL, NULL),
	(3, '\x7294bea2b6740405f544422969f6674b1af5c25bcc32e5653c6f378fb8e12201', 3, '2026-11-28 07:52:55.839324+00', '2026-11-28 07:52:55.839324+00', NULL, NULL),
	(4, '\x989e841b917118e47e7c68d4e272e9696c213b35635a366af4860dd53ea82dd6', 2, '2026-11-28 07:52:59.570619+00', '2026-11-28 07:52:59.570619+00', NULL, NULL),
	(5, '\x0abea55b0d160fda0c940632e0a550548da29bff269042f0e1fd9db43ea4a06a', 1, '2026-11-28 07:53:00.065433+00', '2026-11-28 07:53:00.065433+00', NULL, NULL),
	(6, '\xeb47a6ba22c29748c6cddfc8cb1a7df4fc8642dd9b6a6201225feb158f816a35', 4, '2026-11-28 07:53:00.50016+00', '2026-11-28 07:53:00.50016+00', NULL, NULL);

INSERT INTO search_000000000000.search_editions VALUES
	(1, 5579927428565795382, '0141439513 9780141439518'),
	(2, -4383591764965472264, '0141439580 9780141439587'),
	(3, -585516388706207751, '0141439688 9780141439686'),
	(4, 8948355244930485821, '0140449132 9780140449136'),
	(5, -4306279769667781321, '0141439564 9780141439563'),
	(6, -4617399155790541584, '0141439602 9780141439600'),
	(7, 8135600771171971405, '0141439556 9780141439556'),
	(8, -8963468237405643204, '0142437174 9780142437179'),
	(9, -6608920469039022622, '0142437247 9780142437247'),
	(10, -4287459929978907589, '0140449124 9780140449129');

INSERT INTO search_000000000000.search_state VALUES
	(true, -1, 0, -1, 0, 0, '2026-11-28 07:52:48.02922+00', 'abcb751ea607edec678eb60548a30720');

INSERT INTO search_000000000000.search_vocabulary VALUES
	('2', 1),
	('a', 1),
	('adventures', 1),
	('and', 2),
	('austen', 3),
	('bovary', 1),
	('bronte', 1),
	('c', 2),
	('charles', 2),
	('cities', 1),
	('crime', 1),
	('dick', 1),
	('dickens', 2),
	('dostovsky', 1),
	('dostoyevsky', 1),
	('e', 1),
	('emily', 1),
	('emma', 1),
	('expectations', 1),
	('f', 1),
	('finn', 1),
	('flaubert', 1),
	('fyodor', 1),
	('g', 1),
	('great', 1),
	('gustave', 1),
	('h', 1),
	('heights', 1),
	('herman', 1),
	('huckleberry', 1),
	('ii', 1),
	('j', 3),
	('jane', 3),
	('m', 1),
	('madame', 1),
	('mark', 1),
	('melville', 1),
	('moby', 1),
	('of', 2),
	('or', 1),
	('persuasion', 1),
	('prejudice', 1),
	('pride', 1),
	('punishment', 1),
	('tale', 1),
	('the', 1),
	('twain', 1),
	('two', 1),
	('whale', 1),
	('wuthering', 1);

INSERT INTO search_000000000000.search_works VALUES
	(-8963468237405643204, 8, 0, 0, 1, 1884, 1884, 0, 0, 30, 'adventures of huckleberry finn', 'mark twain', '''adventures'' ''finn'' ''huckleberry'' ''m'' ''mark'' ''of'' ''twain'''),
	(-4617399155790541584, 6, 0, 0, 1, 1859, 1859, 0, 0, 20, 'a tale of two cities', 'charles dickens', '''2'' ''a'' ''c'' ''charles'' ''cities'' ''dickens'' ''ii'' ''of'' ''tale'' ''two'''),
	(-4306279769667781321, 5, 0, 0, 1, 1861, 1861, 0, 0, 18, 'great expectations', 'charles dickens', '''c'' ''charles'' ''dickens'' ''expectations'' ''great'''),
	(-4287459929978907589, 10, 0, 0, 1, 1857, 1857, 0, 0, 13, 'madame bovary', 'gustave flaubert', '''bovary'' ''flaubert'' ''g'' ''gustave'' ''madame'''),
	(-585516388706207751, 3, 0, 0, 1, 1817, 1817, 0, 0, 10, 'persuasion', 'jane austen', '''austen'' ''j'' ''jane'' ''persuasion'''),
	(5579927428565795382, 1, 0, 0, 1, 1813, 1813, 0, 0, 19, 'pride and prejudice', 'jane austen', '''and'' ''austen'' ''j'' ''jane'' ''prejudice'' ''pride'''),
	(8948355244930485821, 4, 0, 0, 1, 1866, 1866, 0, 0, 20, 'crime and punishment', 'fyodor dostoyevsky', '''and'' ''crime'' ''dostovsky'' ''dostoyevsky'' ''f'' ''fyodor'' ''punishment'''),
	(-4383591764965472264, 2, 2, 0, 1, 1815, 1815, 2, 8, 4, 'emma', 'jane austen', '''austen'' ''emma'' ''j'' ''jane'''),
	(-6608920469039022622, 9, 2, 0, 1, 1851, 1851, 2, 8, 22, 'moby dick or the whale', 'herman melville', '''dick'' ''h'' ''herman'' ''melville'' ''moby'' ''or'' ''the'' ''whale'''),
	(8135600771171971405, 7, 1, 0, 1, 1847, 1847, 1, 4, 17, 'wuthering heights', 'emily bronte', '''bronte'' ''e'' ''emily'' ''heights'' ''wuthering''');

SELECT pg_catalog.setval('public.authenticator_apps_id_seq', 1, true);

SELECT pg_catalog.setval('public.books_id_seq', 10, true);

SELECT pg_catalog.setval('public.events_id_seq', 19, true);

SELECT pg_catalog.setval('public.invitations_id_seq', 1, true);

SELECT pg_catalog.setval('public.passkeys_id_seq', 1, true);

SELECT pg_catalog.setval('public.readers_id_seq', 4, true);

SELECT pg_catalog.setval('public.recovery_codes_id_seq', 10, true);

SELECT pg_catalog.setval('public.reviews_id_seq', 6, true);

SELECT pg_catalog.setval('public.sessions_id_seq', 6, true);

SELECT pg_catalog.setval('search_000000000000.search_changes_id_seq', 8, true);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.authenticator_apps
    ADD CONSTRAINT authenticator_apps_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_identity_key UNIQUE (identity);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.departures
    ADD CONSTRAINT departures_pkey PRIMARY KEY (reader_id);

ALTER TABLE ONLY public.event_ages
    ADD CONSTRAINT event_ages_pkey PRIMARY KEY (kind);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.external_rating_requests
    ADD CONSTRAINT external_rating_requests_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY public.external_ratings
    ADD CONSTRAINT external_ratings_pkey PRIMARY KEY (book_id, source);

ALTER TABLE ONLY public.failed_logins
    ADD CONSTRAINT failed_logins_pkey PRIMARY KEY (hour, address_group);

ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (issuer, subject);

ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_reader_id_issuer_key UNIQUE (reader_id, issuer);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.login_links
    ADD CONSTRAINT login_links_pkey PRIMARY KEY (reader_id);

ALTER TABLE ONLY public.login_links
    ADD CONSTRAINT login_links_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.moderation_queue
    ADD CONSTRAINT moderation_queue_pkey PRIMARY KEY (review_id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT one_review_a_reader_and_book UNIQUE (book_id, reader_id);

ALTER TABLE ONLY public.passkey_challenges
    ADD CONSTRAINT passkey_challenges_pkey PRIMARY KEY (challenge);

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id);

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_pkey PRIMARY KEY (reader_id);

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.pending_logins
    ADD CONSTRAINT pending_logins_pkey PRIMARY KEY (key_hash);

ALTER TABLE ONLY public.pending_registrations
    ADD CONSTRAINT pending_registrations_pkey PRIMARY KEY (reader_id);

ALTER TABLE ONLY public.rating_counts
    ADD CONSTRAINT rating_counts_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.review_reports
    ADD CONSTRAINT review_reports_pkey PRIMARY KEY (review_id, reader_id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_id_hash_key UNIQUE (id_hash);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY search_000000000000.search_changes
    ADD CONSTRAINT search_changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY search_000000000000.search_editions
    ADD CONSTRAINT search_editions_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY search_000000000000.search_letters
    ADD CONSTRAINT search_letters_pkey PRIMARY KEY (letter);

ALTER TABLE ONLY search_000000000000.search_state
    ADD CONSTRAINT search_state_pkey PRIMARY KEY (one);

ALTER TABLE ONLY search_000000000000.search_vocabulary
    ADD CONSTRAINT search_vocabulary_pkey PRIMARY KEY (word);

ALTER TABLE ONLY search_000000000000.search_works
    ADD CONSTRAINT search_works_pkey PRIMARY KEY (id);

CREATE INDEX attempts_by_end ON public.attempts USING btree (kept_until);

CREATE INDEX authenticator_apps_by_reader ON public.authenticator_apps USING btree (reader_id, id);

CREATE INDEX books_languages ON public.books USING btree (language) WHERE (language IS NOT NULL);

CREATE INDEX events_by_age ON public.events USING btree (kind, at);

CREATE INDEX events_by_reader ON public.events USING btree (reader_id, id DESC);

CREATE INDEX external_rating_requests_claimed ON public.external_rating_requests USING btree (claimed_until) WHERE (claimed_until IS NOT NULL);

CREATE INDEX external_rating_requests_waiting ON public.external_rating_requests USING btree (requested_at, book_id);

CREATE INDEX invitations_by_maker ON public.invitations USING btree (made_by);

CREATE INDEX invitations_by_time ON public.invitations USING btree (made_at DESC, id DESC);

CREATE INDEX moderation_queue_latest_first ON public.moderation_queue USING btree (reported_at DESC, review_id DESC);

CREATE INDEX passkey_challenges_by_age ON public.passkey_challenges USING btree (made_at);

CREATE INDEX passkeys_by_reader ON public.passkeys USING btree (reader_id, id);

CREATE INDEX password_resets_by_end ON public.password_resets USING btree (expires_at);

CREATE INDEX pending_logins_by_age ON public.pending_logins USING btree (began_at);

CREATE INDEX pending_logins_by_reader ON public.pending_logins USING btree (reader_id);

CREATE INDEX pending_registrations_by_time ON public.pending_registrations USING btree (registered_at DESC, reader_id DESC);

CREATE INDEX recovery_codes_by_reader ON public.recovery_codes USING btree (reader_id, id);

CREATE INDEX review_reports_open ON public.review_reports USING btree (review_id) WHERE (settled_at IS NULL);

CREATE INDEX review_reports_own ON public.review_reports USING btree (reader_id, reported_at DESC, review_id DESC);

CREATE INDEX review_reports_reasons ON public.review_reports USING btree (review_id, reported_at DESC, reader_id) WHERE ((settled_at IS NULL) AND (reason IS NOT NULL));

CREATE INDEX reviews_by_reader ON public.reviews USING btree (reader_id, created_at DESC, id DESC);

CREATE INDEX reviews_hidden_latest_first ON public.reviews USING btree (GREATEST(hidden_at, edited_at) DESC, id DESC) WHERE (hidden_reason IS NOT NULL);

CREATE INDEX reviews_visible_by_book ON public.reviews USING btree (book_id, created_at DESC, id DESC) WHERE (hidden_at IS NULL);

CREATE INDEX reviews_visible_by_reader ON public.reviews USING btree (reader_id, created_at DESC, id DESC) INCLUDE (rating) WHERE (hidden_at IS NULL);

CREATE INDEX sessions_by_last_use ON public.sessions USING btree (seen_at);

CREATE INDEX sessions_by_reader ON public.sessions USING btree (reader_id, seen_at DESC, id DESC);

CREATE INDEX search_editions_isbns ON search_000000000000.search_editions USING gin (isbns public.gin_trgm_ops);

CREATE INDEX search_editions_of_work ON search_000000000000.search_editions USING btree (work_id);

CREATE INDEX search_vocabulary_deletes ON search_000000000000.search_vocabulary USING gin (search_000000000000.search_deletes(word)) WITH (fastupdate=off);

CREATE INDEX search_vocabulary_trigrams ON search_000000000000.search_vocabulary USING gin (word public.gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX search_works_author ON search_000000000000.search_works USING btree ("left"(author_key, 60), id);

CREATE INDEX search_works_head_words ON search_000000000000.search_works USING gin (words) WITH (fastupdate=off) WHERE (tier <= 1);

CREATE INDEX search_works_main_start ON search_000000000000.search_works USING btree (search_000000000000.search_start("left"(title_key, (main_length)::integer)), id) WHERE (main_length < length(title_key));

CREATE INDEX search_works_popular ON search_000000000000.search_works USING btree (popularity DESC, id) WHERE (tier = 0);

CREATE INDEX search_works_start ON search_000000000000.search_works USING btree (search_000000000000.search_start(title_key), id);

CREATE INDEX search_works_top_words ON search_000000000000.search_works USING gin (words) WITH (fastupdate=off) WHERE (tier = 0);

CREATE INDEX search_works_words ON search_000000000000.search_works USING gin (words) WITH (fastupdate=off);

CREATE TRIGGER count_delete AFTER DELETE ON public.reviews REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION public.count_ratings();

CREATE TRIGGER count_insert AFTER INSERT ON public.reviews REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.count_ratings();

CREATE TRIGGER count_update AFTER UPDATE ON public.reviews REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.count_ratings();

CREATE TRIGGER events_stay BEFORE UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_to_rewrite_events();

CREATE TRIGGER events_stay_until_due AFTER DELETE ON public.events REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_to_delete_events_early();

CREATE TRIGGER queue_delete AFTER DELETE ON public.review_reports REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION public.queue_reported_reviews();

CREATE TRIGGER queue_insert AFTER INSERT ON public.review_reports REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.queue_reported_reviews();

CREATE TRIGGER queue_update AFTER UPDATE ON public.review_reports REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.queue_reported_reviews();

CREATE TRIGGER search_000000000000_delete AFTER DELETE ON public.books REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_books_changed();

CREATE TRIGGER search_000000000000_delete AFTER DELETE ON public.external_ratings REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_ratings_changed();

CREATE TRIGGER search_000000000000_delete AFTER DELETE ON public.rating_counts REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_ratings_changed();

CREATE TRIGGER search_000000000000_insert AFTER INSERT ON public.books REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_books_changed();

CREATE TRIGGER search_000000000000_insert AFTER INSERT ON public.external_ratings REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_ratings_changed();

CREATE TRIGGER search_000000000000_insert AFTER INSERT ON public.rating_counts REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_ratings_changed();

CREATE TRIGGER search_000000000000_truncate AFTER TRUNCATE ON public.books FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_books_changed();

CREATE TRIGGER search_000000000000_update AFTER UPDATE ON public.books REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_books_changed();

CREATE TRIGGER search_000000000000_update AFTER UPDATE ON public.external_ratings REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_ratings_changed();

CREATE TRIGGER search_000000000000_update AFTER UPDATE ON public.rating_counts REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION search_000000000000.search_ratings_changed();

CREATE CONSTRAINT TRIGGER search_settle AFTER INSERT ON search_000000000000.search_changes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION search_000000000000.search_changes_committed();

ALTER TABLE ONLY public.authenticator_apps
    ADD CONSTRAINT authenticator_apps_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.departures
    ADD CONSTRAINT departures_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.external_rating_requests
    ADD CONSTRAINT external_rating_requests_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.external_ratings
    ADD CONSTRAINT external_ratings_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.readers(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.login_links
    ADD CONSTRAINT login_links_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.moderation_queue
    ADD CONSTRAINT moderation_queue_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.reviews(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pending_logins
    ADD CONSTRAINT pending_logins_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pending_registrations
    ADD CONSTRAINT pending_registrations_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rating_counts
    ADD CONSTRAINT rating_counts_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.review_reports
    ADD CONSTRAINT review_reports_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.review_reports
    ADD CONSTRAINT review_reports_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.reviews(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;
