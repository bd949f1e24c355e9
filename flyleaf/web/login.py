"""The steps of a login, in one place for every way in.

1. Somebody proves to be a reader: by the password (web/authentication.py), or by a passkey that checks who uses it.
   A passkey is two factors, so `log_in_with_passkey` starts the session.
2. `log_in` starts the session, or sends readers who have a second factor to /login/code. Until then there is no
   session: the browser holds the key of a pending login, which opens nothing but that page.
3. `finish_login` starts the session after the second factor (web/second_factors.py).
"""

import secrets

from flask import make_response, redirect, url_for
from werkzeug.wrappers import Response

from flyleaf.limits import PENDING_LOGIN_MINUTES
from flyleaf.queries.pending_logins import delete_pending_login, insert_pending_login, select_pending_login
from flyleaf.queries.readers import Credentials
from flyleaf.web.access import begin_session
from flyleaf.web.attempts import remember_device
from flyleaf.web.cookies import drop_cookie, keep_cookie, kept_cookie
from flyleaf.web.current import transaction
from flyleaf.web.local_paths import local_path

COOKIE = "pending-login"


def log_in(credentials: Credentials, next_path: str | None) -> Response | None:
    """Log this reader in and return the way to the page that was asked for, or to the second step.

    Return None if the password has changed, or the account was locked, since the credentials were read.
    """
    if not credentials.reader.has_second_factor:
        return _begin(credentials, next_path)
    key = secrets.token_urlsafe(32)
    with transaction() as connection:
        insert_pending_login(connection, key, credentials)
    response = make_response(redirect(url_for("second_step.code", next=local_path(next_path)), 303))
    keep_cookie(response, COOKIE, key, PENDING_LOGIN_MINUTES * 60)
    return response


def pending_login() -> Credentials | None:
    """Return the credentials of the reader who has done the first step in this browser, or None."""
    key = kept_cookie(COOKIE)
    if not key:
        return None
    with transaction() as connection:
        return select_pending_login(connection, key)


def finish_login(credentials: Credentials, next_path: str | None, factor: str) -> Response | None:
    """Log in the reader of the pending login, whose second factor was right. Return None if it has ended meanwhile."""
    with transaction() as connection:
        if not delete_pending_login(connection, kept_cookie(COOKIE) or ""):
            return None
    response = _begin(credentials, next_path, factor)
    if response is not None:
        drop_cookie(response, COOKIE)
    return response


def log_in_with_passkey(credentials: Credentials, next_path: str | None) -> Response | None:
    """Log in the reader whose passkey has checked who uses it: that is two factors.

    Return None if the account is locked, or the password has changed meanwhile.
    """
    return _begin(credentials, next_path, "passkey")


def destination(next_path: str | None) -> str:
    """Return the page that follows a login."""
    return local_path(next_path) or url_for("search.search")


def _begin(credentials: Credentials, next_path: str | None, factor: str | None = None) -> Response | None:
    response = make_response(redirect(destination(next_path), 303))
    if not begin_session(credentials, response, factor):
        return None
    remember_device(response, credentials.reader.name)
    return response
