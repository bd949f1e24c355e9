"""What all commands share: new files, and errors as one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click

from flyleaf.database import DatabaseUnusableError


@contextmanager
def new_file(file: str) -> Iterator[IO[str]]:
    """Open the file for writing; it replaces an existing one when it is complete. Errors are shown as one line."""
    try:
        with errors_in_words(), click.open_file(file, "w", encoding="utf-8", atomic=file != "-") as out:
            yield out
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from error


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Show an unusable database as one line."""
    try:
        yield
    except DatabaseUnusableError as error:
        raise click.ClickException(str(error)) from error
