"""Readers mend the catalogue and a moderator decides, in a real Chromium, with JavaScript and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.fixture_types import AddBook, Select
from tests.site import Site
from tests.views.test_corrections import moderator

PRIDE, FIRST = "/books/0141439513", "9780553213102"
REFUSED = "The title page says 1813."


@pytest.fixture(params=[True, False], ids=["javascript", "no javascript"])
def pages(
    request: pytest.FixtureRequest,
    browse: Callable[..., Page],
    log_in: Callable[..., Page],
    visit: Callable[[], Site],
    select: Select,
    add_book: AddBook,
) -> tuple[Page, Page]:
    """Alice's page, and a moderator's."""
    add_book(FIRST, "First Impressions", "Jane Austen")
    alice = log_in(browse(java_script_enabled=request.param))
    mo = moderator(visit, select, "Mo")
    return alice, log_in(browse(java_script_enabled=request.param), mo)


def suggest(alice: Page) -> None:
    """Suggest another year and publisher, that two books are one, and a missing book."""
    alice.goto(PRIDE)
    alice.get_by_role("link", name="Suggest a correction").click()
    alice.get_by_label("Year").fill("1812")
    alice.get_by_label("Publisher").fill("T. Egerton")
    alice.get_by_role("main").get_by_role("button", name="Send").click()
    expect(alice.get_by_role("main")).to_contain_text("Pride and Prejudice")
    alice.goto(f"/books/{FIRST}")
    alice.get_by_role("link", name="Wrong or missing editions?").click()
    alice.get_by_label("It is the same book as another one").check()
    alice.get_by_label("The other book").fill("0141439513")
    alice.get_by_role("main").get_by_role("button", name="Send").click()
    alice.goto("/search?q=sanditon+unfinished")
    alice.get_by_role("link", name="Suggest").click()
    alice.get_by_label("Title", exact=True).fill("Sanditon")
    alice.get_by_label("Author", exact=True).fill("Jane Austen")
    alice.get_by_role("main").get_by_role("button", name="Send").click()
    expect(alice.get_by_text("waiting for a moderator")).to_have_count(4)


def test_alice_suggests_and_a_moderator_decides(pages: tuple[Page, Page], select: Select) -> None:
    alice, mo = pages
    suggest(alice)
    mo.goto("/moderation/proposals")
    expect(mo.locator(".reviewed")).to_have_count(4)
    for text in ("T. Egerton", "It is the same book as:"):
        mo.locator(".reviewed", has_text=text).get_by_role("button", name="Accept").click()
        expect(mo.locator(".reviewed", has_text=text)).to_have_count(0)
    mo.locator(".reviewed", has_text="1812").get_by_role("link", name="Refuse…").click()
    mo.get_by_label("Reason").fill(REFUSED)
    mo.get_by_role("button", name="Refuse").click()
    expect(mo.locator(".reviewed")).to_have_count(1)
    mo.get_by_role("button", name="Accept").click()
    expect(mo.get_by_role("main")).to_contain_text("No open suggestions.")

    alice.goto("/proposals")
    expect(alice.get_by_text("accepted", exact=True)).to_have_count(3)
    expect(alice.get_by_role("main")).to_contain_text(f"The moderator’s reason: {REFUSED}")
    alice.get_by_role("link", name="Sanditon").click()
    expect(alice.get_by_role("heading", level=1)).to_have_text("Sanditon")

    mo.goto(f"{PRIDE}/history")
    merged = mo.locator(".history li", has_text="is the same work as")
    merged.get_by_role("button", name="Undo").click()
    expect(merged).to_contain_text("undone by Mo")
    alice.goto(PRIDE)
    main = alice.get_by_role("main")
    expect(main).to_contain_text("T. Egerton")
    expect(main).to_contain_text("is the same work as")
    expect(main).to_contain_text("by Alice")
    expect(main).to_contain_text("accepted by Mo")
    expect(main).to_contain_text("undone by Mo")
    assert select("SELECT year FROM books WHERE isbn = '0141439513'") == 1813
