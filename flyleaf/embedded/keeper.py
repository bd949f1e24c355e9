"""The keeper: the process that runs PostgreSQL as its child on behalf of the database's users.

    python -m flyleaf.embedded.keeper FOLDER ACCOUNT [PG_BINDIR]

The users (the site, each of its workers, import.py and commands) hold a shared lock on a file. When the keeper gets the
lock exclusively, no user is left, however the last one ended, so it stops PostgreSQL and exits. It runs in a session of
its own, so that Ctrl-C in a terminal stops the site but doesn't interrupt the database.
It reports to the user that started it on standard output: lines of `say …`, then `ready`, `error …`, or
`taken` if there is another keeper.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from flyleaf.embedded import account as accounts
from flyleaf.embedded import binaries, cluster, remains, upgrade
from flyleaf.embedded.binaries import Binaries
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import Folder, is_filled, lock
from flyleaf.embedded.log import Log
from flyleaf.embedded.server import MEGABYTE, Server

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_MEGABYTES = 200  # of disk: a new database with books.csv takes half of it, and PostgreSQL's programs the rest
TICK = 0.1  # seconds between checks of the users and the server
TAKEN_SECONDS = 1.0  # until another keeper counts: who asks whether there is one holds the lock for a moment
LONGEST_PAUSE = 5.0  # seconds between attempts to restart a dead server


class Keeper:
    """Runs the server in `folder` for as long as anybody uses it."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.log = Log(folder.open(folder.log.name), folder.log)
        self.server: Server | None = None

    def start(self, bindir: Path | None) -> Server:
        """Create the database if there is none, start the server and return it once it accepts connections."""
        upgrade.finish(self.folder)
        if not is_filled(self.folder.cluster):
            require_space(self.folder.path, FIRST_MEGABYTES)
        cluster.repair(self.folder.cluster, self.folder.account)
        if origin := remains.origin(self.folder.cluster):
            say(
                f"{self.folder.cluster} was copied or moved from {origin} without shutting its server down. A copy "
                "made while the site was running can be damaged: use python -m flyleaf backup and restore instead."
            )
        server = self._server(bindir)
        if cluster.major_version(self.folder.cluster) is None:
            say(f"Creating a PostgreSQL database in {self.folder.cluster}")
            cluster.create(self.folder.cluster, self.folder.account, server.programs)
        server.start()
        self.server = server
        return server

    def keep(self, server: Server) -> None:
        """Keep the server running until KeyboardInterrupt."""
        pause = 0.0
        while True:
            time.sleep(TICK)
            self.log.trim()
            if server.is_running():
                pause = max(pause - TICK / 10, 0.0)
            else:
                time.sleep(pause)
                pause = min(pause + 0.5, LONGEST_PAUSE)
                with contextlib.suppress(EmbeddedServerError):  # it may be temporary; PostgreSQL's log has the reason
                    server.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()

    def _server(self, bindir: Path | None) -> Server:
        """Return a server that runs the newest programs, after upgrading an older database to them."""
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


def interrupt_without_users(folder: Folder) -> None:
    """Raise KeyboardInterrupt in the main thread, once, when nobody uses the server or a signal arrives."""

    def interrupt(*_: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    def watch() -> None:
        users = folder.open("users.lock")
        while not lock(users, fcntl.LOCK_EX, 0):
            time.sleep(TICK)
        # The lock is held while the server stops: a new user waits, then starts a new keeper.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    for number in SIGNALS:
        signal.signal(number, interrupt)
    threading.Thread(target=watch, daemon=True).start()


def require_space(path: Path, megabytes: int) -> None:
    """Raise EmbeddedServerError if less is free there: PostgreSQL would end in the middle with a message about it."""
    free = shutil.disk_usage(path).free // MEGABYTE
    if free < megabytes:
        raise EmbeddedServerError(
            f"A new database needs {megabytes} MB in {path}, and only {free} MB are free: free some space, or set "
            "FLYLEAF_DATA to a folder on another disk."
        )


def say(text: str) -> None:
    """Tell the user that started the keeper about progress."""
    _report(f"say {text}")


def _report(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # our starter has exited; others may use the server
        print(line.replace("\n", " "), flush=True)


def _stop_reporting() -> None:
    """Close the starter's pipe, which it reads to the end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def main(arguments: list[str]) -> int:
    if os.fork():  # so that our starter can reap its child at once
        os._exit(0)
    path, account, *bindir = arguments
    folder = Folder(Path(path), accounts.current() if account == accounts.current().name else accounts.named(account))
    with folder.locked("keeper.lock", fcntl.LOCK_EX, seconds=TAKEN_SECONDS) as alone:
        if not alone:
            _report("taken")
            return 1
        keeper, code = Keeper(folder), 0
        try:
            interrupt_without_users(folder)
            server = keeper.start(Path(bindir[0]) if bindir else None)
            _report("ready")
            _stop_reporting()
            keeper.keep(server)
        except (EmbeddedServerError, OSError) as error:
            _report(f"error {error}")
            code = 1
        except KeyboardInterrupt:
            keeper.stop()
        # The lock is released when the process ends and not before, so that a waiting program finds it gone.
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
