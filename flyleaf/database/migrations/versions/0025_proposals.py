"""Proposals: changes of the catalogue that readers suggest, until a moderator accepts or refuses them."""

from alembic import op

revision = "0025"
down_revision = "0024"

PROPOSALS = """
CREATE TABLE proposals (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text        NOT NULL CHECK (kind IN ('field', 'merge', 'move', 'split', 'book')),
    book_id       bigint      REFERENCES books ON DELETE CASCADE,
    other_book_id bigint      REFERENCES books ON DELETE CASCADE,
    field         text,
    before        text,
    after         text,
    reason        text        CHECK (char_length(reason) BETWEEN 1 AND 500),
    proposed_by   bigint      REFERENCES readers ON DELETE CASCADE,
    proposed_at   timestamptz NOT NULL DEFAULT now(),
    decided_by    bigint      REFERENCES readers ON DELETE SET NULL,
    decided_at    timestamptz,
    is_accepted   boolean,
    answer        text        CHECK (char_length(answer) BETWEEN 1 AND 500),
    CHECK (kind = 'book' OR book_id IS NOT NULL),
    CHECK ((kind IN ('merge', 'move')) = (other_book_id IS NOT NULL)),
    CHECK ((kind = 'field') = (field IS NOT NULL)),
    CHECK (fits_field(field, before) AND fits_field(field, after)),
    CHECK (kind = 'field' OR before IS NULL AND after IS NULL),
    CHECK ((decided_at IS NULL) = (is_accepted IS NULL))
);
COMMENT ON TABLE proposals IS 'what readers suggest for the catalogue; a moderator decides';
COMMENT ON COLUMN proposals.kind IS
    'field: of the book; merge, move, split: as in work_corrections; book: one that the catalogue does not have';
COMMENT ON COLUMN proposals.proposed_by IS 'null: the site itself, which takes two books for one';
COMMENT ON COLUMN proposals.answer IS 'why it was refused, for the reader who proposed it';
CREATE INDEX proposals_open ON proposals (proposed_at DESC, id DESC) WHERE decided_at IS NULL;
CREATE UNIQUE INDEX proposals_open_once
    ON proposals (book_id, coalesce(proposed_by, 0), kind, coalesce(field, ''), coalesce(other_book_id, 0))
    WHERE decided_at IS NULL AND kind <> 'book';
CREATE INDEX proposals_by_reader ON proposals (proposed_by, proposed_at DESC, id DESC);
CREATE INDEX proposals_of_book ON proposals (book_id);
CREATE INDEX proposals_of_other_book ON proposals (other_book_id);
CREATE INDEX proposals_by_decider ON proposals (decided_by);
"""


def upgrade() -> None:
    op.execute(PROPOSALS)
