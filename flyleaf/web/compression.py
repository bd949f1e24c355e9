"""Compress responses: a page of results shrinks to a fifth.

A secret that is compressed together with text an attacker chose can be guessed from the length, letter by letter (the
BREACH attack). The only secret in our pages is the CSRF token, and it is new in every response; see web/forms.py.
Files of static/ are already compressed. Downloads are not compressed: their length tells the client when one broke off.
"""

from flask import Flask
from flask_compress import Compress

ALGORITHMS = ["br", "gzip"]


def register(app: Flask) -> None:
    app.config.from_mapping(COMPRESS_ALGORITHM=ALGORITHMS, COMPRESS_BR_LEVEL=5, COMPRESS_STREAMS=False)
    Compress(app)
