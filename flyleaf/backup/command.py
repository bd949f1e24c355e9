"""Run `python -m flyleaf backup` and `restore`."""

import sys
from collections.abc import Callable, Iterator
from typing import IO

from flyleaf.backup.archive import STANDARD_STREAM, Backup, BackupError, Numbers, open_backup
from flyleaf.backup.output import new_file
from flyleaf.backup.restoring import restore
from flyleaf.backup.saving import save
from flyleaf.config import Config
from flyleaf.database.connect import open_database

Say = Callable[[str], None]
# The order and names of the summary. Rows of all other tables are counted as "other rows".
COUNTED = {"books": "books", "readers": "readers", "reviews": "reviews", "events": "events"}


def write_backup(config: Config, name: str, *, replace: bool, say: Say) -> None:
    """Write a backup to the file `name` (- for standard output) and print a summary.

    Raises BackupError, ConfigError, DatabaseUnusableError.
    """
    if name != STANDARD_STREAM:
        with new_file(name, replace=replace) as out:
            numbers = _save(config, out, say)
        say(f"Backup written to {name}: {_summary(numbers)}.")
        return
    if sys.stdout.isatty():
        raise BackupError("A backup can't be shown on a terminal: name a file, or redirect standard output.")
    try:
        numbers = _save(config, sys.stdout.buffer, say)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise BackupError(f"Standard output can't be written: {error.strerror or error}.") from error
    say(f"Backup written: {_summary(numbers)}.")


def _save(config: Config, out: IO[bytes], say: Say) -> Numbers:
    with open_database(config, say) as database:
        return save(database, config.kept_secret_key(), out)


def read_backup(config: Config, name: str, *, only_check: bool, say: Say) -> None:
    """Restore the backup in the file `name` into the site's empty database, or only check it, and print a summary.

    Raises BackupError, ConfigError or DatabaseUnusableError; then nothing has changed.
    """
    with open_backup(name, sys.stdin.buffer) as backup:
        if not only_check:
            with open_database(config, say) as database:
                restore(backup, database, config.keep_secret_key, say)
        for line in _outcome(backup, only_check=only_check):
            say(line)


def _outcome(backup: Backup, *, only_check: bool) -> Iterator[str]:
    header = backup.header
    made = f"made at {header.made_at} by Flyleaf {header.flyleaf}, schema {header.schema}"
    if only_check:
        yield f"The backup is intact: {_summary(backup.numbers)}; {made}."
    else:
        yield f"Restored: {_summary(backup.numbers)}; {made}."
        yield "Backups don't include sessions: readers have to log in again."


def _summary(numbers: Numbers) -> str:
    rows = {name: numbers.rows.get(table, 0) for table, name in COUNTED.items()}
    others = sum(numbers.rows.values()) - sum(rows.values())
    parts = [f"{count:,} {name}" for name, count in rows.items()]
    return ", ".join([*parts, f"{others:,} other rows"])
