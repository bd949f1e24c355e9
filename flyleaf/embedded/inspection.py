"""Report what the next start would do with the embedded database, without doing it."""

from dataclasses import dataclass
from pathlib import Path

from flyleaf.embedded import account, binaries, cluster
from flyleaf.embedded.folder import Folder, fallback


@dataclass(frozen=True)
class Inspection:
    """The database in a data folder, and PostgreSQL's programs for it."""

    database: Path | None  # None: the next start creates one
    made_by: int | None  # the major version of PostgreSQL
    programs: Path
    runs_on: int  # the major version of the programs; newer than `made_by`: the next start upgrades the database
    kept: tuple[Path, ...]  # databases kept by earlier upgrades


def inspect(data: Path, bindir: Path | None) -> Inspection:
    """Find the database and PostgreSQL's programs. Raises EmbeddedServerError if no programs are suitable."""
    data = data.resolve()
    folders = [Folder(path, account.current()) for path in (data, fallback(data))]
    folder = next((folder for folder in folders if folder.database), folders[0])
    major = cluster.major_version(folder.database) if folder.database else None
    newer = binaries.find_newer(bindir, major) if major is not None else None
    if newer is not None:
        binaries.find(None, major)  # the upgrade needs the old version's programs too
    programs = newer or binaries.find(bindir, major)
    kept = tuple(sorted(folder.path.glob("postgres-*.old*")))
    return Inspection(folder.database, major, programs.folder, programs.major, kept)
