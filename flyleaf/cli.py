"""What an operator does beside running the site: `flask --app application …`, and a part of `python -m flyleaf …`."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import Connection

from flyleaf.database import DatabaseUnusableError
from flyleaf.limits import REASON_MAX, RESET_HOURS
from flyleaf.paging import NEWEST
from flyleaf.queries.attempts import delete_attempts
from flyleaf.queries.catalogue import select_catalogue
from flyleaf.queries.events import EventKind, insert_event, select_all_events, select_events
from flyleaf.queries.password_resets import insert_password_reset
from flyleaf.queries.readers import (
    ListedReader,
    select_listed_reader,
    select_listed_readers,
    update_lock,
    update_moderator,
)
from flyleaf.queries.sessions import delete_all_sessions
from flyleaf.search import rebuild_search
from flyleaf.sessions import SessionFiles
from flyleaf.web.attempts import account_limits
from flyleaf.web.current import flyleaf


def register(app: Flask) -> None:
    for one in (migrate, sessions, search, books, events, users):
        app.cli.add_command(one)


@click.command()
@with_appcontext
def migrate() -> None:
    """Bring the database's schema up to date, and build the search, beside a site that may be running."""
    with _told():
        flyleaf().database.build_search()
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


users = AppGroup("users", help="The readers and their accounts.")
_NAME = click.argument("name")
EVENTS_SHOWN = 10


@users.command("list")
@click.argument("part", default="")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
def list_users(part: str, form: str) -> None:
    """Say who has an account: of all those whose name has PART in it, a line each, by name."""
    from flyleaf.exporting import write_readers

    with _written("-") as out, flyleaf().database.command_transaction() as connection:
        found = select_listed_readers(connection, _typed(part))
        if form == "text":
            for reader in found:
                click.echo(f"{reader.name}: {_summary(reader)}", out)
        else:
            write_readers(found, out, form)


@users.command()
@_NAME
def show(name: str) -> None:
    """Say what is known of NAME, and the last things that happened to the account."""
    with _reader(name) as (connection, reader):
        click.echo(f"{reader.name}: {_summary(reader)}")
        for event in select_events(connection, reader.id, NEWEST).items[:EVENTS_SHOWN]:
            detail = ", ".join(f"{key} {value}" for key, value in event.detail.items() if value is not None)
            click.echo(f"  {event.at:%Y-%m-%d %H:%M:%S} {event.kind}{f' ({detail})' if detail else ''}")


@users.command()
@_NAME
@click.option("--reason", required=True, help="The reader is told it at the log-in.")
def lock(name: str, reason: str) -> None:
    """Log NAME out everywhere, and let nobody log in to the account."""
    reason = " ".join(_typed(reason).split())
    if not 1 <= len(reason) <= REASON_MAX:
        raise click.ClickException(f"A reason has 1 to {REASON_MAX} characters.")
    with _reader(name) as (connection, reader):
        update_lock(connection, reader.id, reason)
        ended = delete_all_sessions(connection, reader.id)
        insert_event(connection, EventKind.ACCOUNT_LOCKED, reader.id, {"reason": reason})
    click.echo(f"{reader.name} is locked; sessions ended: {ended}.")


@users.command()
@_NAME
def unlock(name: str) -> None:
    """Let NAME log in again, also after too many wrong passwords."""
    with _reader(name) as (connection, reader):
        update_lock(connection, reader.id, None)
        delete_attempts(connection, account_limits(reader.id, reader.name))
        insert_event(connection, EventKind.ACCOUNT_UNLOCKED, reader.id)
    click.echo(f"{reader.name} can log in again.")


@users.command("reset-password")
@_NAME
@click.option("--site", help="The address by which readers know the site, such as https://books.example.org.")
def reset_password(name: str, site: str | None) -> None:
    """Print a link with which NAME, or whoever else has it, chooses a new password, once."""
    token = secrets.token_urlsafe(32)
    path = current_app.url_map.bind("").build("password_resets.reset", {"token": token})
    site = site or _site()
    if not re.fullmatch("https?://[!-~]+", site):
        raise click.ClickException(f"--site is {site!r}: write an address such as https://books.example.org.")
    with _reader(name) as (connection, reader):
        insert_password_reset(connection, reader.id, token)
        insert_event(connection, EventKind.PASSWORD_RESET_OFFERED, reader.id)
    click.echo(site.rstrip("/") + path)
    locked = " The account is locked, and stays so." if reader.lock_reason else ""
    click.echo(f"It works for {RESET_HOURS} hours, once: give it to {reader.name} alone.{locked}", err=True)


@users.command("make-moderator")
@_NAME
def make_moderator(name: str) -> None:
    """Let NAME hide reviews."""
    _appoint(name, is_moderator=True)


@users.command("remove-moderator")
@_NAME
def remove_moderator(name: str) -> None:
    """Let NAME hide no more reviews. What NAME has hidden stays so."""
    _appoint(name, is_moderator=False)


def _appoint(name: str, *, is_moderator: bool) -> None:
    with _reader(name) as (connection, reader):
        if reader.is_moderator != is_moderator:
            update_moderator(connection, reader.id, is_moderator)
            kind = EventKind.MODERATOR_MADE if is_moderator else EventKind.MODERATOR_REMOVED
            insert_event(connection, kind, reader.id)
    click.echo(f"{reader.name} is {'a' if is_moderator else 'no'} moderator.")


@contextmanager
def _reader(name: str) -> Iterator[tuple[Connection, ListedReader]]:
    """The reader of this name, and the transaction in which something is done to the account."""
    with _told(), flyleaf().database.command_transaction() as connection:
        reader = select_listed_reader(connection, _typed(name))
        if reader is None:
            raise click.ClickException(f"No reader is called {name!r}: `users list` says who there is.")
        yield connection, reader


def _typed(text: str) -> str:
    """What was typed, where it is letters: a shell passes on any bytes."""
    if not text.isprintable():
        raise click.ClickException(f"There are signs in {text!r} that can't be printed.")
    return text


def _summary(reader: ListedReader) -> str:
    parts = [f"registered {reader.registered_at:%Y-%m-%d}", f"reviews: {reader.reviews}"]
    if reader.seen_at:
        parts.append(f"last seen {reader.seen_at:%Y-%m-%d}")
    if reader.is_moderator:
        parts.append("moderator")
    if reader.lock_reason:
        parts.append(f"locked: {reader.lock_reason}")
    return ", ".join(parts)


def _site() -> str:
    """Where the settings say that the site is, as far as they do."""
    config = flyleaf().config
    scheme = "https" if config.https else "http"
    host = config.trusted_hosts[0].lstrip(".") if config.trusted_hosts else f"{config.host}:{config.port}"
    return f"{scheme}://{host}{config.script_name}"


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


# What `python -m flyleaf` offers of these.
COMMANDS: dict[str, click.Command] = {
    "events": events,
    "export": export_books,
    "migrate": migrate,
    "search": search,
    "sessions": sessions,
    "users": users,
}
