"""How often may be tried: wrong passwords, registrations."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from argon2 import PasswordHasher
from werkzeug.test import TestResponse

from flyleaf import passwords
from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.views import readers
from tests.fixture_types import Select, Together, Visit
from tests.site import PASSWORD, Site, cookie_name, hidden_fields

WRONG = "a rose is a daisy"
EVERY_MOMENT = "UPDATE attempts SET moments = ARRAY(SELECT m - CAST(:by AS interval) FROM unnest(moments) AS m)"


@pytest.fixture
def log_in(visit: Visit) -> Callable[..., int]:
    """The status of a new browser's log-in, from an address of its own where one is given."""

    def submit(
        name: str = "Alice", password: str = WRONG, address: str = "192.0.2.1", browser: Site | None = None
    ) -> int:
        browser = browser or visit()
        browser.client.environ_base["REMOTE_ADDR"] = address
        return browser.submit("/login", username=name, password=password).status_code

    return submit


def test_after_ten_wrong_passwords_from_anywhere_the_account_is_shut_for_minutes(
    alice: Site, visit: Visit, log_in: Callable[..., int], select: Select
) -> None:
    assert [log_in(address=f"192.0.2.{number}") for number in range(10)] == [422] * 10
    response = visit().submit("/login", username="Alice", password=PASSWORD)
    assert response.status_code == 429
    assert 290 < int(response.headers["Retry-After"]) <= 300
    assert "Wait 5 minutes" in response.text
    select(EVERY_MOMENT, by="4 minutes 30 seconds")
    response = visit().submit("/login", username="ALICE", password=PASSWORD)
    assert response.status_code == 429
    assert 20 < int(response.headers["Retry-After"]) <= 30
    assert "Wait a minute" in response.text
    select(EVERY_MOMENT, by="31 seconds")
    assert log_in(password=PASSWORD) == 303


def test_a_browser_that_alice_has_used_lets_her_in_while_others_guess(alice: Site, log_in: Callable[..., int]) -> None:
    alice.get("/logout")
    for number in range(12):
        log_in(address=f"192.0.2.{number}")
    for _ in range(9):
        assert log_in(browser=alice, address="127.0.0.1") == 422
    assert log_in(browser=alice, address="127.0.0.1", password=PASSWORD) == 303


def test_that_browser_has_ten_tries_too(alice: Site, log_in: Callable[..., int]) -> None:
    alice.get("/logout")
    assert [log_in(browser=alice) for _ in range(11)] == [422] * 10 + [429]
    assert log_in(password=PASSWORD) == 303, "and a new browser is not kept out by it"


def test_a_browser_of_bob_is_none_of_alice(alice: Site, bob: Site, log_in: Callable[..., int]) -> None:
    bob.get("/logout")
    assert [log_in(browser=bob) for _ in range(11)] == [422] * 10 + [429]


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "\ud83d", "é" * 10])
def test_a_device_cookie_that_somebody_made_up_is_none(
    alice: Site, visit: Visit, log_in: Callable[..., int], cookie: str
) -> None:
    mallory = visit()
    mallory.keep("device", cookie.encode("utf-8", "surrogatepass").decode("latin-1"))
    assert [log_in(browser=mallory) for _ in range(11)] == [422] * 10 + [429]


def test_a_device_cookie_does_not_say_whose_it_is(alice: Site) -> None:
    cookie = alice.client.get_cookie(cookie_name(alice.client.application, "device"))
    assert cookie is not None
    assert cookie.http_only
    assert "alice" not in cookie.value.lower()


def test_an_unknown_name_is_shut_as_a_known_one(alice: Site, log_in: Callable[..., int]) -> None:
    for name in ("Alice", "Mallory"):
        assert [log_in(name, address=f"192.0.2.{number}") for number in range(11)] == [422] * 10 + [429]


def test_thirty_wrong_passwords_shut_an_address_and_no_other(
    alice: Site, bob: Site, log_in: Callable[..., int]
) -> None:
    tries = [log_in(f"Reader {number // 5}") for number in range(31)]
    assert tries == [422] * 30 + [429]
    assert log_in(password=PASSWORD) == 429
    assert log_in(password=PASSWORD, address="192.0.2.2") == 303
    bob.get("/logout")
    assert log_in(browser=bob, name="Bob", password=PASSWORD) == 303, "Bob's browser is known"


def test_right_passwords_are_not_counted(alice: Site, log_in: Callable[..., int]) -> None:
    assert [log_in(password=PASSWORD) for _ in range(35)] == [303] * 35


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", True),  # what a customer gets is a network
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),  # a socket of the machine itself
    ],
)
def test_what_one_address_is(log_in: Callable[..., int], one: str, other: str, is_one: bool) -> None:
    for number in range(30):
        log_in(f"Reader {number // 5}", address=one)
    assert log_in("Another", address=other) == (429 if is_one else 422)


