"""Logging in, and where it leads."""

import re
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from flyleaf import passwords
from flyleaf.config import Config
from tests.fixture_types import Select, Visit
from tests.markup import part
from tests.site import PASSWORD, Site

WRONG = "a rose is a daisy"


def message(html: str) -> str:
    return part(r'class="error form-error".*?<span>([^<]+)<', html)


def test_alice_logs_in_and_searches(alice: Site, visit: Visit) -> None:
    again = visit()
    response = again.submit("/login", username="Alice", password=PASSWORD)
    assert response.status_code == 303
    assert response.location == "/search"
    assert "Alice" in again.get("/search").text


@pytest.mark.parametrize("name", ["alice", "ALICE", "  Alice ", "Ａｌｉｃｅ"])
def test_alice_may_write_her_name_as_she_likes(alice: Site, visit: Visit, name: str) -> None:
    assert visit().submit("/login", username=name, password=PASSWORD).status_code == 303


def test_alice_is_led_on_if_she_is_logged_in_already(alice: Site) -> None:
    assert alice.get("/login").location == "/search"
    assert alice.get("/login?next=/books/1").location == "/books/1"
    assert alice.get("/login?next=//evil.example").location == "/search"


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(alice: Site, visit: Visit) -> None:
    def refusal(name: str) -> tuple[int, str, str]:
        response = visit().submit("/login", username=name, password=WRONG)
        page = re.sub(r'value="[^"]{30,}"', "", response.text)  # the token
        return response.status_code, message(response.text), page.replace(name, "")

    assert refusal("Alice") == refusal("Mallory")
    assert 400 <= refusal("Alice")[0] < 500


