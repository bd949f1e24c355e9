"""Who may register: invitations, and readers whom a moderator has to approve first."""

from alembic import op

revision = "0014"
down_revision = "0013"

INVITATIONS = """
CREATE TABLE invitations (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    made_by    bigint      REFERENCES readers ON DELETE SET NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    uses       integer     NOT NULL DEFAULT 0,
    uses_max   integer     NOT NULL CHECK (uses_max BETWEEN 1 AND 1000),
    note       text        NOT NULL DEFAULT '' CHECK (char_length(note) <= 100),
    CHECK (uses BETWEEN 0 AND uses_max)
);
COMMENT ON TABLE invitations IS 'links with which people may register';
COMMENT ON COLUMN invitations.token_hash IS 'SHA-256 of the token in the link, which is stored nowhere';
COMMENT ON COLUMN invitations.made_by IS 'null: the operator made it, or its maker has left';
COMMENT ON COLUMN invitations.note IS 'whom it is for, for moderators';
CREATE INDEX invitations_by_time ON invitations (made_at DESC, id DESC);
CREATE INDEX invitations_by_maker ON invitations (made_by);
"""

# A table of its own and no column of readers, whose rows every log-in reads: it stays small, and so does its index.
PENDING = """
CREATE TABLE pending_registrations (
    reader_id     bigint      PRIMARY KEY REFERENCES readers ON DELETE CASCADE,
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pending_registrations IS 'readers who can''t log in until a moderator approves them';
CREATE INDEX pending_registrations_by_time ON pending_registrations (registered_at DESC, reader_id DESC);
"""


def upgrade() -> None:
    for statements in (INVITATIONS, PENDING):
        op.execute(statements)
