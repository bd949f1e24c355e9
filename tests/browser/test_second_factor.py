"""Two-factor authentication as a reader meets it, with JavaScript and without."""

import re
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.site import PASSWORD, App, Clock, Site


def log_in(page: Page) -> None:
    page.goto("/login?next=/account")
    page.get_by_label("Username").fill("Alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()


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
        page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_text("9 codes left")).to_be_visible()


@pytest.fixture
def virtual(browse: Callable[..., Page], site: str) -> Page:
    """A browser with a virtual authenticator, which checks who uses it. Passkeys need the host name."""
    page = browse(base_url=site.replace("127.0.0.1", "localhost"))
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    client.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def test_alice_adds_a_passkey_and_logs_in_with_it(virtual: Page, alice: Site) -> None:
    page = virtual
    log_in(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Current password").fill("a rose is a daisy")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.locator("[data-passkey-error]")).to_have_text("Wrong password.")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.locator("#recovery-codes")).to_be_visible()
    page.get_by_role("link", name="I have saved them").click()
    expect(page.locator("strong", has_text="My laptop")).to_be_visible()

    page.goto("/logout")
    log_in(page)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()

    page.goto("/logout")
    page.goto("/login?next=/account")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_text("not used yet")).to_have_count(0)


def test_a_reader_without_a_passkey_is_told_so(virtual: Page, alice: Site) -> None:
    virtual.goto("/login")
    virtual.get_by_role("button", name="Log in with a passkey").click()
    expect(virtual.locator("[data-passkey-error]")).to_contain_text("That passkey didn’t work.")
    virtual.get_by_label("Username").fill("Alice")
    virtual.get_by_label("Password").fill(PASSWORD)
    virtual.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    virtual.wait_for_url("**/search")


def test_without_javascript_the_login_offers_no_passkey(browse: Callable[..., Page], site: str) -> None:
    page = browse(base_url=site.replace("127.0.0.1", "localhost"), java_script_enabled=False)
    page.goto("/login")
    expect(page.get_by_role("button", name="Log in with a passkey")).to_have_count(0)
