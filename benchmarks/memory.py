"""The processes of a running site, and their memory."""

from pathlib import Path

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


def print_memory(data: Path) -> None:
    """Print the memory of each process of the site: its own, and all of them with their share of what they share."""
    for kind, found in processes(data).items():
        sizes = [process.memory_full_info() for process in found]
        own = sorted(round(size.uss / 1e6) for size in sizes)
        print(f"memory of {kind}: {sum(size.pss for size in sizes) / 1e6:.0f} MB, of their own {own} MB")
