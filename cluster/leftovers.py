"""Clear what a cluster has left whose program was killed: its processes, its disks and its folder."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TextIO

import psutil

LOCK = "lock"
PREFIX = "flyleaf-cluster-"
PLACE = Path("/tmp")  # all accounts reach it


def hold(folder: Path) -> TextIO:
    """Lock the folder until the file that is returned is closed, or this process ends in any way."""
    unnamed = folder / f"{LOCK}.new"
    file = unnamed.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    unnamed.rename(folder / LOCK)  # nobody sees it while it isn't locked
    return file


def clear(place: Path = PLACE) -> None:
    """Clear each folder of this account that nobody holds, and say so."""
    for folder in sorted(place.glob(f"{PREFIX}*")):
        if _is_abandoned(folder):
            _clear(folder)
            print(f"Cleared {folder}, which a killed cluster had left.", flush=True)


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the processes that work in the folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def _is_abandoned(folder: Path) -> bool:
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            return False
        with (folder / LOCK).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # it is locked, is being made, or is being deleted
        return False
    return True


def _clear(folder: Path) -> None:
    while found := processes_in(folder):
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(0.05)
    for disk in psutil.disk_partitions(all=True):
        if Path(disk.mountpoint).is_relative_to(folder):
            subprocess.run(["umount", disk.mountpoint], check=True)
    shutil.rmtree(folder)
