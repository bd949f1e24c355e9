"""Forms that another site sends in a reader's name."""

import re
import time
from collections.abc import Callable

import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from flyleaf.web.forms import TOKEN_LIFETIME
from tests.fixture_types import AddBook, Select, Visit
from tests.site import PASSWORD, Site, hidden_fields

DUNE, SEQUEL = "9780441172719", "9780441172696"
# Searching changes nothing. Logging out asks a visitor whom another site sent, see test_logout.py.
WITHOUT_TOKEN = {"/search", "/logout"}
VALUES = {
    "/register": {"username": "Carol", "password": PASSWORD, "confirmation": PASSWORD},
    "/login": {"username": "Alice", "password": PASSWORD},
    "/books/<address>/review": {"rating": "5", "text": "Typed words."},
    "/books/<address>/review/edit": {"rating": "5", "text": "Typed words."},
    "/books/<address>/shelf": {"shelf": "read"},
    "/shelves": {"name": "Lent"},
    "/shelves/<name>/rename": {"name": "Mine"},
    "/shelves/books/<id:shelved_id>/shelf": {"shelf": "read"},
    "/shelves/books/<id:shelved_id>/shelf/remove": {"shelf": "Mine"},
    "/shelves/books/<id:shelved_id>/readings": {"finished_on": "2020-01-01"},
    "/account/password": {
        "old_password": PASSWORD,
        "password": "a daisy is a daisy",
        "confirmation": "a daisy is a daisy",
    },
    "/account/delete": {"password": "a daisy is a daisy", "reviews": "delete"},
    "/proposals/book": {"title": "Emma"},
    "/proposals/book/look-up": {"isbn": "0261102214"},
    "/import/<id:upload_id>/rows/<id:n>": {"book": DUNE},
    "/account/sessions/<id:session_id>/end": {"password": PASSWORD},
    "/account/sessions/end-others": {"password": PASSWORD},
    "/moderation/invitations": {"uses": "1", "days": "7", "note": ""},
    "/account/tokens": {"name": "Script", "scope": "read", "days": "7"},
    "/reset/<token>": {"password": "a daisy is a daisy", "confirmation": "a daisy is a daisy"},
    "/reviews/<id:review_id>/report": {"reason": "Spam"},
    "/moderation/reviews/<id:review_id>/hide": {"reason": "Spam"},
    "/moderation/proposals/<id:proposal_id>/refuse": {"reason": "The cover says otherwise."},
    "/books/<address>/correct": {"title": "Dune", "reason": "It is on the cover."},
    "/books/<address>/editions": {"kind": "merge", "other": SEQUEL, "reason": ""},
}
# Nothing of the kind is there in these tests: tests/views/test_{second_step,second_factors,passkeys,login_provider}.py.
ELSEWHERE = {
    "/import",  # a file: tests/views/test_uploads.py
    "/account/authenticator-apps/<id:app_id>/remove",
    "/account/passkeys/<id:passkey_id>/remove",
    "/account/recovery-codes",
    "/account/provider",
    "/account/provider/disconnect",
    "/login/code",
    "/login/recovery-code",
    "/register/provider",
}
# A code, a signature, and Open Library.
NEED_MORE = {"/account/authenticator-app", "/account/passkey", "/account/passkey/question", "/proposals/book/look-up"}
LAST = (
    "/shelves/<name>/delete",
    "/books/<address>/review/delete",
    "/account/password",
    "/account/delete",
)  # they end what others change


def post_rules(app: Flask) -> list[str]:
    rules = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/v1/")
    }
    assert rules >= ELSEWHERE | NEED_MORE
    assert len(rules) >= 6
    return sorted(rules - WITHOUT_TOKEN - ELSEWHERE)


def address(rule: str, ids: dict[str, int]) -> str:
    parts = {"<address>": DUNE, "<token>": "token", "<name>": "Mine"}
    table = "work_corrections" if rule.startswith("/work-corrections/") else "corrections"
    numbers = ids | {"correction_id": ids[table]}
    return re.sub("<(id:)?([^>]*)>", lambda part: parts.get(part[0], str(numbers.get(part[2], 1))), rule)


