"""Whatever is sent, the answer is never a 5xx, carries the headers, leads to no other site, and no text becomes markup.

`make fuzz` sends a hundred thousand requests. What fails is shown in its shortest form, which belongs into a test of
the page that it is about.
"""

import io
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from hypothesis import example, given
from sqlalchemy import text
from werkzeug.test import run_wsgi_app

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import Rate
from flyleaf.security_headers import CONTENT_SECURITY_POLICY, security_headers
from flyleaf.web import attempts
from flyleaf.web.current import transaction
from tests.fixture_types import AddBook
from tests.fuzz.corpus import CANARY
from tests.fuzz.strategies import RIGHT, TOKEN, Sent, field_names, requests
from tests.markup import elements
from tests.site import Site, cookie_name, hidden_fields


class Visitor:
    """Sends requests without being logged in."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        client = app.test_client()
        Site(client).keep("csrf", "a-secret-of-this-visitor")
        self.cookies = f"{cookie_name(app, 'csrf')}=a-secret-of-this-visitor".encode()
        self.token = hidden_fields(client.get("/login").text)["csrf_token"].encode()

    def send(self, sent: Sent) -> tuple[int, Any, bytes]:
        """The status, the headers and the body of the answer."""
        chunks, status, headers = run_wsgi_app(self.app, self.environ(sent))
        try:
            return int(status[:3]), headers, b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()  # as a server does

    def environ(self, sent: Sent) -> dict[str, Any]:
        body = sent.body.replace(TOKEN, self.token)
        ours = str(self.app.config["COOKIE_NAMES"]).encode() + sent.cookies if sent.cookies else b""
        cookies = b"; ".join(filter(None, (ours, sent.cookies, self.cookies)))
        environ = {
            "REQUEST_METHOD": sent.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": sent.path.decode("latin-1"),
            "QUERY_STRING": sent.query.decode("latin-1"),
            "CONTENT_TYPE": sent.kind,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": cookies.decode("latin-1"),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            # Another one nearly every time: what is refused for being tried too often is not tried.
            "REMOTE_ADDR": f"192.0.2.{len(sent.body + sent.query) % 256}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for name, value in sent.headers:
            key = name.upper().replace("-", "_")
            environ[key if key.startswith("CONTENT_L") else f"HTTP_{key}"] = value
        return environ


class Reader(Visitor):
    """Sends them logged in; where one has ended the session, as another reader."""

    is_moderator = False

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.registered = 0
        self._register()

    def send(self, sent: Sent) -> tuple[int, Any, bytes]:
        answer = super().send(sent)
        if any("-session=" in cookie for cookie in answer[1].getlist("Set-Cookie")):
            self._register()
        return answer

    def _register(self) -> None:
        self.registered += 1
        client = self.app.test_client()
        Site(client).registered(f"Reader {self.registered}")
        with self.app.app_context(), transaction() as connection:
            connection.execute(
                text("UPDATE readers SET is_moderator = :is_moderator WHERE name = :name"),
                {"is_moderator": self.is_moderator, "name": f"Reader {self.registered}"},
            )
        self.cookies = f"{cookie_name(self.app, 'session')}={Site(client).cookie('session')}".encode()
        self.token = hidden_fields(client.get("/account").text)["csrf_token"].encode()


class Moderator(Reader):
    is_moderator = True


@pytest.fixture
def site(config: Config, database: Database, add_book: AddBook, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """With books, readers, and reviews; nobody registers or logs in too often."""
    monkeypatch.setattr(attempts, "LOGINS_FROM_AN_ADDRESS", Rate(100_000, 3_600))
    app = create_app(replace(config, registrations_per_hour=10_000), database)
    isbn = add_book()
    add_book("9780141439518", f"<{CANARY}>", f'" {CANARY}="', publisher="'", description="\u202e", language="x")
    alice = Site(app.test_client()).registered("Alice")
    alice.review(isbn, 4, f"||<{CANARY}>|| {{{{ 7 * 7 }}}}")
    return app


@pytest.mark.parametrize("who", [Visitor, Reader, Moderator])
def test_no_request_is_a_fault(site: Flask, who: type[Visitor]) -> None:
    sender = who(site)

    @example(Sent("GET", b"/search", b"q=dune&page=" + b"9" * 310, "", b"", (), b""))
    @example(Sent("GET", b"/api/search", b"q=dune&page=-" + b"9" * 4_300, "", b"", (), b""))
    @given(requests(site.url_map))
    def send(sent: Sent) -> None:
        status, headers, body = sender.send(sent)
        assert status < 500
        assert security_headers(https=False).keys() <= set(headers.keys())
        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert headers["X-Request-ID"]
        target = urlsplit(headers.get("Location", "/"))
        assert target.netloc in ("", "localhost"), headers["Location"]
        if CANARY.encode() in body and headers["Content-Type"].startswith("text/html"):
            assert CANARY not in " ".join(elements(body.decode()))

    send()


def test_what_is_sent_is_about_what_is_there(site: Flask) -> None:
    """The forms' fields are found, and what every form takes is right."""
    names = field_names()
    assert {"q", "username", "password", "rating", "text", "language", "old_password"} <= {*names}
    assert {*RIGHT} <= {*names}
    alice = Visitor(site)
    good = Sent("POST", b"/search", b"", "application/x-www-form-urlencoded", b"q=dune", (), b"")
    assert alice.send(good)[0] == 303
