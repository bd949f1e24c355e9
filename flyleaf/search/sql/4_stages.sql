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
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    last text;
BEGIN
    SELECT array_agg(word ORDER BY place, at), array_agg(place ORDER BY place, at) INTO words, places
      FROM unnest(pieces) WITH ORDINALITY AS typed (piece, place),
           string_to_table(search_title_key(piece), ' ') WITH ORDINALITY AS found (word, at);
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
          FROM (SELECT * FROM search_works WHERE tier <= 1 AND words @@ driver
                   AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
                 ORDER BY popularity DESC, id LIMIT CASE WHEN in_title IS NULL AND in_author IS NULL THEN keep ELSE 4000 END) AS ranked
         WHERE (in_title IS NULL OR search_is_in(in_title, search_title_words(title_key)))
           AND (in_author IS NULL OR search_is_in(in_author, search_author_words(author_key)))
         ORDER BY popularity DESC, id LIMIT keep;
    END IF;
END $$;

-- What the index is asked (`driver`), and what is checked on the row (`others`, may be null). The rarest words drive; more of them only
-- while the index reads fewer entries for them than rows would be checked.
CREATE FUNCTION search_plan(terms text[], works integer[], look integer, OUT driver tsquery, OUT others tsquery)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    term     record;
    drivers  text[] := '{}';
    checked  text[] := '{}';
    rarest   integer;
    most     integer;  -- works of a word that drives as well
    postings integer := 0;
BEGIN
    FOR term IN SELECT asked, number FROM unnest(terms, works) AS given (asked, number) ORDER BY number, asked COLLATE "C" LOOP
        rarest := coalesce(rarest, term.number);
        most := CASE WHEN term.asked LIKE '%:*%' THEN CASE WHEN rarest > 1000 THEN 50000 ELSE 8000 END  -- it has many lists
                     WHEN rarest > 1000 THEN 400000
                     WHEN rarest < 500 THEN 10000
                     ELSE 100000 END;
        IF drivers = '{}' OR cardinality(drivers || checked) < 4 AND term.number <= most AND postings + term.number <= greatest(150000, most) THEN
            drivers := drivers || term.asked;
            postings := postings + term.number;
        ELSE
            checked := checked || term.asked;
        END IF;
    END LOOP;
    driver := array_to_string(drivers, '&')::tsquery;
    others := nullif(array_to_string(checked, '&'), '')::tsquery;
END $$;

-- All works beside the 32,000 popular ones that have the words, the most popular first. Where more than `look` have what the index is
-- asked, a single row of nulls: no index tells which of so many are popular, and to take those that stand first in the table would give
-- other answers after each update.
CREATE FUNCTION search_all(terms text[], works integer[], look integer, keep integer, from_year integer, to_year integer, reviewed boolean,
                           in_title tsquery, in_author tsquery)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    driver tsquery;
    others tsquery;
BEGIN
    SELECT plan.driver, plan.others INTO driver, others FROM search_plan(terms, works, look) AS plan;
    RETURN QUERY
      WITH found AS MATERIALIZED (
        SELECT id, title_key, author_key, main_length, popularity, year_min, year_max, review_count, rating_sum, tier,
               others IS NULL OR ts_match_vq(words, others) AS has_others
          FROM search_works WHERE words @@ driver LIMIT look + 1),
           counted AS MATERIALIZED (SELECT count(*) > look AS are_too_many FROM found)
    (SELECT NULL::bigint, NULL::text, NULL::text, NULL::smallint, NULL::integer, NULL::smallint, NULL::integer, NULL::integer
       FROM counted WHERE are_too_many)
     UNION ALL
    (SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
       FROM counted, found
      WHERE NOT are_too_many AND has_others AND tier > 1
        AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
        AND (in_title IS NULL OR search_is_in(in_title, search_title_words(title_key)))
        AND (in_author IS NULL OR search_is_in(in_author, search_author_words(author_key)))
      ORDER BY popularity DESC, id LIMIT keep);
END $$;

-- Works that have what the driver asks, those first that have most of some words, each of which weighs something. Where more than
-- `look` have it, only those of the 32,000 most popular works are compared.
CREATE FUNCTION search_covering(driver tsquery, asked text[], weights real[], look integer, keep integer)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    queries tsquery[] := asked::tsquery[];
BEGIN
    RETURN QUERY
      WITH found AS MATERIALIZED (
        SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum, words
          FROM search_works WHERE words @@ driver LIMIT look + 1),
           counted AS MATERIALIZED (SELECT count(*) > look AS are_too_many FROM found),
           compared AS (
        SELECT found.* FROM counted, found WHERE NOT are_too_many
         UNION ALL
        (SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum, words
           FROM search_works WHERE tier <= 1 AND words @@ driver AND (SELECT are_too_many FROM counted)
          ORDER BY popularity DESC, id LIMIT look))
    SELECT id, title_key, author_key, main_length, popularity, year_max, review_count, rating_sum
      FROM (SELECT *, (SELECT sum(weight) FROM unnest(queries, weights) AS terms (term, weight) WHERE ts_match_vq(words, term)) AS covered
              FROM compared OFFSET 0) AS compared
     ORDER BY covered DESC, popularity DESC, id LIMIT keep;
