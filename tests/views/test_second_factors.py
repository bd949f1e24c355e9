"""Adding and removing second factors."""

import json
import re
from html import unescape

import pyotp
import pytest
from flask.testing import FlaskClient

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.limits import RECOVERY_CODES, SECOND_FACTORS_MAX
from flyleaf.queries.departures import insert_departure
from tests.fixture_types import Select, Visit
from tests.site import PASSWORD, App, Clock, Site, hidden_fields, recovery_codes

WRONG = "a rose is a daisy"
ADD = "/account/authenticator-app"


@pytest.fixture
def phone(alice: Site, visit: Visit) -> Site:
    """Alice's other browser."""
    return visit().logged_in("Alice")


def is_logged_in(site: Site) -> bool:
    return site.get("/search").status_code == 200


def shown_app(page: str, clock: Clock) -> App:
    """The app that scans the page's QR code."""
    [address] = re.findall(r'href="(otpauth:[^"]*)"', page)
    return App(pyotp.parse_uri(unescape(address)).secret, clock)


def removal(site: Site) -> str:
    """The address at which the first of the apps is removed."""
    return str(re.findall(r'href="(/account/authenticator-apps/\d+/remove)"', site.get("/account").text)[0])


@pytest.mark.parametrize("page", ["/authenticator-app", "/authenticator-apps/1/remove", "/recovery-codes"])
def test_the_pages_need_a_login(client: FlaskClient, page: str) -> None:
    response = client.get(f"/account{page}")
    assert response.location.startswith("/login?next=")


# --- Adding ---------------------------------------------------------------------------------------------------------


def test_alice_adds_an_app(alice: Site, phone: Site, bob: Site, clock: Clock, select: Select) -> None:
    assert "Add an authenticator app" in alice.get("/account").text
    before = alice.cookie("session")
    page = alice.get(ADD).text
    app = shown_app(page, clock)
    assert app.secret in re.sub(r"<[^>]*>|\s", "", page), "to be typed"
    response = alice.client.post(
        ADD, data=hidden_fields(page) | {"name": " My  phone ", "code": app.code(), "password": PASSWORD}
    )
    assert response.status_code == 200
    assert len(recovery_codes(response.text)) == RECOVERY_CODES
    assert response.headers["Cache-Control"] == "no-store"
    assert alice.cookie("session") != before
    assert [is_logged_in(site) for site in (alice, phone, bob)] == [True, False, True]
    page = alice.get("/account").text
    for text in ("My phone", "not used yet", f"{RECOVERY_CODES} codes left"):
        assert text in page
    assert not any(code in page for code in recovery_codes(response.text)), "shown once"
    assert select("SELECT kind FROM events ORDER BY id DESC LIMIT 1") == "second-factor-added"


def test_the_tokens_of_the_page_with_the_codes_belong_to_the_new_session(alice: Site, clock: Clock) -> None:
    page = alice.get(ADD).text
    fields = hidden_fields(page) | {"name": "x", "code": shown_app(page, clock).code(), "password": PASSWORD}
    alice.client.post(ADD, data=fields)
    assert alice.submit("/account/recovery-codes", password=PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"password": WRONG}, "password"),
        ({"password": ""}, "password"),
        ({"code": "000000"}, "code"),
        ({"code": "12345"}, "code"),
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\x1bb"}, "name"),
    ],
)
def test_what_is_wrong_is_said_and_the_same_qr_code_is_shown_again(
    alice: Site, clock: Clock, select: Select, fields: dict[str, str], wrong: str
) -> None:
    page = alice.get(ADD).text
    app = shown_app(page, clock)
    clock.now += 30 * (app.code() == "000000")
    sent = {"name": "My phone", "code": app.code(), "password": PASSWORD} | fields
    response = alice.client.post(ADD, data=hidden_fields(page) | sent)
    assert response.status_code == 422
    assert f'id="{wrong}-error"' in response.text
    assert shown_app(response.text, clock).secret == app.secret
    assert select("SELECT count(*) FROM authenticator_apps") == 0
    assert not select("SELECT bool_or(has_second_factor) FROM readers")
    again = hidden_fields(response.text) | {"name": "My phone", "code": app.code(), "password": PASSWORD}
    assert alice.client.post(ADD, data=again).status_code == 200


def test_the_password_can_not_be_guessed_here_without_end(alice: Site, clock: Clock) -> None:
    page = alice.get(ADD).text
    fields = hidden_fields(page) | {"name": "x", "code": shown_app(page, clock).code(), "password": WRONG}
    assert [alice.client.post(ADD, data=fields).status_code for _ in range(11)] == [422] * 10 + [429]


