"""The gateway keeps to PEP 3333, and nobody who is slow keeps a thread."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from wsgiref.validate import validator

import pytest
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # exported so by its docs

from flyleaf import gateway
from flyleaf.gateway import Gateway
from flyleaf.limits import UPLOAD_BYTES_MAX
from flyleaf.security_headers import security_headers


class Protocol:
    """granian's half of a request: a body in chunks, and the answer to it."""

    def __init__(self, *chunks: bytes, seconds_between: float = 0) -> None:
        self.chunks, self.seconds_between = chunks, seconds_between
        self.status, self.headers, self.body = 0, [("", "")], b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            await asyncio.sleep(self.seconds_between)
            yield chunk

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Protocol":
        self.status, self.headers = status, headers
        return self

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        self.response_bytes(status, headers, body.encode())


class Application:
    """Answers with what it was asked, and remembers it."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.received = b""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.environ = environ
        self.received = environ["wsgi.input"].read(2_000_000)
        start_response("201 Created", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return [b"two ", b"parts"]


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: the browser's tests leave an event loop running in the one that all tests share."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def _ask(application: Any, protocol: Protocol, threads: int = 1, **scope: Any) -> Protocol:
    _run(Gateway(application, threads).__rsgi__(_scope(**scope), protocol))  # type: ignore[arg-type]
    return protocol


def _scope(**scope: Any) -> Any:
    request = {
        "method": "GET", "path": "/", "query_string": "", "http_version": "1.1", "scheme": "http",
        "server": "127.0.0.1:5000", "client": "192.0.2.7:40000", "headers": {}, **scope,
    }  # fmt: skip
    return SimpleNamespace(**request)


def test_the_answer_goes_out_as_it_was_given() -> None:
    answer = _ask(validator(Application()), Protocol())
    assert (answer.status, answer.body) == (201, b"two parts")
    assert answer.headers[1:] == [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]


def test_the_request_is_what_pep_3333_says() -> None:
    application = Application()
    headers = [("host", "example.org"), ("content-type", "text/plain"), ("x-b", "1"), ("x-b", "2")]
    headers += [
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("x_forwarded_for", "192.0.2.66"),
        ("transfer-encoding", "chunked"),
    ]
    scope: dict[str, Any] = {"method": "POST", "path": "/caf\u00e9 \u6771", "query_string": "q=%C3%A9\u00e9"}
    scope |= {"headers": dict_of(headers), "client": "[2001:db8::1]:40000"}
    _ask(validator(application), Protocol(b"bo", b"dy"), **scope)
    got = application.environ
    assert got["PATH_INFO"].encode("latin-1").decode() == "/caf\u00e9 \u6771"
    assert got["QUERY_STRING"].encode("latin-1").decode() == "q=%C3%A9\u00e9"
    assert (got["CONTENT_TYPE"], got["CONTENT_LENGTH"], application.received) == ("text/plain", "4", b"body")
    assert (got["HTTP_X_B"], got["HTTP_COOKIE"]) == ("1,2", "a=1; b=2")
    assert (got["REMOTE_ADDR"], got["SERVER_NAME"], got["SERVER_PORT"]) == ("2001:db8::1", "127.0.0.1", "5000")
    assert "HTTP_X_FORWARDED_FOR" not in got
    assert "HTTP_TRANSFER_ENCODING" not in got, "Werkzeug would look for an end in the body itself"


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BODY_SECONDS", 0.05)
    application = Application()
    answer = _ask(application, Protocol(*[b"x"] * 100, seconds_between=0.02), method="POST")
    assert answer.status == 408
    assert application.environ == {}


def test_a_worker_that_is_told_to_finish_answers_what_has_arrived_and_waits_for_no_half_of_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SIGTERM took eight seconds with twenty halves of requests, and then the workers were killed."""
    monkeypatch.setattr(gateway, "LAST_BODY_SECONDS", 0.1)
    monkeypatch.setattr(gateway, "QUIET_SECONDS", 0.2)
    release, ended, answers = threading.Event(), [], [Protocol(b"whole"), Protocol(b"half", b"", seconds_between=60)]
    late = Protocol(b"half", b"", seconds_between=60)

    def slow(_environ: Any, start_response: Any) -> list[bytes]:
        release.wait(5)
        start_response("200 OK", [])
        return [b""]

    async def finished() -> None:
        served, over = Gateway(slow, threads=1), asyncio.Event()

        def end(code: int) -> None:
            ended.append((code, [answer.status for answer in answers]))
            over.set()

        monkeypatch.setattr("flyleaf.gateway.os._exit", end)
        requests = [asyncio.create_task(served.__rsgi__(_scope(method="POST"), answer)) for answer in answers]  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        served.finish()
        served.finish()
        requests.append(asyncio.create_task(served.__rsgi__(_scope(method="POST"), late)))  # type: ignore[arg-type]
        await asyncio.sleep(0.4)
        assert ended == [], "a request is still in progress"
        release.set()
        await over.wait()
        await asyncio.gather(*requests)

    _run(finished())
    assert ended == [(0, [200, 503])]
    assert (late.status, dict(late.headers)["retry-after"]) == (503, "5")


