"""A book's real cover in a browser: it is shown, in the size that the screen needs, and nothing moves when it comes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from flask import Flask, request
from playwright.sync_api import Page, expect
from sqlalchemy import text

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.covers.files import CoverFiles
from flyleaf.covers.shrinking import shrink
from flyleaf.database import Database
from flyleaf.queries.covers import Cover, upsert_cover
from flyleaf.web.current import EXTENSION
from tests import pictures
from tests.browser.test_weight import SHIFTS

PRIDE = "/books/0141439513"
LOADED = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture
def app(config: Config, database: Database) -> Iterator[Flask]:
    """A site that shows covers, whose pictures come a little later than its pages."""
    nobody = "http://127.0.0.1:9"
    contact = {"open_library_contact": "a@example.org", "open_library_covers_url": nobody, "open_library_url": nobody}
    app = create_app(replace(config, **contact), database)  # type: ignore[arg-type]
    app.testing = True
    app.before_request(lambda: time.sleep(0.2) if request.path.startswith("/covers/") else None)
    yield app
    app.extensions[EXTENSION].cover_fetcher.stop()
    app.extensions[EXTENSION].rating_fetcher.stop()


@pytest.fixture
def digest(site: str, config: Config, database: Database) -> str:
    """The cover of Pride and Prejudice, which every page of the site shows by now."""
    shrunk = shrink(pictures.jpeg())
    CoverFiles(config.cover_files).write(shrunk)
    with database.transaction() as connection:
        [book_id] = connection.execute(text("SELECT id FROM books WHERE isbn = '0141439513'")).scalars()
        upsert_cover(connection, "open_library", book_id, Cover(shrunk.digest, shrunk.width, shrunk.height), 20_000)
    return shrunk.digest


@pytest.mark.parametrize(("density", "in_results", "on_its_page"), [(1, "small", "small"), (2, "small", "large")])
def test_a_cover_comes_in_the_size_that_the_screen_needs(
    browse: Callable[..., Page],
    log_in: Callable[[Page], Page],
    digest: str,
    density: int,
    in_results: str,
    on_its_page: str,
) -> None:
    page = log_in(browse(device_scale_factor=density))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    for address, size in (("/search?q=pride", in_results), (PRIDE, on_its_page)):
        asked.clear()
        page.goto(address, wait_until="networkidle")
        assert page.locator("img.cover").first.evaluate(LOADED)
        assert [path for path in asked if "/covers/" in path] == [f"/covers/{digest}-{size}.webp"]


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_moves_when_a_cover_comes(reader: Page, digest: str, width: int) -> None:
    reader.set_viewport_size({"width": width, "height": 900})
    for address in ("/search", "/search?q=pride", PRIDE, "/authors/Jane Austen"):
        reader.goto(address, wait_until="networkidle")
        picture = reader.locator("img.cover").first
        assert picture.evaluate(LOADED)
        assert reader.evaluate(SHIFTS) == []
        box = picture.bounding_box()
        assert box is not None
        assert box["height"] / box["width"] == pytest.approx(1.5, abs=0.02)  # its own shape


def test_a_cover_has_a_name_where_it_is_more_than_an_ornament(reader: Page, digest: str) -> None:
    reader.goto(PRIDE)
    expect(reader.get_by_role("img", name="Cover of “Pride and Prejudice”")).to_be_visible()
    for address in (PRIDE, "/search?q=pride", "/search"):
        reader.goto(address, wait_until="networkidle")
        reader.evaluate(AXE_SCRIPT)
        found = AxeResults(reader.evaluate("axe.run()"))
        assert found.violations_count == 0, found.generate_report()


def test_a_cover_that_this_machine_lacks_is_drawn(reader: Page, digest: str, config: Config) -> None:
    for path in config.cover_files.rglob("*.webp"):
        path.unlink()
    reader.goto(PRIDE, wait_until="networkidle")
    assert reader.locator("img.cover").first.evaluate(LOADED)
