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


def sealed(page: Page) -> list[str]:
    """What the browser keeps beyond the tab: names and contents."""
    return list(page.evaluate("Object.entries(localStorage).filter(([name]) => name.startsWith('sealed ')).flat()"))


def wait_until_sealed(page: Page) -> None:
    page.wait_for_function("Object.keys(localStorage).some((name) => name.startsWith('sealed '))")


def test_a_closed_tab_has_its_text_in_the_next_one_and_the_browser_keeps_no_word_of_it_in_clear(reader: Page) -> None:
    reader.goto(BOOK)
    reader.get_by_label("Your review", exact=True).fill(WORDS)
    wait_until_sealed(reader)
    assert not any(clear in " ".join(sealed(reader)) for clear in ("truth", "Alice", "0141439513"))
    next_tab = reader.context.new_page()
    reader.close()
    next_tab.goto(BOOK)
    expect(next_tab.get_by_label("Your review", exact=True)).to_have_value(WORDS)
    expect(next_tab.locator("[data-draft]")).to_be_visible()
    next_tab.get_by_role("button", name="Discard").click()
    next_tab.wait_for_function("!Object.keys(localStorage).some((name) => name.startsWith('sealed '))")
    next_tab.reload()
    expect(next_tab.get_by_label("Your review", exact=True)).to_have_value("")


def test_another_reader_of_the_browser_does_not_get_the_text_and_its_own_reader_does(
    reader: Page, bob: Site, end_sessions: Callable[[], object]
) -> None:
    write(reader)
    wait_until_sealed(reader)
    end_sessions()
    tab = reader
    for name, expected in (("Bob", ""), ("Alice", WORDS)):
        tab = tab.context.new_page()  # without what the tab has
        tab.goto("/login")
        log_in_by_form(tab, name)
        tab.goto(BOOK)
        expect(tab.get_by_label("Your review", exact=True)).to_have_value(expected)
        assert sealed(tab)
        end_sessions()
    tab.goto("/login")
    log_in_by_form(tab)
    tab.goto("/logout")
    assert sealed(tab) == []


def test_what_is_published_is_in_no_tab_and_not_on_the_way_back(reader: Page, select: Callable[..., object]) -> None:
    write(reader)
    wait_until_sealed(reader)
    reader.get_by_role("button", name="Publish").click()
    expect(reader.locator(".reviews")).to_contain_text("universally acknowledged.")
    assert sealed(reader) == []
    reader.go_back()
    expect(reader.get_by_role("heading", name="Your review")).to_be_visible()
    expect(reader.locator("[data-draft]")).to_have_count(0)
    select("DELETE FROM reviews")
    tab = reader.context.new_page()
    tab.goto(BOOK)
    expect(tab.get_by_label("Your review", exact=True)).to_have_value("")


def test_a_sealed_copy_stays_a_week(reader: Page) -> None:
    write(reader)
    wait_until_sealed(reader)
    for days, kept in ((6, True), (8, False)):
        reader.evaluate(
            """(days) => { for (const name of Object.keys(localStorage).filter((one) => one.startsWith("sealed "))) {
                const copy = JSON.parse(localStorage[name]);
                localStorage[name] = JSON.stringify({ ...copy, at: Date.now() - days * 86400000 });
            } }""",
            days,
        )
        reader.goto("/search")
        assert bool(sealed(reader)) == kept


def test_a_lost_connection_loses_no_text(reader: Page, complaints: list[str], select: Callable[..., object]) -> None:
    write(reader)
    reader.context.set_offline(True)
    with reader.expect_event("requestfailed"):
        reader.get_by_role("button", name="Publish").click()
    reader.context.set_offline(False)
    reader.goto(BOOK)
    expect(reader.get_by_label("Your review", exact=True)).to_have_value(WORDS)
    expect(reader.get_by_label("4 stars")).to_be_checked()
    assert select("SELECT count(*) FROM reviews") == 0
    reader.get_by_role("button", name="Publish").click()
    expect(reader.locator(".reviews")).to_contain_text("universally acknowledged.")
    complaints[:] = [line for line in complaints if "ERR_INTERNET_DISCONNECTED" not in line]
