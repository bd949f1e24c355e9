"""Other titles of books: the original one, those of translations, and what else a library records."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE books ADD COLUMN other_titles text CHECK (char_length(other_titles) BETWEEN 1 AND 10000);
        COMMENT ON COLUMN books.other_titles IS 'at most ten, with " | " between them; null: none is known'
    """)
