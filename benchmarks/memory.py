"""The processes of a running site, and their memory."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

SITES = ("application.py", "benchmarks.floor")  # programs that serve


def processes(data: Path) -> dict[str, list[psutil.Process]]:
    """Return the processes of the sites on this data folder, and those of their database."""
    found: dict[str, list[psutil.Process]] = {"workers": [], "PostgreSQL": []}
    for process in psutil.process_iter(["cmdline", "environ", "cwd"]):
        command = " ".join(process.info["cmdline"] or ())
        folder, environment = process.info["cwd"] or "", process.info["environ"] or {}
        if "postgres" in command and (str(data) in command or folder.startswith(str(data))):
            found["PostgreSQL"].append(process)
        elif any(site in command for site in SITES) and environment.get("FLYLEAF_DATA") == str(data):
            found["workers"].append(process)
    return found


def memory(found: Iterable[psutil.Process]) -> list[Any]:
    """Return psutil's memory_full_info() of each of the processes that hasn't ended meanwhile."""
    sizes = []
    for process in found:
        with suppress(psutil.NoSuchProcess):
            sizes.append(process.memory_full_info())
    return sizes


def print_memory(data: Path) -> None:
    """Print the memory of each process of the site: its own, and all of them with their share of what they share."""
    for kind, found in processes(data).items():
        sizes = memory(found)
        own = sorted(round(size.uss / 1e6) for size in sizes)
        print(f"memory of {kind}: {sum(size.pss for size in sizes) / 1e6:.0f} MB, of their own {own} MB")
