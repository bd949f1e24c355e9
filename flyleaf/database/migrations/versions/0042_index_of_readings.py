"""An index for the readings of an entry, also of those without a date."""

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.execute("CREATE INDEX readings_of_shelved_book ON readings (shelved_book_id)")
