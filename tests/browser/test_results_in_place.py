"""From one search to the next the page stays, and is changed; its address can be kept, shared and gone back to."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

SEARCH = re.compile(r"/search\?")


@pytest.fixture
def results(reader: Page, volumes: None) -> Page:
    """The first page of three, marked so that a page which was loaded anew is told from one that was changed."""
    reader.goto("/search?q=volume")
    reader.evaluate("window.stayed = true")
    return reader


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def first(page: Page) -> str:
    return page.locator(".results > li a").first.inner_text()


def search_for(page: Page, text: str) -> None:
    page.get_by_label("Title, author or ISBN").fill(text)
    page.get_by_role("button", name="Search").click()


def test_a_search_changes_the_page_and_its_address_and_title(results: Page) -> None:
    search_for(results, "austen")
    expect(results.get_by_role("link", name="Pride and Prejudice")).to_be_visible()
    expect(results).to_have_title("austen · Flyleaf")
    assert results.url.endswith("/search?q=austen")
    assert stayed(results)
    expect(results.get_by_label("Title, author or ISBN")).to_have_value("austen")


def test_the_new_results_have_the_focus_and_their_number_is_said(results: Page) -> None:
    search_for(results, "austen")
    expect(results.get_by_role("heading", level=1)).to_be_focused()
    expect(results.locator("#said")).to_have_text("Results on this page: 1.")
    assert results.locator("#said").get_attribute("role") == "status"


def test_pages_begin_at_their_top_and_back_and_forward_find_the_place_again(results: Page) -> None:
    top = first(results)
    results.get_by_role("link", name="Next").click()
    expect(results).to_have_url(re.compile("page=2"))
    expect(results.locator(".results > li a").first).not_to_have_text(top)
    expect(results.get_by_role("heading", level=1)).to_be_focused()
    expect(results.get_by_label("Title, author or ISBN")).to_be_in_viewport()
    results.go_back()
    expect(results.locator(".results > li a").first).to_have_text(top)
    expect(results.get_by_role("link", name="Next")).to_be_in_viewport()
    results.go_forward()
    expect(results).to_have_url(re.compile("page=2"))
    expect(results.locator(".results > li a").first).not_to_have_text(top)
    assert stayed(results)


def test_from_a_book_back_leads_to_the_same_results(results: Page) -> None:
    results.get_by_role("link", name="Next").click()
    expect(results.get_by_role("heading", level=1)).to_be_focused()
    top = first(results)
    results.locator(".results > li a").first.click()
    expect(results.get_by_role("heading", level=1)).to_have_text(top)
    results.go_back()
    expect(results.locator(".results > li a").first).to_have_text(top)


def test_a_shared_address_shows_the_same(
    results: Page, browse: Callable[..., Page], log_in: Callable[[Page], Page]
) -> None:
    results.get_by_role("link", name="Next").click()
    expect(results).to_have_url(re.compile("page=2"))
    expect(results.get_by_role("heading", level=1)).to_be_focused()
    friend = log_in(browse(java_script_enabled=False))
    friend.goto(results.url)
    assert (
        friend.locator(".results > li a").all_text_contents() == results.locator(".results > li a").all_text_contents()
    )


def test_a_mistake_is_shown_in_place_and_the_box_has_the_focus(results: Page) -> None:
    results.get_by_label("Title, author or ISBN").evaluate("box => box.removeAttribute('maxlength')")
    search_for(results, "x" * 201)
    expect(results.get_by_role("alert")).to_be_visible()
    expect(results.get_by_label("Title, author or ISBN")).to_be_focused()
    expect(results.get_by_label("Title, author or ISBN")).to_have_value("x" * 201)
    assert stayed(results)


def test_where_that_fails_the_page_is_loaded_as_always(results: Page) -> None:
    results.route(
        SEARCH,
        lambda route: (
            route.fulfill(body="something else") if route.request.resource_type == "fetch" else route.continue_()
        ),
    )
    search_for(results, "austen")
    expect(results.get_by_role("link", name="Pride and Prejudice")).to_be_visible()
    assert results.url.endswith("/search?q=austen")
    assert not stayed(results)


def test_an_earlier_search_never_replaces_a_later_one(results: Page) -> None:
    held = []
    results.route(re.compile("q=slow"), lambda route: held.append(route))
    with results.expect_request(re.compile("q=slow")):
        search_for(results, "slow")
    search_for(results, "austen")
    expect(results).to_have_title("austen · Flyleaf")
    held[0].fulfill(body="<title>slow</title><body><header></header><main></main><footer></footer>")
    results.evaluate("() => new Promise(requestAnimationFrame)")
    expect(results).to_have_title("austen · Flyleaf")
    expect(results.get_by_role("link", name="Pride and Prejudice")).to_be_visible()


def test_after_a_log_out_elsewhere_a_search_leads_to_the_log_in(results: Page) -> None:
    results.context.clear_cookies()
    results.get_by_role("link", name="Next").click()
    expect(results.get_by_role("heading", level=1)).to_have_text("Log in")
    assert "page%3D2" in results.url


def test_suggestions_work_in_the_exchanged_page_too(results: Page) -> None:
    search_for(results, "austen")
    expect(results).to_have_title("austen · Flyleaf")
    box = results.get_by_label("Title, author or ISBN")
    box.fill("")
    box.press_sequentially("pride")
    results.get_by_role("listbox").get_by_role("option").first.click()
    expect(results.get_by_role("heading", level=1)).to_have_text("Pride and Prejudice")


def test_a_browser_without_the_navigation_api_loads_each_page(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], volumes: None
) -> None:
    page = log_in(browse())
    page.add_init_script("delete window.navigation")
    page.goto("/search?q=volume")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(page.get_by_label("Title, author or ISBN")).to_be_visible()
    assert not stayed(page)
