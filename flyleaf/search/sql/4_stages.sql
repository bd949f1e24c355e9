-- What the stages of a search ask. PL/pgSQL keeps the plans; every function bounds the rows that it looks at.

-- `line` is a quarter of the work of JSON: keys have neither | nor line breaks, and only the year, the last, may be missing.
CREATE TYPE search_candidate AS (id bigint, tier smallint, line text);

CREATE FUNCTION search_line(id bigint, title_key text, author_key text, main_length smallint, popularity integer, review_count integer,
                            rating_sum integer, year_max smallint) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN concat_ws('|', id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max);

-- A search of tables that are not filled yet would find nothing. To the caller they are as good as missing.
CREATE FUNCTION search_require() RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM search_state WHERE built_at IS NOT NULL) THEN
        RAISE undefined_table USING MESSAGE = 'the search is not built yet';
    END IF;
END $$;

-- The words of a query, given in pieces, with the piece that each is of and the number of works that have it; for the last one also
-- of those that have it as a prefix.
CREATE FUNCTION search_read(pieces text[], most integer, OUT words text[], OUT places integer[], OUT works integer[], OUT starting integer,
                            OUT romanised text[], OUT all_are_popular boolean, OUT catalogue bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- Titles that are, or start with, what was typed, wherever its words are set apart.
CREATE FUNCTION search_by_start(start text, look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- For each of some beginnings the works whose whole title it is, or all of the title before a subtitle or bracket.
CREATE FUNCTION search_by_titles(starts text[], look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
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

CREATE FUNCTION search_by_author(key text, look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max)
      FROM (SELECT *
              FROM (SELECT id, tier, title_key, author_key, main_length, popularity, review_count, rating_sum, year_max
                      FROM search_works WHERE left(author_key, 60) = left(key, 60) COLLATE "C" AND author_key = key ORDER BY id LIMIT look) AS looked
             ORDER BY popularity DESC, id LIMIT keep) AS found;
END $$;

-- Whether the words that are asked of one field are in that one.
CREATE FUNCTION search_is_in(asked tsquery, words text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(words, ' '), '')) @@ asked;
END $$;

-- What the index is asked (`driver`), and what is checked on the row (`others`, may be null). The rarest words drive; another one only
-- while its list is read in less time than the rows would take that it saves: a row takes a hundred times as long as an entry of a
-- word's list, and four times as long as one of the many lists of a beginning.
CREATE FUNCTION search_plan(terms text[], works integer[], catalogue bigint, look integer, OUT driver tsquery, OUT others tsquery, OUT rarest integer)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
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

-- The most popular works that have the words: among the 2,000 of tier 0, or where those give fewer than `enough` the 32,000 of both.
CREATE FUNCTION search_popular(driver tsquery, others tsquery, keep integer, enough integer, from_year integer, to_year integer, reviewed boolean,
                               in_title tsquery, in_author tsquery)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- All works above a tier that have the words, the most popular first. Where more than `look` have what the index is asked, a single row
-- of nulls: no index tells which of so many are popular, and to take those that stand first in the table would give other answers after
-- each update.
CREATE FUNCTION search_all(driver tsquery, others tsquery, above smallint, look integer, keep integer, from_year integer, to_year integer,
                           reviewed boolean, in_title tsquery, in_author tsquery)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- Works that have all the terms, as lines: `keep_popular` of the 32,000 popular ones, and where these are fewer than `enough`, or the rarest
-- word so rare that all can be counted, `keep` of all others, unless `most` works have that word. `others` is null where they were not
-- looked for; `cut_short`: more works have the words than may be looked at.
CREATE FUNCTION search_having(terms text[], works integer[], catalogue bigint, look integer, keep_popular integer, keep integer, enough integer,
                              most integer, from_year integer, to_year integer, reviewed boolean, in_title tsquery, in_author tsquery,
                              OUT popular text, OUT others text, OUT cut_short boolean, OUT ids bigint[])
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
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

-- Works that have what the driver asks, those first that have most of some words, each of which weighs something. Where more than
-- `look` have it, only those of the 32,000 most popular works are compared.
CREATE FUNCTION search_covering(driver tsquery, asked text[], weights real[], look integer, keep integer)
RETURNS SETOF search_candidate LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- What the vocabulary says of some words, and how many works have what it names: for the misspelt ones the words that may be two edits
-- away, the likelier first (the caller looks closer); for the parts the common words that have their letters somewhere inside, none where
-- more than 10,000 have them, which say nothing then; and those of the words that it knows (`typed` is null).
CREATE FUNCTION search_look_up(misspelt text[], parts text[], words text[], keep integer)
RETURNS TABLE (typed text, is_part boolean, word text, works integer)
LANGUAGE plpgsql STABLE ROWS 32 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- A query read, and what the first stages find: titles that begin with it, works of exactly this author, and works with all its words. In
-- one statement, since most queries need no other. `fields` are those of the pieces: title, author or null. Where all that was found is
-- at most `show` works, the books that stand for them come with it; and where a known word finds fewer than `few`, the words like it.
CREATE FUNCTION search_as_typed(pieces text[], fields text[], most integer, from_year integer, to_year integer, reviewed boolean,
                                keep integer, keep_others integer, enough integer, common integer, look integer, show integer, editions integer,
                                few integer, spellings integer,
                                OUT words text[], OUT places integer[], OUT works integer[], OUT starting integer, OUT romanised text[],
                                OUT all_are_popular boolean, OUT catalogue bigint,
                                OUT start text, OUT author text, OUT popular text, OUT others text, OUT cut_short boolean, OUT shown json, OUT near json)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
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

-- What other readings of a query find, in one statement for all: the works with one of the titles, whole or before a subtitle or bracket
-- (reading -1), and for each of the readings, whose terms stand in a row, the works that have all of them.
CREATE FUNCTION search_readings(titles text[], terms text[], works integer[], readings integer[], catalogue bigint, look integer, keep_popular integer,
                                keep integer, enough integer, most integer, from_year integer, to_year integer, reviewed boolean, show integer,
                                editions integer)
RETURNS TABLE (reading integer, popular text, others text, cut_short boolean, shown json)
LANGUAGE plpgsql STABLE ROWS 3 SET plan_cache_mode = force_generic_plan AS $$
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

-- The newest editions of a work, newest first: their ISBNs, titles, authors, years, publishers and languages.
CREATE FUNCTION search_editions_of(work bigint, most integer) RETURNS json LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (SELECT json_agg(json_build_array(isbn, title, author, year, publisher, language))
              FROM (SELECT books.isbn, books.title, books.author, books.year, books.publisher, books.language
                      FROM search_editions AS edition JOIN books ON books.id = edition.book_id
                     WHERE edition.work_id = work
                     ORDER BY year DESC NULLS LAST, isbn LIMIT most) AS newest);
END $$;

-- Works as results show them, in their order: as one of `books`, or null for the one that stands for the work, with the newest `most` editions
-- of those that have several.
CREATE FUNCTION search_shown(works bigint[], books bigint[], most integer) RETURNS json
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

-- Books by their number, at most `look`, and `size` of them behind the first `skipped` as results show them: those that have one of the
-- identities; else those whose ISBN-13 or ISBN-10 is between two numbers, the popular ones first; else those that have the digits anywhere.
CREATE FUNCTION search_by_isbn(identities text[], low text, high text, low10 text, high10 text, part text, look integer, skipped integer,
                               size integer, editions integer, OUT stage text, OUT ids bigint[], OUT shown json)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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
