"""Who may see what: logging in and out of the session, and the gate before the pages that need it."""

import hashlib
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import unquote

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Unauthorized
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.readers import Credentials, Reader
from flyleaf.queries.sessions import (
    delete_session,
    insert_session,
    select_live_session,
    update_session_id,
    update_session_seen,
)
from flyleaf.sessions import UNAVAILABLE, SessionsUnavailableError
from flyleaf.web.browsers import browser_and_system
from flyleaf.web.current import transaction
from flyleaf.web.drafts import keep_draft
from flyleaf.web.requests import wants_json

Values = ParamSpec("Values")
NEXT_MAX = 2_000  # characters


def register(app: Flask) -> None:
    app.jinja_env.globals["is_logged_in"] = is_logged_in


def begin_session(credentials: Credentials, response: Response) -> bool:
    """Log this reader in under a session id that nobody knew before; the response carries it.

    False where the reader has changed the password or left since the credentials were read. Raises
    SessionsUnavailableError. The file is first: without its row in the database it is no session.
    """
    old = session_hash()
    _store_session(credentials.reader, response)
    browser, system = browser_and_system(request.headers.get("User-Agent", ""))
    with transaction() as connection:
        begun = insert_session(connection, session_hash(), credentials, browser, system)
        delete_session(connection, old)  # after the reader's row is locked, as whoever ends sessions does
        if begun:
            known = {"browser": browser, "system": system}
            insert_event(connection, EventKind.LOGGED_IN, credentials.reader.id, known)
            return True
    end_session()
    return False


def renew_session(reader: Reader, response: Response) -> None:
    """Go on under a new id. Raises SessionsUnavailableError."""
    old = session_hash()
    _store_session(reader, response)
    with transaction() as connection:
        update_session_id(connection, old, session_hash())


def _store_session(reader: Reader, response: Response) -> None:
    session.clear()
    session["reader_id"] = reader.id
    session["csrf"] = secrets.token_urlsafe(32)
    sessions = current_app.session_interface
    # Deletes what was stored under the old id, and takes a new one. It does nothing to an empty session.
    sessions.regenerate(session)  # type: ignore[attr-defined]  # Flask-Session's, untyped
    sessions.save_session(current_app, session, response)  # type: ignore[arg-type]
    session.modified = False  # or it would be stored once more at the end of the request


def end_session() -> None:
    """Log out: the stored session is deleted at the end of the request."""
    session.clear()


def session_hash() -> bytes:
    """What the database knows the session of this request by."""
    return hashlib.sha256(str(session.sid).encode()).digest()  # type: ignore[attr-defined]  # Flask-Session's


def is_logged_in() -> bool:
    """Whether the session's file says so; it may have been ended from elsewhere since."""
    return type(session.get("reader_id")) is int  # True is an int, too


def current_reader(connection: Connection) -> Reader | None:
    """Who is logged in. None also where the session was ended from elsewhere, or is too old: it is ended here, too."""
    if not is_logged_in():
        return None
    found = select_live_session(connection, session_hash(), session["reader_id"])
    if found is None:
        end_session()
        return None
    if found.is_due:
        update_session_seen(connection, session_hash())
    return found.reader


def login_required(
    view: Callable[Concatenate[Connection, Reader, Values], ResponseReturnValue],
) -> Callable[Values, ResponseReturnValue]:
    """Only for readers: the view gets the transaction of the request and the reader. Others are asked to log in."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        if _has_session():
            with transaction() as connection:
                reader = current_reader(connection)
                if reader is not None:
                    g.reader = reader
                    return view(connection, reader, *values, **named)
        return _ask_to_log_in()

    return gate


def reader_required(
    view: Callable[Concatenate[Reader, Values], ResponseReturnValue],
) -> Callable[Values, ResponseReturnValue]:
    """The same for a view that opens its own transactions, because it does something long between two of them."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        reader = None
        if _has_session():
            with transaction() as connection:
                reader = current_reader(connection)
        if reader is None:
            return _ask_to_log_in()
        g.reader = reader
        return view(reader, *values, **named)

    return gate


def _has_session() -> bool:
    """Raises SessionsUnavailableError where that can't be told."""
    if UNAVAILABLE in session:
        raise SessionsUnavailableError("the sessions can't be read")
    return is_logged_in()


def local_path(path: str | None) -> str | None:
    """Return `path` where it is one of this site, else None: what a link may send a reader to after logging in.

    A site under a path takes no other path of its host. Browsers take // and /\\ for the start of another host, and
    drop tabs and line breaks before they look.
    """
    if not path or len(path) > NEXT_MAX or path[0] != "/" or path[1:2] in ("/", "\\"):
        return None
    if "\\" in path or any(ord(letter) <= 32 or ord(letter) == 127 for letter in path):
        return None
    return path if is_below_root(path) else None


def is_below_root(path: str) -> bool:
    """Whether the path stays below the one that the site is under, whatever a browser makes of its dots."""
    root = request.script_root
    if not root:
        return True
    parts = unquote(path.partition("?")[0].partition("#")[0]).split("/")
    return ".." not in parts and (path == root or path.startswith((f"{root}/", f"{root}?")))


def _ask_to_log_in() -> ResponseReturnValue:
    if wants_json():
        raise Unauthorized(gettext("Log in first."))
    page = address_to_return_to()
    response = redirect(url_for("readers.login", next=page), 303)
    keep_draft(response, page, was_logged_out=True)
    return response


def address_to_return_to() -> str:
    if request.method in ("GET", "HEAD"):
        return request.script_root + request.full_path.rstrip("?")
    if request.url_rule and "GET" in (request.url_rule.methods or ()):
        return request.script_root + request.path
    # A form's own address has no page to come back to; the book that it was about has.
    values: dict[str, Any] = request.view_args or {}
    try:
        return url_for("books.book", **values)
    except BuildError:
        return url_for("search.search")
