"""Open Library is asked, and may do what it likes: in time there is a rating or an OpenLibraryError."""

import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from flyleaf.config import PROJECT
from flyleaf.open_library import BATCH, Breaker, OpenLibrary, OpenLibraryError, OpenLibraryRating
from flyleaf.open_library.exchange import Exchange
from flyleaf.open_library.site import VERSION
from tests import stub_open_library as stub
from tests.stub_open_library import Scene, StubOpenLibrary, work, works

DUNE = "9780441013593"
DUNE_10 = "0441013597"
EMMA = "9780141439587"
WRONG_CHECK_DIGIT = "9722472540"
SHORT = 0.3  # seconds: a deadline for what takes for ever
LONG = 10.0  # seconds: one for what ends by itself, on a busy machine too


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def other_site() -> Iterator[StubOpenLibrary]:
    with StubOpenLibrary() as other_site:
        yield other_site


@pytest.fixture
def open_library(other_site: StubOpenLibrary) -> OpenLibrary:
    return OpenLibrary("alice@example.org", other_site.url, LONG)


def test_good_answer(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    assert open_library.fetch_ratings([DUNE, EMMA]) == {
        DUNE: OpenLibraryRating(4.2, 20, "/works/OL1W"),
        EMMA: OpenLibraryRating(4.2, 20, "/works/OL2W"),
    }
    [visit] = other_site.visits
    assert visit.path == "/search.json"
    assert visit.params == {
        "q": f"isbn:({DUNE} OR {EMMA})",
        "fields": "key,isbn,ratings_average,ratings_count",
        "limit": "100",
    }
    assert f"\r\nUser-Agent: Flyleaf/{VERSION} (alice@example.org)\r\n" in visit.head


def test_version_is_the_projects() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_miss(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    other_site.scene = stub.miss
    assert open_library.fetch_ratings([DUNE]) == {DUNE: None}


def test_unrated_works_are_misses(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    other_site.scene = stub.answering(
        works({"key": "/works/OL1W", "isbn": [DUNE]}, work(2, EMMA, average=0, count=0), {"key": "/works/OL3W"})
    )
    assert open_library.fetch_ratings([DUNE, EMMA]) == {DUNE: None, EMMA: None}


def test_either_form_of_an_isbn_matches(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    other_site.scene = stub.answering(works(work(1, "9780000000000", DUNE_10)))
    assert open_library.fetch_ratings([DUNE]) == {DUNE: OpenLibraryRating(4.2, 20, "/works/OL1W")}
    other_site.scene = stub.answering(works(work(1, DUNE)))
    assert open_library.fetch_ratings([DUNE_10]) == {DUNE_10: OpenLibraryRating(4.2, 20, "/works/OL1W")}
    assert other_site.visits[-1].isbns == [DUNE]


def test_works_without_isbns_are_those_of_the_only_book_asked_for(
    other_site: StubOpenLibrary, open_library: OpenLibrary
) -> None:
    other_site.scene = stub.answering(works({"key": "/works/OL1W", "ratings_average": 4.2, "ratings_count": 20}))
    assert open_library.fetch_ratings([DUNE_10]) == {DUNE_10: OpenLibraryRating(4.2, 20, "/works/OL1W")}
    assert open_library.fetch_ratings([DUNE, EMMA]) == {DUNE: None, EMMA: None}


def test_wrong_check_digit_is_asked_for_as_it_is(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    assert open_library.fetch_ratings([WRONG_CHECK_DIGIT])[WRONG_CHECK_DIGIT] is not None
    assert other_site.visits[0].isbns == [WRONG_CHECK_DIGIT]


def test_two_editions_of_one_work_share_its_rating(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    other_site.scene = stub.answering(works(work(7, DUNE, EMMA)))
    rating = OpenLibraryRating(4.2, 20, "/works/OL7W")
    assert open_library.fetch_ratings([DUNE, EMMA]) == {DUNE: rating, EMMA: rating}


def test_of_a_doubled_work_the_better_known_counts(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    other_site.scene = stub.answering(works(work(1, DUNE, count=3), work(2, DUNE, count=900), work(3, DUNE, count=4)))
    assert open_library.fetch_ratings([DUNE]) == {DUNE: OpenLibraryRating(4.2, 900, "/works/OL2W")}


@pytest.mark.parametrize("isbns", [[], [DUNE] * (BATCH + 1), ["9780441013593) OR title:(x"]])
def test_invalid_batches_are_refused(other_site: StubOpenLibrary, open_library: OpenLibrary, isbns: list[str]) -> None:
    with pytest.raises(ValueError):
        open_library.fetch_ratings(isbns)
    assert other_site.visits == []


def test_redirect_is_followed(other_site: StubOpenLibrary, open_library: OpenLibrary) -> None:
    other_site.scene = stub.redirecting_once
    assert open_library.fetch_ratings([DUNE])[DUNE] is not None
    assert [visit.path for visit in other_site.visits] == ["/search.json", "/moved.json"]
    assert "Flyleaf/" in other_site.visits[1].head


SLOW_DAYS: dict[str, Scene] = {
    "silent": stub.silent,
    "dripping header": stub.dripping_header,
    "dripping 100 Continue": stub.dripping_continue,
    "dripping body": stub.dripping_body,
    "dripping chunks": stub.dripping_chunks,
}


@pytest.mark.parametrize("scene", SLOW_DAYS.values(), ids=SLOW_DAYS.keys())
def test_slow_answers_end_at_the_deadline(other_site: StubOpenLibrary, scene: Scene) -> None:
    other_site.scene = scene
    open_library = OpenLibrary("alice@example.org", other_site.url, SHORT)
    started = time.monotonic()
    with pytest.raises(OpenLibraryError, match=r"no whole answer within 0\.3 s"):
        open_library.fetch_ratings([DUNE])
    assert time.monotonic() - started < SHORT + 2
    assert no_exchange_lives()


BAD_DAYS: dict[str, tuple[Scene, str]] = {
    "500": (stub.refusing("500 Internal Server Error"), "answered 500"),
    "403": (stub.refusing("403 Forbidden"), "answered 403"),
    "404": (stub.refusing("404 Not Found"), "answered 404"),
    "204": (stub.refusing("204 No Content"), "answered 204"),
    "redirect loop": (stub.redirecting("/search.json"), "more than 3 redirects"),
    "redirect to a file": (stub.redirecting("file:///etc/passwd"), "redirected to file://"),
    "redirect to another host": (stub.redirecting("https://example.org/search.json"), "redirected to https://example"),
    "redirect to a lookalike": (stub.redirecting("https://notopenlibrary.org/"), "redirected to"),
    "redirect to another port": (stub.redirecting("http://127.0.0.1:5432/"), "redirected to http://127.0.0.1:5432"),
    "redirect home, odd port": (stub.redirecting("http://openlibrary.org:22/"), "redirected to"),
    "redirect with a password": (stub.redirecting("http://a:b@127.0.0.1:{port}/"), "redirected to"),
    "redirect to the metadata address": (stub.redirecting("http://169.254.169.254/latest/"), "redirected to"),
    "redirect to nowhere": (stub.redirecting("http://[half"), "ValueError"),
    "redirect to no port": (stub.redirecting("http://127.0.0.1:99999/"), "ValueError"),
    "huge body": (stub.huge_body, "more than"),
    "gzip bomb": (stub.gzip_bomb, "more than"),
    "damaged gzip": (stub.damaged_gzip, "ContentDecodingError"),
    "no HTTP": (stub.no_http, "ConnectionError"),
    "endless headers": (stub.endless_headers, ""),
    "reset": (stub.reset, "ConnectionError"),
    "closed at once": (stub.closed_at_once, "ConnectionError"),
    "closed in the middle": (stub.closed_in_the_middle, "ChunkedEncodingError"),
}


@pytest.mark.parametrize(("scene", "reason"), BAD_DAYS.values(), ids=BAD_DAYS.keys())
def test_each_failure_of_the_other_site_is_one_error(
    other_site: StubOpenLibrary, open_library: OpenLibrary, scene: Scene, reason: str
) -> None:
    other_site.scene = scene
    with pytest.raises(OpenLibraryError) as caught:
        open_library.fetch_ratings([DUNE])
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()
    assert no_exchange_lives()
    other_site.scene = stub.good
    assert open_library.fetch_ratings([DUNE])[DUNE] is not None


BAD_BODIES = {
    "nothing": b"",
    "text": b"<html>come back later</html>",
    "not UTF-8": b'{"docs": ["\xff\xfe"]}',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "no docs": b'{"error": "busy"}',
    "docs an object": b'{"docs": {}}',
    "docs null": b'{"docs": null}',
    "a doc of text": works("Dune"),
    "isbn a number": works(work(1) | {"isbn": 9780441013593}),
    "isbn null": works(work(1) | {"isbn": None}),
    "isbn of numbers": works(work(1) | {"isbn": [9780441013593]}),
    "no key": works({"isbn": [DUNE], "ratings_average": 4, "ratings_count": 2}),
    "key a list": works(work(1, DUNE) | {"key": ["/works/OL1W"]}),
    "key with markup": works(work(1, DUNE) | {"key": '/works/OL1W"><script>'}),
    "key with a line break": works(work(1, DUNE) | {"key": "/works/OL1W\n"}),
    "key without end": works(work(1, DUNE) | {"key": f"/works/OL{'1' * 100}W"}),
    "average NaN": works(work(1, DUNE, average=float("nan"))),
    "average infinite": works(work(1, DUNE, average=float("inf"))),
    "average 1e999": works(work(1, DUNE, average=12345)).replace(b"12345", b"1e999"),
    "average too high": works(work(1, DUNE, average=5.01)),
    "average negative": works(work(1, DUNE, average=-1)),
    "average text": works(work(1, DUNE, average="4.2")),
    "average true": works(work(1, DUNE, average=True)),
    "average a list": works(work(1, DUNE, average=[])),
    "count text": works(work(1, DUNE, count="20")),
    "count negative": works(work(1, DUNE, count=-1)),
    "count broken": works(work(1, DUNE, count=2.5)),
    "count false": works(work(1, DUNE, count=False)),
    "count huge": works(work(1, DUNE, count=2**31)),
    "count of 5,000 digits": works(work(1, DUNE, count=12345)).replace(b"12345", b"9" * 5_000),
    "nested deeply": b"[" * 200_000,
    "objects nested deeply": b'{"docs":' * 100_000,
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_each_malformed_answer_is_one_error(
    other_site: StubOpenLibrary, open_library: OpenLibrary, body: bytes
) -> None:
    other_site.scene = stub.answering(body)
    with pytest.raises(OpenLibraryError) as caught:
        open_library.fetch_ratings([DUNE])
    assert str(caught.value).isprintable()


def test_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OpenLibraryError, match=r"ConnectionError.*refused"):
        OpenLibrary("alice@example.org", f"http://127.0.0.1:{port}", LONG).fetch_ratings([DUNE])


def test_address_that_is_none() -> None:
    with pytest.raises(OpenLibraryError, match="MissingSchema"):
        OpenLibrary("alice@example.org", "openlibrary.org", LONG).fetch_ratings([DUNE])


def test_look_up_of_the_host_that_hangs(other_site: StubOpenLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    look_up = socket.getaddrinfo

    def hang(_host: str, port: int, *args: Any) -> Any:
        over.wait(10)
        return look_up("127.0.0.1", port, *args)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    open_library = OpenLibrary("alice@example.org", f"http://books.invalid:{other_site.port}", SHORT)
    try:
        with pytest.raises(OpenLibraryError, match="no whole answer"):
            open_library.fetch_ratings([DUNE])
        # The thread can't be ended there, and it stays the only one.
        with pytest.raises(OpenLibraryError, match="the request before has not ended"):
            open_library.fetch_ratings([DUNE])
    finally:
        over.set()
    assert no_exchange_lives()
    assert other_site.visits == []  # what comes too late is not used any more


def test_tls_handshake_that_hangs(other_site: StubOpenLibrary) -> None:
    open_library = OpenLibrary("alice@example.org", other_site.url.replace("http", "https"), SHORT)
    with pytest.raises(OpenLibraryError, match="no whole answer"):
        open_library.fetch_ratings([DUNE])
    assert no_exchange_lives()


def test_one_request_at_a_time(other_site: StubOpenLibrary) -> None:
    other_site.scene = stub.silent
    open_library = OpenLibrary("alice@example.org", other_site.url, SHORT)
    errors: list[str] = []

    def ask() -> None:
        try:
            open_library.fetch_ratings([DUNE])
        except OpenLibraryError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(other_site.visits) == 1
    assert errors.count("the request before has not ended") == 3


def test_close_ends_the_request_under_way(other_site: StubOpenLibrary) -> None:
    other_site.scene = stub.silent
    open_library = OpenLibrary("alice@example.org", other_site.url, deadline=30)
    timer = threading.Timer(0.1, open_library.close)
    timer.start()
    started = time.monotonic()
    with pytest.raises(OpenLibraryError):
        open_library.fetch_ratings([DUNE])
    timer.join()
    assert time.monotonic() - started < 5
    with pytest.raises(OpenLibraryError, match="closed"):
        open_library.fetch_ratings([DUNE])


def test_a_fault_of_ours_is_no_open_library_error(open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_exchange: Exchange) -> bytes:
        raise TypeError("a bug")

    monkeypatch.setattr(Exchange, "_get", broken)
    with pytest.raises(TypeError, match="a bug"):
        open_library.fetch_ratings([DUNE])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("999999999999999999999", 999_999_999),
        ("-5", 0),
        ("²", 0),
        ("soon", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 99 Oct 9999 07:28:00 GMT", 0),
        ("{an hour from now}", 3600),
    ],
)
def test_retry_after(other_site: StubOpenLibrary, open_library: OpenLibrary, header: str, seconds: float) -> None:
    header = header.replace("{an hour from now}", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    other_site.scene = lambda visit: visit.send(
        f"HTTP/1.1 429 Too Many Requests\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    with pytest.raises(OpenLibraryError, match="answered 429") as caught:
        open_library.fetch_ratings([DUNE])
    assert caught.value.retry_after == pytest.approx(seconds, abs=60)
    assert open_library.pause == pytest.approx(min(seconds, 600), abs=60)


@pytest.mark.parametrize(
    ("asked", "target", "followed"),
    [
        ("https://openlibrary.org/search.json", "https://www.openlibrary.org/a", "https://www.openlibrary.org/a"),
        ("https://openlibrary.org/search.json", "https://archive.org/a", "https://archive.org/a"),
        ("https://openlibrary.org/search.json", "http://openlibrary.org/a", "https://openlibrary.org/a"),
        ("http://openlibrary.org/search.json", "https://OpenLibrary.org/a", "https://OpenLibrary.org/a"),
        ("http://127.0.0.1:8080/search.json", "http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
        ("https://openlibrary.org/search.json", "https://openlibrary.org:8443/a", None),
        ("https://openlibrary.org/search.json", "https://openlibrary.org.evil.example/a", None),
        ("https://openlibrary.org/search.json", "https://openlibrary.org@evil.example/a", None),
        ("https://openlibrary.org/search.json", "ftp://openlibrary.org/a", None),
        ("https://openlibrary.org/search.json", "https://localhost/a", None),
        ("https://openlibrary.org/search.json", "javascript:alert(1)", None),
    ],
)
def test_where_a_redirect_may_lead(asked: str, target: str, followed: str | None) -> None:
    exchange = Exchange(asked, {}, {}, LONG)
    if followed is None:
        with pytest.raises(OpenLibraryError, match="which is not Open Library"):
            exchange._checked(target)
    else:
        assert exchange._checked(target) == followed


def test_words_of_the_other_site_are_made_fit_for_a_log() -> None:
    error = OpenLibraryError("first\r\nsecond\x1b[31m\u2028" + "x" * 10_000)
    assert str(error).isprintable()
    assert len(str(error)) == 200


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_breaker_opens_after_three_failures_and_pauses_longer_each_time() -> None:
    clock = Clock()
    breaker = Breaker(threshold=3, first=30, longest=100, clock=clock)
    pauses = []
    for _ in range(6):
        breaker.failed()
        pauses.append(breaker.pause)
        clock.now += breaker.pause
        assert breaker.pause == 0  # one trial
    assert pauses == [0, 0, 30, 60, 100, 100]
    breaker.succeeded()
    breaker.failed()
    assert breaker.pause == 0


def test_breaker_survives_a_year_of_failures() -> None:
    breaker = Breaker(clock=Clock())
    for _ in range(100_000):
        breaker.failed(float("999999999"))
    assert breaker.pause == 600


def test_nothing_is_asked_during_a_pause(other_site: StubOpenLibrary) -> None:
    clock = Clock()
    open_library = OpenLibrary("alice@example.org", other_site.url, LONG, Breaker(threshold=2, first=30, clock=clock))
    other_site.scene = stub.refusing("500 Internal Server Error")
    for _ in range(2):
        with pytest.raises(OpenLibraryError, match="answered 500"):
            open_library.fetch_ratings([DUNE])
    with pytest.raises(OpenLibraryError, match="left alone for 30 s"):
        open_library.fetch_ratings([DUNE])
    assert len(other_site.visits) == 2
    clock.now += 30
    other_site.scene = stub.good
    assert open_library.fetch_ratings([DUNE])[DUNE] is not None
    other_site.scene = stub.refusing("500 Internal Server Error")
    with pytest.raises(OpenLibraryError, match="answered 500"):
        open_library.fetch_ratings([DUNE])
    assert open_library.pause == 0


def no_exchange_lives() -> bool:
    """Whether all threads of exchanges have ended, within a second."""
    for thread in threading.enumerate():
        if isinstance(thread, Exchange):
            thread.join(1)
    return not any(isinstance(thread, Exchange) for thread in threading.enumerate())
