-- Revision 0013. Its indexes read all reviews and reports.

--- long
DROP INDEX CONCURRENTLY IF EXISTS reviews_hidden_latest_first

--- long
CREATE INDEX CONCURRENTLY reviews_hidden_latest_first ON reviews (greatest(hidden_at, edited_at) DESC, id DESC)
    WHERE hidden_reason IS NOT NULL

--- long
DROP INDEX CONCURRENTLY IF EXISTS review_reports_reasons

--- long
CREATE INDEX CONCURRENTLY review_reports_reasons ON review_reports (review_id, reported_at DESC, reader_id)
    WHERE settled_at IS NULL AND reason IS NOT NULL

--- long
DROP INDEX CONCURRENTLY IF EXISTS reviews_hidden
