"""Logging in with a second factor."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import RECOVERY_CODES, WRONG_CODES, WRONG_CODES_IN_A_DAY
from flyleaf.passwords import verify_password
from tests.fixture_types import Select, Together, Visit
from tests.site import PASSWORD, App, Clock, Site, hidden_fields

NEW = "a daisy is a daisy"
EVERY_MOMENT = "UPDATE attempts SET moments = ARRAY(SELECT m - CAST(:by AS interval) FROM unnest(moments) AS m)"


@pytest.fixture
def app_of_alice(alice: Site, clock: Clock) -> App:
    return alice.with_app(clock)


@pytest.fixture
def half(app_of_alice: App, visit: Visit) -> Site:
    """A new browser in which Alice's password was entered."""
    return first_step(visit())


def first_step(site: Site, page: str = "/login", password: str = PASSWORD) -> Site:
    response = site.submit(page, "/login", username="Alice", password=password)
    assert response.status_code == 303
    assert response.location.startswith("/login/code")
    return site


def enter(site: Site, code: str, page: str = "/login/code") -> TestResponse:
    return site.submit(page, page.partition("?")[0], code=code)


def is_logged_in(site: Site) -> bool:
    return site.get("/search").status_code == 200


def kinds(select: Select) -> list[str]:
    return (select("SELECT string_agg(kind, ' ' ORDER BY id) FROM events") or "").split()


def wrong(app: App) -> str:
    return f"{(int(app.code()) + 1) % 10**6:06}"


# --- The steps ------------------------------------------------------------------------------------------------------


def test_password_and_code_log_alice_in(half: Site, app_of_alice: App, select: Select) -> None:
    assert not is_logged_in(half)
    response = enter(half, app_of_alice.code())
    assert (response.status_code, response.location) == (303, "/search")
    assert is_logged_in(half)
    assert select("SELECT detail ->> 'second_factor' FROM events ORDER BY id DESC LIMIT 1") == "app"
    assert select("SELECT used_at IS NOT NULL FROM authenticator_apps")


def test_who_has_no_second_factor_is_asked_for_none(bob: Site, visit: Visit) -> None:
    assert visit().submit("/login", username="Bob", password=PASSWORD).location == "/search"


def test_between_the_steps_no_page_of_readers_can_be_reached(
    half: Site, dune: str, app: Flask, subtests: pytest.Subtests
) -> None:
    assert half.cookie("session") is None
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    open_to_all = {
        "/", "/privacy", "/login", "/login/code", "/login/recovery-code", "/register", "/logout", "/healthz", "/readyz",
    }  # fmt: skip
    closed = [
        rule.rule
        for rule in rules
        if rule.rule not in open_to_all
        and not rule.rule.startswith("/api")
        and not rule.endpoint.startswith(("login_provider.", "metrics."))  # 404 without a provider, or a token
    ]
    assert {"/account", "/search", "/account/authenticator-app", "/account/data"} <= set(closed)
    for address in [*closed, f"/books/{dune}", "/readers/Alice", "/authors/Frank Herbert"]:
        with subtests.test(address):
            assert half.get(address).status_code in (303, 401)
    fields = hidden_fields(half.get("/login/code").text)
    for address in ("/account/sessions/end-others", "/account/password", "/account/delete", f"/books/{dune}/review"):
        with subtests.test(address):
            response = half.client.post(address, data=fields | {"rating": "5", "text": "", "password": PASSWORD})
            assert (response.status_code, response.location.partition("?")[0]) == (303, "/login")


def test_the_page_that_was_asked_for_comes_after_both_steps(
    alice: Site, app_of_alice: App, visit: Visit, dune: str
) -> None:
    site = visit()
    response = site.submit(site.get(f"/books/{dune}?page=2").location, "/login", username="Alice", password=PASSWORD)
    page = response.location
    assert f'value="/books/{dune}?page=2"' in enter(site, wrong(app_of_alice), page).text
    [recovery] = re.findall(r'href="(/login/recovery-code[^"]*)"', site.get(page).text)
    assert f'value="/books/{dune}?page=2"' in site.get(recovery).text
    assert enter(site, app_of_alice.code(), page).location == f"/books/{dune}?page=2"


def test_nobody_is_led_to_another_site(app_of_alice: App, visit: Visit) -> None:
    site = visit()
    page = site.submit("/login?next=//evil.example", "/login", username="Alice", password=PASSWORD).location
    assert page == "/login/code"
    assert enter(site, app_of_alice.code(), "/login/code?next=//evil.example").location == "/search"


