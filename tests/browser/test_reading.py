"""The whole way of a reader, as a reader goes it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.site import PASSWORD


def register(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Register").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect(page.locator(".notice")).to_contain_text("Welcome!")


def test_a_reader_finds_a_book_and_reviews_it(page: Page) -> None:
    register(page, "Alice")
    page.get_by_label("Title, author or ISBN").fill("garcia soledad")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Cien años de soledad").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cien años de soledad")
    expect(page.get_by_text("978-84-376-0494-7", exact=True)).to_be_visible()

    page.get_by_label("4 stars").check()
    page.get_by_label("Your review").fill("Long.\n\nIt rains in it for four years.")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".notice")).to_have_text("Your review has been published.")
    expect(page.get_by_text("It rains in it for four years.")).to_be_visible()
    expect(page.get_by_role("img", name="4.0 of 5 stars")).to_be_visible()

    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.get_by_label("4 stars")).to_be_checked()
    page.get_by_label("5 stars").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice")).to_have_text("Your review has been updated.")
    expect(page.get_by_role("img", name="5.0 of 5 stars")).to_be_visible()

    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".notice")).to_have_text("Your review has been deleted.")
    expect(page.get_by_text("No ratings yet.")).to_be_visible()


def test_the_way_back_after_logging_in_leads_to_the_book(page: Page) -> None:
    register(page, "Alice")
    page.get_by_role("link", name="Log out").click()
    expect(page.locator(".notice")).to_have_text("You are logged out.")
    page.goto("/books/0-14-143951-3")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pride and Prejudice")
    assert page.url.endswith("/books/0141439513")


def test_what_was_typed_is_still_there_after_a_mistake(page: Page) -> None:
    page.goto("/register")
    page.get_by_label("Username").fill("Alice")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill("something else")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("The passwords don’t match.")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("Alice")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")


def test_a_reader_looks_around_chooses_a_theme_and_a_language_and_leaves(page: Page) -> None:
    register(page, "Alice")
    page.goto("/books/0141439513")
    page.get_by_label("4 stars").check()
    page.get_by_label("Your review").fill("All ends well: ||they marry||.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("they marry")).not_to_be_visible()
    page.locator(".review summary").click()
    expect(page.get_by_text("they marry")).to_be_visible()

    page.get_by_role("main").get_by_role("link", name="Jane Austen").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jane Austen")
    page.get_by_role("main").get_by_role("link", name="Pride and Prejudice").click()
    page.get_by_role("navigation", name="Account").get_by_role("link", name="Alice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice")

    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice")
    page.get_by_role("button", name="English").click()
    page.get_by_role("link", name="Log out").click()
    expect(page.locator(".notice")).to_have_text("You are logged out.")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_citation_is_copied(browse: Callable[..., Page], log_in: Callable[[Page], Page]) -> None:
    page = log_in(browse(permissions=["clipboard-read", "clipboard-write"]))
    page.goto("/books/9788437604947")
    page.get_by_text("Cite this book").click()
    page.get_by_role("button", name="Copy").last.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    expect(page.locator("#said")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#bibtex").text_content()
    assert copied.startswith("@book")
