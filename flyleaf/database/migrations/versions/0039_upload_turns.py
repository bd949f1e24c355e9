"""Uploads take turns, and one whose steps fail holds up no other one."""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE uploads ADD COLUMN faults smallint NOT NULL DEFAULT 0;
        COMMENT ON COLUMN uploads.faults IS
            'how many more steps of its work have failed than went well since: the next one takes fewer rows';
        CREATE INDEX uploads_by_turn ON uploads (changed_at, id) WHERE state IN ('matching', 'writing', 'undoing');
        DROP INDEX uploads_in_work;
    """)
