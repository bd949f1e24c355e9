"""Databases as earlier versions made them."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from tests.postgresql import Server

FOLDER = Path(__file__).parent / "dumps"
DUMPS = sorted(FOLDER.glob("*.sql"), key=lambda path: int(path.stem.partition("_")[0]))
LATEST = DUMPS[-1]
# Migrating the older ones takes most of a second each.
EACH_DUMP = [pytest.param(dump, id=dump.stem, marks=() if dump == LATEST else pytest.mark.slow) for dump in DUMPS]
# The last ones whose search has no schema of its own: its tables are beside those of the books.
SEARCH_IN_PUBLIC = [FOLDER / name for name in ("7_0790224.sql", "8_e7981a2.sql", "9_d49bada.sql")]


@pytest.fixture
def old_database(server: Server) -> Iterator[Callable[[Path], str]]:
    """Restore a dump, and return the URL of the database."""
    with contextlib.ExitStack() as stack:
        yield lambda dump: stack.enter_context(restored(server, dump))


@contextlib.contextmanager
def restored(server: Server, dump: Path) -> Iterator[str]:
    """Restore a dump into a new database, whose URL is there in the block."""
    name = f"old_{uuid4().hex}"
    url = server.create_database(name)
    try:
        with connected(url) as connection, connection, connection.cursor() as cursor:
            cursor.execute(dump.read_text(encoding="utf-8"))
        yield url
    finally:
        server.drop_database(name)


def connected(url: str) -> contextlib.closing[psycopg2.extensions.connection]:
    """Return the driver's own connection, which is closed at the end of the block."""
    return contextlib.closing(psycopg2.connect(url.replace("+psycopg2", "")))
