"""docs/privacy.md names every table of the database."""

import re

from sqlalchemy import text

from flyleaf.config import PROJECT
from flyleaf.database import Database

DOCUMENT = (PROJECT / "docs" / "privacy.md").read_text(encoding="utf-8")


def test_every_table_is_named_once(database: Database) -> None:
    first_cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", DOCUMENT, re.MULTILINE)
    named = re.findall(r"`(\w+)`", " ".join(first_cells))
    assert len(set(named)) == len(named)
    with database.transaction() as connection:
        tables = connection.scalars(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = CAST('public' AS regnamespace)")
        )
        assert sorted(set(tables) - set(named)) == []
