"""Limits on searches and API requests, and the headers that announce them."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import fakeredis
import pytest
from flask.testing import FlaskClient
from redis import Redis

from flyleaf.config import Config
from flyleaf.request_counters import MemoryCounter, RedisCounter
from flyleaf.sessions import SessionRedis
from flyleaf.web import rate_limits
from tests.site import Site
from tests.tokens import bearer, new_token

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, searches_per_minute=2, api_requests_per_minute=2)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the limits, which stands still 18 seconds before the end of a window."""
    now = [60_000_042.0]
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(time=lambda: now[0]))
    return now


def test_api_answers_announce_the_limit(client: FlaskClient, dune: str) -> None:
    answer = client.get(f"/api/{dune}")
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Policy"] == '"api";q=2;w=60'
    assert answer.headers["RateLimit"] == '"api";r=1;t=18'


def test_too_many_api_requests_are_refused_until_the_window_ends(
    client: FlaskClient, dune: str, clock: list[float]
) -> None:
    assert [client.get(f"/api/{dune}").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/api/search?q=dune")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "18")
    assert refused.headers["RateLimit"] == '"api";r=0;t=18'
    assert refused.json == {"error": "You sent too many requests. Wait 18 seconds, then try again.", "status": 429}
    clock[0] += 18
    assert client.get(f"/api/{dune}").status_code == 200


def test_addresses_are_limited_separately(client: FlaskClient, dune: str) -> None:
    for _ in range(3):
        client.get(f"/api/{dune}")
    assert client.get(f"/api/{dune}", environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200


def test_requests_with_a_token_count_for_its_reader(client: FlaskClient, alice: Site, bob: Site, dune: str) -> None:
    one, other, of_bob = (bearer(new_token(reader)) for reader in (alice, alice, bob))
    first = client.get("/api/v1/me", headers=one)
    assert first.headers["RateLimit-Policy"] == '"api";q=2;w=60, "api-address";q=40;w=60'
    assert first.headers["RateLimit"] == '"api";r=1;t=18, "api-address";r=39;t=18'
    # Nor does another token or another address help; but nobody else waits.
    assert client.get("/api/v1/me", headers=other, environ_overrides=ELSEWHERE).status_code == 200
    for headers, places in ((one, {}), (other, ELSEWHERE)):
        refused = client.get("/api/v1/me", headers=headers, environ_overrides=places)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "18")
        assert refused.headers["RateLimit"].startswith('"api";r=0;t=18, ')
    assert client.get("/api/v1/me", headers=of_bob).status_code == 200
    assert client.get(f"/api/v1/editions/{dune}").headers["RateLimit"] == '"api";r=1;t=18'


def test_what_a_token_writes_counts_too(client: FlaskClient, alice: Site, dune: str) -> None:
    writer, reader = bearer(new_token(alice, "write")), bearer(new_token(alice))
    address = f"/api/v1/editions/{dune}/shelf"
    assert client.put(address, headers=writer, json={"shelf": "read"}).status_code == 200
    refused = client.put(address, headers=reader, json={"shelf": "read"})
    assert (refused.status_code, refused.headers["RateLimit"]) == (403, '"api";r=0;t=18, "api-address";r=38;t=18')
    assert client.delete(address, headers=writer).status_code == 429
    assert client.post("/api/v1/me/imports/1/commit", headers=writer).status_code == 429


def test_wrong_and_missing_tokens_count_for_their_address(client: FlaskClient, alice: Site) -> None:
    wrong = client.get("/api/v1/me", headers=bearer("wrong"))
    assert (wrong.status_code, wrong.headers["RateLimit"]) == (401, '"api";r=1;t=18, "api-address";r=39;t=18')
    assert client.get("/api/v1/me").status_code == 401
    answers = [
        client.get("/api/v1/me", headers=headers) for headers in (bearer("other"), {"Authorization": "Basic"}, {})
    ]
    assert [answer.status_code for answer in answers] == [429, 429, 429]
    # Whoever has a token there isn't disturbed, until they are as many as a school.
    token = bearer(new_token(alice))
    assert client.get("/api/v1/me", headers=token).status_code == 200
    for _ in range(37):
        client.get("/api/v1/me", headers=bearer("wrong"))
    last = client.get("/api/v1/me", headers=token)
    assert (last.status_code, last.headers["RateLimit"]) == (429, '"api-address";r=0;t=18')


def test_searches_and_suggestions_of_a_reader_count_together(alice: Site, bob: Site) -> None:
    first = alice.client.get("/search?q=dune")
    assert first.headers["RateLimit-Policy"] == '"reader";q=2;w=60, "address";q=40;w=60'
    assert first.headers["RateLimit"] == '"reader";r=1;t=18, "address";r=39;t=18'
    assert alice.client.get("/search/suggestions?q=dune").status_code == 200
    refused = alice.client.get("/search?q=dune")
    assert refused.status_code == 429
    assert "Wait 18 seconds" in refused.text
    assert bob.client.get("/search?q=dune").status_code == 200


def test_visitors_who_are_not_logged_in_are_limited_by_address(client: FlaskClient) -> None:
    answers = [client.get("/search?q=dune").status_code for _ in range(41)]
    assert answers == [303] * 40 + [429]


def test_other_pages_are_not_limited(alice: Site, dune: str) -> None:
    for _ in range(5):
        answer = alice.client.get(f"/books/{dune}")
        assert (answer.status_code, "RateLimit" in answer.headers) == (200, False)


def test_the_counter_remembers_only_the_current_window() -> None:
    counter = MemoryCounter()
    assert [counter.count("a", 1), counter.count("a", 1), counter.count("b", 1)] == [1, 2, 1]
    assert counter.count("a", 2) == 1
    assert counter._counts == {"a": 1}


def test_workers_count_together_in_redis() -> None:
    with fakeredis.TcpFakeServer(("127.0.0.1", 0)) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        url = f"redis://127.0.0.1:{server.server_address[1]}/0"
        one, other = RedisCounter(SessionRedis(url)), RedisCounter(SessionRedis(url))
        assert [one.count("a", 7), other.count("a", 7), one.count("a", 8)] == [1, 2, 1]
        with Redis.from_url(url) as redis:
            assert all(0 < redis.ttl(key) <= 120 for key in redis.scan_iter())
        server.shutdown()


def test_nothing_is_limited_while_redis_is_down(log: list[str]) -> None:
    counter = RedisCounter(SessionRedis("redis://127.0.0.1:1/0"))
    assert [counter.count("a", 1) for _ in range(5)] == [0] * 5
    assert any("requests can't be counted in Redis" in line for line in log)
