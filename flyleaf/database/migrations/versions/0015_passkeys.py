"""Passkeys, which readers can log in with, and the challenges that they sign."""

from alembic import op

revision = "0015"
down_revision = "0014"

PASSKEYS = """
CREATE TABLE passkeys (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id     bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    name          text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    site          text        NOT NULL CHECK (char_length(site) BETWEEN 1 AND 253),
    credential_id bytea       NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    user_handle   bytea       NOT NULL CHECK (octet_length(user_handle) = 32),
    public_key    bytea       NOT NULL CHECK (octet_length(public_key) BETWEEN 1 AND 4000),
    sign_count    bigint      NOT NULL CHECK (sign_count >= 0),
    added_at      timestamptz NOT NULL DEFAULT now(),
    used_at       timestamptz
);
COMMENT ON COLUMN passkeys.name IS 'chosen by the reader';
COMMENT ON COLUMN passkeys.site IS 'the host name under which it was added, and the only one where it works';
COMMENT ON COLUMN passkeys.user_handle IS 'by which the authenticator knows the reader; random';
COMMENT ON COLUMN passkeys.sign_count IS 'of the last use; 0 for authenticators that don''t count';
CREATE INDEX passkeys_by_reader ON passkeys (reader_id, id);
"""

PASSKEY_CHALLENGES = """
CREATE TABLE passkey_challenges (
    challenge  bytea       PRIMARY KEY CHECK (octet_length(challenge) = 32),
    owner_hash bytea       NOT NULL CHECK (octet_length(owner_hash) = 32),
    made_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE passkey_challenges IS 'random bytes that a passkey has to sign, once and within minutes';
COMMENT ON COLUMN passkey_challenges.owner_hash IS 'SHA-256 of what it is for and of the browser''s secret';
CREATE INDEX passkey_challenges_by_age ON passkey_challenges (made_at);
"""


def upgrade() -> None:
    for statements in (PASSKEYS, PASSKEY_CHALLENGES):
        op.execute(statements)
