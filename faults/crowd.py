"""Readers who use the site without pause and record every response: they search, open books, write reviews and log
in."""

import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import unescape
from typing import Any, Self

import requests

PASSWORD = "a rose is a rose"
GIVE_UP = 20.0  # seconds without an answer
PACE = 0.02  # seconds between one reader's requests
LOGIN_PACE = 0.3  # and between logins: a proxy gives all readers one address, which gets 1,000 logins an hour
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')


@dataclass(frozen=True)
class Answer:
    """A response, or its absence."""

    what: str
    end: float  # on the monotonic clock
    seconds: float
    status: int  # 0: no response
    is_good: bool
    is_excused: bool  # a 503 with Retry-After

    @property
    def label(self) -> str:
        return str(self.status) if self.status else "cut"


class Reader:
    """One browser with its own IP address."""

    def __init__(self, url: str, number: int) -> None:
        self.url, self.number = url, number
        self.name = f"Reader {number} {uuid.uuid4().hex[:8]}"
        self._browser = requests.Session()
        self._browser.headers["X-Forwarded-For"] = f"198.18.{number // 250 % 250}.{number % 250 + 1}"
        self.hidden: dict[str, str] = {}

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return self._browser.request(method, self.url + path, timeout=GIVE_UP, allow_redirects=False, **more)

    def open(self, path: str) -> requests.Response:
        """Request a page, and keep its hidden form fields for `send`."""
        page = self.ask("GET", path)
        self.hidden = hidden_fields(page.text)
        return page

    def send(self, path: str, **fields: str) -> requests.Response:
        return self.ask("POST", path, data=self.hidden | fields)

    def leave(self, number: int) -> None:
        """Clear the cookies and continue from another IP address."""
        self._browser.cookies.clear()
        self._browser.headers["X-Forwarded-For"] = f"198.19.{number % 250}.{self.number % 250 + 1}"

    def twin(self) -> "Reader":
        """Return another window of the same reader, on the same page."""
        twin = Reader(self.url, self.number)
        twin._browser.cookies.update(self._browser.cookies)
        twin.hidden = self.hidden
        return twin

    def register(self) -> Self:
        self.open("/register")
        answer = self.send("/register", username=self.name, password=PASSWORD, confirmation=PASSWORD)
        if answer.status_code != 303:
            raise RuntimeError(f"registering failed with {answer.status_code}: {answer.text[:2000]}")
        return self


class Crowd:
    """`begin` starts the readers and `end` stops them; `answers`, `acknowledged` and `logged_in` cover the time
    between."""

    def __init__(self, url: str, books: Sequence[str]) -> None:
        self.answers: list[Answer] = []
        self.acknowledged: list[str] = []  # the texts of reviews
        self.logged_in: list[Reader] = []  # new browsers
        self._url, self._books = url, books
        self._readers = [Reader(url, number).register() for number in range(6)]
        self._visitor = Reader(url, 6)
        self._next_book = [0] * len(self._readers)
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        for reader in self._readers:
            reader.open(f"/books/{books[0]}")  # its form's token is valid as long as the session

    def begin(self) -> None:
        self.answers, self.acknowledged, self.logged_in = [], [], []
        self._ended.clear()
        work: list[Callable[[], None]] = [
            lambda: self._get(self._readers[0], "search", "/search?q=the"),
            lambda: self._get(self._readers[1], "book", f"/books/{self._books[0]}"),
            lambda: self._get(self._readers[2], "api", f"/api/{self._books[1]}"),
            lambda: self._get(self._visitor, "home", "/"),
            lambda: self._review(4),
            lambda: self._review(5),
            self._log_in,
        ]
        self._threads = [threading.Thread(target=self._repeat, args=(step,)) for step in work]
        for thread in self._threads:
            thread.start()

    def lost_logins(self) -> int:
        """Return how many readers who logged in have to do it again."""
        asked = [*self._readers, *self.logged_in]
        return sum(reader.ask("GET", "/account").status_code != 200 for reader in asked)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, step: Callable[[], None]) -> None:
        while not self._ended.wait(PACE):
            step()

    def _note(self, what: str, good: Sequence[int], ask: Callable[[], requests.Response]) -> requests.Response | None:
        start = time.monotonic()
        try:
            answer = ask()
        except requests.RequestException:
            answer = None
        end = time.monotonic()
        status = answer.status_code if answer is not None else 0
        excused = status == 503 and answer is not None and answer.headers.get("Retry-After", "").isdigit()
        self.answers.append(Answer(what, end, end - start, status, status in good, excused))
        return answer if status in good else None

    def _get(self, reader: Reader, what: str, path: str) -> None:
        self._note(what, (200,), lambda: reader.ask("GET", path))

    def _review(self, number: int) -> None:
        """Review the next book, with a new text for each attempt, until the site acknowledges it."""
        reader, text = self._readers[number], f"review {uuid.uuid4().hex}"
        book = self._books[self._next_book[number]]
        answer = self._note("review", (303, 409), lambda: reader.send(f"/books/{book}/review", rating="4", text=text))
        if answer is None:
            return
        # 409: the previous attempt, which got a 503 or no response, was stored after all.
        self._next_book[number] += 1
        if answer.status_code == 303:
            self.acknowledged.append(text)

    def _log_in(self) -> None:
        self._ended.wait(LOGIN_PACE)
        # In turn, because an account has a limit of sessions: the oldest ends.
        known = self._readers[len(self.logged_in) % len(self._readers)]
        visitor = Reader(self._url, 7)
        if self._note("form", (200,), lambda: visitor.open("/login")):
            # 429: an account has a limit of logins per hour, too, which a long run reaches.
            log_in = partial(visitor.send, "/login", username=known.name, password=PASSWORD)
            answer = self._note("log-in", (303, 429), log_in)
            if answer is not None and answer.status_code == 303:
                self.logged_in.append(visitor)


def statuses(answers: Sequence[Answer]) -> str:
    return " ".join(f"{label}×{count}" for label, count in sorted(Counter(a.label for a in answers).items()))


def hidden_fields(html: str) -> dict[str, str]:
    """Return a page's hidden fields and values; the last one wins if a name occurs twice."""
    fields = {}
    for tag in _HIDDEN.findall(html):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in attributes:
            fields[attributes["name"]] = unescape(attributes.get("value", ""))
    return fields
