"""When a book was added to the catalogue: the newest are listed, and have a feed. It isn't known of the books that are
there already. The newest books have the highest ids, so that no index is needed."""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE books ADD COLUMN added_at timestamptz;
        ALTER TABLE books ALTER COLUMN added_at SET DEFAULT now();
        COMMENT ON COLUMN books.added_at IS 'null for books that were added before revision 0040';
    """)
