"""The whole cluster: how it starts, how it is, and how nothing is left of it."""

import contextlib
import shutil
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import psycopg2
import requests

from cluster.plan import NODES, SERVERS, Plan
from faults.site import execute, wait_for
from flyleaf.embedded.parent import watch_parent

START_SECONDS = 60.0


class Cluster:
    """All parts on this machine, in a folder that is deleted with them. Use it in a `with`.

    `settings` are further settings of the nodes. If it `is_breakable`, a server can be cut off from etcd and the other
    servers, and has a small disk where root can mount one.
    """

    def __init__(self, *, is_breakable: bool = False, **settings: str) -> None:
        """Raises MissingProgramsError or EmbeddedServerError if programs are missing."""
        self._plan = Plan(is_breakable, settings)
        self.folder, self.ports, self.parts = self._plan.folder, self._plan.ports, self._plan.parts

    @property
    def url(self) -> str:
        """Return the address of the site."""
        return f"http://127.0.0.1:{self.ports['site']}"

    @property
    def has_small_disks(self) -> bool:
        """Return whether the disks of the servers can be filled."""
        return self._plan.has_small_disks

    @property
    def statistics(self) -> str:
        """Return the address of HAProxy's statistics."""
        return f"http://127.0.0.1:{self.ports['statistics']}"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all parts and wait until the site has its books and both standbys. Raises RuntimeError."""
        self._plan.add_parts()
        self.parts["etcd"].start()
        # Patroni ends if etcd has not agreed with itself yet.
        self._wait_for(self._etcd_is_ready, "etcd does not start", "etcd")
        for name, part in self.parts.items():
            if name not in ("etcd", *NODES):
                part.start()
        self._wait_for(lambda: self.leader() is not None, "PostgreSQL has no primary", "db1")
        with contextlib.closing(self.connect("postgres")) as connection:
            execute(connection, f"CREATE ROLE flyleaf LOGIN PASSWORD '{self._plan.password}'")
            execute(connection, f"CREATE ROLE flyleaf_site LOGIN PASSWORD '{self._plan.password}'")
            execute(connection, "CREATE DATABASE flyleaf OWNER flyleaf")
        for name in NODES:
            self.parts[name].start()
        self._wait_for(self.is_whole, "the cluster does not become whole", "node1")

    def stop(self) -> None:
        """Stop all parts and delete the folder."""
        for part in self.parts.values():
            part.stop()
        self._plan.disks.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._plan.lock.close()

    def patroni(self, server: str) -> str:
        """Return the address at which a server's Patroni says how things are."""
        return f"http://127.0.0.1:{self.ports[f'patroni{server[2:]}']}"

    def leader(self) -> str | None:
        """Return the name of the server that answers as the primary."""
        return next((name for name in SERVERS if self._patroni_says(name, "primary")), None)

    def synchronous(self) -> str | None:
        """Return the name of the standby that commits wait for."""
        return next((name for name in SERVERS if self._patroni_says(name, "synchronous")), None)

    def standbys(self) -> list[str]:
        """Return the names of the standbys that stream from the primary."""
        return [name for name in SERVERS if self._patroni_says(name, "replica?lag=16MB")]

    def is_whole(self) -> bool:
        """Return whether a primary and two standbys run, one of them synchronous, and both nodes are ready."""
        return (
            self.leader() is not None
            and len(self.standbys()) == len(SERVERS) - 1
            and self.synchronous() is not None
            and all(_is_ok(f"http://127.0.0.1:{self.ports[name]}/readyz") for name in NODES)
            and _is_ok(f"{self.url}/readyz")
        )

    def wait_until_whole(self) -> None:
        """Raises RuntimeError if that takes too long."""
        self._wait_for(self.is_whole, "the cluster does not become whole again", "db1")

    def cut_off(self, server: str) -> None:
        """Cut this server's way to etcd, the other servers' to its PostgreSQL, and all ways from Patroni to Patroni."""
        number = server[2:]
        names = [f"etcd{number}_seen", f"postgres{number}_seen", *(f"patroni{other[2:]}_seen" for other in SERVERS)]
        self._plan.cut.write_text(" ".join(str(self.ports[name]) for name in names))

    def mend_network(self) -> None:
        self._plan.cut.write_text("")

    def connect(self, database: str = "flyleaf") -> Any:
        """Connect to the primary as the superuser, past PgBouncer and HAProxy."""
        leader = self.leader()
        if leader is None:
            raise RuntimeError("there is no primary")
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.ports[f"postgres{leader[2:]}"], user="postgres", password=self._plan.password,
            dbname=database, connect_timeout=3,
        )  # fmt: skip
        connection.autocommit = True
        return connection

    def _etcd_is_ready(self) -> bool:
        try:
            version = requests.get(f"http://127.0.0.1:{self.ports['etcd']}/version", timeout=2).json()
        except requests.RequestException:
            return False
        return bool(version["etcdcluster"] != "not_decided")

    def _patroni_says(self, server: str, what: str) -> bool:
        return _is_ok(f"{self.patroni(server)}/{what}")

    def _wait_for(self, condition: Callable[[], bool], failure: str, log: str) -> None:
        try:
            wait_for(condition, START_SECONDS, failure)
        except RuntimeError as error:
            said = self.parts[log].log.read_text(errors="replace")[-1500:]
            raise RuntimeError(f"{error}. The end of {log}'s log:\n{said}") from error


def end_with_a_signal() -> None:
    """Have SIGINT, SIGTERM and the parent's end raise KeyboardInterrupt, but only once, so that nothing interrupts the
    cleanup."""

    def interrupt(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    watch_parent(signal.SIGTERM)


def _is_ok(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False
