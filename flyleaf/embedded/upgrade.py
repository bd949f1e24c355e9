"""From one major version of PostgreSQL to a newer one: the old server is read, a new database is filled, and the two
change places. The old one is kept.

At any moment at least one of them is whole, and what a later start finds tells it how far this one came:

    postgres.upgrading-…   the new database, being filled: thrown away
    postgres.upgraded      complete: takes the place of `postgres` where that was moved away already
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
from flyleaf.embedded.server import Server

OLD_PORT, NEW_PORT = PORT + 1, PORT + 2  # where nobody looks for the site's server
GIGABYTE = 10**9

Say = Callable[[str], None]
Stream = int | IO[bytes] | None


def finish(folder: Folder) -> None:
    """Complete an upgrade that was interrupted between its two renames, and remove what is left of any other."""
    if folder.upgraded.exists():
        if folder.cluster.exists():  # not moved away yet: it may have been written to since
            shutil.rmtree(folder.upgraded)
        else:
            _rename(folder.upgraded, folder.cluster)
    for left_over in folder.path.glob(f"{folder.cluster.name}.upgrading-*"):
        shutil.rmtree(left_over, ignore_errors=True)


def upgrade(folder: Folder, old: Binaries, new: Binaries, log: Log, say: Say) -> None:
    """Replace the cluster, which the programs `old` have made, by one of `new` with the same content.

    Raises EmbeddedServerError; the cluster is what it was then.
    """
    _check_space(folder)
    kept = _free_name(folder, old.major)
    say(f"Upgrading the database from PostgreSQL {old.major} to {new.major}. A million books take some minutes.")
    # A name of its own each time: what outlived a killed keeper may still write under the old one.
    fresh = folder.path / f"{folder.cluster.name}.upgrading-{os.getpid()}"
    try:
        cluster.create(fresh, folder.account, new)
        with (
            _running(Server(folder.cluster, old, folder.account, folder.sockets, log, OLD_PORT)),
            _running(Server(fresh, new, folder.account, folder.sockets, log, NEW_PORT)),
        ):
            _copy(folder, new)
    except EmbeddedServerError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise EmbeddedServerError(
            f"The database can't be brought from PostgreSQL {old.major} to {new.major}, and stays as it was. {error} "
            f"Set PG_BINDIR={old.folder} to go on with PostgreSQL {old.major}."
        ) from error
    _rename(fresh, folder.upgraded)
    _rename(folder.cluster, kept)
    _rename(folder.upgraded, folder.cluster)
    say(f"The database is PostgreSQL {new.major}'s now. The old one is kept in {kept}: delete it when all is well.")


def _copy(folder: Folder, new: Binaries) -> None:
    """Send everything from the old server to the new one, in one transaction."""
    address = ["-h", str(folder.sockets), "-U", cluster.ROLE, "-d", cluster.DATABASE]
    dump = ["--no-owner", "--no-privileges", "-p", str(OLD_PORT), *address]
    load = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-p", str(NEW_PORT), *address]
    with tempfile.TemporaryFile() as said:
        source = _start(new.program("pg_dump"), dump, folder.account, subprocess.DEVNULL, subprocess.PIPE, said)
        target = _start(new.program("psql"), ["-1", *load], folder.account, source.stdout, subprocess.DEVNULL, said)
        if source.stdout is not None:
            source.stdout.close()  # the other program has it
        codes = target.wait(), source.wait()
        if codes == (0, 0):
            # Statistics and visibility, which no dump carries.
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
    """The first error that the programs told."""
    lines = os.pread(descriptor, 1 << 16, 0).decode(errors="replace").splitlines()
    errors = [line for line in lines if "ERROR:" in line or "error:" in line] or lines or ["A program was killed"]
    return errors[0].strip().rstrip(".") + "."


@contextlib.contextmanager
def _running(server: Server) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.stop()


def _check_space(folder: Folder) -> None:
    needed = sum(path.lstat().st_size for path in folder.cluster.rglob("*") if path.is_file())
    found = os.statvfs(folder.path)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise EmbeddedServerError(
            f"The database must be copied for the newer PostgreSQL, which takes up to {needed / GIGABYTE:.1f} GB in "
            f"{folder.path}, and {free / GIGABYTE:.1f} GB are free: make room and start again."
        )


def _free_name(folder: Folder, major: int) -> Path:
    """A name for the old database that nothing has."""
    kept = folder.path / f"{folder.cluster.name}-{major}.old"
    number = 2
    while kept.exists():
        kept = folder.path / f"{folder.cluster.name}-{major}.old-{number}"
        number += 1
    return kept


def _rename(path: Path, target: Path) -> None:
    """Rename a folder, so that a power cut doesn't undo it."""
    path.rename(target)
    parent = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
