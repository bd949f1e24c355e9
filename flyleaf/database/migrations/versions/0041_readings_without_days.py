"""Readings of which only the month, the year or nothing is known."""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE readings
            ADD COLUMN started_precision text NOT NULL DEFAULT 'day',
            ADD COLUMN finished_precision text NOT NULL DEFAULT 'day',
            ADD CONSTRAINT readings_precision_check
                CHECK (started_precision IN ('day', 'month', 'year')
                       AND finished_precision IN ('day', 'month', 'year')),
            DROP CONSTRAINT readings_check;
        COMMENT ON COLUMN readings.started_precision IS
            'month, year: started_on is the first day that it may have been';
        COMMENT ON COLUMN readings.finished_precision IS
            'month, year: finished_on is the last day that it may have been';
        CREATE UNIQUE INDEX readings_dated_once
            ON readings (shelved_book_id, coalesce(started_on, '-infinity'), coalesce(finished_on, 'infinity'))
            WHERE started_on IS NOT NULL OR finished_on IS NOT NULL;
        DROP INDEX readings_once;
    """)
