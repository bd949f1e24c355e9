-- Revision 0017. Its indexes read the whole tables.

--- long
DROP INDEX CONCURRENTLY IF EXISTS events_by_age

--- long
CREATE INDEX CONCURRENTLY events_by_age ON events (kind, at)

--- long
DROP INDEX CONCURRENTLY IF EXISTS password_resets_by_end

--- long
CREATE INDEX CONCURRENTLY password_resets_by_end ON password_resets (expires_at)

--- long
DROP INDEX CONCURRENTLY IF EXISTS external_rating_requests_waiting

--- long
CREATE INDEX CONCURRENTLY external_rating_requests_waiting ON external_rating_requests (requested_at, book_id)

--- long
DROP INDEX CONCURRENTLY IF EXISTS external_rating_requests_claimed

--- long
CREATE INDEX CONCURRENTLY external_rating_requests_claimed ON external_rating_requests (claimed_until)
    WHERE claimed_until IS NOT NULL

--- long
DROP INDEX CONCURRENTLY IF EXISTS reviews_visible_by_book

--- long
CREATE INDEX CONCURRENTLY reviews_visible_by_book ON reviews (book_id, created_at DESC, id DESC)
    WHERE hidden_at IS NULL

--- long
DROP INDEX CONCURRENTLY IF EXISTS reviews_visible_by_reader

--- long
CREATE INDEX CONCURRENTLY reviews_visible_by_reader ON reviews (reader_id, created_at DESC, id DESC) INCLUDE (rating)
    WHERE hidden_at IS NULL

--- long
DROP INDEX CONCURRENTLY IF EXISTS reviews_newest_first

--- long
DROP INDEX CONCURRENTLY IF EXISTS review_reports_own

--- long
CREATE INDEX CONCURRENTLY review_reports_own ON review_reports (reader_id, reported_at DESC, review_id DESC)

--- long
DROP INDEX CONCURRENTLY IF EXISTS review_reports_by_reader
