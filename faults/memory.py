"""The site in a control group with little memory, as in a container: nothing of it may be killed."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from faults.crowd import Crowd, statuses
from faults.outcome import Outcome
from faults.site import Site

GROUPS = Path("/sys/fs/cgroup")
MEGABYTES = 384
SECONDS = 30.0


def first_start_with_little(folder: Path, books: Sequence[str]) -> Outcome:
    """Start the site for the first time in 384 MB, and let readers use it."""
    outcome = Outcome(f"first start and seven readers in {MEGABYTES} MB")
    with limited(MEGABYTES) as group:
        if group is None:
            outcome.skipped = "control groups with a memory limit can't be made here"
            return outcome
        site = Site(folder / "memory", group=group)
        site.start()
        try:
            crowd = Crowd(site.url, books)
            crowd.begin()
            time.sleep(SECONDS)
            crowd.end()
        finally:
            site.stop()
        killed = _killed(group)
    outcome.figures = f"{statuses(crowd.answers)}; {killed} processes killed"
    outcome.require(killed == 0, "processes were killed")
    outcome.require(all(answer.is_good for answer in crowd.answers), "not all requests succeeded")
    return outcome


@contextlib.contextmanager
def limited(megabytes: int) -> Iterator[Path | None]:
    """Make a control group with this limit, of either version, or yield None if that isn't possible."""
    for parent, limit in ((GROUPS, "memory.max"), (GROUPS / "memory", "memory.limit_in_bytes")):
        group = parent / f"flyleaf-faults-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / limit).exists():
                (group / limit).write_text(str(megabytes * 2**20))
                yield group
                return
        finally:
            time.sleep(0.5)  # for the last processes to be gone
            group.rmdir()
    yield None


def _killed(group: Path) -> int:
    """Return how often the kernel killed a process of the group."""
    for name in ("memory.events", "memory.oom_control"):
        if (group / name).exists():
            return int(dict(line.split() for line in (group / name).read_text().splitlines())["oom_kill"])
    return 0
