"""The site's cookies. Scripts can't read them, and forms of other sites don't send them.

Cookies ignore ports, so another site on this host receives ours and can replace them. Their names therefore contain a
digest of the site (`Config.site_digest`), which differs for every application and every Flyleaf. A site under a path
limits its cookies to that path. Over HTTPS the names begin with `__Host-`, so that no other host of the domain can set
them. That prefix requires the path /, so a site under a path uses `__Secure-`.
"""

from typing import Any

from flask import Flask, current_app, request
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from flyleaf.web.current import flyleaf


class _Response(FlaskResponse):
    """Deletes cookies with the attributes they were set with, as `__Host-` requires. Flask-Session doesn't."""

    def delete_cookie(  # type: ignore[override]  # its attributes are passed on
        self, key: str, path: str | None = "/", domain: str | None = None, **attributes: Any
    ) -> None:
        super().delete_cookie(key, path, domain, **attributes | _attributes())


def register(app: Flask) -> None:
    app.response_class = _Response
    app.config["COOKIE_NAMES"] = f"flyleaf-{app.extensions['flyleaf'].config.site_digest()}-"


def cookie_name(name: str) -> str:
    """Return the name under which browsers keep this site's cookie `name`."""
    prefix = "" if not flyleaf().config.https else "__Secure-" if request.script_root else "__Host-"
    return f"{prefix}{current_app.config['COOKIE_NAMES']}{name}"


def old_cookie_name(name: str) -> str:
    """Return the cookie's name from before names contained the site's digest."""
    return f"__Host-{name}" if flyleaf().config.https else name


def cookie_path() -> str:
    """Return the path that cookies are limited to: the site's own."""
    return request.script_root or "/"


def kept_cookie(name: str) -> str | None:
    """Return the value of the browser's cookie, or None."""
    return request.cookies.get(cookie_name(name))


def keep_cookie(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie for this many seconds, or until the browser closes."""
    response.set_cookie(cookie_name(name), value, max_age=seconds, path=cookie_path(), **_attributes())


def drop_cookie(response: Response, name: str) -> None:
    """Delete the cookie."""
    response.delete_cookie(cookie_name(name), cookie_path())


def _attributes() -> dict[str, Any]:
    return {"secure": flyleaf().config.https, "httponly": True, "samesite": "Lax"}
