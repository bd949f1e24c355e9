"""Series of books. Titles that may still name theirs in a bracket are noted for the maintenance thread."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE books ADD COLUMN series text CHECK (char_length(series) BETWEEN 1 AND 500);
        COMMENT ON COLUMN books.series IS 'names with numbers, "Discworld #34; City Watch #7"; null: none is known';

        CREATE TABLE unread_titles (book_id bigint PRIMARY KEY REFERENCES books ON DELETE CASCADE);
        COMMENT ON TABLE unread_titles IS 'books whose titles were imported before series were read from them';

        INSERT INTO unread_titles SELECT id FROM books WHERE right(title, 1) IN (')', ']');
    """)
