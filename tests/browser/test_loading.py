"""What takes longer than 0.4 seconds shows that it is under way, and stops showing it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect


@pytest.fixture
def results(reader: Page, volumes: None) -> Page:
    reader.goto("/search?q=volume")
    return reader


def hold(page: Page, address: str) -> list[Route]:
    """Keep the answers to an address back until the test lets them go."""
    held: list[Route] = []
    page.route(re.compile(address), lambda route: held.append(route))
    return held


def bar(page: Page) -> Locator:
    return page.get_by_role("progressbar", name="Loading…")


def test_a_slow_search_in_place_shows_a_bar_and_is_busy(results: Page) -> None:
    held = hold(results, r"/search\?q=austen")
    results.get_by_label("Title, author or ISBN").fill("austen")
    results.get_by_role("button", name="Search").click()
    expect(bar(results)).to_be_visible()
    expect(results.locator("main")).to_have_attribute("aria-busy", "true")
    expect(results.locator("#said")).to_have_text("Loading…")
    held[0].continue_()
    expect(results.get_by_role("link", name="Pride and Prejudice")).to_be_visible()
    expect(bar(results)).not_to_be_visible()
    expect(results.locator("main")).not_to_have_attribute("aria-busy", "true")


def test_a_slow_page_shows_a_bar_until_it_comes(results: Page) -> None:
    results.evaluate("""() => new MutationObserver(([change]) => { sessionStorage.shown = !change.target.hidden; })
        .observe(document.getElementById("progress"), {attributes: true})""")
    held = hold(results, "/books/")
    results.locator(".result-title").first.evaluate("link => link.click()")
    results.wait_for_timeout(800)
    held[0].continue_()
    expect(results.locator("article.book")).to_be_visible()
    assert results.evaluate("sessionStorage.shown") == "true"
    expect(bar(results)).not_to_be_visible()


def test_slow_suggestions_show_a_bar(results: Page) -> None:
    held = hold(results, "suggestions")
    results.get_by_label("Title, author or ISBN").fill("austen")
    expect(bar(results)).to_be_visible()
    held[0].continue_()
    expect(results.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    expect(bar(results)).not_to_be_visible()


def test_what_comes_at_once_shows_none(results: Page) -> None:
    results.evaluate("""() => {
        window.shown = 0;
        new MutationObserver(() => window.shown += 1).observe(document.getElementById("progress"), {attributes: true});
    }""")
    content = results.content()
    results.route(re.compile(r"/search\?q=quick"), lambda route: route.fulfill(body=content, content_type="text/html"))
    results.get_by_label("Title, author or ISBN").fill("quick")
    results.get_by_role("button", name="Search").click()
    expect(results).to_have_url(re.compile("q=quick"))
    results.wait_for_timeout(600)
    assert results.evaluate("window.shown") == 0


def test_a_link_within_the_page_and_a_key_held_show_none(results: Page) -> None:
    results.goto("/books/0141439513")
    results.evaluate("document.querySelector('main').insertAdjacentHTML('afterbegin', '<a href=\"#reviews\">Down</a>')")
    results.get_by_role("link", name="Down").click()
    results.wait_for_timeout(600)
    expect(bar(results)).not_to_be_visible()


def test_a_sort_is_applied_at_once_and_keeps_the_focus(results: Page) -> None:
    results.get_by_label("Sort by").focus()
    results.get_by_label("Sort by").select_option("newest")
    expect(results).to_have_url(re.compile("order=newest"))
    expect(results.locator(".result-title").first).to_have_text("Volume 45")
    expect(results.get_by_label("Sort by")).to_be_focused()
    expect(results.get_by_role("button", name="Sort")).not_to_be_visible()


def test_without_javascript_a_button_sorts(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], volumes: None
) -> None:
    page = log_in(browse(java_script_enabled=False))
    page.goto("/search?q=volume")
    page.get_by_label("Sort by").select_option("newest")
    page.get_by_role("button", name="Sort").click()
    expect(page.locator(".result-title").first).to_have_text("Volume 45")
    expect(page.get_by_label("Sort by")).to_have_value("newest")