def test_a_secret_that_the_site_did_not_show_to_this_reader_is_refused(
    alice: Site, bob: Site, clock: Clock, subtests: pytest.Subtests
) -> None:
    page, bobs = alice.get(ADD).text, bob.get(ADD).text
    others = {"bob's": hidden_fields(bobs)["secret"], "made up": "JBSWY3DPEHPK3PXP", "empty": "", "odd": "a.b.c"}
    for what, secret in others.items():
        with subtests.test(what):
            code = shown_app(bobs, clock).code()
            sent = hidden_fields(page) | {"secret": secret, "name": "x", "code": code, "password": PASSWORD}
            response = alice.client.post(ADD, data=sent)
            assert response.status_code == 422
            assert "Scan the new QR code" in response.text
            assert shown_app(response.text, clock).secret not in (shown_app(page, clock).secret, secret)


def test_without_its_token_the_form_adds_nothing(alice: Site, clock: Clock, select: Select) -> None:
    page = alice.get(ADD).text
    fields = hidden_fields(page) | {"name": "x", "code": shown_app(page, clock).code(), "password": PASSWORD}
    fields["csrf_token"] = ""
    assert alice.client.post(ADD, data=fields).status_code == 400
    assert select("SELECT count(*) FROM authenticator_apps") == 0


def test_a_second_app_leaves_the_recovery_codes_as_they_are(alice: Site, clock: Clock, select: Select) -> None:
    first = alice.with_app(clock)
    kept = select("SELECT string_agg(code_hash, '' ORDER BY id) FROM recovery_codes")
    assert alice.with_app(clock, "Tablet").recovery_codes == []
    assert select("SELECT string_agg(code_hash, '' ORDER BY id) FROM recovery_codes") == kept
    assert len(first.recovery_codes) == RECOVERY_CODES
    page = alice.get("/account").text
    assert page.index("My phone") < page.index("Tablet")


def test_ten_apps_are_enough(alice: Site, clock: Clock, select: Select) -> None:
    alice.with_app(clock)
    select(
        "INSERT INTO authenticator_apps (reader_id, name, secret, last_step)"
        " SELECT reader_id, 'Phone', secret, 0 FROM authenticator_apps, generate_series(2, :most)",
        most=SECOND_FACTORS_MAX,
    )
    assert f'href="{ADD}"' not in alice.get("/account").text
    page = alice.get(ADD).text
    fields = hidden_fields(page) | {"name": "x", "code": shown_app(page, clock).code(), "password": PASSWORD}
    assert alice.client.post(ADD, data=fields).status_code == 409
    assert select("SELECT count(*) FROM authenticator_apps") == SECOND_FACTORS_MAX


def test_a_name_with_markup_is_shown_as_text(alice: Site, clock: Clock) -> None:
    alice.with_app(clock, "<script>alert(1)</script>")
    for page in ("/account", removal(alice)):
        assert "<script>alert" not in alice.get(page).text


def test_neither_secret_nor_codes_are_stored_as_they_are(
    alice: Site, clock: Clock, select: Select, log: list[str]
) -> None:
    app = alice.with_app(clock)
    stored = select(
        "SELECT concat((SELECT string_agg(a::text, '') FROM authenticator_apps AS a),"
        " (SELECT string_agg(c::text, '') FROM recovery_codes AS c), (SELECT string_agg(e::text, '') FROM events AS e))"
    )
    secret = select("SELECT string_agg(encode(secret, 'escape'), '') FROM authenticator_apps")
    for text in (app.secret, *app.recovery_codes, *(code.replace("-", "") for code in app.recovery_codes)):
        assert text not in stored + secret
        assert not any(text in line for line in log)


# --- Removing -------------------------------------------------------------------------------------------------------


def test_alice_removes_her_app_and_the_password_is_enough_again(
    alice: Site, clock: Clock, visit: Visit, select: Select
) -> None:
    app = alice.with_app(clock)
    phone = visit()
    phone.submit("/login", username="Alice", password=PASSWORD)
    phone.submit("/login/code", code=app.code())
    assert is_logged_in(phone)
    before = alice.cookie("session")
    assert alice.submit(removal(alice), password=PASSWORD).location == "/account"
    assert "Second factor removed" in alice.get("/account").text
    assert alice.cookie("session") != before
    assert [is_logged_in(site) for site in (alice, phone)] == [True, False]
    assert select("SELECT count(*) FROM recovery_codes") == 0
    assert select("SELECT kind FROM events ORDER BY id DESC LIMIT 1") == "second-factor-removed"
    assert visit().submit("/login", username="Alice", password=PASSWORD).location == "/search"