def token(site: Site, page: str) -> str:
    return hidden_fields(site.get(page).text)["csrf_token"]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Turns the clock of the tokens on."""
    return lambda seconds: monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) + seconds)


@pytest.fixture
def ids(alice: Site, bob: Site, dune: str, add_book: AddBook, select: Select) -> dict[str, int]:
    """Of what Bob wrote and suggested, of what was corrected, and of a book on a shelf of Alice's. She moderates, and
    has a link to choose Bob's password."""
    bob.review(dune, 5, "Bob's words.")
    add_book(SEQUEL, "Dune Messiah", "Frank Herbert")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Alice'")
    select("INSERT INTO shelves (reader_id, name, name_key) SELECT id, 'Mine', 'mine' FROM readers")
    select(
        "INSERT INTO password_resets (reader_id, token_hash, expires_at)"
        " SELECT id, sha256('token'), 'infinity' FROM readers WHERE name = 'Bob'"
    )
    select(
        "INSERT INTO login_links (reader_id, token_hash, expires_at)"
        " SELECT id, sha256('token'), 'infinity' FROM readers WHERE name = 'Bob'"
    )
    select(
        "INSERT INTO uploads (reader_id, name, format, state)"
        " SELECT id, 'books.csv', 'csv', 'ready' FROM readers WHERE name = 'Alice'"
    )
    select('INSERT INTO upload_rows (upload_id, n, said) SELECT id, 1, \'{"line": 2, "title": "Dune"}\' FROM uploads')
    return {
        "review_id": select("SELECT max(id) FROM reviews"),
        "upload_id": select("SELECT id FROM uploads"),
        "n": 1,
        "proposal_id": select(
            "INSERT INTO proposals (kind, book_id, field, after, proposed_by)"
            " SELECT 'field', books.id, 'year', '1965', readers.id FROM books, readers"
            " WHERE title = 'Dune' AND name = 'Bob' RETURNING id"
        ),
        "shelved_id": select(
            "INSERT INTO shelved_books (reader_id, title, title_key, author_key, status)"
            " SELECT id, 'Emma', 'emma', '', 'read' FROM readers WHERE name = 'Alice' RETURNING id"
        ),
        "corrections": select(
            "INSERT INTO corrections (book_id, field, after)"
            " SELECT id, 'year', '1965' FROM books WHERE title = 'Dune' RETURNING id"
        ),
        "work_corrections": select(
            "INSERT INTO work_corrections (kind, book_id, into_work)"
            " SELECT 'split', id, ARRAY[CAST(id AS text)] FROM books WHERE title = 'Dune' RETURNING id"
        ),
    }


@pytest.fixture
def tokens(alice: Site, bob: Site, visit: Visit, dune: str, app: Flask) -> dict[str, str | None]:
    """Tokens that are none of Alice's."""
    alice.review(dune, 2, "Alice's words.")
    page = f"/books/{dune}/review/edit"
    good = token(alice, page)
    body, stamp, signature = good.rsplit(".", 2)
    return {
        "none": None,
        "empty": "",
        "wrong": "x",
        "another reader's": token(bob, f"/books/{dune}"),
        "a visitor's": token(visit(), "/login"),
        "her own from before the log-in": "",
        "changed": ("A" if good[0] != "A" else "B") + good[1:],
        "without its signature": f"{body}.{stamp}",
        "with another's signature": f"{body}.{stamp}.{'A' * len(signature)}",
        "with a line break": good + "\n",
        "NUL": "\0",
        "no ASCII": "é" * 20,
        "a surrogate": "%ED%A0%80",
        "very long": "a" * 100_000,
    }


def test_every_form_that_changes_something_is_refused_without_the_visitors_token(
    app: Flask,
    alice: Site,
    dune: str,
    tokens: dict[str, str | None],
    ids: dict[str, int],
    select: Select,
    subtests: pytest.Subtests,
) -> None:
    for rule in post_rules(app):
        for what, value in tokens.items():
            with subtests.test(rule, token=what):
                fields = VALUES.get(rule, {}) | ({} if value is None else {"csrf_token": value})
                response = alice.client.post(address(rule, ids), data=fields)
                assert response.status_code == 400
    assert select("SELECT string_agg(text, ' ' ORDER BY id) FROM reviews") == "Alice's words. Bob's words."
    assert select("SELECT count(*) FROM reviews WHERE hidden_at IS NULL") == 2
    assert select("SELECT count(*) FROM password_resets") == 1
    assert select("SELECT count(*) FROM readers") == 2
    assert alice.get("/search").status_code == 200


def test_a_token_that_comes_twice_is_refused(app: Flask, alice: Site, dune: str, tokens: dict[str, str | None]) -> None:
    good = token(alice, f"/books/{dune}/review/edit")
    fields = VALUES["/books/<address>/review/edit"] | {"csrf_token": [good, good]}
    assert alice.client.post(f"/books/{dune}/review/edit", data=fields).status_code == 400


