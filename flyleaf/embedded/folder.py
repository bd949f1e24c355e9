"""Where the embedded server keeps its database, its sockets and its locks, and who they belong to."""

import contextlib
import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from flyleaf.embedded import account as accounts
from flyleaf.embedded.account import Account
from flyleaf.embedded.errors import EmbeddedServerError

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
LONGEST_SOCKET_PATH = 100
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
FALLBACK = Path("/var/lib/flyleaf")
SHORT = Path("/tmp")  # sticky: nobody else can replace what we made there  # noqa: S108  # nosec B108


class UnreachableError(EmbeddedServerError):
    """The account that PostgreSQL runs as can't use a folder, though this process can."""


@dataclass(frozen=True)
class Folder:
    path: Path
    account: Account

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def upgraded(self) -> Path:
        """The database of a newer PostgreSQL, complete, until it takes the place of `cluster`."""
        return self.path / "postgres.upgraded"

    @property
    def database(self) -> Path | None:
        """Where the database lies, if there is one."""
        return next((path for path in (self.cluster, self.upgraded) if (path / "PG_VERSION").exists()), None)

    @property
    def programs(self) -> Path:
        """Copies of PostgreSQL's programs, where the account can't reach the originals."""
        return self.path / "programs"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def log(self) -> Path:
        return self.run / "server.log"

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket: `run`, or a short one of its own where that path can't be used."""
        path = str(self.run / SOCKET_NAME)
        # libpq reads a comma as the end of one host; quotes and what isn't text would have to be escaped three ways.
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and path.isprintable() and not set(path) & set(",\"'\\"):
            return self.run
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return SHORT / f"flyleaf-{self.account.uid}-{digest}"

    @property
    def url(self) -> str:
        """SQLAlchemy's address of the database; the port is named so that PGPORT can't change it."""
        return f"postgresql+psycopg2://flyleaf@/flyleaf?host={quote(str(self.sockets))}&port={PORT}"

    def prepare(self) -> None:
        """Make the folders; OSError or EmbeddedServerError where the account can't use them."""
        if not self.path.is_dir():
            self.path.mkdir(parents=True)
            # As root, the account must be able to pass through; what lies inside is closed to others by itself.
            self.path.chmod(0o700 if self.account.is_present else 0o711)
        _make_private(self.run, self.account)
        if self.sockets != self.run:
            _make_private(self.sockets, self.account)
        if not self.account.can("w", self.run):
            raise UnreachableError(f"the account {self.account.name} can't reach {self.run}")

    def open(self, name: str) -> int:
        """A descriptor of a file in `run` that belongs to the account; closed in programs started from here."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.run / name, flags, 0o600)
        if not self.account.is_present:
            os.fchown(descriptor, self.account.uid, self.account.gid)
        return descriptor

    @contextlib.contextmanager
    def locked(self, name: str, operation: int, seconds: float) -> Iterator[bool]:
        """Hold a lock file within the block; False inside where it wasn't free within `seconds`.

        The kernel drops the lock with the process, however that ends. Each use opens the file anew, so that two
        threads of one process exclude each other too.
        """
        descriptor = self.open(name)
        try:
            yield lock(descriptor, operation, seconds)
        finally:
            os.close(descriptor)


def lock(descriptor: int, operation: int, seconds: float) -> bool:
    """Take LOCK_SH or LOCK_EX, trying for `seconds`; False where others held it all the time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def choose(data: Path) -> Folder:
    """The folder for the database of the site whose data folder is `data`, prepared; the same one at each start.

    It is `data` itself, except for root, where the account that PostgreSQL runs as may be unable to reach that.
    """
    data = data.resolve()
    if os.geteuid() != 0:
        return _prepared(Folder(data, accounts.present()))
    account = accounts.unprivileged()
    for path in (data, fallback(data)):
        if (database := Folder(path, account).database) is not None:
            # The owner of a database goes on with it: an ordinary user's stays that user's.
            return _prepared(Folder(path, accounts.owner(database)))
    try:
        return _prepared(Folder(data, account))
    except UnreachableError:
        return _prepared(Folder(fallback(data), account))


def fallback(data: Path) -> Path:
    """Where root's database goes when `data` is out of PostgreSQL's reach, named after it."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", str(data)).strip("-")[-40:].strip("-")
    return FALLBACK / f"{words}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:8]}"


def _prepared(folder: Folder) -> Folder:
    try:
        folder.prepare()
    except (OSError, EmbeddedServerError) as error:
        with contextlib.suppress(OSError):
            folder.run.rmdir()  # leave nothing in a folder that isn't used
        reason = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else str(error)
        raise (UnreachableError if isinstance(error, UnreachableError) else EmbeddedServerError)(
            f"The database can't be kept in {folder.path} ({reason}): "
            "set FLYLEAF_DATA to a folder that you can write to, or set DATABASE_URL."
        ) from None
    return folder


def _make_private(path: Path, account: Account) -> None:
    """Make a 0700 folder of the account's, or check that it is one: someone else may have made it first."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
            raise EmbeddedServerError(f"{path} is {path.owner()}'s, not {account.name}'s") from None
    path.chmod(0o700)
    with contextlib.suppress(PermissionError):  # on mounts of other systems even root may not
        account.own(path)
    if path.lstat().st_uid != account.uid:
        raise UnreachableError(f"{path} can't be given to the account {account.name}")
