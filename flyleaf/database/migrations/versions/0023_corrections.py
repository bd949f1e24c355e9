"""Corrections: changes of a book's fields that people made, and that win over later imports until they are undone."""

from alembic import op

revision = "0023"
down_revision = "0022"

# Values are texts here, whatever the type of the book's column. Null: the book has none.
FIELDS = """
CREATE FUNCTION fits_field(field text, value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN value IS NULL THEN field IN ('author', 'year', 'publisher', 'language', 'pages', 'description')
    WHEN field = 'title' THEN char_length(value) BETWEEN 1 AND 1000
    WHEN field IN ('author', 'publisher') THEN char_length(value) BETWEEN 1 AND 500
    WHEN field = 'language' THEN char_length(value) BETWEEN 1 AND 35
    WHEN field = 'description' THEN char_length(value) BETWEEN 1 AND 20000
    WHEN field NOT IN ('year', 'pages') OR value !~ '^-?[0-9]{1,6}$' THEN false
    WHEN field = 'year' THEN CAST(value AS integer) BETWEEN -3000 AND 2100
    ELSE CAST(value AS integer) BETWEEN 1 AND 100000
END
$$;
COMMENT ON FUNCTION fits_field IS 'whether this field of a book can be corrected, and have this value';
"""

CORRECTIONS = """
CREATE TABLE corrections (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id     bigint      NOT NULL REFERENCES books ON DELETE CASCADE,
    field       text        NOT NULL,
    before      text        CHECK (fits_field(field, before)),
    after       text        CHECK (fits_field(field, after)),
    imported    text        CHECK (fits_field(field, imported)),
    reason      text        CHECK (char_length(reason) BETWEEN 1 AND 500),
    proposed_by bigint      REFERENCES readers ON DELETE SET NULL,
    accepted_by bigint      REFERENCES readers ON DELETE SET NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    undone_by   bigint      REFERENCES readers ON DELETE SET NULL,
    undone_at   timestamptz
);
COMMENT ON TABLE corrections IS 'accepted changes of books; of those in force the newest is what the book says';
COMMENT ON COLUMN corrections.imported IS 'what the newest file says: the book gets it back when no correction is left';
COMMENT ON COLUMN corrections.undone_at IS 'null: it is in force';
CREATE INDEX corrections_of_book ON corrections (book_id, accepted_at DESC, id DESC);
CREATE INDEX corrections_in_force ON corrections (book_id, field, id) WHERE undone_at IS NULL;
CREATE INDEX corrections_by_proposer ON corrections (proposed_by);
CREATE INDEX corrections_by_accepter ON corrections (accepted_by);
CREATE INDEX corrections_by_undoer ON corrections (undone_by);
"""


def upgrade() -> None:
    for statements in (FIELDS, CORRECTIONS):
        op.execute(statements)
