"""The front door."""

from tests.site import Site


def test_a_visitor_is_offered_to_log_in_and_to_register(client):
    response = client.get("/")
    assert response.status_code == 200
    assert 'href="/login"' in response.text
    assert 'href="/register"' in response.text


def test_alice_is_led_to_the_search(alice):
    response = alice.get("/")
    assert response.status_code == 303
    assert response.location == "/search"


def test_nothing_is_stored_for_a_visitor(client, config):
    client.get("/")
    assert Site(client).cookie("session") is None
    assert list(config.sessions.iterdir()) == []


def test_alice_is_asked_to_log_in_again_once_her_account_is_gone(alice, select):
    select("DELETE FROM readers")
    assert alice.get("/search").location.startswith("/login")
    response = alice.get("/")
    assert response.status_code == 200
    assert 'href="/login"' in response.text
