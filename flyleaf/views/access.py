"""Who may see what: logging in and out of the session, and the gate before the pages that need it."""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import Unauthorized
from werkzeug.routing import BuildError

from flyleaf.queries.readers import Reader, select_reader
from flyleaf.sessions import UNAVAILABLE, SessionsUnavailableError
from flyleaf.views.current import transaction
from flyleaf.views.requests import wants_json

Values = ParamSpec("Values")
NEXT_MAX = 2_000  # characters


def register(app: Flask) -> None:
    app.jinja_env.globals["is_logged_in"] = is_logged_in


def begin_session(reader: Reader) -> None:
    """Log this reader in under a session id that nobody knew before. Raises SessionsUnavailableError."""
    session.clear()
    session["reader_id"] = reader.id
    session["csrf"] = secrets.token_urlsafe(32)
    # Deletes what was stored under the old id, and takes a new one. It does nothing to an empty session.
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]  # Flask-Session's, untyped


def end_session() -> None:
    """Log out: the stored session is deleted at the end of the request."""
    session.clear()


def is_logged_in() -> bool:
    """Whether the session says so; the reader may have been deleted since."""
    return type(session.get("reader_id")) is int  # True is an int, too


def login_required(
    view: Callable[Concatenate[Connection, Reader, Values], ResponseReturnValue],
) -> Callable[Values, ResponseReturnValue]:
    """Only for readers: the view gets the transaction of the request and the reader. Others are asked to log in."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        if UNAVAILABLE in session:
            raise SessionsUnavailableError("the sessions can't be read")
        if is_logged_in():
            with transaction() as connection:
                reader = select_reader(connection, session["reader_id"])
                if reader is not None:
                    g.reader = reader
                    return view(connection, reader, *values, **named)
            end_session()
        return _ask_to_log_in()

    return gate


def local_path(path: str | None) -> str | None:
    """`path` where it is one of this site, else None: what a link may send a reader to after logging in.

    Browsers take // and /\\ for the start of another host, and drop tabs and line breaks before they look.
    """
    if not path or len(path) > NEXT_MAX or path[0] != "/" or path[1:2] in ("/", "\\"):
        return None
    if "\\" in path or any(ord(letter) <= 32 or ord(letter) == 127 for letter in path):
        return None
    return path


def _ask_to_log_in() -> ResponseReturnValue:
    if wants_json():
        raise Unauthorized("Log in first.")
    return redirect(url_for("readers.login", next=_address_to_return_to()), 303)


def _address_to_return_to() -> str:
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    # A form's own address has no page to come back to; the book that it was about has.
    values: dict[str, Any] = request.view_args or {}
    try:
        return url_for("books.book", **values)
    except BuildError:
        return url_for("search.search")
