"""`flask --app application users …`, as an operator types it."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flyleaf.limits import REASON_MAX, WRONG_PASSWORDS
from flyleaf.web.access import begin_session
from tests.fixture_types import Select, Together, Visit
from tests.site import PASSWORD, Clock, Site, hidden_fields

NEW = "a daisy is a daisy"
WRONG = "a rose is a daisy"


@pytest.fixture
def users(app: Flask) -> Callable[..., Result]:
    """Runs a command; what it says on standard output, having ended as it should."""

    def run(*args: str, fails: bool = False) -> Result:
        result = app.test_cli_runner().invoke(args=["users", *args])
        assert result.exit_code == (1 if fails else 0), (result.output, result.exception)
        return result

    return run


def is_logged_in(site: Site) -> bool:
    return site.get("/search").status_code == 200


def log_in(site: Site, password: str = PASSWORD) -> TestResponse:
    return site.submit("/login", username="Alice", password=password)


def kinds(select: Select) -> list[str]:
    return (select("SELECT string_agg(kind, ' ' ORDER BY id) FROM events") or "").split()


# --- List and show --------------------------------------------------------------------------------------------------


def test_the_list_names_all_readers(users: Callable[..., Result], alice: Site, bob: Site, dune: str) -> None:
    alice.review(dune, 4)
    users("lock", "Bob", "--reason", "Spam.")
    users("make-moderator", "Alice")
    one, two = users("list").stdout.splitlines()
    assert re.fullmatch(r"Alice: registered \d{4}-\d\d-\d\d, reviews: 1, last seen \d{4}-\d\d-\d\d, moderator", one)
    assert re.fullmatch(r"Bob: registered \d{4}-\d\d-\d\d, reviews: 0, locked: Spam\.", two)
    assert users("list", "LIC").stdout.startswith("Alice:")
    assert users("list", "%").stdout == ""


def test_the_list_goes_to_programs(users: Callable[..., Result], visit: Visit, alice: Site) -> None:
    visit().registered("=1+1")
    rows = list(csv.DictReader(io.StringIO(users("list", "--format", "csv").stdout)))
    assert [row["name"] for row in rows] == ["'=1+1", "Alice"], "no spreadsheet runs it"
    objects = [json.loads(line) for line in users("list", "--format", "json").stdout.splitlines()]
    assert [one["name"] for one in objects] == ["=1+1", "Alice"]
    assert (objects[1]["is_moderator"], objects[1]["lock_reason"], objects[1]["reviews"]) == (False, None, 0)


def test_one_is_shown_with_what_happened_last(users: Callable[..., Result], alice: Site) -> None:
    first, *events = users("show", "ALICE").stdout.splitlines()
    assert first.startswith("Alice: registered")
    assert [event.split()[2] for event in events] == ["logged-in", "registered"]


@pytest.mark.parametrize(
    "args",
    [
        ["show", "Mallory"],
        ["lock", "Mallory", "--reason", "x"],
        ["unlock", "Mallory"],
        ["reset-password", "Mallory"],
        ["reset-password", "Alice", "--site", "books.example.org"],
        ["make-moderator", "Mallory"],
        ["second-factor", "Mallory", "--remove"],
        ["remove-moderator", "Mallory"],
        ["show", "a\udcff"],
        ["list", "a\nb"],
        ["lock", "Alice", "--reason", " "],
        ["lock", "Alice", "--reason", "x" * (REASON_MAX + 1)],
        ["lock", "Alice", "--reason", "a\x1b[2Jb"],
    ],
)
def test_what_can_not_be_done_is_one_line(
    users: Callable[..., Result], alice: Site, select: Select, args: list[str]
) -> None:
    before = kinds(select)
    result = users(*args, fails=True)
    assert result.stdout == ""
    assert re.fullmatch(r"Error: [^\n]+\.\n", result.stderr)
    assert kinds(select) == before
    assert is_logged_in(alice)


# --- Lock -----------------------------------------------------------------------------------------------------------


def test_who_is_locked_is_out_everywhere_and_at_once(
    users: Callable[..., Result], alice: Site, visit: Visit, bob: Site
) -> None:
    phone = visit().logged_in("Alice")
    assert users("lock", "Alice", "--reason", "You sell <b>watches</b>.").stdout == (
        "Alice is locked. Sessions ended: 2.\n"
    )
    assert [is_logged_in(site) for site in (alice, phone, bob)] == [False, False, True]
    refused = log_in(visit())
    assert refused.status_code == 403
    assert "You sell &lt;b&gt;watches&lt;/b&gt;." in refused.text


def test_the_lock_is_shown_only_after_the_right_password(
    users: Callable[..., Result], alice: Site, visit: Visit
) -> None:
    users("lock", "Alice", "--reason", "Spam.")
    locked, nobody = log_in(visit(), WRONG), visit().submit("/login", username="Mallory", password=WRONG)
    assert locked.status_code == nobody.status_code == 422
    assert "Spam." not in locked.text
    assert "Wrong name or password" in locked.text


def test_a_log_in_that_was_on_its_way_comes_too_late(
    users: Callable[..., Result], app: Flask, alice: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locked between the check of the password and the session."""

    def locked_before(*values: Any) -> bool:
        users("lock", "Alice", "--reason", "Spam.")
        return begin_session(*values)

    monkeypatch.setattr("flyleaf.web.login.begin_session", locked_before)
    late = visit()
    assert log_in(late).status_code == 422
    assert not is_logged_in(late)


