"""Large results, read row by row."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, TextClause, text

ROWS_AT_ONCE = 2_000  # rows that the server-side cursor fetches at a time


def stream(
    connection: Connection, statement: TextClause, named: Mapping[str, object] | None = None
) -> Iterator[Row[Any]]:
    """Return the rows of `statement` as they are read, in bounded memory. The transaction may last as long as
    needed."""
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"))
    return iter(connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement, named))
