"""make screenshots: every page at three widths, light and dark, into screenshots/; the README's own into docs/.

They are for looking at. The site runs on a database of its own in a temporary folder, with books.csv and some reviews.
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from flyleaf.app import create_app
from flyleaf.config import PROJECT, Config
from flyleaf.database.connect import open_database
from flyleaf.importing import BOOKS, Report, import_if_empty

WIDTHS = (390, 768, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SWITCHES = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
PASSWORD = "a rose is a rose"  # noqa: S105
BOOK = "/books/078389368X"
REVIEWS = {
    "Alice": (
        5,
        "I read it in two evenings, and then once more, slowly, for the sentences.\n\nRoom 101 is unbearable.",
    ),
    "Bob": (4, "Older than I am, and still ahead of me."),
    "Núria": (5, ""),
    "Haruki": (3, "The book within the book is too long. I prefer to be told less."),
}
VISITOR = "Virginia"
# A name, an address, and whether one is logged in.
PAGES = (
    ("welcome", "/", False),
    ("register", "/register", False),
    ("login", "/login?next=/search", False),
    ("search", "/search", True),
    ("results", "/search?q=dickens", True),
    ("corrected", "/search?q=dickens+olivr+twist", True),
    ("narrowed", "/search?q=shakespeare&narrow=1", True),
    ("nothing", "/search?q=zzzzzzzz", True),
    ("book", BOOK, True),
    ("edit", BOOK + "/review/edit", True),
    ("delete", BOOK + "/review/delete", True),
    ("not-found", "/books/9780000000000", True),
)


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """The address of the site, filled with books.csv."""
    folder.chmod(0o711)  # as root, the database runs under another account
    config = Config(data=folder, secret_key="only for pictures of pages")  # noqa: S106
    with open_database(config, print) as database:
        database.migrate()
        import_if_empty(database, BOOKS, Report())
        server = make_server("127.0.0.1", 0, create_app(config, database), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def write_review(page: Page, name: str, rating: int, text: str) -> None:
    page.goto("/register")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    page.goto(BOOK)
    page.locator(f"input[name=rating][value='{rating}']").check()
    page.get_by_label("Your review").fill(text)
    page.get_by_role("button", name="Publish").click()
    page.goto(BOOK)  # once more, without the notice


def take(browser: Browser, base: str, target: Path) -> None:
    """All pictures, as a visitor who has reviewed the book."""
    for name, (rating, text) in REVIEWS.items():
        context = browser.new_context(base_url=base)
        write_review(context.new_page(), name, rating, text)
        context.close()
    reader = browser.new_context(base_url=base)
    write_review(reader.new_page(), VISITOR, 4, "For an afternoon of rain.")
    state = reader.storage_state()
    for scheme in SCHEMES:
        for width in WIDTHS:
            size: ViewportSize = {"width": width, "height": 900}
            for name, address, logged_in in PAGES:
                context = browser.new_context(
                    base_url=base, viewport=size, color_scheme=scheme, storage_state=state if logged_in else None
                )
                page = context.new_page()
                page.goto(address)
                page.screenshot(path=target / f"{name}-{width}-{scheme}.png", full_page=True)
                if (name, width, scheme) in (("book", 1440, "light"), ("results", 390, "dark")):
                    page.screenshot(path=PROJECT / "docs" / "screenshots" / f"{name}.png")
                context.close()


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print(
            "There is no Chromium on this machine: install it (Debian, Ubuntu: apt install chromium).", file=sys.stderr
        )
        return 1
    target = PROJECT / "screenshots"
    target.mkdir(exist_ok=True)
    (PROJECT / "docs" / "screenshots").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        take(browser, base, target)
        browser.close()
    print(f"Look at {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
