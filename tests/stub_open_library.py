"""A web server on loopback that plays Open Library on good days and bad ones, byte by byte."""

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scene = Callable[["Visit"], None]


class Visit:
    """One connection, whose request has been read."""

    def __init__(self, connection: socket.socket, head: str, over: threading.Event) -> None:
        self.connection = connection
        self.head = head
        self.over = over  # set when the server closes
        address = urlsplit(head.split(" ")[1])
        self.path = address.path
        self.params = {name: values[0] for name, values in parse_qs(address.query).items()}

    @property
    def isbns(self) -> list[str]:
        return self.params["q"].removeprefix("isbn:(").removesuffix(")").split(" OR ")

    def send(self, content: bytes) -> None:
        self.connection.sendall(content)

    def answer(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def drip(self, content: bytes, seconds: float) -> None:
        """Byte for byte, until the server closes."""
        for byte in content:
            self.send(bytes([byte]))
            if self.over.wait(seconds):
                return


class StubOpenLibrary:
    """Plays `scene` at each request; `visits` keeps them. A context manager."""

    def __init__(self, scene: Scene | None = None) -> None:
        self.scene: Scene = scene or good
        self.visits: list[Visit] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "StubOpenLibrary":
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # so that accept() returns
        self._thread.join(5)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        # OSError: the client went away, which most scenes make it do.
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(65536)
                if not received:
                    return
                head += received
            visit = Visit(connection, head.decode("latin-1"), self._over)
            self.visits.append(visit)
            self.scene(visit)


def works(*docs: object) -> bytes:
    return json.dumps({"numFound": len(docs), "start": 0, "docs": docs}).encode()


def work(number: int, *isbns: str, average: Any = 4.2, count: Any = 20) -> dict[str, Any]:
    return {"key": f"/works/OL{number}W", "isbn": list(isbns), "ratings_average": average, "ratings_count": count}


def good(visit: Visit) -> None:
    """Every book that is asked for has a rating."""
    visit.answer(works(*(work(number, code) for number, code in enumerate(visit.isbns, 1))))


def miss(visit: Visit) -> None:
    visit.answer(works())


def answering(body: bytes) -> Scene:
    return lambda visit: visit.answer(body)


def refusing(status: str, *headers: str) -> Scene:
    return lambda visit: visit.answer(b"<html>no</html>", status, *headers)


def redirecting(target: str) -> Scene:
    """`{port}` in the target is the stub's own."""
    return lambda visit: visit.answer(
        b"", "302 Found", "Location: " + target.format(port=visit.connection.getsockname()[1])
    )


def redirecting_once(visit: Visit) -> None:
    if visit.path == "/search.json":
        redirecting("/moved.json?q=" + visit.params["q"].replace(" ", "%20"))(visit)
    else:
        good(visit)


def silent(visit: Visit) -> None:
    visit.over.wait(30)


def dripping_header(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\n")
    visit.drip(b"X-Drip: " + b"d" * 10_000, 0.02)


def dripping_continue(visit: Visit) -> None:
    """Informational answers without end, which a client skips."""
    visit.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, 0.005)


def dripping_body(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    visit.drip(b" " * 10_000, 0.02)


def dripping_chunks(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    visit.drip(b"1\r\n \r\n" * 10_000, 0.01)


def huge_body(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not visit.over.is_set():
        visit.send(b"10000\r\n" + b" " * 65536 + b"\r\n")


def gzip_bomb(visit: Visit) -> None:
    visit.answer(gzip.compress(b" " * (16 * 2**20), 1), "200 OK", "Content-Encoding: gzip")


def damaged_gzip(visit: Visit) -> None:
    visit.answer(gzip.compress(works())[:10] + b"\xff" * 50, "200 OK", "Content-Encoding: gzip")


def no_http(visit: Visit) -> None:
    visit.send(b"\x16\x03\x01\x00garbage\xff\r\n\r\n")


def endless_headers(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\n")
    while not visit.over.is_set():
        visit.send(b"X-More: " + b"m" * 1000 + b"\r\n")


def reset(visit: Visit) -> None:
    # Lingering for 0 seconds makes close() send RST.
    visit.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closed_at_once(visit: Visit) -> None:
    pass


def closed_in_the_middle(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + works()[:20])
