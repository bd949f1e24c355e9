-- What makes the search follow the tables that it is derived from. Another version of the search may have its triggers on
-- the same tables meanwhile, so that these bear the schema's name. A table that is locked for them stays readable.
DO $do$
DECLARE
    watched record;
    schema  text := current_schema();
BEGIN
    FOR watched IN VALUES ('books', 'search_books_changed'), ('reviews', 'search_reviews_changed'), ('external_ratings', 'search_ratings_changed') LOOP
        EXECUTE format($sql$
            CREATE TRIGGER %3$I AFTER INSERT ON %1$I REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION %2$I();
            CREATE TRIGGER %4$I AFTER UPDATE ON %1$I REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION %2$I();
            CREATE TRIGGER %5$I AFTER DELETE ON %1$I REFERENCING OLD TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION %2$I();
        $sql$, watched.column1, watched.column2, schema || '_insert', schema || '_update', schema || '_delete');
    END LOOP;
    EXECUTE format($sql$
        CREATE TRIGGER %1$I AFTER INSERT OR DELETE ON work_corrections FOR EACH ROW EXECUTE FUNCTION search_correction_changed();
        CREATE TRIGGER %2$I AFTER UPDATE OF undone_at, book_id ON work_corrections FOR EACH ROW EXECUTE FUNCTION search_correction_changed();
    $sql$, schema || '_correct', schema || '_undo');
    EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON books FOR EACH STATEMENT EXECUTE FUNCTION search_books_changed()', schema || '_truncate');
END $do$;
