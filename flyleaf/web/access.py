"""Access control: starting and ending sessions, and decorators for pages that need a login."""

import secrets
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec

from flask import Flask, after_this_request, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Unauthorized
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from flyleaf.database import MaybeNewError
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.readers import Credentials, Reader
from flyleaf.queries.sessions import (
    LiveSession,
    delete_session,
    insert_session,
    select_live_session,
    update_session_id,
    update_session_seen,
)
from flyleaf.sessions import UNAVAILABLE, SessionsUnavailableError, forget
from flyleaf.web.attempts import count_attempt, session_limits
from flyleaf.web.browsers import browser_and_system
from flyleaf.web.current import session_store, transaction
from flyleaf.web.drafts import keep_draft
from flyleaf.web.reading import note_write, read, write_if_possible
from flyleaf.web.rendering import Answer, rendered
from flyleaf.web.requests import wants_json
from flyleaf.web.session_cookie import id_hash

Values = ParamSpec("Values")
ID_MAX = 2**63 - 1  # of a bigint


def register(app: Flask) -> None:
    app.jinja_env.globals["is_logged_in"] = is_logged_in


def begin_session(credentials: Credentials, response: Response, factor: str | None = None) -> bool:
    """Start a session under a new session id, set its cookie on the response, and return whether that worked.

    Only web/login.py, which asks for the second factor first, and a registration may call this. `factor` is the second
    factor that was used. It fails if the reader changed the password or deleted the account after the credentials were
    read. Raises SessionsUnavailableError and TooManyRequests. The file is written first: it is not a session until the
    database has its row.
    """
    count_attempt(session_limits(credentials.reader))
    old = session_hash()
    _store_session(credentials.reader, response)
    browser, system = browser_and_system(request.headers.get("User-Agent", ""))
    with transaction() as connection:
        ended = insert_session(connection, session_hash(), credentials, browser, system)
        delete_session(connection, old)  # after locking the reader's row, in the order that prevents deadlocks
        if ended is not None:
            forget_sessions(ended)
            known = {"browser": browser, "system": system, "second_factor": factor}
            insert_event(connection, EventKind.LOGGED_IN, credentials.reader.id, known)
            return True
    end_session()
    return False


def renew_session(reader: Reader, response: Response) -> None:
    """Give the session a new id. Raises SessionsUnavailableError."""
    old = session_hash()
    _store_session(reader, response)
    with transaction() as connection:
        update_session_id(connection, old, session_hash())


def _store_session(reader: Reader, response: Response) -> None:
    session.clear()
    session["reader_id"] = reader.id
    session["csrf"] = secrets.token_urlsafe(32)
    sessions = current_app.session_interface
    # Delete what is stored under the old id and take a new one. An empty session is left alone.
    sessions.regenerate(session)  # type: ignore[attr-defined]  # Flask-Session's, untyped
    note_write()
    sessions.save_session(current_app, session, response)  # type: ignore[arg-type]
    session.modified = False  # or it would be stored once more at the end of the request


def forget_sessions(id_hashes: Iterable[bytes]) -> None:
    """Delete what is stored of sessions whose rows this request deletes, once it is answered."""

    @after_this_request
    def delete(response: Response) -> Response:
        forget(session_store(), id_hashes)
        return response


def end_session() -> None:
    """Log out. The stored session is deleted at the end of the request."""
    session.clear()


def session_hash() -> bytes:
    """Return the hash by which the database knows this session."""
    return id_hash(str(session.sid))  # type: ignore[attr-defined]  # Flask-Session's


def is_logged_in() -> bool:
    """Return whether the session file has a reader. Another device may have ended the session since."""
    reader_id = session.get("reader_id")
    return type(reader_id) is int and 0 < reader_id <= ID_MAX  # a bool is an int, too


def current_reader(connection: Connection) -> Reader | None:
    """Return the reader who is logged in. If the session has expired or was ended elsewhere, end it and return None."""
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
    view: Callable[Concatenate[Connection, Reader, Values], Answer],
) -> Callable[Values, ResponseReturnValue]:
    """Pass the request's transaction and reader to the view, and render its page afterwards. Ask visitors to log in."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        answer = None
        if has_session():
            with transaction() as connection:
                reader = current_reader(connection)
                if reader is not None:
                    g.reader = reader
                    answer = view(connection, reader, *values, **named)
        return _ask_to_log_in() if answer is None else rendered(answer)

    return gate


def login_to_read(
    view: Callable[Concatenate[Connection, Reader, Values], Answer],
) -> Callable[Values, ResponseReturnValue]:
    """Do the same for a view that writes nothing: it gets a connection to a replica, if there is one, and may be called
    twice if that fails."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        if not has_session():
            return _ask_to_log_in()

        def look(connection: Connection) -> tuple[LiveSession, Answer]:
            found = select_live_session(connection, session_hash(), session["reader_id"])
            if found is None:
                raise MaybeNewError
            g.reader = found.reader
            return found, view(connection, found.reader, *values, **named)

        try:
            found, answer = read(look)
        except MaybeNewError:
            end_session()
            return _ask_to_log_in()
        if found.is_due:
            write_if_possible(partial(update_session_seen, id_hash=session_hash()))
        return rendered(answer)

    return gate


def reader_required(
    view: Callable[Concatenate[Reader, Values], ResponseReturnValue],
) -> Callable[Values, ResponseReturnValue]:
    """Do the same for a view that opens its own transactions because it does slow work between them."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        reader = None
        if has_session():
            with transaction() as connection:
                reader = current_reader(connection)
        if reader is None:
            return _ask_to_log_in()
        g.reader = reader
        return view(reader, *values, **named)

    return gate


def has_session() -> bool:
    """Return whether the request has a session. Raises SessionsUnavailableError if the store can't be read."""
    if UNAVAILABLE in session:
        raise SessionsUnavailableError("the sessions can't be read")
    return is_logged_in()


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
    # The form's own address has no page to return to, so return to its book.
    values: dict[str, Any] = request.view_args or {}
    try:
        return url_for("books.book", **values)
    except BuildError:
        return url_for("search.search")