def test_a_text_that_was_kept_comes_back_after_both_steps(
    alice: Site, app_of_alice: App, visit: Visit, dune: str
) -> None:
    site = visit()
    asked = site.client.post(f"/books/{dune}/review", data={"rating": "5", "text": "Sand."})
    page = site.submit(asked.location, "/login", username="Alice", password=PASSWORD).location
    assert "Sand." in site.get(enter(site, app_of_alice.code(), page).location).text


def test_a_new_session_gets_a_new_id_and_the_old_one_ends(alice: Site, app_of_alice: App, clock: Clock) -> None:
    before = alice.cookie("session")
    fields = hidden_fields(alice.get("/logout", headers={"Sec-Fetch-Site": "cross-site"}).text)
    response = alice.client.post("/login", data=fields | {"username": "Alice", "password": PASSWORD})
    assert alice.cookie("session") == before, "the reader is still logged in, as before"
    enter(alice, app_of_alice.code(), response.location)
    assert alice.cookie("session") != before
    thief = Site(alice.client.application.test_client())
    thief.keep("session", str(before))
    assert not is_logged_in(thief)


def test_the_form_of_the_code_needs_its_token(half: Site, app_of_alice: App) -> None:
    assert half.client.post("/login/code", data={"code": app_of_alice.code()}).status_code == 400
    assert not is_logged_in(half)


def test_without_the_first_step_there_is_no_second(alice: Site, app_of_alice: App, visit: Visit, bob: Site) -> None:
    for page in ("/login/code", "/login/recovery-code"):
        response = visit().get(f"{page}?next=/account")
        assert (response.status_code, response.location) == (303, "/login?next=/account")
        assert bob.get(f"{page}?next=/account").location == "/account", "Bob is logged in"
    mallory = visit()
    mallory.keep("pending-login", "x" * 43)
    fields = hidden_fields(mallory.get("/login").text)
    response = mallory.client.post("/login/code", data=fields | {"code": app_of_alice.code()})
    assert response.location == "/login"


def test_a_wrong_password_leads_to_no_second_step(app_of_alice: App, visit: Visit, select: Select) -> None:
    site = visit()
    assert site.submit("/login", username="Alice", password=NEW).status_code == 422
    assert site.cookie("pending-login") is None
    assert select("SELECT count(*) FROM pending_logins") == 0


def test_the_first_step_is_forgotten_after_minutes(half: Site, app_of_alice: App, select: Select) -> None:
    select("UPDATE pending_logins SET began_at = now() - interval '10 minutes 1 second'")
    fields = hidden_fields(half.get("/login").text)
    response = half.client.post("/login/code", data=fields | {"code": app_of_alice.code(), "next": "/account"})
    assert response.location == "/login?next=/account"
    assert "took too long" in half.get(response.location).text
    first_step(half)
    assert select("SELECT count(*) FROM pending_logins") == 1, "the old one is deleted"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE readers SET lock_reason = 'Spam.'",
        "UPDATE readers SET password_hash = 'x'",
        "UPDATE readers SET has_second_factor = false",
        "DELETE FROM readers",
    ],
)
def test_the_first_step_ends_with_what_it_stood_on(half: Site, app_of_alice: App, select: Select, change: str) -> None:
    fields = hidden_fields(half.get("/login/code").text)
    select(change)
    response = half.client.post("/login/code", data=fields | {"code": app_of_alice.code()})
    assert response.location == "/login"
    assert not is_logged_in(half)


def test_a_finished_login_can_not_be_finished_again(half: Site, app_of_alice: App, visit: Visit) -> None:
    key = half.cookie("pending-login")
    enter(half, app_of_alice.code())
    assert half.cookie("pending-login") is None
    thief = visit()
    thief.keep("pending-login", str(key))
    assert thief.get("/login/code").location == "/login"


