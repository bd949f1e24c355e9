"""Passkeys: adding and removing them, and logging in with them."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import PASSKEY_ATTEMPTS, RECOVERY_CODES, SECOND_FACTORS_MAX, WRONG_CODES
from flyleaf.web.passkeys import passkey_site
from tests.authenticator import Authenticator, base64url
from tests.fixture_types import Select, Together, Visit
from tests.site import PASSWORD, Site, cookie_name, hidden_fields, recovery_codes

WRONG = "a rose is a daisy"
ADD = "/account/passkey"


def question(site: Site, password: str = PASSWORD) -> TestResponse:
    fields = hidden_fields(site.get(ADD).text) | {"name": "My key", "password": password}
    return site.client.post(f"{ADD}/question", data=fields)


def add(site: Site, key: Authenticator, **fields: str) -> TestResponse:
    """Add a passkey, as the script does."""
    asked = question(site)
    assert asked.status_code == 200, asked.text
    sent = {"name": "My key", "password": PASSWORD, "credential": key.create(asked.json or {})} | fields
    return site.client.post(ADD, data=hidden_fields(site.get(ADD).text) | sent)


def login_question(site: Site) -> dict[str, Any]:
    response = site.client.post("/login/passkey/question", data=hidden_fields(site.get("/login").text))
    assert response.status_code == 200, response.text
    asked: dict[str, Any] = response.json or {}
    return asked


def send(site: Site, credential: str, next_path: str = "") -> TestResponse:
    fields = hidden_fields(site.get("/login").text) | {"credential": credential, "next": next_path}
    return site.client.post("/login/passkey", data=fields)


def log_in(site: Site, key: Authenticator, next_path: str = "") -> TestResponse:
    return send(site, key.get(login_question(site)), next_path)


def first_step(site: Site) -> Site:
    assert site.submit("/login", username="Alice", password=PASSWORD).location == "/login/code"
    return site


def is_logged_in(site: Site) -> bool:
    return site.get("/search").status_code == 200


def kinds(select: Select) -> list[str]:
    return (select("SELECT string_agg(kind, ' ' ORDER BY id) FROM events") or "").split()


@pytest.fixture
def key(alice: Site) -> Authenticator:
    """Alice's security key, which she has added."""
    key = Authenticator()
    assert add(alice, key).status_code == 200
    return key


# --- Adding and removing --------------------------------------------------------------------------------------------


def test_alice_adds_a_passkey(alice: Site, visit: Visit, select: Select) -> None:
    phone = visit().logged_in("Alice")
    before = alice.cookie("session")
    assert f'href="{ADD}"' in alice.get("/account").text
    response = add(alice, Authenticator())
    assert response.status_code == 200
    assert len(recovery_codes(response.text)) == RECOVERY_CODES
    assert alice.cookie("session") != before
    assert [is_logged_in(site) for site in (alice, phone)] == [True, False]
    page = alice.get("/account").text
    assert "My key" in page
    assert "passkey for <bdi>localhost</bdi>" in page
    assert select("SELECT detail ->> 'second_factor' FROM events ORDER BY id DESC LIMIT 1") == "passkey"


def test_the_question_says_who_and_where(alice: Site, key: Authenticator) -> None:
    asked = question(alice).json or {}
    assert asked["rp"]["id"] == "localhost"
    assert asked["user"]["name"] == "Alice"
    assert asked["authenticatorSelection"]["userVerification"] == "preferred"
    assert [one["id"] for one in asked["excludeCredentials"]] == [base64url(key.credential_id)]
    assert asked["attestation"] == "none"


def test_the_password_is_asked_for_before_the_browser_makes_anything(alice: Site, select: Select) -> None:
    for password in (WRONG, ""):
        response = question(alice, password)
        assert response.status_code == 422
        assert "password" in (response.json or {})["error"]
    assert select("SELECT count(*) FROM passkey_challenges") == 0


def test_the_password_is_asked_for_again_at_the_end(alice: Site, select: Select) -> None:
    response = add(alice, Authenticator(), password=WRONG)
    assert response.status_code == 422
    assert "password-error" in response.text
    assert select("SELECT count(*) FROM passkeys") == 0


def test_without_a_script_the_page_says_what_is_missing(alice: Site) -> None:
    assert "Passkeys need JavaScript" in alice.get(ADD).text
    response = alice.submit(ADD, name="My key", password=PASSWORD)
    assert response.status_code == 422
    assert "Passkeys need JavaScript" in response.text


def test_a_question_is_answered_once(alice: Site, select: Select) -> None:
    key = Authenticator()
    answer = key.create(question(alice).json or {})
    select("DELETE FROM passkey_challenges")
    response = add(alice, Authenticator(credential_id=b"another"), credential=answer)
    assert response.status_code == 422
    assert "Try again" in response.text
    assert select("SELECT count(*) FROM passkeys") == 0


