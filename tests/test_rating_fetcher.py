"""Books that readers looked at get their ratings from Open Library, sooner or later, and none is lost."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from flyleaf import rating_fetcher
from flyleaf.database import Database
from flyleaf.open_library import BATCH, Breaker, OpenLibrary
from flyleaf.queries.external_ratings import request_external_rating, select_external_ratings
from flyleaf.rating_fetcher import RatingFetcher
from tests import stub_open_library as stub
from tests.stub_open_library import Scene, StubOpenLibrary

pytestmark = pytest.mark.slow

LOGGER = "flyleaf.open_library"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)


@pytest.fixture
def other_site() -> Iterator[StubOpenLibrary]:
    with StubOpenLibrary() as other_site:
        yield other_site


FetcherMaker = Callable[..., RatingFetcher]


@pytest.fixture
def make_fetcher(database: Database, other_site: StubOpenLibrary) -> Iterator[FetcherMaker]:
    """A fetcher in a hurry. It is stopped at the end of the test."""
    made: list[RatingFetcher] = []

    def make(deadline: float = 10, breaker: Breaker | None = None) -> RatingFetcher:
        # Thousandths of a second where the site has seconds.
        breaker = breaker or Breaker(first=0.01, longest=0.02)
        open_library = OpenLibrary("alice@example.org", other_site.url, deadline, breaker)
        fetcher = RatingFetcher(database, open_library, interval=0.01, poll=0.05, after_a_fault=0.05)
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        fetcher.stop()


def queue_books(database: Database, count: int) -> list[int]:
    with database.transaction() as connection:
        rows = connection.execute(
            text("""
                INSERT INTO books (isbn, title)
                SELECT lpad(number::text, 10, '0'), 'Emma'
                  FROM generate_series(1, :count) AS number
                RETURNING id
            """),
            {"count": count},
        )
        book_ids = list(rows.scalars())
        assert all(request_external_rating(connection, book_id) for book_id in book_ids)
    return book_ids


def in_the_database(database: Database, question: str) -> Any:
    with database.transaction() as connection:
        return connection.execute(text(question)).scalar_one()


def waiting(database: Database) -> int:
    count: int = in_the_database(database, "SELECT count(*) FROM external_rating_requests")
    return count


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_queued_books_get_their_ratings_in_batches(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker, caplog: pytest.LogCaptureFixture
) -> None:
    book_ids = queue_books(database, BATCH * 2 + 10)
    make_fetcher().wake()
    eventually(lambda: waiting(database) == 0)
    with database.transaction() as connection:
        for book_id in book_ids:
            [rating] = select_external_ratings(connection, book_id)
            assert (rating.average, rating.ratings_count) == (4.2, 20)
            assert not request_external_rating(connection, book_id)
    assert [len(visit.isbns) for visit in other_site.visits] == [25, 25, 10]
    eventually(lambda: len(caplog.records) == 3)
    line = caplog.records[-1]
    assert (line.books, line.found, line.levelname) == (10, 10, "INFO")  # type: ignore[attr-defined]
    assert 0 <= line.seconds < 5  # type: ignore[attr-defined]


def test_misses_are_kept(database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker) -> None:
    other_site.scene = stub.miss
    [book_id] = queue_books(database, 1)
    make_fetcher().wake()
    eventually(lambda: waiting(database) == 0)
    with database.transaction() as connection:
        assert select_external_ratings(connection, book_id) == []
        assert not request_external_rating(connection, book_id)


def test_what_a_page_queues_is_fetched_at_once_when_woken(database: Database, other_site: StubOpenLibrary) -> None:
    open_library = OpenLibrary("alice@example.org", other_site.url)
    fetcher = RatingFetcher(database, open_library, interval=0.01, poll=60)
    try:
        fetcher.wake()
        time.sleep(0.1)
        queue_books(database, 1)
        fetcher.wake()
        eventually(lambda: waiting(database) == 0, seconds=5)
    finally:
        fetcher.stop()


def test_no_thread_before_it_is_woken_and_none_after_it_was_stopped(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    queue_books(database, 1)
    fetcher = make_fetcher()
    assert fetcher._thread is None
    fetcher.stop()
    fetcher.wake()
    assert fetcher._thread is None
    assert other_site.visits == []


def test_a_forked_process_starts_a_thread_of_its_own(
    database: Database, make_fetcher: FetcherMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher = make_fetcher()
    fetcher.wake()
    first = fetcher._thread
    fetcher.wake()
    assert fetcher._thread is first
    process = os.getpid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: process + 1)
        fetcher.wake()
        assert fetcher._thread is not first
    fetcher.stop()
    assert first is not None
    first.join(5)


BAD_DAYS: dict[str, Scene] = {
    "silent": stub.silent,
    "dripping header": stub.dripping_header,
    "dripping body": stub.dripping_body,
    "500": stub.refusing("500 Internal Server Error"),
    "403": stub.refusing("403 Forbidden"),
    "429": stub.refusing("429 Too Many Requests", "Retry-After: 3600"),
    "garbage": stub.answering(b"\xff\x00garbage"),
    "wrong shape": stub.answering(b'{"docs": [null]}'),
    "NaN": stub.answering(stub.works(stub.work(1, "0000000001", average=float("nan")))),
    "huge": stub.huge_body,
    "gzip bomb": stub.gzip_bomb,
    "redirect loop": stub.redirecting("/search.json"),
    "redirect to a file": stub.redirecting("file:///etc/passwd"),
    "reset": stub.reset,
    "closed in the middle": stub.closed_in_the_middle,
}


@pytest.mark.parametrize("scene", BAD_DAYS.values(), ids=BAD_DAYS.keys())
def test_after_failures_every_book_gets_its_rating(
    database: Database,
    other_site: StubOpenLibrary,
    make_fetcher: FetcherMaker,
    caplog: pytest.LogCaptureFixture,
    scene: Scene,
) -> None:
    other_site.scene = scene
    queue_books(database, 30)
    make_fetcher(deadline=0.2).wake()
    eventually(lambda: any(hasattr(record, "books") for record in caplog.records))
    assert waiting(database) == 30
    other_site.scene = stub.good
    eventually(lambda: waiting(database) == 0)
    assert in_the_database(database, "SELECT count(*) FROM external_ratings WHERE average = 4.2") == 30
    line = next(record for record in caplog.records if hasattr(record, "books"))
    assert (line.books, line.found, line.levelname) == (25, 0, "WARNING")  # type: ignore[attr-defined]
    assert line.error.isprintable()  # type: ignore[attr-defined]
    assert all(record.exc_info is None for record in caplog.records)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_breaker_leaves_open_library_alone_then_tries_once_and_closes(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    def let_half_a_minute_pass() -> None:
        clock.now += 30
        with database.transaction() as connection:
            connection.execute(text("UPDATE external_rating_requests SET claimed_until = now()"))
        fetcher.wake()

    clock = Clock()
    other_site.scene = stub.refusing("500 Internal Server Error")
    queue_books(database, 30)
    fetcher = make_fetcher(breaker=Breaker(threshold=3, first=30, longest=60, clock=clock))
    fetcher.wake()
    eventually(lambda: len(other_site.visits) == 3)
    pause = "SELECT round(extract(epoch FROM max(claimed_until) - now())) FROM external_rating_requests"
    eventually(lambda: bool(10 <= in_the_database(database, pause) <= 30))  # the other processes pause, too
    fetcher.wake()
    time.sleep(0.1)
    assert len(other_site.visits) == 3
    let_half_a_minute_pass()
    eventually(lambda: len(other_site.visits) == 4)
    eventually(lambda: bool(31 <= in_the_database(database, pause) <= 60))
    let_half_a_minute_pass()
    time.sleep(0.1)
    assert len(other_site.visits) == 4
    other_site.scene = stub.good
    let_half_a_minute_pass()
    eventually(lambda: waiting(database) == 0)
    assert len(other_site.visits) == 6


def test_two_processes_never_ask_at_the_same_time_nor_twice(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    under_way: list[str] = []
    most = 0

    def watched(visit: stub.Visit) -> None:
        nonlocal most
        under_way.append(visit.head)
        most = max(most, len(under_way))
        time.sleep(0.02)
        under_way.pop()
        stub.good(visit)

    other_site.scene = watched
    queue_books(database, 100)
    for fetcher in [make_fetcher() for _ in range(3)]:
        fetcher.wake()
    eventually(lambda: waiting(database) == 0)
    assert most == 1
    asked = [code for visit in other_site.visits for code in visit.isbns]
    assert len(asked) == len(set(asked)) == 100


def test_books_of_a_process_that_died_are_asked_for_later(database: Database, make_fetcher: FetcherMaker) -> None:
    queue_books(database, 3)
    with database.transaction() as connection:
        connection.execute(text("UPDATE external_rating_requests SET claimed_until = now() + interval '0.3 seconds'"))
    make_fetcher().wake()
    eventually(lambda: waiting(database) == 0)


def test_stop_in_the_middle_of_a_request_is_prompt_and_loses_nothing(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    other_site.scene = stub.silent
    queue_books(database, 3)
    fetcher = make_fetcher(deadline=30)
    fetcher.wake()
    eventually(lambda: len(other_site.visits) == 1)
    started = time.monotonic()
    fetcher.stop()
    assert time.monotonic() - started < 4
    assert fetcher._thread is not None
    assert not fetcher._thread.is_alive()
    free = "SELECT count(*) FROM external_rating_requests WHERE claimed_until <= now()"
    assert in_the_database(database, free) == 3


def test_stop_while_idle_is_prompt(make_fetcher: FetcherMaker) -> None:
    fetcher = make_fetcher()
    fetcher.wake()
    time.sleep(0.05)
    started = time.monotonic()
    fetcher.stop()
    assert time.monotonic() - started < 4


def test_an_unavailable_database_is_waited_for(
    database: Database,
    make_fetcher: FetcherMaker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue_books(database, 3)
    working = database.transaction

    @contextmanager
    def broken() -> Iterator[Connection]:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))
        yield

    monkeypatch.setattr(database, "transaction", broken)
    make_fetcher().wake()
    eventually(lambda: len(caplog.records) >= 2)
    monkeypatch.setattr(database, "transaction", working)
    eventually(lambda: waiting(database) == 0)
    assert caplog.records[0].levelname == "WARNING"
    assert all(record.exc_info is None for record in caplog.records)


def test_connections_that_the_server_ends_are_replaced(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker, caplog: pytest.LogCaptureFixture
) -> None:
    def end_connections(visit: stub.Visit) -> None:
        with database.owner.begin() as connection:
            connection.execute(
                text("""
                    SELECT pg_terminate_backend(pid)
                      FROM pg_stat_activity
                     WHERE datname = current_database()
                       AND pid <> pg_backend_pid()
                       AND usename <> 'postgres'
                """)
            )
        other_site.scene = stub.good
        stub.good(visit)

    other_site.scene = end_connections
    queue_books(database, 30)
    make_fetcher().wake()
    eventually(lambda: len(caplog.records) == 2)  # without the database: its connections are ended, too
    assert waiting(database) == 0
    assert in_the_database(database, "SELECT count(*) FROM external_ratings WHERE average IS NOT NULL") == 30


def test_a_fault_of_ours_is_reported_with_its_traceback_and_the_thread_goes_on(
    database: Database,
    make_fetcher: FetcherMaker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_arguments: object) -> None:
        raise TypeError("a bug")

    queue_books(database, 3)
    with monkeypatch.context() as patch:
        patch.setattr(rating_fetcher, "take_requests", broken)
        make_fetcher().wake()
        eventually(lambda: len(caplog.records) >= 1)
    assert caplog.records[0].levelname == "ERROR"
    assert "TypeError: a bug" in caplog.text
    eventually(lambda: waiting(database) == 0)


def test_while_open_library_is_asked_no_connection_is_held(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    held: list[int] = []

    def count_connections(visit: stub.Visit) -> None:
        held.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]
        stub.good(visit)

    other_site.scene = count_connections
    queue_books(database, 3)
    make_fetcher().wake()
    eventually(lambda: len(held) == 1)
    assert held == [0]
