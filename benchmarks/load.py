"""A small HTTP client for measurements, with several kept-alive connections that send one request after the other.

It does as little as possible, so that the machine's time goes to the server.
"""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Round:
    """The times of one round of requests."""

    requests_a_second: float
    milliseconds: list[float]  # one per request, sorted

    def percentile(self, percent: float) -> float:
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * percent / 100))]


@dataclass(frozen=True)
class Summary:
    """The medians of several rounds."""

    requests_a_second: float
    p50: float  # milliseconds
    p99: float

    @classmethod
    def of(cls, rounds: Sequence[Round]) -> "Summary":
        return cls(
            median(one.requests_a_second for one in rounds),
            median(one.percentile(50) for one in rounds),
            median(one.percentile(99) for one in rounds),
        )


def measure(port: int, paths: Sequence[str], connections: int, cookie: str = "") -> Round:
    """Request each path once from 127.0.0.1:`port` over this many parallel connections.

    Raises RuntimeError for a response other than 200.
    """
    milliseconds: list[float] = []
    failures: list[str] = []

    def work(share: Sequence[str]) -> None:
        try:
            milliseconds.extend(_ask(port, share, cookie))
        except (OSError, RuntimeError) as error:
            failures.append(str(error))

    threads = [threading.Thread(target=work, args=(paths[n::connections],)) for n in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if failures:
        raise RuntimeError(failures[0])
    return Round(len(paths) / seconds, sorted(milliseconds))


def _ask(port: int, paths: Sequence[str], cookie: str) -> list[float]:
    taken = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for path in paths:
            request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode()
            start = time.perf_counter()
            connection.sendall(request)
            status = _read_answer(connection)
            taken.append(1000 * (time.perf_counter() - start))
            if status != 200:
                raise RuntimeError(f"{path} was answered with {status}")
    return taken


def _read_answer(connection: socket.socket) -> int:
    """Read one response completely and return its status."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _receive(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _receive(connection)
    return int(lines[0].split()[1])


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise RuntimeError("the server closed the connection")
    return data
