-- Revision 0041. Its check and its index read all readings.

--- short
ALTER TABLE readings
    ADD COLUMN IF NOT EXISTS started_precision text NOT NULL DEFAULT 'day',
    ADD COLUMN IF NOT EXISTS finished_precision text NOT NULL DEFAULT 'day',
    DROP CONSTRAINT IF EXISTS readings_precision_check,
    ADD CONSTRAINT readings_precision_check
        CHECK (started_precision IN ('day', 'month', 'year') AND finished_precision IN ('day', 'month', 'year'))
        NOT VALID,
    DROP CONSTRAINT IF EXISTS readings_check;
COMMENT ON COLUMN readings.started_precision IS 'month, year: started_on is the first day that it may have been';
COMMENT ON COLUMN readings.finished_precision IS 'month, year: finished_on is the last day that it may have been';

--- long
ALTER TABLE readings VALIDATE CONSTRAINT readings_precision_check

--- long
DROP INDEX CONCURRENTLY IF EXISTS readings_dated_once

--- long
CREATE UNIQUE INDEX CONCURRENTLY readings_dated_once
    ON readings (shelved_book_id, coalesce(started_on, '-infinity'), coalesce(finished_on, 'infinity'))
    WHERE started_on IS NOT NULL OR finished_on IS NOT NULL

--- long
DROP INDEX CONCURRENTLY IF EXISTS readings_once
