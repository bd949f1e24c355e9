"""A PostgreSQL cluster: created once by initdb, and started with the settings below."""

import contextlib
import locale
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from flyleaf.embedded import resources
from flyleaf.embedded.account import Account
from flyleaf.embedded.binaries import Binaries
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import PORT, is_filled
from flyleaf.embedded.parent import end_with_parent

# LC_CTYPE must be UTF-8: with C, pg_trgm silently drops letters such as é, ж and 東. The collation stays C, which sorts
# by code point on every machine; lists that are shown sorted have their own sort keys.
CTYPES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8")
# The superuser creates the database. `ROLE` owns it and its tables, and pages run as `SITE_ROLE`: neither can access
# files or programs.
SUPERUSER = "postgres"
ROLE, SITE_ROLE, DATABASE = "flyleaf", "flyleaf_site", "flyleaf"
SCHEMA = f"CREATE ROLE {ROLE} LOGIN;\n\nCREATE ROLE {SITE_ROLE} LOGIN;\n\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n\n"
# Parallel queries allocate memory here; containers often limit it to 64 MB.
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108  # only its size is read
SMALL_SHARED_MEMORY = 256 * 1024 * 1024  # bytes
VERSION = "PG_VERSION"
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


def create(directory: Path, account: Account, binaries: Binaries) -> None:
    """Create a cluster with the empty database `flyleaf` in `directory`, atomically.

    It is built under a temporary name, so that an interrupted one is never used. The name is new each time, because an
    initdb that outlived its keeper may still write or clean up under the old one.
    """
    for left_over in directory.parent.glob(f"{directory.name}.unfinished-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    unfinished = directory.with_name(f"{directory.name}.unfinished-{os.getpid()}")
    unfinished.mkdir(mode=0o700)
    account.own(unfinished)
    initialize(unfinished, account, binaries)
    _run([binaries.postgres, "--single", "-D", str(unfinished), "template1"], account, SCHEMA)
    unfinished.rename(directory)


def initialize(directory: Path, account: Account, binaries: Binaries, *options: str) -> None:
    """Run initdb in the empty `directory`, which the account owns."""
    letters = ("-E", "UTF8", "--locale=C", f"--lc-ctype={_ctype()}")
    # Syncing a thousand files one by one takes seconds on a busy disk.
    at_once = ("--sync-method=syncfs",) if sys.platform == "linux" and binaries.major >= 17 else ()
    arguments = ["-D", str(directory), *letters, "-U", SUPERUSER, "--auth=trust", *at_once, *options]
    _run([binaries.initdb, *arguments], account)


def command(directory: Path, binaries: Binaries, sockets: Path, **settings: str) -> list[str]:
    """Return the command line of a server that can only be reached through a socket in `sockets`."""
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
        "dynamic_shared_memory_type": _shared_memory(),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
        # Statements and details contain readers' data, even password hashes: keep them out of the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        **_memory(directory),
        "max_parallel_workers": str(resources.processors()),
        "max_parallel_maintenance_workers": str(min(2, resources.processors() - 1)),
        # There is no replication, so bulk loads can skip the write-ahead log and checkpoints can be rare.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": f"{_log_megabytes(directory)}MB",
        # After a crash every file is synced before recovery; syncing them one by one takes seconds.
        "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
        "jit": "off",  # compiling takes longer than queries of a few milliseconds
        **settings,
    }
    options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    return [binaries.postgres, "-D", str(directory), *options]


def _memory(directory: Path) -> dict[str, str]:
    """Return the settings for the memory that the site may use: PostgreSQL's defaults from two gigabytes on, and
    less below. Each worker of the site keeps up to ten connections, each of which may use work_mem several times.

    Buffers cost memory even when they are empty (8 MB for each gigabyte), so only a large database gets more than one
    gigabyte.
    """
    megabytes = min(resources.memory(), resources.address_space()) // 2**20
    return {
        "shared_buffers": f"{_between(16, megabytes // 8, max(1024, _size_in_megabytes(directory) // 4))}MB",
        "work_mem": f"{_between(1024, megabytes * 2, 4096)}kB",
        # The import and the search's build use multiples of it.
        "maintenance_work_mem": f"{_between(8, megabytes // 32, 64)}MB",
        "autovacuum_max_workers": "3" if megabytes >= 1024 else "1",
    }


def _size_in_megabytes(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.glob("base/*/*")) // 2**20


def _log_megabytes(directory: Path) -> int:
    """Return how large the write-ahead log may become: a quarter of the free disk, between 64 MB and 4 GB."""
    try:
        return _between(64, shutil.disk_usage(directory).free // 2**20 // 4, 4096)
    except FileNotFoundError:
        return 4096


def _between(least: int, number: int, most: int) -> int:
    return max(least, min(number, most))


def major_version(directory: Path) -> int | None:
    """Return the cluster's major version, or None if there is no cluster.

    Every database in it has a copy of PG_VERSION, so a lost or empty one can be read there. Raises EmbeddedServerError
    if all are missing.
    """
    if not is_filled(directory):
        return None
    for file in (directory / VERSION, *directory.glob(f"base/*/{VERSION}")):
        if (version := _version(file)) is not None:
            return version
    raise EmbeddedServerError(
        f"{directory} is no PostgreSQL database, or a damaged one, because {VERSION} is missing in it: move it away to "
        "start with an empty database, into which python -m flyleaf restore can bring a backup."
    )


def repair(directory: Path, account: Account) -> None:
    """Restore a lost or empty PG_VERSION, without which PostgreSQL doesn't start."""
    version, file = major_version(directory), directory / VERSION
    if version is not None and _version(file) is None:
        file.write_text(f"{version}\n")
        file.chmod(0o600)
        account.own(file)


def _version(file: Path) -> int | None:
    try:
        number = re.match(r"[0-9]+", file.read_text(errors="replace"))
    except FileNotFoundError:
        return None
    return int(number[0]) if number else None


def postmaster(directory: Path) -> int | None:
    """Return the process id of a server that reported itself ready, or None. It may have died since."""
    try:
        lines = (directory / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    is_ready = len(lines) >= 8 and lines[0].isdecimal() and lines[7].strip() == "ready"
    return int(lines[0]) if is_ready else None


def answers(sockets: Path, port: int = PORT) -> bool:
    """Return whether a server listens in `sockets`. A dead server's socket refuses connections."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(5)
        try:
            probe.connect(os.fsencode(sockets / f".s.PGSQL.{port}"))
        except OSError:
            return False
    return True


def _run(arguments: list[str], account: Account, text: str = "") -> None:
    ended = subprocess.run(
        arguments, input=text, capture_output=True, text=True, errors="replace", cwd="/", env=ENVIRONMENT,
        preexec_fn=end_with_parent, **account.child(), check=False,
    )  # fmt: skip
    # The single-user server exits with 0 even after a failed statement, so its messages are checked too.
    errors = [line for line in ended.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line or "error:" in line]
    if ended.returncode != 0 or errors:
        said = (errors or ended.stderr.splitlines() or [f"exit {ended.returncode}"])[0].strip()
        raise EmbeddedServerError(f"The database can't be created: {Path(arguments[0]).name} said: {said}")


def _ctype() -> str:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in CTYPES:
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise EmbeddedServerError(
        f"This system has no UTF-8 locale ({', '.join(CTYPES)}): generate one (locale-gen en_US.UTF-8) and start again."
    )


def _shared_memory() -> str:
    try:
        found = os.statvfs(SHARED_MEMORY)
    except OSError:
        return "mmap"
    return "posix" if found.f_blocks * found.f_frsize >= SMALL_SHARED_MEMORY else "mmap"
