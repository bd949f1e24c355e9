"""Every foreign key has an index: without one, deleting what it refers to would read the whole table."""

from sqlalchemy import text

from flyleaf.database import Database

WITHOUT_INDEX = """
    SELECT conrelid::regclass::text, conname
      FROM pg_constraint AS k
     WHERE contype = 'f'
       AND NOT EXISTS (SELECT FROM pg_index AS i
                        WHERE i.indrelid = k.conrelid
                          AND i.indpred IS NULL
                          AND i.indkey[0] = k.conkey[1]
                          AND cardinality(k.conkey) = 1)
     ORDER BY 1, 2
"""


def test_every_foreign_key_has_an_index_that_begins_with_it(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")).scalar_one() > 5
        assert connection.execute(text(WITHOUT_INDEX)).all() == []
