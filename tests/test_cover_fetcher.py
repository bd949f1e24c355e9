"""Books that readers looked at get their covers from Open Library; what comes instead of one changes nothing."""

import errno
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from flyleaf.cover_fetcher import CoverFetcher
from flyleaf.covers.files import CoverFiles
from flyleaf.covers.shrinking import ShrunkCover
from flyleaf.database import Database
from flyleaf.open_library import Breaker, OpenLibraryCovers
from flyleaf.queries.covers import Cover, request_cover, select_covers
from tests import pictures
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
    with StubOpenLibrary(stub.answering(pictures.jpeg())) as other_site:
        yield other_site


@pytest.fixture
def files(tmp_path: Path) -> CoverFiles:
    return CoverFiles(tmp_path / "covers")


FetcherMaker = Callable[..., CoverFetcher]


@pytest.fixture
def make_fetcher(database: Database, other_site: StubOpenLibrary, files: CoverFiles) -> Iterator[FetcherMaker]:
    """A fetcher in a hurry. It is stopped at the end of the test."""
    made: list[CoverFetcher] = []

    def make(deadline: float = 10, files: CoverFiles = files) -> CoverFetcher:
        breaker = Breaker(first=0.01, longest=0.02)
        covers = OpenLibraryCovers("alice@example.org", other_site.url, deadline, breaker)
        fetcher = CoverFetcher(database, covers, files, interval=0.01, poll=0.05, after_a_fault=0.05)
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        fetcher.stop()


