"""Upgrade to a newer major version of PostgreSQL: copy everything from the old server to a new database, then swap the
two. The old one is kept.

At any moment at least one of them is complete. After an interruption, the next start looks at the folders:

    postgres.upgrading-…   the new database, incomplete: deleted
    postgres.upgraded      complete: replaces `postgres` if that was already moved away
    postgres-15.old        the old one
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from flyleaf.embedded import cluster
from flyleaf.embedded.account import Account
from flyleaf.embedded.binaries import Binaries
from flyleaf.embedded.errors import EmbeddedServerError
from flyleaf.embedded.folder import PORT, Folder
from flyleaf.embedded.log import Log
from flyleaf.embedded.parent import end_with_parent
from flyleaf.embedded.server import INTERRUPTED_SECONDS, Server

OLD_PORT, NEW_PORT = PORT + 1, PORT + 2  # not the port on which programs look for the server
GIGABYTE = 10**9

Say = Callable[[str], None]
Stream = int | IO[bytes] | None


def finish(folder: Folder) -> None:
    """Complete an upgrade that was interrupted between its renames, and remove the remains of any other."""
    if folder.upgraded.exists():
        if folder.cluster.exists():  # it was not replaced yet and may have changed since
            shutil.rmtree(folder.upgraded)
        else:
            _rename(folder.upgraded, folder.cluster)
    for left_over in folder.path.glob(f"{folder.cluster.name}.upgrading-*"):
        shutil.rmtree(left_over, ignore_errors=True)


def upgrade(folder: Folder, old: Binaries, new: Binaries, log: Log, say: Say) -> None:
    """Replace the cluster, created by the programs `old`, with a cluster of `new` that has the same content.

    Raises EmbeddedServerError and leaves the cluster unchanged if that fails.
    """
    _check_space(folder)
    kept = _free_name(folder, old.major)
    say(f"Upgrading the database from PostgreSQL {old.major} to {new.major}. A million books take a few minutes.")
    # The name is new each time: a process that outlived a killed keeper may still write under the old one.
    fresh = folder.path / f"{folder.cluster.name}.upgrading-{os.getpid()}"
    try:
        cluster.create(fresh, folder.account, new)
        with (
            _running(Server(folder.cluster, old, folder.account, folder.sockets, log, OLD_PORT)),
            _running(Server(fresh, new, folder.account, folder.sockets, log, NEW_PORT)),
        ):
            _copy(folder, old, new)
    except EmbeddedServerError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise EmbeddedServerError(
            f"The database can't be upgraded from PostgreSQL {old.major} to {new.major} and is unchanged. {error} "
            f"Set PG_BINDIR={old.folder} to continue with PostgreSQL {old.major}."
        ) from error
    _rename(fresh, folder.upgraded)
    _rename(folder.cluster, kept)
    _rename(folder.upgraded, folder.cluster)
    say(f"The database now uses PostgreSQL {new.major}. The old one is kept in {kept}: delete it once all is well.")


def _copy(folder: Folder, old: Binaries, new: Binaries) -> None:
    """Copy everything from the old server to the new one in one transaction."""
    address = ["-h", str(folder.sockets), "-U", cluster.ROLE, "-d", cluster.DATABASE]
    dump = ["--no-owner", "--no-privileges", "-p", str(OLD_PORT), *address]
    load = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-p", str(NEW_PORT), *address]
    # Debian's PostgreSQL 15.20 marks columns with an option that only its own pg_dump leaves out.
    dumper = old if (old.folder / "pg_dump").is_file() else new
    with tempfile.TemporaryFile() as said:
        source = _start(dumper.program("pg_dump"), dump, folder.account, subprocess.DEVNULL, subprocess.PIPE, said)
        target = _start(new.program("psql"), ["-1", *load], folder.account, source.stdout, subprocess.DEVNULL, said)
        if source.stdout is not None:
            source.stdout.close()  # psql has its own copy of the descriptor
        codes = target.wait(), source.wait()
        if codes == (0, 0):
            # Statistics and the visibility map, which a dump doesn't include.
            statement = ["-c", "VACUUM (ANALYZE)"]
            vacuum = _start(
                new.program("psql"), [*load, *statement], folder.account, subprocess.DEVNULL, subprocess.DEVNULL, said
            )
            codes = vacuum.wait(), 0
        if codes != (0, 0):
            raise EmbeddedServerError(_complaint(said.fileno()))


def _start(
    program: str, arguments: list[str], account: Account, stdin: Stream, stdout: Stream, stderr: Stream
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [program, *arguments], stdin=stdin, stdout=stdout, stderr=stderr,
        cwd="/", env=cluster.ENVIRONMENT, preexec_fn=end_with_parent, **account.child(),
    )  # fmt: skip


def _complaint(descriptor: int) -> str:
    """Return the first error that the programs reported."""
    lines = os.pread(descriptor, 1 << 16, 0).decode(errors="replace").splitlines()
    errors = [line for line in lines if "ERROR:" in line or "error:" in line] or lines or ["A program was killed"]
    return errors[0].strip().rstrip(".") + "."


@contextlib.contextmanager
def _running(server: Server) -> Iterator[None]:
    server.start()
    try:
        yield
    except BaseException:
        server.stop(INTERRUPTED_SECONDS)
        raise
    server.stop()


def _check_space(folder: Folder) -> None:
    needed = sum(path.lstat().st_size for path in folder.cluster.rglob("*") if path.is_file())
    found = os.statvfs(folder.path)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise EmbeddedServerError(
            f"The upgrade to the newer PostgreSQL copies the database, which needs up to {needed / GIGABYTE:.1f} GB in "
            f"{folder.path}, but only {free / GIGABYTE:.1f} GB are free: free some space and start again."
        )


def _free_name(folder: Folder, major: int) -> Path:
    """Return an unused name for the old database."""
    kept = folder.path / f"{folder.cluster.name}-{major}.old"
    number = 2
    while kept.exists():
        kept = folder.path / f"{folder.cluster.name}-{major}.old-{number}"
        number += 1
    return kept


def _rename(path: Path, target: Path) -> None:
    """Rename a folder durably, so that a power failure doesn't undo it."""
    path.rename(target)
    parent = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
