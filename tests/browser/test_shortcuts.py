"""Keys for those who read with the keyboard, and the switch that turns them off."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def results(reader: Page, volumes: None) -> Page:
    reader.goto("/search?q=volume")
    return reader


def result(page: Page, number: int) -> Locator:
    return page.locator(".results > li").nth(number).get_by_role("link").first


def test_a_slash_goes_to_the_search_box_and_marks_what_is_in_it(results: Page) -> None:
    results.keyboard.press("/")
    expect(results.get_by_label("Title, author or ISBN")).to_be_focused()
    results.keyboard.type("x")
    expect(results.get_by_label("Title, author or ISBN")).to_have_value("x")


def test_j_and_k_go_through_the_results_and_enter_opens_one(results: Page) -> None:
    results.keyboard.press("j")
    expect(result(results, 0)).to_be_focused()
    results.keyboard.press("j")
    expect(result(results, 1)).to_be_focused()
    results.keyboard.press("k")
    results.keyboard.press("k")
    expect(result(results, 0)).to_be_focused()
    name = result(results, 0).inner_text()
    results.keyboard.press("Enter")
    expect(results.get_by_role("heading", level=1)).to_have_text(name)


def test_the_last_result_is_the_last(results: Page) -> None:
    result(results, -1).focus()
    results.keyboard.press("j")
    expect(result(results, -1)).to_be_focused()


def test_they_work_after_the_results_were_exchanged(results: Page) -> None:
    results.get_by_role("link", name="Next").click()
    expect(results.get_by_role("heading", level=1)).to_be_focused()
    results.keyboard.press("j")
    expect(result(results, 0)).to_be_focused()


def test_a_question_mark_shows_the_keys_and_escape_returns(results: Page) -> None:
    result(results, 2).focus()
    results.keyboard.press("?")
    expect(results.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    results.keyboard.press("j")
    results.keyboard.press("Escape")
    expect(results.get_by_role("dialog")).to_have_count(0)
    expect(result(results, 2)).to_be_focused()


def test_a_button_shows_them_too_and_close_closes(results: Page) -> None:
    results.get_by_role("button", name="Keyboard shortcuts").click()
    results.get_by_role("button", name="Close").click()
    expect(results.get_by_role("dialog")).to_have_count(0)
    expect(results.get_by_role("button", name="Keyboard shortcuts")).to_be_focused()


def test_while_typing_they_are_letters(results: Page) -> None:
    box = results.get_by_label("Title, author or ISBN")
    box.fill("")
    box.press_sequentially("j/k?")
    expect(box).to_have_value("j/k?")
    expect(results.get_by_role("dialog")).to_have_count(0)


def test_with_a_modifier_they_are_the_browsers(results: Page) -> None:
    for modifier in ("Control", "Alt", "Meta"):
        results.keyboard.press(f"{modifier}+j")
        assert results.evaluate("document.activeElement.localName") == "body", modifier


def test_they_can_be_turned_off_and_stay_so(results: Page) -> None:
    results.keyboard.press("?")
    results.get_by_label("Use keyboard shortcuts").uncheck()
    results.keyboard.press("Escape")
    results.goto("/search?q=austen")
    for key in ("j", "/", "?"):
        results.keyboard.press(key)
    assert results.evaluate("document.activeElement.localName") == "body"
    expect(results.get_by_role("dialog")).to_have_count(0)

    results.get_by_role("button", name="Keyboard shortcuts").click()
    results.get_by_label("Use keyboard shortcuts").check()
    results.keyboard.press("Escape")
    results.reload()
    results.keyboard.press("j")
    expect(result(results, 0)).to_be_focused()


def test_where_nothing_may_be_stored_they_are_on(
    browse: Callable[..., Page], log_in: Callable[[Page], Page], volumes: None
) -> None:
    page = log_in(browse())
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    page.goto("/search?q=volume")
    page.keyboard.press("j")
    expect(result(page, 0)).to_be_focused()


def test_without_javascript_nothing_speaks_of_them(browse: Callable[..., Page], log_in: Callable[[Page], Page]) -> None:
    page = log_in(browse(java_script_enabled=False))
    page.goto("/search")
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_have_count(0)


def test_the_keyboard_alone_reaches_everything_and_is_never_trapped(results: Page) -> None:
    """Tab goes through all that can be focused, each visibly, and out of the page at its end."""
    results.goto("/search?q=austen")
    count = results.evaluate("""() => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
        .filter(element => element.checkVisibility() && element.type !== "hidden").length""")
    seen = []
    for _ in range(count + 1):
        results.keyboard.press("Tab")
        seen.append(
            results.evaluate("""() => {
                const element = document.activeElement;
                if (element === document.body) return "out";
                const style = getComputedStyle(element);
                return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 ? "seen" : element.outerHTML;
            }""")
        )
    assert seen == ["seen"] * count + ["out"]
