"""The memory and processors that this process may use, which in a container are fewer than the machine has."""

import math
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
UNLIMITED = 2**60  # bytes; cgroup v1 writes "no limit" as a number a little below 2**63


@dataclass(frozen=True)
class _Group:
    """A control group's folder with those of its parents, whose limits apply too."""

    folders: tuple[Path, ...]

    def numbers(self, name: str, count: int = 1) -> Iterator[tuple[int, ...]]:
        """Return the `count` numbers in the file `name` of each folder that has it; "max" is UNLIMITED."""
        for folder in self.folders:
            try:
                words = (folder / name).read_text().split()
                numbers = tuple(UNLIMITED if word == "max" else int(word) for word in words)
            except (OSError, ValueError):
                continue
            if len(numbers) == count:
                yield numbers


def memory(root: Path = ROOT) -> int:
    """Return how many bytes all processes of the site may use together."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in ("memory.max", "memory.high"):
        found += [number for (number,) in _group(root, "").numbers(name)]
    found += [number for (number,) in _group(root, "memory").numbers("memory.limit_in_bytes")]
    return min(found)


def address_space() -> int:
    """Return how many bytes a single process may map (ulimit -v)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def processors(root: Path = ROOT) -> int:
    """Return how many processors the site may use, at least one."""
    found: list[float] = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    found += [quota / period for quota, period in _group(root, "").numbers("cpu.max", 2)]
    v1 = _group(root, "cpu")
    quotas = zip(v1.numbers("cpu.cfs_quota_us"), v1.numbers("cpu.cfs_period_us"), strict=False)
    found += [quota / period for (quota,), (period,) in quotas if quota > 0]
    return max(1, math.ceil(min(found)))


def _group(root: Path, controller: str) -> _Group:
    """Return this process's control group in the hierarchy of a v1 controller, or in v2's, which is ""."""
    path, mount = _path(root, controller), _mount(root, controller)
    if path is None or mount is None:
        return _Group(())
    top, place = mount
    # In a container the hierarchy may be mounted from the container's own group on.
    inside = path.relative_to(top) if path.is_relative_to(top) else Path()
    folder = place / inside
    return _Group((folder, *(parent for parent in folder.parents if parent.is_relative_to(place))))


def _path(root: Path, controller: str) -> Path | None:
    """Return the group's path in its hierarchy, from lines such as "4:cpu,cpuacct:/docker/…" and "0::/…"."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return Path(path)
    return None


def _mount(root: Path, controller: str) -> tuple[Path, Path] | None:
    """Return which part of the hierarchy is mounted, and where: see mountinfo in proc(5)."""
    for line in _lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == ("cgroup" if controller else "cgroup2") and (not controller or controller in options.split(",")):
            _, _, _, top, place, *_ = before.split(" ")
            return Path(top), root / place.removeprefix("/")
    return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:  # not Linux
        return []
