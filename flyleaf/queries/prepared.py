"""Statements of every page, which cost less if neither the server nor SQLAlchemy works them out each time."""

from sqlalchemy import TextClause, TextualSelect, column


def prepared(statement: TextClause, *columns: str) -> TextualSelect:
    """Return the statement with the names of its columns, to be planned once a connection: see database/prepared.py.

    Without the names SQLAlchemy would derive them from each result, which takes as long as a look-up itself.
    """
    return statement.columns(*map(column, columns)).execution_options(prepared=True)
