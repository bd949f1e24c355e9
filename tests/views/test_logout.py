"""Logging out, and who may cause it."""

from flask.testing import FlaskClient

from flyleaf.config import Config
from tests.fixture_types import Visit
from tests.site import PASSWORD, Site, hidden_fields

FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}


def is_logged_in(site: Site) -> bool:
    return site.get("/search").status_code == 200


def test_a_click_logs_alice_out(alice: Site) -> None:
    response = alice.get("/logout")
    assert response.status_code == 303
    assert response.location == "/"
    assert not is_logged_in(alice)
    assert 'role="status"' in alice.get("/").text


def test_a_form_logs_alice_out(alice: Site) -> None:
    assert alice.client.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert not is_logged_in(alice)


def test_bob_stays(alice: Site, bob: Site) -> None:
    alice.get("/logout")
    assert is_logged_in(bob)


def test_alice_stays_logged_in_elsewhere(alice: Site, visit: Visit) -> None:
    phone = visit().logged_in("Alice")
    alice.get("/logout")
    assert is_logged_in(phone)


def test_a_visitor_may_log_out_too(client: FlaskClient) -> None:
    assert client.get("/logout").status_code == 303
    assert client.post("/logout", headers=FROM_ELSEWHERE).status_code == 303


def test_the_stored_session_is_gone(alice: Site, config: Config) -> None:
    alice.get("/logout")
    assert [path for path in config.sessions.iterdir() if path.name != "pruned"] == []


def test_a_link_on_another_site_asks_first(alice: Site) -> None:
    response = alice.get("/logout", headers=FROM_ELSEWHERE)
    assert response.status_code == 200
    assert "<form" in response.text
    assert is_logged_in(alice)


def test_a_form_on_another_site_asks_first(alice: Site) -> None:
    response = alice.client.post("/logout", headers=FROM_ELSEWHERE)
    assert response.status_code in (200, 400)
    assert is_logged_in(alice)


def test_a_form_on_another_site_with_a_made_up_token_asks_first(alice: Site, bob: Site) -> None:
    token = hidden_fields(bob.get("/logout", headers=FROM_ELSEWHERE).text)
    alice.client.post("/logout", headers=FROM_ELSEWHERE, data=token)
    assert is_logged_in(alice)


def test_the_answer_to_that_question_logs_alice_out(alice: Site) -> None:
    page = alice.get("/logout", headers=FROM_ELSEWHERE).text
    response = alice.client.post("/logout", data=hidden_fields(page), headers={"Sec-Fetch-Site": "same-origin"})
    assert response.status_code == 303
    assert not is_logged_in(alice)


def test_alice_comes_back_after_logging_out(alice: Site) -> None:
    alice.get("/logout")
    assert alice.submit("/login", username="Alice", password=PASSWORD).status_code == 303
    assert is_logged_in(alice)


def test_the_back_button_shows_nothing_after_logging_out(alice: Site) -> None:
    """Browsers keep no page of a reader who was logged in."""
    assert alice.get("/search").headers["Cache-Control"] == "no-store"
