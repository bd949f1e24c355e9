"""A visitor of the site in the tests, who fills in the forms that the pages show, hidden fields and all."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Cookie, TestResponse

PASSWORD = "a rose is a rose"
_NEXT = re.compile(r'rel="next" href="([^"]*)"')
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_NAME = re.compile(r'name="([^"]*)"')
_VALUE = re.compile(r'value="([^"]*)"')


class Site:
    """The site as one browser sees it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def cookie(self, name: str) -> str | None:
        """The value that this browser keeps of the site's cookie `name`."""
        kept = self.client.get_cookie(cookie_name(self.client.application, name))
        return kept.value if kept else None

    def session_id(self) -> str:
        """The value of the session's cookie, which this browser has."""
        value = self.cookie("session")
        assert value is not None
        return value

    def keep(self, name: str, value: str) -> None:
        """Put that value into this browser's cookie `name`."""
        self.client.set_cookie(cookie_name(self.client.application, name), value)

    def cookies(self) -> dict[str, str]:
        """All cookies that this browser keeps, by the names that it knows them by."""
        return {cookie.key: cookie.value for cookie in self._jar().values()}

    def forget(self) -> None:
        """Throw all cookies away."""
        self._jar().clear()

    def _jar(self) -> dict[tuple[str, str, str], Cookie]:
        assert self.client._cookies is not None
        return self.client._cookies

    def get(self, address: str, **values: Any) -> TestResponse:
        return self.client.get(address, **values)

    def pages(self, address: str) -> Iterator[str]:
        """The pages of a list, from this one to its last, by their links to the next."""
        while address:
            text = self.get(address).text
            yield text
            following = _NEXT.search(text)
            address = unescape(following[1]) if following else ""

    def submit(self, page: str, address: str | None = None, /, **fields: str | list[str]) -> TestResponse:
        """Open `page` and send its form, with these fields filled in, to `address`, or to the page's own."""
        response = self.client.get(page)
        assert response.status_code == 200, (page, response.status)
        return self.client.post(address or page, data=hidden_fields(response.text) | fields)

    def registered(self, name: str, password: str = PASSWORD) -> "Site":
        """This visitor, after registering (and so logged in)."""
        response = self.submit("/register", username=name, password=password, confirmation=password)
        assert response.status_code == 303, response.text
        return self

    def logged_in(self, name: str, password: str = PASSWORD) -> "Site":
        response = self.submit("/login", username=name, password=password)
        assert response.status_code == 303, response.text
        return self

    def with_app(self, clock: "Clock", name: str = "My phone", password: str = PASSWORD) -> "App":
        """The authenticator app that this reader, who is logged in, has added."""
        page = self.get("/account/authenticator-app").text
        key = re.search(r'<code id="app-key">(.*?)</code>', page, re.DOTALL)
        assert key, page
        secret = re.sub(r"<[^>]*>|\s", "", key[1])
        app = App(secret, clock)
        fields = hidden_fields(page) | {"name": name, "code": app.code(), "password": password}
        response = self.client.post("/account/authenticator-app", data=fields)
        assert response.status_code in (200, 303), response.text
        app.recovery_codes = recovery_codes(response.text)
        clock.tick()
        return app

    def review(self, isbn: str, rating: int | str, text: str = "") -> TestResponse:
        return self.submit(f"/books/{isbn}", f"/books/{isbn}/review", rating=str(rating), text=text)


class Clock:
    """The time by which codes are checked: it stands still, so that no code expires within a test."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def tick(self, steps: int = 1) -> None:
        self.now += 30 * steps


class App:
    """An authenticator app, whose clock is the site's own."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self.secret = secret
        self.clock = clock
        self.recovery_codes: list[str] = []

    def code(self, steps: int = 0) -> str:
        """The code that it shows now, or showed or will show some steps of 30 seconds away."""
        return pyotp.TOTP(self.secret).at(int(self.clock.now), counter_offset=steps)


def recovery_codes(html: str) -> list[str]:
    """The recovery codes that a page shows."""
    shown = re.search(r'id="recovery-codes">([^<]*)<', html)
    return shown[1].split() if shown else []


def cookie_name(app: Flask, name: str) -> str:
    """What browsers know this site's cookie by; over plain HTTP."""
    return f"{app.config['COOKIE_NAMES']}{name}"


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden fields of a page with their values."""
    fields = {}
    for tag in _HIDDEN.findall(html):
        name, value = _NAME.search(tag), _VALUE.search(tag)
        if name:
            fields[name[1]] = unescape(value[1]) if value else ""
    return fields
