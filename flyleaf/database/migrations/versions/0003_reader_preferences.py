"""The language and the theme that a reader has chosen for the pages."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE readers
            ADD COLUMN language text CHECK (language IN ('en', 'pt-BR', 'es')),
            ADD COLUMN theme    text CHECK (theme IN ('auto', 'light', 'dark'));
        COMMENT ON COLUMN readers.language IS 'null where none was chosen: the browser says it then';
        COMMENT ON COLUMN readers.theme IS 'null where none was chosen: shown as auto, what the browser prefers';
    """)
