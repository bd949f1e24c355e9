"""Ending with one's parent: what keeps a killed process from leaving others behind."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
# Loaded here, before any fork: between fork and exec a child must not load or import anything.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(number: int = signal.SIGINT) -> None:
    """Have the kernel send `number` to this process when its parent ends, even by kill -9; Linux only.

    SIGINT is PostgreSQL's fast shutdown: nobody is waited for and everything is written. It survives exec, not fork.
    """
    if _libc is None:
        return
    parent = os.getppid()
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it ended while we asked
        os.kill(os.getpid(), number)


def watch_parent(number: int) -> None:
    """Like end_with_parent, and where the kernel doesn't do it, by a thread that looks twice a second."""
    if _libc is not None:
        end_with_parent(number)
    else:
        threading.Thread(target=_wait_for_end, args=(os.getppid(), number), daemon=True).start()


def _wait_for_end(parent: int, number: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), number)


def main(arguments: list[str]) -> None:
    """Become another program, as another account, that ends with the parent: UID GID GROUP,… PROGRAM ARGUMENT…"""
    uid, gid, groups, *command = arguments
    if int(uid) != os.geteuid():
        os.setgroups([int(group) for group in groups.split(",")])
        os.setgid(int(gid))
        os.setuid(int(uid))
    end_with_parent()  # after the change of account, which would take it back
    os.execv(command[0], command)  # noqa: S606  # nosec B606  # our own list


if __name__ == "__main__":
    main(sys.argv[1:])
