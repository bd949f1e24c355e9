-- What the stages of a search ask. PL/pgSQL keeps the plans; every function bounds the rows that it looks at.
--
-- A statement that waits for the swap of a rebuild sees the new tables as they were when it began: empty. So the functions with which a
-- search begins are volatile, and wait before all else: their statements then see what there is when they begin themselves.

-- `line` is a quarter of the work of JSON: keys and forms have neither | nor line breaks, and only the year, the last, may be missing.
CREATE TYPE search_candidate AS (id bigint, line text);

CREATE FUNCTION search_line(id bigint, title_key text, author_key text, main_length smallint, popularity integer, review_count integer,
                            rating_sum integer, forms text, year_max smallint) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN concat_ws('|', id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max);

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
    piece  text;
    typed  text;
    place  integer := 0;
    number integer;
BEGIN
    SELECT head_cut < 0, state.works INTO all_are_popular, catalogue FROM search_state AS state WHERE built_at IS NOT NULL;
    IF NOT FOUND THEN
        PERFORM search_require();
    END IF;
    words := '{}';
    places := '{}';
    works := '{}';
    FOREACH piece IN ARRAY pieces LOOP  -- a loop of small statements takes half as long to start as one that does all of it
        place := place + 1;
        FOREACH typed IN ARRAY string_to_array(search_title_key(piece), ' ') LOOP
            EXIT WHEN cardinality(words) = most;
            SELECT vocabulary.works INTO number FROM search_vocabulary AS vocabulary WHERE vocabulary.word = typed COLLATE "C";
            words := words || typed;
            places := places || place;
            works := works || coalesce(number, 0);
        END LOOP;
    END LOOP;
    romanised := string_to_array(search_romanised(array_to_string(words, ' ')), ' ');
    typed := words[cardinality(words)];
    SELECT coalesce(sum(found.works), 0)::int INTO starting
      FROM (SELECT vocabulary.works FROM search_vocabulary AS vocabulary
             WHERE vocabulary.word >= typed COLLATE "C" AND vocabulary.word < typed || '~' COLLATE "C" ORDER BY vocabulary.word LIMIT 2000) AS found;
END $$;

-- Titles that are, or start with, what was typed, wherever its words are set apart; of these only those that begin with `article`, if any.
CREATE FUNCTION search_by_start(start text, look integer, keep integer, article text, OUT lines text, OUT ids bigint[])
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    SELECT string_agg(search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max), chr(10)), array_agg(id)
      INTO lines, ids
      FROM (SELECT * FROM ((SELECT true AS whole, id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
                              FROM search_works WHERE search_start(title_key) = start COLLATE "C" ORDER BY id LIMIT look)
                            UNION ALL
                           (SELECT false, id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
                              FROM search_works WHERE search_start(title_key) > start COLLATE "C" AND search_start(title_key) < start || '~' COLLATE "C"
                             ORDER BY search_start(title_key) COLLATE "C", id LIMIT look)) AS either
             ORDER BY whole DESC, popularity DESC, id LIMIT keep) AS found
     WHERE article IS NULL OR title_key LIKE article || ' %';
END $$;

-- For each of some beginnings the works whose whole title it is, or all of the title before a subtitle or bracket.
CREATE FUNCTION search_by_titles(starts text[], look integer, keep integer) RETURNS SETOF search_candidate
LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (id) id, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max)
      FROM unnest(starts) AS asked (start)
     CROSS JOIN LATERAL (
    SELECT *
      FROM ((SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
               FROM search_works WHERE search_start(title_key) = start COLLATE "C" ORDER BY id LIMIT look)
             UNION ALL
            (SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
               FROM search_works WHERE search_start(left(title_key, main_length)) = start COLLATE "C" AND main_length < length(title_key)
              ORDER BY id LIMIT look)) AS works
     ORDER BY popularity DESC, id LIMIT keep) AS found
     ORDER BY id;
END $$;

