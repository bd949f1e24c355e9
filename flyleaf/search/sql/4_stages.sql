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

-- The words of a query, given in pieces, with the piece that each is of and the number of works that have it; for the last one also
-- of those that have it as a prefix.
CREATE FUNCTION search_read(pieces text[], most integer, OUT words text[], OUT places integer[], OUT works integer[], OUT starting integer,
                            OUT romanised text[], OUT all_are_popular boolean, OUT catalogue bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_seqscan = off AS $$
DECLARE
    last text;
BEGIN
    SELECT array_agg(word ORDER BY place, at), array_agg(place ORDER BY place, at) INTO words, places
      FROM unnest(pieces) WITH ORDINALITY AS typed (piece, place),
           string_to_table(search_key(piece), ' ') WITH ORDINALITY AS found (word, at);
    words := coalesce(words[:most], '{}');
    places := coalesce(places[:most], '{}');
    last := words[cardinality(words)];
    works := ARRAY(SELECT coalesce(vocabulary.works, 0) FROM unnest(words) WITH ORDINALITY AS typed (word, place)
                     LEFT JOIN search_vocabulary AS vocabulary ON vocabulary.word = typed.word COLLATE "C" ORDER BY place);
    romanised := string_to_array(search_romanised(array_to_string(words, ' ')), ' ');
    SELECT coalesce(sum(found.works), 0)::int INTO starting
      FROM (SELECT vocabulary.works FROM search_vocabulary AS vocabulary
             WHERE word >= last COLLATE "C" AND word < last || '~' COLLATE "C" ORDER BY word LIMIT 2000) AS found;
    SELECT head_cut < 0, state.works INTO all_are_popular, catalogue FROM search_state AS state;
END $$;

-- Titles that are, or start with, what was typed, wherever its words are set apart.
CREATE FUNCTION search_by_start(start text, look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM ((SELECT true AS whole, * FROM search_works WHERE search_start(title_key) = start COLLATE "C" ORDER BY id LIMIT look)
             UNION ALL
            (SELECT false, * FROM search_works WHERE search_start(title_key) > start COLLATE "C" AND search_start(title_key) < start || '~' COLLATE "C"
              ORDER BY search_start(title_key) COLLATE "C", id LIMIT look)) AS found
     ORDER BY whole DESC, popularity DESC, id LIMIT keep;
END $$;

-- For each of some beginnings the works whose whole title it is, or all of the title before a subtitle or bracket.
CREATE FUNCTION search_by_titles(starts text[], look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (found.id) found.id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM unnest(starts) AS asked (start)
     CROSS JOIN LATERAL (
    SELECT *
      FROM ((SELECT * FROM search_works WHERE search_start(title_key) = start COLLATE "C" ORDER BY id LIMIT look)
             UNION ALL
            (SELECT * FROM search_works WHERE search_start(left(title_key, main_length)) = start COLLATE "C" AND main_length < length(title_key) ORDER BY id LIMIT look)) AS works
     ORDER BY works.popularity DESC, works.id LIMIT keep) AS found
     ORDER BY found.id;
END $$;

CREATE FUNCTION search_by_author(key text, look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT * FROM search_works WHERE left(author_key, 60) = left(key, 60) COLLATE "C" AND author_key = key ORDER BY id LIMIT look) AS found
     ORDER BY popularity DESC, id LIMIT keep;
END $$;

-- Whether the words that are asked of one field are in that one.
CREATE FUNCTION search_is_in(asked tsquery, words text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(words, ' '), '')) @@ asked;
END $$;

-- The most popular works that have the words: among the 2,000 of tier 0, or where those give fewer than `enough` the 32,000 of both.
CREATE FUNCTION search_popular(driver tsquery, keep integer, enough integer, from_year integer, to_year integer, reviewed boolean,
                               in_title tsquery, in_author tsquery)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    found integer;
BEGIN
    SELECT count(*) INTO found FROM (SELECT FROM search_works WHERE tier = 0 AND words @@ driver
        AND (from_year IS NULL AND to_year IS NULL AND NOT reviewed AND in_title IS NULL AND in_author IS NULL) LIMIT enough) AS tops;
    IF found = enough THEN
        RETURN QUERY
        SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
          FROM search_works WHERE tier = 0 AND words @@ driver
         ORDER BY popularity DESC, id LIMIT keep;
    ELSE
        RETURN QUERY
        SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
          FROM search_works WHERE tier <= 1 AND words @@ driver
           AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
           AND (in_title IS NULL OR search_is_in(in_title, search_title_words(title_key, title_key)))
           AND (in_author IS NULL OR search_is_in(in_author, search_author_words(author_key)))
         ORDER BY popularity DESC, id LIMIT keep;
    END IF;
END $$;

-- All works that have the words. `driver` goes to the index; `others`, cheaper to check on the row, may be null.
CREATE FUNCTION search_all(driver tsquery, others tsquery, look integer, keep integer, from_year integer, to_year integer, reviewed boolean,
                               in_title tsquery, in_author tsquery)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT * FROM search_works WHERE words @@ driver LIMIT look) AS found
     WHERE (others IS NULL OR ts_match_vq(words, others)) AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE
       AND (NOT reviewed OR review_count > 0)
       AND (in_title IS NULL OR search_is_in(in_title, search_title_words(title_key, title_key)))
       AND (in_author IS NULL OR search_is_in(in_author, search_author_words(author_key)))
     ORDER BY popularity DESC, id LIMIT keep;
END $$;

-- Works that have what the driver asks, those first that have most of some words, each of which weighs something.
CREATE FUNCTION search_covering(driver tsquery, asked text[], weights real[], look integer, keep integer)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT *, (SELECT sum(weight) FROM unnest(asked, weights) AS terms (term, weight) WHERE found.words @@ term::tsquery) AS covered
              FROM (SELECT * FROM search_works WHERE words @@ driver LIMIT look) AS found) AS found
     ORDER BY covered DESC, popularity DESC, id LIMIT keep;
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
