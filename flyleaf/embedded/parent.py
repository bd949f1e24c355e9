"""End a process when its parent ends, so that a killed process leaves no children behind."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
# Loaded at import, because a child must not load or import anything between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(number: int = signal.SIGINT) -> None:
    """Have the kernel send the signal `number` to this process when its parent ends, even by kill -9. Linux only.

    SIGINT is PostgreSQL's fast shutdown. The setting survives exec but not fork.
    """
    if _libc is None:
        return
    parent = os.getppid()
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it ended in the meantime
        os.kill(os.getpid(), number)


def watch_parent(number: int) -> None:
    """Do the same as end_with_parent; on other systems a thread checks twice a second."""
    if _libc is not None:
        end_with_parent(number)
    else:
        threading.Thread(target=_wait_for_end, args=(os.getppid(), number), daemon=True).start()


def _wait_for_end(parent: int, number: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), number)


def main(arguments: list[str]) -> None:
    """Run another program as another account so that it ends with the parent: UID GID GROUP,… PROGRAM ARGUMENT…"""
    uid, gid, groups, *command = arguments
    if int(uid) != os.geteuid():
        os.setgroups([int(group) for group in groups.split(",")])
        os.setgid(int(gid))
        os.setuid(int(uid))
    end_with_parent()  # after the change of account, which would reset it
    os.execv(command[0], command)  # noqa: S606  # nosec B606  # our own arguments


if __name__ == "__main__":
    main(sys.argv[1:])
