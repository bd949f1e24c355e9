"""The page of a reader's API tokens, and what becomes of them."""

import re
from hashlib import sha256

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flyleaf.limits import API_TOKENS_MAX
from tests.fixture_types import Select, Visit
from tests.site import PASSWORD, Clock, Site, hidden_fields
from tests.tokens import bearer, new_token

NEW = "a daisy is a daisy"


def status(client: FlaskClient, token: str) -> int:
    return client.get("/api/v1/me", headers=bearer(token)).status_code


def test_a_token_is_shown_once_and_works(alice: Site, client: FlaskClient) -> None:
    token = new_token(alice, "write", "My script", "30")
    me = client.get("/api/v1/me", headers=bearer(token)).get_json()
    assert (me["name"], me["token"]["name"], me["token"]["scope"]) == ("Alice", "My script", "write")
    page = alice.get("/account/tokens").text
    assert "My script" in page
    assert token not in page
    assert "You made an API token." in alice.get("/account/events").text


def test_only_its_hash_is_stored_and_nothing_of_it_logged(
    alice: Site, client: FlaskClient, select: Select, log: list[str]
) -> None:
    token = new_token(alice)
    assert status(client, token) == 200
    assert bytes(select("SELECT token_hash FROM api_tokens")) == sha256(token.encode()).digest()
    assert token not in str(select("SELECT json_agg(e) FROM events AS e"))
    assert log
    assert token not in "".join(log)
    assert token[8:20] not in alice.get("/account/data").text


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": "", "scope": "read", "days": "7"}, "Enter a name."),
        ({"name": "x" * 61, "scope": "read", "days": "7"}, "Names have 1 to 60 characters."),
        ({"name": " \u3000 ", "scope": "read", "days": "7"}, "Names have 1 to 60 characters."),
        ({"name": "a\x00b", "scope": "read", "days": "7"}, "control character"),
        ({"name": "Script", "scope": "all", "days": "7"}, "Not a valid choice"),
        ({"name": "Script", "scope": "read", "days": "0"}, "whole number from 1 to 365"),
        ({"name": "Script", "scope": "read", "days": "366"}, "whole number from 1 to 365"),
        ({"name": "Script", "scope": "read", "days": "soon"}, "must be a whole number"),
    ],
)
def test_a_form_that_is_wrong_makes_none(alice: Site, select: Select, fields: dict[str, str], error: str) -> None:
    page = alice.submit("/account/tokens", **fields)
    assert page.status_code == 422
    assert error in page.text
    assert select("SELECT count(*) FROM api_tokens") == 0


def test_twenty_are_enough(alice: Site, client: FlaskClient, select: Select) -> None:
    tokens = [new_token(alice, name=f"No. {number}") for number in range(API_TOKENS_MAX)]
    page = alice.submit("/account/tokens", name="One more", scope="read", days="7")
    assert (page.status_code, "You have 20 tokens" in page.text) == (422, True)
    # One that has expired is none.
    select("UPDATE api_tokens SET made_at = now() - interval '2 days', expires_at = now() - interval '1 day'"
           " WHERE name = 'No. 3'")  # fmt: skip
    assert status(client, new_token(alice, name="One more")) == 200
    assert [status(client, tokens[3]), status(client, tokens[4])] == [401, 200]


def test_a_revoked_token_no_longer_works(alice: Site, bob: Site, client: FlaskClient) -> None:
    token, other = new_token(alice), new_token(bob)
    page = alice.get("/account/tokens").text
    address = re.findall(r'action="(/account/tokens/\d+/revoke)"', page)
    assert len(address) == 1
    # Another reader can't.
    fields = hidden_fields(bob.get("/account/tokens").text)
    assert bob.client.post(address[0], data=fields).status_code == 409
    assert status(client, token) == 200
    assert alice.client.post(address[0], data=hidden_fields(page)).status_code == 303
    assert "Token revoked." in alice.get("/account/tokens").text
    assert [status(client, token), status(client, other)] == [401, 200]
    assert alice.client.post(address[0], data=hidden_fields(page)).status_code == 409


