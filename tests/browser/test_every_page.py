"""Every page, in every state that a reader meets: axe-core finds nothing (WCAG 2.2, A and AA), in both themes and at
three widths, nothing sticks out, not even at 400 %, and a finger can hit whatever is to be pressed."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from flask import Flask
from playwright.sync_api import Page, expect

from flyleaf.views import moderation, uploads
from tests.browser.conftest import WIDTHS
from tests.fixture_types import AddBook, Select, Visit
from tests.site import PASSWORD, Clock, Site, cookie_name
from tests.uploads import brought

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
    "resultTypes": ["violations"],
}
# The elements whose right edge lies outside the window, but for those that only screen readers see, and those that are
# folded in: they are where they were in the window before.
STICKING_OUT = """() => [...document.querySelectorAll("body *:not(.visually-hidden, .skip, svg *)")]
    .filter(element => element.checkVisibility())
    .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(element => element.outerHTML.slice(0, 200))"""
# What is to be pressed and has less than the 24 pixels of WCAG 2.2 (2.5.8) in a direction.
SMALL = """() => [...document.querySelectorAll("a, button, summary, select, textarea, input:not([type=hidden])")]
    .filter(element => element.checkVisibility() && !element.matches(".skip"))
    .map(element => [element.getBoundingClientRect(), element.outerHTML.slice(0, 200)])
    .filter(([box]) => box.width < 24 || box.height < 24)"""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 8
EDITION = "9783453305236"
SHELF = "w" * 49 + "ö"
PRIDE = "/books/0141439513"
SOLITUDE = "/books/9788437604947"


def send(page: Page, button: str) -> None:
    """Send the form as a browser would that checks nothing before."""
    form = page.locator("main form").last
    form.evaluate("form => form.noValidate = true")
    form.get_by_role("button", name=button).click()


def refused(page: Page, address: str, button: str, **fields: str) -> None:
    page.goto(address)
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
    send(page, button)
    expect(page.locator(".error").first).to_be_visible()


def with_suggestions(page: Page, address: str) -> None:
    page.goto(address)
    box = page.get_by_role("combobox", name="Title, author or ISBN")
    box.press_sequentially("pride")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")


def second_step(page: Page, address: str = "/login/code") -> None:
    page.goto("/login?next=/search")
    page.get_by_label("Username").fill("Alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("Code from your authenticator app").wait_for()
    page.goto(address)


def second_step_refused(page: Page) -> None:
    second_step(page)
    refused(page, page.url, "Log in")


def with_recovery_codes(page: Page) -> None:
    page.goto("/account/recovery-codes")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Make new recovery codes").click()
    expect(page.locator("#recovery-codes")).to_be_visible()


def with_keys(page: Page) -> None:
    page.goto("/search")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def with_citation(page: Page) -> None:
    page.goto(SOLITUDE)
    page.get_by_text("Cite this book").click()


def invited(page: Page) -> None:
    page.goto("/moderation/invitations")
    page.get_by_label("Note").fill(LONG[:100])
    send(page, "Create link")


def with_token(page: Page) -> None:
    page.goto("/account/tokens")
    page.get_by_label("Name").fill(LONG[:60])
    send(page, "Create token")
    expect(page.locator("#token")).to_be_visible()


def editions_refused(page: Page) -> None:
    page.goto(SOLITUDE + "/editions")
    page.get_by_label("It is the same book as another one").check()
    send(page, "Send")
    expect(page.locator(".error").first).to_be_visible()


def corrected(page: Page) -> None:
    page.goto("/books/9783161484100/correct")
    page.get_by_label("Title", exact=True).fill("Short")
    page.get_by_label("Description").fill("Short, too.")
    page.get_by_label("How do you know?").fill(LONG[:500])
    send(page, "Save")
    page.get_by_text("Book corrected.").wait_for()


def reviewed_meanwhile(page: Page, alice: Site) -> None:
    """The form of a second review is sent from a page that was open before the first."""
    page.goto(SOLITUDE)
    alice.review("9788437604947", 3, "From another browser.")
    page.get_by_label("4 stars").check()
    send(page, "Publish")
    expect(page.get_by_role("button", name="Save")).to_be_visible()


def review_editions(alice: Site, bob: Site, add_book: AddBook, select: Select) -> None:
    """Alice has reviewed two editions of a work before they were one, and Bob the one with the longer facts."""
    add_book("9783453317178", "Sand", "Karl Sand", language="de", year=2016, publisher=LONG[:200].strip())
    add_book(EDITION, "Dust", "Karl Sand")
    alice.review("9783453317178", 1, "The older one.")
    alice.review(EDITION, 4, "The newer one.")
    bob.review("9783453317178", 3, LONG)
    select("UPDATE books SET title = 'Sand' WHERE isbn = :isbn", isbn=EDITION)


def fill_shelves(select: Select) -> None:
    """All books are on shelves of Alice's and Bob's, and a line of Alice's own."""
    select(
        "INSERT INTO shelved_books (reader_id, book_id, title, author, title_key, author_key, year, status, notes)"
        " SELECT r.id, b.id, title, author, lower(left(title, 500)), '', year,"
        "        CASE WHEN b.id % 3 > 0 THEN 'read' END, left(:long, 400)"
        "   FROM books AS b, readers AS r WHERE r.name IN ('Alice', 'Bob') AND b.isbn <> '9788437604947'",
        long=LONG,
    )
    select(
        "INSERT INTO shelved_books (reader_id, title, author, title_key, author_key)"
        " SELECT id, left(:long, 500), :long, 'x', 'x' FROM readers WHERE name = 'Alice'",
        long=LONG[:500],
    )
    select(
        "INSERT INTO readings (shelved_book_id, reader_id, started_on, finished_on)"
        " SELECT id, reader_id, '2020-01-01'::date, '2020-01-01'::date + CAST(id % 300 AS int) FROM shelved_books"
    )
    select(
        "INSERT INTO shelves (reader_id, name, name_key, is_public)"
        " SELECT id, shelf, lower(shelf), true FROM readers, (VALUES (:name), ('read')) AS one (shelf)",
        name=SHELF,
    )
    select(
        "INSERT INTO shelf_members (shelf_id, shelved_book_id) SELECT shelf.id, book.id FROM shelves AS shelf"
        "  JOIN shelved_books AS book ON book.reader_id = shelf.reader_id AND shelf.name = :name",
        name=SHELF,
    )


