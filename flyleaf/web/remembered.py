"""Pieces of pages that are rendered once and remembered, such as a result of a search or the header.

In a template `{{ remembered(macro, value, …) }}` says what `{{ macro(value, …) }}` does. A piece is kept under its
macro, which belongs to one language, the site's path, and all the values that it shows. So a book that changes gets
another piece, and nobody sees a piece made of another reader's values. The macro must therefore take everything that
differs between requests as a value; tests/web/test_remembered.py checks that.
"""

from collections.abc import Hashable
from functools import lru_cache

from flask import Flask, request
from jinja2.runtime import Macro

PIECES = "flyleaf.pieces"
_MOST = 1 << 13  # in each worker, of mostly 1 or 2 KB; those that were not used for longest go


def register(app: Flask) -> None:
    """Remember the pieces of this application's pages."""

    @lru_cache(maxsize=_MOST)
    def piece(_root: str, macro: Macro, values: tuple[Hashable, ...]) -> str:
        return macro(*values)

    def remembered(macro: Macro, *values: Hashable) -> str:
        return piece(request.script_root, macro, values)

    app.extensions[PIECES] = piece
    app.jinja_env.globals["remembered"] = remembered
