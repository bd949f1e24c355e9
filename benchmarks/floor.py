"""python -m benchmarks.floor: the site with an additional route that does the minimum a page can do."""

import sys

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.serving import listening, prepared, serve
from flyleaf.web.current import transaction


def create_floor(config: Config, database: Database) -> Flask:
    """Return the application with an additional route: a look-up by key, as JSON."""
    app = create_app(config, database)

    @app.get("/floor/<isbn>")
    def floor(isbn: str) -> ResponseReturnValue:
        with transaction() as connection:
            title = connection.execute(text("SELECT title FROM books WHERE identity = :isbn"), {"isbn": isbn}).scalar()
        return jsonify(title=title)

    return app


def main() -> int:
    config = Config.from_environment()
    with listening(config) as place, prepared(config) as prepare:
        serve(config, place, prepare, create_floor)
    return 0


if __name__ == "__main__":
    sys.exit(main())
