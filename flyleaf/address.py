"""The address that the site is served at: check that it is free, or say what is using it."""

import contextlib
import errno
import http.client
import json
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

STARTING_SECONDS = 10.0  # for another Flyleaf that has bound the address but doesn't answer yet
NOT_FLYLEAF = "another program is using it: stop that program, or set PORT"


class AddressError(RuntimeError):
    """The site can't be served at an address. The message is one line: the reason and what to do."""


@dataclass(frozen=True)
class Address:
    host: str  # as it was given
    ip: str
    port: int
    family: socket.AddressFamily

    def __str__(self) -> str:
        """Return the URL for a browser on this machine; 0.0.0.0 and :: are shown as the loopback address."""
        host = self.reachable if self.ip in ("0.0.0.0", "::") else self.host.strip("[]")  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def reachable(self) -> str:
        """Return an IP address at which this machine can reach the site."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.ip, self.ip)  # noqa: S104

    @property
    def is_wildcard(self) -> bool:
        """Return whether it stands for all addresses of this machine."""
        return self.reachable != self.ip


def find(host: str, port: int) -> Address:
    """Resolve a host name to an address, preferring IPv4."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressError(
            f"HOST is {host!r}, which can't be resolved: use 127.0.0.1, or 0.0.0.0 for all addresses."
        ) from None
    family, _, _, _, place = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return Address(host, str(place[0]), port, family)


@contextlib.contextmanager
def reserved(address: Address) -> Iterator[None]:
    """Reserve the address until the workers listen there. Raises AddressError if it is in use.

    granian's workers share their port (SO_REUSEPORT), so without this two sites could share one by mistake.
    """
    with socket.socket(address.family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.ip, address.port))
        except OSError as error:
            raise AddressError(f"Flyleaf can't be served at {address}: {_reason(address, error)}.") from None
    with socket.socket(address.family) as guard:
        if sys.platform == "linux":
            # Bound with SO_REUSEPORT but without SO_REUSEADDR, it admits our workers but fails another Flyleaf's probe.
            guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            guard.bind((address.ip, address.port))
        yield


def passed(descriptor: int) -> tuple[Address, socket.socket]:
    """Return the listening socket that the parent program (such as systemd) passed. The parent keeps it open, so no
    connection is refused while the site restarts. Raises AddressError if the descriptor is not such a socket."""
    try:
        found = socket.socket(fileno=descriptor)
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise AddressError(
            f"LISTEN_FDS is set, but no socket was passed ({error.strerror}): unset it, or pass one."
        ) from None
    if found.family not in (socket.AF_INET, socket.AF_INET6) or not listens:
        found.close()
        raise AddressError("The socket passed by LISTEN_FDS doesn't listen on a TCP address: pass one that does.")
    ip, port = found.getsockname()[:2]
    return Address(ip, ip, port, found.family), found


def is_served(address: Address) -> bool:
    """Return whether anything answers. The status doesn't matter: TRUSTED_HOSTS may not include this machine's name."""
    connection = http.client.HTTPConnection(address.reachable, address.port, timeout=2)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
    return True


def _reason(address: Address, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "only root can use ports below 1024: set PORT to a higher one"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine doesn't have that address: set HOST to 127.0.0.1, or to 0.0.0.0 for all addresses"
    if error.errno != errno.EADDRINUSE:
        return error.strerror or str(error)
    deadline = time.monotonic() + STARTING_SECONDS
    # The address is bound but nobody listens: that is the state while Flyleaf starts.
    while _connect(address) == errno.ECONNREFUSED and time.monotonic() < deadline:
        time.sleep(0.1)
    answer = _ask(address)
    if answer.get("site") == "flyleaf":
        return "Flyleaf is already running there; set PORT to run a second one"
    return NOT_FLYLEAF


def _ask(address: Address) -> dict[str, object]:
    """Return what /healthz answers, or an empty dict if that isn't a JSON object."""
    connection = http.client.HTTPConnection(address.reachable, address.port, timeout=2)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            answer = json.loads(connection.getresponse().read(1000))
        except (OSError, http.client.HTTPException, ValueError):
            return {}
    return answer if isinstance(answer, dict) else {}


def _connect(address: Address) -> int:
    """Try to connect and return the errno, 0 for success."""
    with socket.socket(address.family) as probe:
        probe.settimeout(2)
        return probe.connect_ex((address.reachable, address.port))
