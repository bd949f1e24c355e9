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
import sys
import time
from pathlib import Path

from flyleaf.embedded import account as accounts
from flyleaf.embedded import binaries, cluster, upgrade
from flyleaf.embedded.binaries import Binaries
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import Folder, lock
from flyleaf.embedded.log import Log
from flyleaf.embedded.server import Server

TICK = 0.1  # seconds between two looks at the users and at the server
LONGEST_PAUSE = 5.0  # seconds between two tries to bring a dead server back


class Keeper:
    def __init__(self, folder: Folder, bindir: Path | None) -> None:
        self.folder = folder
        self.log = Log(folder.open(folder.log.name), folder.log)
        self.told_to_stop = False
        upgrade.finish(folder)
        self.server = self._server(bindir)

    def start(self) -> None:
        """Make the database where there is none, and start the server; returns when it takes connections."""
        if cluster.major_version(self.folder.cluster) is None:
            say(f"Creating a PostgreSQL database in {self.folder.cluster}")
            cluster.create(self.folder.cluster, self.folder.account, self.server.programs)
        self.server.start(lambda: self.told_to_stop)

    def keep(self) -> None:
        """Keep the server running until nobody uses it any more or a signal says stop; then stop it."""
        pause = 0.0
        users = self.folder.open("users.lock")
        while not self.told_to_stop and not lock(users, fcntl.LOCK_EX, 0):
            time.sleep(TICK)
            self.log.trim()
            if self.server.is_running():
                pause = max(pause - TICK / 10, 0.0)
            else:
                time.sleep(pause)
                pause = min(pause + 0.5, LONGEST_PAUSE)
                with contextlib.suppress(EmbeddedServerError):  # PostgreSQL's log has the reason; it may pass
                    self.server.try_to_start(lambda: self.told_to_stop)
        # The lock stays taken while the server stops: who comes now waits and then starts a new keeper.
        self.server.stop()

    def _server(self, bindir: Path | None) -> Server:
        """The server of the newest programs there are; an older database is upgraded to them."""
        major = cluster.major_version(self.folder.cluster)
        newer = binaries.find_newer(bindir, major) if major is not None else None
        if newer is None:
            programs = self._usable(binaries.find(bindir, major))
        else:
            older = self._usable(binaries.find(None, major))
            programs = self._usable(newer)
            upgrade.upgrade(self.folder, older, programs, self.log, say)
        return Server(self.folder.cluster, programs, self.folder.account, self.folder.sockets, self.log)

    def _usable(self, found: Binaries) -> Binaries:
        return binaries.for_account(found, self.folder.account, self.folder.programs)


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
