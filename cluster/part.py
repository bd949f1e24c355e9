"""A part of the cluster: a program with its processes, which can be started, stopped, killed and frozen."""

import contextlib
import signal
import subprocess
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from cluster import leftovers
from flyleaf.embedded.account import Account
from flyleaf.embedded.parent import end_with_parent

STOP_SECONDS = 5.0


@dataclass
class Part:
    """A program that runs as `account` in `folder`, as if on a machine of its own. What it prints is in `log`."""

    name: str
    command: list[str]
    folder: Path
    account: Account
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.name}.log")

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the program. The kernel ends it with the thread that called this."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=partial(end_with_parent, signal.SIGTERM), **self.account.child(),
            )  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """Return the program's process, its descendants, and those that left it but work in its folder, as PostgreSQL
        leaves Patroni."""
        found = []
        if self.is_running and self.process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                program = psutil.Process(self.process.pid)
                found = [program, *program.children(recursive=True)]
        return found + [process for process in leftovers.processes_in(self.folder) if process not in found]

    def kill(self) -> None:
        """End all of its processes at once, as a machine that loses its power does."""
        while self.processes():
            self._signal(signal.SIGKILL)
            if self.process is not None:
                self.process.wait()
            time.sleep(0.05)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop the program for good. PostgreSQL ends at once, but removes its shared memory first."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._signal(signal.SIGQUIT)
        self._signal(signal.SIGCONT)
        deadline = time.monotonic() + STOP_SECONDS
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill()

    def _signal(self, number: int) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
