-- Which works belong to a series, in its order. Facts are at the editions, in books.series: "Discworld #34; City Watch #7".

CREATE TABLE search_series (
    work_id      bigint   NOT NULL,
    key          text     COLLATE "C" NOT NULL,
    place        smallint NOT NULL,
    first_number numeric,
    last_number  numeric,
    title_key    text     COLLATE "C" NOT NULL,
    name         text     NOT NULL,
    author       text     COLLATE "C" NOT NULL,
    CONSTRAINT search_series_pkey PRIMARY KEY (work_id, key)
);
CREATE INDEX search_series_order ON search_series (key, first_number, last_number, title_key, work_id);
COMMENT ON TABLE search_series IS 'a row a work and series: of its editions, the most popular one that knows the number says it';
COMMENT ON COLUMN search_series.key IS 'search_series_key() of the name';
COMMENT ON COLUMN search_series.place IS 'among the series of the edition, from 1';
COMMENT ON COLUMN search_series.first_number IS 'null: none is known; other than last_number: the work has several books of the series';
COMMENT ON COLUMN search_series.author IS 'surname and initial of the main author, by whom series of one name are told apart: search_is_shared()';
COMMENT ON COLUMN search_series.title_key IS 'its first 60 letters; works of one number are in the order of their titles';

-- Without the word for it: "the dune series", "dune reihe", "seriya dyuna".
CREATE FUNCTION search_series_name(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(search_key(name), '(?<=.) (series|serie|reihe|reeks|seria|seriya)$|^(serie|seria|seriya) (?=.)', '');

CREATE FUNCTION search_series_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN search_start(search_series_name(name));
COMMENT ON FUNCTION search_series_key IS 'equal for "The Dune series", "Dune-Reihe", "Dune" and "dune"';

CREATE FUNCTION search_series_number(first_number numeric, last_number numeric) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN trim_scale(first_number)::text || CASE WHEN last_number <> first_number THEN '-' || trim_scale(last_number) ELSE '' END;

-- As readers ask for a book of a series: "dune chronicles 2", "dune book 2", "the second dune book", and the first one "dune". In the form of search_form().
CREATE FUNCTION search_series_forms(name text, first_number numeric, last_number numeric, author_key text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    ordinals constant text[] := '{first,second,third,fourth,fifth,sixth,seventh,eighth,ninth,tenth,eleventh,twelfth}'::text[];
    plain  text := left(regexp_replace(search_series_name(name), '^(the|an?) (?=.)', ''), 100);
    short  text := regexp_replace(regexp_replace(plain,  -- "dune chronicles", "tintenwelt trilogie"; "trilogia de la fundacion", "saga crepusculo"
        '(?<=.) (books|chronicles|cycle|novels|quartet|saga|sequence|trilogy|tetralogy|chroniken|romane|trilogie|tetralogie|quartett|zyklus|cyclus|boeken|kronieken|cykl|trylogia|tsikl|trilogiya)$', ''),
        '^(die |la |le |les |el |las |los |il |as |os |a |o )?(trilogia|trilogie|trylogia|trilogiya|tetralogia|saga|ciclo|cycle|cykl|tsikl|cronicas|cronache|chroniques|chroniken|kronieken|kroniki|khroniki) (?!of )((de|d|del|da|do|di|du|des|dos|das|della|von|van) )?((la|las|los|el|les|le|l|as|os|der|den|het) )?(?=.)', '');
    number text := search_key(search_series_number(first_number, last_number));
    titles text[] := ARRAY[concat_ws(' ', plain, number)];
BEGIN
    IF first_number = last_number THEN
        titles := titles || (short || ' book ' || number);
    END IF;
    IF first_number = last_number AND first_number % 1 = 0 AND first_number BETWEEN 1 AND 12 THEN
        titles := titles || ('the ' || ordinals[first_number::int] || ' ' || short || ' book');
    END IF;
    IF first_number = 1 AND last_number = 1 THEN
        titles := titles || short;
    END IF;
    RETURN (SELECT string_agg(title || '/' || author_key || '/' || CASE WHEN place = 1 THEN length(plain) ELSE length(title) END, ';' ORDER BY place)
              FROM unnest(titles) WITH ORDINALITY AS listed (title, place));
END $$;

CREATE VIEW search_book_series AS
SELECT books.id AS book_id, place::smallint AS place, matched[1] AS name, matched[2]::numeric AS first_number,
       coalesce(matched[3], matched[2])::numeric AS last_number
  FROM books,
       string_to_table(series, '; ') WITH ORDINALITY AS parts (part, place),
       regexp_match(part, '^(.*?)(?: #([0-9]{1,4}(?:\.[0-9]{1,2})?)(?:-([0-9]{1,4}(?:\.[0-9]{1,2})?))?)?$') AS matched
 WHERE series IS NOT NULL;

CREATE FUNCTION search_rebuild_series() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE UNLOGGED TABLE search_series_names_new AS
    SELECT name, search_series_key(name) AS key FROM (SELECT DISTINCT name FROM search_book_series) AS names;
    ANALYZE search_series_names_new;
    CREATE TABLE search_series_new AS
    SELECT DISTINCT ON (work_id, key) work_id, key COLLATE "C" AS key, place, first_number, last_number, left(title_key, 60) COLLATE "C" AS title_key, name,
           series_author COLLATE "C" AS author
      FROM search_book_series JOIN search_series_names_new USING (name) JOIN search_books_new USING (book_id)
     WHERE key <> ''
     ORDER BY work_id, key, first_number IS NULL, search_lead(popularity, isbns, book_id) COLLATE "C", place;
    DROP TABLE search_series_names_new;
    ALTER TABLE search_series_new ALTER work_id SET NOT NULL, ALTER key SET NOT NULL, ALTER place SET NOT NULL, ALTER title_key SET NOT NULL,
        ALTER name SET NOT NULL, ALTER author SET NOT NULL, ADD CONSTRAINT search_series_new_pkey PRIMARY KEY (work_id, key);
    CREATE INDEX search_series_new_order ON search_series_new (key, first_number, last_number, title_key, work_id);
    ANALYZE search_series_new;
END $$;

CREATE FUNCTION search_refresh_series(works bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH new AS MATERIALIZED (
        SELECT DISTINCT ON (work_id, key) work_id, search_series_key(name) AS key, place, first_number, last_number,
               left(search_title_key(title), 60) AS title_key, name, split_part(search_work_author(author, search_key(author)), '|', 1) AS author
          FROM search_editions JOIN search_book_series USING (book_id) JOIN search_books USING (book_id)
         WHERE work_id = ANY (works) AND search_series_key(name) <> ''
         ORDER BY work_id, key, first_number IS NULL, search_lead(popularity, search_books.isbns, book_id) COLLATE "C", place),
    gone AS (
        DELETE FROM search_series AS old WHERE work_id = ANY (works) AND NOT EXISTS (SELECT FROM new WHERE new.work_id = old.work_id AND new.key = old.key))
    INSERT INTO search_series AS old (work_id, key, place, first_number, last_number, title_key, name, author)
    SELECT work_id, key, place, first_number, last_number, title_key, name, author FROM new ORDER BY work_id, key
    ON CONFLICT (work_id, key) DO UPDATE
       SET place = excluded.place, first_number = excluded.first_number, last_number = excluded.last_number, title_key = excluded.title_key, name = excluded.name,
           author = excluded.author
     WHERE (old.place, old.first_number, old.last_number, old.title_key, old.name, old.author)
           IS DISTINCT FROM (excluded.place, excluded.first_number, excluded.last_number, excluded.title_key, excluded.name, excluded.author);
END $$;

-- Whether several series have the name: two authors who have several numbers each have the same one. What more than 20 authors, or more
-- than 200 numbers, are in is one that many write, or a publisher's.
CREATE FUNCTION search_is_shared(series text) RETURNS boolean LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
          WITH numbered AS MATERIALIZED (
            SELECT first_number, author FROM search_series
             WHERE key = series COLLATE "C" AND first_number >= 0 AND first_number = last_number
             ORDER BY key, first_number, last_number, title_key, work_id LIMIT 201),
               authors AS (SELECT author FROM numbered GROUP BY author HAVING count(DISTINCT first_number) > 1)
        SELECT (SELECT count(*) <= 200 AND count(DISTINCT author) BETWEEN 2 AND 20 FROM numbered)
           AND EXISTS (SELECT FROM numbered JOIN authors USING (author) GROUP BY first_number HAVING count(DISTINCT author) > 1));
END $$;

-- The work next to a number in a series, of its author only if the name is shared, and else rather of that author. Collections of several
-- books are passed over.
CREATE FUNCTION search_neighbour(series text, first_number numeric, last_number numeric, author text, is_shared boolean, is_next boolean) RETURNS bigint
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    near numeric;
BEGIN
    IF is_next THEN
        SELECT one.first_number INTO near FROM search_series AS one
         WHERE one.key = series COLLATE "C" AND one.first_number > search_neighbour.last_number AND one.first_number = one.last_number
           AND (NOT is_shared OR one.author = search_neighbour.author)
         ORDER BY one.key, one.first_number LIMIT 1;
    ELSE
        SELECT one.first_number INTO near FROM search_series AS one
         WHERE one.key = series COLLATE "C" AND one.first_number < search_neighbour.first_number AND one.first_number = one.last_number
           AND (NOT is_shared OR one.author = search_neighbour.author)
         ORDER BY one.key DESC, one.first_number DESC LIMIT 1;
    END IF;
    RETURN (SELECT work.id
              FROM (SELECT work_id, same.author = search_neighbour.author AS is_own FROM search_series AS same
                     WHERE same.key = series COLLATE "C" AND same.first_number = near AND same.last_number = near
                     ORDER BY same.title_key, work_id LIMIT 20) AS same
              JOIN search_works AS work ON work.id = work_id
             ORDER BY is_own DESC, popularity DESC, work.id LIMIT 1);
END $$;

-- The first series of a work as results show it: "Discworld #34".
CREATE FUNCTION search_series_of(work bigint) RETURNS text LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (SELECT concat_ws(' #', name, search_series_number(first_number, last_number)) FROM search_series WHERE work_id = work ORDER BY place, key LIMIT 1);
END $$;
