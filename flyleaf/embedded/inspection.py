"""What the next start would do with the embedded database, without doing it."""

from dataclasses import dataclass
from pathlib import Path

from flyleaf.embedded import account, binaries, cluster
from flyleaf.embedded.folder import Folder, fallback


@dataclass(frozen=True)
class Inspection:
    """The database of a data folder, and the programs for it."""

    database: Path | None  # None: the next start makes one
    made_by: int | None  # the major version of PostgreSQL
    programs: Path
    runs_on: int  # the major version of the programs; newer than `made_by`: the next start upgrades the database
    kept: tuple[Path, ...]  # databases that earlier upgrades have left


def inspect(data: Path, bindir: Path | None) -> Inspection:
    """Look where the database is and which programs there are. Raises EmbeddedServerError where none will do."""
    data = data.resolve()
    folders = [Folder(path, account.present()) for path in (data, fallback(data))]
    folder = next((folder for folder in folders if folder.database), folders[0])
    major = cluster.major_version(folder.database) if folder.database else None
    newer = binaries.find_newer(bindir, major) if major is not None else None
    if newer is not None:
        binaries.find(None, major)  # without which the upgrade can't be done
    programs = newer or binaries.find(bindir, major)
    kept = tuple(sorted(folder.path.glob("postgres-*.old*")))
    return Inspection(folder.database, major, programs.folder, programs.major, kept)
