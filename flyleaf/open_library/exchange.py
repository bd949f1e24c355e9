"""A GET request with a deadline for the whole exchange.

The timeout in requests applies to each wait for data, so a header or body that arrives byte by byte can take for ever,
and it doesn't cover DNS look-ups. So the exchange runs in a thread of its own: at the deadline the caller stops waiting
and shuts the connection down, which ends the thread.
"""

import socket
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

LARGEST_BODY = 4 * 2**20  # bytes after decoding; 25 classics with thousands of editions each make about 2.5 MB
REDIRECTS = 3
# Open Library belongs to the Internet Archive and has moved between these two domains.
HOMES = ("openlibrary.org", "archive.org")
PORTS = {"http": 80, "https": 443}
GRACE_SECONDS = 0.5  # for the thread to notice that its connection was shut down


class OpenLibraryError(Exception):
    """Open Library gave no usable answer. The message is one short line for the log."""

    def __init__(self, message: str, retry_after: float = 0.0, status: int | None = None) -> None:
        super().__init__(one_line(message))
        self.retry_after = retry_after  # seconds; 0 if the site did not say
        self.status = status  # of a whole answer that wasn't 200


def one_line(text: str) -> str:
    """Return the text as one short printable line: another site's text may contain line breaks or be long."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:200])


class Exchange(threading.Thread):
    """A GET of `url`: call start(), then body()."""

    def __init__(self, url: str, params: Mapping[str, str], headers: Mapping[str, str], seconds: float) -> None:
        super().__init__(name="open-library-exchange", daemon=True)
        self._url = url
        self._params = params
        self._headers = headers
        self._seconds = seconds
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._aborted = False
        self._outcome: bytes | Exception = OpenLibraryError("the exchange was not started")

    def body(self) -> bytes:
        """Return the body of a 200 response. Raises OpenLibraryError, at the deadline at the latest."""
        self.join(self._seconds)
        if self.is_alive():
            self.abort()
            self.join(GRACE_SECONDS)
            raise OpenLibraryError(f"no whole answer within {self._seconds:g} s")
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    def abort(self) -> None:
        """Shut the connection down, so that the thread ends."""
        with self._lock:
            self._aborted = True
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the other site has closed it already

    def watch(self, connection: socket.socket) -> None:
        """Remember a connection for abort(). It is duplicated because TLS takes over the original."""
        with self._lock:
            if self._aborted:
                connection.close()
                raise OSError("the exchange was aborted")
            self._connections.append(connection.dup())

    def run(self) -> None:
        try:
            self._outcome = self._get()
        except OpenLibraryError as error:
            self._outcome = error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            # urllib and the codecs raise ValueError for malformed addresses and headers.
            self._outcome = OpenLibraryError(f"{type(error).__name__}: {_reason(error)}")
        except Exception as error:  # a bug: body() raises it in the caller's thread
            self._outcome = error
        finally:
            with self._lock:
                for connection in self._connections:
                    connection.close()
                self._connections.clear()

    def _get(self) -> bytes:
        with requests.Session() as session:
            for scheme in PORTS:
                session.mount(f"{scheme}://", _WatchedAdapter())
            session.auth = _no_auth  # otherwise requests would read ~/.netrc
            url, params = self._url, self._params
            for _ in range(REDIRECTS + 1):
                with session.get(
                    url,
                    params=params,
                    headers=self._headers,
                    timeout=self._seconds
                    + GRACE_SECONDS,  # ends the thread if it is still connecting, which abort() can't stop
                    stream=True,
                    allow_redirects=False,
                ) as response:
                    target = session.get_redirect_target(response)
                    if target is None:
                        return _read(response)
                    url, params = self._checked(urljoin(response.url, target)), {}
        raise OpenLibraryError(f"more than {REDIRECTS} redirects")

    def _checked(self, url: str) -> str:
        """Return a redirect's target if it is a web server of Open Library, and raise OpenLibraryError otherwise.

        This prevents server-side request forgery (SSRF): a redirect to a service that only this machine can reach.
        https is never downgraded to http.
        """
        asked, target = urlsplit(self._url), urlsplit(url)
        if asked.scheme == "https" and target.scheme == "http":
            target = target._replace(scheme="https")
        host = target.hostname or ""
        at_home = any(host == home or host.endswith(f".{home}") for home in HOMES)
        at_home = at_home and _port(target) == PORTS.get(target.scheme)
        same_site = (host, _port(target)) == (asked.hostname, _port(asked))
        if target.scheme in PORTS and "@" not in target.netloc and (at_home or same_site):
            return target.geturl()
        raise OpenLibraryError(f"redirected to {target.scheme}://{target.netloc}, which is not Open Library")


def _reason(error: Exception) -> object:
    """Return the cause behind urllib3's long and uninformative "Max retries exceeded with url …"."""
    return getattr(error.args[0], "reason", error) if error.args else ""


def _port(url: SplitResult) -> int | None:
    return url.port or PORTS.get(url.scheme)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(response: requests.Response) -> bytes:
    if response.status_code != 200:
        pause = _retry_after(response.headers.get("Retry-After"))
        raise OpenLibraryError(f"answered {response.status_code}", pause, response.status_code)
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > LARGEST_BODY:
            raise OpenLibraryError(f"answered more than {LARGEST_BODY} bytes")
    return bytes(body)


def _retry_after(text: str | None) -> float:
    """Return the Retry-After header in seconds: it is a number or a date (RFC 9110, 10.2.3). Anything else is 0."""
    if text is None:
        return 0.0
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # not a date, or one without a time zone
        return 0.0


def _watch(connection: socket.socket) -> socket.socket:
    exchange = threading.current_thread()
    if isinstance(exchange, Exchange):
        exchange.watch(connection)
    return connection


class _WatchedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _watch(super()._new_conn())


class _WatchedTlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _watch(super()._new_conn())


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection


class _WatchedAdapter(HTTPAdapter):
    """Opens connections that the exchange can shut down, also through a proxy set in the environment."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_watched_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        _use_watched_pools(manager)
        return manager


def _use_watched_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _WatchedPool, "https": _WatchedTlsPool}
