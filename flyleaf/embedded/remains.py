"""Find out whether an earlier server still uses a database, end what is left of it, and remove its lock files.

PostgreSQL trusts its lock files: it refuses to start if one is empty, as after a power failure, or contains the process
id of a program that has nothing to do with it. Here a lock decides, which all processes of a server inherit, and what
processes there are.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flyleaf.embedded.account import Account
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import lock

LOCK = "flyleaf.lock"  # in the database's directory
SHUTDOWN_SECONDS = 10.0  # for a server whose keeper was killed; it was already told to shut down
QUIT_SECONDS = 3.0  # for its other processes; what they were doing is rolled back at the next start
LONGEST_SECONDS = 20.0


@dataclass(frozen=True)
class Process:
    """A process of PostgreSQL."""

    pid: int
    is_postmaster: bool


@contextlib.contextmanager
def cleared(directory: Path, sockets: Path, port: int, account: Account) -> Iterator[int]:
    """Wait until no process of an earlier server is left, and remove its lock files and socket.

    The value is the descriptor of the lock, for the new server to inherit. Raises EmbeddedServerError if the database
    stays in use.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(directory / LOCK, flags, 0o600)
    try:
        account.own(directory / LOCK)
        _end_processes(descriptor, directory, sockets)
        socket = sockets / f".s.PGSQL.{port}"
        for left in (directory / "postmaster.pid", socket.with_name(f"{socket.name}.lock"), socket):
            left.unlink(missing_ok=True)
        yield descriptor
    finally:
        os.close(descriptor)


def origin(directory: Path) -> Path | None:
    """Return where the database was when its server ended without a shutdown, if that is not `directory`."""
    lines = _lock_file(directory)
    if len(lines) < 2 or not lines[1].startswith("/"):
        return None
    before = Path(lines[1])
    with contextlib.suppress(OSError):
        if before.samefile(directory):
            return None
    return before


def processes(directory: Path) -> list[Process]:
    """Return the processes of PostgreSQL that use the database."""
    return _found_in_proc(directory) if sys.platform == "linux" else _found_by_ps(directory)


def _end_processes(descriptor: int, directory: Path, sockets: Path) -> None:
    start = time.monotonic()
    while (found := processes(directory)) or not lock(descriptor, fcntl.LOCK_EX, 0):
        passed = time.monotonic() - start
        postmasters = [process.pid for process in found if process.is_postmaster]
        if postmasters and not _is_ours(descriptor, directory, sockets):
            raise EmbeddedServerError(
                f"Another program runs PostgreSQL on {directory} (process {postmasters[0]}): stop it "
                f"(kill {postmasters[0]}) and start again."
            )
        if passed > LONGEST_SECONDS:
            which = ", ".join(str(process.pid) for process in found) or "in another container"
            raise EmbeddedServerError(
                f"Processes of an earlier PostgreSQL ({which}) still use {directory}: end them and start again."
            )
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, _signal(passed, is_postmaster=process.is_postmaster, is_orphan=not postmasters))
        time.sleep(0.05)


def _signal(passed: float, *, is_postmaster: bool, is_orphan: bool) -> int:
    """Return what to send to a process after this many seconds; 0 is nothing."""
    if is_postmaster:
        return signal.SIGINT if passed < SHUTDOWN_SECONDS else signal.SIGQUIT
    if is_orphan:
        return signal.SIGQUIT if passed < QUIT_SECONDS else signal.SIGKILL
    return 0  # the postmaster ends it


def _is_ours(descriptor: int, directory: Path, sockets: Path) -> bool:
    """Return whether the running server was started by a keeper: it holds the lock, or listens where ours do."""
    if not lock(descriptor, fcntl.LOCK_EX, 0):
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return _lock_file(directory)[4:5] == [str(sockets)]


def _lock_file(directory: Path) -> list[str]:
    """Return the lines of postmaster.pid: process id, directory, start time, port, socket's folder, …"""
    try:
        return (directory / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _found_in_proc(directory: Path) -> list[Process]:
    place = directory.stat()
    found: dict[int, tuple[int, bytes]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended, or belongs to another account
            if (entry / "comm").read_text() == "postgres\n" and os.path.samestat((entry / "cwd").stat(), place):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found[int(entry.name)] = parent, (entry / "cmdline").read_bytes()
    # All processes but the postmaster, which is the parent of the others, call themselves "postgres: …".
    return [
        Process(pid, is_postmaster=parent not in found and not line.startswith(b"postgres: "))
        for pid, (parent, line) in found.items()
    ]


def _found_by_ps(directory: Path) -> list[Process]:
    """Return the process in postmaster.pid if it is PostgreSQL and the directory was not copied."""
    pid, *more = _lock_file(directory) or [""]
    if not pid.isdecimal() or more[:1] != [str(directory)]:
        return []
    said = subprocess.run(["ps", "-p", pid, "-o", "comm="], capture_output=True, text=True, check=False).stdout
    return [Process(int(pid), is_postmaster=True)] if Path(said.strip()).name == "postgres" else []
