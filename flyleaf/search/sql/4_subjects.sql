-- Which works have a subject, the most popular first, and how many there are. A work has the subjects of its editions.

CREATE TABLE search_subjects (
    work_id    bigint   PRIMARY KEY,
    popularity integer  NOT NULL,
    tier       smallint NOT NULL,
    subjects   bigint[] NOT NULL
);
COMMENT ON TABLE search_subjects IS 'the works that have subjects; popularity and tier as in search_works, so that a page of works needs one table';

CREATE TABLE search_subject_sizes (
    subject_id bigint  PRIMARY KEY,
    works      integer NOT NULL
) WITH (fillfactor = 90);
COMMENT ON TABLE search_subject_sizes IS 'how many works have each subject';

CREATE TABLE search_subject_changes (
    subject_id bigint  NOT NULL,
    change     integer NOT NULL
);
COMMENT ON TABLE search_subject_changes IS 'only appended to, like search_vocabulary_changes; folded in by search_fold_subjects()';

CREATE FUNCTION search_index_subjects(subjects text, sizes text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($sql$
        CREATE INDEX %1$I ON %4$I USING gin (subjects) WITH (fastupdate = off);
        CREATE INDEX %2$I ON %4$I USING gin (subjects) WITH (fastupdate = off) WHERE tier <= 1;
        CREATE INDEX %3$I ON %5$I (works DESC, subject_id);
    $sql$, subjects || '_every', subjects || '_head', sizes || '_largest', subjects, sizes);
END $$;
SELECT search_index_subjects('search_subjects', 'search_subject_sizes');

CREATE AGGREGATE search_every_subject (bigint[]) (SFUNC = array_cat, STYPE = bigint[], INITCOND = '{}');

-- Those that most editions have, then those that these name first.
CREATE FUNCTION search_most_common(subjects bigint[], most integer DEFAULT 20) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN ARRAY(SELECT id FROM unnest(subjects) WITH ORDINALITY AS listed (id, place) GROUP BY id ORDER BY count(*) DESC, min(place) LIMIT most);
END $$;

-- Where no book has a subject, no table is read.
CREATE FUNCTION search_rebuild_subjects() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE search_subjects_new AS
    SELECT work.id AS work_id, work.popularity, work.tier, book.subjects
      FROM search_works_new AS work
      JOIN books AS book ON book.id = work.lead_book_id
     WHERE (SELECT EXISTS (SELECT FROM subjects)) AND work.editions = 1 AND book.subjects IS NOT NULL
     UNION ALL
    SELECT work.id, work.popularity, work.tier, search_most_common(search_every_subject(book.subjects ORDER BY book.id))
      FROM search_works_new AS work
      JOIN search_editions_new AS edition ON edition.work_id = work.id
      JOIN books AS book ON book.id = edition.book_id
     WHERE (SELECT EXISTS (SELECT FROM subjects)) AND work.editions > 1 AND book.subjects IS NOT NULL
     GROUP BY work.id;
    ALTER TABLE search_subjects_new ALTER popularity SET NOT NULL, ALTER tier SET NOT NULL, ALTER subjects SET NOT NULL,
        ADD CONSTRAINT search_subjects_new_pkey PRIMARY KEY (work_id);
    CREATE TABLE search_subject_sizes_new WITH (fillfactor = 90) AS
    SELECT subject_id, count(*)::int AS works FROM search_subjects_new, unnest(subjects) AS subject_id GROUP BY subject_id;
    ALTER TABLE search_subject_sizes_new ALTER works SET NOT NULL, ADD CONSTRAINT search_subject_sizes_new_pkey PRIMARY KEY (subject_id);
    PERFORM search_index_subjects('search_subjects_new', 'search_subject_sizes_new');
    ANALYZE search_subjects_new, search_subject_sizes_new;
END $$;

-- What some works, whose rows in search_works are up to date, have of subjects.
CREATE FUNCTION search_refresh_subjects(works bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM subjects) AND NOT EXISTS (SELECT FROM search_subjects) THEN
        RETURN;
    END IF;
    WITH now AS MATERIALIZED (
        SELECT work.id AS work_id, work.popularity, work.tier, search_most_common(search_every_subject(book.subjects ORDER BY book.id)) AS subjects
          FROM search_works AS work
          JOIN search_editions AS edition ON edition.work_id = work.id
          JOIN books AS book ON book.id = edition.book_id
         WHERE work.id = ANY (works) AND book.subjects IS NOT NULL
         GROUP BY work.id),
    before AS MATERIALIZED (SELECT work_id, subjects FROM search_subjects WHERE work_id = ANY (works)),
    gone AS (DELETE FROM search_subjects WHERE work_id = ANY (works) AND work_id NOT IN (SELECT work_id FROM now)),
    kept AS (
        INSERT INTO search_subjects AS old (work_id, popularity, tier, subjects)
        SELECT work_id, popularity, tier, subjects FROM now ORDER BY work_id
        ON CONFLICT (work_id) DO UPDATE SET popularity = excluded.popularity, tier = excluded.tier, subjects = excluded.subjects
         WHERE (old.popularity, old.tier, old.subjects) IS DISTINCT FROM (excluded.popularity, excluded.tier, excluded.subjects))
    INSERT INTO search_subject_changes (subject_id, change)
    SELECT subject_id, sum(change)::int
      FROM (SELECT unnest(subjects) AS subject_id, 1 AS change FROM now UNION ALL SELECT unnest(subjects), -1 FROM before) AS every
     GROUP BY subject_id HAVING sum(change) <> 0;
    PERFORM search_fold_subjects();
END $$;

CREATE FUNCTION search_fold_subjects() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone bigint[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(search_rebuild_lock() + 1) THEN
        RETURN;  -- another is at it; the next one folds what it could not see
    END IF;
    WITH taken AS (DELETE FROM search_subject_changes RETURNING subject_id, change),
    sums AS (SELECT subject_id, sum(change)::int AS change FROM taken GROUP BY subject_id HAVING sum(change) <> 0),
    folded AS (INSERT INTO search_subject_sizes AS size (subject_id, works) SELECT subject_id, change FROM sums ORDER BY subject_id
        ON CONFLICT (subject_id) DO UPDATE SET works = size.works + excluded.works RETURNING subject_id, works)
    SELECT array_agg(subject_id) INTO gone FROM folded WHERE works <= 0;
    DELETE FROM search_subject_sizes WHERE subject_id = ANY (gone);
END $$;

-- The most popular works that have a subject, at most `most`. Those of the 32,000 popular ones come first in any case; all others are looked
-- at only where at most `look` works have the subject, since no index tells which of so many are popular.
CREATE FUNCTION search_works_about(subject bigint, size integer, look integer, most integer) RETURNS TABLE (work_id bigint, popularity integer)
LANGUAGE plpgsql STABLE ROWS 2000 SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF size <= look THEN
        RETURN QUERY
        SELECT work.work_id, work.popularity FROM search_subjects AS work WHERE work.subjects @> ARRAY[subject]
         ORDER BY work.popularity DESC, work.work_id LIMIT most;
    ELSE
        RETURN QUERY
        SELECT work.work_id, work.popularity FROM search_subjects AS work WHERE work.tier <= 1 AND work.subjects @> ARRAY[subject]
         ORDER BY work.popularity DESC, work.work_id LIMIT most;
    END IF;
END $$;
