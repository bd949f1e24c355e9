-- What is derived from books for the search. Everything here can be made anew from books at any time: search_rebuild().

CREATE TABLE search_editions (
    book_id bigint PRIMARY KEY,
    work_id bigint NOT NULL,
    isbns   text   COLLATE "C" NOT NULL
);
COMMENT ON TABLE search_editions IS 'which work a book is an edition of; no foreign keys, so that no writer of books waits for a rebuild';
COMMENT ON COLUMN search_editions.isbns IS 'both forms, or empty; here, because a rebuild makes the index of their parts in a third of the time that books would need';

CREATE TABLE search_works (
    id           bigint   PRIMARY KEY,
    lead_book_id bigint   NOT NULL,
    popularity   integer  NOT NULL,
    tier         smallint NOT NULL,
    editions     integer  NOT NULL,
    year_min     smallint,
    year_max     smallint,
    review_count integer  NOT NULL,
    rating_sum   integer  NOT NULL,
    main_length  smallint NOT NULL,
    title_key    text     COLLATE "C" NOT NULL,
    author_key   text     COLLATE "C" NOT NULL,
    forms        text     COLLATE "C" NOT NULL,
    words        tsvector NOT NULL
) WITH (fillfactor = 90);
COMMENT ON COLUMN search_works.lead_book_id IS 'the edition that stands for the work in results: the most popular one';
COMMENT ON COLUMN search_works.popularity IS 'our reviews and the ratings that a file or another site counts, of all editions';
COMMENT ON COLUMN search_works.tier IS '0: the most popular 2,000; 1: the next 30,000; 2: the rest';
COMMENT ON COLUMN search_works.forms IS 'other titles and authors of its editions that have words which the lead has not: search_forms()';
COMMENT ON COLUMN search_works.main_length IS 'characters of title_key before a subtitle or a bracket';

CREATE TABLE search_vocabulary (
    word  text    COLLATE "C" PRIMARY KEY,
    works integer NOT NULL
) WITH (fillfactor = 50);  -- a new number stays on its page, and out of the indexes
COMMENT ON TABLE search_vocabulary IS 'every word of search_works.words, and how many works have it';

CREATE TABLE search_vocabulary_changes (
    word   text    COLLATE "C" NOT NULL,
    change integer NOT NULL
);
COMMENT ON TABLE search_vocabulary_changes IS 'only appended to, so that writers never wait for one another at a common word; folded in by search_fold_vocabulary()';

CREATE TABLE search_changes (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_ids bigint[]
);
ALTER TABLE search_changes ALTER book_ids SET STORAGE EXTERNAL;  -- to compress them takes ten times as long as to write them
COMMENT ON TABLE search_changes IS 'a row a statement: books whose works are to be computed again; null: so many that a rebuild is quicker';

CREATE TABLE search_state (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    top_cut    integer NOT NULL DEFAULT 2147483647,
    top_share  integer NOT NULL DEFAULT 0,
    head_cut   integer NOT NULL DEFAULT -1,
    head_share integer NOT NULL DEFAULT 0,
    works      bigint  NOT NULL DEFAULT 0,
    built_at   timestamptz,
    text_rules text
);
COMMENT ON TABLE search_state IS
    'the cuts of the last rebuild: works more popular than a cut are in the tier, and so many thousandths of those equal to it';
COMMENT ON COLUMN search_state.built_at IS 'null until the first rebuild: nothing can be searched, and nothing is settled';
COMMENT ON COLUMN search_state.text_rules IS 'search_text_rules() at the last rebuild: on a server with other rules there has to be another';
INSERT INTO search_state DEFAULT VALUES;

-- What the server, not these files, decides about the keys: the rules of unaccent, Unicode's normal forms (a table of each
-- major version) and what the locale takes for a letter. All of it is asked of the letters that such rules are about.
CREATE FUNCTION search_text_rules() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT md5(concat_ws(' ', current_setting('server_version_num')::int / 10000, unaccent(letters), normalize(letters, NFKC), regexp_replace(letters, '\w', '', 'g')))
      FROM (SELECT string_agg(chr(code), ' ' ORDER BY code) AS letters
              FROM (VALUES (x'80'::int, x'33ff'::int), (x'a640'::int, x'abff'::int), (x'f900'::int, x'ffef'::int),
                           (x'10700'::int, x'107ff'::int), (x'1d400'::int, x'1d7ff'::int), (x'1f100'::int, x'1f1ff'::int)) AS blocks (first, last),
                   generate_series(first, last) AS code) AS every
$$;

-- PL/pgSQL keeps plans. One that was made for a few rows of small tables costs the square of their number once there are many: whatever is
-- given a list asks first, and says SET plan_cache_mode = auto, so that this ends with it.
CREATE FUNCTION search_plan_for(rows integer) RETURNS text LANGUAGE sql
RETURN set_config('plan_cache_mode', CASE WHEN rows > 100 THEN 'force_custom_plan' ELSE 'auto' END, true);

CREATE FUNCTION search_tier(popularity integer, work_id bigint, state search_state) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN popularity > state.top_cut OR popularity = state.top_cut AND abs(work_id % 1000) < state.top_share THEN 0
            WHEN popularity > state.head_cut OR popularity = state.head_cut AND abs(work_id % 1000) < state.head_share THEN 1
            ELSE 2 END;

-- As numbers, the bytes of the letters side by side: an index of these is made in half the time that one of texts takes. To leave a
-- letter out is to move what stands before it.
CREATE FUNCTION search_deletes(word text) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    head    bigint := 0;
    size    int    := least(length(word), 7);
    deletes bigint[];
    shorter bigint;
BEGIN
    FOR i IN 1 .. size LOOP
        head := (head << 8) + ascii(substr(word, i, 1));
    END LOOP;
    deletes := ARRAY[head];
    IF size < 3 THEN
        RETURN deletes;
    END IF;
    FOR i IN 0 .. size - 1 LOOP
        shorter := ((head >> 8 * i + 8) << 8 * i) + (head & (1::bigint << 8 * i) - 1);
        deletes := deletes || shorter;
        IF size = 7 THEN
            FOR j IN i .. size - 2 LOOP
                deletes := deletes || ((shorter >> 8 * j + 8) << 8 * j) + (shorter & (1::bigint << 8 * j) - 1);
            END LOOP;
        END IF;
    END LOOP;
    RETURN deletes;
END $$;
COMMENT ON FUNCTION search_deletes IS
    'the first seven letters of a word with one left out, or up to two of seven: words within two edits, or one under seven letters, share one of these (SymSpell)';

-- search_rebuild() makes indexes of the same names on new tables.
CREATE FUNCTION search_index_editions(editions text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %3$I (work_id);
        CREATE INDEX %2$I ON %3$I USING gin (isbns gin_trgm_ops);
    $sql$, editions || '_of_work', editions || '_isbns', editions);
END $$;

CREATE FUNCTION search_index_works(works text) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;

CREATE FUNCTION search_index_vocabulary(vocabulary text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %3$I USING gin (search_deletes(word)) WITH (fastupdate = off);
        CREATE INDEX %2$I ON %3$I USING gin (word gin_trgm_ops) WITH (fastupdate = off);
    $sql$, vocabulary || '_deletes', vocabulary || '_trigrams', vocabulary);
END $$;

SELECT search_index_editions('search_editions'), search_index_works('search_works'), search_index_vocabulary('search_vocabulary');