def test_an_unknown_name_and_a_wrong_password_cost_the_same_hashes(
    alice: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[tuple[str, str]] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            hashes.append(("verify", str(hash).rsplit("$", 2)[0]))
            return super().verify(hash, password)

        def hash(self, password: str | bytes, **more: Any) -> str:
            hashes.append(("hash", ""))
            return super().hash(password, **more)

    monkeypatch.setattr(passwords, "_HASHER", Counting(time_cost=1, memory_cost=8, parallelism=1))
    visit().submit("/login", username="Alice", password=WRONG)
    known, hashes[:] = list(hashes), []
    visit().submit("/login", username="Mallory", password=WRONG)
    assert len(known) == 1
    assert hashes == known


def test_a_visitor_who_is_refused_is_not_logged_in_and_nothing_is_stored(
    alice: Site, visit: Visit, config: Config
) -> None:
    before = len(list(config.sessions.iterdir()))
    mallory = visit()
    mallory.submit("/login", username="Alice", password=WRONG)
    assert mallory.get("/search").status_code == 303
    assert len(list(config.sessions.iterdir())) == before


def test_the_name_is_kept_and_the_password_is_not(alice: Site, visit: Visit) -> None:
    text = visit().submit("/login", username="Alice", password=WRONG).text
    assert 'value="Alice"' in text
    assert WRONG not in text


def test_nearly_the_password_is_not_the_password(alice: Site, visit: Visit, subtests: pytest.Subtests) -> None:
    for password in [
        PASSWORD + "\0",
        PASSWORD + " ",
        PASSWORD.upper(),
        PASSWORD[:-1],
        "\0" + PASSWORD,
        PASSWORD + "x" * 300,
        "",
    ]:
        with subtests.test(repr(password)[:30]):
            assert 400 <= visit().submit("/login", username="Alice", password=password).status_code < 500


def test_256_characters_are_compared_to_the_last_one(visit: Visit) -> None:
    visit().registered("Alice", "é" * 256)
    assert visit().submit("/login", username="Alice", password="é" * 257).status_code == 422
    assert visit().submit("/login", username="Alice", password="é" * 255).status_code == 422
    assert visit().submit("/login", username="Alice", password="é" * 256).status_code == 303


def test_a_password_typed_on_another_keyboard_is_the_same(visit: Visit) -> None:
    visit().registered("Zoë", "Zoe\u0308s passwo\ufb01rd")
    assert visit().submit("/login", username="Zoe\u0308", password="Zoës passwofird").status_code == 303


def test_strange_input_is_refused_and_causes_no_error(alice: Site, visit: Visit, subtests: pytest.Subtests) -> None:
    for what, name in {
        "NUL": "Ali\0ce",
        "only NUL": "\0",
        "a control character": "\x1b[2J",
        "a quote": "' OR '1'='1",
        "a comment": "Alice'--",
        "a wildcard": "Al%",
        "very long": "A" * 100_000,
        "a private letter": "\U0010ffff",
        "empty": "",
    }.items():
        with subtests.test(what):
            assert 400 <= visit().submit("/login", username=name, password=PASSWORD).status_code < 500


def test_missing_and_repeated_fields_are_refused(alice: Site, visit: Visit, subtests: pytest.Subtests) -> None:
    for fields in (
        {},
        {"username": "Alice"},
        {"password": PASSWORD},
        {"username": ["Alice", "Bob"], "password": PASSWORD},
        {"username": "Alice", "password": [PASSWORD, WRONG]},
        {"username": "Alice", "password": [WRONG, PASSWORD]},
    ):
        with subtests.test(str(fields)):
            assert visit().submit("/login", **fields).status_code == 422


def test_bytes_that_are_no_utf8_cause_no_error(visit: Visit, subtests: pytest.Subtests) -> None:
    for body in (
        b"username=%ff&password=%ff",
        b"username=\xff&password=\xc0",
        b"username=%ED%A0%80&password=%ED%BF%BF",
    ):
        with subtests.test(repr(body)):
            kind = "application/x-www-form-urlencoded"
            assert 400 <= visit().client.post("/login", data=body, content_type=kind).status_code < 500


def test_a_name_with_markup_is_shown_as_text(visit: Visit) -> None:
    text = visit().submit("/login", username='"><script>alert(1)</script>', password=WRONG).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_the_page_that_was_asked_for_comes_after_the_log_in(
    alice: Site, visit: Visit, dune: str, subtests: pytest.Subtests
) -> None:
    for wanted in (f"/books/{dune}", f"/books/{dune}?page=2", "/search?q=a%26b+c%C3%A9", "/search?q=100%25&page=3"):
        with subtests.test(wanted):
            visitor = visit()
            asked = visitor.get(wanted)
            assert asked.status_code == 303
            assert asked.location.startswith("/login?next=")
            assert visitor.submit(asked.location, "/login", username="Alice", password=PASSWORD).location == wanted


def test_the_wish_outlives_a_wrong_password(alice: Site, visit: Visit, dune: str) -> None:
    visitor = visit()
    address = visitor.get(f"/books/{dune}").location
    page = visitor.submit(address, "/login", username="Alice", password=WRONG).text
    assert f'value="/books/{dune}"' in page


def test_after_sending_a_review_alice_comes_back_to_the_book(alice: Site, visit: Visit, dune: str) -> None:
    visitor = visit()
    asked = visitor.client.post(f"/books/{dune}/review", data={"rating": "5", "text": "Sand."})
    assert asked.status_code == 303
    assert visitor.submit(asked.location, "/login", username="Alice", password=PASSWORD).location == f"/books/{dune}"


def test_a_wish_with_markup_is_shown_as_text(client: FlaskClient) -> None:
    text = client.get("/login", query_string={"next": '/"><script>alert(1)</script>'}).text
    assert "<script>alert" not in text


def test_a_password_hashed_with_other_parameters_is_hashed_anew_and_still_opens(
    alice: Site, visit: Visit, select: Select
) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    select("UPDATE readers SET password_hash = :old", old=old)
    visit().logged_in("Alice")
    new = select("SELECT password_hash FROM readers")
    assert new != old
    assert "m=8,t=1,p=1" in new
    visit().logged_in("Alice")
    assert select("SELECT password_hash FROM readers") == new, "hashed anew once"


def test_a_locked_reader_with_an_old_hash_is_told_of_the_lock(alice: Site, visit: Visit, select: Select) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    select("UPDATE readers SET password_hash = :old, lock_reason = 'Spam.'", old=old)
    response = visit().submit("/login", username="Alice", password=PASSWORD)
    assert response.status_code == 403
    assert "Spam." in message(response.text)


def test_a_wrong_password_never_changes_the_hash(alice: Site, visit: Visit, select: Select) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    select("UPDATE readers SET password_hash = :old", old=old)
    visit().submit("/login", username="Alice", password=WRONG)
    assert select("SELECT password_hash FROM readers") == old


def test_an_invalid_password_hash_lets_nobody_in(
    alice: Site, visit: Visit, select: Select, subtests: pytest.Subtests
) -> None:
    for stored in ("", "x", "$argon2id$", "pbkdf2:sha256:1$a$b", PASSWORD):
        with subtests.test(stored):
            select("UPDATE readers SET password_hash = :stored", stored=stored)
            assert visit().submit("/login", username="Alice", password=PASSWORD).status_code == 422
