"""The plan of the cluster: its parts with their folders, ports, passwords and settings."""

import contextlib
import random
import secrets
import socket
import sys
import tempfile
from pathlib import Path
from string import Template

from cluster import leftovers
from cluster.part import Part
from cluster.programs import find_programs
from faults import disk
from faults.site import without_settings
from flyleaf.config import PROJECT
from flyleaf.embedded import account as accounts
from flyleaf.embedded import binaries
from flyleaf.embedded.cluster import ENVIRONMENT

SETTINGS = PROJECT / "cluster" / "settings"
SERVERS = ("db1", "db2", "db3")
NODES = ("node1", "node2")
PORT_RANGE = range(20_000, 32_000)
DISK_MEGABYTES = 600  # of a server that is breakable
PORTS = (
    "site statistics node1 node2 pgbouncer1 pgbouncer2 primary standby1 standby2 standby3 redis etcd etcd_peers"
    " postgres1 postgres2 postgres3 patroni1 patroni2 patroni3"
    " etcd1_seen etcd2_seen etcd3_seen postgres1_seen postgres2_seen postgres3_seen"
    " patroni1_seen patroni2_seen patroni3_seen"
).split()


class Plan:
    """Everything in `folder` that the parts need. `settings` are further settings of the nodes.

    If the cluster `is_breakable`, the servers reach each other and etcd through a network that can be cut, and have
    small disks where root can mount them; `disks` unmounts them.
    """

    def __init__(self, is_breakable: bool, settings: dict[str, str]) -> None:
        """Raises MissingProgramsError or EmbeddedServerError if programs are missing."""
        self._programs = find_programs()
        self._account = accounts.unprivileged()
        self._postgres = binaries.find(None)
        self._settings, self._is_breakable = settings, is_breakable
        self.ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self.password = secrets.token_hex(16)
        self.parts: dict[str, Part] = {}
        self.disks = contextlib.ExitStack()
        self.has_small_disks = False
        self.folder = Path(tempfile.mkdtemp(prefix=leftovers.PREFIX, dir=leftovers.PLACE))
        self.lock = leftovers.hold(self.folder)
        self.folder.chmod(0o711)  # as root, most parts run under another account

    def add_parts(self) -> None:
        ports, programs = self.ports, self._programs
        postgres = binaries.for_account(self._postgres, self._account, self.folder / "programs")
        etcd = f"http://127.0.0.1:{ports['etcd']}"
        peers = f"http://127.0.0.1:{ports['etcd_peers']}"
        self._add(
            "etcd", programs["etcd"], "--name=etcd", "--data-dir=data", f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}", f"--listen-peer-urls={peers}", "--log-level=warn", "--enable-v2=true",
            f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=etcd={peers}",
        )  # fmt: skip
        seen = "_seen" if self._is_breakable else ""
        for name in SERVERS:
            if self._is_breakable:
                self.has_small_disks = self.disks.enter_context(disk.small(self.folder / name, DISK_MEGABYTES))
            folder, number = self._own_folder(name), name[2:]
            self._fill_in(
                "patroni.yml", folder, name=name, programs=str(postgres.folder), folder=str(folder),
                data=str(folder / "data"), etcd=ports[f"etcd{number}_seen" if seen else "etcd"],
                patroni=ports[f"patroni{number}"], patroni_seen=ports[f"patroni{number}{seen}"],
                postgres=ports[f"postgres{number}"], postgres_seen=ports[f"postgres{number}{seen}"],
            )  # fmt: skip
            self._add(name, programs["patroni"], "patroni.yml")
            address = f"http://patroni:{self.password}@127.0.0.1:{ports[f'patroni{number}']}"
            self._add_ours(f"disk{number}", "cluster.disk_watch", name, str(folder), PATRONI=address)
        if self._is_breakable:
            self._add_network()
        self._fill_in("redis.conf", self._own_folder("redis"), port=ports["redis"])
        self._add("redis", programs["redis-server"], "redis.conf")
        self._fill_in("haproxy.cfg", self._own_folder("haproxy"), **ports)
        self._add("haproxy", programs["haproxy"], "-f", "haproxy.cfg")
        for name in ("pgbouncer1", "pgbouncer2"):
            folder = self._own_folder(name)
            self._write(folder / "users.txt", f'"flyleaf_site" "{self.password}"\n')
            self._fill_in("pgbouncer.ini", folder, port=ports[name], **ports)
            self._add(name, programs["pgbouncer"], "pgbouncer.ini")
        secret = secrets.token_hex(32)
        for name in NODES:
            self.parts[name] = self._node(name, secret)

    @property
    def cut(self) -> Path:
        """Return the file with the ports between the servers and etcd that are cut."""
        return self.folder / "cut"

    def _add_network(self) -> None:
        ways = {
            name: "etcd" if name.startswith("etcd") else name.removesuffix("_seen") for name in PORTS if "seen" in name
        }
        routes = [f"{self.ports[name]}:{self.ports[target]}" for name, target in ways.items()]
        self._add_ours("network", "cluster.network", str(self.cut), *routes)

    def _add_ours(self, name: str, module: str, *arguments: str, **settings: str) -> None:
        """Add a program of this package, which runs by the account that starts the cluster."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        environment = {**without_settings(), "PYTHONPATH": str(PROJECT), **settings}
        self.parts[name] = Part(
            name, [sys.executable, "-m", module, *arguments], folder, accounts.current(), environment
        )

    def _node(self, name: str, secret: str) -> Part:
        """Return a node: the site as `python application.py` starts it, by the account that starts the cluster."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        ports, pooler = self.ports, f"flyleaf_site:{self.password}@127.0.0.1:{self.ports[f'pgbouncer{name[4:]}']}"
        settings = {
            "FLYLEAF_DATA": str(folder / "data"),
            "PORT": str(ports[name]),
            "WORKERS": "1",
            "SECRET_KEY": secret,
            "SESSION_TYPE": "redis",
            "REDIS_URL": f"redis://:{self.password}@127.0.0.1:{ports['redis']}/0",
            "DATABASE_URL": f"postgresql://{pooler}/flyleaf",
            "DATABASE_READ_URL": ",".join(f"postgresql://{pooler}/flyleaf_{server}" for server in SERVERS),
            "DATABASE_OWNER_URL": f"postgresql://flyleaf:{self.password}@127.0.0.1:{ports['primary']}/flyleaf",
            "TRUSTED_PROXIES": "1",
        }
        command = [sys.executable, str(PROJECT / "application.py"), "--end-with-parent"]
        return Part(name, command, folder, accounts.current(), {**without_settings(), **settings, **self._settings})

    def _add(self, name: str, *command: str) -> None:
        folder = self._own_folder(name)
        self.parts[name] = Part(name, list(command), folder, self._account, ENVIRONMENT)

    def _own_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        self._account.own(folder)
        return folder

    def _fill_in(self, file: str, place: Path, **values: str | int) -> None:
        """Write a file of settings with these values, and the password."""
        template = Template((SETTINGS / file).read_text(encoding="utf-8"))
        self._write(place / file, template.substitute(values, password=self.password))

    def _write(self, path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        self._account.own(path)


def _free_ports(count: int) -> list[int]:
    """Return free ports below those that the kernel gives to outgoing connections: they stay free if a part is dead."""
    found: list[int] = []
    for port in random.sample(PORT_RANGE, len(PORT_RANGE)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found