def test_a_new_password_revokes_all(alice: Site, bob: Site, client: FlaskClient) -> None:
    token, other = new_token(alice), new_token(bob)
    assert alice.submit(
        "/account/password", old_password=PASSWORD, password=NEW, confirmation=NEW
    ).status_code == 303  # fmt: skip
    assert [status(client, token), status(client, other)] == [401, 200]


def test_so_does_a_reset_link(app: Flask, alice: Site, visit: Visit, client: FlaskClient) -> None:
    token = new_token(alice)
    link = app.test_cli_runner().invoke(args=["users", "reset-password", "Alice"]).stdout.split()[0]
    page = "/reset/" + link.rpartition("/")[2]
    assert visit().submit(page, password=NEW, confirmation=NEW).status_code == 303
    assert status(client, token) == 401


def test_so_does_a_second_factor(alice: Site, client: FlaskClient, clock: Clock) -> None:
    token = new_token(alice)
    alice.with_app(clock)
    assert status(client, token) == 401


def test_logging_out_other_devices_revokes_them_if_the_reader_says_so(
    alice: Site, client: FlaskClient, select: Select
) -> None:
    address = "/account/sessions/end-others"
    assert "API tokens" not in alice.get(address).text
    token = new_token(alice)
    assert "Otherwise, programs that have one can still use your account." in alice.get(address).text
    assert alice.submit(address, password=PASSWORD).status_code == 303
    assert status(client, token) == 200
    assert alice.submit(address, password="wrong", revokes_tokens="y").status_code == 422
    assert status(client, token) == 200
    assert alice.submit(address, password=PASSWORD, revokes_tokens="y").status_code == 303
    assert status(client, token) == 401
    newest = "SELECT detail FROM events WHERE kind = 'other-sessions-ended' ORDER BY id DESC LIMIT 1"
    assert select(newest) == {"sessions": 0, "tokens": 1}


def test_logging_out_revokes_none(alice: Site, client: FlaskClient) -> None:
    token = new_token(alice)
    assert alice.get("/logout").status_code == 303
    assert status(client, token) == 200


def test_a_reader_without_tokens_sees_what_they_are_for(alice: Site) -> None:
    assert "You have no tokens. Make one for each program" in alice.get("/account/tokens").text
    new_token(alice)
    assert "You have no tokens." not in alice.get("/account/tokens").text


def test_they_go_with_the_account_at_once(alice: Site, client: FlaskClient, select: Select) -> None:
    token = new_token(alice)
    assert alice.submit("/account/delete", reviews="delete", password=PASSWORD).status_code == 303
    assert status(client, token) == 401
    assert select("SELECT count(*) FROM api_tokens") == 0


def test_they_wait_while_the_account_is_locked(alice: Site, client: FlaskClient, select: Select) -> None:
    token = new_token(alice)
    select("UPDATE readers SET lock_reason = 'Sells watches.'")
    assert status(client, token) == 401
    select("UPDATE readers SET lock_reason = NULL")
    assert status(client, token) == 200


def test_the_last_use_is_written_once_an_hour(alice: Site, client: FlaskClient, select: Select) -> None:
    token = new_token(alice)
    assert "not used yet" in alice.get("/account/tokens").text
    used = "SELECT used_at FROM api_tokens"
    assert status(client, token) == 200
    first = select(used)
    assert first is not None
    assert status(client, token) == 200
    assert select(used) == first
    select("UPDATE api_tokens SET used_at = now() - interval '61 minutes'")
    before = select(used)
    assert status(client, token) == 200
    assert select(used) > before
    assert "not used yet" not in alice.get("/account/tokens").text


def test_the_download_names_them(alice: Site) -> None:
    new_token(alice, name="My script")
    tokens = alice.get("/account/data").get_json()["api_tokens"]
    assert [(one["name"], one["can_write"], set(one)) for one in tokens] == [
        ("My script", False, {"id", "name", "can_write", "made_at", "expires_at", "used_at"})
    ]
