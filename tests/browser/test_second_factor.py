"""Two-factor authentication as a reader meets it, with JavaScript and without."""

import re

import pyotp
from playwright.sync_api import Page, expect

from tests.site import PASSWORD, App, Clock, Site


def log_in(page: Page) -> None:
    page.goto("/login?next=/account")
    page.get_by_label("Username").fill("Alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def test_alice_adds_an_app_and_logs_in_with_it(page: Page, alice: Site, clock: Clock) -> None:
    log_in(page)
    page.get_by_role("link", name="Add an authenticator app").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    address = page.get_by_role("link", name="open it on this device").get_attribute("href") or ""
    app = App(pyotp.parse_uri(address).secret, clock)
    assert re.sub(r"\s", "", page.locator("#app-key").inner_text()) == app.secret
    page.get_by_label("Code from the app").fill(app.code())
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Add the app").click()
    codes = page.locator("#recovery-codes").inner_text().split()
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_text("10 codes left")).to_be_visible()

    clock.tick()
    for label, code in {"Code from your authenticator app": app.code(), "Recovery code": codes[0]}.items():
        page.goto("/logout")
        log_in(page)
        if label == "Recovery code":
            page.get_by_role("link", name="Use a recovery code").click()
        expect(page.get_by_role("link", name="Account", exact=True)).to_have_count(0)
        page.get_by_label(label).fill(code)
        page.get_by_role("main").get_by_role("button", name="Log in").click()
        page.wait_for_url("**/account")
    expect(page.get_by_text("9 codes left")).to_be_visible()
