"""One's own account."""

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flyleaf.limits import EVENTS_ON_A_PAGE, OWN_EVENTS_MAX, SESSIONS_MAX
from flyleaf.passwords import verify_password
from flyleaf.queries.events import EventKind
from flyleaf.views.account import EVENTS
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.markup import part
from tests.site import PASSWORD, Site, hidden_fields

NEW = "a daisy is a daisy"
WRONG = "a rose is a daisy"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def is_logged_in(site: Site) -> bool:
    return site.get("/search").status_code == 200


def change_password(site: Site, old: str = PASSWORD, new: str = NEW, again: str | None = None) -> TestResponse:
    return site.submit("/account/password", old_password=old, password=new, confirmation=again or new)


def delete_account(site: Site, password: str = PASSWORD, reviews: str = "delete") -> TestResponse:
    return site.submit("/account/delete", password=password, reviews=reviews)


@pytest.fixture
def phone(alice: Site, visit: Visit) -> Site:
    """Alice's other browser."""
    phone = visit()
    phone.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    return phone.logged_in("Alice")


@pytest.mark.parametrize("page", ["", "/password", "/delete", "/events", "/data"])
def test_the_account_page_needs_a_login(client: FlaskClient, page: str) -> None:
    response = client.get(f"/account{page}")
    assert response.status_code == 303
    assert response.location.startswith("/login?next=")


# --- Sessions -------------------------------------------------------------------------------------------------------


def other_session(site: Site) -> str:
    return part(r'href="(/account/sessions/\d+/end)"', site.get("/account").text)


def test_alice_sees_where_she_is_logged_in(alice: Site, phone: Site, bob: Site) -> None:
    page = alice.get("/account").text
    assert "Firefox, Linux" in page
    assert len(re.findall(r"/account/sessions/\d+/end", page)) == 1, "the one that asks can't be ended here"
    assert "/end" not in bob.get("/account").text


def test_alice_ends_a_session(alice: Site, phone: Site) -> None:
    assert is_logged_in(phone)
    response = alice.submit("/account", other_session(alice), password=PASSWORD)
    assert response.location == "/account"
    assert 'class="notice"' in alice.get("/account").text
    assert not is_logged_in(phone)
    assert is_logged_in(alice)


def test_a_session_that_is_gone_is_404(alice: Site, phone: Site) -> None:
    address = other_session(alice)
    alice.submit("/account", address, password=PASSWORD)
    assert alice.submit("/account", address, password=PASSWORD).status_code == 404
    assert alice.submit("/account", f"/account/sessions/{10**30}/end", password=PASSWORD).status_code == 404
    assert alice.submit("/account", "/account/sessions/0/end", password=PASSWORD).status_code == 404


def test_bob_does_not_end_alices_session(alice: Site, phone: Site, bob: Site) -> None:
    assert bob.submit("/account", other_session(alice), password=PASSWORD).status_code == 404
    assert is_logged_in(phone)


def test_alice_ends_all_others(alice: Site, phone: Site, visit: Visit, bob: Site) -> None:
    tablet = visit().logged_in("Alice")
    alice.submit("/account", "/account/sessions/end-others", password=PASSWORD)
    assert [is_logged_in(site) for site in (phone, tablet, alice, bob)] == [False, False, True, True]


def test_an_ended_session_changes_nothing_any_more(alice: Site, phone: Site, dune: str, select: Select) -> None:
    token = hidden_fields(phone.get(f"/books/{dune}").text)
    alice.submit("/account", "/account/sessions/end-others", password=PASSWORD)
    phone.client.post("/preferences", data=token | {"language": "es"})
    phone.client.post(f"/books/{dune}/review", data=token | {"rating": "5", "text": ""})
    assert select("SELECT count(*) FROM readers WHERE language IS NOT NULL") == 0
    assert select("SELECT count(*) FROM reviews") == 0


def test_without_the_token_of_a_form_no_session_ends(alice: Site, phone: Site) -> None:
    for address in (other_session(alice), "/account/sessions/end-others"):
        assert alice.client.post(address, data={"password": PASSWORD}).status_code == 400
        assert alice.get(address).status_code == 200
    assert is_logged_in(phone)


def test_without_the_password_no_session_ends(alice: Site, phone: Site) -> None:
    for address in (other_session(alice), "/account/sessions/end-others"):
        for password in ("", "not a rose"):
            answer = alice.submit(address, password=password)
            assert (answer.status_code, 'type="password"' in answer.text) == (422, True)
    assert is_logged_in(phone)


