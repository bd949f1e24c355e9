-- What people have decided about works stands beside the rule, and is asked wherever the work of a book is computed.

CREATE TABLE search_corrections (
    id      bigint PRIMARY KEY,
    book_id bigint,
    from_id bigint,
    into_id bigint NOT NULL
);
CREATE INDEX search_corrections_of_book ON search_corrections (book_id, id) WHERE book_id IS NOT NULL;
CREATE INDEX search_corrections_of_work ON search_corrections (from_id, id) WHERE from_id IS NOT NULL;
COMMENT ON TABLE search_corrections IS 'the work_corrections that are in force, with the ids that this version gives to the works that they name';
COMMENT ON COLUMN search_corrections.book_id IS 'a book that was moved or split off; null where from_id, a whole work, was merged';

-- No key of a title and an author begins with two bars.
CREATE FUNCTION search_named_work(name text[]) RETURNS bigint LANGUAGE sql STABLE
RETURN CASE WHEN cardinality(name) > 1 THEN search_work_of(name[1], name[2], name[3]) ELSE ('x' || left(md5('||' || name[1]), 16))::bit(64)::bigint END;
COMMENT ON FUNCTION search_named_work IS 'the id of a work by its name: title, author and series of one of its books, or the id of the book that was split off';

-- The corrections of one version can't make a circle, but a later rule may see one work where there were two.
CREATE FUNCTION search_root(work bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    seen bigint[] := '{}';
    next bigint   := work;
BEGIN
    WHILE next IS NOT NULL LOOP
        IF next = ANY (seen) THEN
            RETURN (SELECT min(id) FROM unnest(seen[array_position(seen, next):]) AS id);
        END IF;
        seen := seen || next;
        work := next;
        next := (SELECT into_id FROM search_corrections WHERE from_id = work ORDER BY id DESC LIMIT 1);
    END LOOP;
    RETURN work;
END $$;
COMMENT ON FUNCTION search_root IS 'the work that a work was merged into, or itself: the end of a chain of merges';

CREATE FUNCTION search_corrected(book bigint, work bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM search_corrections) THEN
        RETURN work;
    END IF;
    RETURN search_root(coalesce((SELECT into_id FROM search_corrections WHERE book_id = book ORDER BY id DESC LIMIT 1), work));
END $$;
COMMENT ON FUNCTION search_corrected IS 'what a book is an edition of, where the rule says `work`';

CREATE FUNCTION search_work_name(book bigint) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    name text[];
    root bigint;
BEGIN
    SELECT coalesce((SELECT into_work FROM work_corrections JOIN search_corrections AS moved USING (id) WHERE moved.book_id = book ORDER BY id DESC LIMIT 1),
                    ARRAY[title, author] || series)
      INTO name FROM books WHERE id = book;
    root := search_root(search_named_work(name));
    WHILE search_named_work(name) <> root LOOP
        name := (SELECT into_work FROM work_corrections JOIN search_corrections USING (id) WHERE from_id = search_named_work(name) ORDER BY id DESC LIMIT 1);
    END LOOP;
    RETURN name;
END $$;
COMMENT ON FUNCTION search_work_name IS 'the name of the work that a book is an edition of; null where there is no such book';

-- A rebuild derives all of them anew; those that are made meanwhile are added by the trigger.
CREATE FUNCTION search_rebuild_corrections() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_corrections;
    INSERT INTO search_corrections (id, book_id, from_id, into_id)
    SELECT id, CASE WHEN from_work IS NULL THEN book_id END, search_named_work(from_work), search_named_work(into_work)
      FROM work_corrections
     WHERE undone_at IS NULL AND (from_work IS NOT NULL OR book_id IS NOT NULL)
     ORDER BY id
    ON CONFLICT (id) DO NOTHING;
END $$;

-- The books whose work a correction decides are computed again, by what is in force after it.
CREATE FUNCTION search_correction_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    changed work_corrections := coalesce(OLD, NEW);
    books   bigint[]         := ARRAY(SELECT book_id FROM search_editions WHERE work_id = search_root(search_named_work(changed.from_work)) LIMIT 50001);
BEGIN
    IF changed.from_work IS NULL THEN
        books := array_remove(ARRAY[changed.book_id], NULL);
    END IF;
    DELETE FROM search_corrections WHERE id = changed.id;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO search_corrections (id, book_id, from_id, into_id)
        SELECT NEW.id, CASE WHEN NEW.from_work IS NULL THEN NEW.book_id END, search_named_work(NEW.from_work), search_named_work(NEW.into_work)
         WHERE NEW.undone_at IS NULL AND (NEW.from_work IS NOT NULL OR NEW.book_id IS NOT NULL);
    END IF;
    PERFORM search_note(books);
    RETURN NULL;
END $$;
