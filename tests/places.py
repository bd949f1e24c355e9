"""Folders that another account can reach, and the processes that use them."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder outside pytest's own, which is closed to other accounts and too long for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="flyleaf-test-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        end_processes(folder)
        shutil.rmtree(folder, ignore_errors=True)


def copy_folder(source: Path, target: Path) -> None:
    """Copy it with its owners and modes."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def end_processes(folder: Path) -> None:
    """Kill what a test that failed has left running there."""
    while left := processes_of(folder):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=5)


def processes_of(folder: Path) -> list[psutil.Process]:
    """All processes, except this one, that name the folder in their command line or environment, or live in it."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _uses(process, folder)]


def eventually(condition: Callable[[], object], seconds: float = 60) -> bool:
    """Whether the condition comes true in that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _uses(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if any(str(folder) in argument for argument in process.cmdline()):
            return True
        return folder in (Path(process.cwd()), *Path(process.cwd()).parents) or any(
            str(folder) in value for value in process.environ().values()
        )
    except (psutil.Error, OSError):
        return False  # ended meanwhile, or another account's, which isn't ours
