"""The site as `make run` starts it, and a separate PostgreSQL for DATABASE_URL, both to be stopped, killed and
frozen."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import requests

from flyleaf.config import PROJECT
from flyleaf.embedded import account, binaries, cluster
from flyleaf.embedded.folder import choose
from flyleaf.embedded.parent import end_with_parent

START_SECONDS = 120.0
STOP_SECONDS = 60.0


class Site:
    """`python application.py` with its own data folder and port."""

    def __init__(self, data: Path, group: Path | None = None, log: Path | None = None, **settings: str) -> None:
        """`group` is the folder of a control group in which the site runs, `log` the file for what it prints."""
        self.data, self.port, self._group = data, free_port(), group
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = settings
        self.log = log or data.parent / f"{data.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, listener: socket.socket | None = None) -> None:
        """Start the site, on this socket if given, and wait until it answers."""
        self.launch(listener)
        if listener is None:
            wait_for(self.answers, START_SECONDS, f"the site does not start: see {self.log}")

    def launch(self, listener: socket.socket | None = None) -> "subprocess.Popen[bytes]":
        """Start the site without waiting for it."""
        # Each reader has a separate IP address, so that rate limits per address don't apply.
        environment = {"FLYLEAF_DATA": str(self.data), "PORT": str(self.port), "TRUSTED_PROXIES": "1"}
        environment |= {"SEARCHES_PER_MINUTE": "999999", "API_REQUESTS_PER_MINUTE": "999999"}
        environment = {**without_settings(), **environment, **self._settings}
        command = [sys.executable, "application.py"]
        if listener is not None:
            environment["LISTEN_FDS"] = "1"
            command = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command]

        def prepare() -> None:
            end_with_parent()
            if self._group is not None:
                (self._group / "cgroup.procs").write_text("0")  # this process
            if listener is not None:
                os.dup2(listener.fileno(), 3)

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=prepare, pass_fds=(3,) if listener else (),
            )  # fmt: skip
        return self.process

    def answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"the site ended: {self.log.read_text()[-2000:]}")
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def workers(self) -> list[psutil.Process]:
        assert self.process is not None
        children: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return children

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_SECONDS)
            self.process = None


class EmbeddedServer:
    """The embedded PostgreSQL of the site in `data`, as another process sees it."""

    def __init__(self, data: Path) -> None:
        self._folder = choose(data)

    def connect(self, user: str = cluster.SUPERUSER) -> Any:
        return _connection(host=str(self._folder.sockets), port=5432, user=user, dbname="flyleaf")

    def postmaster(self) -> psutil.Process:
        number = cluster.postmaster(self._folder.cluster)
        assert number is not None
        return psutil.Process(number)

    def keeper(self) -> psutil.Process:
        keeper = self.postmaster().parent()
        assert keeper is not None
        return keeper

    def answers(self) -> bool:
        return _accepts_connections(self)


class OwnServer:
    """A PostgreSQL in `folder` that listens on a port, as an operator runs one."""

    def __init__(self, folder: Path) -> None:
        self._account = account.unprivileged()
        folder.mkdir(mode=0o700)
        self._account.own(folder)
        self._programs = binaries.for_account(binaries.find(None), self._account, folder / "programs")
        self._folder, self._cluster, self.port = folder, folder / "cluster", free_port()
        self._cluster.mkdir(mode=0o700)
        self._account.own(self._cluster)
        cluster.initialize(self._cluster, self._account, self._programs, "--no-sync")
        self.url = f"postgresql://flyleaf@127.0.0.1:{self.port}/flyleaf"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it accepts connections. The remains of a killed one may delay it."""
        command = cluster.command(
            self._cluster, self._programs, self._folder, listen_addresses="127.0.0.1", port=str(self.port),
            max_connections="40", fsync="off",
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: see {self._folder}/log")
            if self.process is None or self.process.poll() is not None:
                with (self._folder / "log").open("ab") as log:
                    self.process = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=cluster.ENVIRONMENT,
                        preexec_fn=end_with_parent, **self._account.child(),
                    )  # fmt: skip
            time.sleep(0.05)

    def create(self) -> None:
        with contextlib.closing(self.connect(database="postgres")) as connection:
            execute(connection, "CREATE ROLE flyleaf LOGIN")
            execute(connection, "CREATE DATABASE flyleaf OWNER flyleaf")

    def connect(self, user: str = cluster.SUPERUSER, database: str = "flyleaf") -> Any:
        return _connection(host="127.0.0.1", port=self.port, user=user, dbname=database)

    def postmaster(self) -> psutil.Process:
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def answers(self) -> bool:
        return _accepts_connections(self, "postgres")

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop the server: SIGINT is PostgreSQL's fast shutdown, SIGKILL a crash."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(STOP_SECONDS)


Server = EmbeddedServer | OwnServer


def execute(connection: Any, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def wait_for(condition: Callable[[], bool], seconds: float, failure: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(failure)
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def without_settings() -> dict[str, str]:
    """Return this process's environment without the settings that would change the site's database."""
    return {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SESSION_TYPE", "HOST")}


@contextlib.contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    """Suspend the processes within the block."""
    try:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def _connection(**place: Any) -> Any:
    connection = psycopg2.connect(connect_timeout=3, **place)
    connection.autocommit = True
    return connection


def _accepts_connections(server: Server, database: str = "flyleaf") -> bool:
    try:
        connection = server.connect(database=database) if isinstance(server, OwnServer) else server.connect()
    except psycopg2.OperationalError:
        return False
    connection.close()
    return True
