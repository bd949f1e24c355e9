"""The site's cookies beside that of the session, which Flask-Session sets the same way: no script reads them, no other
site's form sends them, and over HTTPS no other host below the same domain can set them (`__Host-`)."""

from flask import request
from werkzeug.wrappers import Response

from flyleaf.views.current import flyleaf


def kept_cookie(name: str) -> str | None:
    return request.cookies.get(_full(name))


def keep_cookie(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """For so many seconds; without a number, until the browser is closed."""
    https = flyleaf().config.https
    response.set_cookie(_full(name), value, max_age=seconds, httponly=True, samesite="Lax", secure=https)


def drop_cookie(response: Response, name: str) -> None:
    response.delete_cookie(_full(name), httponly=True, samesite="Lax", secure=flyleaf().config.https)


def _full(name: str) -> str:
    return f"__Host-{name}" if flyleaf().config.https else name