def test_a_question_is_for_one_reader_for_minutes(alice: Site, bob: Site, select: Select) -> None:
    bobs = Authenticator().create(question(bob).json or {})
    assert add(alice, Authenticator(), credential=bobs).status_code == 422
    old = Authenticator().create(question(alice).json or {})
    select("UPDATE passkey_challenges SET made_at = now() - interval '10 minutes 1 second'")
    assert add(alice, Authenticator(), credential=old).status_code == 422
    for_a_login = Authenticator().create(
        (question(alice).json or {}) | {"challenge": login_question_of(alice)["challenge"]}
    )
    assert add(alice, Authenticator(), credential=for_a_login).status_code == 422
    assert select("SELECT count(*) FROM passkeys") == 0


def login_question_of(site: Site) -> dict[str, Any]:
    """A question for a login, asked from a page of a reader who is logged in."""
    response = site.client.post("/login/passkey/question", data=hidden_fields(site.get("/account").text))
    asked: dict[str, Any] = response.json or {}
    return asked


@pytest.mark.parametrize("origin", ["http://localhost:1", "https://localhost.example", "http://evil.example", ""])
def test_a_passkey_that_was_made_on_another_site_is_refused(alice: Site, select: Select, origin: str) -> None:
    assert add(alice, Authenticator(origin=origin)).status_code == 422
    assert select("SELECT count(*) FROM passkeys") == 0


def test_an_id_that_is_there_already_is_refused(alice: Site, bob: Site, key: Authenticator, select: Select) -> None:
    assert add(bob, Authenticator()).status_code == 409
    assert select("SELECT count(*) FROM passkeys") == 1
    assert not select("SELECT has_second_factor FROM readers WHERE name = 'Bob'")


def test_ten_passkeys_are_enough(alice: Site, key: Authenticator, select: Select) -> None:
    select(
        "INSERT INTO passkeys (reader_id, name, site, credential_id, user_handle, public_key, sign_count)"
        " SELECT reader_id, 'Key', site, CAST(n::text AS bytea), user_handle, public_key, 0"
        "   FROM passkeys, generate_series(2, :most) AS n",
        most=SECOND_FACTORS_MAX,
    )
    assert f'href="{ADD}"' not in alice.get("/account").text
    assert add(alice, Authenticator(credential_id=b"one more")).status_code == 409


def test_alice_removes_her_passkey(alice: Site, bob: Site, key: Authenticator, visit: Visit, select: Select) -> None:
    [address] = re.findall(r'href="(/account/passkeys/\d+/remove)"', alice.get("/account").text)
    assert alice.submit(address, password=WRONG).status_code == 422
    assert bob.get(address).status_code == 404
    assert alice.submit(address, password=PASSWORD).location == "/account"
    assert alice.get(address).status_code == 404
    assert select("SELECT count(*) FROM recovery_codes") == 0
    assert visit().submit("/login", username="Alice", password=PASSWORD).location == "/search"
    assert log_in(visit(), key).location == "/login"


def test_the_download_and_the_operator_see_it(alice: Site, key: Authenticator) -> None:
    [kept] = json.loads(alice.get("/account/data").data)["second_factors"]["passkeys"]
    assert (kept["name"], kept["site"]) == ("My key", "localhost")
    runner = alice.client.application.test_cli_runner()
    assert "passkey My key for localhost: added" in runner.invoke(args=["users", "second-factor", "Alice"]).stdout
    runner.invoke(args=["users", "second-factor", "Alice", "--remove"])
    assert "My key" not in alice.get("/account").text


# --- As the second factor -------------------------------------------------------------------------------------------


def test_password_and_passkey_log_alice_in(key: Authenticator, visit: Visit, select: Select) -> None:
    key.is_verifying = False
    half = first_step(visit())
    asked = login_question(half)
    assert [one["id"] for one in asked["allowCredentials"]] == [base64url(key.credential_id)]
    assert asked["userVerification"] == "preferred"
    assert send(half, key.get(asked), "/account").location == "/account"
    assert is_logged_in(half)
    assert half.cookie("pending-login") is None
    assert half.cookie("device") is not None
    assert select("SELECT used_at IS NOT NULL FROM passkeys")
    assert select("SELECT detail ->> 'second_factor' FROM events ORDER BY id DESC LIMIT 1") == "passkey"


def test_who_has_only_passkeys_is_not_asked_for_codes_of_an_app(key: Authenticator, visit: Visit) -> None:
    page = first_step(visit()).get("/login/code").text
    assert "/login/passkey" in page
    assert "/login/recovery-code" in page
    assert 'name="code"' not in page


