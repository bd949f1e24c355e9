"""Readers with any number of reviews can delete their accounts: what is too much for one request follows in steps.

A reader without a name is on the way out. Two nulls are never equal, so that any number of readers may be.
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE readers
            ALTER COLUMN name DROP NOT NULL,
            ALTER COLUMN name_key DROP NOT NULL;
        COMMENT ON COLUMN readers.name IS 'null: the account is deleted, and its reviews are about to follow';
    """)
    op.execute("""
        CREATE TABLE departures (
            reader_id     bigint      PRIMARY KEY REFERENCES readers ON DELETE CASCADE,
            keeps_reviews boolean     NOT NULL,
            left_at       timestamptz NOT NULL DEFAULT now()
        );
        COMMENT ON TABLE departures IS 'deleted accounts whose reviews are yet to be deleted, or to lose their reader';
    """)
