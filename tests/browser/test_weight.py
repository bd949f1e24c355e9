"""What a page costs a reader: what is asked for, how many bytes that are, and that nothing moves while it comes."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGES = ("/search", "/search?q=volume", "/books/0141439513", "/authors/Jane Austen", "/readers/Alice")
HEAVIEST = 30 * 1024  # bytes over the wire, for a page of results and all that it needs
SHIFTS = """() => new Promise(resolve => {
    const shifts = [];
    new PerformanceObserver(list => shifts.push(...list.getEntries())).observe({type: "layout-shift", buffered: true});
    requestAnimationFrame(() => setTimeout(() => resolve(shifts.map(shift => shift.value)), 50));
})"""


def test_one_style_sheet_one_script_and_nothing_from_elsewhere(
    reader: Page, volumes: None, subtests: pytest.Subtests
) -> None:
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    for address in PAGES:
        with subtests.test(address):
            asked.clear()
            reader.goto(address)
            assert {urlsplit(url).netloc for url in asked} == {urlsplit(reader.url).netloc}
            files = [urlsplit(url).path for url in asked if "/static/" in url]
            assert sum(file.endswith(".css") for file in files) == 1
            assert sum(file.endswith(".js") for file in files) == 1
            assert len(set(files)) <= 3, files  # these two, and an icon


def test_a_second_page_asks_for_no_file_again(reader: Page, log: list[str]) -> None:
    reader.goto("/search")
    log.clear()
    reader.goto("/books/0141439513")
    assert any("/books/0141439513" in line for line in log)
    assert not any(".css" in line or ".js" in line for line in log)


def test_a_page_of_results_weighs_little(reader: Page, volumes: None) -> None:
    client = reader.context.new_cdp_session(reader)
    client.send("Network.enable")
    sizes: list[float] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    reader.goto("/search?q=volume", wait_until="networkidle")
    expect(reader.locator(".results > li")).to_have_count(20)
    assert len(sizes) >= 3
    assert sum(sizes) <= HEAVIEST


@pytest.fixture
def slow_site(app: Flask) -> Iterator[str]:
    """The site behind a slow line: a page comes in twenty pieces, between which the browser has time to paint."""

    def in_pieces(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        content = b"".join(app(environ, start_response))
        is_page = content.startswith(b"<!doctype")
        size = len(content) // 20 + 1 if is_page else len(content) + 1
        for start in range(0, len(content), size):
            yield content[start : start + size]
            time.sleep(0.02 if is_page else 0)

    with serving(in_pieces) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_moves_while_a_page_comes(
    reader: Page, slow_site: str, volumes: None, subtests: pytest.Subtests, width: int
) -> None:
    reader.set_viewport_size({"width": width, "height": 900})
    for address in PAGES:
        with subtests.test(address):
            reader.goto(slow_site + address)
            assert reader.evaluate(SHIFTS) == []


def test_suggestions_push_nothing_aside(reader: Page) -> None:
    reader.goto("/search?q=austen")
    title = reader.locator(".result-title")
    place = title.bounding_box()
    reader.get_by_role("combobox", name="Title, author or ISBN").fill("pride")
    expect(reader.get_by_role("listbox").get_by_role("option")).not_to_have_count(0)
    assert title.bounding_box() == place
    assert reader.evaluate(SHIFTS) == []


def test_who_wants_less_motion_gets_none(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], volumes: None
) -> None:
    page = log_in(browse(reduced_motion="reduce"))
    for address in ("/search?q=volume", "/books/0141439513"):
        page.goto(address)
        moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter(element => {
            const style = getComputedStyle(element);
            return style.transitionDuration !== "0s" || style.animationName !== "none"
                || style.scrollBehavior === "smooth";
        }).map(element => element.outerHTML.slice(0, 100))""")
        assert moving == []
