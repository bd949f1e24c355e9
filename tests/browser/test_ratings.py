"""One click rates a book, with JavaScript and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.fixture_types import Select

pytestmark = pytest.mark.slow


def test_one_click_rates(page: Page, log_in: Callable[[Page], Page], select: Select) -> None:
    log_in(page).goto("/books/0141439513")
    page.get_by_role("button", name="4 stars").click()
    expect(page.get_by_role("heading", name="Your review")).to_be_visible()
    expect(page.locator(".my-review .stars")).to_have_attribute("aria-label", "4 of 5 stars")
    assert select("SELECT rating FROM reviews WHERE text = ''") == 4
    expect(page.locator(".rating-buttons")).to_have_count(0)