CREATE FUNCTION search_by_author(key text, look integer, keep integer, OUT lines text, OUT ids bigint[])
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    SELECT string_agg(search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max), chr(10)), array_agg(id)
      INTO lines, ids
      FROM (SELECT *
              FROM (SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
                      FROM search_works WHERE left(author_key, 60) = left(key, 60) COLLATE "C" AND author_key = key ORDER BY id LIMIT look) AS looked
             ORDER BY popularity DESC, id LIMIT keep) AS found;
END $$;

-- Whether the words that are asked of one field are in that one.
CREATE FUNCTION search_is_in(asked tsquery, words text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(words, ' '), '')) @@ asked;
END $$;

-- What the index is asked (`driver`), and what is checked on the row (`others`, may be null). The rarest words, which come first, drive; another one only
-- while its list is read in less time than the rows would take that it saves: a row takes a hundred times as long as an entry of a
-- word's list, and four times as long as one of the many lists of a beginning.
CREATE FUNCTION search_plan(terms text[], works integer[], catalogue bigint, look integer, OUT driver tsquery, OUT others tsquery, OUT rarest integer)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    number       integer;
    is_beginning boolean;
    entries      integer := works[1];
    rows         float8  := works[1];  -- that have all of the drivers, as words do that often stand together
BEGIN
    rarest := works[1];
    driver := terms[1]::tsquery;
    FOR at IN 2 .. cardinality(terms) LOOP
        number := works[at];
        is_beginning := terms[at] LIKE '%:*%';
        IF NOT is_beginning AND number < 100 * rows AND entries + number <= 400000
           OR is_beginning AND (number < 4 * rows OR rows > look) AND entries + number <= 50000 THEN
            driver := driver && terms[at]::tsquery;
            entries := entries + number;
            rows := rows * least(1, 20.0 * number / greatest(catalogue, 1));
        ELSE
            others := coalesce(others && terms[at]::tsquery, terms[at]::tsquery);
        END IF;
    END LOOP;
END $$;

-- The most popular works that have the words: among the 2,000 of tier 0, or where those give fewer than `enough` the 32,000 of both.
-- `rarest`: how many works have the rarest word.
CREATE FUNCTION search_popular(driver tsquery, others tsquery, rarest integer, keep integer, enough integer, from_year integer, to_year integer,
                               reviewed boolean, in_title tsquery, in_author tsquery, OUT lines text, OUT ids bigint[])
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    top boolean := rarest >= enough AND from_year IS NULL AND to_year IS NULL AND NOT reviewed AND in_title IS NULL AND in_author IS NULL;
BEGIN
    IF top THEN
        SELECT count(*) = enough INTO top
          FROM (SELECT FROM search_works WHERE tier = 0 AND words @@ driver AND (others IS NULL OR ts_match_vq(words, others)) LIMIT enough) AS tops;
    END IF;
    IF top THEN
        SELECT string_agg(search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max), chr(10)), array_agg(id)
          INTO lines, ids
          FROM (SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
                  FROM search_works WHERE tier = 0 AND words @@ driver AND (others IS NULL OR ts_match_vq(words, others))
                 ORDER BY popularity DESC, id LIMIT keep) AS found;
    ELSE
        SELECT string_agg(search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max), chr(10)), array_agg(id)
          INTO lines, ids
          FROM (SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
                  FROM (SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max
                          FROM search_works WHERE tier <= 1 AND words @@ driver AND (others IS NULL OR ts_match_vq(words, others))
                           AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
                         ORDER BY popularity DESC, id LIMIT CASE WHEN in_title IS NULL AND in_author IS NULL THEN keep ELSE 4000 END) AS ranked
                 WHERE (in_title IS NULL OR search_is_in(in_title, search_title_words(search_titles_of(title_key, forms))))
                   AND (in_author IS NULL OR search_is_in(in_author, search_author_words(search_authors_of(author_key, forms))))
                 ORDER BY popularity DESC, id LIMIT keep) AS found;
    END IF;
END $$;

