"""Measure how long readers wait while a site is updated: `python -m benchmarks.updating [ROWS]`, by default 1,000,000.

It makes a database like that of commit bca7413, adds this many books and reviews, and updates it, including the search,
while one reader keeps asking for books, reviews and readers. It prints the longest time that a statement took.
"""

import contextlib
import sys
import threading
import time
from typing import Any

import psycopg2

from flyleaf.config import PROJECT
from flyleaf.database import Database
from tests.postgresql import Server, start_server

DUMP = PROJECT / "tests" / "database" / "dumps" / "5_bca7413.sql"
# Triggers are off, because the update rebuilds what they derive.
FILL = (
    "SET session_replication_role = replica",
    """
    INSERT INTO books (isbn, title, author, year)
    SELECT lpad(n::text, 10, '0'), 'Book ' || n || ' of ' || md5(n::text), 'Author ' || n % 100000, 1900 + n % 120
      FROM generate_series(1000, 999 + {rows}) AS n""",
    """
    INSERT INTO reviews (book_id, reader_id, rating, text)
    SELECT id, 1, 1 + id % 5, repeat('What I think of it. ', 10) FROM books WHERE isbn < '0140000000'""",
    "ANALYZE",
)
ASKED = (
    "SELECT title FROM books WHERE identity = '0000001234'",
    "SELECT rating, text FROM reviews WHERE book_id = 500 ORDER BY created_at DESC LIMIT 10",
    "SELECT name FROM readers WHERE id = 1",
)


def main() -> None:
    rows = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    with contextlib.ExitStack() as stack:
        server = start_server()
        stack.callback(server.stop)
        url = server.create_database("site")
        _fill(server, url, rows)
        done = threading.Event()
        waits: list[float] = []
        reader = threading.Thread(target=_read, args=(url, done, waits))
        reader.start()
        began = time.monotonic()
        with Database(url) as database:
            database.migrate()
            migrated = time.monotonic() - began
            database.build_search()
        built = time.monotonic() - began
        done.set()
        reader.join()
    print(f"{rows:,} books and reviews: migrated after {migrated:.1f} s, the search built after {built:.1f} s")
    print(f"{len(waits):,} statements of a reader meanwhile, the longest {max(waits) * 1000:.0f} ms")


def _fill(server: Server, url: str, rows: int) -> None:
    with contextlib.closing(_connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(DUMP.read_text(encoding="utf-8"))
    with contextlib.closing(server.connect("site")) as connection, connection, connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement.format(rows=rows))


def _connect(url: str) -> Any:
    return psycopg2.connect(url.replace("+psycopg2", ""))


def _read(url: str, done: threading.Event, waits: list[float]) -> None:
    with contextlib.closing(_connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not done.is_set():
                for statement in ASKED:
                    began = time.monotonic()
                    cursor.execute(statement)
                    waits.append(time.monotonic() - began)
                time.sleep(0.005)


if __name__ == "__main__":
    main()
