"""Create the backup's file, which appears only when it is complete and doesn't replace another file unasked."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from flyleaf.backup.archive import BackupError


@contextlib.contextmanager
def new_file(name: str, *, replace: bool) -> Iterator[IO[bytes]]:
    """Open a new file that no other user can read. It gets its name at the end of the block.

    Raises BackupError if the file exists and `replace` is False, or if it can't be written.
    """
    target = Path(os.path.realpath(name))
    _check(target, name, replace=replace)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _publish(draft, target, name, replace=replace)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"{name} can't be written: {error.strerror or error}.") from error


def _check(target: Path, name: str, *, replace: bool) -> None:
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise BackupError(f"{name} can't be written: {error.strerror}.") from error
    if not stat.S_ISREG(mode):
        raise BackupError(f"{name} is not a file: name a new one, or - for standard output.")
    if not replace:
        raise BackupError(f"{name} is there already: name a new file, or replace that one with --force.")


def _publish(draft: Path, target: Path, name: str, *, replace: bool) -> None:
    """Give the file its name and make that durable."""
    if replace:
        draft.replace(target)
    else:
        try:
            os.link(draft, target)  # unlike a rename, a link never replaces a file that was created meanwhile
        except FileExistsError:
            _check(target, name, replace=False)
        except OSError:  # the file system doesn't support links
            _check(target, name, replace=False)
            draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
