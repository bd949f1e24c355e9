-- The database of commit b269ff2, made by scripts/old_databases.py.

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

CREATE EXTENSION IF NOT EXISTS fuzzystrmatch WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

CREATE TYPE public.search_candidate AS (
	id bigint,
	title_key text,
	author_key text,
	main_length smallint,
	popularity integer,
	year_max smallint,
	review_count integer,
	rating_sum integer
);

CREATE FUNCTION public.count_rating() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.rating = OLD.rating AND NEW.book_id = OLD.book_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        UPDATE rating_counts
           SET one   = one   - (OLD.rating = 1)::int,
               two   = two   - (OLD.rating = 2)::int,
               three = three - (OLD.rating = 3)::int,
               four  = four  - (OLD.rating = 4)::int,
               five  = five  - (OLD.rating = 5)::int
         WHERE book_id = OLD.book_id;
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
        INSERT INTO rating_counts AS counts (book_id, one, two, three, four, five)
        VALUES (NEW.book_id, (NEW.rating = 1)::int, (NEW.rating = 2)::int, (NEW.rating = 3)::int,
                (NEW.rating = 4)::int, (NEW.rating = 5)::int)
        ON CONFLICT (book_id) DO UPDATE
           SET one   = counts.one   + excluded.one,
               two   = counts.two   + excluded.two,
               three = counts.three + excluded.three,
               four  = counts.four  + excluded.four,
               five  = counts.five  + excluded.five;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.search_all(driver tsquery, others tsquery, look integer, keep integer, from_year integer, to_year integer, reviewed boolean) RETURNS SETOF public.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT * FROM search_works WHERE words @@ driver LIMIT look) AS found
     WHERE (others IS NULL OR ts_match_vq(words, others)) AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE
       AND (NOT reviewed OR review_count > 0)
     ORDER BY popularity DESC, id LIMIT keep;
END $$;

CREATE FUNCTION public.search_author_words(author_key text) RETURNS text
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

CREATE FUNCTION public.search_books_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO search_changes (book_ids) VALUES (NULL);
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM search_note(ARRAY(SELECT id FROM after JOIN before USING (id)
             WHERE (after.isbn, after.isbn13, after.title, after.author, after.year, after.ratings_count)
                   IS DISTINCT FROM (before.isbn, before.isbn13, before.title, before.author, before.year, before.ratings_count) LIMIT 50001));
    ELSE
        PERFORM search_note(ARRAY(SELECT id FROM after LIMIT 50001));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.search_by_author(key text, look integer, keep integer) RETURNS SETOF public.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT * FROM search_works WHERE left(author_key, 60) = left(key, 60) COLLATE "C" AND author_key = key LIMIT look) AS found
     ORDER BY popularity DESC, id LIMIT keep;
END $$;

CREATE FUNCTION public.search_by_start(start text, look integer, keep integer) RETURNS SETOF public.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM ((SELECT true AS whole, * FROM search_works WHERE search_start(title_key) = start COLLATE "C" LIMIT look)
             UNION ALL
            (SELECT false, * FROM search_works WHERE search_start(title_key) > start COLLATE "C" AND search_start(title_key) < start || '~' COLLATE "C" LIMIT look)) AS found
     ORDER BY whole DESC, popularity DESC, id LIMIT keep;
END $$;

CREATE FUNCTION public.search_changes_committed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM search_settle();
    RETURN NULL;
END $$;

CREATE FUNCTION public.search_containing(part text, keep integer) RETURNS TABLE(spelling text, spelling_works integer)
    LANGUAGE plpgsql STABLE ROWS 16
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT word, works FROM (SELECT word, works FROM search_vocabulary WHERE word LIKE '%' || part || '%' LIMIT 4000) AS found
     ORDER BY works DESC, word LIMIT keep;
END $$;

CREATE FUNCTION public.search_cut(size integer, OUT above integer, OUT share integer) RETURNS record
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

CREATE FUNCTION public.search_deletes(word text) RETURNS text[]
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

COMMENT ON FUNCTION public.search_deletes(word text) IS 'the first seven letters of a word with up to two left out: words within two edits share one of these (SymSpell)';

