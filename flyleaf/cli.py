"""`flask --app application …`: what an operator does beside running the site."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from flyleaf.database import DatabaseUnusableError
from flyleaf.queries.catalogue import select_catalogue
from flyleaf.queries.events import select_all_events
from flyleaf.queries.search import rebuild_search
from flyleaf.sessions import SessionFiles
from flyleaf.views.current import flyleaf


def register(app: Flask) -> None:
    app.cli.add_command(migrate)
    app.cli.add_command(sessions)
    app.cli.add_command(search)
    app.cli.add_command(books)
    app.cli.add_command(events)


@click.command()
@with_appcontext
def migrate() -> None:
    """Bring the database's schema up to date."""
    with _told():
        flyleaf().database.migrate()
    click.echo("The schema is up to date.")


sessions = AppGroup("sessions", help="The readers' sessions.")


@sessions.command()
def prune() -> None:
    """Delete the sessions that have expired (the site does so once an hour by itself)."""
    kept = current_app.config.get("SESSION_CACHELIB")
    if not isinstance(kept, SessionFiles):
        raise click.ClickException("The sessions are in Redis, which drops expired ones by itself.")
    click.echo(f"{kept.prune()} expired sessions deleted.")


search = AppGroup("search", help="What the search derives from the catalogue.")


@search.command()
def rebuild() -> None:
    """Derive it all anew, while readers go on searching."""
    with _told(), flyleaf().database.command_transaction() as connection:
        list(rebuild_search(connection))
    click.echo("The search is built anew.")


books = AppGroup("books", help="The catalogue.")


_FILE = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")


@books.command("export")
@_FILE
def export_books(file: str) -> None:
    """Write all books to FILE as CSV (UTF-8); without one, or with -, to standard output.

    What our readers say of them is not in it. `python import.py FILE` brings it back, and changes nothing where it is.
    """
    from flyleaf.exporting import write_csv  # with the importer, which a start of the site need not wait for

    with _written(file) as out, flyleaf().database.command_transaction() as connection:
        count = write_csv(select_catalogue(connection), out)
    click.echo(f"{count:,} books written.", err=True)


events = AppGroup("events", help="What happened to accounts and to the catalogue.")


@events.command("export")
@_FILE
def export_events(file: str) -> None:
    """Write all events to FILE, a JSON object a line, the oldest first; without one, or with -, to standard output."""
    from flyleaf.exporting import write_events

    with _written(file) as out, flyleaf().database.command_transaction() as connection:
        count = write_events(select_all_events(connection), out)
    click.echo(f"{count:,} events written.", err=True)


@contextmanager
def _written(file: str) -> Iterator[IO[str]]:
    """The file, which appears when it is whole. What goes wrong is one line for the operator."""
    try:
        with _told(), click.open_file(file, "w", encoding="utf-8", atomic=file != "-") as out:
            yield out
    except OSError as error:
        raise click.ClickException(f"{file}: it can't be written: {error.strerror}.") from error


@contextmanager
def _told() -> Iterator[None]:
    """What the database lacks is one line for the operator."""
    try:
        yield
    except DatabaseUnusableError as error:
        raise click.ClickException(str(error)) from error
