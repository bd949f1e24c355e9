"""Which addresses are pages of this site, where a reader may be sent."""

from urllib.parse import unquote

from flask import request

NEXT_MAX = 2_000  # characters


def local_path(path: str | None) -> str | None:
    """Return `path` if readers may be sent there after logging in: if it belongs to this site. Else return None.

    A site under a path accepts no other path of its host. Browsers read // and /\\ as the start of another host,
    and drop tabs and line breaks first.
    """
    if not path or len(path) > NEXT_MAX or path[0] != "/" or path[1:2] in ("/", "\\"):
        return None
    if "\\" in path or any(ord(letter) <= 32 or ord(letter) == 127 for letter in path):
        return None
    return path if is_below_root(path) else None


def is_below_root(path: str) -> bool:
    """Return whether the path is below the site's own, however a browser resolves its dots."""
    root = request.script_root
    if not root:
        return True
    parts = unquote(path.partition("?")[0].partition("#")[0]).split("/")
    return ".." not in parts and (path == root or path.startswith((f"{root}/", f"{root}?")))
