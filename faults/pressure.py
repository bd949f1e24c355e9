"""Slow clients, a stop and restarts with requests in progress, and races between readers."""

import contextlib
import signal
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import requests

from faults.crowd import PASSWORD, Reader
from faults.outcome import Outcome, lost_and_doubled
from faults.site import Server, Site, execute, wait_for

HALF_OPEN, SLOW = 300, 60
HALVES = 20  # of headers, and of bodies
LONGEST_STOP = 3.0  # seconds
ROUNDS, AT_ONCE = 100, 8
RESTARTS, REQUESTS = 3, 200


def slow_clients(site: Site) -> Outcome:
    """Open connections with unfinished headers and bodies, while other clients request the home page."""
    outcome = Outcome(f"{HALF_OPEN} half-open, {SLOW} slow clients")
    seconds = []
    with unfinished(site, HALF_OPEN, SLOW):
        deadline = time.monotonic() + 8  # before the first ones time out
        while time.monotonic() < deadline:
            start = time.monotonic()
            answer = requests.get(f"{site.url}/", timeout=20)
            seconds.append(time.monotonic() - start)
            outcome.require(answer.status_code == 200, f"the home page returned {answer.status_code}")
            time.sleep(0.05)
    outcome.figures = f"home page {len(seconds)} times, the slowest {1000 * max(seconds):.0f} ms"
    outcome.require(max(seconds) < 1, "it took more than a second")
    return outcome


@contextlib.contextmanager
def unfinished(site: Site, headers: int, bodies: int) -> Iterator[None]:
    """Keep connections open on which headers or bodies are sent in part."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "
    body = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nusername="
    with contextlib.ExitStack() as clients:
        for part in [head] * headers + [body] * bodies:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            client.sendall(part)
        yield


def stopped_under_way(site: Site, server: Server, books: list[str]) -> Outcome:
    """Send SIGTERM while reviews wait for a lock, and other requests are half sent: the reviews must be stored and
    acknowledged, without waiting for the others. The site is down afterwards."""
    outcome = Outcome("SIGTERM with requests in progress")
    readers = [Reader(site.url, number).register() for number in range(AT_ONCE)]
    for reader in readers:
        reader.open(f"/books/{books[0]}")
    texts = [f"review {uuid.uuid4().hex}" for _ in readers]
    with (
        contextlib.closing(server.connect()) as connection,
        ThreadPoolExecutor(len(readers)) as pool,
        unfinished(site, HALVES, HALVES),
    ):
        execute(connection, "BEGIN; LOCK TABLE reviews IN ACCESS EXCLUSIVE MODE")
        tries = [
            pool.submit(reader.send, f"/books/{books[0]}/review", rating="5", text=text)
            for reader, text in zip(readers, texts, strict=True)
        ]
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'flyleaf%' AND wait_event_type = 'Lock'"
        deadline = time.monotonic() + 1.5
        while execute(connection, waiting) != [(len(readers),)] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert site.process is not None
        site.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        execute(connection, "COMMIT")
        start = time.monotonic()
        answers = [_status(attempt.result) for attempt in tries]
        lost, doubled = lost_and_doubled(server, texts)
        site.stop()
        seconds = time.monotonic() - start
    outcome.figures = (
        f"{_counted(answers)}; {lost} lost, {doubled} duplicated; {2 * HALVES} halves of requests; "
        f"ended {seconds:.1f} s after the lock"
    )
    outcome.require(seconds < LONGEST_STOP, f"the stop took {seconds:.1f} s")
    outcome.require(answers == [303] * len(readers), "not all requests succeeded")
    outcome.require(lost == doubled == 0, "reviews were lost or duplicated")
    return outcome


def restarted_behind_a_socket(site: Site) -> Outcome:
    """Stop and start the site repeatedly on one socket, as systemd does, while clients connect."""
    outcome = Outcome(f"{RESTARTS} restarts behind a socket")
    site.stop()
    done = threading.Event()
    statuses: list[int] = []
    slowest: list[float] = []

    def visit() -> None:
        while not done.is_set() or len(statuses) < REQUESTS:
            start = time.monotonic()
            statuses.append(_status(lambda: requests.get(f"{site.url}/", timeout=60)))
            slowest.append(time.monotonic() - start)
            time.sleep(0.05)

    with socket.create_server(("127.0.0.1", site.port), backlog=1024) as listener, ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(visit)
        try:
            site.start(listener)
            for _ in range(RESTARTS):
                seen = len(statuses)
                wait_for(lambda seen=seen: len(statuses) >= seen + 40, 60, "no request succeeds")  # type: ignore[misc]
                site.stop()
                site.start(listener)
        finally:
            done.set()
    outcome.figures = f"{_counted(statuses)}; the slowest waited {max(slowest):.1f} s"
    outcome.require(set(statuses) == {200}, "requests were lost")
    return outcome


def races(site: Site, server: Server, books: list[str], rounds: int = ROUNDS) -> tuple[Outcome, Outcome]:
    """Let eight browsers register one name simultaneously, and eight windows of one reader review one book."""
    registering = Outcome(f"{rounds} rounds of {AT_ONCE} registrations of one name")
    reviewing = Outcome(f"{rounds} rounds of {AT_ONCE} reviews of one reader")
    registrations: list[int] = []
    reviews: list[int] = []
    browsers = [Reader(site.url, number) for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool, contextlib.closing(server.connect()) as connection:
        for number in range(rounds):
            name, book = f"Race {uuid.uuid4().hex[:12]}", books[number]
            for browser in browsers:
                browser.leave(number)
                browser.open("/register")
            fields = {"username": name, "password": PASSWORD, "confirmation": PASSWORD}
            answers = _together(pool, [partial(browser.send, "/register", **fields) for browser in browsers])
            registrations += answers
            [(rows,)] = execute(connection, "SELECT count(*) FROM readers WHERE name = %s", (name,))
            registering.require(answers.count(303) == rows == 1, f"round {number}: {_counted(answers)}, {rows} rows")
            if 303 not in answers:
                continue
            winner = browsers[answers.index(303)]
            winner.open(f"/books/{book}")
            fields = {"rating": "3", "text": name}
            sending = [partial(winner.twin().send, f"/books/{book}/review", **fields) for _ in browsers]
            answers = _together(pool, sending)
            reviews += answers
            [(rows,)] = execute(connection, "SELECT count(*) FROM reviews WHERE text = %s", (name,))
            reviewing.require(answers.count(303) == rows == 1, f"round {number}: {_counted(answers)}, {rows} rows")
    for outcome, answers in ((registering, registrations), (reviewing, reviews)):
        outcome.figures = _counted(answers)
        outcome.require(all(200 <= status < 500 for status in answers), "some responses were 5xx or missing")
    return registering, reviewing


def _together(pool: ThreadPoolExecutor, requests_: Sequence[Callable[[], requests.Response]]) -> list[int]:
    barrier = threading.Barrier(len(requests_))

    def go(ask: Callable[[], requests.Response]) -> int:
        barrier.wait()
        return _status(ask)

    return list(pool.map(go, requests_))


def _status(ask: Callable[[], requests.Response]) -> int:
    """Return the status, or 0 if there was no response."""
    try:
        return ask().status_code
    except requests.RequestException:
        return 0


def _counted(answers: list[Any]) -> str:
    return " ".join(f"{status or 'cut'}×{count}" for status, count in sorted(Counter(answers).items()))
