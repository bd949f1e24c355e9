"""`users`: readers and their accounts."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import Connection

from flyleaf.cli.output import errors_in_words, new_file
from flyleaf.limits import (
    INVITATION_LONGEST,
    INVITATION_NOTE_MAX,
    INVITATION_USES_MAX,
    LOGIN_LINK_MINUTES,
    REASON_MAX,
    RESET_HOURS,
)
from flyleaf.paging import NEWEST
from flyleaf.queries.attempts import delete_attempts
from flyleaf.queries.events import EventKind, insert_event, select_events
from flyleaf.queries.invitations import insert_invitation
from flyleaf.queries.login_links import insert_login_link
from flyleaf.queries.password_resets import insert_password_reset
from flyleaf.queries.pending_registrations import approve_registration
from flyleaf.queries.readers import (
    ListedReader,
    select_listed_reader,
    select_listed_readers,
    update_lock,
    update_moderator,
)
from flyleaf.queries.second_factors import delete_second_factors, select_second_factors
from flyleaf.queries.sessions import delete_all_sessions
from flyleaf.sessions import forget
from flyleaf.web.attempts import account_limits
from flyleaf.web.current import flyleaf, session_store

users = AppGroup("users", help="Readers and their accounts.")
_NAME = click.argument("name")
_SITE = click.option("--site", help="The site's public address, such as https://books.example.org.")
EVENTS_SHOWN = 10


@users.command("list")
@click.argument("part", default="")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
def list_users(part: str, form: str) -> None:
    """List readers by name, one per line. With PART, list only names that contain it."""
    from flyleaf.exporting import write_readers

    with new_file("-") as out, flyleaf().database.command_transaction() as connection:
        found = select_listed_readers(connection, _typed(part))
        if form == "text":
            for reader in found:
                click.echo(f"{reader.name}: {_summary(reader)}", out)
        else:
            write_readers(found, out, form)


@users.command()
@_NAME
def show(name: str) -> None:
    """Show NAME's account and its latest events."""
    with _reader(name) as (connection, reader):
        click.echo(f"{reader.name}: {_summary(reader)}")
        for event in select_events(connection, reader.id, NEWEST).items[:EVENTS_SHOWN]:
            detail = ", ".join(f"{key} {value}" for key, value in event.detail.items() if value is not None)
            click.echo(f"  {event.at:%Y-%m-%d %H:%M:%S} {event.kind}{f' ({detail})' if detail else ''}")


@users.command()
@_NAME
@click.option("--reason", required=True, help="Shown to the reader at log-in.")
def lock(name: str, reason: str) -> None:
    """Lock NAME's account and end all its sessions."""
    reason = " ".join(_typed(reason).split())
    if not 1 <= len(reason) <= REASON_MAX:
        raise click.ClickException(f"--reason must have 1 to {REASON_MAX} characters.")
    with _reader(name) as (connection, reader):
        update_lock(connection, reader.id, reason)
        ended = delete_all_sessions(connection, reader.id)
        insert_event(connection, EventKind.ACCOUNT_LOCKED, reader.id, {"reason": reason})
    forget(session_store(), ended)
    click.echo(f"{reader.name} is locked. Sessions ended: {len(ended)}.")


@users.command()
@_NAME
def unlock(name: str) -> None:
    """Unlock NAME's account, also after too many wrong passwords."""
    with _reader(name) as (connection, reader):
        update_lock(connection, reader.id, None)
        delete_attempts(connection, account_limits(reader.id, reader.name))
        insert_event(connection, EventKind.ACCOUNT_UNLOCKED, reader.id)
    click.echo(f"{reader.name} can log in again.")


@users.command("reset-password")
@_NAME
@_SITE
def reset_password(name: str, site: str | None) -> None:
    """Print a link for choosing a new password. It works once, for anyone who has it."""
    token = secrets.token_urlsafe(32)
    address = _address(site, "password_resets.reset", token=token)
    with _reader(name) as (connection, reader):
        insert_password_reset(connection, reader.id, token)
        insert_event(connection, EventKind.PASSWORD_RESET_OFFERED, reader.id)
    click.echo(address)
    locked = " The account remains locked." if reader.lock_reason else ""
    click.echo(f"The link works once, within {RESET_HOURS} hours. Give it only to {reader.name}.{locked}", err=True)


@users.command("login-link")
@_NAME
@_SITE
def login_link(name: str, site: str | None) -> None:
    """Print a link that logs in as NAME, once, within minutes. It works where passwords are switched off."""
    token = secrets.token_urlsafe(32)
    address = _address(site, "login_links.link", token=token)
    with _reader(name) as (connection, reader):
        insert_login_link(connection, reader.id, token)
        insert_event(connection, EventKind.LOGIN_LINK_OFFERED, reader.id)
    click.echo(address)
    click.echo(f"The link works once, within {LOGIN_LINK_MINUTES} minutes. Keep it secret.", err=True)