-- All works above a tier that have the words, the most popular first: those of the 32,000 popular ones, and the others. Where more than
-- `look` have what the index is asked, none: no index tells which of so many are popular, and to take those that stand first in the table
-- would give other answers after each update.
CREATE FUNCTION search_all(driver tsquery, others tsquery, above smallint, look integer, keep integer, from_year integer, to_year integer,
                           reviewed boolean, in_title tsquery, in_author tsquery,
                           OUT popular text, OUT rest text, OUT cut_short boolean, OUT ids bigint[])
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
      WITH found AS MATERIALIZED (
        SELECT id, title_key, author_key, main_length, popularity, year_min, year_max, review_count, rating_sum, forms, tier,
               others IS NULL OR ts_match_vq(words, others) AS has_others
          FROM search_works WHERE words @@ driver LIMIT look + 1),
           ranked AS (
        SELECT id, tier, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max) AS line
          FROM found
         WHERE (SELECT count(*) <= look FROM found) AND has_others AND tier > above
           AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
           AND (in_title IS NULL OR search_is_in(in_title, search_title_words(search_titles_of(title_key, forms))))
           AND (in_author IS NULL OR search_is_in(in_author, search_author_words(search_authors_of(author_key, forms))))
         ORDER BY popularity DESC, id LIMIT keep)
    SELECT string_agg(line, chr(10)) FILTER (WHERE tier <= 1), coalesce(string_agg(line, chr(10)) FILTER (WHERE tier > 1), ''), array_agg(id),
           (SELECT count(*) > look FROM found)
      INTO popular, rest, ids, cut_short
      FROM ranked;
END $$;

-- Works that have a subject and the words, the most popular first. Where at most `look` have one of the two, those that have the rarer one
-- are looked at; where more have either, `look` of the popular works that have it (`of_popular`). `cut_short`: even so some can be missing.
CREATE FUNCTION search_about(subject bigint, driver tsquery, others tsquery, rarest integer, look integer, keep integer, from_year integer, to_year integer,
                             reviewed boolean, in_title tsquery, in_author tsquery, OUT lines text, OUT of_popular boolean, OUT cut_short boolean, OUT ids bigint[])
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    size   integer := coalesce((SELECT works FROM search_subject_sizes WHERE subject_id = subject), 0);
    looked bigint[];
BEGIN
    of_popular := least(size, rarest) > look;
    IF NOT of_popular THEN
        IF size <= rarest THEN
            looked := ARRAY(SELECT work_id FROM search_subjects WHERE subjects @> ARRAY[subject] LIMIT look + 1);
        ELSE
            looked := ARRAY(SELECT id FROM search_works WHERE words @@ driver AND (others IS NULL OR ts_match_vq(words, others)) LIMIT look + 1);
        END IF;
        of_popular := cardinality(looked) > look;  -- the sizes may be a little old
    END IF;
    IF of_popular AND size <= rarest THEN
        looked := ARRAY(SELECT work_id FROM search_subjects WHERE tier <= 1 AND subjects @> ARRAY[subject] ORDER BY popularity DESC, work_id LIMIT look);
    ELSIF of_popular THEN
        looked := ARRAY(SELECT id FROM search_works WHERE tier <= 1 AND words @@ driver AND (others IS NULL OR ts_match_vq(words, others))
                         ORDER BY popularity DESC, id LIMIT look);
    END IF;
    SELECT string_agg(line, chr(10)), array_agg(id)
      INTO lines, ids
      FROM (SELECT id, search_line(id, title_key, author_key, main_length, work.popularity, review_count, rating_sum, forms, year_max) AS line
              FROM search_works AS work
              JOIN search_subjects AS own ON own.work_id = id
             WHERE id = ANY (looked) AND subject = ANY (subjects) AND ts_match_vq(words, driver) AND (others IS NULL OR ts_match_vq(words, others))
               AND (year_max >= from_year) IS NOT FALSE AND (year_min <= to_year) IS NOT FALSE AND (NOT reviewed OR review_count > 0)
               AND (in_title IS NULL OR search_is_in(in_title, search_title_words(search_titles_of(title_key, forms))))
               AND (in_author IS NULL OR search_is_in(in_author, search_author_words(search_authors_of(author_key, forms))))
             ORDER BY work.popularity DESC, id LIMIT keep) AS found;
    cut_short := of_popular AND cardinality(looked) = look AND coalesce(cardinality(ids), 0) < keep;
