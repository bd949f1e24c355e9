-- Revision 0006. A database in which 0002 ran as 0002_in_use.sql has none of these functions.

--- short
DO $do$
DECLARE
    home text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = to_regclass('search_letters'));
    name text;
BEGIN
    IF home IS NULL THEN
        RETURN;
    END IF;
    FOREACH name IN ARRAY ARRAY['search_books_changed', 'search_ratings_changed', 'search_changes_committed']
    LOOP
        EXECUTE 'ALTER FUNCTION ' || home || '.' || name || '() SET search_path = ' || home || ', public';
    END LOOP;
END $do$
