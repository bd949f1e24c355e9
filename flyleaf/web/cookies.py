"""The site's cookies beside that of the session, which Flask-Session sets the same way: no script reads them, no other
site's form sends them, and over HTTPS no other host below the same domain can set them (`__Host-`)."""

from typing import Any

from flask import Flask, request
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from flyleaf.web.current import flyleaf


class _Response(FlaskResponse):
    """Browsers drop a `__Host-` cookie only where they are told so as it was set, which Flask-Session doesn't do."""

    def delete_cookie(  # type: ignore[override]  # whatever else is asked for
        self, key: str, path: str | None = "/", domain: str | None = None, **attributes: Any
    ) -> None:
        https = flyleaf().config.https
        super().delete_cookie(key, path, domain, **attributes | {"secure": https, "httponly": True, "samesite": "Lax"})


def register(app: Flask) -> None:
    app.response_class = _Response


def kept_cookie(name: str) -> str | None:
    return request.cookies.get(_full(name))


def keep_cookie(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """For so many seconds; without a number, until the browser is closed."""
    https = flyleaf().config.https
    response.set_cookie(_full(name), value, max_age=seconds, httponly=True, samesite="Lax", secure=https)


def drop_cookie(response: Response, name: str) -> None:
    response.delete_cookie(_full(name))


def _full(name: str) -> str:
    return f"__Host-{name}" if flyleaf().config.https else name