CREATE FUNCTION public.search_elided(title text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT coalesce(string_agg(search_key(elided[1]), ' '), '')
      FROM regexp_matches(title, '\m(?:l|d|qu|dell|all|nell|sull|un)[''’](\w{3,})', 'gi') AS matches (elided)
$$;

COMMENT ON FUNCTION public.search_elided(title text) IS 'words behind an elided article: ''L''Étranger'' gives etranger';

CREATE FUNCTION public.search_fold_vocabulary() RETURNS void
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

CREATE FUNCTION public.search_index_editions(editions text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %3$I (work_id);
        CREATE INDEX %2$I ON %3$I USING gin (isbns gin_trgm_ops);
    $sql$, editions || '_of_work', editions || '_isbns', editions);
END $_$;

CREATE FUNCTION public.search_index_vocabulary(vocabulary text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %3$I USING gin (search_deletes(word)) WITH (fastupdate = off);
        CREATE INDEX %2$I ON %3$I USING gin (word gin_trgm_ops) WITH (fastupdate = off);
    $sql$, vocabulary || '_deletes', vocabulary || '_trigrams', vocabulary);
END $_$;

CREATE FUNCTION public.search_index_works(works text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %5$I USING gin (words) WITH (fastupdate = off);
        CREATE INDEX %2$I ON %5$I USING gin (words) WITH (fastupdate = off) WHERE tier <= 1;
        CREATE INDEX %3$I ON %5$I USING gin (words) WITH (fastupdate = off) WHERE tier = 0;
        CREATE INDEX %4$I ON %5$I (search_start(title_key) COLLATE "C");
        CREATE INDEX %6$I ON %5$I (left(author_key, 60) COLLATE "C");
    $sql$, works || '_words', works || '_head_words', works || '_top_words', works || '_start', works, works || '_author');
END $_$;

CREATE FUNCTION public.search_initials(key text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT coalesce(string_agg(replace(run[1], ' ', ''), ' '), '') FROM regexp_matches(key, '\m[a-z0-9](?: [a-z0-9])+\M', 'g') AS runs (run)
$$;

COMMENT ON FUNCTION public.search_initials(key text) IS 'single letters in a row as one word: ''j r r tolkien'' gives jrr, ''u s a'' usa';

CREATE FUNCTION public.search_key(string text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    plain text := lower(CASE WHEN octet_length(string) = length(string) THEN string ELSE search_latin(string) END COLLATE "C");
BEGIN
    IF plain ~ '[^a-z0-9 ]' COLLATE "C" THEN
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

COMMENT ON FUNCTION public.search_key(string text) IS 'words of a to z and 0 to 9 with single spaces; & is and; apostrophes are dropped';

CREATE FUNCTION public.search_known(typed text[]) RETURNS TABLE(known text, known_works integer)
    LANGUAGE plpgsql STABLE ROWS 16
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY SELECT word, works FROM search_vocabulary WHERE word = ANY (typed COLLATE "C");
END $$;

CREATE FUNCTION public.search_latin(string text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    plain text := unaccent(string);
BEGIN
    IF octet_length(plain) = length(plain) THEN
        RETURN plain;
    END IF;
    RETURN (SELECT string_agg(CASE WHEN character <= '~' THEN character ELSE coalesce(latin, ' ') END, '' ORDER BY place)
              FROM unnest(string_to_array(unaccent(normalize(plain, NFKC)), NULL)) WITH ORDINALITY AS characters (character, place)
              LEFT JOIN search_letters ON letter = character COLLATE "C");
END $$;

COMMENT ON FUNCTION public.search_latin(string text) IS 'without accents, other scripts transliterated: ''Łódź'' Lodz, ''Толстой'' tolstoy';

CREATE FUNCTION public.search_lead(popularity integer, book_id bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((popularity)::bigint << 36) + ('68719476735'::bigint - book_id));

CREATE FUNCTION public.search_lead_book(lead bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('68719476735'::bigint - (lead & '68719476735'::bigint));

CREATE FUNCTION public.search_leads(works bigint[]) RETURNS TABLE(work_id bigint, isbn text, title text, author text, year smallint, review_count integer, average double precision, editions integer)
    LANGUAGE plpgsql STABLE ROWS 20
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN QUERY
    SELECT work.id, book.isbn, book.title, book.author, book.year, coalesce(counts.review_count, 0),
           round(counts.rating_sum::numeric / nullif(counts.review_count, 0), 2)::float8, work.editions
      FROM unnest(works) WITH ORDINALITY AS wanted (id, place)
      JOIN search_works AS work ON work.id = wanted.id
      JOIN books AS book ON book.id = work.lead_book_id
      LEFT JOIN rating_counts AS counts ON counts.book_id = book.id
     ORDER BY place;
END $$;

CREATE FUNCTION public.search_lock_for_swap() RETURNS void
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

CREATE FUNCTION public.search_main_length(title text, title_key text) RETURNS smallint
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    main text := split_part(translate(title, '([;/', '::::'), ':', 1);
BEGIN
    RETURN coalesce(nullif(CASE WHEN main <> title THEN length(search_key(main)) END, 0), length(title_key));
END $$;

CREATE FUNCTION public.search_needs_rebuild() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(bool_or(book_ids IS NULL) OR sum(cardinality(book_ids)) > 5000 + (SELECT works / 20 FROM search_state), false) FROM search_changes
$$;

CREATE FUNCTION public.search_note(books bigint[]) RETURNS void
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

CREATE FUNCTION public.search_number_words() RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '{"i": 1, "v": 1, "x": 1, "ii": 1, "iv": 1, "ix": 1, "vi": 1, "xi": 1, "xv": 1, "xx": 1, "iii": 1, "one": 1, "six": 1, "ten": 1, "two": 1, "vii": 1, "xii": 1, "xiv": 1, "xix": 1, "xvi": 1, "five": 1, "four": 1, "nine": 1, "viii": 1, "xiii": 1, "xvii": 1, "eight": 1, "fifty": 1, "forty": 1, "seven": 1, "sixty": 1, "three": 1, "xviii": 1, "eighty": 1, "eleven": 1, "ninety": 1, "thirty": 1, "twelve": 1, "twenty": 1, "fifteen": 1, "hundred": 1, "seventy": 1, "sixteen": 1, "eighteen": 1, "fourteen": 1, "nineteen": 1, "thirteen": 1, "thousand": 1, "seventeen": 1}'::jsonb;

COMMENT ON FUNCTION public.search_number_words() IS 'the words without digits that search_numerals reads';

CREATE FUNCTION public.search_numerals(key text) RETURNS text
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

COMMENT ON FUNCTION public.search_numerals(key text) IS 'numbers in their other forms: ''henry v'' gives 5 v five, ''catch 22'' twenty two, ''nineteen eighty four'' 19 1980 1984';

CREATE FUNCTION public.search_popular(driver tsquery, look integer, keep integer, enough integer, from_year integer, to_year integer, reviewed boolean) RETURNS SETOF public.search_candidate
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    found integer;
BEGIN
    SELECT count(*) INTO found FROM (SELECT FROM search_works WHERE tier = 0 AND words @@ driver
        AND (from_year IS NULL AND to_year IS NULL AND NOT reviewed) LIMIT enough) AS tops;
    IF found = enough THEN
        RETURN QUERY
        SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
          FROM (SELECT * FROM search_works WHERE tier = 0 AND words @@ driver LIMIT look) AS found
         ORDER BY popularity DESC, id LIMIT keep;
    ELSE
        RETURN QUERY
        SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
          FROM (SELECT * FROM search_works WHERE tier <= 1 AND words @@ driver
                   AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0) LIMIT look) AS found
         ORDER BY popularity DESC, id LIMIT keep;
    END IF;
END $$;

CREATE FUNCTION public.search_ratings_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM search_note(ARRAY(SELECT book_id FROM after LIMIT 50001));
    RETURN NULL;
END $$;

CREATE FUNCTION public.search_read(query text, most integer, OUT key text, OUT words text[], OUT works integer[], OUT starting integer, OUT romanised text[], OUT all_are_popular boolean) RETURNS record
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    last text;
BEGIN
    key := search_key(query);
    words := (string_to_array(key, ' '))[:most];
    last := words[cardinality(words)];
    works := ARRAY(SELECT coalesce(vocabulary.works, 0) FROM unnest(words) WITH ORDINALITY AS typed (word, place)
                     LEFT JOIN search_vocabulary AS vocabulary ON vocabulary.word = typed.word COLLATE "C" ORDER BY place);
    romanised := string_to_array(search_romanised(key), ' ');
    SELECT coalesce(sum(found.works), 0)::int INTO starting
      FROM (SELECT vocabulary.works FROM search_vocabulary AS vocabulary WHERE word >= last COLLATE "C" AND word < last || '~' COLLATE "C" LIMIT 2000) AS found;
    SELECT head_cut < 0 INTO all_are_popular FROM search_state;
END $$;

CREATE FUNCTION public.search_rebuild() RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    step text;
BEGIN
    FOR step IN SELECT steps.step FROM search_rebuild_steps() AS steps LOOP
        EXECUTE format('SELECT %I()', step);
    END LOOP;
END $$;

COMMENT ON FUNCTION public.search_rebuild() IS 'makes everything anew beside the live tables, then swaps names: readers wait for the swap only';

CREATE FUNCTION public.search_rebuild_authors() RETURNS void
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

CREATE FUNCTION public.search_rebuild_begin() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(search_rebuild_lock());
    PERFORM set_config('work_mem', '128MB', true), set_config('maintenance_work_mem', '256MB', true);
    IF EXISTS (SELECT FROM search_works) THEN
        PERFORM set_config('max_parallel_workers_per_gather', '0', true), set_config('max_parallel_maintenance_workers', '0', true);
    END IF;
    ANALYZE books, rating_counts, external_ratings;
    -- What is left behind from now on may be missed, and stays for the next who settles.
    CREATE UNLOGGED TABLE search_changes_seen_new AS SELECT id FROM search_changes;
END $$;

CREATE FUNCTION public.search_rebuild_books() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    CREATE UNLOGGED TABLE search_books_new AS
    SELECT *, search_work_id(title_key, author_key) AS work_id
      FROM (SELECT search_books.*, search_key(title) AS title_key, author_key, author_words
              FROM search_books JOIN search_authors_new USING (author) OFFSET 0) AS books;
    DROP TABLE search_authors_new;
    ANALYZE search_books_new;
END $$;

CREATE FUNCTION public.search_rebuild_editions() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    CREATE TABLE search_editions_new AS SELECT book_id, work_id, isbns COLLATE "C" AS isbns FROM search_books_new;
    ALTER TABLE search_editions_new ALTER work_id SET NOT NULL, ALTER isbns SET NOT NULL, ADD CONSTRAINT search_editions_new_pkey PRIMARY KEY (book_id);
    PERFORM search_index_editions('search_editions_new');
    ANALYZE search_editions_new;
END $$;

CREATE FUNCTION public.search_rebuild_end() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM search_changes WHERE id IN (SELECT id FROM search_changes_seen_new);
    DELETE FROM search_vocabulary_changes;
    DROP TABLE search_changes_seen_new;
    PERFORM search_lock_for_swap();
    PERFORM search_swap('search_works'), search_swap('search_editions'), search_swap('search_vocabulary');
END $$;

CREATE FUNCTION public.search_rebuild_lock() RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN '7310010001'::bigint;

CREATE FUNCTION public.search_rebuild_steps() RETURNS TABLE(step text, share double precision)
    LANGUAGE sql IMMUTABLE
    AS $$
    VALUES ('search_rebuild_begin', 0.01::float8), ('search_rebuild_authors', 0.06), ('search_rebuild_books', 0.19), ('search_rebuild_editions', 0.13),
           ('search_rebuild_works', 0.24), ('search_rebuild_works_indexes', 0.18), ('search_rebuild_vocabulary', 0.18), ('search_rebuild_end', 0.01)
$$;

CREATE FUNCTION public.search_rebuild_vocabulary() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    CREATE TABLE search_vocabulary_new WITH (fillfactor = 50) AS
    SELECT word COLLATE "C" AS word, count(*)::int AS works FROM search_works_new, unnest(tsvector_to_array(words)) AS word GROUP BY word ORDER BY word;
    ALTER TABLE search_vocabulary_new ADD CONSTRAINT search_vocabulary_new_pkey PRIMARY KEY (word), ALTER works SET NOT NULL;
    PERFORM search_index_vocabulary('search_vocabulary_new');
    ANALYZE search_vocabulary_new;
END $$;

CREATE FUNCTION public.search_rebuild_works() RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    top   record;
    head  record;
    state search_state;
BEGIN
    CREATE UNLOGGED TABLE search_groups_new AS
    SELECT work_id, search_lead_book(max(search_lead(popularity, book_id))) AS lead_book_id,
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
    SELECT groups.work_id AS id, groups.lead_book_id, groups.popularity, search_tier(groups.popularity, groups.work_id, $sql$ || quote_literal(state) || $sql$::search_state) AS tier,
           groups.editions, groups.year_min, groups.year_max, groups.review_count, groups.rating_sum,
           search_main_length(title, title_key) AS main_length, title_key COLLATE "C" AS title_key, author_key COLLATE "C" AS author_key,
           search_words(search_title_words(title, title_key), author_words) AS words
      FROM search_groups_new AS groups JOIN search_books_new AS leads ON leads.book_id = groups.lead_book_id
     ORDER BY groups.popularity DESC$sql$;
    DROP TABLE search_groups_new, search_books_new;
    ALTER TABLE search_works_new ADD CONSTRAINT search_works_new_pkey PRIMARY KEY (id),
        ALTER lead_book_id SET NOT NULL, ALTER popularity SET NOT NULL, ALTER tier SET NOT NULL, ALTER editions SET NOT NULL,
        ALTER review_count SET NOT NULL, ALTER rating_sum SET NOT NULL, ALTER main_length SET NOT NULL,
        ALTER title_key SET NOT NULL, ALTER author_key SET NOT NULL, ALTER words SET NOT NULL;
END $_$;

CREATE FUNCTION public.search_rebuild_works_indexes() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM search_index_works('search_works_new');
    ANALYZE search_works_new;
END $$;

CREATE FUNCTION public.search_refresh_works(works bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH gone AS (
        DELETE FROM search_works WHERE id = ANY (works) AND NOT EXISTS (SELECT FROM search_editions WHERE work_id = search_works.id) RETURNING words)
    INSERT INTO search_vocabulary_changes (word, change) SELECT word, -1 FROM gone, unnest(tsvector_to_array(gone.words)) AS word;

    WITH editions AS MATERIALIZED (
        SELECT edition.work_id, search_books.* FROM search_editions AS edition JOIN search_books USING (book_id) WHERE edition.work_id = ANY (works)),
    groups AS MATERIALIZED (
        SELECT work_id, search_lead_book(max(search_lead(editions.popularity, book_id))) AS lead_book_id, least(sum(editions.popularity), 100000000)::int AS popularity,
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
        SELECT new.*, title, search_key(title) AS title_key, search_key(author) AS author_key
          FROM groups AS new JOIN editions ON book_id = lead_book_id
         WHERE NOT EXISTS (SELECT FROM search_works WHERE id = new.work_id)),
    added AS (
        INSERT INTO search_works (id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum,
                                  main_length, title_key, author_key, words)
        SELECT work_id, lead_book_id, popularity, tier, editions, year_min, year_max, review_count, rating_sum, search_main_length(title, title_key),
               title_key, author_key, search_words(search_title_words(title, title_key), search_author_words(author_key))
          FROM leads ORDER BY work_id
        ON CONFLICT (id) DO NOTHING RETURNING words)
    INSERT INTO search_vocabulary_changes (word, change) SELECT word, 1 FROM added, unnest(tsvector_to_array(added.words)) AS word;
END $$;

CREATE FUNCTION public.search_romanised(key text) RETURNS text
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

COMMENT ON FUNCTION public.search_romanised(key text) IS 'one spelling for the common romanisations of names: tolstoi, tolstoj and tolstoy are tolstoy; kaestner is kastner, as Kästner is';

CREATE FUNCTION public.search_settle() RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    taken bigint[];
    books bigint[];
    busy  bigint[];
BEGIN
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

CREATE FUNCTION public.search_settle_books(books bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    ids   bigint[];  -- of the books that are still there, with the works that they are editions of now
    works bigint[];
    every bigint[];  -- works, those that they were editions of, too
    busy  bigint[];
    left_behind bigint[] := '{}';
BEGIN
    SELECT array_agg(id), array_agg(search_work_id(search_key(title), search_key(author))) INTO ids, works FROM books AS book WHERE id = ANY (books);
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

CREATE FUNCTION public.search_spelled(n integer) RETURNS text
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

COMMENT ON FUNCTION public.search_spelled(n integer) IS 'a number as it is said: 22 twenty two, 1984 nineteen eighty four, 100 one hundred';

CREATE FUNCTION public.search_spellings(typed text, keep integer) RETURNS TABLE(spelling text, spelling_works integer, distance integer)
    LANGUAGE plpgsql STABLE ROWS 16
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    deletes text[] := search_deletes(typed);
    size    int    := length(typed);
BEGIN
    RETURN QUERY
    SELECT word, works, near.distance
      FROM (SELECT word, works, levenshtein_less_equal(word, typed, 3) AS distance FROM search_vocabulary
             WHERE search_deletes(word) && deletes AND length(word) BETWEEN size - 2 AND size + 2) AS near
     WHERE near.distance BETWEEN 1 AND 3
     ORDER BY near.distance * 2.5 - ln(works) * 0.5 - (left(word, 1) = left(typed, 1))::int, word LIMIT keep;
END $$;

CREATE FUNCTION public.search_start(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
    IF key ~ '^(the|an?|l[aeo]s?|un|une|der|die|das|den|det|ein|eine|el|il|gli|het|een|os?|as|um|uma|en|et) .' THEN
        key := substr(key, strpos(key, ' ') + 1);
    END IF;
    RETURN left(replace(key, ' ', ''), 60);
END $$;

COMMENT ON FUNCTION public.search_start(key text) IS 'a key without its leading article and without spaces, cut at 60: equal however the words are run together';

CREATE FUNCTION public.search_swap(old text) RETURNS void
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

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.search_state (
    one boolean DEFAULT true NOT NULL,
    top_cut integer DEFAULT 2147483647 NOT NULL,
    top_share integer DEFAULT 0 NOT NULL,
    head_cut integer DEFAULT '-1'::integer NOT NULL,
    head_share integer DEFAULT 0 NOT NULL,
    works bigint DEFAULT 0 NOT NULL,
    built_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT search_state_one_check CHECK (one)
);

COMMENT ON TABLE public.search_state IS 'the cuts of the last rebuild: works more popular than a cut are in the tier, and so many thousandths of those equal to it';

CREATE FUNCTION public.search_tier(popularity integer, work_id bigint, state public.search_state) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((popularity > (state).top_cut) OR ((popularity = (state).top_cut) AND (abs((work_id % (1000)::bigint)) < (state).top_share))) THEN 0 WHEN ((popularity > (state).head_cut) OR ((popularity = (state).head_cut) AND (abs((work_id % (1000)::bigint)) < (state).head_share))) THEN 1 ELSE 2 END;

CREATE FUNCTION public.search_title_words(title text, title_key text) RETURNS text
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
    IF strpos(title, '''') > 0 OR strpos(title, '’') > 0 THEN
        words := words || ' ' || search_elided(title);
    END IF;
    RETURN words;
END $$;

CREATE FUNCTION public.search_words(title_words text, author_words text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN array_to_tsvector(array_remove(string_to_array(((title_words || ' '::text) || author_words), ' '::text), ''::text));

COMMENT ON FUNCTION public.search_words(title_words text, author_words text) IS 'every word under which a work is found: of the title and the author, and numerals, initials, romanisations and elided words';

CREATE FUNCTION public.search_work_id(title_key text, author_key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((('x'::text || "left"(md5(((title_key || '|'::text) || author_key)), 16)))::bit(64))::bigint;

COMMENT ON FUNCTION public.search_work_id(title_key text, author_key text) IS 'books of one title and one author are editions of one work: 64 bits of MD5, which no server version changes';

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
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
    name text NOT NULL,
    name_key text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT readers_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 64)))
);

COMMENT ON COLUMN public.readers.name_key IS 'the name after NFKC and case folding: Admin and ａdmin are one';

ALTER TABLE public.readers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.readers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reviews (
    id bigint NOT NULL,
    book_id bigint NOT NULL,
    reader_id bigint NOT NULL,
    rating smallint NOT NULL,
    text text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    edited_at timestamp with time zone,
    CONSTRAINT reviews_rating_check CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT reviews_text_check CHECK ((char_length(text) <= 10000))
);

ALTER TABLE public.reviews ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reviews_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.search_books AS
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

CREATE TABLE public.search_changes (
    id bigint NOT NULL,
    book_ids bigint[]
);

COMMENT ON TABLE public.search_changes IS 'a row a statement: books whose works are to be computed again; null: so many that a rebuild is quicker';

ALTER TABLE public.search_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.search_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.search_editions (
    book_id bigint NOT NULL,
    work_id bigint NOT NULL,
    isbns text NOT NULL COLLATE pg_catalog."C"
);

COMMENT ON TABLE public.search_editions IS 'which work a book is an edition of; no foreign keys, so that no writer of books waits for a rebuild';

COMMENT ON COLUMN public.search_editions.isbns IS 'both forms; here, because a rebuild makes the index of their parts in a third of the time that books would need';

CREATE TABLE public.search_letters (
    letter text NOT NULL COLLATE pg_catalog."C",
    latin text NOT NULL
);

CREATE TABLE public.search_vocabulary (
    word text NOT NULL COLLATE pg_catalog."C",
    works integer NOT NULL
)
WITH (fillfactor='50');

COMMENT ON TABLE public.search_vocabulary IS 'every word of search_works.words, and how many works have it';

CREATE TABLE public.search_vocabulary_changes (
    word text NOT NULL COLLATE pg_catalog."C",
    change integer NOT NULL
);

COMMENT ON TABLE public.search_vocabulary_changes IS 'only appended to, so that writers never wait for one another at a common word; folded in by search_fold_vocabulary()';

CREATE TABLE public.search_works (
    id bigint NOT NULL,
    lead_book_id bigint NOT NULL,
    popularity integer NOT NULL,
    tier smallint NOT NULL,
    editions integer NOT NULL,
    year_min smallint,
    year_max smallint,
    review_count integer NOT NULL,
    rating_sum integer NOT NULL,
    main_length smallint NOT NULL,
    title_key text NOT NULL COLLATE pg_catalog."C",
    author_key text NOT NULL COLLATE pg_catalog."C",
    words tsvector NOT NULL
)
WITH (fillfactor='90');

COMMENT ON COLUMN public.search_works.lead_book_id IS 'the edition that stands for the work in results: the most popular one';

COMMENT ON COLUMN public.search_works.popularity IS 'our reviews and the ratings that a file or another site counts, of all editions';

COMMENT ON COLUMN public.search_works.tier IS '0: the most popular 2,000; 1: the next 30,000; 2: the rest';

COMMENT ON COLUMN public.search_works.main_length IS 'characters of title_key before a subtitle or a bracket';

INSERT INTO public.alembic_version VALUES
	('0002');

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

INSERT INTO public.rating_counts VALUES
	(2, 0, 0, 0, 2, 0, DEFAULT, DEFAULT),
	(9, 0, 0, 0, 2, 0, DEFAULT, DEFAULT);

INSERT INTO public.readers OVERRIDING SYSTEM VALUE VALUES
	(1, 'Alice', 'alice', '$argon2id$v=19$m=8,t=1,p=1$a3Bf/Re8LPtANHOTS5Xfug$5KYwi5e3QWN+N25RrS3Z8f5L6aQ9rlxxIZQs/m/oEoI', '2026-11-28 01:40:29.17292+00'),
	(2, 'Bob', 'bob', '$argon2id$v=19$m=8,t=1,p=1$c9stVldk+b+Ecbt/gK0OlA$MpUfBpKXqbRZgPL7wgKOec1eeP8Ly5Y7nV9zm//ESXk', '2026-11-28 01:40:29.17292+00');

INSERT INTO public.reviews OVERRIDING SYSTEM VALUE VALUES
	(1, 2, 1, 4, 'Alice on Emma', '2026-11-28 01:40:29.17292+00', NULL),
	(2, 9, 1, 4, 'Alice on Moby-Dick, or The Whale', '2026-11-28 01:40:29.17292+00', NULL),
	(3, 2, 2, 4, 'Bob on Emma', '2026-11-28 01:40:29.17292+00', NULL),
	(4, 9, 2, 4, 'Bob on Moby-Dick, or The Whale', '2026-11-28 01:40:29.17292+00', NULL);

INSERT INTO public.search_editions VALUES
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

INSERT INTO public.search_state VALUES
	(true, 2147483647, 0, -1, 0, 0, '2026-11-28 01:40:23.48488+00');

INSERT INTO public.search_vocabulary VALUES
	('prejudice', 1),
	('pride', 1),
	('emma', 1),
	('austen', 3),
	('j', 3),
	('jane', 3),
	('persuasion', 1),
	('and', 2),
	('crime', 1),
	('dostovsky', 1),
	('dostoyevsky', 1),
	('f', 1),
	('fyodor', 1),
	('punishment', 1),
	('expectations', 1),
	('great', 1),
	('2', 1),
	('a', 1),
	('c', 2),
	('charles', 2),
	('cities', 1),
	('dickens', 2),
	('ii', 1),
	('tale', 1),
	('two', 1),
	('bronte', 1),
	('e', 1),
	('emily', 1),
	('heights', 1),
	('wuthering', 1),
	('adventures', 1),
	('finn', 1),
	('huckleberry', 1),
	('m', 1),
	('mark', 1),
	('of', 2),
	('twain', 1),
	('dick', 1),
	('h', 1),
	('herman', 1),
	('melville', 1),
	('moby', 1),
	('or', 1),
	('the', 1),
	('whale', 1),
	('bovary', 1),
	('flaubert', 1),
	('g', 1),
	('gustave', 1),
	('madame', 1);

INSERT INTO public.search_works VALUES
	(5579927428565795382, 1, 0, 1, 1, 1813, 1813, 0, 0, 19, 'pride and prejudice', 'jane austen', '''and'' ''austen'' ''j'' ''jane'' ''prejudice'' ''pride'''),
	(-585516388706207751, 3, 0, 1, 1, 1817, 1817, 0, 0, 10, 'persuasion', 'jane austen', '''austen'' ''j'' ''jane'' ''persuasion'''),
	(8948355244930485821, 4, 0, 1, 1, 1866, 1866, 0, 0, 20, 'crime and punishment', 'fyodor dostoyevsky', '''and'' ''crime'' ''dostovsky'' ''dostoyevsky'' ''f'' ''fyodor'' ''punishment'''),
	(-4306279769667781321, 5, 0, 1, 1, 1861, 1861, 0, 0, 18, 'great expectations', 'charles dickens', '''c'' ''charles'' ''dickens'' ''expectations'' ''great'''),
	(-4617399155790541584, 6, 0, 1, 1, 1859, 1859, 0, 0, 20, 'a tale of two cities', 'charles dickens', '''2'' ''a'' ''c'' ''charles'' ''cities'' ''dickens'' ''ii'' ''of'' ''tale'' ''two'''),
	(8135600771171971405, 7, 0, 1, 1, 1847, 1847, 0, 0, 17, 'wuthering heights', 'emily bronte', '''bronte'' ''e'' ''emily'' ''heights'' ''wuthering'''),
	(-8963468237405643204, 8, 0, 1, 1, 1884, 1884, 0, 0, 30, 'adventures of huckleberry finn', 'mark twain', '''adventures'' ''finn'' ''huckleberry'' ''m'' ''mark'' ''of'' ''twain'''),
	(-4287459929978907589, 10, 0, 1, 1, 1857, 1857, 0, 0, 13, 'madame bovary', 'gustave flaubert', '''bovary'' ''flaubert'' ''g'' ''gustave'' ''madame'''),
	(-4383591764965472264, 2, 2, 1, 1, 1815, 1815, 2, 8, 4, 'emma', 'jane austen', '''austen'' ''emma'' ''j'' ''jane'''),
	(-6608920469039022622, 9, 2, 1, 1, 1851, 1851, 2, 8, 22, 'moby dick or the whale', 'herman melville', '''dick'' ''h'' ''herman'' ''melville'' ''moby'' ''or'' ''the'' ''whale''');

SELECT pg_catalog.setval('public.books_id_seq', 10, true);

SELECT pg_catalog.setval('public.readers_id_seq', 2, true);

SELECT pg_catalog.setval('public.reviews_id_seq', 4, true);

SELECT pg_catalog.setval('public.search_changes_id_seq', 14, true);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_identity_key UNIQUE (identity);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.external_rating_requests
    ADD CONSTRAINT external_rating_requests_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY public.external_ratings
    ADD CONSTRAINT external_ratings_pkey PRIMARY KEY (book_id, source);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT one_review_a_reader_and_book UNIQUE (book_id, reader_id);

ALTER TABLE ONLY public.rating_counts
    ADD CONSTRAINT rating_counts_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.search_changes
    ADD CONSTRAINT search_changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.search_editions
    ADD CONSTRAINT search_editions_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY public.search_letters
    ADD CONSTRAINT search_letters_pkey PRIMARY KEY (letter);

ALTER TABLE ONLY public.search_state
    ADD CONSTRAINT search_state_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.search_vocabulary
    ADD CONSTRAINT search_vocabulary_pkey PRIMARY KEY (word);

ALTER TABLE ONLY public.search_works
    ADD CONSTRAINT search_works_pkey PRIMARY KEY (id);

CREATE INDEX books_languages ON public.books USING btree (language) WHERE (language IS NOT NULL);

CREATE INDEX reviews_by_reader ON public.reviews USING btree (reader_id, created_at DESC, id DESC);

CREATE INDEX reviews_newest_first ON public.reviews USING btree (book_id, created_at DESC, id DESC);

CREATE INDEX search_editions_isbns ON public.search_editions USING gin (isbns public.gin_trgm_ops);

CREATE INDEX search_editions_of_work ON public.search_editions USING btree (work_id);

CREATE INDEX search_vocabulary_deletes ON public.search_vocabulary USING gin (public.search_deletes(word)) WITH (fastupdate=off);

CREATE INDEX search_vocabulary_trigrams ON public.search_vocabulary USING gin (word public.gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX search_works_author ON public.search_works USING btree ("left"(author_key, 60));

CREATE INDEX search_works_head_words ON public.search_works USING gin (words) WITH (fastupdate=off) WHERE (tier <= 1);

CREATE INDEX search_works_start ON public.search_works USING btree (public.search_start(title_key));

CREATE INDEX search_works_top_words ON public.search_works USING gin (words) WITH (fastupdate=off) WHERE (tier = 0);

CREATE INDEX search_works_words ON public.search_works USING gin (words) WITH (fastupdate=off);

CREATE TRIGGER reviews_are_counted AFTER INSERT OR DELETE OR UPDATE ON public.reviews FOR EACH ROW EXECUTE FUNCTION public.count_rating();

CREATE TRIGGER search_delete AFTER DELETE ON public.books REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_books_changed();

CREATE TRIGGER search_delete AFTER DELETE ON public.external_ratings REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_ratings_changed();

CREATE TRIGGER search_delete AFTER DELETE ON public.rating_counts REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_ratings_changed();

CREATE TRIGGER search_insert AFTER INSERT ON public.books REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_books_changed();

CREATE TRIGGER search_insert AFTER INSERT ON public.external_ratings REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_ratings_changed();

CREATE TRIGGER search_insert AFTER INSERT ON public.rating_counts REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_ratings_changed();

CREATE CONSTRAINT TRIGGER search_settle AFTER INSERT ON public.search_changes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.search_changes_committed();

CREATE TRIGGER search_truncate AFTER TRUNCATE ON public.books FOR EACH STATEMENT EXECUTE FUNCTION public.search_books_changed();

CREATE TRIGGER search_update AFTER UPDATE ON public.books REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_books_changed();

CREATE TRIGGER search_update AFTER UPDATE ON public.external_ratings REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_ratings_changed();

CREATE TRIGGER search_update AFTER UPDATE ON public.rating_counts REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.search_ratings_changed();

ALTER TABLE ONLY public.external_rating_requests
    ADD CONSTRAINT external_rating_requests_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.external_ratings
    ADD CONSTRAINT external_ratings_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rating_counts
    ADD CONSTRAINT rating_counts_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;
