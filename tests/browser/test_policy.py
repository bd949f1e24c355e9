"""No page of the browser tests may violate the Content-Security-Policy: their fixture sees every violation."""

from collections.abc import Callable

import pytest
from flask import Flask, Response
from playwright.sync_api import Page

PAGES = {
    "script-src-elem": "<script>document.title = 'ran'</script>",
    "script-src-attr": "<p onclick='1'>x</p>",
    "style-src-elem": "<style>p { color: red }</style>",
    "style-src-attr": "<p style='color: red'>x</p>",
    "img-src": "<img src='http://127.0.0.1:9/x.png' alt=''>",
}


@pytest.mark.parametrize("directive", PAGES)
def test_a_violation_is_seen_with_and_without_javascript(
    app: Flask, browse: Callable[..., Page], complaints: list[str], directive: str
) -> None:
    app.add_url_rule("/violation", "violation", lambda: Response(PAGES[directive], mimetype="text/html"))
    for has_javascript in (True, False):
        complaints.clear()
        page = browse(java_script_enabled=has_javascript)
        page.goto("/violation")
        page.wait_for_timeout(100)
        seen = "".join(complaints)
        if has_javascript or not directive.startswith("script"):
            assert "Content-Security-Policy: " in seen
            assert directive in seen
    complaints.clear()


def test_a_page_of_the_site_violates_nothing(reader: Page, complaints: list[str]) -> None:
    reader.goto("/search?q=pride")
    reader.wait_for_timeout(100)
    assert complaints == []
