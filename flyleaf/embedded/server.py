"""A PostgreSQL server that runs as a child of this process."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from flyleaf.embedded import cluster
from flyleaf.embedded.account import Account
from flyleaf.embedded.binaries import Binaries
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import PORT
from flyleaf.embedded.log import Log
from flyleaf.embedded.parent import end_with_parent

START_SECONDS = 300.0  # recovery after a power failure may replay a gigabyte of log
RETRY_SECONDS = 60.0  # for the remains of a killed server to go away
SHUTDOWN_SECONDS = 60.0
# PostgreSQL's messages while an older postmaster, or a backend that outlived it, still uses the database.
STILL_IN_USE = ("pre-existing shared memory block", 'lock file "', "is another postmaster")


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

    def start(self, is_told_to_stop: Callable[[], bool] = lambda: False) -> None:
        """Start the server and wait until it accepts connections. Raises EmbeddedServerError."""
        self._end_orphan()
        deadline = time.monotonic() + RETRY_SECONDS
        while not self.try_to_start(is_told_to_stop):
            if time.monotonic() >= deadline:
                raise EmbeddedServerError(self._complaint())
            time.sleep(0.5)

    def try_to_start(self, is_told_to_stop: Callable[[], bool] = lambda: False) -> bool:
        """Start the server. Return False if the remains of an older server still block it."""
        self._log.mark()
        self._process = subprocess.Popen(
            cluster.command(self._directory, self.programs, self._sockets, port=str(self._port)),
            stdin=subprocess.DEVNULL, stdout=self._log.descriptor, stderr=self._log.descriptor,
            cwd="/", env=cluster.ENVIRONMENT, preexec_fn=end_with_parent, **self._account.child(),
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None:
            if cluster.postmaster(self._directory) == self._process.pid and self._answers():
                return True
            if is_told_to_stop() or time.monotonic() >= deadline:
                self.stop()
                raise EmbeddedServerError(f"PostgreSQL was stopped before it was ready: see {self._log.path}")
            time.sleep(0.02)
        if any(words in self._log.since_mark() for words in STILL_IN_USE):
            return False
        raise EmbeddedServerError(self._complaint())

    def stop(self) -> None:
        """Shut the server down and wait until it has ended."""
        for number, seconds in ((signal.SIGINT, SHUTDOWN_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self._process is None or self._process.poll() is not None:
                return
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def _end_orphan(self) -> None:
        """Shut down a server whose keeper was killed, on systems where the kernel doesn't (macOS)."""
        orphan = cluster.postmaster(self._directory)
        if orphan is not None and self._answers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGINT)

    def _answers(self) -> bool:
        return cluster.answers(self._sockets, self._port)

    def _complaint(self) -> str:
        return f"PostgreSQL doesn't start: {self._log.complaint()} (see {self._log.path})"
