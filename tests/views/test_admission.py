"""Who may register: everyone, people with an invitation, or people whom a moderator approves."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from werkzeug.test import TestResponse

from flyleaf.config import Config
from tests.site import PASSWORD, Site, hidden_fields

Users = Callable[..., Any]


@pytest.fixture(params=["open"])
def registration(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def config(config: Config, registration: str) -> Config:
    return replace(config, registration=registration)  # type: ignore[arg-type]  # one of its values


@pytest.fixture
def users(app: Flask) -> Users:
    runner: FlaskCliRunner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["users", *arguments])


@pytest.fixture
def mo(users: Users, visit: Callable[[], Site]) -> Site:
    """A moderator, who has registered with an invitation from the operator."""
    link = users("invite").stdout.strip()
    assert register(visit_by(visit, link), link, "Mo").status_code == 303
    assert users("make-moderator", "Mo").exit_code == 0
    return visit().logged_in("Mo")


def visit_by(visit: Callable[[], Site], link: str) -> Site:
    assert "/register?invitation=" in link
    return visit()


def register(visitor: Site, address: str, name: str) -> TestResponse:
    page = address.partition("5000")[2] if "5000" in address else address.replace("http://localhost", "")
    return visitor.submit(page, "/register", username=name, password=PASSWORD, confirmation=PASSWORD)


def new_link(mo: Site, **fields: str) -> str:
    page = mo.submit("/moderation/invitations", **({"uses": "1", "days": "7", "note": ""} | fields)).text
    found = re.search(r'<code id="invitation-link">([^<]*)</code>', page)
    assert found is not None, page
    return unescape(found[1])


def is_in(reader: Site) -> bool:
    return reader.get("/search").status_code == 200


def test_everyone_may_register_where_registration_is_open(visit: Callable[[], Site]) -> None:
    assert is_in(visit().registered("Alice"))


@pytest.mark.parametrize("registration", ["invitation"], indirect=True)
class TestByInvitation:
    def test_without_an_invitation_nobody_can_register(self, visit: Callable[[], Site], mo: Site) -> None:
        page = visit().get("/register")
        assert page.status_code == 403
        assert "Registration is by invitation" in page.text
        assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
        visitor = visit()
        token = visitor.submit("/login", "/register", username="Eve", password=PASSWORD, confirmation=PASSWORD)
        assert (token.status_code, is_in(visitor)) == (403, False)

    def test_a_moderators_link_works_as_often_as_it_says(self, visit: Callable[[], Site], mo: Site) -> None:
        link = new_link(mo, uses="2")
        for name in ("Alice", "Bob"):
            visitor = visit()
            assert register(visitor, link, name).status_code == 303
            assert is_in(visitor)
        refused = visit().get(link.replace("http://localhost", ""))
        assert refused.status_code == 403
        assert "expired or was used up" in refused.text

    def test_of_simultaneous_registrations_one_uses_the_link(
        self, visit: Callable[[], Site], mo: Site, together: Callable[..., list[TestResponse]], select: Any
    ) -> None:
        link = new_link(mo)
        names = ("Alice", "Bob", "Carol", "Dan")
        token = link.partition("invitation=")[2]
        visitors = [visit() for _ in names]
        forms = [hidden_fields(visitor.get(f"/register?invitation={token}").text) for visitor in visitors]
        typed = {"password": PASSWORD, "confirmation": PASSWORD}
        answers = together(
            *[
                lambda visitor=visitor, form=form, name=name: visitor.client.post(
                    "/register", data=form | typed | {"username": name}
                )
                for visitor, form, name in zip(visitors, forms, names, strict=True)
            ]
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 303
        assert set(statuses[1:]) <= {403, 409}
        assert select("SELECT count(*) FROM readers WHERE name <> 'Mo'") == 1
        assert select("SELECT uses FROM invitations ORDER BY id DESC LIMIT 1") == 1

    def test_a_taken_name_uses_nothing_up(self, visit: Callable[[], Site], mo: Site) -> None:
        link = new_link(mo)
        assert register(visit(), link, "mo").status_code == 422
        assert register(visit(), link, "Alice").status_code == 303

    def test_an_ended_or_expired_link_works_no_more(self, visit: Callable[[], Site], mo: Site, select: Any) -> None:
        ended, expired = new_link(mo), new_link(mo)
        number = select("SELECT id FROM invitations ORDER BY id DESC OFFSET 1 LIMIT 1")
        page = mo.submit("/moderation/invitations", f"/moderation/invitations/{number}/end")
        assert page.status_code == 303
        again = mo.submit("/moderation/invitations", f"/moderation/invitations/{number}/end")
        assert again.status_code == 409
        select("UPDATE invitations SET expires_at = now() WHERE id = (SELECT max(id) FROM invitations)")
        for link in (ended, expired):
            assert visit().get(link.replace("http://localhost", "")).status_code == 403

    @pytest.mark.parametrize("fields", [{"uses": "0"}, {"uses": "1001"}, {"days": "366"}, {"days": "soon"}])
    def test_wrong_numbers_are_refused_with_a_sentence(self, mo: Site, fields: dict[str, str]) -> None:
        answer = mo.submit("/moderation/invitations", **({"uses": "1", "days": "7", "note": ""} | fields))
        assert answer.status_code == 422
        assert "must be a whole number" in answer.text

    def test_the_list_says_who_made_a_link_and_for_whom(self, mo: Site) -> None:
        new_link(mo, note="The <book> club")
        page = mo.get("/moderation/invitations").text
        assert "The &lt;book&gt; club" in page
        assert "used 0 of 1 time" in page
        assert "operator" in page, "the operator's own invitation"

    def test_readers_see_nothing_of_it(self, visit: Callable[[], Site], mo: Site) -> None:
        alice = visit()
        register(alice, new_link(mo), "Alice")
        assert alice.get("/moderation/invitations").status_code == 404
        assert alice.get("/moderation/registrations").status_code == 404

    def test_the_token_is_stored_nowhere(self, mo: Site, select: Any, log: list[str]) -> None:
        token = new_link(mo).partition("invitation=")[2]
        assert len(token) == 43
        stored = select("SELECT string_agg(i::text, ' ') FROM invitations AS i")
        assert token not in stored
        assert not any(token in line for line in log)


@pytest.mark.parametrize("registration", ["approval"], indirect=True)
class TestByApproval:
    def test_a_new_reader_waits_for_a_moderator(self, visit: Callable[[], Site], mo: Site, users: Users) -> None:
        alice = visit()
        answer = register(alice, "/register", "Alice")
        assert answer.headers["Location"] == "/login"
        assert "once a moderator has approved it" in alice.get("/login").text
        assert not is_in(alice)
        refused = alice.submit("/login", username="Alice", password=PASSWORD)
        assert (refused.status_code, is_in(alice)) == (403, False)
        assert "A moderator has to approve your account" in refused.text
        assert "waiting for approval" in users("list", "Alice").stdout
        assert mo.get("/readers/Alice").status_code == 404, "names are not published before"

    def test_a_wrong_password_does_not_tell_that_an_account_is_pending(self, visit: Callable[[], Site]) -> None:
        alice = visit()
        register(alice, "/register", "Alice")
        assert "approve" not in alice.submit("/login", username="Alice", password="not a rose").text

    def test_a_moderator_approves(self, visit: Callable[[], Site], mo: Site, select: Any) -> None:
        register(visit(), "/register", "Alice")
        number = select("SELECT id FROM readers WHERE name = 'Alice'")
        page = mo.get("/moderation/registrations").text
        assert "Alice" in page
        assert mo.submit("/moderation/registrations", f"/moderation/registrations/{number}/approve").status_code == 303
        assert is_in(visit().logged_in("Alice"))
        again = mo.submit("/moderation/invitations", f"/moderation/registrations/{number}/refuse")
        assert again.status_code == 409, "who is approved is not deleted by an old page"
        assert select("SELECT count(*) FROM readers WHERE name = 'Alice'") == 1

    def test_a_moderator_refuses_and_the_name_is_free(self, visit: Callable[[], Site], mo: Site, select: Any) -> None:
        register(visit(), "/register", "Alice")
        number = select("SELECT id FROM readers WHERE name = 'Alice'")
        mo.submit("/moderation/registrations", f"/moderation/registrations/{number}/refuse")
        assert select("SELECT count(*) FROM readers WHERE name = 'Alice'") == 0
        assert register(visit(), "/register", "Alice").headers["Location"] == "/login"

    def test_an_invitation_is_as_good_as_an_approval(self, visit: Callable[[], Site], mo: Site) -> None:
        alice = visit()
        register(alice, new_link(mo), "Alice")
        assert is_in(alice)

    def test_the_operator_approves_by_a_command(self, visit: Callable[[], Site], users: Users) -> None:
        register(visit(), "/register", "Alice")
        assert users("approve", "alice").stdout == "Alice can log in.\n"
        assert is_in(visit().logged_in("Alice"))

    def test_a_reset_link_does_not_let_a_pending_reader_in(self, visit: Callable[[], Site], users: Users) -> None:
        register(visit(), "/register", "Alice")
        link = users("reset-password", "Alice", "--site", "http://localhost").stdout.strip()
        alice = visit()
        alice.submit(link.replace("http://localhost", ""), password="another rose", confirmation="another rose")
        alice.submit("/login", username="Alice", password="another rose")
        assert not is_in(alice)


def test_invitations_of_the_operator(users: Users, select: Any) -> None:
    result = users("invite", "--uses", "30", "--days", "1", "--note", "class 7b", "--site", "https://books.example/")
    assert result.stdout.startswith("https://books.example/register?invitation=")
    assert result.stderr == "The link works 30 times, within 1 day.\n"
    assert select("SELECT note FROM invitations") == "class 7b"
    assert users("invite", "--uses", "0").exit_code == 2
    assert users("invite", "--note", "x" * 101).exit_code == 1
