"""Books, readers, their reviews, and what other sites think."""

from alembic import op

revision = "0001"
down_revision = None

BOOKS = r"""
CREATE TABLE books (
    id             bigint        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    isbn           text          NOT NULL CHECK (isbn ~ '^([0-9]{9}[0-9X]|[0-9]{13})$'),
    isbn13         text          CHECK (isbn13 ~ '^97[89][0-9]{10}$'),
    identity       text          NOT NULL GENERATED ALWAYS AS (coalesce(isbn13, isbn)) STORED UNIQUE,
    title          text          NOT NULL CHECK (char_length(title) BETWEEN 1 AND 1000),
    author         text          NOT NULL DEFAULT '' CHECK (char_length(author) <= 500),
    year           smallint      CHECK (year BETWEEN -3000 AND 2100),
    publisher      text          CHECK (char_length(publisher) BETWEEN 1 AND 500),
    language       text          CHECK (char_length(language) BETWEEN 1 AND 35),
    pages          integer       CHECK (pages BETWEEN 1 AND 100000),
    description    text          CHECK (char_length(description) BETWEEN 1 AND 20000),
    average_rating numeric(4, 3) CHECK (average_rating BETWEEN 0 AND 5),
    ratings_count  integer       CHECK (ratings_count >= 0)
);
COMMENT ON COLUMN books.isbn IS 'compact, in the form (10 or 13 characters) in which the catalogue''s file gave it';
COMMENT ON COLUMN books.isbn13 IS 'null where the check digit of isbn is wrong';
COMMENT ON COLUMN books.identity IS 'one a book, whichever form of its ISBN a file or an address gives';
COMMENT ON COLUMN books.average_rating IS 'what readers elsewhere think of it, as the catalogue''s file says';
"""

READERS = """
CREATE TABLE readers (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    name_key      text        NOT NULL UNIQUE,
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN readers.name_key IS 'the name after NFKC and case folding: Admin and ａdmin are one';
"""

REVIEWS = """
CREATE TABLE reviews (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id    bigint      NOT NULL REFERENCES books ON DELETE CASCADE,
    reader_id  bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    rating     smallint    NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text       text        NOT NULL CHECK (char_length(text) <= 10000),
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_at  timestamptz,
    CONSTRAINT one_review_a_reader_and_book UNIQUE (book_id, reader_id)
);
CREATE INDEX reviews_newest_first ON reviews (book_id, created_at DESC, id DESC);
CREATE INDEX reviews_by_reader ON reviews (reader_id, created_at DESC, id DESC);
"""

# Kept by a trigger, so that a page with 100,000 reviews costs one row; the sums are the database's own arithmetic.
RATING_COUNTS = """
CREATE TABLE rating_counts (
    book_id      bigint  PRIMARY KEY REFERENCES books ON DELETE CASCADE,
    one          integer NOT NULL DEFAULT 0,
    two          integer NOT NULL DEFAULT 0,
    three        integer NOT NULL DEFAULT 0,
    four         integer NOT NULL DEFAULT 0,
    five         integer NOT NULL DEFAULT 0,
    review_count integer NOT NULL GENERATED ALWAYS AS (one + two + three + four + five) STORED,
    rating_sum   integer NOT NULL GENERATED ALWAYS AS (one + 2 * two + 3 * three + 4 * four + 5 * five) STORED,
    CHECK (least(one, two, three, four, five) >= 0)
);

CREATE FUNCTION count_rating() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER reviews_are_counted AFTER INSERT OR UPDATE OR DELETE ON reviews
    FOR EACH ROW EXECUTE FUNCTION count_rating();
"""

# A row without an average is a miss that is remembered: the other site was asked, and does not have the book.
EXTERNAL_RATINGS = """
CREATE TABLE external_ratings (
    book_id       bigint        NOT NULL REFERENCES books ON DELETE CASCADE,
    source        text          NOT NULL CHECK (source IN ('open_library')),
    average       numeric(4, 3) CHECK (average BETWEEN 0 AND 5),
    ratings_count integer       CHECK (ratings_count >= 0),
    key           text          CHECK (char_length(key) <= 100),
    fetched_at    timestamptz   NOT NULL DEFAULT now(),
    PRIMARY KEY (book_id, source)
);
COMMENT ON COLUMN external_ratings.key IS 'where the source keeps the book, for a link: /works/OL27448W';

CREATE TABLE external_rating_requests (
    book_id       bigint      PRIMARY KEY REFERENCES books ON DELETE CASCADE,
    requested_at  timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz
);
COMMENT ON TABLE external_rating_requests IS 'books that a reader looked at, to be asked for elsewhere';
COMMENT ON COLUMN external_rating_requests.claimed_until IS
    'until then a process asks for it; no other process of the site asks for any book while such a claim stands';
"""


def upgrade() -> None:
    for statements in (BOOKS, READERS, REVIEWS, RATING_COUNTS, EXTERNAL_RATINGS):
        op.execute(statements)
