"""Likely duplicates: the site suggests that two works are one. Corrections of works keep who accepted them."""

from alembic import op

revision = "0033"
down_revision = "0032"

SEARCH = """
CREATE TABLE duplicate_search (
    one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
    popularity integer     NOT NULL DEFAULT 2147483647,
    work_id    bigint      NOT NULL DEFAULT 0,
    begun_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE duplicate_search IS 'how far the site has looked for duplicates, from the most popular work on';
INSERT INTO duplicate_search DEFAULT VALUES;
CREATE INDEX proposals_open_by_site ON proposals (id) WHERE proposed_by IS NULL AND decided_at IS NULL;
"""

# What a moderator did at once has both names. A proposal was decided in the transaction that made its correction.
ACCEPTED = """
ALTER TABLE work_corrections
    ADD COLUMN accepted_by bigint REFERENCES readers ON DELETE SET NULL,
    ADD COLUMN is_by_site  boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN work_corrections.reader_id IS 'who proposed it; null: the site, or a deleted account';
COMMENT ON COLUMN work_corrections.is_by_site IS 'whether the site itself proposed it: proposals.proposed_by is null';
CREATE INDEX work_corrections_accepted_by ON work_corrections (accepted_by);
UPDATE work_corrections AS c
   SET accepted_by = coalesce((SELECT p.decided_by
                                 FROM proposals AS p
                                WHERE p.book_id = c.book_id AND p.kind = c.kind
                                  AND p.is_accepted AND p.decided_at = c.made_at
                                LIMIT 1), c.reader_id);
"""


def upgrade() -> None:
    for statements in (SEARCH, ACCEPTED):
        op.execute(statements)