END $$;

-- Works that have all the terms, as lines: `keep_popular` of the 32,000 popular ones, and where these are fewer than `enough`, or the rarest
-- word so rare that all can be counted, `keep` of all others, unless `most` works have that word. `others` is null where they were not
-- looked for; `cut_short`: more works have the words than may be looked at; `is_all`: no limit and no filter kept one out.
CREATE FUNCTION search_having(terms text[], works integer[], catalogue bigint, look integer, keep_popular integer, keep integer, enough integer,
                              most integer, from_year integer, to_year integer, reviewed boolean, subject bigint, in_title tsquery, in_author tsquery,
                              OUT popular text, OUT others text, OUT cut_short boolean, OUT ids bigint[], OUT is_all boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    plan        record := search_plan(terms, works, catalogue, look);
    is_filtered boolean := from_year IS NOT NULL OR to_year IS NOT NULL OR reviewed OR subject IS NOT NULL;
    of_field    boolean := in_title IS NOT NULL OR in_author IS NOT NULL;
    looked      record;
BEGIN
    IF subject IS NOT NULL THEN
        looked := search_about(subject, plan.driver, plan.others, plan.rarest, look, CASE WHEN enough > 0 THEN keep ELSE keep_popular END,
                               from_year, to_year, reviewed, in_title, in_author);
        IF enough = 0 OR looked.of_popular THEN
            popular := looked.lines;
        ELSE
            others := coalesce(looked.lines, '');
        END IF;
        cut_short := looked.cut_short AND enough = 0;  -- where it is more, others that is null says so
        ids := looked.ids;
    ELSIF enough > 0 AND plan.rarest <= least(look, 1000) THEN  -- one look at so few is quicker than two
        looked := search_all(plan.driver, plan.others, -1::smallint, look, keep_popular + keep, from_year, to_year, reviewed, in_title, in_author);
        popular := looked.popular;
        others := looked.rest;
        cut_short := looked.cut_short;
        ids := looked.ids;
        is_all := NOT cut_short AND coalesce(cardinality(ids) < keep_popular + keep, true);
    ELSE
        looked := search_popular(plan.driver, plan.others, plan.rarest, keep_popular, greatest(keep_popular, 100), from_year, to_year, reviewed, in_title, in_author);
        popular := looked.lines;
        ids := looked.ids;
        is_all := enough = 0 AND coalesce(cardinality(ids) < keep_popular, true);
        IF enough > 0 AND plan.rarest < most AND (ids IS NULL OR cardinality(ids) < enough OR plan.rarest <= keep) THEN
            looked := search_all(plan.driver, plan.others, 1::smallint, CASE WHEN of_field THEN least(look, 1500) ELSE look END,
                                keep, from_year, to_year, reviewed, in_title, in_author);
            others := looked.rest;
            cut_short := looked.cut_short;
            is_all := NOT cut_short AND coalesce(cardinality(ids) < keep_popular, true) AND coalesce(cardinality(looked.ids) < keep, true);
            ids := ids || looked.ids;
        END IF;
    END IF;
    is_all := is_all AND NOT is_filtered AND NOT of_field;
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
        SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max, words
          FROM search_works WHERE words @@ driver LIMIT look + 1),
           counted AS MATERIALIZED (SELECT count(*) > look AS are_too_many FROM found),
           compared AS (
        SELECT found.* FROM counted, found WHERE NOT are_too_many
         UNION ALL
        (SELECT id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max, words
           FROM search_works WHERE tier <= 1 AND words @@ driver AND (SELECT are_too_many FROM counted)
          ORDER BY popularity DESC, id LIMIT look))
    SELECT id, search_line(id, title_key, author_key, main_length, popularity, review_count, rating_sum, forms, year_max)
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
                                subject bigint, keep integer, keep_others integer, enough integer, common integer, look integer, show integer, editions integer,
                                few integer, spellings integer,
                                OUT words text[], OUT places integer[], OUT works integer[], OUT starting integer, OUT romanised text[],
                                OUT all_are_popular boolean, OUT catalogue bigint,
                                OUT start text, OUT author text, OUT popular text, OUT others text, OUT cut_short boolean, OUT shown json, OUT near json)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    typed     text;
    terms     text[];
    counts    integer[];  -- of works that have each term
    in_title  tsquery;
    in_author tsquery;
    read      record;
    matched   record;
    titles    record;
    elided    record;
    own       record;
    ids       bigint[];
    asked     text;
    number    integer;
    place     integer;
