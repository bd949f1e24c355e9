"""How long readers wait while a site in use is updated: `python -m benchmarks.updating [BOOKS [DUMP …]]`.

A database as an earlier version made it, one of tests/database/dumps, gets a million books and reviews (or BOOKS), and
is brought up to date, search and all, while readers look up, open and review books and log in without a pause. For each
of these it prints the longest time that one took, and the longest that one waited for a lock of the update, which a
busy machine changes less.
"""

import contextlib
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from flyleaf.config import PROJECT
from flyleaf.database import Database
from tests.postgresql import Server, start_server

DUMPS = PROJECT / "tests" / "database" / "dumps"
# The first version, the last before reviews could be hidden, and the last before the search had a schema of its own.
CHOSEN = ("1_4af4d4a", "5_bca7413", "9_d49bada")
# Triggers are off: what they derive is built anew by the update.
FILL = (
    "SET session_replication_role = replica",
    """
    INSERT INTO books (isbn, title, author, year)
    SELECT lpad(n::text, 10, '0'), 'Book ' || n || ' of ' || md5(n::text), 'Author ' || n % 100000, 1900 + n % 120
      FROM generate_series(1000, 999 + {books}) AS n""",
    """
    INSERT INTO readers (name, name_key, password_hash)
    SELECT 'Reader ' || n, 'reader ' || n, repeat('x', 97) FROM generate_series(1, {books} / 10) AS n""",
    """
    INSERT INTO reviews (book_id, reader_id, rating, text)
    SELECT id, 1, 1 + id % 5, repeat('What I think of it. ', 20) FROM books WHERE isbn < '0140000000'""",
    """
    INSERT INTO rating_counts (book_id, three) SELECT id, 1 FROM books WHERE isbn < '0140000000'""",
)
# The first versions kept what a file says of a book's ratings elsewhere.
FILL_FIRST = """
    INSERT INTO external_ratings (book_id, source, average, ratings_count)
    SELECT id, 'catalogue', 3.5, 100 FROM books WHERE isbn < '0140000000'"""
# Otherwise the old search, which knows ten works, is rebuilt after 5,000 reviews, by the reader of the last one.
FILL_SEARCH = """
    DO $do$
    BEGIN
        IF to_regclass('search_state') IS NOT NULL THEN
            UPDATE search_state SET works = (SELECT count(*) FROM books);
        END IF;
    END $do$"""
ACTIONS = {
    "find a book": "SELECT id, title FROM books WHERE identity = '0000001234'",
    "open a book": """
        SELECT title, name, rating, text
          FROM books
          LEFT JOIN rating_counts ON rating_counts.book_id = books.id
          LEFT JOIN reviews ON reviews.book_id = books.id
          LEFT JOIN readers ON readers.id = reader_id
         WHERE identity = '0000001234'""",
    "log in": "UPDATE readers SET password_hash = password_hash WHERE name_key = 'alice'",
    "review": """
        INSERT INTO reviews (book_id, reader_id, rating, text)
        SELECT books.id, readers.id, 4, 'Good.' FROM books, readers
         WHERE identity = '0000001235' AND name_key = 'bob'
        ON CONFLICT (book_id, reader_id) DO UPDATE SET rating = 1 + reviews.rating % 5""",
}
# Readers who wait for a lock, since when, and what the one in front of them is running.
WAITING = """
    SELECT waiter.application_name, extract(epoch FROM clock_timestamp() - locks.waitstart)::float,
           locks.relation::regclass::text, locks.mode,
           left(regexp_replace(holder.query, '\\s+', ' ', 'g'), 100)
      FROM pg_locks AS locks
      JOIN pg_stat_activity AS waiter ON waiter.pid = locks.pid AND waiter.application_name = ANY (%s)
      LEFT JOIN pg_stat_activity AS holder ON holder.pid = (pg_blocking_pids(locks.pid))[1]
     WHERE NOT locks.granted AND locks.waitstart IS NOT NULL"""


@dataclass
class Costs:
    """What the readers saw: seconds by action, and the longest wait for a lock with its cause."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    waited: dict[str, tuple[float, str]] = field(default_factory=dict)


def main() -> None:
    books = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    with contextlib.ExitStack() as stack:
        server = start_server()
        stack.callback(server.stop)
        for name in sys.argv[2:] or CHOSEN:
            _measure(server, name, books)


def _measure(server: Server, name: str, books: int) -> None:
    url = server.create_database(name)
    _fill(server, name, url, books)
    costs, done = Costs(), threading.Event()
    threads = [threading.Thread(target=_act, args=(url, action, done, costs)) for action in ACTIONS]
    threads.append(threading.Thread(target=_watch, args=(server, name, done, costs)))
    for thread in threads:
        thread.start()
    began = time.monotonic()
    try:
        with Database(url) as database:
            database.migrate()
            migrated = time.monotonic() - began
            database.build_search()
        built = time.monotonic() - began
    finally:
        done.set()
        for thread in threads:
            thread.join()
    print(f"{name}, {books:,} books and reviews: migrated after {migrated:.1f} s, search built after {built:.1f} s")
    for action, took in costs.took.items():
        waited, cause = costs.waited.get(action, (0.0, "nothing"))
        print(
            f"    {action:12} {len(took):7,} times, the longest {max(took) * 1000:5.0f} ms, "
            f"of which it waited {waited * 1000:4.0f} ms for {cause}",
            flush=True,
        )
    server.drop_database(name)


def _fill(server: Server, name: str, url: str, books: int) -> None:
    with contextlib.closing(_connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute((DUMPS / f"{name}.sql").read_text(encoding="utf-8"))
    with contextlib.closing(server.connect(name)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in (*FILL, *([FILL_FIRST] if name < "4" else []), FILL_SEARCH, "VACUUM ANALYZE"):
                cursor.execute(statement.format(books=books))


def _connect(url: str, name: str = "") -> Any:
    return psycopg2.connect(url.replace("+psycopg2", ""), application_name=name)


def _act(url: str, action: str, done: threading.Event, costs: Costs) -> None:
    with contextlib.closing(_connect(url, action)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not done.is_set():
                began = time.monotonic()
                cursor.execute(ACTIONS[action])
                costs.took[action].append(time.monotonic() - began)
                time.sleep(0.02)


def _watch(server: Server, name: str, done: threading.Event, costs: Costs) -> None:
    with contextlib.closing(server.connect(name)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not done.is_set():
                cursor.execute(WAITING, (list(ACTIONS),))
                for action, seconds, table, mode, query in cursor.fetchall():
                    if seconds > costs.waited.get(action, (0.0, ""))[0]:
                        costs.waited[action] = seconds, f"{mode} of {table}, because of: {query}"
                time.sleep(0.01)


if __name__ == "__main__":
    main()
