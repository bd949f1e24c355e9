-- What the stages of a search ask. PL/pgSQL keeps the plans; every function bounds the rows that it looks at.

CREATE TYPE search_candidate AS (
    id           bigint,
    title_key    text,
    author_key   text,
    main_length  smallint,
    popularity   integer,
    year_max     smallint,
    review_count integer,
    rating_sum   integer
);

-- The words of a query with the number of works that have each; for the last one also those that have it as a prefix.
CREATE FUNCTION search_read(query text, most integer, OUT key text, OUT words text[], OUT works integer[], OUT starting integer,
                            OUT romanised text[], OUT all_are_popular boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_seqscan = off AS $$
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

-- Titles that are, or start with, what was typed, wherever its words are set apart.
CREATE FUNCTION search_by_start(start text, look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM ((SELECT true AS whole, * FROM search_works WHERE search_start(title_key) = start COLLATE "C" LIMIT look)
             UNION ALL
            (SELECT false, * FROM search_works WHERE search_start(title_key) > start COLLATE "C" AND search_start(title_key) < start || '~' COLLATE "C" LIMIT look)) AS found
     ORDER BY whole DESC, popularity DESC, id LIMIT keep;
END $$;

CREATE FUNCTION search_by_author(key text, look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT * FROM search_works WHERE left(author_key, 60) = left(key, 60) COLLATE "C" AND author_key = key LIMIT look) AS found
     ORDER BY popularity DESC, id LIMIT keep;
END $$;

-- The most popular works that have the words: among the 2,000 of tier 0, or where those give fewer than `enough` the 32,000 of both.
CREATE FUNCTION search_popular(driver tsquery, look integer, keep integer, enough integer, from_year integer, to_year integer, reviewed boolean)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- All works that have the words. `driver` goes to the index; `others`, cheaper to check on the row, may be null.
CREATE FUNCTION search_all(driver tsquery, others tsquery, look integer, keep integer, from_year integer, to_year integer, reviewed boolean)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT * FROM search_works WHERE words @@ driver LIMIT look) AS found
     WHERE (others IS NULL OR ts_match_vq(words, others)) AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE
       AND (NOT reviewed OR review_count > 0)
     ORDER BY popularity DESC, id LIMIT keep;
END $$;

-- Words that may be two edits away, the likelier first. `distance` is Levenshtein's, for whom a swap is two: the caller looks closer at 2 and 3.
CREATE FUNCTION search_spellings(typed text, keep integer) RETURNS TABLE (spelling text, spelling_works integer, distance integer)
LANGUAGE plpgsql STABLE ROWS 16 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- Words that have the letters somewhere inside, common words first.
CREATE FUNCTION search_containing(part text, keep integer) RETURNS TABLE (spelling text, spelling_works integer)
LANGUAGE plpgsql STABLE ROWS 16 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT word, works FROM (SELECT word, works FROM search_vocabulary WHERE word LIKE '%' || part || '%' LIMIT 4000) AS found
     ORDER BY works DESC, word LIMIT keep;
END $$;

-- How many works have each of some words; words that none has are left out.
CREATE FUNCTION search_known(typed text[]) RETURNS TABLE (known text, known_works integer)
LANGUAGE plpgsql STABLE ROWS 16 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT word, works FROM search_vocabulary WHERE word = ANY (typed COLLATE "C");
END $$;

-- The books that stand for works in results, in the order of the works.
CREATE FUNCTION search_leads(works bigint[])
RETURNS TABLE (work_id bigint, isbn text, title text, author text, year smallint, language text, review_count integer, average float8, editions integer)
LANGUAGE plpgsql STABLE ROWS 20 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT work.id, book.isbn, book.title, book.author, book.year, book.language, coalesce(counts.review_count, 0),
           round(counts.rating_sum::numeric / nullif(counts.review_count, 0), 2)::float8, work.editions
      FROM unnest(works) WITH ORDINALITY AS wanted (id, place)
      JOIN search_works AS work ON work.id = wanted.id
      JOIN books AS book ON book.id = work.lead_book_id
      LEFT JOIN rating_counts AS counts ON counts.book_id = book.id
     ORDER BY place;
END $$;
