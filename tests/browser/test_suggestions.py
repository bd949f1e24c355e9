"""Suggestions while typing: a combobox as the ARIA practices describe it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.fixture_types import AddBook

ASKED = re.compile(r"/search/suggestions\?q=(.*)")


@pytest.fixture
def box(reader: Page, add_book: AddBook) -> Locator:
    """The search box, beside a catalogue with three titles and an author that begin with "du"."""
    add_book("9780441172719", "Dune", "Frank Herbert")
    add_book("9780441172696", "Dune Messiah", "Frank Herbert")
    add_book("9780140449273", "Dubliners", "James Joyce")
    add_book("9780003456780", "Rebecca", "Dunstan du Bois")
    reader.goto("/search")
    return reader.get_by_role("combobox", name="Title, author or ISBN")


def options(box: Locator) -> Locator:
    return box.page.get_by_role("listbox", include_hidden=True).get_by_role("option")


def active(box: Locator) -> str | None:
    """The text of the active option."""
    option = box.get_attribute("aria-activedescendant")
    return box.page.locator(f"#{option} bdi").text_content() if option else None


def type_and_wait(box: Locator, text: str) -> list[str]:
    """The suggestions, when they are there."""
    box.press_sequentially(text)
    expect(box).to_have_attribute("aria-expanded", "true")
    return options(box).locator("bdi").all_text_contents()


def test_the_box_says_what_it_is(box: Locator) -> None:
    expect(box).to_have_attribute("aria-autocomplete", "list")
    expect(box).to_have_attribute("aria-expanded", "false")
    shown = type_and_wait(box, "du")
    assert {"Dune", "Dune Messiah", "Dubliners"} <= set(shown)
    expect(box.page.get_by_role("listbox", name="Suggestions")).to_have_id(box.get_attribute("aria-controls") or "")
    expect(box.page.locator("#said")).to_have_text(f"Suggestions: {len(shown)}.")
    assert active(box) is None
    expect(box).to_be_focused()


def test_an_author_is_named_as_one_and_leads_to_all_books_of_theirs(box: Locator) -> None:
    assert "James Joyce" in type_and_wait(box, "james j")
    author = options(box).filter(has_text="James Joyce").first
    expect(author).to_contain_text("Author")
    author.click()
    expect(box.page.get_by_role("link", name="Dubliners")).to_be_visible()


def test_arrows_go_round_and_enter_opens_the_book(box: Locator) -> None:
    shown = type_and_wait(box, "dune")
    box.press("ArrowDown")
    assert active(box) == shown[0]
    box.press("ArrowUp")
    assert active(box) == shown[-1]
    box.press("ArrowDown")
    assert active(box) == shown[0]
    expect(box.page.get_by_role("option", selected=True)).to_have_count(1)
    expect(box).to_have_value("dune")
    box.press("Enter")
    expect(box.page.get_by_role("heading", level=1)).to_have_text(shown[0])


def test_enter_without_a_choice_searches_for_what_was_typed(box: Locator) -> None:
    type_and_wait(box, "dune")
    box.press("Enter")
    expect(box.page).to_have_url(re.compile(r"/search\?q=dune$"))
    expect(options(box)).to_have_count(0)


def test_keys_that_move_the_cursor_give_it_back_to_the_box(box: Locator) -> None:
    type_and_wait(box, "dune")
    for key, place in {"Home": 0, "End": 4, "ArrowLeft": 3, "ArrowRight": 4}.items():
        box.press("ArrowDown")
        box.press(key)
        assert active(box) is None, key
        expect(box).to_have_attribute("aria-expanded", "true")
        assert box.evaluate("box => box.selectionStart") == place, key


def test_escape_closes_and_then_clears(box: Locator) -> None:
    type_and_wait(box, "dune")
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("dune")
    box.press("Escape")
    expect(box).to_have_value("")


def test_an_arrow_opens_the_list_again_and_with_alt_chooses_nothing(box: Locator) -> None:
    shown = type_and_wait(box, "dune")
    box.press("Alt+ArrowUp")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press("Alt+ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    assert active(box) is None
    box.press("Escape")
    box.press("ArrowUp")
    expect(box).to_have_attribute("aria-activedescendant", f"suggestion-{len(shown) - 1}")


def test_tab_leaves_and_closes(box: Locator) -> None:
    type_and_wait(box, "dune")
    box.press("Tab")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box.page.get_by_role("button", name="Search")).to_be_focused()
    expect(box).to_have_value("dune")


def test_a_click_elsewhere_closes(box: Locator) -> None:
    type_and_wait(box, "dune")
    box.page.locator("footer").click()
    expect(box).to_have_attribute("aria-expanded", "false")


def test_a_mouse_chooses(box: Locator) -> None:
    type_and_wait(box, "dubl")
    options(box).get_by_text("Dubliners").click()
    expect(box.page.get_by_role("heading", level=1)).to_have_text("Dubliners")


def test_a_finger_chooses(browse: Callable[..., Page], log_in: Callable[[Page], Page], box: Locator) -> None:
    phone = log_in(browse(has_touch=True, is_mobile=True))
    phone.goto("/search")
    box = phone.get_by_role("combobox")
    box.tap()
    type_and_wait(box, "dubl")
    options(box).get_by_text("Dubliners").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Dubliners")


def test_the_small_box_of_other_pages_suggests_too(box: Locator) -> None:
    box.page.goto("/books/0141439513")
    type_and_wait(box, "dubl")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box.page.get_by_role("heading", level=1)).to_have_text("Dubliners")


def test_a_stale_answer_never_overtakes_a_newer_one(box: Locator) -> None:
    held: list[Route] = []
    box.page.route(re.compile(r"suggestions\?q=d$"), lambda route: held.append(route))
    with box.page.expect_request(re.compile(r"suggestions\?q=d$")):
        box.press_sequentially("d")
    assert "Dubliners" in type_and_wait(box, "ubl")
    [slow] = held
    slow.fulfill(json={"query": "d", "suggestions": [{"kind": "title", "text": "Stale", "author": "", "address": "/"}]})
    expect(options(box).first).to_contain_text("Dubliners")
    expect(options(box).filter(has_text="Stale")).to_have_count(0)


def test_an_answer_that_comes_after_escape_opens_nothing(box: Locator) -> None:
    held: list[Route] = []
    box.page.route(ASKED, lambda route: held.append(route))
    with box.page.expect_request(ASKED):
        box.press_sequentially("d")
    box.press("Escape")
    held[0].fulfill(
        json={"query": "d", "suggestions": [{"kind": "title", "text": "Late", "author": "", "address": "/"}]}
    )
    box.page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(box).to_have_attribute("aria-expanded", "false")


def test_a_word_that_is_being_composed_is_not_yet_typed(box: Locator) -> None:
    asked: list[str] = []
    box.page.on("request", lambda request: asked.extend(ASKED.findall(request.url)))
    box.focus()
    keyboard = box.page.context.new_cdp_session(box.page)
    for text in ("d", "du", "dub"):
        keyboard.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    with box.page.expect_response(ASKED):
        keyboard.send("Input.insertText", {"text": "dubl"})
    assert asked == ["dubl"]
    expect(options(box)).to_have_count(1)


def test_a_box_that_is_emptied_asks_for_nothing_and_closes(box: Locator) -> None:
    type_and_wait(box, "d")
    box.press("Backspace")
    expect(box).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("body", ["{}", "no JSON"])
def test_what_goes_wrong_closes_the_list_and_is_said_on_the_console_alone(box: Locator, body: str) -> None:
    said: list[str] = []
    box.page.on("console", lambda message: said.append(message.type))
    type_and_wait(box, "dune")
    box.page.route(ASKED, lambda route: route.fulfill(body=body))
    with box.page.expect_console_message():
        box.press_sequentially("s")
    expect(box).to_have_attribute("aria-expanded", "false")
    assert said == ["warning"]


def test_after_a_log_out_elsewhere_typing_leads_to_the_log_in_and_back(box: Locator) -> None:
    box.page.goto("/search?q=joyce")
    box.page.context.clear_cookies()
    box.press_sequentially("d")
    expect(box.page.get_by_role("heading", level=1)).to_have_text("Log in")
    assert box.page.url.endswith("/login?next=%2Fsearch%3Fq%3Djoyce")
