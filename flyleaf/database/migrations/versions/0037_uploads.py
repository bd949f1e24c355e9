"""Uploads: reading histories that readers bring from elsewhere, what becomes of each row, and what was there before."""

from alembic import op

revision = "0037"
down_revision = "0036"

UPLOADS = """
CREATE TABLE uploads (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id  bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    format     text        NOT NULL CHECK (char_length(format) BETWEEN 1 AND 40),
    state      text        NOT NULL CHECK (state IN ('reading', 'matching', 'ready', 'writing', 'written', 'undoing')),
    row_count  integer     NOT NULL DEFAULT 0,
    done       integer     NOT NULL DEFAULT 0,
    is_private boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE uploads IS 'a file with a reading history that a reader brings';
COMMENT ON COLUMN uploads.state IS
    'matching, writing and undoing are work in the background, which any process continues';
COMMENT ON COLUMN uploads.done IS 'how many rows this work is done with';
COMMENT ON COLUMN uploads.is_private IS 'its reviews are written as private ones';
CREATE INDEX uploads_by_reader ON uploads (reader_id, created_at DESC, id DESC);
CREATE INDEX uploads_in_work ON uploads (id) WHERE state IN ('matching', 'writing', 'undoing');
CREATE INDEX uploads_by_change ON uploads (changed_at) WHERE state IN ('reading', 'ready');

CREATE TABLE upload_rows (
    upload_id bigint  NOT NULL REFERENCES uploads ON DELETE CASCADE,
    n         integer NOT NULL,
    said      jsonb   NOT NULL,
    problem   text    CHECK (char_length(problem) BETWEEN 1 AND 500),
    match     text    CHECK (match IN ('identifier', 'exact', 'edition', 'near-identifier', 'near', 'chosen', 'none')),
    book_id   bigint  REFERENCES books ON DELETE SET NULL,
    decision  text    CHECK (decision IN ('write', 'line', 'leave-out')),
    replaces  boolean NOT NULL DEFAULT false,
    outcome   jsonb,
    PRIMARY KEY (upload_id, n)
);
COMMENT ON TABLE upload_rows IS 'a row of such a file';
COMMENT ON COLUMN upload_rows.said IS 'what the row says: HistoryRow in flyleaf/history.py';
COMMENT ON COLUMN upload_rows.problem IS 'why the row can not be used at all';
COMMENT ON COLUMN upload_rows.decision IS
    'write: about the book; line: of the reader''s own; null: the reader is to say whether the book is meant';
COMMENT ON COLUMN upload_rows.replaces IS 'its review replaces the one that the reader has of the work';
COMMENT ON COLUMN upload_rows.outcome IS
    'what was written and what was there before, so that it can be undone; null: nothing yet';
CREATE INDEX upload_rows_of_book ON upload_rows (book_id);
"""


def upgrade() -> None:
    op.execute(UPLOADS)
