"""A bridge from granian's RSGI to WSGI that reads the whole request body before it uses a thread.

In granian's own WSGI mode a thread waits for each body without a timeout, so a few stalled uploads would block the
site. Here a slow body costs a few kilobytes until it times out; docs/server.md has measurements.
"""

import asyncio
import contextlib
import io
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope  # type: ignore[attr-defined]  # exported so by its docs

from flyleaf.numbers import whole_number
from flyleaf.security_headers import security_headers
from flyleaf.upload_places import UploadPlaces

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY_MAX = 1024 * 1024  # bytes; the application refuses larger bodies by its own, smaller limit
BODY_SECONDS = 15.0  # from the end of the headers to the end of the body
UPLOAD_MAX = 17 * 1024 * 1024  # bytes: limits.UPLOAD_BYTES_MAX, and the form around the file
UPLOAD_SECONDS = 60.0
UPLOAD_PART, UPLOAD_PART_SECONDS = 64 * 1024, 5.0  # a file that arrives more slowly is given up
WHOLE_MAX = 1024 * 1024  # bytes of an answer that is sent in one piece
SEND_SECONDS = 30.0  # for a client to take the next piece of a larger one
QUEUE_SECONDS = 1.5  # waiting for a thread; requests hold one for at most 4 seconds even if the database hangs
LAST_BODY_SECONDS = 1.0  # for the rest of a body when the site stops
QUIET_SECONDS = 0.25  # without a request in progress until a stopping worker ends, so that responses reach the kernel
# The parent sends these; they simply end a worker that isn't ready yet.
ACCEPT_NO_MORE, FINISH = signal.SIGUSR2, signal.SIGUSR1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What follows of a large answer. `close` is to be called in any case."""

    pieces: Iterator[bytes]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer, of which `body` is the first piece if there is a rest."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    rest: _Rest | None = None


class Gateway:
    """Serves a WSGI application with `threads` threads.

    Pages are sent whole. Of larger answers, such as a reader's data, one piece at a time is in memory, and no thread
    waits while a slow client takes it. `https` says whether readers use HTTPS, which can't be detected behind a proxy.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        threads: int,
        *,
        https: bool = False,
        script_name: str = "",
        trusted_proxies: int = 0,
    ) -> None:
        self._application = application
        self._own_headers = [("content-type", "text/plain; charset=utf-8"), *security_headers(https=https).items()]
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._free = asyncio.Semaphore(threads)
        self._in_progress = 0
        self._bodies: set[asyncio.Timeout] = set()
        self._places = UploadPlaces(script_name, trusted_proxies)
        self._finishing: asyncio.Task[None] | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ignore Ctrl-C, a closed terminal and SIGTERM, which may reach every process: the parent stops the workers."""
        loop.add_signal_handler(FINISH, self.finish)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    def finish(self) -> None:
        """End the process once all requests that have arrived are answered.

        granian would also wait for requests of which only a part has arrived, until they time out.
        """
        if self._finishing is None:
            last = asyncio.get_running_loop().time() + LAST_BODY_SECONDS
            for limit in self._bodies:
                limit.reschedule(min(limit.when() or last, last))
            self._finishing = asyncio.create_task(self._finish())

    async def _finish(self) -> None:
        quiet = 0.0
        while quiet < QUIET_SECONDS:
            await asyncio.sleep(0.05)
            quiet = 0.0 if self._in_progress else quiet + 0.05
        os._exit(0)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        self._in_progress += 1
        try:
            await self._respond(scope, protocol)
        finally:
            self._in_progress -= 1

    async def _respond(self, scope: Scope, protocol: HTTPProtocol) -> None:
        if not (_is_large(scope) and self._places.is_offered(scope)):
            await self._answer(scope, protocol, BODY_MAX, BODY_SECONDS)
            return
        with self._places.taken(scope) as refusal:
            if refusal:
                self._refuse(protocol, 503, refusal, ("retry-after", "60"))
            else:
                await self._answer(scope, protocol, UPLOAD_MAX, UPLOAD_SECONDS)

    async def _answer(self, scope: Scope, protocol: HTTPProtocol, most: int, seconds: float) -> None:
        """Read a body of at most so many bytes, in that time, and answer the request."""
        try:
            async with self._body_limit(seconds):
                body = await _read(protocol, most) if _has_body(scope, most) else b""
        except ProtocolClosed:
            return  # the client went away
        except TimeoutError:
            if self._finishing:
                self._refuse(protocol, 503, "The site is restarting: try again in a moment.", ("retry-after", "5"))
            else:
                self._refuse(protocol, 408, "The request took too long to arrive.")
            return
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            self._refuse(protocol, 503, "The site is busy: try again in a moment.", ("retry-after", "5"))
            return
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, self._call, _environ(scope, body, most))
        finally:
            self._free.release()
        if answer.rest is None:
            protocol.response_bytes(answer.status, answer.headers, answer.body)
        else:
            await self._send(protocol, answer, answer.rest)

    async def _send(self, protocol: HTTPProtocol, answer: _Answer, rest: _Rest) -> None:
        """Send a large answer piece by piece. It breaks off if the client goes away or takes nothing for too long."""
        loop = asyncio.get_running_loop()
        transport = protocol.response_stream(answer.status, answer.headers)
        piece: bytes | None = answer.body
        try:
            while piece is not None:
                async with asyncio.timeout(SEND_SECONDS):
                    await transport.send_bytes(piece)
                piece = await loop.run_in_executor(self._threads, next, rest.pieces, None)
        except ProtocolClosed:
            pass
        except TimeoutError:
            log.warning("request given up", extra={"cause": "the client took nothing more of a large answer"})
        finally:
            await loop.run_in_executor(self._threads, rest.close)

    @contextlib.asynccontextmanager
    async def _body_limit(self, seconds: float) -> AsyncIterator[None]:
        """Raise TimeoutError if a body takes too long."""
        async with asyncio.timeout(LAST_BODY_SECONDS if self._finishing else seconds) as limit:
            self._bodies.add(limit)
            try:
                yield
            finally:
                self._bodies.discard(limit)

    def _call(self, environ: dict[str, Any]) -> _Answer:
        begun: list[tuple[int, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Any:
            begun.append((int(status[:3]), headers))
            return written.append

        try:
            chunks: Iterable[bytes] = self._application(environ, start_response)
            close = getattr(chunks, "close", lambda: None)
            rest = None
            try:
                pieces = iter(chunks)
                size = 0
                for piece in pieces:
                    written.append(piece)
                    size += len(piece)
                    if size > WHOLE_MAX:
                        rest = _Rest(pieces, close)
                        break
            finally:
                if rest is None:
                    close()
        except Exception:
            # The application handles its own errors; this one is in the code around it.
            log.exception("request failed")
            return _Answer(500, self._own_headers, b"Internal Server Error")
        return _Answer(*begun[-1], b"".join(written), rest)

    def _refuse(self, protocol: HTTPProtocol, status: int, text: str, *headers: tuple[str, str]) -> None:
        log.warning("request refused", extra={"status": status})
        protocol.response_str(status, [*self._own_headers, *headers], text)


def _is_large(scope: Scope) -> bool:
    """Return whether the body has the size of a large file."""
    length = whole_number(scope.headers.get("content-length", "0")) or 0
    return BODY_MAX < length <= UPLOAD_MAX


def _has_body(scope: Scope, most: int) -> bool:
    """Return whether to read a body. A GET's body has no meaning, and ignoring it makes pages faster. A body that is
    declared too large is not read: the application refuses it because of its Content-Length."""
    length = whole_number(scope.headers.get("content-length", "0"))
    return scope.method not in ("GET", "HEAD") and (length is None or length <= most)


async def _read(protocol: HTTPProtocol, most: int) -> bytes:
    """Return the body, or what exceeds `most`. Raises TimeoutError for one of a file's size that drips."""
    body = bytearray()
    now = asyncio.get_running_loop().time
    next_part = UPLOAD_PART
    async with asyncio.timeout(UPLOAD_PART_SECONDS if most > BODY_MAX else None) as limit:
        async for chunk in protocol:
            body += chunk
            if len(body) > most:
                break
            if most > BODY_MAX and len(body) >= next_part:
                next_part = len(body) + UPLOAD_PART
                limit.reschedule(now() + UPLOAD_PART_SECONDS)
    return bytes(body)


def _environ(scope: Scope, body: bytes, most: int) -> dict[str, Any]:
    """Return the WSGI environment (PEP 3333), whose strings are bytes decoded as Latin-1."""
    name, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _latin1(scope.path),
        "QUERY_STRING": _latin1(scope.query_string),
        "SERVER_NAME": name.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for header, value in scope.headers.items():
        if "_" in header or header == "transfer-encoding":
            continue  # X_Forwarded_For could pose as X-Forwarded-For; the body is no longer chunked
        key = header.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    if len(body) > most or "CONTENT_LENGTH" not in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _latin1(text: str) -> str:
    return text.encode().decode("latin-1")