def test_a_log_out_takes_the_session_from_the_list(alice: Site, phone: Site, select: Select) -> None:
    phone.get("/logout")
    assert "/end" not in alice.get("/account").text
    assert select("SELECT count(*) FROM sessions") == 1


def test_a_log_in_over_a_live_session_leaves_one(alice: Site, select: Select) -> None:
    token = hidden_fields(alice.get("/logout", headers={"Sec-Fetch-Site": "cross-site"}).text)
    alice.client.post("/login", data=token | {"username": "Alice", "password": PASSWORD})
    assert select("SELECT count(*) FROM sessions") == 1


def test_sessions_that_nobody_uses_are_deleted(alice: Site, phone: Site, select: Select, visit: Visit) -> None:
    select("UPDATE sessions SET seen_at = now() - interval '8 days'")
    visit().logged_in("Alice")
    assert select("SELECT count(*) FROM sessions") == 1


def test_a_log_in_too_many_ends_what_was_unused_for_longest(
    alice: Site, phone: Site, bob: Site, visit: Visit, select: Select
) -> None:
    select(
        "INSERT INTO sessions (id_hash, reader_id, seen_at)"
        " SELECT sha256(n::text::bytea), r.id, now() - interval '1 hour'"
        " FROM readers AS r, generate_series(1, :more) AS n WHERE r.name = 'Alice'",
        more=SESSIONS_MAX - 2,
    )
    select("UPDATE sessions SET seen_at = now() - interval '2 hours' WHERE browser = 'Firefox'")
    tablet = visit().logged_in("Alice")
    assert [is_logged_in(site) for site in (alice, phone, tablet, bob)] == [True, False, True, True]
    assert select("SELECT count(*) FROM sessions") == SESSIONS_MAX + 1, "Bob's is another's"


def test_log_ins_at_the_same_moment_stay_within_the_number(
    alice: Site, visit: Visit, together: Together, select: Select
) -> None:
    select(
        "INSERT INTO sessions (id_hash, reader_id)"
        " SELECT sha256(n::text::bytea), r.id FROM readers AS r, generate_series(1, :more) AS n",
        more=SESSIONS_MAX - 1,
    )
    together(*[lambda: visit().logged_in("Alice")] * 4)
    assert select("SELECT count(*) FROM sessions") == SESSIONS_MAX


# --- Password -------------------------------------------------------------------------------------------------------


def test_alice_changes_her_password_and_is_logged_out_everywhere_else(
    alice: Site, phone: Site, bob: Site, visit: Visit
) -> None:
    before = alice.session_id()
    response = change_password(alice)
    assert response.location == "/account"
    assert alice.cookie("session") != before
    assert 'class="notice"' in alice.get("/account").text
    assert [is_logged_in(site) for site in (alice, phone, bob)] == [True, False, True]
    assert visit().submit("/login", username="Alice", password=PASSWORD).status_code == 422
    visit().logged_in("Alice", NEW)
    thief = visit()
    thief.keep("session", before)
    assert not is_logged_in(thief)


def test_changing_the_password_needs_the_old_one(alice: Site, phone: Site, visit: Visit) -> None:
    response = change_password(alice, old=WRONG)
    assert response.status_code == 422
    assert "old_password-error" in response.text
    assert WRONG not in response.text
    assert is_logged_in(phone)
    visit().logged_in("Alice")


@pytest.mark.parametrize(
    "new", ["", "a rose", "a" * 257, "Alice", "password1", "SUNSHINE", "pass\0word long", "iloveyou"]
)
def test_a_new_password_is_as_good_as_a_first_one(alice: Site, visit: Visit, new: str) -> None:
    response = change_password(alice, new=new, again=new)
    assert response.status_code == 422
    assert "password-error" in response.text
    visit().logged_in("Alice")


def test_the_two_new_passwords_are_the_same(alice: Site, visit: Visit) -> None:
    assert change_password(alice, again=WRONG).status_code == 422
    visit().logged_in("Alice")


def test_who_sits_at_alices_browser_has_ten_guesses(alice: Site, visit: Visit) -> None:
    assert [change_password(alice, old=WRONG).status_code for _ in range(9)] == [422] * 9
    assert delete_account(alice, WRONG).status_code == 422
    response = change_password(alice)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    visit().logged_in("Alice")


