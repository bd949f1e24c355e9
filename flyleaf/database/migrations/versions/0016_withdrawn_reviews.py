"""A review that is hidden or reported stays known when its reader deletes it: it loses its text, not its place."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE reviews
            ADD COLUMN withdrawn_at timestamptz,
            DROP CONSTRAINT reviews_check,
            ADD CONSTRAINT reviews_check
                CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL AND withdrawn_at IS NULL));
        COMMENT ON COLUMN reviews.withdrawn_at IS
            'its reader has deleted it, but a moderator had hidden it, or was to look at it; null: it is there';
        COMMENT ON COLUMN reviews.hidden_reason IS
            'what the moderator said who hid it; until one allows it, its reader writes no other review of the book';
    """)