BEGIN
    LOCK TABLE search_works, search_editions, search_vocabulary IN ACCESS SHARE MODE;
    read := search_read(pieces, most);
    words := read.words;
    places := read.places;
    works := read.works;
    starting := read.starting;
    romanised := read.romanised;
    all_are_popular := read.all_are_popular;
    catalogue := read.catalogue;
    IF words = '{}' THEN
        RETURN;
    END IF;
    typed := array_to_string(words, ' ');
    FOR at IN 1 .. cardinality(words) LOOP
        asked := '(' || words[at] || CASE WHEN at = cardinality(words) THEN '|' || words[at] || ':*' ELSE '' END
                     || CASE WHEN romanised[at] <> words[at] THEN '|' || romanised[at] ELSE '' END || ')';
        number := CASE WHEN at = cardinality(words) THEN greatest(works[at], starting) ELSE works[at] END;
        place := 1;
        WHILE counts[place] < number OR counts[place] = number AND terms[place] < asked COLLATE "C" LOOP
            place := place + 1;
        END LOOP;
        terms := terms[: place - 1] || asked || terms[place :];  -- the rarest first
        counts := counts[: place - 1] || number || counts[place :];
        IF fields[places[at]] = 'title' THEN
            in_title := coalesce(in_title && asked::tsquery, asked::tsquery);
        ELSIF fields[places[at]] = 'author' THEN
            in_author := coalesce(in_author && asked::tsquery, asked::tsquery);
        END IF;
    END LOOP;
    matched := search_having(terms, counts, catalogue, look, CASE WHEN all_are_popular THEN keep_others + 1 ELSE keep END, keep_others,
                             CASE WHEN all_are_popular THEN 0 ELSE enough END, common, from_year, to_year, reviewed, subject, in_title, in_author);
    popular := matched.popular;
    others := matched.others;
    cut_short := matched.cut_short;
    titles := search_by_start(search_start(typed), 200, 50, NULL);
    start := titles.lines;
    ids := matched.ids;
    IF NOT coalesce(titles.ids <@ ids, titles.ids IS NULL) THEN
        ids := ids || titles.ids;
    END IF;
    IF typed LIKE 'l___%' THEN  -- "letranger": the article is left out of where L'Étranger stands
        elided := search_by_start(substr(search_start(typed), 2), 200, 50, 'l');
        start := nullif(concat_ws(chr(10), start, elided.lines), '');
        ids := ids || elided.ids;
    END IF;
    IF NOT matched.is_all THEN  -- which has those of this author, too
        own := search_by_author(typed, 400, 60);
        author := own.lines;
        ids := ids || own.ids;
    END IF;
    IF cardinality(ids) <> coalesce(cardinality(matched.ids), 0) THEN
        ids := ARRAY(SELECT DISTINCT id FROM unnest(ids) AS id);
    END IF;
    IF cardinality(ids) BETWEEN 1 AND show THEN
        shown := search_leading(ids, editions);
    END IF;
    IF cardinality(words) = 1 AND counts[1] > 0 AND coalesce(cardinality(ids), 0) < few AND typed ~ '[a-z]' COLLATE "C" AND length(typed) > 2 THEN
        near := (SELECT json_agg(json_build_array(found.typed, is_part, word, found.works)) FROM search_look_up(words, '{}', '{}', spellings) AS found);
    END IF;
END $$;

