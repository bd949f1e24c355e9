"""Addresses in templates. Most links of a page are on other pages, too, and building one takes a while."""

from functools import lru_cache
from typing import Any

from flask import Flask, request


def register(app: Flask) -> None:
    """Give templates a url_for() that remembers; it returns what Flask's returns."""

    @lru_cache(maxsize=1 << 13)
    def remembered(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
        return app.url_for(endpoint, **dict(values))

    def url_for(endpoint: str, **values: Any) -> str:
        # Of texts alone: 1 and True are equal, and are written differently. A name that begins with a dot, and an
        # address with a host, depend on more of the request than the path that the site is under.
        if endpoint[0] != "." and all(type(value) is str for value in values.values()):
            return remembered(request.script_root, endpoint, tuple(values.items()))
        return app.url_for(endpoint, **values)

    app.jinja_env.globals["url_for"] = url_for
