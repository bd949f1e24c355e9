"""Pages in the colours of the reader's system, on paper, with letters twice as large, and under a finger."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.conftest import print_out
from tests.fixture_types import Visit
from tests.site import Site

CONTRAST = """element => {
    const canvas = document.createElement("canvas").getContext("2d");
    const luminance = (colour) => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(byte => byte / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    };
    const style = getComputedStyle(element);
    const [ink, ground] = [luminance(style.color), luminance(style.backgroundColor)];
    return Math.max(ink, ground) / Math.min(ink, ground);
}"""
STARS = """() => [...document.querySelectorAll(".stars")].filter(element => element.checkVisibility())
    .map(element => getComputedStyle(element, "::before").content.replaceAll('"', ""))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_matched_words_can_be_read_in_the_colours_of_the_system(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], scheme: str
) -> None:
    """They were black on black."""
    page = log_in(browse(forced_colors="active", color_scheme=scheme))
    page.goto("/search?q=austen")
    mark = page.locator("mark").first
    assert mark.evaluate(CONTRAST) >= 4.5
    assert mark.evaluate("mark => getComputedStyle(mark).forcedColorAdjust") == "none", "else Chromium paints it itself"


def test_the_pressed_button_is_told_from_the_others_in_the_colours_of_the_system(browse: Callable[..., Page]) -> None:
    page = browse(forced_colors="active")
    page.goto("/")
    pressed, other = (page.locator(f".colophon [aria-pressed={state}]").first for state in ("true", "false"))
    ground = "button => getComputedStyle(button).backgroundColor"
    assert pressed.evaluate(ground) != other.evaluate(ground)
    assert pressed.evaluate(CONTRAST) >= 4.5


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {}], ids=["colours of the system", "paper"])
def test_stars_are_letters_where_backgrounds_are_not_drawn(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], alice: Site, bob: Site, options: dict[str, str]
) -> None:
    alice.review("0141439513", 4)
    bob.review("0141439513", 3)
    page = log_in(browse(**options))
    if not options:
        print_out(page)
    page.goto("/books/0141439513")
    assert page.evaluate(STARS) == ["★★★½☆", "★★★★☆", "★★★☆☆"]
    for element in page.locator(".stars").all():
        style = element.evaluate(
            "e => { const s = getComputedStyle(e, '::before'); return [s.color, s.backgroundImage] }"
        )
        assert style[0] != "rgba(0, 0, 0, 0)"
        assert style[1] == "none"


def test_on_paper_there_is_the_book_and_what_readers_think_and_nothing_to_press(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], bob: Site
) -> None:
    bob.review("0141439513", 4, "A pleasure.")
    page = log_in(browse(color_scheme="dark"))
    print_out(page)
    page.goto("/books/0141439513")
    expect(page.get_by_text("A pleasure.")).to_be_visible()
    expect(page.get_by_role("heading", name="Pride and Prejudice")).to_be_visible()
    for things in ("form", "button", "textarea", "input", "nav", ".masthead", ".colophon", ".review-actions", ".cite"):
        for thing in page.locator(things).all():
            expect(thing).not_to_be_visible()


def test_on_paper_a_dark_page_is_light(page: Page, site: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": site}])
    print_out(page, color_scheme="dark")
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_the_account_is_printed(reader: Page) -> None:
    print_out(reader)
    reader.goto("/account")
    expect(reader.get_by_role("heading", name="Your account")).to_be_visible()
    expect(reader.locator("section.card").first).to_be_visible()


def test_hovering_over_a_star_says_its_own_number(reader: Page) -> None:
    """It said the number of the star that had been chosen before."""
    reader.set_viewport_size({"width": 768, "height": 900})
    reader.goto("/books/0141439513")
    stars = reader.locator(".star")

    def shown() -> list[str]:
        return [
            label.text_content() or ""
            for label in reader.locator(".star label").all()
            if label.evaluate("label => getComputedStyle(label).opacity") == "1"
        ]

    def filled() -> int:
        signs = [star.evaluate("star => getComputedStyle(star, '::before').content") for star in stars.all()]
        return signs.count('"★"')

    assert shown() == []
    for number, label in ((1, "1 star"), (4, "4 stars"), (5, "5 stars")):
        stars.nth(number - 1).hover()
        assert (shown(), filled()) == ([label], number)
    reader.get_by_label("2 stars").check()
    stars.nth(1).hover()
    for number, label in ((5, "5 stars"), (1, "1 star"), (3, "3 stars")):
        stars.nth(number - 1).hover()
        assert (shown(), filled()) == ([label], number)
    reader.mouse.move(0, 0)
    assert (shown(), filled()) == (["2 stars"], 2)


def box(element: Locator) -> FloatRect:
    found = element.bounding_box()
    assert found is not None
    return found


def test_cards_and_buttons_of_the_account_do_not_touch(reader: Page, visit: Visit) -> None:
    visit().logged_in("Alice")
    reader.goto("/account")
    cards = [box(card) for card in reader.locator("section.card").all()]
    assert len(cards) >= 2
    for above, below in pairwise(cards):
        assert above["y"] + above["height"] + 12 <= below["y"]
    for form in reader.locator("li form").all():
        above = box(form.locator("xpath=preceding-sibling::*[1]"))
        assert above["y"] + above["height"] + 6 <= box(form)["y"]
    links = re.compile("End session…|Log out of all other devices")
    assert reader.get_by_role("link", name=links).count() == 2
