"""Statements that are prepared once for each connection."""

from collections.abc import Sequence

import pytest
from psycopg2.errors import UndefinedTable
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flyleaf.database import Database
from tests.fixture_types import Select

# One value twice, one that is a text with a percent sign, a % that is SQL's own, a :: that is no value.
_SUM = text("""
    SELECT CAST(:number AS int) + :number AS twice, 7 % 4 AS rest, '%s' || :more AS more, '8'::int AS eight
""").execution_options(prepared=True)
_NAMES = text("SELECT name FROM pg_prepared_statements ORDER BY name")


def prepared(connection: Connection) -> Sequence[str]:
    return connection.execute(_NAMES).scalars().all()


def test_a_statement_is_prepared_once_and_answers_each_time(database: Database) -> None:
    for number in range(8):  # from the sixth on with one plan for all values
        with database.transaction() as connection:
            row = connection.execute(_SUM, {"number": number, "more": f"% {number}"}).one()
            assert row == (2 * number, 3, f"%s% {number}", 8)
            assert row.twice == 2 * number
            assert prepared(connection) == ["prepared_0"]


def test_a_statement_without_values_is_prepared_too(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute(text("SELECT 7 % 4").execution_options(prepared=True)).scalar() == 3
        assert prepared(connection) == ["prepared_0"]


def test_other_statements_are_not_prepared(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute(text("SELECT CAST(:one AS int)"), {"one": 1}).scalar() == 1
        assert prepared(connection) == []


def test_it_stays_prepared_when_its_transaction_is_rolled_back(database: Database) -> None:
    def fails() -> None:
        with database.transaction() as connection:
            connection.execute(_SUM, {"number": 1, "more": ""})
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    with database.transaction() as connection:
        assert connection.execute(_SUM, {"number": 1, "more": ""}).one().twice == 2


def test_a_new_connection_prepares_it_anew(database: Database) -> None:
    for _ in range(2):
        with database.transaction() as connection:
            assert connection.execute(_SUM, {"number": 1, "more": ""}).one().twice == 2
        database.engine.dispose()


def test_an_error_is_that_of_any_other_statement(database: Database) -> None:
    wrong = text("SELECT nothing FROM nowhere").execution_options(prepared=True)
    for _ in range(2):
        with database.transaction() as connection, pytest.raises(DBAPIError) as error:
            connection.execute(wrong)
        assert isinstance(error.value.orig, UndefinedTable)
    with database.transaction() as connection:
        assert connection.execute(_SUM, {"number": 1, "more": ""}).one().twice == 2


def test_what_a_table_gains_meanwhile_changes_nothing(database: Database, select: Select, dune: str) -> None:
    """Another version's migration adds columns while this one runs."""
    named = text("SELECT title FROM books WHERE isbn = :isbn").execution_options(prepared=True)
    for number in range(7):
        with database.transaction() as connection:
            assert connection.execute(named, {"isbn": dune}).scalar() == "Dune"
        if number % 2:
            select(f"ALTER TABLE books ADD COLUMN more_{number} text")
            select(f"ALTER TABLE books ALTER COLUMN more_{number} SET DEFAULT 'x'")
