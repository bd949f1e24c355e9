"""Logging in with an account at an OpenID Connect provider, which runs in these tests."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from flyleaf.config import Config
from tests.fixture_types import Select, Visit
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.site import PASSWORD, Site


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.claims, running.signing_key, running.token_status, running.own_issuer = {}, None, 200, None
    return running


@pytest.fixture
def settings() -> dict[str, Any]:
    return {}


@pytest.fixture
def config(config: Config, provider: Provider, settings: dict[str, Any]) -> Config:
    return replace(
        config,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="City Library",
        **settings,
    )


def come_back(visitor: Site, provider: Provider, subject: str, name: str = "", start: str = "") -> TestResponse:
    """Log in at the provider, and follow its redirect to the callback."""
    sent = visitor.get(start or "/login/provider")
    assert sent.status_code == 302, sent.text
    return visitor.get(provider.approve(sent.headers["Location"], subject, name))


def registered_there(visitor: Site, provider: Provider, subject: str, name: str) -> Site:
    assert come_back(visitor, provider, subject, name).headers["Location"] == "/register/provider"
    answer = visitor.submit("/register/provider", username=name)
    assert answer.status_code == 303, answer.text
    return visitor


def is_in(visitor: Site, name: str) -> bool:
    page = visitor.get("/search")
    return page.status_code == 200 and f"<bdi>{name}</bdi>" in page.text


def test_a_new_reader_chooses_a_username_and_comes_back_without_a_form(provider: Provider, visit: Visit) -> None:
    alice = visit()
    assert "Log in with City Library" in alice.get("/login").text
    start = alice.get("/login/provider?next=/search%3Fq%3Ddune")
    callback = provider.approve(start.headers["Location"], "a-1", "Alice Liddell")
    assert alice.get(callback).headers["Location"] == "/register/provider"
    page = alice.get("/register/provider").text
    assert 'value="Alice Liddell"' in page, "the provider's name is a suggestion"
    answer = alice.submit("/register/provider", username="Alice")
    assert answer.headers["Location"] == "/search?q=dune"
    assert is_in(alice, "Alice")
    again = visit()
    assert come_back(again, provider, "a-1").headers["Location"] == "/search"
    assert is_in(again, "Alice")


def test_another_subject_is_another_reader(provider: Provider, visit: Visit) -> None:
    registered_there(visit(), provider, "a-2", "Alice")
    bob = visit()
    assert come_back(bob, provider, "b-2", "Alice").headers["Location"] == "/register/provider"
    taken = bob.submit("/register/provider", username="alice")
    assert (taken.status_code, "This name is taken" in taken.text) == (422, True)
    assert bob.submit("/register/provider", username="Bob").status_code == 303
    assert is_in(bob, "Bob")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another client"},
        {"iss": "https://another.example"},
        {"exp": 1_000_000_000},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_login_is_refused(
    provider: Provider, visit: Visit, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    visitor = visit()
    answer = come_back(visitor, provider, "e-1")
    assert answer.status_code == 502
    assert "Logging in with City Library didn’t work" in answer.text
    assert visitor.get("/register/provider").headers["Location"] == "/login"


def test_a_token_of_another_key_is_refused(provider: Provider, visit: Visit) -> None:
    provider.signing_key = RSAKey.generate_key(2048, {"kid": "one"})
    assert come_back(visit(), provider, "e-2").status_code == 502


def test_a_refused_code_is_reported(provider: Provider, visit: Visit) -> None:
    visitor = visit()
    callback = provider.approve(visitor.get("/login/provider").headers["Location"], "e-3")
    assert visitor.get(callback.replace("code=", "code=x")).status_code == 502
    assert visitor.get("/login/provider/callback?error=access_denied&state=x").status_code == 502
    assert visitor.get("/login/provider/callback").status_code == 502


def test_a_callback_works_only_in_the_browser_that_began_the_login(provider: Provider, visit: Visit) -> None:
    eve, alice = visit(), visit()
    callback = provider.approve(eve.get("/login/provider").headers["Location"], "e-4")
    assert alice.get(callback).status_code == 502
    alice.get("/login/provider")
    assert alice.get(callback).status_code == 502, "also if it began another one"


def test_a_callback_works_once(provider: Provider, visit: Visit) -> None:
    alice = registered_there(visit(), provider, "a-5", "Alice")
    sent = alice.get("/login/provider")
    callback = provider.approve(sent.headers["Location"], "a-5")
    assert alice.get(callback).status_code == 303
    assert alice.get(callback).status_code == 502


def test_nothing_is_stored_for_visitors(provider: Provider, visit: Visit, config: Config) -> None:
    visit().get("/login/provider")
    assert list(config.sessions.glob("*")) == []


class TestProviderThatCallsItselfAnotherName:
    @pytest.fixture
    def provider(self, running: Provider) -> Provider:
        running.own_issuer = "https://evil.example"
        return running

    def test_is_not_asked(self, provider: Provider, visit: Visit) -> None:
        assert visit().get("/login/provider").status_code == 502


@pytest.mark.usefixtures("alone")
class TestProviderThatIsDown:
    @pytest.fixture
    def settings(self, config: Config) -> dict[str, Any]:
        raise AssertionError

    @pytest.fixture
    def config(self, tmp_path: Any, database_url: str) -> Config:
        return Config(
            data=tmp_path / "instance",
            database_url=database_url,
            secret_key="a key for the tests alone",
            oidc_issuer="http://127.0.0.1:1",
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_name="City Library",
        )

    def test_passwords_still_work(self, alice: Site, visit: Visit, log: list[str]) -> None:
        answer = visit().get("/login/provider")
        assert (answer.status_code, "Try again" in answer.text) == (502, True)
        assert any("provider failed" in line for line in log)
        assert is_in(alice, "Alice")


def test_a_locked_reader_sees_the_reason(provider: Provider, visit: Visit, app: Flask) -> None:
    registered_there(visit(), provider, "m-1", "Mallory")
    app.test_cli_runner().invoke(args=["users", "lock", "Mallory", "--reason", "Sells watches."])
    mallory = visit()
    answer = come_back(mallory, provider, "m-1")
    assert (answer.status_code, "Sells watches." in answer.text) == (403, True)
    assert not is_in(mallory, "Mallory")


def test_a_reader_connects_and_disconnects_an_account(provider: Provider, alice: Site, visit: Visit) -> None:
    wrong = alice.submit("/account/provider", password="not a rose")
    assert (wrong.status_code, "Continue to" in wrong.text) == (422, False)
    page = alice.submit("/account/provider", password=PASSWORD).text
    start = page.partition('href="/login/provider?connect=')[2].partition('"')[0]
    answer = come_back(alice, provider, "a-6", start=f"/login/provider?connect={start}")
    assert answer.headers["Location"] == "/account"
    assert "City Library is connected." in alice.get("/account").text
    elsewhere = visit()
    come_back(elsewhere, provider, "a-6")
    assert is_in(elsewhere, "Alice")
    assert alice.submit("/account/provider/disconnect", password=PASSWORD).status_code == 303
    assert come_back(visit(), provider, "a-6").headers["Location"] == "/register/provider"


def test_an_account_is_connected_to_one_reader(provider: Provider, alice: Site, visit: Visit) -> None:
    registered_there(visit(), provider, "b-7", "Bob")
    page = alice.submit("/account/provider", password=PASSWORD).text
    start = page.partition('href="/login/provider?connect=')[2].partition('"')[0]
    assert come_back(alice, provider, "b-7", start=f"/login/provider?connect={start}").status_code == 409


def test_connecting_needs_the_same_reader_at_the_end(provider: Provider, alice: Site, bob: Site) -> None:
    page = alice.submit("/account/provider", password=PASSWORD).text
    start = page.partition('href="/login/provider?connect=')[2].partition('"')[0]
    assert come_back(bob, provider, "e-8", start=f"/login/provider?connect={start}").status_code == 409
    assert alice.get("/login/provider?connect=forged").status_code == 409


def test_a_reader_without_a_password_can_choose_one_soon_after_a_login(
    provider: Provider, visit: Visit, select: Select
) -> None:
    alice = registered_there(visit(), provider, "a-9", "Alice")
    for password in ("", "\0", "a rose"):
        assert visit().submit("/login", username="Alice", password=password).status_code in (400, 422)
    assert alice.submit("/account/delete", reviews="keep", password="\0").status_code == 422
    select("UPDATE sessions SET began_at = now() - interval '11 minutes'")
    assert "come back within ten minutes" in alice.get("/account/password").text
    select("UPDATE sessions SET began_at = now()")
    chosen = alice.submit("/account/password", password="another rose", confirmation="another rose")
    assert chosen.status_code == 303, chosen.text
    assert is_in(visit().logged_in("Alice", "another rose"), "Alice")


@pytest.mark.parametrize("settings", [{"registration": "invitation"}])
def test_an_invitation_is_needed_here_too(provider: Provider, visit: Visit, app: Flask) -> None:
    eve = visit()
    assert come_back(eve, provider, "e-10").headers["Location"] == "/register/provider"
    assert eve.get("/register/provider").status_code == 403
    link = app.test_cli_runner().invoke(args=["users", "invite"]).stdout.strip()
    token = link.partition("invitation=")[2]
    alice = visit()
    assert f"invitation={token}" in alice.get(f"/register?invitation={token}").text
    come_back(alice, provider, "a-10", start=f"/login/provider?invitation={token}")
    assert alice.submit("/register/provider", username="Alice").status_code == 303
    assert is_in(alice, "Alice")


@pytest.mark.parametrize("settings", [{"password_login": False}])
def test_passwords_can_be_switched_off_and_a_command_lets_the_operator_in(
    provider: Provider, visit: Visit, app: Flask, select: Select
) -> None:
    registered_there(visit(), provider, "o-11", "Olive")
    visitor = visit()
    for address in ("/login", "/register"):
        assert "password" not in visitor.get(address).text.partition("<main")[2].partition("</main>")[0].lower()
        token = visitor.get("/login/link/x").text  # any page with a token will do
        assert visitor.client.post(address, data={"username": "Olive", "password": "x"}).status_code == 403, token
    run = app.test_cli_runner().invoke
    result = run(args=["users", "login-link", "Olive", "--site", "http://localhost"])
    path = result.stdout.strip().removeprefix("http://localhost")
    assert "Olive" in visitor.get(path).text
    assert not is_in(visitor, "Olive"), "opening the link uses nothing up"
    assert visitor.submit(path).headers["Location"] == "/account"
    assert is_in(visitor, "Olive")
    assert visit().get(path).status_code == 404, "it works once"
    expired = run(args=["users", "login-link", "Olive", "--site", "http://localhost"]).stdout.strip()
    select("UPDATE login_links SET expires_at = now()")
    assert visit().get(expired.removeprefix("http://localhost")).status_code == 404


def test_a_slow_provider_does_not_take_all_threads(app: Flask, provider: Provider, visit: Visit) -> None:
    turns = app.extensions["flyleaf-login-provider"].turns
    for _ in range(2):
        assert turns.acquire(blocking=False)
    assert visit().get("/login/provider").status_code == 502, "at once, instead of waiting for a turn"
    turns.release()
    assert visit().get("/login/provider").status_code == 302
