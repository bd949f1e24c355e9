"""Registering: who may be called what, and which passwords there are."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flyleaf.limits import PASSWORD_MAX, PASSWORD_MIN, USERNAME_MAX
from tests.fixture_types import Select, Together, Visit
from tests.markup import part
from tests.site import PASSWORD, Site, hidden_fields

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
LONG = "a rose is a rose is a rose, and then some"


@pytest.fixture
def register(visit: Visit) -> Callable[..., TestResponse]:
    """Fills in the form as a new visitor."""

    def fill_in(**fields: str) -> TestResponse:
        fields = {"username": "Alice", "password": PASSWORD} | fields
        return visit().submit("/register", **({"confirmation": fields["password"]} | fields))

    return fill_in


def error(html: str, field: str) -> str:
    """What stands beside a field as wrong."""
    found = re.search(rf'id="{field}-error".*?<span>([^<]+)<', html, re.DOTALL)
    return found[1].strip() if found else ""


def value(html: str, field: str) -> str | None:
    """What a field is filled with."""
    tag = part(rf'<input[^>]*name="{field}"[^>]*>', html)
    found = re.search(r'value="([^"]*)"', tag)
    return found[1] if found else None


def test_alice_is_logged_in_and_greeted_at_once(visit: Visit) -> None:
    alice = visit()
    response = alice.submit("/register", username="Alice", password=PASSWORD, confirmation=PASSWORD)
    assert response.status_code == 303
    assert response.location == "/search"
    page = alice.get("/search").text
    assert "Alice" in page
    assert 'class="notice"' in page
    assert 'class="notice"' not in alice.get("/search").text, "the greeting is said once"


def test_alice_comes_back_to_the_page_that_she_wanted(visit: Visit, dune: str) -> None:
    alice = visit()
    asked = alice.get(f"/books/{dune}").location
    to_register = asked.replace("/login", "/register")
    response = alice.submit(to_register, "/register", username="Alice", password=PASSWORD, confirmation=PASSWORD)
    assert response.location == f"/books/{dune}"


def test_alice_has_nothing_to_register_while_she_is_logged_in(alice: Site) -> None:
    assert alice.get("/register").status_code == 303


def test_the_password_is_stored_as_argon2id_alone(real_passwords: None, alice: Site, select: Select) -> None:
    assert select("SELECT password_hash FROM readers").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in select("SELECT readers::text FROM readers")


@pytest.mark.parametrize(
    "name",
    [
        "Alice",
        "alice",
        "ALICE",
        " Alice ",
        "Ａｌｉｃｅ",  # full width
        "𝓐𝓵𝓲𝓬𝓮",
        "Ⓐlice",
    ],
)
def test_a_name_that_looks_like_alices_is_taken(
    alice: Site, register: Callable[..., TestResponse], select: Select, name: str
) -> None:
    response = register(username=name)
    assert response.status_code == 422
    assert "taken" in error(response.text, "username")
    assert select("SELECT count(*) FROM readers") == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Zoë", "Zoe\u0308"),  # composed, decomposed
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("of\ufb01ce", "Office"),
        ("Alice  B", "alice b"),
        ("Alice\u00a0B", "alice\u3000b"),  # no-break and ideographic space
        ("\u1fb3", "\u03b1\u03b9"),  # alpha with iota below folds to two letters
    ],
)
def test_names_that_differ_by_case_width_spaces_or_normal_form_are_one(
    register: Callable[..., TestResponse], select: Select, first: str, second: str
) -> None:
    assert register(username=first).status_code == 303
    assert register(username=second).status_code == 422
    assert select("SELECT count(*) FROM readers") == 1


def test_names_of_all_scripts_are_welcome(
    register: Callable[..., TestResponse], select: Select, subtests: pytest.Subtests
) -> None:
    names = ["José", "Ольга", "محمد", "東京", "ไทย", "Ngũgĩ", "O'Brien", "Anne-Marie", "bob_1"]
    for name in names:
        with subtests.test(name):
            assert register(username=name).status_code == 303
    assert select("SELECT count(*) FROM readers") == len(names)


def test_names_nobody_can_see_or_type_are_refused(
    register: Callable[..., TestResponse], select: Select, subtests: pytest.Subtests
) -> None:
    names = {
        "empty": "",
        "a space": " ",
        "an ideographic space": "\u3000",
        "NUL": "Ali\0ce",
        "a bell": "Ali\x07ce",
        "delete": "Ali\x7fce",
        "a C1 control": "Ali\x85ce",
        "a line break": "Ali\nce",
        "a carriage return": "Ali\r\nce",
        "a tab": "Ali\tce",
        "a line separator": "Ali\u2028ce",
        "a zero-width space": "Ali\u200bce",
        "a zero-width joiner": "Ali\u200dce",
        "a word joiner": "Ali\u2060ce",
        "a byte order mark": "\ufeffAlice",
        "a soft hyphen": "Ali\u00adce",
        "a right-to-left override": "\u202eecilA",
        "a right-to-left isolate": "\u2067Alice",
        "a right-to-left mark": "Alice\u200f",
        "a tag letter": "Alice\U000e0061",
        "a private letter": "Alice\ue000",
        "an unassigned letter": "Alice\u0378",
        "a Hangul filler": "\u3164",
        "a half-width Hangul filler": "Alice\uffa0",
        "a grapheme joiner": "Alice\u034f",
        "a variation selector": "Alice\ufe0f",
        "a Braille blank": "\u2800",
    }
    for what, name in names.items():
        with subtests.test(what):
            response = register(username=name)
            assert response.status_code == 422
            assert error(response.text, "username")
    assert select("SELECT count(*) FROM readers") == 0


def test_a_name_may_have_64_characters_and_no_more(register: Callable[..., TestResponse]) -> None:
    assert USERNAME_MAX == 64
    assert register(username="ä" * USERNAME_MAX).status_code == 303
    response = register(username="b" * (USERNAME_MAX + 1))
    assert response.status_code == 422
    assert str(USERNAME_MAX) in error(response.text, "username")


def test_a_name_is_measured_as_it_is_stored(register: Callable[..., TestResponse]) -> None:
    """One ligature becomes eighteen letters."""
    assert register(username="\ufdfa" * 4).status_code == 422


def test_a_password_has_8_to_256_characters(register: Callable[..., TestResponse], subtests: pytest.Subtests) -> None:
    assert (PASSWORD_MIN, PASSWORD_MAX) == (8, 256)
    for length, status in ((7, 422), (8, 303), (256, 303), (257, 422)):
        with subtests.test(length=length):
            response = register(username=f"Reader {length}", password="é" * length)
            assert response.status_code == status
            assert bool(error(response.text, "password")) is (status == 422)


@pytest.mark.parametrize("password", ["password\0", "\0" * 8, "pass\x1bword"])
def test_a_password_with_control_characters_is_refused(register: Callable[..., TestResponse], password: str) -> None:
    response = register(password=password)
    assert response.status_code == 422
    assert error(response.text, "password")


@pytest.mark.parametrize("password", ["alice in wonderland", "ALICE IN WONDERLAND", "Ａlice in wonderland"])
def test_the_name_is_no_password(register: Callable[..., TestResponse], password: str) -> None:
    response = register(username="Alice in Wonderland", password=password)
    assert response.status_code == 422
    assert error(response.text, "password")


def test_two_different_passwords_are_refused_beside_the_second(register: Callable[..., TestResponse]) -> None:
    response = register(confirmation=PASSWORD + "!")
    assert response.status_code == 422
    assert error(response.text, "confirmation")
    assert not error(response.text, "username")


def test_what_was_typed_is_kept_but_never_the_password(register: Callable[..., TestResponse]) -> None:
    response = register(username="Bob", password=LONG, confirmation=LONG + "!")
    assert value(response.text, "username") == "Bob"
    assert not value(response.text, "password")
    assert not value(response.text, "confirmation")
    assert LONG not in response.text


def test_a_password_in_the_address_is_not_shown(client: FlaskClient) -> None:
    assert LONG not in client.get("/register", query_string={"password": LONG, "confirmation": LONG}).text


def test_each_missing_field_is_told_beside_it(visit: Visit, subtests: pytest.Subtests) -> None:
    for missing in ("username", "password", "confirmation"):
        with subtests.test(missing):
            fields = {"username": "Alice", "password": PASSWORD, "confirmation": PASSWORD}
            del fields[missing]
            response = visit().submit("/register", **fields)
            assert response.status_code == 422
            assert error(response.text, missing)


def test_a_field_that_comes_twice_is_refused(
    register: Callable[..., TestResponse], select: Select, subtests: pytest.Subtests
) -> None:
    twice = {
        "username": ["Alice", "Mallory"],
        "password": [PASSWORD, "something else"],
        "confirmation": [PASSWORD, "something else"],
    }
    for field, values in twice.items():
        with subtests.test(field):
            response = register(**{"confirmation": PASSWORD, field: values})
            assert response.status_code == 422
    assert select("SELECT count(*) FROM readers") == 0


def test_markup_in_a_name_is_shown_as_text(register: Callable[..., TestResponse], subtests: pytest.Subtests) -> None:
    for field in ("username", "next"):
        with subtests.test(field):
            text = register(**{"username": "Alice", field: MARKUP, "confirmation": "another one"}).text
            assert "<script>alert" not in text
            assert "<img" not in text
            assert "&lt;script&gt;" in text


def test_a_name_with_markup_is_shown_as_text_on_every_page(alice: Site, select: Select) -> None:
    """Whoever registered before such names were refused has one."""
    select("UPDATE readers SET name = '<b>Alice<b>&amp;'")
    text = alice.get("/search").text
    assert "<b>Alice" not in text
    assert "&lt;b&gt;Alice&lt;b&gt;&amp;amp;" in text


def test_escapes_of_bytes_that_are_no_utf8_are_no_name(visit: Visit) -> None:
    """Werkzeug would take %ED%A0%80 for what was typed."""
    new = visit()
    token = hidden_fields(new.get("/register").text)["csrf_token"]
    body = f"username=%ED%A0%80x&password={LONG}&confirmation={LONG}&csrf_token={token}"
    response = new.client.post("/register", data=body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400


def test_bytes_that_are_no_utf8_cause_no_error(visit: Visit, subtests: pytest.Subtests) -> None:
    bodies = {
        "a lone byte": b"username=%ff%fe&password=a+rose+is+a&confirmation=a+rose+is+a",
        "a lone surrogate": b"username=%ED%A0%80&password=a+rose+is+a&confirmation=a+rose+is+a",
        "raw": b"username=\xff\xc0&password=\x80",
        "a broken escape": b"username=%zz&password=%&confirmation=%4",
        "no fields at all": b"&&&===&",
        "many fields": b"&".join(b"f%d=1" % n for n in range(2000)),
    }
    for what, body in bodies.items():
        with subtests.test(what):
            response = visit().client.post(
                "/register", data=body, content_type="application/x-www-form-urlencoded; charset=utf-8"
            )
            assert 400 <= response.status_code < 500


def test_other_kinds_of_bodies_cause_no_error(client: FlaskClient, subtests: pytest.Subtests) -> None:
    bodies = {
        "application/json": b'{"username": 1}',
        "multipart/form-data": b"no boundary",
        "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n\xff\r\n',
        "text/plain": b"username=Alice",
        "": b"username=Alice",
    }
    for kind, body in bodies.items():
        with subtests.test(kind):
            assert 400 <= client.post("/register", data=body, content_type=kind).status_code < 500


def test_eight_at_once_want_one_name_and_one_gets_it(visit: Visit, together: Together, select: Select) -> None:
    for round_ in range(3):
        name = f"Alice {round_}"
        fields = {"username": name, "password": PASSWORD, "confirmation": PASSWORD}
        answers = together(*[partial(visit().submit, "/register", **fields) for _ in range(8)])
        assert sorted(answer.status_code for answer in answers) == [303] + [422] * 7
        assert select("SELECT count(*) FROM readers WHERE name = :name", name=name) == 1
