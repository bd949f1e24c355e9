"""What is typed survives the end of a session and a page that is left, in a real Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.site import PASSWORD, Site

WORDS = "It is a truth\n\nuniversally acknowledged."
BOOK = "/books/0141439513"


@pytest.fixture
def end_sessions(select: Callable[..., object]) -> Callable[[], object]:
    return lambda: select("DELETE FROM sessions")


def write(page: Page) -> None:
    page.goto(BOOK)
    page.get_by_label("4 stars").check(force=True)
    page.get_by_label("Your review", exact=True).fill(WORDS)


def log_in_by_form(page: Page, name: str = "Alice") -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def test_a_review_survives_the_end_of_the_session(
    page: Page, log_in: Callable[[Page], Page], end_sessions: Callable[[], object], select: Callable[..., object]
) -> None:
    write(log_in(page))
    end_sessions()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("main")).to_contain_text("Your text is saved")
    log_in_by_form(page)
    expect(page.get_by_label("Your review", exact=True)).to_have_value(WORDS)
    expect(page.get_by_label("4 stars")).to_be_checked()
    expect(page.get_by_role("main")).to_contain_text("Your text is back")
    assert select("SELECT count(*) FROM reviews") == 0
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".reviews")).to_contain_text("universally acknowledged.")
    assert select("SELECT text FROM reviews") == WORDS


def test_another_language_leaves_the_text_in_its_form(page: Page, log_in: Callable[[Page], Page]) -> None:
    write(log_in(page))
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("textarea")).to_have_value(WORDS)
    expect(page.locator("input[name=rating][value='4']")).to_be_checked()


def test_what_is_written_after_the_text_has_come_back_is_kept_too(
    reader: Page, end_sessions: Callable[[], object]
) -> None:
    """Loading the page anew must not bring back the text as it was when the session ended."""
    write(reader)
    end_sessions()
    reader.get_by_role("button", name="Publish").click()
    log_in_by_form(reader)
    for more in ("And more.", "And more in Spanish."):
        text = reader.locator("textarea")
        expect(text).to_have_value(WORDS)
        text.fill(f"{WORDS} {more}")
        reader.reload()
        expect(text).to_have_value(f"{WORDS} {more}")
        text.fill(WORDS)
        reader.get_by_role("button", name="Español").click()


def test_another_theme_leaves_words_and_filters_that_are_not_sent_yet(reader: Page) -> None:
    """On a page of results the box is not empty: what it held before must not win."""
    reader.goto("/search?q=pride&narrow=1")
    reader.locator("#q").fill("pride and prejudice")
    reader.locator("#year_from").fill("1800")
    reader.locator("#has_reviews").check()
    reader.get_by_role("button", name="Dark").click()
    expect(reader.locator("html")).to_have_attribute("data-theme", "dark")
    expect(reader.locator("#q")).to_have_value("pride and prejudice")
    expect(reader.locator("#year_from")).to_have_value("1800")
    expect(reader.locator("#has_reviews")).to_be_checked()


@pytest.mark.parametrize("address", ["/search", BOOK])
def test_another_theme_leaves_the_words_in_the_search_box(reader: Page, address: str) -> None:
    reader.goto(address)
    reader.locator("#q").fill("jane aus")
    reader.get_by_role("button", name="Dark").click()
    expect(reader.locator("html")).to_have_attribute("data-theme", "dark")
    expect(reader.locator("#q")).to_have_value("jane aus")
    reader.goto(address)
    expect(reader.locator("#q")).to_have_value("")


def test_a_page_that_is_left_has_the_text_when_the_reader_comes_back(reader: Page) -> None:
    write(reader)
    reader.goto("/search")
    reader.goto(BOOK)
    expect(reader.get_by_label("Your review", exact=True)).to_have_value(WORDS)
    expect(reader.get_by_label("4 stars")).to_be_checked()
    expect(reader.locator("[data-draft]")).to_be_visible()
    reader.get_by_role("button", name="Discard").click()
    expect(reader.get_by_label("Your review", exact=True)).to_have_value("")
    reader.reload()
    expect(reader.get_by_label("Your review", exact=True)).to_have_value("")
    expect(reader.locator("[data-draft]")).to_be_hidden()


def test_what_is_published_is_no_draft_any_more(reader: Page, select: Callable[..., object]) -> None:
    write(reader)
    reader.get_by_role("button", name="Publish").click()
    expect(reader.locator(".reviews")).to_contain_text("universally acknowledged.")
    select("DELETE FROM reviews")
    reader.goto(BOOK)
    expect(reader.get_by_label("Your review", exact=True)).to_have_value("")


def test_drafts_end_with_the_log_out_and_are_seen_by_no_other_reader(
    reader: Page, bob: Site, end_sessions: Callable[[], object]
) -> None:
    write(reader)
    end_sessions()
    reader.goto("/login")
    log_in_by_form(reader, "Bob")
    reader.goto(BOOK)
    expect(reader.get_by_label("Your review", exact=True)).to_have_value("")
    reader.goto("/logout")
    assert reader.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft '))") == []
