"""The site behind a reverse proxy that has other things to serve, in a real Chromium."""

import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from tests.site import PASSWORD

ROOT = "/shelf"


class Proxy(BaseHTTPRequestHandler):
    """Passes on what is below ROOT, as nginx does by `location /shelf/`. The rest of the host is another site's."""

    protocol_version = "HTTP/1.1"
    upstream = 0
    is_stripping = True
    outside: list[str]

    def do_GET(self) -> None:
        if not f"{self.path}/".startswith(f"{ROOT}/") and not self.path.startswith(f"{ROOT}?"):
            self.outside.append(self.path)
            self._answer(404, [("Content-Type", "text/plain")], b"another site")
            return
        path = (self.path.removeprefix(ROOT) or "/") if self.is_stripping else self.path
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        if self.is_stripping:
            headers["X-Forwarded-Prefix"] = ROOT
        headers |= {
            "X-Forwarded-For": "192.0.2.7",
            "X-Forwarded-Host": self.headers["Host"],
            "X-Forwarded-Proto": "http",
        }
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=20)
        connection.request(self.command, path, body, headers)
        answer = connection.getresponse()
        kept = [one for one in answer.getheaders() if one[0].lower() not in ("connection", "content-length", "date")]
        self._answer(answer.status, kept, answer.read())
        connection.close()

    do_POST = do_GET  # noqa: N815  # the names that http.server calls

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(params=[True, False], ids=["the proxy strips the path", "the proxy passes it on"])
def proxy(request: pytest.FixtureRequest, config: Config, database: Database) -> Iterator[tuple[str, list[str]]]:
    """The address of the host, and what was asked of it outside the site's path."""
    settings: dict[str, Any] = {"trusted_proxies": 1} if request.param else {"script_name": ROOT, "trusted_proxies": 1}
    site = make_server("127.0.0.1", 0, create_app(replace(config, **settings), database), threaded=True)
    outside: list[str] = []
    handler = type(
        "Handler", (Proxy,), {"upstream": site.server_port, "is_stripping": request.param, "outside": outside}
    )
    front = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threads = [threading.Thread(target=one.serve_forever) for one in (site, front)]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{front.server_port}", outside
    finally:
        for one in (front, site):
            one.shutdown()
            one.server_close()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_reader_never_leaves_the_path(
    proxy: tuple[str, list[str]], browse: Callable[..., Page], scripts: bool
) -> None:
    base, outside = proxy
    page = browse(base_url=base, java_script_enabled=scripts)

    def is_below(path: str) -> None:
        assert urlsplit(page.url).path == ROOT + path

    page.goto(f"{ROOT}/books/0141439513")
    is_below("/login")
    page.get_by_role("main").get_by_role("link", name="Register").click()
    page.get_by_label("Username").fill("Alice")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Register").click()
    is_below("/books/0141439513")
    page.get_by_label("4 stars").check(force=True)
    page.get_by_label("Your review", exact=True).fill("It is a truth.")
    page.get_by_role("button", name="Publish").click()
    is_below("/books/0141439513")
    expect(page.locator(".reviews")).to_contain_text("It is a truth.")
    page.locator("a.wordmark").click()
    is_below("/search")
    box = page.locator("#q")
    box.press_sequentially("pride")
    if scripts:
        page.get_by_role("listbox").get_by_role("option").first.wait_for()
    box.press("Enter")
    page.wait_for_url(f"{base}{ROOT}/search?q=pride*")
    page.locator(".results a").first.click()
    page.wait_for_url(f"{base}{ROOT}/books/0141439513")
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    is_below("/books/0141439513")
    page.goto(f"{ROOT}/no-such-page")
    page.locator("main a").first.click()
    is_below("/search")
    page.goto(f"{ROOT}/logout")
    is_below("/")
    assert {cookie["path"] for cookie in page.context.cookies()} == {ROOT}
    assert outside == []
