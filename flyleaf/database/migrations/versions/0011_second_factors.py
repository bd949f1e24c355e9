"""A second factor that readers can add: authenticator apps and recovery codes; and logins that wait for one."""

from alembic import op

revision = "0011"
down_revision = "0010"

READERS = """
ALTER TABLE readers ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN readers.has_second_factor IS 'a password alone does not log this reader in';
"""

AUTHENTICATOR_APPS = """
CREATE TABLE authenticator_apps (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    name      text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    secret    bytea       NOT NULL CHECK (octet_length(secret) BETWEEN 32 AND 200),
    last_step bigint      NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT now(),
    used_at   timestamptz
);
COMMENT ON COLUMN authenticator_apps.name IS 'chosen by the reader';
COMMENT ON COLUMN authenticator_apps.secret IS 'what its codes are made of, encrypted with a key made of SECRET_KEY';
COMMENT ON COLUMN authenticator_apps.last_step IS 'of the last code that was used, in periods of 30 seconds';
CREATE INDEX authenticator_apps_by_reader ON authenticator_apps (reader_id, id);
"""

RECOVERY_CODES = """
CREATE TABLE recovery_codes (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader_id bigint NOT NULL REFERENCES readers ON DELETE CASCADE,
    code_hash text   NOT NULL CHECK (char_length(code_hash) BETWEEN 1 AND 200)
);
COMMENT ON TABLE recovery_codes IS 'codes that replace a second factor once; each is deleted when it is used';
CREATE INDEX recovery_codes_by_reader ON recovery_codes (reader_id, id);
"""

PENDING_LOGINS = """
CREATE TABLE pending_logins (
    key_hash      bytea       PRIMARY KEY CHECK (octet_length(key_hash) = 32),
    reader_id     bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    password_hash text        NOT NULL,
    began_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pending_logins IS 'the password was right, and the second factor is awaited, for minutes';
COMMENT ON COLUMN pending_logins.key_hash IS 'SHA-256 of what the cookie carries: from the table nobody can log in';
COMMENT ON COLUMN pending_logins.password_hash IS 'of that moment: a new password ends the login';
CREATE INDEX pending_logins_by_reader ON pending_logins (reader_id);
CREATE INDEX pending_logins_by_age ON pending_logins (began_at);
"""


def upgrade() -> None:
    for statements in (READERS, AUTHENTICATOR_APPS, RECOVERY_CODES, PENDING_LOGINS):
        op.execute(statements)
