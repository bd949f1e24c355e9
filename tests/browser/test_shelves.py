"""Shelves in a browser, with JavaScript and without: one click from the results, and all that a book's page offers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow
BOOK = "/books/0141439513"


def test_one_click_from_the_results(page: Page, log_in: Callable[[Page], Page]) -> None:
    log_in(page).goto("/search?q=pride")
    page.get_by_role("button", name="Want to read").click()
    page.wait_for_url("**/search?q=pride#b-0141439513")
    page.locator(".shelve summary").click()
    pressed = page.locator(".shelve [aria-pressed=true]")
    expect(pressed).to_have_text("Want to read")
    page.get_by_role("button", name="Reading", exact=True).click()
    page.locator(".shelve summary").click()
    expect(pressed).to_have_text("Reading")


def test_all_that_a_books_page_offers(page: Page, log_in: Callable[[Page], Page]) -> None:
    log_in(page).goto(BOOK)
    page.get_by_role("button", name="Read", exact=True).click()
    page.get_by_text("Shelves, dates and notes").click()
    page.get_by_label("Name of the shelf").fill("Lent")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Finished").fill("2020-02-29")
    page.get_by_role("button", name="Add dates").click()
    page.get_by_role("textbox", name="Private notes").fill("To Bob.")
    page.get_by_role("button", name="Save notes").click()
    expect(page.get_by_text("finished on 29 February 2020")).to_be_visible()
    expect(page.get_by_role("textbox", name="Private notes")).to_have_value("To Bob.")
    page.get_by_role("link", name="Lent").click()
    expect(page.locator(".result-title")).to_have_text("Pride and Prejudice")
    page.get_by_role("link", name="Pride and Prejudice").click()
    button = page.get_by_role("button", name="Take off all shelves")
    expect(button).to_be_hidden()
    page.get_by_text("Take off all shelves…").click()
    expect(page.locator(".take-off li")).to_have_text(
        ["where it is on your own shelves: Lent", "the dates of 1 reading", "your private notes"]
    )
    button.click()
    expect(page.get_by_text("The book is off your shelves.")).to_be_visible()
