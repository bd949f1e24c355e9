"""Keep the catalogue and each engine's index in benchmarks/work/."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.search import catalogue
from flyleaf.config import PROJECT

WORK = PROJECT / "benchmarks" / "work"
STAMPS = "built.json"


def work_folder(file: Path | None, books: int, seed: int) -> Path:
    """Return the folder for a catalogue file, or for a generated catalogue of this many books."""
    name = f"{books}-{seed}"
    if file is not None:
        name = f"{file.stem}-{hashlib.sha256(str(file.absolute()).encode()).hexdigest()[:6]}"
    for folder in (WORK, WORK / name):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)  # as root, the database runs under another account
    return WORK / name


def is_current(made: Path, sources: Sequence[Path] = (Path(catalogue.__file__), PROJECT / "books.csv")) -> bool:
    """Return whether a file exists and is newer than its sources (by default, those of a generated catalogue)."""
    return made.exists() and all(made.stat().st_mtime >= path.stat().st_mtime for path in sources)


def build_once(folder: Path, engine: str, books: Path, code: Sequence[str], build: Callable[[], float]) -> float:
    """Build an engine's index unless it exists. Return the seconds that `build` reported, now or in the earlier run.

    The index is rebuilt if the catalogue or a file that matches a pattern in `code` has changed.
    """
    stamps = folder / STAMPS
    built = json.loads(stamps.read_text()) if stamps.exists() else {}
    state = _fingerprint(books, code)
    if engine in built and built[engine]["state"] == state:
        return float(built[engine]["seconds"])
    built.pop(engine, None)
    stamps.write_text(json.dumps(built))  # so that an unfinished build is not mistaken for a finished one
    seconds = build()
    stamps.write_text(json.dumps(built | {engine: {"state": state, "seconds": seconds}}))
    return seconds


def _fingerprint(books: Path, code: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{books.stat().st_size} {books.stat().st_mtime_ns}".encode())
    for pattern in code:
        for path in sorted(PROJECT.glob(pattern)):
            if path.is_file() and path.parent.name != "__pycache__":
                digest.update(path.read_bytes())
    return digest.hexdigest()