def name_refused(page: Page) -> None:
    page.goto("/shelves")
    page.get_by_label("Name of the shelf").fill("read")
    page.get_by_role("button", name="Make a shelf").click()
    expect(page.locator(".error").first).to_be_visible()


def dates_refused(page: Page) -> None:
    page.goto(PRIDE)
    page.get_by_label("Started").fill("2020-02-02")
    page.get_by_label("Finished").fill("2020-01-01")
    page.get_by_role("button", name="Add dates").click()
    expect(page.locator(".error").first).to_be_visible()


@pytest.fixture
def states(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    alice: Site,
    bob: Site,
    visit: Visit,
    add_book: AddBook,
    volumes: None,
    site: str,
    select: Select,
    clock: Clock,
) -> dict[str, dict[str, Callable[[Page], Any]]]:
    """By subject and name, how a page is brought there. The site has something to show for each."""
    add_book("9783161484100", LONG.strip(), "محمود درويش " + "x" * 300, year=None, description=LONG)
    add_book("9784101010137", "こころ", "夏目 漱石", year=1914, language="ja")
    # A name without a space is on the page of the book with the longest title.
    select(
        "INSERT INTO subjects (id, key, name) VALUES (1, 'english-fiction', 'English fiction'), (2, 'w', :name)",
        name="w" * 100,
    )
    select("UPDATE books SET subjects = ARRAY[1] WHERE id % 3 = 0")
    select("UPDATE books SET subjects = ARRAY[1, 2] WHERE isbn = '9783161484100'")
    select(
        "UPDATE books SET series = CASE isbn WHEN '9783161484100' THEN left(:long, 400) || ' #2; ' ELSE '' END"
        " || 'The ' || left(author, 5) || ' series #' || id RETURNING id",
        long=LONG.strip(),
    )
    for number, author in enumerate(("Ted Dekker", "محمود درويش " + "y" * 300) * 2, 2):  # two series of one name
        add_book(f"978000000{number:04d}", f"Circle {number}", author)
        select(
            "UPDATE books SET series = :series WHERE isbn = :isbn RETURNING id",
            series=f"The Circle #{number // 2}",
            isbn=f"978000000{number:04d}",
        )
    alice.review("0141439513", 5, "First words.\n\nThe end: ||they marry||.")
    bob.review("0141439513", 2, LONG)
    visit().registered("A" * 64).review("0141439513", 4, "From somebody whose name is long.")
    bob.review("9783161484100", 1, "")
    review_editions(alice, bob, add_book, select)
    monkeypatch.setitem(app.view_functions, "readers.logout", lambda: 1 / 0)
    monkeypatch.setattr(uploads, "LOOK_AGAIN", 3600)  # not while a page is looked at

    fill_shelves(select)
    alice.with_app(clock, LONG[:60])
    localhost = site.replace("127.0.0.1", "localhost")  # where passkeys can be used
    app_id = select("SELECT id FROM authenticator_apps")
    own, bobs = (select(f"SELECT id FROM reviews WHERE rating = {rating}") for rating in (5, 2))
    bob.submit(f"/reviews/{own}/report", reason=LONG.strip()[:500])
    history = brought(
        alice,
        "title,author,isbn,rating,status,tags,review,date read\n"
        f'"{LONG.strip()}",{"y" * 300},,6,read,"{LONG[:45]}",{LONG.strip()},soon\n'
        "Pride and Prejudice,Jane Austen,0141439513,4.5,read,loved,Again.,2024-01-02\n"
        "Pride and Prejudise,Jane Austen,,4,reading,,,\n,Nobody,,4,read,,,\n",
    )
    select(
        "INSERT INTO proposals"
        " (kind, book_id, field, before, after, reason, proposed_by, decided_at, is_accepted, answer)"
        " SELECT 'field', b.id, field, 'Was', :long, :long, r.id, at, at < now(), CASE WHEN at < now() THEN 'No.' END"
        "   FROM books AS b, readers AS r,"
        "   (VALUES ('title', NULL), ('author', timestamptz '2026-01-01'), ('description', NULL)) AS one (field, at)"
        "  WHERE isbn = '9783161484100' AND r.name IN ('Alice', 'Bob')",
        long=LONG[:500].strip(),
    )
    select(
        "INSERT INTO password_resets (reader_id, token_hash, expires_at)"
        " SELECT id, sha256('token'), 'infinity' FROM readers WHERE name = 'Alice'"
    )

    def at(address: str) -> Callable[[Page], Any]:
        return lambda page: page.goto(address)

    return {
        "visitor": {
            "welcome": at("/"),
            "privacy": at("/privacy"),
            "register": at("/register"),
            "register refused": lambda page: refused(page, "/register", "Register", Username="Bob", Password="short"),
            "log in": at("/login?next=/search"),
            "new password": at("/reset/token"),
            "log in refused": lambda page: refused(page, "/login", "Log in", Username="Alice", Password="wrong"),
            "second step": second_step,
            "second step refused": second_step_refused,
            "recovery code": lambda page: second_step(page, "/login/recovery-code"),
            "log in with a passkey": at(f"{localhost}/login"),
            "no such page": at("/nothing"),
            "a fault": at("/logout"),
        },
        "search": {
            "empty": at("/search"),
            "results": at("/search?q=volume"),
            "filters": at("/search?q=pride&narrow=1"),
            "narrowed": at("/search?q=pride&year_from=1800&has_reviews=1"),
            "nothing so narrow": at("/search?q=pride&year_to=1500"),
            "years turned round": at("/search?q=pride&year_from=2000&year_to=1900"),
            "blank": at("/search?q=+"),
            "beyond the last page": at("/search?q=volume&page=50"),
            "piece of an ISBN": at("/search?q=0141"),
            "corrected": at("/search?q=prejudise+austen"),
            "nothing": at("/search?q=zzzzzzz"),
            "refused": at(f"/search?q={'y' * 201}"),
            "long things": at("/search?q=donaudampf"),
            "suggestions": lambda page: with_suggestions(page, "/search"),
            "keys": with_keys,
        },
        "book": {
            "own review": at(PRIDE),
            "reviews of several editions": at(f"/books/{EDITION}"),
            "edit from another edition": at("/books/9783453317178/review/edit"),
            "delete from another edition": at("/books/9783453317178/review/delete"),
            "no review": at(SOLITUDE),
            "long things": at("/books/9783161484100"),
            "other letters": at("/books/9784101010137"),
            "citation": with_citation,
            "editions": at(SOLITUDE + "/editions"),
            "editions refused": editions_refused,
            "suggest": at(SOLITUDE + "/correct"),
            "suggest refused": lambda page: refused(page, SOLITUDE + "/correct", "Send", Title="", Year="soon"),
            "suggestions": lambda page: with_suggestions(page, SOLITUDE),
            "review refused": lambda page: refused(page, SOLITUDE, "Publish", Your_review="x"),
            "edit": at(PRIDE + "/review/edit"),
            "delete": at(PRIDE + "/review/delete"),
            "second review": lambda page: reviewed_meanwhile(page, alice),
        },
        "people": {
            "author": at("/authors/Jane Austen"),
            "author of much": at("/authors/Ann Author"),
            "subjects": at("/subjects"),
            "subject": at("/subjects/english-fiction"),
            "series": at("/series/The Ann A series"),
            "series of one name": at("/series/The Circle"),
            "series of one author": at("/series/The Circle?author=Ted Dekker"),
            "series of a long name": at("/series/" + LONG.strip()[:400]),
            "new books": at("/books/new"),
            "own profile": at("/readers/Alice"),
            "profile": at("/readers/Bob"),
            "long name": at("/readers/" + "A" * 64),
            "no such reader": at("/readers/Nobody"),
            "no such book": at("/books/9780000000000"),
        },
        "shelves": {
            "shelves": at("/shelves"),
            "shelf": at("/shelves/read"),
            "shelf of one's own": at(f"/shelves/{SHELF}"),
            "empty shelf": at("/shelves/did-not-finish"),
            "nothing found": at("/shelves/read?q=nothing"),
            "name refused": name_refused,
            "delete": at(f"/shelves/{SHELF}/delete"),
            "book": at(PRIDE),
            "book on no shelf": at(SOLITUDE),
            "results": at("/search?q=pride"),
            "line of one's own": at(f"/shelves/books/{select('SELECT max(id) FROM shelved_books')}"),
            "dates refused": dates_refused,
            "year": at("/shelves/years/2020"),
            "year without books": at("/shelves/years/1999"),
            "profile": at("/readers/Bob"),
            "somebody's shelf": at("/readers/Bob/shelves/read"),
        },
        "account": {
            "account": at("/account"),
            "password": at("/account/password"),
            "password refused": lambda page: refused(page, "/account/password", "Change"),
            "authenticator app": at("/account/authenticator-app"),
            "authenticator app refused": lambda page: refused(page, "/account/authenticator-app", "Add the app"),
            "authenticator app's end": at(f"/account/authenticator-apps/{app_id}/remove"),
            "new recovery codes": at("/account/recovery-codes"),
            "recovery codes": with_recovery_codes,
            "passkey": lambda page: (
                page.context.add_cookies(
                    [{"name": cookie_name(app, "session"), "value": str(alice.cookie("session")), "url": localhost}]
                ),
                page.goto(f"{localhost}/account/passkey"),
                page.get_by_role("button", name="Add the passkey").wait_for(),
            ),
            "account with passkeys": at(f"{localhost}/account"),
            "tokens": with_token,
            "other devices' end": at("/account/sessions/end-others"),
            "API": at("/api/v1/docs"),
            "shelves in the API": at("/api/v1/docs/shelves"),
            "tokens refused": lambda page: refused(page, "/account/tokens", "Create token", Name=""),
            "account's end": at("/account/delete"),
            "suggestions": at("/proposals"),
            "missing book": at("/proposals/book?isbn=0441172717"),
            "missing book refused": lambda page: refused(page, "/proposals/book", "Send", ISBN="12", Year="soon"),
            "account's events": at("/account/events"),
            "import": at("/import"),
            "import refused": lambda page: refused(page, "/import", "Upload"),
            "imported rows": at(history),
            "book of a row": at(f"{history}/rows/1?q=pride"),
            "import at work": lambda page: (
                select("UPDATE uploads SET state = 'matching'"),
                page.goto(history),
                select("UPDATE uploads SET state = 'ready'"),
            ),
        },
        "moderation": {
            "report": at(f"/reviews/{bobs}/report"),
            "reported": lambda page: (
                select("UPDATE readers SET is_moderator = true WHERE name = 'Alice'"),
                page.goto("/moderation"),
            ),
            "suggestions": at("/moderation/proposals"),
            "refuse a suggestion": lambda page: (
                page.goto("/moderation/proposals"),
                page.get_by_role("link", name="Refuse…").first.click(),
            ),
            "refusal refused": lambda page: send(page, "Refuse"),
            "correct": at(SOLITUDE + "/correct"),
            "correct refused": lambda page: refused(page, SOLITUDE + "/correct", "Save", Title="", Year="soon"),
            "corrected": corrected,
            "history": at("/books/9783161484100/history"),
            "hide": at(f"/moderation/reviews/{bobs}/hide"),
            "hide refused": lambda page: refused(page, f"/moderation/reviews/{bobs}/hide", "Hide"),
            "others' reviews": at("/readers/Bob"),
            "hidden": lambda page: (
                select("UPDATE reviews SET hidden_at = created_at, hidden_reason = 'Spam', edited_at = now()"),
                page.goto("/moderation/hidden"),
            ),
            "own hidden review": at(PRIDE),
            "own hidden review's end": at(PRIDE + "/review/delete"),
            "hidden and deleted": lambda page: (
                select("UPDATE reviews SET withdrawn_at = now(), text = ''"),
                page.goto("/moderation/hidden"),
            ),
            "no other review": at(PRIDE),
            "second factor needed": lambda page: (
                monkeypatch.setattr(moderation, "may_act", lambda moderator: False),
                page.goto("/moderation/reviews/1/hide"),
            ),
            "reported, second factor needed": at("/moderation"),
            "pending registrations": lambda page: (
                monkeypatch.setattr(moderation, "may_act", lambda moderator: True),
                select("INSERT INTO pending_registrations (reader_id) SELECT id FROM readers WHERE name <> 'Alice'"),
                page.goto("/moderation/registrations"),
            ),
            "invitation refused": lambda page: refused(
                page, "/moderation/invitations", "Create link", Number_of_people_who_can_use_it="0"
            ),
            "invitations": invited,
        },
    }


