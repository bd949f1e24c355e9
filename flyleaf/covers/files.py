"""The covers of a machine: files in a folder, named by the digest of what they were made of."""

import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

from flyleaf.covers.shrinking import ShrunkCover
from flyleaf.markers import is_due

SIZES = ("small", "large")
SMALL = (144, 288)  # the box of the small size, as in picture.py; a test compares them
NAME = re.compile(r"([0-9a-f]{32})-(small|large)\.webp")
PRUNE_EVERY = timedelta(days=1)
LOOKED_AT_ONCE = 500  # files in one step of pruning
# A file this old without a row in the database won't get one any more.
ROW_SECONDS = 3600.0

# Given digests, returns those that a book has.
SelectKnown = Callable[[Sequence[str]], Collection[str]]


def small_width(width: int, height: int) -> int:
    """Return how wide the small size is, given the size of the large one."""
    return max(1, round(width * min(1, SMALL[0] / width, SMALL[1] / height)))


def file_name(digest: str, size: str) -> str:
    return f"{digest}-{size}.webp"


class CoverFiles:
    """The folder, which is created with the first cover. Every 256th cover is in the same folder within it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, digest: str, size: str) -> bytes | None:
        """Return a cover, or None if it isn't on this machine. Raises OSError if it can't be read."""
        try:
            return self._path(digest, size).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, digest: str) -> bool:
        """Return whether both sizes of a cover are on this machine."""
        return all(self._path(digest, size).exists() for size in SIZES)

    def write(self, cover: ShrunkCover) -> None:
        """Keep a cover in both sizes. A file is there as a whole or not at all. Raises OSError."""
        for size, picture in (("small", cover.small), ("large", cover.large)):
            path = self._path(cover.digest, size)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            try:
                with draft.open("xb") as file:
                    file.write(picture)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise

    def is_pruning_due(self) -> bool:
        """Return whether pruning last began more than a day ago. If so, note that it begins now."""
        return self._folder.exists() and is_due(self._folder / "pruned", PRUNE_EVERY)

    def prune(self, select_known: SelectKnown) -> Iterator[int]:
        """Delete covers that no book has any more, and what a crash has left.

        Each step looks at LOOKED_AT_ONCE files and yields how many it deleted.
        """
        for folder in sorted(path for path in self._folder.iterdir() if path.is_dir()):
            with os.scandir(folder) as entries:
                while step := list(islice(entries, LOOKED_AT_ONCE)):
                    yield self._prune_step([Path(entry) for entry in step], select_known)

    def _prune_step(self, paths: list[Path], select_known: SelectKnown) -> int:
        old = [path for path in paths if _is_old(path)]
        digests = {path: found[1] for path in old if (found := NAME.fullmatch(path.name))}
        known = select_known(sorted(set(digests.values()))) if digests else ()
        gone = [path for path in old if digests.get(path) not in known]
        for path in gone:
            path.unlink(missing_ok=True)  # another process may have been here
        return len(gone)

    def _path(self, digest: str, size: str) -> Path:
        return self._folder / digest[:2] / file_name(digest, size)


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - ROW_SECONDS
    except FileNotFoundError:
        return False
