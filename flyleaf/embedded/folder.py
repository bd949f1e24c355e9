"""The folder of the embedded server: its database, sockets and locks, and the account that owns them."""

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

# sun_path is limited to 108 bytes on Linux and 104 on macOS, including the final NUL.
LONGEST_SOCKET_PATH = 100
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
FALLBACK = Path("/var/lib/flyleaf")
SHORT = Path("/tmp")  # sticky: others can't replace our files there  # noqa: S108  # nosec B108


class UnreachableError(EmbeddedServerError):
    """The account that PostgreSQL runs as can't use a folder, though this process can."""


@dataclass(frozen=True)
class Folder:
    """The paths of one embedded server. `account` owns them."""

    path: Path
    account: Account

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def upgraded(self) -> Path:
        """Return where an upgrade puts the completed database until it replaces `cluster`."""
        return self.path / "postgres.upgraded"

    @property
    def database(self) -> Path | None:
        """Return where the database is, or None if there is none."""
        return next((path for path in (self.cluster, self.upgraded) if is_filled(path)), None)

    @property
    def programs(self) -> Path:
        """Return where copies of PostgreSQL's programs go if the account can't reach the originals."""
        return self.path / "programs"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def log(self) -> Path:
        return self.run / "server.log"

    @property
    def sockets(self) -> Path:
        """Return the folder of the server's socket: `run`, or a short one in /tmp if that path can't be used."""
        path = str(self.run / SOCKET_NAME)
        # libpq splits hosts at commas; quotes and unprintable characters would need three kinds of escaping.
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and path.isprintable() and not set(path) & set(",\"'\\"):
            return self.run
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return SHORT / f"flyleaf-{self.account.uid}-{digest}"

    def url(self, role: str) -> str:
        """Return the database's SQLAlchemy URL for the role. It names the port so that PGPORT can't change it."""
        return f"postgresql+psycopg2://{role}@/flyleaf?host={quote(str(self.sockets))}&port={PORT}"

    def prepare(self) -> None:
        """Create the folders. Raises OSError or EmbeddedServerError if the account can't use them."""
        if not self.path.is_dir():
            self.path.mkdir(parents=True)
            # When root creates it, the account must be able to enter it. The files inside have their own restrictive
            # modes.
            self.path.chmod(0o700 if self.account.is_current else 0o711)
        _make_private(self.run, self.account)
        if self.sockets != self.run:
            _make_private(self.sockets, self.account)
        if not self.account.can("w", self.run):
            raise UnreachableError(f"the account {self.account.name} can't reach {self.run}")

    def open(self, name: str) -> int:
        """Open a file in `run` that the account owns, and return its descriptor, which child processes don't
        inherit."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.run / name, flags, 0o600)
        if not self.account.is_current:
            os.fchown(descriptor, self.account.uid, self.account.gid)
        return descriptor

    @contextlib.contextmanager
    def locked(self, name: str, operation: int, seconds: float) -> Iterator[bool]:
        """Hold a lock file within the block, which gets False if the lock wasn't available within `seconds`.

        The kernel releases the lock when the process ends, even if it is killed. Each use opens the file again, so that
        two threads of one process exclude each other too.
        """
        descriptor = self.open(name)
        try:
            yield lock(descriptor, operation, seconds)
        finally:
            os.close(descriptor)


def lock(descriptor: int, operation: int, seconds: float) -> bool:
    """Take LOCK_SH or LOCK_EX, trying for `seconds`. Return False if others held the lock all that time."""
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


def is_filled(path: Path) -> bool:
    """Return whether `path` is a folder with anything in it."""
    return path.is_dir() and any(path.iterdir())


def choose(data: Path) -> Folder:
    """Prepare and return the folder for the site with this data folder; it is the same at each start.

    It is `data` itself, unless root starts the site and the account that PostgreSQL runs as can't reach `data`.
    """
    data = data.resolve()
    if os.geteuid() != 0:
        return _prepared(Folder(data, accounts.current()))
    account = accounts.unprivileged()
    for path in (data, fallback(data)):
        if (database := Folder(path, account).database) is not None:
            # An existing database keeps its owner.
            return _prepared(Folder(path, accounts.owner(database)))
    try:
        return _prepared(Folder(data, account))
    except UnreachableError:
        return _prepared(Folder(fallback(data), account))


def fallback(data: Path) -> Path:
    """Return the folder for root's database if PostgreSQL can't reach `data`; its name is derived from `data`."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", str(data)).strip("-")[-40:].strip("-")
    return FALLBACK / f"{words}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:8]}"


def _prepared(folder: Folder) -> Folder:
    try:
        folder.prepare()
    except (OSError, EmbeddedServerError) as error:
        with contextlib.suppress(OSError):
            folder.run.rmdir()  # leave nothing behind in an unused folder
        reason = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else str(error)
        raise (UnreachableError if isinstance(error, UnreachableError) else EmbeddedServerError)(
            f"The database can't be kept in {folder.path} ({reason}): "
            "set FLYLEAF_DATA to a folder that you can write to, or set DATABASE_URL."
        ) from None
    return folder


def _make_private(path: Path, account: Account) -> None:
    """Create a folder with mode 0700 for the account. If it exists, check its owner: another account may have made
    it."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
            raise EmbeddedServerError(f"{path} belongs to {path.owner()}, not to {account.name}") from None
    path.chmod(0o700)
    with contextlib.suppress(PermissionError):  # even root may not, on some network and foreign mounts
        account.own(path)
    if path.lstat().st_uid != account.uid:
        raise UnreachableError(f"{path} can't be given to the account {account.name}")