def test_one_of_two_apps_leaves_the_other(alice: Site, clock: Clock, visit: Visit, select: Select) -> None:
    alice.with_app(clock)
    alice.with_app(clock, "Tablet")
    alice.submit(removal(alice), password=PASSWORD)
    assert "Tablet" in alice.get("/account").text
    assert select("SELECT count(*) FROM recovery_codes") == RECOVERY_CODES
    assert visit().submit("/login", username="Alice", password=PASSWORD).location == "/login/code"


def test_removing_a_factor_needs_the_password(alice: Site, bob: Site, clock: Clock, select: Select) -> None:
    alice.with_app(clock)
    address = removal(alice)
    assert alice.submit(address, password=WRONG).status_code == 422
    assert alice.submit(address, password="").status_code == 422
    assert alice.client.post(address, data={"password": PASSWORD}).status_code == 400
    assert bob.get(address).status_code == 404
    assert bob.client.post(address, data={"password": PASSWORD}).status_code == 404
    assert select("SELECT count(*) FROM authenticator_apps") == 1


def test_an_app_that_is_gone_is_404(alice: Site, clock: Clock) -> None:
    alice.with_app(clock)
    address = removal(alice)
    alice.submit(address, password=PASSWORD)
    assert alice.get(address).status_code == 404
    assert alice.get(f"/account/authenticator-apps/{10**30}/remove").status_code == 404


# --- Recovery codes -------------------------------------------------------------------------------------------------


def test_new_recovery_codes_replace_the_old_ones(alice: Site, clock: Clock, visit: Visit, select: Select) -> None:
    app = alice.with_app(clock)
    assert alice.submit("/account/recovery-codes", password=WRONG).status_code == 422
    response = alice.submit("/account/recovery-codes", password=PASSWORD)
    new = recovery_codes(response.text)
    assert len(new) == RECOVERY_CODES
    assert not set(new) & set(app.recovery_codes)
    assert select("SELECT kind FROM events ORDER BY id DESC LIMIT 1") == "recovery-codes-made"
    site = visit()
    site.submit("/login", username="Alice", password=PASSWORD)
    assert site.submit("/login/recovery-code", code=app.recovery_codes[0]).status_code == 422
    assert site.submit("/login/recovery-code", code=new[0]).status_code == 303


def test_without_a_second_factor_there_are_no_recovery_codes(alice: Site) -> None:
    assert alice.get("/account/recovery-codes").status_code == 404


# --- The rest of the account ----------------------------------------------------------------------------------------


def test_the_download_names_the_factors_without_their_secrets(alice: Site, clock: Clock) -> None:
    app = alice.with_app(clock)
    response = alice.get("/account/data")
    factors = json.loads(response.data)["second_factors"]
    assert [one["name"] for one in factors["apps"]] == ["My phone"]
    assert factors["recovery_codes"] == RECOVERY_CODES
    for text in (app.secret, *app.recovery_codes, "argon2"):
        assert text not in response.text


def test_they_are_deleted_with_the_account(alice: Site, clock: Clock, database: Database, select: Select) -> None:
    """At once, also if the reviews take longer."""
    alice.with_app(clock)
    with database.transaction() as connection:
        insert_departure(connection, select("SELECT id FROM readers"), keeps_reviews=True)
    assert select("SELECT count(*) FROM readers") == 1
    assert select("SELECT (SELECT count(*) FROM authenticator_apps) + (SELECT count(*) FROM recovery_codes)") == 0


def test_a_form_that_was_refused_keeps_no_secret_and_no_code(
    alice: Site, clock: Clock, select: Select, config: Config
) -> None:
    """The session ends while the page is open: what is kept of the form is the name."""
    page = alice.get(ADD).text
    app = shown_app(page, clock)
    select("DELETE FROM sessions")
    fields = hidden_fields(page) | {"name": "My phone", "code": app.code(), "password": PASSWORD}
    assert alice.client.post(ADD, data=fields).status_code == 303
    kept = b"".join(path.read_bytes() for path in config.sessions.iterdir())
    assert b"My phone" in kept
    for text in (fields["secret"], app.secret, app.code(), PASSWORD):
        assert text.encode() not in kept