def test_ten_logins_and_a_lock_at_the_same_moment_leave_nobody_logged_in(
    users: Callable[..., Result], alice: Site, visit: Visit, together: Together, select: Select
) -> None:
    sites = [visit() for _ in range(4)]
    together(*[lambda site=site: log_in(site) for site in sites], lambda: users("lock", "Alice", "--reason", "Spam."))
    assert select("SELECT count(*) FROM sessions") == 0
    assert [is_logged_in(site) for site in sites] == [False] * 4


def test_unlocked_one_comes_in_again(users: Callable[..., Result], alice: Site, visit: Visit, select: Select) -> None:
    users("lock", "Alice", "--reason", "Spam.")
    log_in(visit())
    assert users("unlock", "Alice").stdout == "Alice can log in again.\n"
    assert log_in(visit()).status_code == 303
    assert kinds(select)[-4:] == ["account-locked", "login-refused", "account-unlocked", "logged-in"]


def test_unlocking_lifts_the_limit_of_wrong_passwords(users: Callable[..., Result], alice: Site, visit: Visit) -> None:
    guesser = visit()
    for _ in range(WRONG_PASSWORDS.most):
        log_in(guesser, WRONG)
    assert log_in(guesser).status_code == 429
    users("unlock", "Alice")
    assert log_in(guesser).status_code == 303


# --- Reset ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def link(users: Callable[..., Result], alice: Site) -> str:
    """Where Alice chooses a new password."""
    result = users("reset-password", "Alice")
    assert "Alice" in result.stderr
    return result.stdout.strip().removeprefix("http://127.0.0.1:5000")


def choose(site: Site, link: str, password: str = NEW) -> TestResponse:
    return site.submit(link, password=password, confirmation=password)


def test_a_link_chooses_a_new_password_once(link: str, alice: Site, visit: Visit, select: Select) -> None:
    assert log_in(visit()).status_code == 303, "the old one holds until then"
    stranger = visit()
    response = choose(stranger, link)
    assert response.location == "/login"
    assert "Log in with the new one" in stranger.get("/login").text
    assert not is_logged_in(alice), "all sessions end"
    assert select("SELECT count(*) FROM sessions") == 0
    assert log_in(visit(), PASSWORD).status_code == 422
    assert log_in(visit(), NEW).status_code == 303
    assert visit().get(link).status_code == 404
    assert kinds(select)[2:5] == ["password-reset-offered", "logged-in", "password-reset"]


@pytest.mark.parametrize("site", ["https://books.example.org", "https://books.example.org/"])
def test_the_link_is_on_the_site_that_readers_know(users: Callable[..., Result], alice: Site, site: str) -> None:
    result = users("reset-password", "Alice", "--site", site)
    assert re.fullmatch(r"https://books\.example\.org/reset/[\w-]{43}\n", result.stdout)


def test_a_link_is_worth_nothing_after_a_day(link: str, select: Select, visit: Visit) -> None:
    select("UPDATE password_resets SET expires_at = now()")
    assert visit().get(link).status_code == 404


def test_a_new_link_and_a_change_of_the_password_end_the_old_one(
    users: Callable[..., Result], link: str, alice: Site, visit: Visit
) -> None:
    newer = users("reset-password", "Alice").stdout.strip().removeprefix("http://127.0.0.1:5000")
    assert visit().get(link).status_code == 404
    alice.submit("/account/password", old_password=PASSWORD, password=NEW, confirmation=NEW)
    assert visit().get(newer).status_code == 404


