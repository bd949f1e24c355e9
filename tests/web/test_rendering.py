"""No request holds a connection while it formats or sends its answer: every test's `app` watches this."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response, jsonify, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, text

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.queries.readers import Reader
from flyleaf.web.access import login_required
from flyleaf.web.rendering import Answer, render_later
from tests.connections import Watch
from tests.site import Site

PAGE = {"title": "Title", "advice": "Advice", "status": 418, "retry_after": None, "typed": {}}


@pytest.fixture
def watched(config: Config, database: Database) -> tuple[Flask, Watch]:
    """A site with views that keep the connection too long, and one that doesn't."""
    app = create_app(config, database)

    @app.get("/rendered")
    @login_required
    def rendered(connection: Connection, reader: Reader) -> ResponseReturnValue:
        return render_template("error.html", **PAGE)

    @app.get("/json")
    def json() -> ResponseReturnValue:
        with database.transaction():
            return jsonify(1)

    @app.get("/sent")
    def sent() -> ResponseReturnValue:
        def lines() -> Iterator[bytes]:
            with database.transaction() as connection:
                for row in connection.execute(text("SELECT generate_series(1, 3)")):
                    yield f"{row[0]}\n".encode()

        return Response(lines())

    @app.get("/later")
    @login_required
    def later(connection: Connection, reader: Reader) -> Answer:
        return render_later("error.html", **PAGE), 418

    @app.get("/dict")
    @login_required
    def a_dict(connection: Connection, reader: Reader) -> Answer:
        return {"one": 1}, 418

    return app, Watch(app, database)


def test_a_view_that_keeps_its_connection_is_found(watched: tuple[Flask, Watch]) -> None:
    app, watch = watched
    alice = Site(app.test_client()).registered("Alice")
    for address, found in (
        ("/rendered", ["error.html was rendered with a connection checked out"]),
        ("/json", ["JSON was formatted with a connection checked out"]),
        ("/sent", ["/sent was sent with a connection checked out"] * 3),
    ):
        watch.found.clear()
        assert alice.get(address).text
        assert watch.found == found


def test_a_page_that_is_rendered_later_is_rendered_with_its_status(watched: tuple[Flask, Watch]) -> None:
    app, watch = watched
    alice = Site(app.test_client()).registered("Alice")
    page, json = alice.get("/later"), alice.get("/dict")
    assert (page.status_code, json.status_code) == (418, 418)
    assert "Advice" in page.text
    assert json.json == {"one": 1}
    assert watch.found == []
