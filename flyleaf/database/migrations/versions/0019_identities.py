"""Ways in besides the password: accounts at another site (OpenID Connect), and login links from the operator."""

from alembic import op

revision = "0019"
down_revision = "0018"

IDENTITIES = """
CREATE TABLE identities (
    issuer       text        NOT NULL CHECK (char_length(issuer) BETWEEN 1 AND 300),
    subject      text        NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 255),
    reader_id    bigint      NOT NULL REFERENCES readers ON DELETE CASCADE,
    connected_at timestamptz NOT NULL DEFAULT now(),
    used_at      timestamptz,
    PRIMARY KEY (issuer, subject),
    UNIQUE (reader_id, issuer)
);
COMMENT ON TABLE identities IS 'accounts at an OpenID Connect provider that readers log in with';
COMMENT ON COLUMN identities.subject IS 'the provider''s id of the account, which is never given to another one';
"""

LOGIN_LINKS = """
CREATE TABLE login_links (
    reader_id  bigint      PRIMARY KEY REFERENCES readers ON DELETE CASCADE,
    token_hash bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE login_links IS 'links from the operator that log in once, for minutes';
"""


def upgrade() -> None:
    for statements in (IDENTITIES, LOGIN_LINKS):
        op.execute(statements)