def test_a_body_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BODY_MAX", 100)
    application = Application()
    _ask(application, Protocol(*[b"x" * 60] * 100), method="POST")
    assert application.environ["CONTENT_LENGTH"] == "120", "the application sees that it is too long"


SESSION = [("cookie", "theme=dark; flyleaf-session-0a1b2c3d=xyz")]
TOKEN = [("authorization", "Bearer flyleaf_xyz")]
LARGE = 2_000_000


def _large(path: str, *headers: tuple[str, str], client: str = "192.0.2.7:40000") -> Any:
    """A request that says it brings a file of two megabytes."""
    headers_ = dict_of([("content-length", str(LARGE)), *headers])
    return _scope(method="POST", path=path, headers=headers_, client=client)


def _is_read(scope: Any, **settings: Any) -> bool:
    application = Application()
    _run(Gateway(application, 1, **settings).__rsgi__(scope, Protocol(b"x" * LARGE)))  # type: ignore[arg-type]
    return len(application.environ["wsgi.input"].getvalue()) == LARGE


def test_a_file_may_be_larger_at_the_two_paths_that_take_files() -> None:
    """Files of over 1 MB that came to the API were never read."""
    assert gateway.UPLOAD_MAX >= UPLOAD_BYTES_MAX + gateway.BODY_MAX
    assert _is_read(_large("/import", *SESSION))
    assert _is_read(_large("/api/v1/me/imports", *TOKEN))
    for path in (
        "/nowhere/import",
        "/import/",
        "/import/1/rows",
        "/login",
        "/books/import",
        "/books/api/v1/me/imports",
    ):
        assert not _is_read(_large(path, *SESSION, *TOKEN)), path
    for path in ("/books/import", "/books/api/v1/me/imports", "/import", "/api/v1/me/imports"):
        assert _is_read(_large(path, *SESSION, *TOKEN), script_name="/books"), path


def test_a_large_file_of_nobody_is_not_read() -> None:
    for path, headers in (
        ("/import", []), ("/import", TOKEN), ("/import", [("cookie", "theme=dark; a-session=")]),
        ("/api/v1/me/imports", []), ("/api/v1/me/imports", SESSION),
    ):  # fmt: skip
        assert not _is_read(_large(path, *headers)), (path, headers)


