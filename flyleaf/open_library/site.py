"""What the clients of Open Library's servers share: one request at a time, politeness, and a breaker."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flyleaf.open_library.breaker import Breaker
from flyleaf.open_library.exchange import Exchange, OpenLibraryError

VERSION = "0.1.0"  # of Flyleaf, as in pyproject.toml; a test compares them
MISSING = 404


class Site:
    """The server at `url`. `contact` is an e-mail or web address, which Open Library requires.

    There is one request at a time. The caller limits the rate.
    """

    accept = "*/*"  # the kind of answer that is asked for

    def __init__(self, contact: str, url: str, deadline: float, breaker: Breaker | None = None) -> None:
        self._url = url
        self._headers = {
            "User-Agent": f"Flyleaf/{VERSION} ({contact})",
            "Accept": self.accept,
            "Accept-Encoding": "gzip",
        }
        self._deadline = deadline
        self._breaker = breaker or Breaker()
        self._lock = threading.Lock()
        self._exchange: Exchange | None = None
        self._closed = False

    @property
    def pause(self) -> float:
        """Return the seconds until the next request is allowed, 0 if one is allowed now."""
        return self._breaker.pause

    def close(self) -> None:
        """Refuse further requests and abort the current one, at the end of the process."""
        with self._lock:
            self._closed = True
            if self._exchange is not None:
                self._exchange.abort()

    @contextmanager
    def _answer(self, path: str, params: Mapping[str, str]) -> Iterator[bytes | None]:
        """Send a request for the block, which reads the answer: None if it is a 404.

        An OpenLibraryError, also one that the block raises, counts for the breaker.
        """
        if self.pause > 0:
            raise OpenLibraryError(f"left alone for {self.pause:.0f} s more")
        exchange = self._start(path, params)
        try:
            yield _body(exchange)
        except OpenLibraryError as error:
            self._breaker.failed(error.retry_after)
            raise
        self._breaker.succeeded()

    def _start(self, path: str, params: Mapping[str, str]) -> Exchange:
        with self._lock:
            if self._closed:
                raise OpenLibraryError("closed")
            if self._exchange is not None and self._exchange.is_alive():
                raise OpenLibraryError("the request before has not ended")
            self._exchange = Exchange(self._url + path, params, self._headers, self._deadline)
            self._exchange.start()
            return self._exchange


def _body(exchange: Exchange) -> bytes | None:
    try:
        return exchange.body()
    except OpenLibraryError as error:
        if error.status == MISSING:
            return None
        raise
