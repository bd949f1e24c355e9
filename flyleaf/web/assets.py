"""Serve static/ under names that contain a hash of the content, so that browsers can cache the files forever."""

import gzip
import hashlib
import mimetypes
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

import brotli
from flask import Flask, Response, abort, request
from markupsafe import Markup

from flyleaf.web.addresses import url_for
from flyleaf.web.current import EXTENSION

FOREVER = "public, max-age=31536000, immutable"
ENCODINGS = ("br", "gzip", "identity")  # the first wins if a browser has no preference


class Assets:
    """Files and their hashed names: `address("style.css")` returns /static/style.0123456789ab.css.

    Each file is read once, when the site starts.
    """

    def __init__(self, folder: Path, static_url: str = "") -> None:
        """`static_url` is where browsers get the files instead, "" if from here."""
        self._static_url = static_url
        self._hashed: dict[str, str] = {}
        self._original: dict[str, str] = {}
        self._content: dict[str, bytes] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                self._content[name] = path.read_bytes()
                digest = hashlib.sha256(self._content[name]).hexdigest()[:12]
                hashed = f"{name.removesuffix(path.suffix)}.{digest}{path.suffix}"
                self._hashed[name], self._original[hashed] = hashed, name

    def address(self, name: str) -> str:
        hashed = self._hashed[name]
        return f"{self._static_url}/{hashed}" if self._static_url else url_for("static", hashed=hashed)

    def integrity(self, name: str) -> Markup:
        """Return the attributes by which a browser refuses the file if another host has changed it."""
        if not self._static_url:
            return Markup()
        digest = b64encode(hashlib.sha384(self._content[name]).digest()).decode()
        return Markup(' integrity="sha384-{}" crossorigin="anonymous"').format(digest)

    def send(self, hashed: str) -> Response:
        """Return the file in the best encoding the browser accepts. Under its plain name it is not cached."""
        name = self._original.get(hashed, hashed)
        if name not in self._content:
            abort(404)
        encoding = request.accept_encodings.best_match(ENCODINGS, "identity")
        response = Response(_encoded(self._content[name], encoding), mimetype=mimetypes.guess_type(name)[0])
        if encoding != "identity":
            response.headers["Content-Encoding"] = encoding
        response.headers["Cache-Control"] = "no-cache" if hashed == name else FOREVER
        response.headers["Vary"] = "Accept-Encoding"
        if self._static_url:  # the copy there is read by pages of another origin: this one
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.set_etag(f"{self._hashed[name]}:{encoding}")
        response.make_conditional(request)
        return response


@lru_cache
def _encoded(content: bytes, encoding: str) -> bytes:
    """Compress a file as well as possible. It happens once for each file and encoding, so it may be slow."""
    if encoding == "br":
        return bytes(brotli.compress(content))
    if encoding == "gzip":
        return gzip.compress(content, mtime=0)
    return content


def register(app: Flask) -> None:
    assets = Assets(Path(app.root_path, "static"), app.extensions[EXTENSION].config.static_url)
    app.jinja_env.globals.update(asset=assets.address, integrity=assets.integrity)
    app.add_url_rule("/static/<path:hashed>", "static", assets.send)
