"""A real Chromium before a real server, with JavaScript and without."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect, sync_playwright
from stdnum import ean
from werkzeug.serving import make_server

from tests.fixture_types import AddBook
from tests.site import Site, cookie_name

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# The same browser without windows opens a page for a fifth of the work: it goes first where it is installed.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
# Chromium's sandbox does not start for root, /dev/shm is small in containers, and tests ask no other host for anything.
SWITCHES = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
WIDTHS = (390, 768, 1440)
PATIENCE = 30_000  # milliseconds, on a busy machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="there is no Chromium on this machine"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def site(app: Flask, add_book: AddBook) -> Iterator[str]:
    """The address of the running site, which has a few books."""
    add_book("0141439513", "Pride and Prejudice", "Jane Austen", year=1813)
    add_book("9788437604947", "Cien años de soledad", "Gabriel García Márquez", year=1967)
    with serving(app) as address:
        yield address


@contextlib.contextmanager
def serving(application: "WSGIApplication") -> Iterator[str]:
    """The address at which an application answers meanwhile."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the consoles of this test's pages complain of; whatever is left at the end fails the test."""
    complaints: list[str] = []
    yield complaints
    # A browser writes a line there for each answer of 4xx and 5xx, too, and those are meant.
    assert [line for line in complaints if "responded with a status of" not in line] == []


def _watch(page: Page, complaints: list[str]) -> None:
    """Note what the console of a page complains of, and each violation of the Content-Security-Policy.

    The browser's own audit sees violations without JavaScript, too, which runs no listener for them.
    """

    def note_issue(event: dict[str, Any]) -> None:
        if event["issue"]["code"] == "ContentSecurityPolicyIssue":
            complaints.append(f"Content-Security-Policy: {event['issue']['details']}")

    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    audit = page.context.new_cdp_session(page)
    audit.on("Audits.issueAdded", note_issue)
    audit.send("Audits.enable")
    _audits[page] = audit


_audits: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()


def print_out(page: Page, **media: Any) -> None:
    """Show the page as it is printed. Its audit ends, which would keep Chromium on the screen's style sheet."""
    _audits.pop(page).detach()
    page.emulate_media(media="print", **media)


@pytest.fixture
def browse(chromium: Browser, site: str, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Opens a new browser at the width of a phone; `options` are those of Playwright's contexts."""
    contexts: list[BrowserContext] = []

    def open_browser(**options: Any) -> Page:
        context = chromium.new_context(**({"base_url": site, "viewport": {"width": 390, "height": 800}} | options))
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        _watch(page, complaints)
        return page

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browse: Callable[..., Page]) -> Page:
    """A new browser, at the width of a phone."""
    return browse(java_script_enabled=request.param)


@pytest.fixture
def log_in(alice: Site, site: str) -> Callable[..., Page]:
    """Makes a browser Alice's, or another reader's, without the detour over the form."""

    def give_session(page: Page, reader: Site = alice) -> Page:
        name = cookie_name(reader.client.application, "session")
        page.context.add_cookies([{"name": name, "value": str(reader.cookie("session")), "url": site}])
        return page

    return give_session


@pytest.fixture
def reader(browse: Callable[..., Page], log_in: Callable[[Page], Page]) -> Page:
    """A browser with JavaScript in which Alice is logged in."""
    return log_in(browse())


@pytest.fixture
def volumes(add_book: AddBook) -> None:
    """Three pages of results for "volume"."""
    for number in range(1, 46):
        digits = f"97800000{number:04}"
        add_book(digits + ean.calc_check_digit(digits), f"Volume {number}", "Ann Author", year=1900 + number)
