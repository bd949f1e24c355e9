"""Run the site's search on its own PostgreSQL server: imported by the importer, asked the way pages ask."""

import io
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text

from benchmarks.search.scoring import SHOWN, Found
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.database.connect import open_database
from flyleaf.database.migrate import migrate
from flyleaf.importing.command import import_files
from flyleaf.importing.reporting.report import Report
from flyleaf.search import SearchQuery, search_books, suggest

# The import depends on these: if one changes, the database is rebuilt.
CODE = (
    "flyleaf/database/migrations/**/*",
    "flyleaf/importing/**/*",
    "flyleaf/search/sql/*",
    "benchmarks/search/product.py",
)


@contextmanager
def serving(data: Path) -> Iterator[tuple[Config, Database]]:
    """Run the embedded server with its database in `data` until the end of the block."""
    config = Config(data=data)
    with open_database(config, logging.getLogger(__name__).info) as database:
        yield config, database


def build(config: Config, database: Database, catalogue: Path) -> float:
    """Import the catalogue into a new database. Return the seconds until it can be searched."""
    empty(database)
    start = time.perf_counter()
    outcome = import_files(config, [catalogue], Report(io.StringIO(), io.StringIO()))
    seconds = time.perf_counter() - start
    if refused := outcome.findings.refused.count:
        print(f"{refused} rows were refused")
    _run(database, "VACUUM ANALYZE")  # as autovacuum does within minutes
    return seconds


def export(database: Database, path: Path, order: str = "id") -> None:
    """Write the imported books in this order, with the columns of a generated catalogue."""
    unfinished = path.with_suffix(".unfinished")
    with database.command_transaction() as connection, unfinished.open("wb") as file:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.copy_expert(
                f"""COPY (
                       SELECT isbn, title, author, year, average_rating, coalesce(ratings_count, 0) AS ratings_count
                         FROM books
                        ORDER BY {order}
                   ) TO STDOUT WITH (FORMAT csv, HEADER)""",
                file,
            )
    unfinished.rename(path)


def empty(database: Database) -> None:
    """Recreate the database, because an existing one may have an older schema."""
    with database.command_transaction() as connection:
        left = connection.execute(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'search\\_%'")).scalars()
        schemas = ", ".join(["public", *left])
    _run(database, f"DROP SCHEMA {schemas} CASCADE", "CREATE SCHEMA public")
    migrate(database.owner)
    database.build_search()


def _run(database: Database, *statements: str) -> None:
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(text("RESET statement_timeout"))


class Product:
    """One client on one connection, with a transaction for each query."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._milliseconds = 0.0
        self._start = 0.0
        event.listen(connection, "before_cursor_execute", self._before)
        event.listen(connection, "after_cursor_execute", self._after)
        self._process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        connection.commit()

    def search(self, query: str) -> list[Found]:
        with self._connection.begin():
            page = search_books(self._connection, SearchQuery(query, page_size=SHOWN))
        return [(result.isbn or "", result.title, result.author) for result in page.results]

    def suggest(self, typed: str) -> None:
        with self._connection.begin():
            suggest(self._connection, typed)

    def in_database(self, ask: Callable[[str], object], query: str) -> tuple[float, float | None]:
        """Return the milliseconds of waiting for statements, and of the server's processor time or None."""
        self._milliseconds, before = 0.0, self._processor()
        ask(query)
        after = self._processor()
        return self._milliseconds, None if before is None or after is None else after - before

    def _before(self, *_: object) -> None:
        self._start = time.perf_counter()

    def _after(self, *_: object) -> None:
        self._milliseconds += 1000 * (time.perf_counter() - self._start)

    def _processor(self) -> float | None:
        try:
            return int(Path(f"/proc/{self._process}/schedstat").read_text().split()[0]) / 1e6
        except OSError:
            return None
