"""What is looked for beside requests, and what others see of a book's or a reader's reviews, is found by an index: rows
that stay, or are hidden, are not read."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("""
        CREATE INDEX events_by_age ON events (kind, at);
        CREATE INDEX password_resets_by_end ON password_resets (expires_at);
        CREATE INDEX external_rating_requests_waiting ON external_rating_requests (requested_at, book_id);
        CREATE INDEX external_rating_requests_claimed ON external_rating_requests (claimed_until)
            WHERE claimed_until IS NOT NULL;
        CREATE INDEX reviews_visible_by_book ON reviews (book_id, created_at DESC, id DESC) WHERE hidden_at IS NULL;
        CREATE INDEX reviews_visible_by_reader ON reviews (reader_id, created_at DESC, id DESC) INCLUDE (rating)
            WHERE hidden_at IS NULL;
        DROP INDEX reviews_newest_first;
        CREATE INDEX review_reports_own ON review_reports (reader_id, reported_at DESC, review_id DESC);
        DROP INDEX review_reports_by_reader;
    """)