def test_a_page_that_was_open_for_too_long_is_refused_and_what_was_typed_is_kept(
    alice: Site, visit: Visit, dune: str, later: Callable[[int], None]
) -> None:
    alice.review(dune, 2, "Alice's words.")
    visitor = visit()
    old = token(alice, f"/books/{dune}/review/edit"), token(visitor, "/login")
    later(TOKEN_LIFETIME + 2)
    edit = alice.client.post(
        f"/books/{dune}/review/edit", data={"csrf_token": old[0], "rating": "4", "text": "Typed words."}
    )
    login = visitor.client.post("/login", data={"csrf_token": old[1], "username": "Alice", "password": PASSWORD})
    assert (edit.status_code, login.status_code) == (400, 400)
    assert "Typed words." in edit.text
    assert re.search(r'<input[^>]*value="4"[^>]*checked|<input[^>]*checked[^>]*value="4"', edit.text)
    assert 'value="Alice"' in login.text
    assert PASSWORD not in login.text


def test_a_refused_form_can_be_sent_once_more_as_it_stands(
    alice: Site, dune: str, later: Callable[[int], None]
) -> None:
    old = token(alice, f"/books/{dune}")
    later(TOKEN_LIFETIME + 2)
    fields = {"rating": "4", "text": "Typed words."}
    refused = alice.client.post(f"/books/{dune}/review", data=fields | {"csrf_token": old})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    again = alice.client.post(f"/books/{dune}/review", data=fields | hidden_fields(refused.text))
    assert again.status_code == 303


def test_a_form_may_stand_open_for_hours(alice: Site, dune: str, later: Callable[[int], None]) -> None:
    good = token(alice, f"/books/{dune}")
    later(TOKEN_LIFETIME - 60)
    response = alice.client.post(f"/books/{dune}/review", data={"rating": "4", "csrf_token": good})
    assert response.status_code == 303


@pytest.mark.parametrize(("page", "rule"), [("/register", "/register"), ("/login", "/login")])
def test_a_visitor_without_cookies_is_refused_and_what_was_typed_is_kept(
    alice: Site, app: Flask, page: str, rule: str
) -> None:
    client = app.test_client(use_cookies=False)
    fields = hidden_fields(client.get(page).text) | VALUES[rule]
    response = client.post(page, data=fields)
    assert response.status_code == 400
    assert f'value="{fields["username"]}"' in response.text
    assert PASSWORD not in response.text


def test_tokens_of_before_and_after_the_log_in_are_two(alice: Site, visit: Visit) -> None:
    visitor = visit()
    before = token(visitor, "/login")
    visitor.logged_in("Alice")
    response = visitor.client.post("/login", data=VALUES["/login"] | {"csrf_token": before})
    assert response.status_code == 400


def test_a_token_does_not_outlive_its_session(alice: Site, visit: Visit, dune: str) -> None:
    alice.review(dune, 2, "Alice's words.")
    old = token(alice, f"/books/{dune}/review/edit")
    alice.get("/logout")
    alice.logged_in("Alice")
    response = alice.client.post(f"/books/{dune}/review/delete", data={"csrf_token": old})
    assert response.status_code == 400


def test_with_the_right_token_each_form_works(
    app: Flask, alice: Site, visit: Visit, dune: str, ids: dict[str, int], select: Select
) -> None:
    """So that the tests above refuse for the right reason."""
    alice.review(dune, 2, "Alice's words.")
    visit().logged_in("Alice")
    ids["session_id"] = select("SELECT max(id) FROM sessions")  # the phone's
    rules = [rule for rule in post_rules(app) if rule not in NEED_MORE]
    for rule in sorted(rules, key=lambda rule: LAST.index(rule) + 1 if rule in LAST else 0):
        visitor = visit() if rule in ("/login", "/register", "/login/link/<token>") else alice
        page = "/account" if visitor is alice else "/login"
        fields = VALUES.get(rule, {}) | {"csrf_token": token(visitor, page)}
        response = visitor.client.post(address(rule, ids), data=fields)
        assert response.status_code in (200, 303, 409), rule


def test_searching_needs_no_token(alice: Site) -> None:
    assert alice.client.post("/search", data={"q": "dune"}).status_code == 303


def test_no_get_changes_anything(app: Flask, alice: Site, dune: str, select: Select) -> None:
    alice.review(dune, 2, "Alice's words.")
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.rule != "/logout" and "<path:" not in rule.rule:
            alice.get(rule.rule.replace("<address>", dune), query_string={"rating": "5", "text": "x", "q": "x"}).close()
    assert select("SELECT text FROM reviews") == "Alice's words."
    assert alice.get("/search").status_code == 200


def test_the_forms_of_one_answer_have_one_token_and_the_next_answer_has_another(alice: Site, dune: str) -> None:
    answers = [re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', alice.get(f"/books/{dune}").text) for _ in range(2)]
    assert [len(tokens) for tokens in answers] == [5, 5]  # of a rating, status, shelf, review and language
    assert len(set(answers[0])) == len(set(answers[1])) == 1
    assert not set(answers[0]) & set(answers[1])