def test_a_log_in_with_the_old_password_that_is_under_way_fails(
    app: Flask, alice: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch, select: Select
) -> None:
    """Its password was found right a moment before the change."""

    def slow(password_hash: str, password: str) -> bool:
        matches = verify_password(password_hash, password)
        monkeypatch.undo()
        change_password(alice)
        return matches

    visitor = visit()
    fields = hidden_fields(visitor.get("/login").text) | {"username": "Alice", "password": PASSWORD}
    monkeypatch.setattr("flyleaf.web.authentication.verify_password", slow)
    assert visitor.client.post("/login", data=fields).status_code == 422
    assert not is_logged_in(visitor)
    assert is_logged_in(alice)
    assert select("SELECT count(*) FROM sessions") == 1


# --- Deletion -------------------------------------------------------------------------------------------------------


def test_alice_deletes_her_account_and_her_reviews(
    alice: Site, phone: Site, bob: Site, dune: str, select: Select, visit: Visit
) -> None:
    alice.review(dune, 5, "Sand.")
    bob.review(dune, 1, "Dust.")
    response = delete_account(alice)
    assert response.location == "/"
    assert 'class="notice"' in alice.get("/").text
    assert not is_logged_in(alice)
    assert not is_logged_in(phone)
    page = bob.get(f"/books/{dune}").text
    assert "Sand." not in page
    assert "Dust." in page
    assert bob.get(f"/api/{dune}").get_json()["review_count"] == 1
    assert "Alice" not in select("SELECT string_agg(readers::text, ' ') FROM readers")
    assert visit().submit("/login", username="Alice", password=PASSWORD).status_code == 422


def test_alices_reviews_may_stay_without_her_name(
    alice: Site, bob: Site, dune: str, select: Select, visit: Visit
) -> None:
    alice.review(dune, 5, "Sand.")
    assert delete_account(alice, reviews="keep").location == "/"
    page = bob.get(f"/books/{dune}").text
    assert "Sand." in page
    assert "Alice" not in page
    assert "Deleted account" in page
    answer = bob.get(f"/api/{dune}").get_json()
    assert (answer["review_count"], answer["average_score"]) == (1, 5.0)
    assert bob.review(dune, 1).status_code == 303
    carol = visit().registered("Carol")
    carol.review(dune, 3, "Sandy.")
    delete_account(carol, reviews="keep")
    assert bob.get(f"/api/{dune}").get_json()["review_count"] == 3, "any number of readers may have left"


def test_a_new_alice_has_nothing_of_the_old_one(alice: Site, dune: str, visit: Visit) -> None:
    alice.review(dune, 5, "Sand.")
    delete_account(alice, reviews="keep")
    alice = visit().registered("Alice")
    assert "Deleted account" in alice.get(f"/books/{dune}").text
    assert alice.client.post(f"/books/{dune}/review/delete").status_code == 404
    assert alice.review(dune, 1).status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"password": WRONG, "reviews": "delete"},
        {"password": "", "reviews": "delete"},
        {"password": PASSWORD},
        {"password": PASSWORD, "reviews": "sell"},
        {"password": PASSWORD, "reviews": ["keep", "delete"]},
    ],
)
def test_an_account_is_deleted_by_password_and_choice_only(
    alice: Site, fields: dict[str, str | list[str]], select: Select
) -> None:
    assert alice.submit("/account/delete", **fields).status_code == 422
    assert select("SELECT count(*) FROM readers") == 1
    assert is_logged_in(alice)


def test_without_the_token_of_the_form_nothing_is_changed(alice: Site, select: Select) -> None:
    data = {"password": PASSWORD, "reviews": "delete"}
    assert alice.client.post("/account/delete", data=data).status_code == 400
    data = {"old_password": PASSWORD, "password": NEW, "confirmation": NEW}
    assert alice.client.post("/account/password", data=data).status_code == 400
    assert (
        select("SELECT count(*) FROM events WHERE kind = 'registered'") == select("SELECT count(*) FROM readers") == 1
    )


def test_readers_who_leave_at_the_same_moment_do_not_deadlock(
    add_book: AddBook, visit: Visit, together: Together, select: Select
) -> None:
    books = [add_book(f"978000000{number:03}0", f"Book {number}") for number in range(4)]
    readers = [visit().registered(f"Reader {number}") for number in range(2)]
    readers[0].client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    for reader, order in zip(readers, (books, books[::-1]), strict=True):
        for isbn in order:
            reader.review(isbn, 4)
    responses = together(*[lambda reader=reader: delete_account(reader).status_code for reader in readers])
    assert responses == [303, 303]
    assert select("SELECT sum(review_count) FROM rating_counts") == 0


