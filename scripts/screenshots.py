"""make screenshots: every page at three widths, light and dark, into build/screenshots/; the README's own into docs/.

They are for looking at. The site runs on a database of its own in a temporary folder, with books.csv, books that are
hard to set, and some reviews.
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from pyotp import TOTP
from sqlalchemy import text
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable, TooManyRequests
from werkzeug.serving import make_server

from flyleaf.app import create_app
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.database.connect import open_database
from flyleaf.importing import Report, import_if_empty
from flyleaf.importing.command import BOOKS
from flyleaf.web.errors import answer

WIDTHS = (390, 768, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SWITCHES = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
PASSWORD = "a rose is a rose"  # noqa: S105
VISITOR = "Virginia"
BOOK = "/books/078389368X"
REVIEWS = {
    "Alice": (
        5,
        "I read it in two evenings, and then once more, slowly, for the sentences.\n\n"
        "Room 101 is unbearable. I did not expect that ||Julia|| would be the one who holds out longest.",
    ),
    "Bob": (4, "Older than I am, and still ahead of me."),
    "Núria": (5, ""),
    "Haruki": (3, "The book within the book is too long. I prefer to be told less."),
    "سلمى": (5, "رواية لا تُنسى."),
}
OTHERS = ("/books/0375757422", "/books/0671028359")  # what the visitor has read besides
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
HARD = (
    ("9783161484100", f"{LONG_WORD}: " + "a title that goes on " * 40, "Ö. " + "Österreicherin" * 8, 1999, "de"),
    ("9789953260051", "ألف ليلة وليلة: حكايات من الشرق", "محمود درويش", None, "ar"),
    ("9787020002207", "红楼梦：金陵十二钗与大观园的故事", "曹雪芹", 1791, "zh"),
    ("9780000000002", "Anonymous songs", "", None, None),
)  # fmt: skip
ERRORS: tuple[HTTPException, ...] = (TooManyRequests(retry_after=30), InternalServerError(), ServiceUnavailable())


@dataclass(frozen=True)
class Shot:
    """A page, and what is done on it before the picture is taken."""

    name: str
    address: str
    logged_in: bool = True
    act: Callable[[Page], None] = lambda page: None


def mistake(page: Page) -> None:
    page.locator("main form").evaluate("form => form.noValidate = true")
    page.get_by_label("Username").fill("Virginia")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Confirm password").fill("else")
    page.locator("main button").click()


def suggestions(page: Page) -> None:
    page.locator("#q").fill("shake")
    page.locator("[role=option]").first.wait_for()


def unfold(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


def second_step(page: Page) -> None:
    """Log in, up to the second step."""
    page.get_by_label("Username").fill(VISITOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main button").first.click()


def new_codes(page: Page) -> None:
    page.get_by_label("Current password").fill(PASSWORD)
    page.locator("main button").click()


SHOTS = (
    Shot("welcome", "/", False),
    Shot("register", "/register", False),
    Shot("register-422", "/register", False, mistake),
    Shot("login", "/login?next=/search", False),
    Shot("search", "/search"),
    Shot("suggestions", "/search", act=suggestions),
    Shot("results", "/search?q=dickens"),
    Shot("corrected", "/search?q=dickens+olivr+twist"),
    Shot("narrowed", "/search?q=shakespeare&narrow=1"),
    Shot("nothing", "/search?q=zzzzzzzz"),
    Shot("hard-results", "/search?q=anonymous+songs"),
    Shot("book", BOOK),
    Shot("book-unfolded", BOOK, act=unfold),
    Shot("book-unread", "/books/0192100262"),
    *(Shot(f"hard-{number}", f"/books/{book[0]}") for number, book in enumerate(HARD)),
    Shot("edit", BOOK + "/review/edit"),
    Shot("delete", BOOK + "/review/delete"),
    Shot("author", "/authors/William%20Shakespeare"),
    Shot("author-of-one", "/authors/%E6%9B%B9%E9%9B%AA%E8%8A%B9"),
    Shot("book-of-a-series", "/books/0439064864"),
    Shot("series", "/series/Harry%20Potter"),
    Shot("profile", f"/readers/{VISITOR}"),
    Shot("profile-other", "/readers/Alice"),
    Shot("shelves", "/shelves"),
    Shot("shelf", "/shelves/read", act=unfold),
    Shot("year", "/shelves/years/2025"),
    Shot("new-books", "/books/new"),
    Shot("privacy", "/privacy", False),
    Shot("account", "/account"),
    Shot("authenticator-app", "/account/authenticator-app"),
    Shot("passkey", "/account/passkey"),
    Shot("recovery-codes", "/account/recovery-codes", act=new_codes),
    Shot("second-step", "/login", False, second_step),
    Shot("404", "/books/9780000000000"),
    *(Shot(str(error.code), f"/error/{error.code}") for error in ERRORS),
)
README = {("book", 1440, "light"), ("results", 390, "dark"), ("author", 768, "light")}


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """The address of the site, filled."""
    folder.chmod(0o711)  # as root, the database runs under another account
    config = Config(data=folder, secret_key="only for pictures of pages")  # noqa: S106
    with open_database(config, print) as database:
        database.migrate()
        import_if_empty(database, BOOKS, Report())
        add_hard_books(database)
        app = create_app(config, database)
        show_errors(app)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"  # passkeys need a host name
        finally:
            server.shutdown()
            thread.join()


def add_hard_books(database: Database) -> None:
    """One of them with more ratings than fit a small column."""
    with database.command_transaction() as connection:
        for isbn, title, author, year, language in HARD:
            connection.execute(
                text("""
                    INSERT INTO books (isbn, isbn13, title, author, year, language)
                    VALUES (:isbn, :isbn, left(:title, 1000), :author, :year, :language)
                    ON CONFLICT DO NOTHING
                """),
                {"isbn": isbn, "title": title.strip(), "author": author, "year": year, "language": language},
            )
        connection.execute(
            text("""
                INSERT INTO search_ratings (work_id, one, two, three, four, five)
                SELECT work_id, 312, 1204, 9876, 34567, 100000
                  FROM search_editions JOIN books ON books.id = book_id WHERE isbn = :isbn
                ON CONFLICT DO NOTHING
            """),
            {"isbn": HARD[0][0]},
        )


def show_errors(app: Flask) -> None:
    """Addresses that end in an error each."""
    for error in ERRORS:
        app.add_url_rule(f"/error/{error.code}", f"error_{error.code}", lambda error=error: answer(error))


def write_review(page: Page, address: str, rating: int, words: str) -> None:
    page.goto(address)
    page.locator(f"input[name=rating][value='{rating}']").check()
    page.get_by_label("Your review").fill(words)
    page.get_by_role("button", name="Publish").click()
    page.goto(address)  # once more, without the notice


def shelve(page: Page, address: str) -> None:
    """Put the book on shelves, with dates and notes."""
    page.goto(address)
    page.get_by_role("button", name="Read", exact=True).click()
    page.get_by_text("Shelves, dates and notes").click()
    page.get_by_label("Name of the shelf").fill("Rainy afternoons")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Started").fill("2025-03-02")
    page.get_by_label("Finished").fill("2025-04-21")
    page.get_by_role("button", name="Add dates").click()
    page.get_by_role("textbox", name="Private notes").fill("Lent by my aunt.")
    page.get_by_role("button", name="Save notes").click()


def enter(page: Page, name: str) -> None:
    page.goto("/register")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.locator("main button").click()


def add_app(page: Page) -> None:
    """Turn on two-factor authentication."""
    page.goto("/account/authenticator-app")
    key = "".join(page.locator("#app-key").inner_text().split())
    page.get_by_label("Code from the app").fill(TOTP(key).now())
    page.get_by_label("Current password").fill(PASSWORD)
    page.locator("main button").click()
    page.locator("#recovery-codes").wait_for()


def write_reviews(browser: Browser, base: str) -> dict[str, object]:
    """What everybody has written; the cookies of the visitor."""
    for name, (rating, words) in REVIEWS.items():
        context = browser.new_context(base_url=base)
        page = context.new_page()
        enter(page, name)
        write_review(page, BOOK, rating, words)
        context.close()
    context = browser.new_context(base_url=base)
    page = context.new_page()
    enter(page, VISITOR)
    for address in OTHERS:
        write_review(page, address, 5, "The first sentence alone.")
    write_review(page, BOOK, 4, "For an afternoon of rain.\n\nThe last page: ||he loves Big Brother||.")
    for address in (BOOK, *OTHERS):
        shelve(page, address)
    add_app(page)
    return dict(context.storage_state())


def take(browser: Browser, base: str, state: dict[str, object], target: Path) -> None:
    for scheme in SCHEMES:
        for width in WIDTHS:
            size: ViewportSize = {"width": width, "height": 900}
            for shot in SHOTS:
                context = browser.new_context(
                    base_url=base,
                    viewport=size,
                    color_scheme=scheme,
                    storage_state=state if shot.logged_in else None,  # type: ignore[arg-type]
                )
                page = context.new_page()
                page.goto(shot.address)
                shot.act(page)
                page.screenshot(path=target / f"{shot.name}-{width}-{scheme}.png", full_page=True)
                if (shot.name, width, scheme) in README:
                    page.screenshot(path=PROJECT / "docs" / "screenshots" / f"{shot.name}.png")
                context.close()


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print(
            "There is no Chromium on this machine: install it (Debian, Ubuntu: apt install chromium).", file=sys.stderr
        )
        return 1
    target = PROJECT / "build" / "screenshots"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        take(browser, base, write_reviews(browser, base), target)
        browser.close()
    print(f"Look at {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
