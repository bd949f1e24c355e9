"""Sessions that are kept in Redis."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fakeredis
import pytest
from redis import Redis

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.sessions import LIFETIME
from tests.fixture_types import Visit
from tests.redis_server import RedisServer
from tests.site import PASSWORD, Site, hidden_fields
from tests.spares import make_app
from tests.test_sessions import is_logged_in, with_session_id


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    with fakeredis.TcpFakeServer(("127.0.0.1", 0)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()
        thread.join(5)


@pytest.fixture
def redis(redis_server: str) -> Iterator[Redis]:
    with Redis.from_url(redis_server) as client:
        client.flushall()
        yield client


@pytest.fixture
def visit(config: Config, database: Database, redis_server: str, redis: Redis) -> Visit:
    """Open a new browser on a site that keeps its sessions in Redis."""
    app = make_app(replace(config, session_type="redis", redis_url=redis_server), database)
    return lambda: Site(app.test_client())


def test_alice_logs_in_and_out(visit: Visit, redis: Redis, config: Config) -> None:
    alice = visit().registered("Alice")
    assert is_logged_in(alice)
    [key] = redis.keys("session*")
    assert 0 < redis.ttl(key) <= LIFETIME.total_seconds()
    assert not list(config.sessions.glob("*")), "and no file is written"
    value = alice.session_id()
    alice.get("/logout")
    assert redis.keys("session*") == []
    assert not is_logged_in(with_session_id(visit, value))


def test_keys_do_not_contain_session_ids_and_are_deleted_with_their_rows(visit: Visit, redis: Redis) -> None:
    alice, phone = visit().registered("Alice"), visit().logged_in("Alice")
    keys = [str(key) for key in redis.keys("session*")]
    assert len(keys) == 2
    assert not any(str(site.session_id()) in key for key in keys for site in (alice, phone))
    alice.submit("/account", "/account/sessions/end-others", password=PASSWORD)
    assert len(redis.keys("session*")) == 1
    assert is_logged_in(alice)


def test_sessions_of_the_previous_version_stay_valid(visit: Visit, redis: Redis) -> None:
    alice = visit().registered("Alice")
    [key] = redis.keys("session*")
    redis.rename(key, f"session:{alice.session_id()}")
    assert is_logged_in(alice)
    assert redis.keys("session*") == [key]


def test_nothing_is_stored_for_visitors(visit: Visit, redis: Redis) -> None:
    visitor = visit()
    for address in ("/", "/login", "/search", "/api/1"):
        visitor.get(address)
    assert redis.keys("session*") == []


def test_each_login_gets_a_new_id(visit: Visit, redis: Redis) -> None:
    alice = visit().registered("Alice")
    old = alice.session_id()
    alice.get("/logout")
    alice.logged_in("Alice")
    assert alice.session_id() != old
    assert len(redis.keys()) == 1


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x80", b"garbage", b"\xc0", b"5", b"[1]", b"{}", b"[" * 100_000])
def test_damaged_sessions_are_logged_out(visit: Visit, redis: Redis, damage: bytes) -> None:
    alice = visit().registered("Alice")
    [key] = redis.keys()
    redis.set(key, damage)
    assert alice.get("/search").status_code == 303


def test_a_planted_pickle_is_not_run(visit: Visit, redis: Redis, tmp_path: Path) -> None:
    alice = visit().registered("Alice")
    [key] = redis.keys()
    redis.set(key, f"cos\nmkdir\n(V{tmp_path}/evil\ntR.".encode())
    assert alice.get("/search").status_code == 303
    assert not (tmp_path / "evil").exists()


def test_without_redis_the_site_answers_503_and_recovers(config: Config, database: Database, redis_server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]  # of nobody, as soon as the block ends
    config = replace(config, session_type="redis", redis_url=f"redis://127.0.0.1:{port}/0")
    app = create_app(config, database)  # not `testing`: what is raised becomes an answer, as in earnest
    alice = with_session_id(lambda: Site(app.test_client()), "some-id")
    for address in ("/search", "/books/9780441172719"):
        response = alice.get(address)
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert alice.get("/").status_code == 200
    assert alice.submit("/register", username="A", password=PASSWORD, confirmation=PASSWORD).status_code == 503
    with fakeredis.TcpFakeServer(("127.0.0.1", port)) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        assert alice.submit("/login", username="A", password=PASSWORD).status_code == 303
        assert is_logged_in(alice)
        server.shutdown()


@pytest.fixture
def real_redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.mark.slow
def test_a_redis_that_restarts_logs_nobody_out(
    config: Config, database: Database, real_redis: RedisServer, dune: str
) -> None:
    app = create_app(replace(config, session_type="redis", redis_url=real_redis.url), database)
    alice, visitor = Site(app.test_client()).registered("Alice"), Site(app.test_client())
    page = alice.get(f"/books/{dune}").text
    keep_a_draft = {"rating": "3", "text": "Sand.", "csrf_token": "of another time"}
    visitor.client.post(f"/books/{dune}/review", data=keep_a_draft)
    for _ in range(2):
        real_redis.stop()
        for answer in (
            alice.get(f"/books/{dune}"),
            alice.get("/account"),
            alice.client.post(f"/books/{dune}/review", data={**hidden_fields(page), "rating": "5", "text": "Mine."}),
            alice.client.post("/logout", data=hidden_fields(page)),
            visitor.client.post(f"/books/{dune}/review", data=keep_a_draft),
        ):
            assert answer.status_code == 503
            assert "Logins can’t be checked right now" in answer.text
            assert int(answer.headers["Retry-After"]) > 0
        assert visitor.get(f"/books/{dune}").status_code == 303
        assert visitor.get("/login").status_code == 200
        assert alice.get("/").status_code == 200
        real_redis.start()
        assert is_logged_in(alice), "and at once"
    assert alice.review(dune, 5).status_code == 303
