-- Revision 0016. Its check reads all reviews.

--- short
ALTER TABLE reviews ADD COLUMN IF NOT EXISTS withdrawn_at timestamptz;
ALTER TABLE reviews
    DROP CONSTRAINT IF EXISTS reviews_check,
    ADD CONSTRAINT reviews_check
        CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL AND withdrawn_at IS NULL)) NOT VALID;
COMMENT ON COLUMN reviews.withdrawn_at IS
    'its reader has deleted it, but a moderator had hidden it, or was to look at it; null: it is there';
COMMENT ON COLUMN reviews.hidden_reason IS
    'what the moderator said who hid it; until one allows it, its reader writes no other review of the book';

--- long
ALTER TABLE reviews VALIDATE CONSTRAINT reviews_check
