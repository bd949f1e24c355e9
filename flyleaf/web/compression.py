"""Answers go out compressed: a page of results is a fifth of its size then.

What is compressed together with words that somebody else chose (an address that leads to a search) can be guessed from
its length, letter by letter: the BREACH attack. The one secret in our pages is the token of the forms, and it is new in
every answer; see views/forms.py. Files of static/ come compressed already.
"""

from flask import Flask
from flask_compress import Compress

ALGORITHMS = ["br", "gzip"]


def register(app: Flask) -> None:
    app.config.from_mapping(COMPRESS_ALGORITHM=ALGORITHMS, COMPRESS_BR_LEVEL=5)
    Compress(app)
