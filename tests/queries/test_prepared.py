"""Statements that name their columns beforehand."""

import pytest
from sqlalchemy import TextualSelect, text

from flyleaf.database import Database
from flyleaf.queries import api_tokens, books, related_books, series, sessions


@pytest.mark.parametrize(
    "statement",
    [
        books._BOOK,
        books._SEEN,
        sessions._LIVE,
        api_tokens._LIVE,
        related_books._OTHER_TITLES,
        related_books._RELATED,
        series._OF_BOOK,
    ],
)
def test_the_names_are_those_of_the_columns(statement: TextualSelect, database: Database) -> None:
    plain = text(statement.element.text)  # type: ignore[attr-defined]  # of a text
    with database.transaction() as connection:
        found = connection.execute(plain, dict.fromkeys(statement.compile().params))
        assert list(found.keys()) == statement.selected_columns.keys()