# --- Events and data ------------------------------------------------------------------------------------------------


def test_every_event_of_an_account_has_a_sentence() -> None:
    assert set(EventKind) - set(EVENTS) == {EventKind.CATALOGUE_IMPORTED}


def test_alice_sees_what_happened_to_her_account_and_bob_does_not(alice: Site, bob: Site, visit: Visit) -> None:
    visit().submit("/login", username="Alice", password=WRONG)
    change_password(alice)
    page = alice.get("/account/events").text
    for sentence in ("You registered.", "wrong password", "The password was changed."):
        assert sentence in page
    assert "wrong password" not in bob.get("/account/events").text
    assert alice.get("/account/events?before=0-0").status_code == 200
    assert alice.get("/account/events?before=x").status_code == 404


def test_the_audit_has_what_happened_and_no_secret(alice: Site, phone: Site, visit: Visit, select: Select) -> None:
    visit().submit("/login", username="Alice", password=WRONG)
    phone.get("/logout")
    change_password(alice, old=WRONG)
    change_password(alice)
    visit().logged_in("Alice", NEW)
    alice.submit("/account", other_session(alice), password=NEW)
    alice.submit("/account", "/account/sessions/end-others", password=NEW)
    alice.get("/account/data")
    alice.get("/logout")
    alice.logged_in("Alice", NEW)
    cookies = [alice.cookie(name) for name in ("session", "device")]
    delete_account(alice, NEW)
    assert select("SELECT string_agg(kind, ' ' ORDER BY id) FROM events").split() == [
        *("registered", "logged-in", "logged-in", "login-failed", "logged-out", "password-refused"),
        *("password-changed", "logged-in", "session-ended", "other-sessions-ended", "data-downloaded"),
        *("logged-out", "logged-in", "account-deleted"),
    ]
    stored = select("SELECT string_agg(events::text, ' ') FROM events")
    for secret in (PASSWORD, NEW, WRONG, "Alice", "127.0.0.1", FIREFOX, *cookies):
        assert secret not in stored


def test_alice_downloads_what_is_kept_of_her(alice: Site, bob: Site, dune: str) -> None:
    alice.review(dune, 5, "Sand.\n«Ñ»")
    bob.review(dune, 1, "Dust.")
    response = alice.get("/account/data")
    assert response.headers["Content-Disposition"].startswith("attachment")
    kept = json.loads(response.data)
    assert kept["account"]["name"] == "Alice"
    [review] = kept["reviews"]
    assert (review["isbn"], review["rating"], review["text"]) == (dune, 5, "Sand.\n«Ñ»")
    assert [session["is_current"] for session in kept["sessions"]] == [True]
    assert {event["kind"] for event in kept["events"]} == {"registered", "logged-in", "data-downloaded"}
    assert "argon2" not in response.text


def test_nothing_of_a_long_life_is_left_out(alice: Site, select: Select) -> None:
    select(
        "INSERT INTO events (kind, reader_id) SELECT 'logged-in', r.id FROM readers AS r, generate_series(1, :more)",
        more=3 * EVENTS_ON_A_PAGE,
    )
    select(
        "INSERT INTO sessions (id_hash, reader_id)"
        " SELECT sha256(n::text::bytea), r.id FROM readers AS r, generate_series(1, :more) AS n",
        more=SESSIONS_MAX - 1,
    )
    kept = alice.get("/account/data").get_json()
    assert len(kept["events"]) == 3 * EVENTS_ON_A_PAGE + 3
    assert kept["events"][-1]["kind"] == "registered"
    assert kept["older_events_left_out"] == 0
    assert len(kept["sessions"]) == SESSIONS_MAX


@pytest.mark.slow
def test_of_more_events_than_anybody_reads_the_download_says_how_many_are_left_out(alice: Site, select: Select) -> None:
    select(
        "INSERT INTO events (kind, reader_id) SELECT 'logged-in', r.id FROM readers AS r, generate_series(1, :more)",
        more=OWN_EVENTS_MAX,
    )
    kept = alice.get("/account/data").get_json()
    assert (len(kept["events"]), kept["older_events_left_out"]) == (OWN_EVENTS_MAX, 3)
    assert kept["events"][0]["kind"] == "data-downloaded"
