"""The files of static/ under names that carry a hash of their content, so that browsers may keep them forever."""

import hashlib
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory

FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """`address("style.css")` is /static/style.0123456789ab.css; each file is read once, when the site starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hashed: dict[str, str] = {}
        self._original: dict[str, str] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
                hashed = f"{name.removesuffix(path.suffix)}.{digest}{path.suffix}"
                self._hashed[name], self._original[hashed] = hashed, name

    def address(self, name: str) -> str:
        return f"/static/{self._hashed[name]}"

    def send(self, hashed: str) -> Response:
        """The file; under its plain name too, but then it is not to be kept."""
        original = self._original.get(hashed)
        if original is None and hashed not in self._hashed:
            abort(404)
        response = send_from_directory(self.folder, original or hashed)
        response.headers["Cache-Control"] = FOREVER if original else "no-cache"
        return response


def register(app: Flask) -> None:
    assets = Assets(Path(app.root_path, "static"))
    app.jinja_env.globals["asset"] = assets.address
    app.add_url_rule("/static/<path:hashed>", "static", assets.send)