def test_x_forwarded_for_does_not_open_another_account_of_tries(visit: Visit) -> None:
    mallory = visit()
    fields = hidden_fields(mallory.get("/login").text)
    tries = [
        mallory.client.post(
            "/login",
            data=fields | {"username": f"Reader {number // 5}", "password": WRONG},
            headers={"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"},
        ).status_code
        for number in range(31)
    ]
    assert tries[-1] == 429


def test_behind_a_trusted_proxy_it_is_the_address_that_the_proxy_saw(config: Config, database: Database) -> None:
    app = create_app(replace(config, trusted_proxies=1), database)

    def log_in(number: int, forwarded: str) -> int:
        site = Site(app.test_client())
        fields = hidden_fields(site.get("/login").text) | {"username": f"Reader {number // 5}", "password": WRONG}
        return site.client.post("/login", data=fields, headers={"X-Forwarded-For": forwarded}).status_code

    tries = [log_in(number, f"192.0.2.{number}, 198.51.100.1") for number in range(31)]
    assert tries == [422] * 30 + [429]
    assert log_in(40, "192.0.2.1, 198.51.100.2") == 422


def test_a_try_that_is_refused_costs_no_hash(
    alice: Site, log_in: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):
        log_in()
    hashes = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            hashes.append(hash)
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting(time_cost=1, memory_cost=8, parallelism=1))
    assert log_in() == 429
    assert hashes == []


def test_of_many_at_the_same_moment_ten_are_let_through(alice: Site, visit: Visit, together: Together) -> None:
    def browser(number: int) -> Callable[[], int]:
        site = visit()
        site.client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        fields = hidden_fields(site.get("/login").text) | {"username": "Alice", "password": WRONG}
        return lambda: site.client.post("/login", data=fields).status_code

    first, second = (together(*[browser(number) for number in range(8)]) for _ in range(2))
    assert sorted(first + second) == [422] * 10 + [429] * 6


def test_no_name_and_no_address_is_in_the_table(alice: Site, log_in: Callable[..., int], select: Select) -> None:
    log_in(name="Bob", address="192.0.2.77")
    stored = select("SELECT string_agg(attempts::text, ' ') FROM attempts").lower()
    for text in ("bob", "alice", "192.0.2.77", "127.0.0.1"):
        assert text not in stored
        assert text.encode().hex() not in stored


def test_wrong_passwords_are_events_of_their_account_alone(
    alice: Site, log_in: Callable[..., int], select: Select
) -> None:
    log_in()
    log_in("Mallory")
    log_in("Mallory")
    assert select("SELECT count(*) FROM events WHERE kind = 'login-failed'") == 1
    assert select("SELECT attempts FROM failed_logins") == 2
    for secret in (WRONG, PASSWORD, "Mallory", "192.0.2.1"):
        assert secret not in select("SELECT string_agg(events::text, ' ') FROM events")
        assert secret not in select("SELECT string_agg(failed_logins::text, ' ') FROM failed_logins")


@pytest.fixture
def few_registrations(config: Config, database: Database) -> Visit:
    """A new browser of a site where two accounts an hour may be made from an address."""
    app = create_app(replace(config, registrations_per_hour=2), database)
    return lambda: Site(app.test_client())


def test_registrations_from_an_address_are_limited(few_registrations: Visit, select: Select) -> None:
    def register(name: str, address: str = "192.0.2.1") -> TestResponse:
        site = few_registrations()
        site.client.environ_base["REMOTE_ADDR"] = address
        return site.submit("/register", username=name, password=PASSWORD, confirmation=PASSWORD)

    assert register("Alice").status_code == 303
    assert register("Bob").status_code == 303
    response = register("Carol")
    assert response.status_code == 429
    assert 3590 < int(response.headers["Retry-After"]) <= 3600
    assert re.search("Wait 60 minutes", response.text)
    assert select("SELECT count(*) FROM readers") == 2
    assert register("Carol", "192.0.2.2").status_code == 303
    select(EVERY_MOMENT, by="1 hour 1 second")
    assert register("Dave").status_code == 303


def test_taken_names_can_not_be_found_out_without_end(
    alice: Site, few_registrations: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []
    monkeypatch.setattr(readers, "hash_password", hashes.append)

    def register(name: str) -> TestResponse:
        return few_registrations().submit("/register", username=name, password=PASSWORD, confirmation=PASSWORD)

    assert [register(name).status_code for name in ("Alice", "ALICE", "alice")] == [422, 429, 429]
    assert hashes == [], "a name that is taken costs no hash"