END $$;

CREATE FUNCTION search_listed(candidate search_candidate) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
RETURN json_build_array((candidate).id, (candidate).title_key, (candidate).author_key, (candidate).main_length, (candidate).popularity,
                        (candidate).year_max, (candidate).review_count, (candidate).rating_sum);

-- A query read, and what the first stages find: titles that begin with it, works of exactly this author, popular works with all its
-- words, and all others with them where those are fewer than `enough`, or its rarest word is so rare that all can be counted. In one
-- statement, since most queries need no other. `fields` are those of the pieces: title, author or null. `others` is null where it was
-- not asked for.
CREATE FUNCTION search_as_typed(pieces text[], fields text[], most integer, from_year integer, to_year integer, reviewed boolean,
                                keep integer, keep_others integer, enough integer, look integer,
                                OUT words text[], OUT places integer[], OUT works integer[], OUT starting integer, OUT romanised text[],
                                OUT all_are_popular boolean, OUT catalogue bigint,
                                OUT start json, OUT author json, OUT popular json, OUT others json, OUT cut_short boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    typed     text;
    terms     text[];
    counts    integer[];
    in_title  tsquery;
    in_author tsquery;
BEGIN
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
    SELECT json_agg(search_listed(work)) INTO start
      FROM (SELECT * FROM search_by_start(search_start(typed), 200, 50)
             UNION ALL  -- "letranger": the article is left out of where L'Étranger stands
            SELECT * FROM search_by_start(substr(search_start(typed), 2), 200, 50) AS elided WHERE typed LIKE 'l___%' AND elided.title_key LIKE 'l %') AS work;
    SELECT json_agg(search_listed(work)) INTO author FROM search_by_author(typed, 400, 60) AS work;
    SELECT json_agg(search_listed(work)) INTO popular
      FROM search_popular(array_to_string(terms, '&')::tsquery, CASE WHEN all_are_popular THEN keep_others + 1 ELSE keep END,
                          greatest(keep, 100), from_year, to_year, reviewed, in_title, in_author) AS work;
    IF NOT all_are_popular AND enough > 0 AND (popular IS NULL OR json_array_length(popular) < enough
                                               OR (SELECT min(count) FROM unnest(counts) AS count) <= keep_others) THEN
        SELECT coalesce(json_agg(search_listed(work)) FILTER (WHERE (work).id IS NOT NULL), '[]'), coalesce(bool_or((work).id IS NULL), false)
          INTO others, cut_short
          FROM search_all(terms, counts, CASE WHEN in_title IS NULL AND in_author IS NULL THEN look ELSE least(look, 1500) END, keep_others,
                          from_year, to_year, reviewed, in_title, in_author) AS work;
    END IF;
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

-- Words that have the letters somewhere inside, common words first; none where more than 10,000 have them, which say nothing then.
CREATE FUNCTION search_containing(part text, keep integer) RETURNS TABLE (spelling text, spelling_works integer)
LANGUAGE plpgsql STABLE ROWS 16 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
      WITH found AS MATERIALIZED (SELECT word, works FROM search_vocabulary WHERE word LIKE '%' || part || '%' LIMIT 10001)
    SELECT word, works FROM found WHERE (SELECT count(*) FROM found) <= 10000
     ORDER BY works DESC, word LIMIT keep;
END $$;

-- How many works have each of some words; words that none has are left out.
CREATE FUNCTION search_known(typed text[]) RETURNS TABLE (known text, known_works integer)
LANGUAGE plpgsql STABLE ROWS 16 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT word, works FROM search_vocabulary WHERE word = ANY (typed COLLATE "C");
END $$;

-- The newest editions of a work, newest first: their ISBNs, titles, authors, years, publishers and languages.
CREATE FUNCTION search_editions_of(work bigint, most integer) RETURNS json LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (SELECT json_agg(json_build_array(isbn, title, author, year, publisher, language))
              FROM (SELECT books.isbn, books.title, books.author, books.year, books.publisher, books.language
                      FROM search_editions AS edition JOIN books ON books.id = edition.book_id
                     WHERE edition.work_id = work
                     ORDER BY year DESC NULLS LAST, isbn LIMIT most) AS newest);
END $$;

-- The books that stand for works in results, in the order of the works, and the newest `most` editions of each that has several.
CREATE FUNCTION search_leads(works bigint[], most integer)
RETURNS TABLE (work_id bigint, isbn text, title text, author text, year smallint, language text, review_count integer, average float8, editions integer,
               newest json)
LANGUAGE plpgsql STABLE ROWS 20 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT work.id, book.isbn, book.title, book.author, book.year, book.language, coalesce(counts.review_count, 0),
           round(counts.rating_sum::numeric / nullif(counts.review_count, 0), 2)::float8, work.editions,
           CASE WHEN work.editions > 1 THEN search_editions_of(work.id, most) END
      FROM unnest(works) WITH ORDINALITY AS wanted (id, place)
      JOIN search_works AS work ON work.id = wanted.id
      JOIN books AS book ON book.id = work.lead_book_id
      LEFT JOIN rating_counts AS counts ON counts.book_id = book.id
     ORDER BY place;
END $$;
