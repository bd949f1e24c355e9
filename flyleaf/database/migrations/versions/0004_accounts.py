"""Sessions that can be ended from elsewhere, attempts that are limited, what happened to an account, and reviews whose
readers have left."""

from alembic import op

revision = "0004"
down_revision = "0003"

SESSIONS = """
CREATE TABLE sessions (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id_hash   bytea       NOT NULL UNIQUE CHECK (octet_length(id_hash) = 32),
    reader_id bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    began_at  timestamptz NOT NULL DEFAULT now(),
    seen_at   timestamptz NOT NULL DEFAULT now(),
    browser   text        CHECK (char_length(browser) BETWEEN 1 AND 40),
    system    text        CHECK (char_length(system) BETWEEN 1 AND 40)
);
COMMENT ON TABLE sessions IS 'who is logged in: a session whose row is gone is refused, wherever its file is';
COMMENT ON COLUMN sessions.id_hash IS 'SHA-256 of the id that the cookie carries: from the table nobody can log in';
COMMENT ON COLUMN sessions.seen_at IS 'coarse: a busy reader''s is written once in some minutes';
COMMENT ON COLUMN sessions.browser IS 'the name of the program, and of the system below it; null where unknown';
CREATE INDEX sessions_by_reader ON sessions (reader_id, seen_at DESC, id DESC);
CREATE INDEX sessions_by_last_use ON sessions (seen_at);
"""

# Unlogged: not written to the write-ahead log, so that nothing of it outlives the limits in archives. After a crash of
# the server it is empty, and all may try again.
ATTEMPTS = """
CREATE UNLOGGED TABLE attempts (
    key        bytea         PRIMARY KEY CHECK (octet_length(key) = 32),
    moments    timestamptz[] NOT NULL CHECK (cardinality(moments) BETWEEN 0 AND 10000),
    kept_until timestamptz   NOT NULL
);
COMMENT ON TABLE attempts IS 'what is limited for a time: wrong passwords, registrations';
COMMENT ON COLUMN attempts.key IS 'a keyed hash of what is limited and whose it is; no names or addresses are in here';
CREATE INDEX attempts_by_end ON attempts (kept_until);
"""

# reader_id is no foreign key: what happened to an account that is gone happened, and its number leads to nobody.
EVENTS = """
CREATE TABLE events (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind      text        NOT NULL CHECK (kind ~ '^[a-z]+(-[a-z]+)*$' AND char_length(kind) <= 40),
    reader_id bigint,
    detail    jsonb       NOT NULL DEFAULT '{}'
              CHECK (jsonb_typeof(detail) = 'object' AND char_length(detail::text) <= 4000)
);
COMMENT ON TABLE events IS 'what happened to accounts and to the catalogue; rows are added, and never changed';
COMMENT ON COLUMN events.reader_id IS 'whose account it happened to, also where that is deleted; null: nobody''s';
CREATE INDEX events_by_reader ON events (reader_id, id DESC);

CREATE FUNCTION refuse_to_rewrite_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed or deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_events();
"""

# Two nulls are never equal, so that a book may have many reviews of readers who have left.
REVIEWS = """
ALTER TABLE reviews ALTER COLUMN reader_id DROP NOT NULL;
COMMENT ON COLUMN reviews.reader_id IS 'null: the reader has deleted the account, and left the review behind';
"""


def upgrade() -> None:
    for statements in (SESSIONS, ATTEMPTS, EVENTS, REVIEWS):
        op.execute(statements)