def test_of_two_at_once_one_chooses(link: str, visit: Visit, together: Together, select: Select) -> None:
    sites = [visit() for _ in range(4)]
    fields = [hidden_fields(site.get(link).text) for site in sites]
    passwords = [f"{NEW} {number}" for number in range(4)]
    answers = together(
        *[
            lambda site=site, sent=sent, word=word: (
                site.client.post(link, data=sent | {"password": word, "confirmation": word}).status_code
            )
            for site, sent, word in zip(sites, fields, passwords, strict=True)
        ]
    )
    assert sorted(answers) == [303, 404, 404, 404]
    assert log_in(visit(), passwords[answers.index(303)]).status_code == 303


def test_a_form_that_is_refused_leaves_the_link(link: str, visit: Visit) -> None:
    site = visit()
    assert choose(site, link, "short").status_code == 422
    assert choose(site, link, "alicealice" * 30).status_code == 422
    assert site.submit(link, password=NEW, confirmation=WRONG).status_code == 422
    assert site.client.post(link, data={"password": NEW, "confirmation": NEW}).status_code == 400
    assert choose(site, link).status_code == 303


def test_a_locked_account_stays_locked(users: Callable[..., Result], link: str, visit: Visit) -> None:
    users("lock", "Alice", "--reason", "Spam.")
    assert "remains locked" in users("reset-password", "Alice").stderr
    assert visit().get(link).status_code == 404
    assert log_in(visit()).status_code == 403


def test_the_token_is_shown_to_nobody(link: str, visit: Visit, log: list[str], select: Select) -> None:
    token = link.rpartition("/")[2]
    site = visit()
    page = site.get(link)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert token not in page.text
    choose(site, link)
    used = site.get(link)
    assert used.headers["Referrer-Policy"] == "no-referrer"
    site.get(f"{link}/more")
    site.client.post("/login", headers={"Referer": link})
    assert any('"/reset/\\u2026"' in line for line in log)
    assert not any(token in line for line in log)
    stored = select(
        "SELECT concat((SELECT string_agg(e::text, '') FROM events AS e), (SELECT string_agg(p::text, '')"
        " FROM password_resets AS p))"
    )
    assert token not in stored


@pytest.mark.parametrize("token", ["x", "%00", "%ED%A0%80", "a" * 5000, "' OR 1=1 --"])
def test_a_token_that_was_never_made_is_404(client: FlaskClient, token: str) -> None:
    assert client.get(f"/reset/{token}").status_code == 404


# --- Moderators -----------------------------------------------------------------------------------------------------


def test_moderators_come_and_go(users: Callable[..., Result], alice: Site, select: Select) -> None:
    assert alice.get("/moderation").status_code == 404
    for _ in range(2):
        assert users("make-moderator", "Alice").stdout == "Alice is now a moderator.\n"
    assert alice.get("/moderation").status_code == 200
    for _ in range(2):
        assert users("remove-moderator", "Alice").stdout == "Alice is not a moderator.\n"
    assert alice.get("/moderation").status_code == 404
    assert kinds(select)[2:] == ["moderator-made", "moderator-removed"]


# --- Second factors -------------------------------------------------------------------------------------------------


def test_a_lost_second_factor_is_removed(
    users: Callable[..., Result], alice: Site, visit: Visit, clock: Clock, select: Select
) -> None:
    assert users("second-factor", "Alice").stdout == "recovery codes: 0\n"
    app = alice.with_app(clock, "My phone")
    half = visit()
    assert log_in(half).location == "/login/code"
    fields = hidden_fields(half.get("/login/code").text) | {"code": app.code()}
    assert "second factor" in users("list").stdout
    shown = users("second-factor", "Alice").stdout
    assert re.fullmatch(r"authenticator app My phone: added \d{4}-\d\d-\d\d, never used\nrecovery codes: 10\n", shown)
    assert select("SELECT count(*) FROM authenticator_apps") == 1, "only shown"
    for _ in range(2):
        assert "password alone" in users("second-factor", "Alice", "--remove").stdout
    assert select("SELECT (SELECT count(*) FROM authenticator_apps) + (SELECT count(*) FROM recovery_codes)") == 0
    assert kinds(select).count("second-factors-reset") == 1
    assert "An administrator removed your second factors" in alice.get("/account/events").text
    assert half.client.post("/login/code", data=fields).location == "/login", "the pending login has ended"
    assert log_in(visit()).location == "/search"
