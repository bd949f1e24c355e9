"""Tokens with which programs use the API in a reader's name."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE api_tokens (
            id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            reader_id  bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
            name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
            can_write  boolean     NOT NULL,
            token_hash bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
            made_at    timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL CHECK (expires_at > made_at),
            used_at    timestamptz
        );
        COMMENT ON COLUMN api_tokens.name IS 'chosen by the reader';
        COMMENT ON COLUMN api_tokens.token_hash IS 'SHA-256 of the token, which only its owner has';
        COMMENT ON COLUMN api_tokens.used_at IS 'up to an hour behind; null: not used yet';
        CREATE INDEX api_tokens_by_reader ON api_tokens (reader_id, id);
        CREATE INDEX api_tokens_by_expiry ON api_tokens (expires_at);
    """)
