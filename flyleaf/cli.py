"""`flask --app application …`: what an operator does beside running the site."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from flyleaf.database import DatabaseUnusableError
from flyleaf.queries.search import rebuild_search
from flyleaf.sessions import SessionFiles
from flyleaf.views.current import flyleaf, transaction


def register(app: Flask) -> None:
    app.cli.add_command(migrate)
    app.cli.add_command(sessions)
    app.cli.add_command(search)


@click.command()
@with_appcontext
def migrate() -> None:
    """Bring the database's schema up to date."""
    try:
        flyleaf().database.migrate()
    except DatabaseUnusableError as error:
        raise click.ClickException(str(error)) from error
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
    with transaction() as connection:
        rebuild_search(connection)
    click.echo("The search is built anew.")
