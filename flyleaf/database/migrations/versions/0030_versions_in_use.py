"""Each version of the search says until when it is in use, so that no other one drops it.

The names of connections said so before, but PgBouncer mixes them up.
"""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE versions_in_use (
            search_schema text        PRIMARY KEY,
            used_until    timestamptz NOT NULL
        );
        COMMENT ON TABLE versions_in_use IS 'versions of the search that are in use, or were just made';
        COMMENT ON COLUMN versions_in_use.used_until IS
            'the processes of the site move it on; a version is dropped after it, when no program of it is connected';
    """)