def test_a_wrong_passkey_is_an_event_and_leads_back(key: Authenticator, visit: Visit, select: Select) -> None:
    half = first_step(visit())
    asked = login_question(half)
    stranger = Authenticator(host="localhost", user_handle=key.user_handle)
    response = send(half, stranger.get(asked), "/account")
    assert response.location == "/login/code?next=/account"
    assert "didn’t work" in half.get(response.location).text
    assert kinds(select)[-1] == "second-factor-refused"
    assert not is_logged_in(half)


def test_wrong_passkeys_are_limited_as_wrong_codes_are(key: Authenticator, visit: Visit, select: Select) -> None:
    half = first_step(visit())
    answers = [send(half, "x").status_code for _ in range(WRONG_CODES.most + 1)]
    assert answers == [303] * WRONG_CODES.most + [429]
    assert kinds(select).count("second-factor-refused") == WRONG_CODES.most


def test_a_recovery_code_replaces_a_passkey(alice: Site, visit: Visit) -> None:
    [code, *_] = recovery_codes(add(alice, Authenticator()).text)
    half = first_step(visit())
    assert half.submit("/login/recovery-code", code=code).location == "/search"


# --- Alone ----------------------------------------------------------------------------------------------------------


def test_a_passkey_that_checks_who_uses_it_logs_in_alone(key: Authenticator, visit: Visit, dune: str) -> None:
    site = visit()
    asked = login_question(site)
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    assert send(site, key.get(asked), f"/books/{dune}").location == f"/books/{dune}"
    assert is_logged_in(site)


def test_a_passkey_that_checks_nobody_is_one_factor_alone(key: Authenticator, visit: Visit) -> None:
    key.is_verifying = False
    site = visit()
    assert log_in(site, key).location == "/login"
    assert not is_logged_in(site)


def test_a_locked_account_stays_locked(key: Authenticator, visit: Visit, select: Select) -> None:
    select("UPDATE readers SET lock_reason = 'Spam.'")
    site = visit()
    assert log_in(site, key).location == "/login"
    assert not is_logged_in(site)


def test_the_session_gets_a_new_id(alice: Site, key: Authenticator) -> None:
    before = alice.cookie("session")
    fields = hidden_fields(alice.get("/account").text)
    asked = alice.client.post("/login/passkey/question", data=fields).json or {}
    alice.client.post("/login/passkey", data=fields | {"credential": key.get(asked)})
    assert alice.cookie("session") != before
    assert is_logged_in(alice)


# --- What is refused ------------------------------------------------------------------------------------------------


def test_an_answer_works_once_and_in_one_browser(key: Authenticator, visit: Visit) -> None:
    key.counts = False
    site, thief = visit(), visit()
    answer = key.get(login_question(site))
    assert send(thief, answer).location == "/login"
    assert send(site, answer).location == "/search"
    site.get("/logout")
    assert send(site, answer).location == "/login"


def test_of_eight_at_once_one_answer_lets_one_in(key: Authenticator, visit: Visit, together: Together) -> None:
    key.counts = False
    site = visit()
    fields = hidden_fields(site.get("/login").text) | {"credential": key.get(login_question(site))}
    cookies = [site.cookie("csrf")] * 8
    sites = [visit() for _ in cookies]
    for one, cookie in zip(sites, cookies, strict=True):
        one.keep("csrf", str(cookie))
    answers = together(*[lambda one=one: one.client.post("/login/passkey", data=fields).location for one in sites])
    assert sorted(answers) == ["/login"] * 7 + ["/search"]


def test_a_counter_that_does_not_go_on_is_a_copy(key: Authenticator, visit: Visit, select: Select) -> None:
    assert log_in(visit(), key).location == "/search"
    assert log_in(visit(), key).location == "/search"
    key.count = 1
    assert log_in(visit(), key).location == "/login"
    assert select("SELECT sign_count FROM passkeys") == 2


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8000"},
        {"host": "evil.example"},
        {"credential_id": b"unknown"},
        {"user_handle": b"another reader"},
    ],
)
def test_an_answer_for_another_site_or_reader_is_refused(
    key: Authenticator, visit: Visit, change: dict[str, Any]
) -> None:
    site = visit()
    assert log_in(site, replace(key, **change)).location == "/login"
    assert not is_logged_in(site)


