"""The address that the site is served at: is it free, and if not, who is there?"""

import contextlib
import errno
import http.client
import json
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

STARTING_SECONDS = 10.0  # for another start that has the address already and doesn't answer yet
NOT_FLYLEAF = "another program has it: stop that, or set PORT"


class AddressError(RuntimeError):
    """The site can't be served there. The text is one line: why, and what to do."""


@dataclass(frozen=True)
class Address:
    host: str  # as it was given
    ip: str
    port: int
    family: socket.AddressFamily

    def __str__(self) -> str:
        """For a browser; an address that means all of the machine's is shown as the one to use on the machine."""
        host = self.reachable if self.ip in ("0.0.0.0", "::") else self.host.strip("[]")  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def reachable(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.ip, self.ip)  # noqa: S104

    @property
    def everywhere(self) -> bool:
        return self.reachable != self.ip


def find(host: str, port: int) -> Address:
    """The address that a host's name stands for; IPv4 where it has both."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressError(f"There is no address for HOST {host!r}: write 127.0.0.1, or 0.0.0.0 for all.") from None
    family, _, _, _, place = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return Address(host, str(place[0]), port, family)


@contextlib.contextmanager
def reserved(address: Address) -> Iterator[None]:
    """Keep the address from others until the workers listen there; AddressError where it is taken.

    granian's workers share their port (SO_REUSEPORT), and would share it with another site's just as well.
    """
    with socket.socket(address.family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.ip, address.port))
        except OSError as error:
            raise AddressError(f"Flyleaf can't be served at {address}: {_reason(address, error)}.") from None
    with socket.socket(address.family) as guard:
        if sys.platform == "linux":
            # Bound, with SO_REUSEPORT and without SO_REUSEADDR, it lets our workers in, and no other's probe.
            guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            guard.bind((address.ip, address.port))
        yield


def passed(descriptor: int) -> tuple[Address, socket.socket]:
    """The socket that the program which started this one holds open, and goes on to hold: nobody is refused while the
    site is started anew. AddressError where it is no such socket."""
    try:
        found = socket.socket(fileno=descriptor)
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise AddressError(f"LISTEN_FDS passes no socket ({error.strerror}): unset it, or pass one.") from None
    if found.family not in (socket.AF_INET, socket.AF_INET6) or not listens:
        found.close()
        raise AddressError("LISTEN_FDS passes a socket that doesn't listen at a TCP address: pass one that does.")
    ip, port = found.getsockname()[:2]
    return Address(ip, ip, port, found.family), found


def is_served(address: Address) -> bool:
    """Whether there is an answer, whatever it says: this machine's name may not be one that the site trusts."""
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
        return "ports below 1024 are root's: set PORT to a higher one"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine doesn't have that address: write 127.0.0.1, or 0.0.0.0 for all, into HOST"
    if error.errno != errno.EADDRINUSE:
        return error.strerror or str(error)
    deadline = time.monotonic() + STARTING_SECONDS
    # Taken and nobody listens: so it is while Flyleaf starts.
    while _connect(address) == errno.ECONNREFUSED and time.monotonic() < deadline:
        time.sleep(0.1)
    answer = _ask(address)
    if answer.get("site") == "flyleaf":
        return "it is running there already; set PORT to run another one beside it"
    return NOT_FLYLEAF


def _ask(address: Address) -> dict[str, object]:
    """What /healthz says; empty where that isn't a JSON object."""
    connection = http.client.HTTPConnection(address.reachable, address.port, timeout=2)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            answer = json.loads(connection.getresponse().read(1000))
        except (OSError, http.client.HTTPException, ValueError):
            return {}
    return answer if isinstance(answer, dict) else {}


def _connect(address: Address) -> int:
    """The errno of a connection, 0 where it was made."""
    with socket.socket(address.family) as probe:
        probe.settimeout(2)
        return probe.connect_ex((address.reachable, address.port))
