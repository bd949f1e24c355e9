"""The keeper: a process between the database's users and PostgreSQL, which runs as its child.

    python -m flyleaf.embedded.keeper FOLDER ACCOUNT [PG_BINDIR]

The users (the site and each of its workers, import.py, flask commands) hold a shared lock on one file. When the keeper
gets that lock exclusively, there is no user any more, however the last one ended, and it stops PostgreSQL and ends.
It has a session of its own, so that Ctrl-C in a terminal ends the site and doesn't hit the database under its feet.
On standard output it reports to the user that started it: lines of `say …`, then `ready`, or `error …`.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from flyleaf.embedded import account as accounts
from flyleaf.embedded import binaries, cluster
from flyleaf.embedded.binaries import Binaries
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import Folder, lock
from flyleaf.embedded.log import Log
from flyleaf.embedded.parent import end_with_parent

TICK = 0.1  # seconds between two looks at the users and at the server
START_SECONDS = 300.0  # recovery after a power cut replays up to a gigabyte of log
RETRY_SECONDS = 60.0  # how long what is left of a killed server may stand in the way
SHUTDOWN_SECONDS = 60.0
LONGEST_PAUSE = 5.0  # seconds between two tries to bring a dead server back
# What PostgreSQL says while an older postmaster, or a backend that outlived it, still holds the database.
IN_THE_WAY = ("pre-existing shared memory block", 'lock file "', "is another postmaster")


class Keeper:
    def __init__(self, folder: Folder, bindir: Path | None) -> None:
        self.folder = folder
        self.log = Log(folder.open(folder.log.name))
        self.programs = self._programs(bindir)
        self.server: subprocess.Popen[bytes] | None = None
        self.told_to_stop = False

    def start(self) -> None:
        """Make the database where there is none, and start the server; returns when it takes connections."""
        if cluster.major_version(self.folder.cluster) is None:
            say(f"Creating a PostgreSQL database in {self.folder.cluster}")
            cluster.create(self.folder.cluster, self.folder.account, self.programs)
        self._end_orphan()
        deadline = time.monotonic() + RETRY_SECONDS
        while not self._try_to_start():
            if time.monotonic() >= deadline:
                raise EmbeddedServerError(f"PostgreSQL doesn't start: {self.log.complaint()} (see {self.folder.log})")
            time.sleep(0.5)

    def keep(self) -> None:
        """Keep the server running until nobody uses it any more or a signal says stop; then stop it."""
        pause = 0.0
        users = self.folder.open("users.lock")
        while not self.told_to_stop and not lock(users, fcntl.LOCK_EX, 0):
            time.sleep(TICK)
            self.log.trim()
            if self.server is None or self.server.poll() is not None:
                time.sleep(pause)
                pause = min(pause + 0.5, LONGEST_PAUSE)
                with contextlib.suppress(EmbeddedServerError):  # PostgreSQL's log has the reason; it may pass
                    self._try_to_start()
            else:
                pause = max(pause - TICK / 10, 0.0)
        # The lock stays taken while the server stops: who comes now waits and then starts a new keeper.
        self.stop()

    def stop(self) -> None:
        for number, seconds in ((signal.SIGINT, SHUTDOWN_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self.server is None or self.server.poll() is not None:
                return
            self.server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(seconds)

    def _programs(self, bindir: Path | None) -> Binaries:
        found = binaries.find(bindir, cluster.major_version(self.folder.cluster))
        return binaries.for_account(found, self.folder.account, self.folder.programs)

    def _end_orphan(self) -> None:
        """Shut down a server whose keeper was killed, where the system didn't (macOS)."""
        orphan = cluster.postmaster(self.folder.cluster)
        if orphan is not None and cluster.answers(self.folder.sockets):
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGINT)

    def _try_to_start(self) -> bool:
        """Start the server; False where something that will pass stands in its way."""
        self.log.mark()
        self.server = subprocess.Popen(
            cluster.command(self.folder.cluster, self.programs, self.folder.sockets),
            stdin=subprocess.DEVNULL, stdout=self.log.descriptor, stderr=self.log.descriptor,
            cwd="/", env=cluster.ENVIRONMENT, preexec_fn=end_with_parent, **self.folder.account.child(),
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while self.server.poll() is None:
            if cluster.postmaster(self.folder.cluster) == self.server.pid and cluster.answers(self.folder.sockets):
                return True
            if self.told_to_stop or time.monotonic() >= deadline:
                self.stop()
                raise EmbeddedServerError(f"PostgreSQL was stopped before it was ready: see {self.folder.log}")
            time.sleep(0.02)
        if any(words in self.log.since_mark() for words in IN_THE_WAY):
            return False
        raise EmbeddedServerError(f"PostgreSQL doesn't start: {self.log.complaint()} (see {self.folder.log})")


def say(text: str) -> None:
    _report(f"say {text}")


def _report(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # the user that started us is gone; another may use the server
        print(line.replace("\n", " "), flush=True)


def _stop_reporting() -> None:
    """Let go of the starter's pipe: it waits for the end of it."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def main(arguments: list[str]) -> int:
    if os.fork():  # the user that started us need not wait for our end
        os._exit(0)
    path, account, *bindir = arguments
    folder = Folder(Path(path), accounts.present() if account == accounts.present().name else accounts.named(account))
    with folder.locked("keeper.lock", fcntl.LOCK_EX, seconds=10) as alone:
        if not alone:
            _report("error Another keeper runs this database already and didn't let go of it: start again.")
            return 1
        try:
            keeper = Keeper(folder, Path(bindir[0]) if bindir else None)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda *_: setattr(keeper, "told_to_stop", True))
            keeper.start()
        except (EmbeddedServerError, OSError) as error:
            _report(f"error {error}")
            return 1
        _report("ready")
        _stop_reporting()
        keeper.keep()
        # The lock goes with the process and not before, so that who waits for it finds nobody left.
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
