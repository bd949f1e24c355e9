"""Who may send a large file. A worker holds a few in memory at once, and strangers must not take those places."""

import contextlib
import ipaddress
import re
from collections.abc import Iterator

from granian.rsgi import Scope

PAGE, API = "/import", "/api/v1/me/imports"  # the only paths to which files are uploaded
AT_ONCE = 4
_SESSION = re.compile(r"(?:^|;)\s*[^=;]*session[^=;]*=\s*[^;\s]")


class UploadPlaces:
    """The places of a worker for large files: one for each address that sends any, as trusted proxies report it.

    The site may be under the path `script_name`, which proxies may have removed already.
    """

    def __init__(self, script_name: str, trusted_proxies: int) -> None:
        self._pages = {PAGE, script_name + PAGE}
        self._api = {API, script_name + API}
        self._trusted_proxies = trusted_proxies
        self._taken: set[str] = set()

    def is_offered(self, scope: Scope) -> bool:
        """Return whether this request may bring a file. The application checks who sends it; here it only has to be
        somebody with a session, or for the API with a token."""
        if scope.method != "POST":
            return False
        if scope.path in self._pages:
            return _SESSION.search(_header(scope, "cookie", "; ")) is not None
        return scope.path in self._api and bool(_header(scope, "authorization", ","))

    @contextlib.contextmanager
    def taken(self, scope: Scope) -> Iterator[str | None]:
        """Take a place, and return None; return why if there is none."""
        client = self._client(scope)
        if client in self._taken:
            yield "A file from your address is still on its way: try again once it has arrived."
        elif len(self._taken) >= AT_ONCE:
            yield "Too many files at once: try again in a minute."
        else:
            self._taken.add(client)
            try:
                yield None
            finally:
                self._taken.discard(client)

    def _client(self, scope: Scope) -> str:
        """Return the client's address, or its /64 network for IPv6."""
        hops = [hop.strip() for hop in _header(scope, "x-forwarded-for", ",").split(",")]
        is_forwarded = 0 < self._trusted_proxies <= len(hops)
        client = hops[-self._trusted_proxies] if is_forwarded else scope.client.rpartition(":")[0].strip("[]")
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return client
        if isinstance(address, ipaddress.IPv6Address):
            return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
        return str(address)


def _header(scope: Scope, name: str, joint: str) -> str:
    return joint.join(value for header, value in scope.headers.items() if header == name)
