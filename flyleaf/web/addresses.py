"""Addresses of pages. Most links of a page are on other pages, too, and building one takes a while."""

from functools import lru_cache
from typing import Any, cast

from flask import Flask, current_app, request

_REMEMBERED = "flyleaf.addresses"
_MOST = 1 << 13


def register(app: Flask) -> None:
    """Remember the addresses of this application, for its templates, too."""

    @lru_cache(maxsize=_MOST)
    def remembered(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
        return app.url_for(endpoint, **dict(values))

    app.extensions[_REMEMBERED] = remembered
    app.jinja_env.globals["url_for"] = url_for


def url_for(endpoint: str, **values: Any) -> str:
    """Return what Flask's url_for() returns, remembered where the values are texts."""
    # 1 and True are equal, and are written differently. A name that begins with a dot, and an address with a host,
    # depend on more of the request than the path that the site is under.
    if endpoint[0] != "." and all(type(value) is str for value in values.values()):
        return cast(str, current_app.extensions[_REMEMBERED](request.script_root, endpoint, tuple(values.items())))
    return current_app.url_for(endpoint, **values)
