"""Use the embedded server from a program: attach, connect to the URL, detach."""

import atexit
import contextlib
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flyleaf.embedded import cluster
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import Folder, choose, lock

PROJECT = Path(__file__).parents[2]
WAIT_SECONDS = 120.0  # while another program starts or stops the server; a shutdown may take a minute
SILENT_SECONDS = 1.0  # until a wait is announced
RESTART_SECONDS = 2.0
RESTART_PAUSE = 3.0  # after a failed restart, as the next one would probably fail too


class Attachment:
    """One program's use of the server, which runs until the last attachment is detached or its process ends."""

    def __init__(self, folder: Folder, bindir: Path | None, announce: Callable[[str], None]) -> None:
        self.folder = folder.path
        self.url = folder.url(cluster.ROLE)
        self.site_url = folder.url(cluster.SITE_ROLE)
        self.superuser_url = folder.url(cluster.SUPERUSER)
        self._folder = folder
        self._bindir = bindir
        self._announce = announce
        self._next_restart = 0.0
        self._users = folder.open("users.lock")
        if not lock(self._users, fcntl.LOCK_SH, SILENT_SECONDS):
            announce(f"Waiting until the database in {folder.path} has shut down")
        if not lock(self._users, fcntl.LOCK_SH, WAIT_SECONDS):
            raise EmbeddedServerError(f"The database in {folder.path} is still shutting down: see {folder.log}.")
        self._attached = True

    def start(self) -> None:
        """Start the server, or wait until the one that another program starts is ready."""
        if self._start(SILENT_SECONDS):
            return
        self._announce(f"Waiting for another program that is starting the database in {self.folder}")
        if not self._start(WAIT_SECONDS):
            raise EmbeddedServerError(
                f"The database in {self.folder} isn't ready after {WAIT_SECONDS:.0f} seconds: see {self._folder.log}."
            )

    def ensure(self) -> None:
        """Restart the server if its keeper was killed; otherwise this takes a tenth of a millisecond.

        Call it before each new connection. It waits only briefly, because a reader is waiting, while the restart
        continues in the background. If only the server died, the keeper restarts it.
        """
        if time.monotonic() >= self._next_restart and not self._keeper_lives():
            restart = threading.Thread(target=self._restart, daemon=True)
            restart.start()
            restart.join(RESTART_SECONDS)

    def detach(self) -> None:
        """Stop using the server. The last user waits until it has stopped."""
        if not self._attached:
            return
        self._attached = False
        # Close instead of unlocking: a forked child that shares the descriptor still uses the server.
        os.close(self._users)
        with contextlib.suppress(OSError):  # the folder may have been deleted
            while self._keeper_lives() and not self._has_other_users():
                time.sleep(0.02)

    def _start(self, seconds: float) -> bool:
        """Start the server. Return False if another program holds the lock, or the server isn't ready, after
        `seconds`."""
        with self._folder.locked("start.lock", fcntl.LOCK_EX, seconds) as alone:
            if not alone:
                return False
            deadline = time.monotonic() + seconds
            # A keeper may end while we wait for its server. One may also come although we hold the lock: it was
            # started by a program that has been killed since.
            while self._keeper_lives() or not self._start_keeper():
                if self._is_ready_within(deadline - time.monotonic()):
                    return True
                if time.monotonic() >= deadline:
                    return False
            return True

    def _restart(self) -> None:
        try:
            self._start(0)
        except (EmbeddedServerError, OSError) as error:
            self._next_restart = time.monotonic() + RESTART_PAUSE
            self._announce(str(error))

    def _keeper_lives(self) -> bool:
        with self._folder.locked("keeper.lock", fcntl.LOCK_SH, seconds=0) as free:
            return not free

    def _has_other_users(self) -> bool:
        with self._folder.locked("users.lock", fcntl.LOCK_EX, seconds=0) as nobody:
            if nobody:
                return False
        with self._folder.locked("users.lock", fcntl.LOCK_SH, seconds=0) as shared:
            return shared  # False: the keeper holds it exclusively and is stopping

    def _is_ready_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while cluster.postmaster(self._folder.cluster) is None or not cluster.answers(self._folder.sockets):
            if time.monotonic() >= deadline or not self._keeper_lives():
                return False
            time.sleep(0.02)
        return True

    def _start_keeper(self) -> bool:
        """Start a keeper, and wait until its server is ready. Return False if there is another keeper. Raises
        EmbeddedServerError."""
        arguments = [str(self._folder.path), self._folder.account.name]
        arguments += [str(self._bindir)] if self._bindir else []
        log = self._folder.open(self._folder.log.name)
        starter = subprocess.Popen(
            [sys.executable, "-m", "flyleaf.embedded.keeper", *arguments],
            cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
            start_new_session=True,
        )  # fmt: skip
        os.close(log)
        failure = f"The database's keeper process ended without an error message: see {self._folder.log}."
        with starter:  # it forks the keeper, which keeps the other end of the pipe, and exits
            for line in starter.stdout or ():
                word, _, text = line.rstrip("\n").partition(" ")
                if word == "ready":
                    return True
                if word == "taken":
                    return False
                if word == "error":
                    failure = text
                else:
                    self._announce(text)
        raise EmbeddedServerError(failure)


def attach(data: Path, bindir: Path | None, announce: Callable[[str], None]) -> Attachment:
    """Attach to the server of the site whose data folder is `data`, starting it and creating its database if necessary.

    `bindir` is PG_BINDIR. `announce` is called with a line about anything slow, and about a database outside of `data`.
    The attachment is detached at the latest when the program exits. Raises EmbeddedServerError.
    """
    folder = choose(data)
    if folder.path != data.resolve():
        announce(f"The database is in {folder.path}, because {folder.account.name} can't use {data}")
    try:
        attachment = Attachment(folder, bindir, announce)
        atexit.register(attachment.detach)
        try:
            attachment.start()
        except BaseException:
            attachment.detach()
            raise
    except OSError as error:
        raise EmbeddedServerError(f"The database in {folder.path} can't be used: {error}.") from error
    return attachment