def violations(page: Page) -> str:
    """axe-core's report, empty where it finds nothing."""
    results = AxeResults(page.evaluate("rules => axe.run(document, rules)", RULES))
    return results.generate_report() if results.violations_count else ""


def sticking_out(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    found: list[str] = page.evaluate(STICKING_OUT)
    return found


@pytest.mark.parametrize("subject", ["visitor", "search", "book", "people", "shelves", "account", "moderation"])
def test_everybody_can_use_it(
    browse: Callable[..., Page],
    log_in: Callable[[Page], Page],
    states: dict[str, dict[str, Callable[[Page], Any]]],
    subtests: pytest.Subtests,
    subject: str,
) -> None:
    page = browse() if subject == "visitor" else log_in(browse())
    for name, go in states[subject].items():
        with subtests.test(name):
            go(page)
            page.evaluate(AXE_SCRIPT)
            for width in WIDTHS:
                assert sticking_out(page, width) == [], width
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    assert violations(page) == "", (width, scheme)
            assert page.evaluate(SMALL) == []
            # A window of 1280 pixels at 400 %, and windows in which the letters alone are twice as large.
            assert sticking_out(page, 320) == []
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            for width in (320, 390, 640):
                assert sticking_out(page, width) == [], width
                assert page.evaluate("document.documentElement.scrollWidth") <= width
