"""Pages of hidden reviews, and the latest reasons of a review's reports, are read by an index, in its order."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("""
        DROP INDEX reviews_hidden;
        CREATE INDEX reviews_hidden_latest_first ON reviews (greatest(hidden_at, edited_at) DESC, id DESC)
            WHERE hidden_reason IS NOT NULL;
        CREATE INDEX review_reports_reasons ON review_reports (review_id, reported_at DESC, reader_id)
            WHERE settled_at IS NULL AND reason IS NOT NULL;
    """)
