-- The database of commit 4af4d4a, made by scripts/old_databases.py.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

CREATE FUNCTION public.count_rating() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.rating = OLD.rating AND NEW.book_id = OLD.book_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        UPDATE rating_counts
           SET one   = one   - (OLD.rating = 1)::int,
               two   = two   - (OLD.rating = 2)::int,
               three = three - (OLD.rating = 3)::int,
               four  = four  - (OLD.rating = 4)::int,
               five  = five  - (OLD.rating = 5)::int
         WHERE book_id = OLD.book_id;
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
        INSERT INTO rating_counts AS counts (book_id, one, two, three, four, five)
        VALUES (NEW.book_id, (NEW.rating = 1)::int, (NEW.rating = 2)::int, (NEW.rating = 3)::int,
                (NEW.rating = 4)::int, (NEW.rating = 5)::int)
        ON CONFLICT (book_id) DO UPDATE
           SET one   = counts.one   + excluded.one,
               two   = counts.two   + excluded.two,
               three = counts.three + excluded.three,
               four  = counts.four  + excluded.four,
               five  = counts.five  + excluded.five;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.fold(original text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
        BEGIN
            RETURN btrim(regexp_replace(
                translate(lower(public.unaccent('public.unaccent', original)), '''’ʼ`', ''), '[^[:alnum:]]+', ' ', 'g'));
        END $$;

COMMENT ON FUNCTION public.fold(original text) IS 'without accents, case and punctuation; apostrophes close up, the rest are single spaces';

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.books (
    id bigint NOT NULL,
    isbn text NOT NULL,
    isbn13 text,
    identity text GENERATED ALWAYS AS (COALESCE(isbn13, isbn)) STORED NOT NULL,
    title text NOT NULL,
    author text DEFAULT ''::text NOT NULL,
    year smallint,
    publisher text,
    language text,
    pages integer,
    description text,
    folded_title text GENERATED ALWAYS AS (public.fold(title)) STORED NOT NULL,
    folded_author text GENERATED ALWAYS AS (public.fold(author)) STORED NOT NULL,
    CONSTRAINT books_author_check CHECK ((char_length(author) <= 500)),
    CONSTRAINT books_description_check CHECK (((char_length(description) >= 1) AND (char_length(description) <= 20000))),
    CONSTRAINT books_isbn13_check CHECK ((isbn13 ~ '^97[89][0-9]{10}$'::text)),
    CONSTRAINT books_isbn_check CHECK ((isbn ~ '^([0-9]{9}[0-9X]|[0-9]{13})$'::text)),
    CONSTRAINT books_language_check CHECK (((char_length(language) >= 1) AND (char_length(language) <= 35))),
    CONSTRAINT books_pages_check CHECK (((pages >= 1) AND (pages <= 100000))),
    CONSTRAINT books_publisher_check CHECK (((char_length(publisher) >= 1) AND (char_length(publisher) <= 500))),
    CONSTRAINT books_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 1000))),
    CONSTRAINT books_year_check CHECK (((year >= '-3000'::integer) AND (year <= 2100)))
);

COMMENT ON COLUMN public.books.isbn IS 'compact, in the form (10 or 13 characters) in which the catalogue''s file gave it';

COMMENT ON COLUMN public.books.isbn13 IS 'null where the check digit of isbn is wrong';

COMMENT ON COLUMN public.books.identity IS 'one a book, whichever form of its ISBN a file or an address gives';

ALTER TABLE public.books ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.books_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.external_rating_requests (
    book_id bigint NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    claimed_until timestamp with time zone
);

COMMENT ON TABLE public.external_rating_requests IS 'books that a reader looked at, to be asked for elsewhere';

COMMENT ON COLUMN public.external_rating_requests.claimed_until IS 'until then a process asks for it; no other process of the site asks for any book while such a claim stands';

CREATE TABLE public.external_ratings (
    book_id bigint NOT NULL,
    source text NOT NULL,
    average numeric(4,3),
    ratings_count integer,
    key text,
    fetched_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT external_ratings_average_check CHECK (((average >= (0)::numeric) AND (average <= (5)::numeric))),
    CONSTRAINT external_ratings_key_check CHECK ((char_length(key) <= 100)),
    CONSTRAINT external_ratings_ratings_count_check CHECK ((ratings_count >= 0)),
    CONSTRAINT external_ratings_source_check CHECK ((source = ANY (ARRAY['catalogue'::text, 'open_library'::text])))
);

COMMENT ON COLUMN public.external_ratings.key IS 'where the source keeps the book, for a link: /works/OL27448W';

CREATE TABLE public.rating_counts (
    book_id bigint NOT NULL,
    one integer DEFAULT 0 NOT NULL,
    two integer DEFAULT 0 NOT NULL,
    three integer DEFAULT 0 NOT NULL,
    four integer DEFAULT 0 NOT NULL,
    five integer DEFAULT 0 NOT NULL,
    review_count integer GENERATED ALWAYS AS (((((one + two) + three) + four) + five)) STORED NOT NULL,
    rating_sum integer GENERATED ALWAYS AS (((((one + (2 * two)) + (3 * three)) + (4 * four)) + (5 * five))) STORED NOT NULL,
    CONSTRAINT rating_counts_check CHECK ((LEAST(one, two, three, four, five) >= 0))
);

CREATE TABLE public.readers (
    id bigint NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT readers_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 64)))
);

COMMENT ON COLUMN public.readers.name_key IS 'the name after NFKC and case folding: Admin and ａdmin are one';

ALTER TABLE public.readers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.readers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reviews (
    id bigint NOT NULL,
    book_id bigint NOT NULL,
    reader_id bigint NOT NULL,
    rating smallint NOT NULL,
    text text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    edited_at timestamp with time zone,
    CONSTRAINT reviews_rating_check CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT reviews_text_check CHECK ((char_length(text) <= 10000))
);

ALTER TABLE public.reviews ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reviews_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

INSERT INTO public.alembic_version VALUES
	('0002');

INSERT INTO public.books OVERRIDING SYSTEM VALUE VALUES
	(1, '0141439513', '9780141439518', DEFAULT, 'Pride and Prejudice', 'Jane Austen', 1813, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(2, '0141439580', '9780141439587', DEFAULT, 'Emma', 'Jane Austen', 1815, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(3, '0141439688', '9780141439686', DEFAULT, 'Persuasion', 'Jane Austen', 1817, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(4, '0140449132', '9780140449136', DEFAULT, 'Crime and Punishment', 'Fyodor Dostoyevsky', 1866, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(5, '0141439564', '9780141439563', DEFAULT, 'Great Expectations', 'Charles Dickens', 1861, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(6, '0141439602', '9780141439600', DEFAULT, 'A Tale of Two Cities', 'Charles Dickens', 1859, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(7, '0141439556', '9780141439556', DEFAULT, 'Wuthering Heights', 'Emily Brontë', 1847, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(8, '0142437174', '9780142437179', DEFAULT, 'Adventures of Huckleberry Finn', 'Mark Twain', 1884, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(9, '0142437247', '9780142437247', DEFAULT, 'Moby-Dick, or The Whale', 'Herman Melville', 1851, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT),
	(10, '0140449124', '9780140449129', DEFAULT, 'Madame Bovary', 'Gustave Flaubert', 1857, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT);

INSERT INTO public.rating_counts VALUES
	(2, 0, 0, 0, 2, 0, DEFAULT, DEFAULT),
	(9, 0, 0, 0, 2, 0, DEFAULT, DEFAULT);

INSERT INTO public.readers OVERRIDING SYSTEM VALUE VALUES
	(1, 'Alice', 'alice', '$argon2id$v=19$m=8,t=1,p=1$g4yz7loOhWFBS2cw+tCEiQ$JoKUn7QqlNzcl5f561a+MpmC4FFis6PLNyJ49XCOoPY', '2026-11-28 01:40:16.198329+00'),
	(2, 'Bob', 'bob', '$argon2id$v=19$m=8,t=1,p=1$69JIxRHP1l6ZhBpfDHXecw$mwlkswXmwLk71ivPMKiEanoxBSTKf/kGCbfsEzoO5wY', '2026-11-28 01:40:16.198329+00');

INSERT INTO public.reviews OVERRIDING SYSTEM VALUE VALUES
	(1, 2, 1, 4, 'Alice on Emma', '2026-11-28 01:40:16.198329+00', NULL),
	(2, 9, 1, 4, 'Alice on Moby-Dick, or The Whale', '2026-11-28 01:40:16.198329+00', NULL),
	(3, 2, 2, 4, 'Bob on Emma', '2026-11-28 01:40:16.198329+00', NULL),
	(4, 9, 2, 4, 'Bob on Moby-Dick, or The Whale', '2026-11-28 01:40:16.198329+00', NULL);

SELECT pg_catalog.setval('public.books_id_seq', 10, true);

SELECT pg_catalog.setval('public.readers_id_seq', 2, true);

SELECT pg_catalog.setval('public.reviews_id_seq', 4, true);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_identity_key UNIQUE (identity);

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.external_rating_requests
    ADD CONSTRAINT external_rating_requests_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY public.external_ratings
    ADD CONSTRAINT external_ratings_pkey PRIMARY KEY (book_id, source);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT one_review_a_reader_and_book UNIQUE (book_id, reader_id);

ALTER TABLE ONLY public.rating_counts
    ADD CONSTRAINT rating_counts_pkey PRIMARY KEY (book_id);

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);

CREATE INDEX books_folded ON public.books USING gin ((((folded_title || ' '::text) || folded_author)) public.gin_trgm_ops);

CREATE INDEX books_isbns ON public.books USING gin ((((isbn || ' '::text) || COALESCE(isbn13, ''::text))) public.gin_trgm_ops);

CREATE INDEX reviews_by_reader ON public.reviews USING btree (reader_id, created_at DESC, id DESC);

CREATE INDEX reviews_newest_first ON public.reviews USING btree (book_id, created_at DESC, id DESC);

CREATE TRIGGER reviews_are_counted AFTER INSERT OR DELETE OR UPDATE ON public.reviews FOR EACH ROW EXECUTE FUNCTION public.count_rating();

ALTER TABLE ONLY public.external_rating_requests
    ADD CONSTRAINT external_rating_requests_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.external_ratings
    ADD CONSTRAINT external_ratings_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rating_counts
    ADD CONSTRAINT rating_counts_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;