def test_malformed_answers_are_refused(
    alice: Site, key: Authenticator, visit: Visit, subtests: pytest.Subtests
) -> None:
    site = visit()
    right = json.loads(key.get(login_question(site)))
    response = right["response"]
    answers = {
        "nothing": "",
        "no JSON": "{",
        "a list": "[]",
        "deep": "[" * 9_000,
        "long": json.dumps(right | {"more": "x" * 30_000}),
        "no response": json.dumps({"id": "x"}),
        "a number": json.dumps(right | {"id": 1}),
        "no base64": json.dumps(right | {"response": response | {"clientDataJSON": "é"}}),
        "no client data": json.dumps(right | {"response": response | {"clientDataJSON": base64url(b"[]")}}),
    }
    for part in ("authenticatorData", "signature"):
        for what, content in {"empty": b"", "short": b"x" * 10, "odd": b"\xff" * 200}.items():
            answers[f"{what} {part}"] = json.dumps({"part": part, "content": base64url(content)})
    for what, answer in answers.items():
        with subtests.test(what):
            changed = json.loads(answer) if '"part"' in answer else None
            if changed:  # the rest of it is right, and the question was asked
                right = json.loads(key.get(login_question(site)))
                right["response"][changed["part"]] = changed["content"]
                answer = json.dumps(right)
            assert send(site, answer).location == "/login"
            assert add(alice, Authenticator(), credential=answer or "x").status_code == 422


def test_the_forms_need_their_tokens(alice: Site, key: Authenticator, visit: Visit) -> None:
    for address in ("/login/passkey", "/login/passkey/question"):
        assert visit().client.post(address, data={"credential": "x"}).status_code == 400
        assert visit().get(address).status_code == 405
    assert alice.client.post(f"{ADD}/question", data={"name": "x", "password": PASSWORD}).status_code == 400
    assert alice.client.post(ADD, data={"name": "x", "password": PASSWORD, "credential": "x"}).status_code == 400


def test_questions_are_limited(visit: Visit) -> None:
    site = visit()
    fields = hidden_fields(site.get("/login").text)
    answers = [
        site.client.post("/login/passkey/question", data=fields).status_code for _ in range(PASSKEY_ATTEMPTS.most + 1)
    ]
    assert answers == [200] * PASSKEY_ATTEMPTS.most + [429]


def test_old_questions_are_deleted(visit: Visit, select: Select) -> None:
    login_question(visit())
    select("UPDATE passkey_challenges SET made_at = now() - interval '11 minutes'")
    login_question(visit())
    assert select("SELECT count(*) FROM passkey_challenges") == 1


# --- Addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "is_https", "host", "origin"),
    [
        ("http://localhost", False, "localhost", "http://localhost"),
        ("http://localhost:5000", False, "localhost", "http://localhost:5000"),
        ("http://books.localhost:5000", False, "books.localhost", "http://books.localhost:5000"),
        ("https://books.example.org", True, "books.example.org", "https://books.example.org"),
        ("https://books.example.org:8443", True, "books.example.org", "https://books.example.org:8443"),
        ("http://books.example.org", True, "books.example.org", "https://books.example.org"),  # a silent proxy
    ],
)
def test_the_site_is_known_by_the_address_in_the_browser(
    config: Config, database: Database, base_url: str, is_https: bool, host: str, origin: str
) -> None:
    app = create_app(replace(config, https=is_https), database)
    with app.test_request_context("/", base_url=base_url):
        site = passkey_site()
    assert site is not None
    assert site.host == host
    assert origin in site.origins


def test_behind_a_proxy_and_under_a_path_it_is_the_proxys_address(config: Config, database: Database) -> None:
    client = create_app(replace(config, trusted_proxies=1), database).test_client()
    headers = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Host": "books.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/shelf",
    }
    page = client.get("/login", headers=headers).text
    assert 'data-question="/shelf/login/passkey/question"' in page
    client.set_cookie(cookie_name(client.application, "csrf"), "a secret of this browser")
    page = client.get("/login", headers=headers).text
    asked = client.post("/login/passkey/question", data=hidden_fields(page), headers=headers)
    assert (asked.json or {})["rpId"] == "books.example.org"


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:5000", "http://[::1]:5000", "https://192.0.2.1", "http://books.example.org"]
)
def test_where_no_browser_offers_passkeys_the_account_says_so(alice: Site, base_url: str) -> None:
    name, host = cookie_name(alice.client.application, "session"), str(urlsplit(base_url).hostname)
    alice.client.set_cookie(name, str(alice.cookie("session")), domain=host)
    page = alice.client.get("/account", base_url=base_url).text
    assert "Passkeys can’t be used at" in page
    assert f'href="{ADD}"' not in page
    assert alice.client.get(ADD, base_url=base_url).status_code == 404
    assert "passkey" not in alice.client.get("/login", base_url=base_url).text


def test_a_passkey_of_another_host_is_named(key: Authenticator, visit: Visit, select: Select) -> None:
    select("UPDATE passkeys SET site = 'old.example.org'")
    half = first_step(visit())
    page = half.get("/login/code").text
    assert "works only at <bdi>old.example.org</bdi>" in page
    assert "/login/passkey" not in page
    assert log_in(visit(), key).location == "/login"
