"""Serve the site under a path: SCRIPT_NAME, which url_for() puts before every address.

It comes from the WSGI server, from trusted proxies (X-Forwarded-Prefix, set by Werkzeug's ProxyFix) or from the
setting, in this order.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flyleaf.setting_values import clean_script_name

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Mounted:
    """The application under the path that the request names, or else under `script_name`.

    A proxy that does not strip the path passes it on: /books/search is then /search under /books.
    """

    def __init__(self, application: "WSGIApplication", script_name: str) -> None:
        self._application = application
        self._script_name = script_name

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        named = environ.get("SCRIPT_NAME", "")
        # Ignore a value that isn't a path, such as another host: links would lead there.
        environ["SCRIPT_NAME"] = (clean_script_name(named) if named else None) or self._script_name
        path = environ.get("PATH_INFO", "")
        if not named and self._script_name and f"{path}/".startswith(f"{self._script_name}/"):
            environ["PATH_INFO"] = path[len(self._script_name) :] or "/"
        return self._application(environ, start_response)
