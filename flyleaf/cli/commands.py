"""Commands for the database, sessions, search, books and events."""

from collections.abc import Sequence

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from flyleaf.cli.output import errors_in_words, new_file
from flyleaf.cli.users import users
from flyleaf.queries.catalogue import select_catalogue
from flyleaf.queries.events import select_all_events
from flyleaf.queries.sessions import select_live_hashes
from flyleaf.search import rebuild_search
from flyleaf.sessions import SessionFiles
from flyleaf.web.current import flyleaf, session_store


def register(app: Flask) -> None:
    for one in (migrate, sessions, search, books, events, users):
        app.cli.add_command(one)


@click.command()
@with_appcontext
def migrate() -> None:
    """Update the database's schema and build the search. The site may be running."""
    with errors_in_words():
        flyleaf().database.build_search()
    click.echo("The schema is up to date.")


sessions = AppGroup("sessions", help="The readers' sessions.")


@sessions.command()
def prune() -> None:
    """Delete sessions that have ended or expired. A running site does this once an hour."""
    store = session_store()
    if not isinstance(store, SessionFiles):
        raise click.ClickException("Sessions are in Redis, which deletes expired ones by itself.")

    def select_live(id_hashes: Sequence[bytes]) -> set[bytes]:
        with flyleaf().database.transaction() as connection:
            return select_live_hashes(connection, id_hashes)

    with errors_in_words():
        click.echo(f"{sum(store.prune(select_live))} expired sessions deleted.")


search = AppGroup("search", help="The search index.")


@search.command()
def rebuild() -> None:
    """Rebuild the search index. Readers can go on searching."""
    with errors_in_words(), flyleaf().database.command_transaction() as connection:
        list(rebuild_search(connection))
    click.echo("The search index was rebuilt.")


books = AppGroup("books", help="The catalogue.")


_FILE = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")


@books.command("export")
@_FILE
def export_books(file: str) -> None:
    """Write all books to FILE as CSV (UTF-8), or to standard output if FILE is missing or -.

    Readers' reviews are not included. Importing the file (`python import.py FILE`) restores the same books.
    """
    from flyleaf.exporting import write_csv  # loads the importer, which would slow down the site's start

    with new_file(file) as out, flyleaf().database.command_transaction() as connection:
        count = write_csv(select_catalogue(connection), out)
    click.echo(f"{count:,} books written.", err=True)


events = AppGroup("events", help="The record of what happened to accounts and the catalogue.")


@events.command("export")
@_FILE
def export_events(file: str) -> None:
    """Write all events to FILE as lines of JSON, oldest first, or to standard output if FILE is missing or -."""
    from flyleaf.exporting import write_events

    with new_file(file) as out, flyleaf().database.command_transaction() as connection:
        count = write_events(select_all_events(connection), out)
    click.echo(f"{count:,} events written.", err=True)


# These are commands of `python -m flyleaf`, too.
COMMANDS: dict[str, click.Command] = {
    "events": events,
    "export": export_books,
    "migrate": migrate,
    "search": search,
    "sessions": sessions,
    "users": users,
}