-- What other readings of a query find, in one statement for all: the works with one of the titles, whole or before a subtitle or bracket
-- (reading -1), and for each of the readings, whose terms stand in a row, the works that have all of them.
CREATE FUNCTION search_readings(titles text[], terms text[], works integer[], readings integer[], catalogue bigint, look integer, keep_popular integer,
                                keep integer, enough integer, most integer, from_year integer, to_year integer, reviewed boolean, subject bigint,
                                show integer, editions integer)
RETURNS TABLE (reading integer, popular text, others text, cut_short boolean, shown json)
LANGUAGE plpgsql STABLE ROWS 3 SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF titles <> '{}' THEN
        RETURN QUERY
        SELECT -1, string_agg(line, chr(10)), NULL, false, CASE WHEN count(*) BETWEEN 1 AND show THEN search_leading(array_agg(id), editions) END
          FROM search_by_titles(ARRAY(SELECT DISTINCT search_start(key) FROM unnest(titles) AS key), 200, 40);
    END IF;
    RETURN QUERY
    SELECT asked.reading, found.popular, found.others, found.cut_short,
           CASE WHEN cardinality(ids) BETWEEN 1 AND show THEN search_leading(ids, editions) END
      FROM (SELECT own.reading, array_agg(term ORDER BY number, term COLLATE "C") AS own_terms, array_agg(number ORDER BY number, term COLLATE "C") AS own_works
              FROM unnest(terms, works, readings) AS own (term, number, reading) GROUP BY own.reading) AS asked,
           search_having(own_terms, own_works, catalogue, look, keep_popular, keep, enough, most, from_year, to_year, reviewed, subject, NULL, NULL) AS found;
END $$;

-- The newest editions of a work, newest first: their addresses, titles, authors, years, publishers and languages.
CREATE FUNCTION search_editions_of(work bigint, most integer) RETURNS json LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (SELECT json_agg(json_build_array(address, title, author, year, publisher, language))
              FROM (SELECT coalesce(isbn, identity) AS address, books.title, books.author, books.year, books.publisher, books.language
                      FROM search_editions AS edition JOIN books ON books.id = edition.book_id
                     WHERE edition.work_id = work
                     ORDER BY year DESC NULLS LAST, address LIMIT most) AS newest);
END $$;

-- A book as results show it, with the newest `most` editions of a work that has several.
CREATE FUNCTION search_result(work bigint, address text, title text, author text, year smallint, language text, review_count integer, rating_sum integer,
                              editions integer, most integer) RETURNS json LANGUAGE sql STABLE
RETURN json_build_array(work, address, title, author, year, language, review_count, round(rating_sum::numeric / nullif(review_count, 0), 2)::float8,
                        editions, search_series_of(work), CASE WHEN editions > 1 THEN search_editions_of(work, most) END);

-- The books that stand for some works, in any order.
CREATE FUNCTION search_leading(works bigint[], most integer) RETURNS json
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
    SELECT json_agg(search_result(work.id, coalesce(isbn, identity), title, author, year, language, review_count, rating_sum, editions, most))
      FROM search_works AS work
      JOIN books AS book ON book.id = work.lead_book_id
     WHERE work.id = ANY (works));
END $$;

-- Books by their number, at most `look`, and `size` of them behind the first `skipped` as results show them: those that have one of the
-- identities; else those whose ISBN-13 or ISBN-10 is between two numbers, the popular ones first; else those that have the digits anywhere.
CREATE FUNCTION search_by_isbn(identities text[], low text, high text, low10 text, high10 text, part text, look integer, skipped integer,
                               size integer, most integer, OUT stage text, OUT ids bigint[], OUT shown json)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    LOCK TABLE search_works, search_editions, search_vocabulary IN ACCESS SHARE MODE;
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
        shown := (
        SELECT json_agg(search_result(work.id, coalesce(isbn, identity), title, author, year, language, review_count, rating_sum, work.editions, most) ORDER BY place)
          FROM unnest(ids[skipped + 1 : skipped + size]) WITH ORDINALITY AS wanted (book_id, place)
          JOIN search_editions AS edition ON edition.book_id = wanted.book_id
          JOIN search_works AS work ON work.id = edition.work_id
          JOIN books AS book ON book.id = wanted.book_id);
    END IF;
END $$;
