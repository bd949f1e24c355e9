"""Where a reader is after a form was sent: at the mistake, or at what has been done."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.fixture_types import Select
from tests.site import PASSWORD, Site

PRIDE = "/books/0141439513"
FOCUSED = "document.activeElement.name || document.activeElement.id || document.activeElement.className"


def send(page: Page, address: str, button: str, **fields: str) -> None:
    """Send the form of the page as a browser would that checks nothing before."""
    page.goto(address)
    form = page.locator("main form").last
    form.evaluate("form => form.noValidate = true")
    for name, value in fields.items():
        page.locator(f"main [name={name}]").last.fill(value)
    form.get_by_role("button", name=button).click()


def assert_at_the_mistake(page: Page, focused: str) -> None:
    expect(page).to_have_title(re.compile("^Error: "))
    assert page.evaluate(FOCUSED) == focused
    expect(page.locator(":focus")).to_be_in_viewport()
    expect(page.locator("main .error").first).to_be_in_viewport()


@pytest.mark.parametrize(
    ("address", "button", "fields", "focused"),
    [
        ("/login", "Log in", {"username": "Nobody", "password": "x"}, "error form-error"),
        ("/login", "Log in", {"username": "Nobody"}, "password"),
        ("/login", "Log in", {}, "username"),
        ("/register", "Register", {"username": "Eve", "password": "short", "confirmation": "short"}, "password"),
        ("/register", "Register", {"username": "Eve", "password": PASSWORD, "confirmation": "x"}, "confirmation"),
    ],
)
def test_a_visitor_is_at_the_mistake(
    page: Page, address: str, button: str, fields: dict[str, str], focused: str
) -> None:
    send(page, address, button, **fields)
    assert_at_the_mistake(page, focused)


@pytest.mark.parametrize(
    ("address", "button", "fields", "focused"),
    [
        (PRIDE, "Publish", {"text": "No stars."}, "rating"),
        ("/account/password", "Change", {"old_password": "wrong"}, "password"),
        ("/account/delete", "Delete", {"password": "wrong"}, "reviews"),
    ],
)
def test_a_reader_is_at_the_mistake(
    page: Page, log_in: Callable[[Page], Page], address: str, button: str, fields: dict[str, str], focused: str
) -> None:
    send(log_in(page), address, button, **fields)
    assert_at_the_mistake(page, focused)


def test_a_page_that_stood_open_too_long_says_so_in_view(page: Page, log_in: Callable[[Page], Page]) -> None:
    log_in(page).goto(PRIDE)
    page.locator("#csrf_token").evaluate("field => field.value = 'old'")
    page.get_by_label("3 stars").check()
    page.get_by_role("button", name="Publish").click()
    assert_at_the_mistake(page, "error form-error")


def test_a_second_review_says_so_in_view(page: Page, log_in: Callable[[Page], Page], alice: Site) -> None:
    log_in(page).goto(PRIDE)
    alice.review("0141439513", 2)
    page.get_by_label("3 stars").check()
    page.get_by_role("button", name="Publish").click()
    assert_at_the_mistake(page, "error form-error")


def test_a_page_without_a_mistake_has_no_error_in_its_title(page: Page, log_in: Callable[[Page], Page]) -> None:
    for address in ("/login", "/register"):
        page.goto(address)
        expect(page).not_to_have_title(re.compile("Error"))
        assert page.evaluate("document.activeElement.localName") == "body"
    log_in(page)
    for address in (PRIDE, "/account", "/account/password"):
        page.goto(address)
        expect(page).not_to_have_title(re.compile("Error"))


def assert_at_the_review(page: Page, notice: str) -> None:
    """It was said 564 pixels above what was to be seen."""
    expect(page.locator("#my-review .notice")).to_have_text(notice)
    expect(page.locator("#my-review .notice")).to_be_in_viewport()
    assert page.evaluate("document.activeElement.id") == "my-review"
    expect(page.locator(".notice")).to_have_count(1)


def test_what_became_of_a_review_is_said_at_the_review(page: Page, log_in: Callable[[Page], Page]) -> None:
    log_in(page).goto(PRIDE)
    page.get_by_label("4 stars").check()
    page.get_by_label("Your review").fill("Words. " * 200)
    page.get_by_role("button", name="Publish").click()
    assert_at_the_review(page, "Your review has been published.")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("button", name="Save").click()
    assert_at_the_review(page, "Your review has been updated.")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    assert_at_the_review(page, "Your review has been deleted.")
    page.reload()
    expect(page.locator(".notice")).to_have_count(0)


def test_a_report_is_answered_at_the_review_and_a_second_one_without_a_check_mark(
    page: Page, log_in: Callable[[Page], Page], bob: Site
) -> None:
    bob.review("0141439513", 1, "Spam.")
    log_in(page).goto(PRIDE)
    page.get_by_role("link", name="Report").click()
    address = page.url
    page.get_by_role("button", name="Report").click()
    assert_at_the_review(page, "Thank you. A moderator will check this review.")
    done = page.locator(".notice svg").inner_html()
    page.goto(address)
    page.get_by_role("button", name="Report").click()
    assert_at_the_review(page, "You have already reported this review.")
    assert page.locator(".notice svg").inner_html() != done


def test_times_are_those_of_the_readers_zone(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], select: Callable[..., object]
) -> None:
    select("UPDATE sessions SET began_at = '2026-11-24T23:05:31+00', seen_at = '2026-11-24T23:05:31+00'")
    page = log_in(browse(timezone_id="Asia/Tokyo"))
    page.goto("/account")
    expect(page.locator("time").first).to_have_text("25 November 2026 at 08:05")
    page = log_in(browse(timezone_id="America/Sao_Paulo", locale="pt-BR"))
    page.goto("/account")
    expect(page.locator("time").first).to_have_text("24 de novembro de 2026 às 20:05")
    page = log_in(browse(timezone_id="Asia/Tokyo", java_script_enabled=False))
    page.goto("/account")
    expect(page.locator("time").first).to_have_text("24 November 2026, 23:05 UTC")


def test_the_day_of_a_review_is_that_of_the_readers_zone(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], bob: Site, select: Select
) -> None:
    bob.review("0141439513", 4)
    select("UPDATE reviews SET created_at = '2026-11-24T23:05:31+00', edited_at = '2026-12-31T23:30:00+00'")
    page = log_in(browse(timezone_id="Asia/Tokyo"))
    page.goto(PRIDE)
    expect(page.locator(".review .quiet-line").first).to_contain_text("25 November 2026")
    expect(page.locator(".review .quiet-line").first).to_contain_text("edited 1 January 2027")
