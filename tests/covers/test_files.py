"""Covers as files: whole or not there, found by their digest, and deleted once no book has them."""

import errno
import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from flyleaf.covers import files
from flyleaf.covers.files import CoverFiles
from flyleaf.covers.shrinking import ShrunkCover

HOURS = 3600


def made(first: str) -> ShrunkCover:
    return ShrunkCover(first * 32, 333, 500, b"large " + first.encode(), b"small " + first.encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "covers"


@pytest.fixture
def kept(folder: Path) -> CoverFiles:
    return CoverFiles(folder)


def every_file(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def grow_old(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 2 * HOURS,) * 2)


def test_a_cover_is_read_in_both_sizes(kept: CoverFiles, folder: Path) -> None:
    assert not kept.has("a" * 32)
    assert kept.read("a" * 32, "small") is None
    kept.write(made("a"))
    assert kept.has("a" * 32)
    assert (kept.read("a" * 32, "small"), kept.read("a" * 32, "large")) == (b"small a", b"large a")
    assert every_file(folder) == [f"aa/{'a' * 32}-large.webp", f"aa/{'a' * 32}-small.webp"]
    kept.write(made("a"))  # by another process, at the same time
    assert len(every_file(folder)) == 2


def test_a_full_disk_leaves_no_part_of_a_cover(kept: CoverFiles, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        kept.write(made("a"))
    assert every_file(folder) == []
    assert not kept.has("a" * 32)


@pytest.mark.parametrize(
    "name",
    ["", "a-small.webp", f"{'a' * 32}-huge.webp", f"{'A' * 32}-small.webp", f"{'a' * 32}-small.webp\n",
     f"{'a' * 31}/-small.webp", f"../{'a' * 32}-small.webp", f"{'a' * 32}-small.webp.0a1b2c3d"],
)  # fmt: skip
def test_other_names_are_none(name: str) -> None:
    assert files.NAME.fullmatch(name) is None


def test_covers_that_no_book_has_are_pruned(kept: CoverFiles, folder: Path) -> None:
    for first in "abc":
        kept.write(made(first))
    (folder / "aa" / f"{'a' * 32}-small.webp.0a1b2c3d").write_bytes(b"half")  # of a process that was killed
    grow_old(folder)
    kept.write(made("d"))  # whose row is about to be written
    asked: list[Sequence[str]] = []

    def select_known(digests: Sequence[str]) -> Collection[str]:
        asked.append(digests)
        return {"b" * 32}

    assert sum(kept.prune(select_known)) == 5
    assert asked == [["a" * 32], ["b" * 32], ["c" * 32]]
    assert [name[:2] for name in every_file(folder)] == ["bb", "bb", "dd", "dd"]


def test_pruning_goes_in_steps(kept: CoverFiles, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LOOKED_AT_ONCE", 4)
    for number in range(10):
        kept.write(ShrunkCover(f"aa{number:030d}", 1, 1, b"l", b"s"))
    grow_old(folder)
    assert [*kept.prune(lambda _: ())] == [4, 4, 4, 4, 4]
    assert every_file(folder) == []


def test_pruning_is_due_once_a_day_for_all_processes(kept: CoverFiles, folder: Path) -> None:
    assert not kept.is_pruning_due()  # there is no folder yet
    kept.write(made("a"))
    assert kept.is_pruning_due()
    assert not CoverFiles(folder).is_pruning_due()
    os.utime(folder / "pruned", (time.time() - 25 * HOURS,) * 2)
    assert kept.is_pruning_due()
    assert [*kept.prune(lambda _: {"a" * 32})] == [0]  # its marker is not among the covers


def test_a_cover_that_goes_meanwhile_is_no_fault(kept: CoverFiles, folder: Path) -> None:
    kept.write(made("a"))
    grow_old(folder)

    def select_known(_: Any) -> Collection[str]:
        for path in (folder / "aa").iterdir():
            path.unlink()
        return ()

    assert sum(kept.prune(select_known)) == 2
