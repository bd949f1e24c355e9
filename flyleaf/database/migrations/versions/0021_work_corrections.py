"""What people decide about works: these two are the same, this is an edition of that, this is a work of its own.

A work is named by what its id is made of, so that a decision outlives a change of the rule, of a title, or of a book.
"""

from alembic import op

revision = "0021"
down_revision = "0020"

CORRECTIONS = """
CREATE TABLE work_corrections (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text        NOT NULL CHECK (kind IN ('merge', 'move', 'split')),
    book_id       bigint      REFERENCES books ON DELETE SET NULL,
    other_book_id bigint      REFERENCES books ON DELETE SET NULL,
    from_work     text[],
    into_work     text[]      NOT NULL,
    reader_id     bigint      REFERENCES readers ON DELETE SET NULL,
    reason        text        CHECK (char_length(reason) BETWEEN 1 AND 500),
    made_at       timestamptz NOT NULL DEFAULT now(),
    undone_at     timestamptz,
    undone_by     bigint      REFERENCES readers ON DELETE SET NULL,
    CHECK ((kind = 'merge') = (from_work IS NOT NULL))
);
COMMENT ON TABLE work_corrections IS
    'merge: two books'' works are one; move: a book is an edition of the other''s work; split: of a work of its own';
COMMENT ON COLUMN work_corrections.from_work IS
    'a work by name: title and author of one of its books, or the id of the book that was split off';
CREATE INDEX work_corrections_book ON work_corrections (book_id, id);
CREATE INDEX work_corrections_other_book ON work_corrections (other_book_id, id);
CREATE INDEX work_corrections_reader ON work_corrections (reader_id);
CREATE INDEX work_corrections_undone_by ON work_corrections (undone_by);
"""


def upgrade() -> None:
    op.execute(CORRECTIONS)