def lines(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """What the log says of covers. A thread that an earlier test has left may say something else."""
    return [record for record in caplog.records if record.getMessage().startswith("cover ")]


def queue_books(database: Database, count: int = 1) -> list[int]:
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
        assert all(request_cover(connection, book_id) for book_id in book_ids)
    return book_ids


def waiting(database: Database) -> int:
    with database.transaction() as connection:
        count: int = connection.execute(text("SELECT count(*) FROM cover_requests")).scalar_one()
    return count


def stored(database: Database) -> list[str | None]:
    with database.transaction() as connection:
        return list(connection.execute(text("SELECT digest FROM covers ORDER BY book_id")).scalars())


def shown(database: Database, number: int = 1) -> Cover | None:
    isbn = f"{number:010d}"
    with database.transaction() as connection:
        return select_covers(connection, [isbn]).get(isbn)


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_queued_books_get_their_covers_one_by_one(
    database: Database,
    other_site: StubOpenLibrary,
    files: CoverFiles,
    make_fetcher: FetcherMaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue_books(database, 2)
    make_fetcher().wake()
    eventually(lambda: waiting(database) == 0)
    cover = shown(database, 1)
    assert cover is not None
    assert cover == shown(database, 2)  # the same picture
    assert (cover.width, cover.height) == (333, 500)
    assert files.has(cover.digest)
    assert [visit.path for visit in other_site.visits] == [f"/b/isbn/{n:010d}-L.jpg" for n in (1, 2)]
    assert all(visit.params == {"default": "false"} for visit in other_site.visits)
    assert all("\r\nUser-Agent: Flyleaf/" in visit.head for visit in other_site.visits)
    with database.transaction() as connection:
        kept = connection.execute(text("SELECT DISTINCT bytes, source FROM covers")).one()
    both = (files.read(cover.digest, "small") or b"") + (files.read(cover.digest, "large") or b"")
    assert tuple(kept) == (len(both), "open_library")
    eventually(lambda: len(lines(caplog)) == 2)
    line = lines(caplog)[-1]
    assert (line.getMessage(), line.outcome, line.book) == ("cover fetched", "found", "isbn:0000000002")


def test_a_missing_cover_is_remembered(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker, caplog: pytest.LogCaptureFixture
) -> None:
    other_site.scene = stub.refusing("404 Not Found")
    queue_books(database, 5)
    make_fetcher().wake()
    eventually(lambda: waiting(database) == 0)
    assert stored(database) == [None] * 5  # and the breaker takes no offence
    assert len(other_site.visits) == 5
    eventually(lambda: len(lines(caplog)) == 5)
    assert {(line.levelname, line.outcome) for line in lines(caplog)} == {("INFO", "none there")}


@pytest.mark.parametrize("name", pictures.REFUSED)
def test_what_is_no_cover_leaves_the_drawn_one(
    name: str,
    database: Database,
    other_site: StubOpenLibrary,
    files: CoverFiles,
    make_fetcher: FetcherMaker,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    make, reason = pictures.REFUSED[name]
    content = make()
    other_site.scene = lambda visit: visit.answer(content, "200 OK", "Content-Type: image/jpeg")
    queue_books(database)
    make_fetcher().wake()
    eventually(lambda: waiting(database) == 0)
    assert stored(database) == [None]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    eventually(lambda: len(lines(caplog)) == 1)
    assert reason in lines(caplog)[0].outcome
    assert lines(caplog)[0].exc_info is None


FAILURES: dict[str, tuple[Scene, str]] = {
    "an endless body": (stub.huge_body, "more than 4194304 bytes"),
    "a packed bomb": (stub.gzip_bomb, "more than 4194304 bytes"),
    "a slow body": (stub.dripping_body, "no whole answer within"),
    "a body that ends early": (stub.closed_in_the_middle, "IncompleteRead"),
    "a redirect elsewhere": (stub.redirecting("https://example.org/cover.jpg"), "which is not Open Library"),
    "a redirect to this machine": (stub.redirecting("http://127.0.0.1:1/cover.jpg"), "which is not Open Library"),
    "a redirect to the cloud's secrets": (stub.redirecting("http://169.254.169.254/"), "which is not Open Library"),
    "too many requests": (stub.refusing("429 Too Many Requests"), "answered 429"),
    "a ban": (stub.refusing("403 Forbidden"), "answered 403"),
    "nothing": (stub.closed_at_once, "ConnectionError"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_after_a_failure_of_the_other_site_the_book_waits_on(
    name: str,
    database: Database,
    other_site: StubOpenLibrary,
    make_fetcher: FetcherMaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene, reason = FAILURES[name]

    def first_bad_then_good(visit: stub.Visit) -> None:
        (scene if len(other_site.visits) == 1 else stub.answering(pictures.jpeg()))(visit)

    other_site.scene = first_bad_then_good
    queue_books(database)
    make_fetcher(deadline=0.5 if "slow" in name else 10).wake()
    eventually(lambda: waiting(database) == 0)
    assert shown(database) is not None
    eventually(lambda: len(lines(caplog)) == 2)
    assert lines(caplog)[0].levelname == "WARNING"
    assert reason in lines(caplog)[0].error


def test_a_redirect_on_the_same_site_is_followed(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    def scene(visit: stub.Visit) -> None:
        moved = visit.path.startswith("/b/isbn/")
        (stub.redirecting("/b/id/42-L.jpg") if moved else stub.answering(pictures.jpeg()))(visit)

    other_site.scene = scene
    queue_books(database)
    make_fetcher().wake()
    eventually(lambda: shown(database) is not None)
    assert [visit.path for visit in other_site.visits] == ["/b/isbn/0000000001-L.jpg", "/b/id/42-L.jpg"]


def test_a_full_disk_is_one_line_and_a_pause(
    database: Database,
    make_fetcher: FetcherMaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        queue_books(database)
        fetcher = make_fetcher()
        fetcher.wake()
        eventually(lambda: len(lines(caplog)) >= 1)
        assert stored(database) == []
        assert lines(caplog)[0].error == "[Errno 28] No space left on device"
        assert lines(caplog)[0].exc_info is None
    eventually(lambda: shown(database) is not None)


def test_a_machine_that_lacks_a_cover_fetches_it_again(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker, tmp_path: Path
) -> None:
    [book_id] = queue_books(database)
    make_fetcher().wake()
    eventually(lambda: waiting(database) == 0)
    cover = shown(database)
    assert cover is not None
    elsewhere = CoverFiles(tmp_path / "elsewhere")
    second = make_fetcher(files=elsewhere)
    second.fetch_again(book_id, cover.digest)
    eventually(lambda: elsewhere.has(cover.digest) and waiting(database) == 0)
    second.fetch_again(book_id, cover.digest)  # several pages noticed it
    time.sleep(0.2)
    assert len(other_site.visits) == 2
    assert shown(database) == cover


def test_no_more_is_remembered_than_can_be_fetched(
    make_fetcher: FetcherMaker, files: CoverFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books that are gone, and covers that another process has fetched, take nobody's place for ever."""
    fetcher = make_fetcher()
    monkeypatch.setattr(fetcher, "wake", lambda: None)
    for number in range(1000):
        fetcher.fetch_again(number, f"{number:032x}")
    assert list(fetcher._missing) == list(range(900, 1000))
    files.write(ShrunkCover(f"{950:032x}", 333, 500, b"large", b"small"))
    assert fetcher._still_missing() == [*range(900, 950), *range(951, 1000)]
    assert len(fetcher._missing) == 99


def test_a_decoder_that_cannot_start_is_a_fault_of_ours_and_loses_no_book(
    database: Database,
    make_fetcher: FetcherMaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    program = tmp_path / "picture.py"
    program.write_text("raise ImportError('no Pillow here')")
    monkeypatch.setattr("flyleaf.covers.shrinking.PROGRAM", program)
    queue_books(database)
    make_fetcher().wake()
    eventually(lambda: any("no Pillow here" in str(record.exc_info) for record in caplog.records))
    assert (stored(database), waiting(database)) == ([], 1)


def test_two_processes_never_ask_at_the_same_time_nor_twice(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    under_way: list[str] = []
    most = 0

    def watched(visit: stub.Visit) -> None:
        nonlocal most
        under_way.append(visit.path)
        most = max(most, len(under_way))
        time.sleep(0.02)
        under_way.pop()
        stub.refusing("404 Not Found")(visit)

    other_site.scene = watched
    queue_books(database, 20)
    for fetcher in [make_fetcher() for _ in range(3)]:
        fetcher.wake()
    eventually(lambda: waiting(database) == 0)
    assert most == 1
    assert len({visit.path for visit in other_site.visits}) == len(other_site.visits) == 20


def test_stop_in_the_middle_of_a_request_is_prompt_and_loses_nothing(
    database: Database, other_site: StubOpenLibrary, make_fetcher: FetcherMaker
) -> None:
    other_site.scene = stub.silent
    queue_books(database)
    fetcher = make_fetcher(deadline=30)
    fetcher.wake()
    eventually(lambda: len(other_site.visits) == 1)
    started = time.monotonic()
    fetcher.stop()
    assert time.monotonic() - started < 4
    assert fetcher._thread is not None
    assert not fetcher._thread.is_alive()
    assert waiting(database) == 1