@users.command()
@click.option("--uses", type=click.IntRange(1, INVITATION_USES_MAX), default=1, show_default=True)
@click.option("--days", type=click.IntRange(1, INVITATION_LONGEST), default=7, show_default=True)
@click.option("--note", default="", help="For moderators: whom the invitation is for.")
@_SITE
def invite(uses: int, days: int, note: str, site: str | None) -> None:
    """Print a link with which people can register."""
    note = " ".join(_typed(note).split())
    if len(note) > INVITATION_NOTE_MAX:
        raise click.ClickException(f"--note can have at most {INVITATION_NOTE_MAX} characters.")
    token = secrets.token_urlsafe(32)
    address = _address(site, "readers.register", invitation=token)
    with errors_in_words(), flyleaf().database.command_transaction() as connection:
        made = insert_invitation(connection, token, None, uses, days, note)
        insert_event(connection, EventKind.INVITATION_MADE, None, {"invitation": made, "uses": uses, "days": days})
    click.echo(address)
    times = "once" if uses == 1 else f"{uses:,} times"
    click.echo(f"The link works {times}, within {days} {'day' if days == 1 else 'days'}.", err=True)


@users.command()
@_NAME
def approve(name: str) -> None:
    """Approve NAME's registration, as a moderator can do on the site (REGISTRATION=approval)."""
    with _reader(name) as (connection, reader):
        if approve_registration(connection, reader.id):
            insert_event(connection, EventKind.REGISTRATION_APPROVED, reader.id)
    click.echo(f"{reader.name} can log in.")


@users.command("make-moderator")
@_NAME
def make_moderator(name: str) -> None:
    """Make NAME a moderator, who can hide reviews."""
    _appoint(name, is_moderator=True)


@users.command("remove-moderator")
@_NAME
def remove_moderator(name: str) -> None:
    """Make NAME an ordinary reader again. Reviews that NAME has hidden stay hidden."""
    _appoint(name, is_moderator=False)


@users.command("second-factor")
@_NAME
@click.option("--remove", is_flag=True, help="Remove all second factors and recovery codes.")
def second_factor(name: str, remove: bool) -> None:
    """Show the second factors of NAME, or remove them for a reader who has lost them."""
    with _reader(name) as (connection, reader):
        factors = select_second_factors(connection, reader.id)
        if remove and reader.has_second_factor:
            delete_second_factors(connection, reader.id)
            delete_attempts(connection, account_limits(reader.id, reader.name))
            insert_event(connection, EventKind.SECOND_FACTORS_RESET, reader.id)
    if remove:
        click.echo(f"{reader.name} has no second factor now: the password alone logs in.")
        return
    for app in factors.apps:
        used = f"last used {app.used_at:%Y-%m-%d}" if app.used_at else "never used"
        click.echo(f"authenticator app {app.name}: added {app.added_at:%Y-%m-%d}, {used}")
    for passkey in factors.passkeys:
        used = f"last used {passkey.used_at:%Y-%m-%d}" if passkey.used_at else "never used"
        click.echo(f"passkey {passkey.name} for {passkey.site}: added {passkey.added_at:%Y-%m-%d}, {used}")
    click.echo(f"recovery codes: {factors.recovery_codes}")


def _appoint(name: str, *, is_moderator: bool) -> None:
    with _reader(name) as (connection, reader):
        if reader.is_moderator != is_moderator:
            update_moderator(connection, reader.id, is_moderator)
            kind = EventKind.MODERATOR_MADE if is_moderator else EventKind.MODERATOR_REMOVED
            insert_event(connection, kind, reader.id)
    click.echo(f"{reader.name} is {'now' if is_moderator else 'not'} a moderator.")


@contextmanager
def _reader(name: str) -> Iterator[tuple[Connection, ListedReader]]:
    """Open a transaction and yield it with the reader of this name."""
    with errors_in_words(), flyleaf().database.command_transaction() as connection:
        reader = select_listed_reader(connection, _typed(name))
        if reader is None:
            raise click.ClickException(f"No reader is called {name!r}. `users list` shows all readers.")
        yield connection, reader


def _typed(text: str) -> str:
    """Return the text unless it has unprintable characters, as a shell passes on any bytes."""
    if not text.isprintable():
        raise click.ClickException(f"{text!r} contains unprintable characters.")
    return text


def _summary(reader: ListedReader) -> str:
    parts = [f"registered {reader.registered_at:%Y-%m-%d}", f"reviews: {reader.reviews}"]
    if reader.seen_at:
        parts.append(f"last seen {reader.seen_at:%Y-%m-%d}")
    if reader.is_moderator:
        parts.append("moderator")
    if reader.has_second_factor:
        parts.append("second factor")
    if reader.is_pending:
        parts.append("waiting for approval")
    if reader.lock_reason:
        parts.append(f"locked: {reader.lock_reason}")
    return ", ".join(parts)


def _address(site: str | None, endpoint: str, **values: str) -> str:
    """Return the address of a page on the site. Raises ClickException if --site is malformed."""
    site = site or _site()
    if not re.fullmatch("https?://[!-~]+", site):
        raise click.ClickException(f"--site is {site!r}: write an address such as https://books.example.org.")
    return site.rstrip("/") + current_app.url_map.bind("").build(endpoint, values)


def _site() -> str:
    """Return the site's address as far as the settings tell."""
    config = flyleaf().config
    scheme = "https" if config.https else "http"
    host = config.trusted_hosts[0].lstrip(".") if config.trusted_hosts else f"{config.host}:{config.port}"
    return f"{scheme}://{host}{config.script_name}"
