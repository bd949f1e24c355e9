"""Finds requests that keep a connection of the pool while they format or send an answer."""

import threading
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask, before_render_template
from flask.json.provider import DefaultJSONProvider
from sqlalchemy import event

from flyleaf.database import Database


class Watch:
    """Watches an application. `found` has what was formatted or sent by a thread that had a connection checked out."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.found: list[str] = []
        self._holders: dict[Any, int] = {}  # by the pool's record of the connection: its thread
        event.listen(database.engine, "checkout", self._checked_out)
        event.listen(database.engine, "checkin", self._checked_in)
        before_render_template.connect(self._rendering, app)
        self._wsgi = app.wsgi_app
        app.wsgi_app = self._send  # type: ignore[method-assign]
        assert isinstance(app.json, DefaultJSONProvider)
        self._response = app.json.response
        app.json.response = self._format_json  # type: ignore[method-assign]

    def _checked_out(self, _connection: Any, record: Any, _proxy: Any) -> None:
        self._holders[record] = threading.get_ident()

    def _checked_in(self, _connection: Any, record: Any) -> None:
        self._holders.pop(record, None)

    def _look(self, what: str) -> None:
        if threading.get_ident() in list(self._holders.values()):
            self.found.append(f"{what} with a connection checked out")

    def _rendering(self, _app: Flask, template: Any, **_named: Any) -> None:
        self._look(f"{template.name} was rendered")

    def _format_json(self, *values: Any, **named: Any) -> Any:
        self._look("JSON was formatted")
        return self._response(*values, **named)

    def _send(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self._sent(self._wsgi(environ, start_response), environ["PATH_INFO"])

    def _sent(self, chunks: Iterable[bytes], path: str) -> Iterator[bytes]:
        try:
            for chunk in chunks:
                self._look(f"{path} was sent")
                yield chunk
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