def test_a_login_that_began_before_the_factor_was_added_fails(
    alice: Site, visit: Visit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password was checked a moment before."""

    def slow(password_hash: str | None, password: str) -> bool:
        monkeypatch.setattr("flyleaf.web.authentication.verify_password", verify_password)
        alice.with_app(clock)
        return verify_password(password_hash, password)

    visitor = visit()
    fields = hidden_fields(visitor.get("/login").text) | {"username": "Alice", "password": PASSWORD}
    monkeypatch.setattr("flyleaf.web.authentication.verify_password", slow)
    assert visitor.client.post("/login", data=fields).status_code == 422
    assert not is_logged_in(visitor)


def test_the_key_of_the_first_step_is_stored_as_a_hash(half: Site, select: Select, log: list[str]) -> None:
    key = half.cookie("pending-login")
    assert key
    assert half.get("/login/code").status_code == 200
    assert key not in select("SELECT string_agg(p::text, '') FROM pending_logins AS p")
    assert not any(key in line for line in log)


# --- Codes ----------------------------------------------------------------------------------------------------------


def test_a_code_works_once(half: Site, app_of_alice: App, visit: Visit, clock: Clock, select: Select) -> None:
    code = app_of_alice.code()
    enter(half, code)
    again = first_step(visit())
    response = enter(again, code)
    assert response.status_code == 422
    assert "code-error" in response.text
    assert enter(again, app_of_alice.code(-1)).status_code == 422, "nor does an older one"
    assert enter(again, app_of_alice.code(1)).status_code == 303
    assert kinds(select).count("second-factor-refused") == 2


def test_of_eight_at_once_one_code_lets_one_in(app_of_alice: App, visit: Visit, together: Together) -> None:
    sites = [first_step(visit()) for _ in range(8)]
    fields = [hidden_fields(site.get("/login/code").text) | {"code": app_of_alice.code()} for site in sites]
    calls = [
        lambda site=site, sent=sent: site.client.post("/login/code", data=sent).status_code
        for site, sent in zip(sites, fields, strict=True)
    ]
    assert sorted(together(*calls)) == [303] + [422] * 7
    assert sum(map(is_logged_in, sites)) == 1


def test_the_code_that_added_the_app_is_used_up(alice: Site, clock: Clock, visit: Visit) -> None:
    app = alice.with_app(clock)
    clock.tick(-1)
    assert enter(first_step(visit()), app.code()).status_code == 422


def test_a_code_may_be_typed_in_two_groups(half: Site, app_of_alice: App) -> None:
    code = app_of_alice.code()
    assert enter(half, f" {code[:3]} {code[3:]} ").status_code == 303


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\0", "1" * 10_000])
def test_what_is_no_code_is_refused_and_costs_no_attempt(half: Site, select: Select, code: str) -> None:
    assert enter(half, code).status_code == 422
    assert "second-factor-refused" not in kinds(select)
    assert enter(half, "", "/login/recovery-code").status_code == 422


def test_a_field_that_is_sent_twice_is_refused(half: Site, app_of_alice: App) -> None:
    fields = hidden_fields(half.get("/login/code").text)
    data = fields | {"code": [app_of_alice.code(), app_of_alice.code()]}
    assert half.client.post("/login/code", data=data).status_code == 422


def test_each_of_two_apps_logs_in(alice: Site, app_of_alice: App, clock: Clock, visit: Visit) -> None:
    tablet = alice.with_app(clock, "Tablet")
    for app in (app_of_alice, tablet):
        assert enter(first_step(visit()), app.code()).status_code == 303


def test_bobs_code_is_none_of_alice(half: Site, bob: Site, clock: Clock) -> None:
    app = bob.with_app(clock)
    assert enter(half, app.code()).status_code == 422


def test_a_code_is_shown_by_no_page_and_in_no_log(
    half: Site, app_of_alice: App, log: list[str], select: Select
) -> None:
    code = wrong(app_of_alice)
    for _ in range(WRONG_CODES.most):
        assert code not in enter(half, code).text.replace(f'value="{code}"', "")
    response = enter(half, code)
    assert response.status_code == 429
    assert code not in response.text
    assert not any(code in line for line in log)
    assert code not in select("SELECT string_agg(e.detail::text, '') FROM events AS e")


# --- Limits ---------------------------------------------------------------------------------------------------------


def test_ten_wrong_codes_an_hour_and_thirty_a_day(app_of_alice: App, visit: Visit, select: Select) -> None:
    """Counted for the account, wherever they come from."""
    for _ in range(WRONG_CODES_IN_A_DAY.most // WRONG_CODES.most):
        answers = [enter(first_step(visit()), wrong(app_of_alice)).status_code for _ in range(WRONG_CODES.most)]
        assert answers == [422] * WRONG_CODES.most
        response = enter(first_step(visit()), app_of_alice.code())
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) > 3500
        select(EVERY_MOMENT, by="1 hour 1 second")
    assert enter(first_step(visit()), app_of_alice.code()).status_code == 429
    select(EVERY_MOMENT, by="1 day")
    assert enter(first_step(visit()), app_of_alice.code()).status_code == 303


def test_guesses_at_once_are_counted_one_by_one(app_of_alice: App, visit: Visit, together: Together) -> None:
    sites = [first_step(visit()) for _ in range(12)]
    fields = [hidden_fields(site.get("/login/code").text) | {"code": wrong(app_of_alice)} for site in sites]
    calls = [
        lambda site=site, sent=sent: site.client.post("/login/code", data=sent).status_code
        for site, sent in zip(sites, fields, strict=True)
    ]
    assert sorted(together(*calls)) == [422] * 10 + [429] * 2


def test_recovery_codes_are_counted_with_them(app_of_alice: App, visit: Visit) -> None:
    site = first_step(visit())
    for _ in range(WRONG_CODES.most):
        enter(site, "00000-00000", "/login/recovery-code")
    assert enter(site, app_of_alice.code()).status_code == 429


def test_a_browser_that_alice_has_used_is_not_blocked_by_others(alice: Site, app_of_alice: App, visit: Visit) -> None:
    for _ in range(WRONG_CODES.most + 1):
        enter(first_step(visit()), wrong(app_of_alice))
    alice.get("/logout")
    assert enter(first_step(alice), app_of_alice.code()).status_code == 303


def test_only_a_finished_login_makes_a_browser_known(half: Site, app_of_alice: App) -> None:
    assert half.cookie("device") is None
    enter(half, app_of_alice.code())
    assert half.cookie("device") is not None


def test_right_codes_are_not_counted(app_of_alice: App, visit: Visit, clock: Clock) -> None:
    for _ in range(WRONG_CODES.most + 1):
        assert enter(first_step(visit()), app_of_alice.code()).status_code == 303
        clock.tick()


def test_an_operator_lifts_the_limit(app: Flask, app_of_alice: App, visit: Visit) -> None:
    for _ in range(WRONG_CODES.most):
        enter(first_step(visit()), wrong(app_of_alice))
    app.test_cli_runner().invoke(args=["users", "unlock", "Alice"])
    assert enter(first_step(visit()), app_of_alice.code()).status_code == 303


# --- Recovery -------------------------------------------------------------------------------------------------------


def test_a_recovery_code_logs_in_once(half: Site, app_of_alice: App, visit: Visit, select: Select) -> None:
    code = app_of_alice.recovery_codes[3]
    assert enter(half, code.lower().replace("-", " "), "/login/recovery-code?next=/account").location == "/account"
    assert is_logged_in(half)
    assert f"{RECOVERY_CODES - 1} codes left" in half.get("/account").text
    assert kinds(select)[-2:] == ["recovery-code-used", "logged-in"]
    again = first_step(visit())
    response = enter(again, code, "/login/recovery-code")
    assert response.status_code == 422
    assert "code-error" in response.text


def test_of_eight_at_once_one_recovery_code_lets_one_in(
    app_of_alice: App, visit: Visit, together: Together, select: Select
) -> None:
    sites = [first_step(visit()) for _ in range(8)]
    sent = {"code": app_of_alice.recovery_codes[0]}
    fields = [hidden_fields(site.get("/login/recovery-code").text) | sent for site in sites]
    calls = [
        lambda site=site, sent=sent: site.client.post("/login/recovery-code", data=sent).status_code
        for site, sent in zip(sites, fields, strict=True)
    ]
    assert sorted(together(*calls)) == [303] + [422] * 7
    assert select("SELECT count(*) FROM recovery_codes") == RECOVERY_CODES - 1


def test_a_new_password_by_the_operators_link_does_not_skip_the_second_step(
    app: Flask, app_of_alice: App, visit: Visit
) -> None:
    link = app.test_cli_runner().invoke(args=["users", "reset-password", "Alice"]).stdout.split()[0]
    site = visit()
    link = "/reset/" + link.rpartition("/")[2]
    assert site.submit(link, password=NEW, confirmation=NEW).location == "/login"
    assert not is_logged_in(site)
    first_step(site, password=NEW)
    assert not is_logged_in(site)
    assert enter(site, app_of_alice.code()).status_code == 303


def test_after_a_change_of_secret_key_the_page_says_what_to_do(
    config: Config, database: Database, app_of_alice: App, clock: Clock, log: list[str]
) -> None:
    """Codes can't be checked any more; recovery codes can."""
    changed = create_app(replace(config, secret_key="another key of this site"), database)
    site = first_step(Site(changed.test_client()))
    response = enter(site, app_of_alice.code())
    assert response.status_code == 422
    assert "Use a recovery code" in response.text
    assert any('"unreadable"' in line and "SECRET_KEY" in line for line in log)
    assert enter(site, app_of_alice.recovery_codes[0], "/login/recovery-code").status_code == 303