class Stalled(Protocol):
    """Sends one byte of its body, and the rest never."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()


def _beside_stalled(stalled: list[Any], scope: Any, **settings: Any) -> tuple[int, bytes]:
    """Return the answer to an upload while others are on their way."""

    async def answer() -> tuple[int, bytes]:
        served, client = Gateway(Application(), 1, **settings), Protocol(b"x" * LARGE)
        others = [asyncio.create_task(served.__rsgi__(other, Stalled())) for other in stalled]  # type: ignore[arg-type]
        await asyncio.sleep(0)  # each has begun to read
        await served.__rsgi__(scope, client)  # type: ignore[arg-type]
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        return client.status, client.body

    status, body = _run(answer())
    return status, body


def test_four_connections_of_strangers_block_no_file() -> None:
    """One byte of POST /nowhere/import with a Content-Length of 2,000,000 held a place for a minute."""
    for path in ("/nowhere/import", "/import"):
        strangers = [_large(path, client=f"192.0.2.{n}:4000") for n in range(4)]
        assert _beside_stalled(strangers, _large("/import", *SESSION))[0] == 201


def test_an_address_has_one_place_of_four() -> None:
    others = [_large("/import", *SESSION, client=f"198.51.100.{n}:4000") for n in range(4)]
    sent = _large("/import", *SESSION)
    assert _beside_stalled([others[0]] * 9, sent)[0] == 201
    assert _beside_stalled(others[:3], sent)[0] == 201
    status, body = _beside_stalled(others, sent)
    assert (status, body) == (503, b"Too many files at once: try again in a minute.")
    status, body = _beside_stalled([_large("/api/v1/me/imports", *TOKEN, client="192.0.2.7:99")], sent)
    assert (status, body[:24]) == (503, b"A file from your address")
    network = [_large("/import", *SESSION, client="[2001:db8::1]:4000")]
    assert _beside_stalled(network, _large("/import", *SESSION, client="[2001:db8::2]:4000"))[0] == 503


def test_the_address_is_what_trusted_proxies_report() -> None:
    one, other = (_large("/import", *SESSION, ("x-forwarded-for", f"203.0.113.9, 192.0.2.{n}")) for n in (1, 2))
    assert _beside_stalled([one], other, trusted_proxies=1)[0] == 201
    assert _beside_stalled([one], other, trusted_proxies=2)[0] == 503
    assert _beside_stalled([one], other)[0] == 503


def test_a_large_file_that_drips_is_given_up_long_before_its_minute_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "UPLOAD_PART_SECONDS", 0.05)
    stalled = Stalled()
    _run(Gateway(Application(), 1).__rsgi__(_large("/import", *SESSION), stalled))  # type: ignore[arg-type]
    assert stalled.status == 408


def test_who_waits_too_long_for_a_thread_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "QUEUE_SECONDS", 0.05)
    release = threading.Event()

    def slow(_environ: Any, start_response: Any) -> list[bytes]:
        release.wait(5)
        start_response("200 OK", [])
        return [b""]

    async def two() -> list[int]:
        served, answers = Gateway(slow, threads=1), [Protocol(), Protocol()]
        scope: Any = SimpleNamespace(
            method="GET", path="/", query_string="", http_version="1.1", scheme="http", headers={},
            server="127.0.0.1:1", client="127.0.0.1:2",
        )  # fmt: skip
        first = asyncio.create_task(served.__rsgi__(scope, answers[0]))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        before = time.monotonic()
        await served.__rsgi__(scope, answers[1])  # type: ignore[arg-type]
        assert time.monotonic() - before < 4
        release.set()
        await first
        assert dict(answers[1].headers)["retry-after"] == "5"
        return [answer.status for answer in answers]

    assert _run(two()) == [200, 503]


def test_what_the_application_opened_is_closed_also_after_an_error() -> None:
    closed = []

    class Broken:
        def __iter__(self) -> AsyncIterator[bytes]:
            raise ValueError("no page")

        def close(self) -> None:
            closed.append(True)

    def application(_environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return Broken()

    assert _ask(application, Protocol()).status == 500
    assert closed == [True]


def dict_of(headers: list[tuple[str, str]]) -> Any:
    """Headers as granian gives them: names may come twice."""
    return SimpleNamespace(items=lambda: headers, get=dict(headers).get)


def test_a_body_that_says_it_is_too_large_is_not_waited_for() -> None:
    class Stalls(Protocol):
        def __aiter__(self) -> AsyncIterator[bytes]:
            raise AssertionError("it was read")

    application = Application()
    _ask(application, Stalls(), method="POST", headers=dict_of([("content-length", "99999999999")]))
    assert application.environ["CONTENT_LENGTH"] == "99999999999"


def test_what_it_answers_itself_carries_the_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BODY_SECONDS", 0.05)

    def broken(_environ: Any, _start_response: Any) -> Any:
        raise ZeroDivisionError

    late = _ask(Application(), Protocol(*[b"x"] * 100, seconds_between=0.02), method="POST")
    for answer in (late, _ask(broken, Protocol())):
        headers = dict(answer.headers)
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert security_headers(https=False).items() <= headers.items()


class Download:
    """An answer of three pieces, each larger than what is sent whole, which counts how many of them were asked for."""

    def __init__(self) -> None:
        self.asked, self.is_closed = 0, False

    def __call__(self, _environ: dict[str, Any], start_response: Any) -> "Download":
        start_response("200 OK", [("Content-Length", str(3 * len(PIECE)))])
        return self

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(3):
            self.asked += 1
            yield PIECE

    def close(self) -> None:
        self.is_closed = True


PIECE = b"x" * (gateway.WHOLE_MAX + 1)


def test_of_a_large_answer_one_piece_at_a_time_is_in_memory() -> None:
    download = Download()

    class Client(Protocol):
        async def send_bytes(self, piece: bytes) -> None:
            self.body += piece
            asked.append(download.asked)

    asked: list[int] = []
    client = _ask(download, Client())
    assert (client.status, client.body) == (200, PIECE * 3)
    assert asked == [1, 2, 3]
    assert download.is_closed


def test_a_client_that_takes_nothing_more_or_goes_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "SEND_SECONDS", 0.05)

    class Stalls(Protocol):
        async def send_bytes(self, _piece: bytes) -> None:
            await asyncio.sleep(5)

    class Gone(Protocol):
        async def send_bytes(self, _piece: bytes) -> None:
            raise ProtocolClosed

    for client in (Stalls(), Gone()):
        download = Download()
        _ask(download, client)
        assert (download.asked, download.is_closed) == (1, True)
