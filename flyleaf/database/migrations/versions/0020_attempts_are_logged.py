"""Limits survive a crash and a failover: the attempts are written to the write-ahead log, and so to the standbys."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("ALTER TABLE attempts SET LOGGED")
