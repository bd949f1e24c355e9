"""The site's cookies: no script reads them, and no other site's form sends them.

Cookies ignore ports, so another site on this host gets ours and can replace them. The names therefore carry a digest of
the site (`Config.site_digest`): another Flask application, or another Flyleaf, has other names. A site under a path
keeps its cookies to that path. Over HTTPS the names begin with `__Host-`, so that no host below the same domain can
set them; that prefix demands the path /, so under a path it is `__Secure-`.
"""

from typing import Any

from flask import Flask, current_app, request
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from flyleaf.web.current import flyleaf


class _Response(FlaskResponse):
    """Browsers drop a `__Host-` cookie only where they are told so as it was set, which Flask-Session doesn't do."""

    def delete_cookie(  # type: ignore[override]  # whatever else is asked for
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
    """Return the name that the cookie had before names carried the site's digest."""
    return f"__Host-{name}" if flyleaf().config.https else name


def cookie_path() -> str:
    """Return the path that cookies are kept to: the one that the site is under."""
    return request.script_root or "/"


def kept_cookie(name: str) -> str | None:
    """Return what the browser has kept, None where it has nothing."""
    return request.cookies.get(cookie_name(name))


def keep_cookie(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """For so many seconds; without a number, until the browser is closed."""
    response.set_cookie(cookie_name(name), value, max_age=seconds, path=cookie_path(), **_attributes())


def drop_cookie(response: Response, name: str) -> None:
    """Have the browser forget it."""
    response.delete_cookie(cookie_name(name), cookie_path())


def _attributes() -> dict[str, Any]:
    return {"secure": flyleaf().config.https, "httponly": True, "samesite": "Lax"}
