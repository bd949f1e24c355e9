"""A PostgreSQL server that runs as a child of this process."""

import contextlib
import shutil
import signal
import subprocess
import time
from pathlib import Path

from flyleaf.embedded import cluster, remains
from flyleaf.embedded.account import Account
from flyleaf.embedded.binaries import Binaries
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import PORT
from flyleaf.embedded.log import Log
from flyleaf.embedded.parent import end_with_parent

START_SECONDS = 300.0  # recovery after a power failure may replay a gigabyte of log
SHUTDOWN_SECONDS = 60.0
MEGABYTE = 2**20
FULL_MEGABYTES = 50  # a disk with less is probably why the server doesn't start
INTERRUPTED_SECONDS = 1.0  # for the shutdown of a server that isn't ready yet


class Server:
    """A server of the cluster in `directory`, listening in `sockets`."""

    def __init__(
        self, directory: Path, programs: Binaries, account: Account, sockets: Path, log: Log, port: int = PORT
    ) -> None:
        self.programs = programs
        self._directory = directory
        self._account = account
        self._sockets = sockets
        self._log = log
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it accepts connections. Raises EmbeddedServerError."""
        self._log.mark()
        with remains.cleared(self._directory, self._sockets, self._port, self._account) as lock:
            self._process = subprocess.Popen(
                cluster.command(self._directory, self.programs, self._sockets, port=str(self._port)),
                stdin=subprocess.DEVNULL, stdout=self._log.descriptor, stderr=self._log.descriptor, pass_fds=[lock],
                cwd="/", env=cluster.ENVIRONMENT, preexec_fn=end_with_parent, **self._account.child(),
            )  # fmt: skip
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop(INTERRUPTED_SECONDS)
            raise

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (cluster.postmaster(self._directory) == process.pid and self._answers()):
            if process.poll() is not None:
                raise EmbeddedServerError(f"PostgreSQL doesn't start: {self._complaint()} (see {self._log.path})")
            if time.monotonic() >= deadline:
                raise EmbeddedServerError(f"PostgreSQL isn't ready after {START_SECONDS:.0f} s: see {self._log.path}")
            time.sleep(0.02)

    def stop(self, patience: float = SHUTDOWN_SECONDS) -> None:
        """Shut the server down and wait until it has ended. After `patience` seconds it is killed; what was committed
        is recovered at the next start."""
        for number, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 5.0)):
            if self._process is None or self._process.poll() is not None:
                return
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def _answers(self) -> bool:
        return cluster.answers(self._sockets, self._port)

    def _complaint(self) -> str:
        free = shutil.disk_usage(self._directory).free // MEGABYTE
        full = f". Only {free} MB are free there: free some space and start again" if free < FULL_MEGABYTES else ""
        return self._log.complaint() + full
