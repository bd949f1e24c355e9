"""A reader's feeds have addresses with a key, because a feed reader can't log in. It is a signed number, which is kept
here: another number revokes all keys that were given out."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE readers ADD COLUMN feed_key integer NOT NULL DEFAULT 1;
        COMMENT ON COLUMN readers.feed_key IS 'signed in the addresses of feeds: another number revokes them';
    """)
