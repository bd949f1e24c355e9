"""The search: what it derives from books, and the stages that ask it. Explained in docs/search.md."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from flyleaf.search.letters import letters

revision = "0002"
down_revision = "0001"

SQL = Path(__file__).parent.parent / "sql"
EXTENSIONS = ("pg_trgm", "unaccent", "fuzzystrmatch")
FILES = ("search_1_text.sql", "search_2_tables.sql", "search_3_upkeep.sql", "search_4_stages.sql")


def upgrade() -> None:
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    # Without parameters the driver leaves % alone, which the functions are full of.
    connection = op.get_bind().execution_options(no_parameters=True)
    for name in FILES:
        connection.exec_driver_sql((SQL / name).read_text(encoding="utf-8"))
    table = list(letters())
    connection.execute(
        text("""
            INSERT INTO search_letters (letter, latin)
            SELECT letter, latin
              FROM unnest(CAST(:letters AS text[]), CAST(:latins AS text[])) AS rows (letter, latin)"""),
        {"letters": [letter for letter, _ in table], "latins": [latin for _, latin in table]},
    )
    op.execute("ANALYZE search_letters")
    op.execute("CREATE INDEX books_languages ON books (language) WHERE language IS NOT NULL")
