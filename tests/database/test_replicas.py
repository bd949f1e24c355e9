"""A site that reads from a real standby: Alice writes, Bob reads, and servers come and go."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer
from psycopg2.errors import SerializationFailure
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from flyleaf.config import Config
from flyleaf.database import Database, DatabaseUnusableError, MaybeNewError, is_unavailable
from flyleaf.database.replica_diagnosis import require_replicas
from flyleaf.database.replicas import ReplicaState, position
from flyleaf.doctor import examine
from flyleaf.web.forms import SHA256
from tests.fixture_types import Select, Visit
from tests.pgbouncer import pgbouncer
from tests.postgresql import Primary, Server, start_server
from tests.site import PASSWORD, Site, cookie_name, hidden_fields
from tests.spares import EmptyDatabase, make_app, make_config
from tests.standby import Standby, wait_until

pytestmark = pytest.mark.slow

LONG = 3600.0  # seconds that a replica may be behind, where a test is not about it
WORDS = "A desert, and its planet."
_IS_REPLICA = text("SELECT pg_is_in_recovery()")


@pytest.fixture(scope="module")
def primary() -> Iterator[Server]:
    server = start_server(Primary)
    url = server.create_database("template")
    with Database(server.site_url("template"), owner_url=url) as database:
        database.migrate()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def running_standby(primary: Server) -> Iterator[Standby]:
    standby = Standby(primary)
    standby.start()
    yield standby
    standby.remove()


@pytest.fixture
def place(primary: Server) -> Iterator[EmptyDatabase]:
    place = EmptyDatabase(primary)
    yield place
    place.drop()


@pytest.fixture
def lag_seconds() -> float:
    return LONG


@pytest.fixture
def database(primary: Server, standby: Standby, place: EmptyDatabase, lag_seconds: float) -> Iterator[Database]:
    with Database(
        primary.site_url(place.name),
        pool_size=4,
        owner_url=place.url,
        read_urls=[standby.url(place.name)],
        replica_lag_seconds=lag_seconds,
    ) as database:
        wait_until(lambda: reads_from_replica(database))  # a busy machine takes longer than a request waits
        yield database


@pytest.fixture
def standby(running_standby: Standby, place: EmptyDatabase) -> Standby:
    running_standby.catch_up()
    return running_standby


@pytest.fixture
def config(tmp_path: Path, place: EmptyDatabase) -> Config:
    return make_config(tmp_path / "instance", place.url)


@pytest.fixture
def readers(app: Flask, dune: str, visit: Visit, standby: Standby) -> tuple[Site, Site]:
    """Alice and Bob, and a book, which all servers know."""
    alice, bob = visit().registered("Alice"), visit().registered("Bob")
    standby.catch_up()
    return alice, bob


def reads_from_replica(database: Database, since: int = 0) -> bool:
    return database.read(lambda connection: bool(connection.execute(_IS_REPLICA).scalar()), since)


def test_reads_go_to_the_replica_and_writes_to_the_primary(database: Database) -> None:
    assert reads_from_replica(database)
    with database.transaction() as connection:
        assert connection.execute(_IS_REPLICA).scalar() is False


def test_what_is_only_read_cannot_write_on_the_primary_either(database: Database) -> None:
    database.replicas.all.clear()
    with pytest.raises(DBAPIError, match="read-only transaction"):
        database.read(lambda connection: connection.execute(text("DELETE FROM readers")))
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM readers"))


def test_alice_sees_her_review_at_once_and_bob_later(readers: tuple[Site, Site], dune: str, standby: Standby) -> None:
    alice, bob = readers
    with standby.paused():
        assert alice.review(dune, 5, WORDS).status_code == 303
        assert WORDS in alice.get(f"/books/{dune}").text
        assert WORDS in alice.get("/readers/Alice").text
        assert WORDS not in bob.get(f"/books/{dune}").text
    wait_until(lambda: WORDS in bob.get(f"/books/{dune}").text)


def test_a_cookie_that_another_version_signed_is_no_fault(app: Flask, readers: tuple[Site, Site], dune: str) -> None:
    alice, _ = readers
    signer = URLSafeSerializer(str(app.secret_key), salt="written", signer_kwargs=SHA256)
    for kept in ("x", None, [1], {"a": 1}, float("nan"), float("inf"), 1.5, -1, 0, 2**64, 10**400):
        alice.keep("written", str(signer.dumps(kept)))
        assert alice.get(f"/books/{dune}").status_code == 200, kept


def test_a_login_works_before_the_replica_knows_of_it(
    readers: tuple[Site, Site], visit: Visit, dune: str, standby: Standby
) -> None:
    with standby.paused():
        again = visit().logged_in("Alice")
        assert again.get(f"/books/{dune}").status_code == 200
        # A browser that has lost the cookie, and one with a cookie of its own making.
        again.client.delete_cookie(cookie_name(again.client.application, "written"), path="/")
        assert again.get(f"/books/{dune}").status_code == 200
        again.keep("written", "99999999999")
        assert again.get(f"/books/{dune}").status_code == 200


def test_a_logout_counts_at_once(readers: tuple[Site, Site], dune: str, standby: Standby) -> None:
    alice, _ = readers
    session = alice.session_id()
    with standby.paused():
        alice.submit("/account", "/logout")
        alice.keep("session", session)
        assert alice.get(f"/books/{dune}").status_code == 303


def test_a_replica_that_is_too_far_behind_is_left_out(
    readers: tuple[Site, Site], dune: str, standby: Standby, database: Database
) -> None:
    alice, bob = readers
    assert reads_from_replica(database)
    database.replicas._lag_seconds = 1.0
    with standby.paused():
        alice.review(dune, 5, WORDS)
        wait_until(lambda: not reads_from_replica(database))
        assert WORDS in bob.get(f"/books/{dune}").text
        assert bob.get("/search?q=dune").status_code == 200
    wait_until(lambda: reads_from_replica(database))


def test_how_far_a_replica_is_behind_is_known(
    readers: tuple[Site, Site], dune: str, standby: Standby, database: Database
) -> None:
    alice, _ = readers
    wait_until(lambda: [(one.is_well, one.bytes_behind) for one in database.replicas.states()] == [(True, 0)])
    with standby.paused():
        alice.review(dune, 5, WORDS)
        wait_until(lambda: bool(database.replicas.states()[0].bytes_behind))
        assert database.replicas.states()[0].is_well
    wait_until(lambda: database.replicas.states()[0].bytes_behind == 0)


def test_nobody_knows_how_far_behind_a_replica_is_that_never_answered(primary: Server, place: EmptyDatabase) -> None:
    """It was said to be behind by everything that the primary ever wrote. The start names it."""
    url = "postgresql+psycopg2://site:tops3cret@127.0.0.1:1"
    with Database(primary.site_url(place.name), owner_url=place.url, read_urls=[url]) as database:
        wait_until(lambda: database.replicas.primary_answers and bool(database.replicas.states()))
        assert database.replicas.states() == [ReplicaState("127.0.0.1:1/site", is_well=False, bytes_behind=None)]
        [unreachable] = require_replicas(database)
        assert unreachable.is_absent
    assert unreachable.name == "127.0.0.1:1/site"
    assert unreachable.problem == (
        "Nothing answers at 127.0.0.1:1: start the server there, or check DATABASE_READ_URL."
    )


def test_every_page_is_read_from_a_server_that_refuses_writes(
    app: Flask, readers: tuple[Site, Site], dune: str, standby: Standby, select: Select, visit: Visit
) -> None:
    alice, _ = readers
    alice.review(dune, 4, WORDS)
    select("UPDATE readers SET is_moderator = true WHERE name = 'Alice'")
    select("UPDATE sessions SET seen_at = now() - interval '1 hour'")  # their use is due to be noted
    standby.catch_up()
    values = {"isbn": dune, "name": "Alice", "review_id": select("SELECT id FROM reviews"), "hashed": "style.css"}
    before = standby.log()
    visited = set()
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "readers.logout":
            known = {name: values.get(name, "1") for name in rule.arguments}
            address = app.url_map.bind("localhost").build(rule.endpoint, known, method="GET")
            for site in (alice, visit()):
                answer = site.get(address)
                assert answer.status_code < 500, address
                answer.close()
            visited.add(rule.endpoint)
    assert {"books.book", "search.search", "search.suggestions", "authors.author", "profiles.profile"} <= visited
    assert {"api.book", "api.search", "welcome.welcome", "account.account"} <= visited
    assert "ERROR" not in standby.log().removeprefix(before)
    assert select("SELECT min(seen_at) > now() - interval '1 minute' FROM sessions WHERE id ="
                  " (SELECT min(id) FROM sessions)")  # fmt: skip


def test_readers_notice_nothing_of_a_replica_that_stops(
    readers: tuple[Site, Site], dune: str, standby: Standby, database: Database
) -> None:
    _, bob = readers
    assert reads_from_replica(database)
    standby.stop()
    try:
        for _ in range(5):
            assert bob.get(f"/books/{dune}").status_code == 200
            assert bob.get("/search?q=dune").status_code == 200
        assert not database.replicas.all[0].is_well
    finally:
        standby.start()
    wait_until(lambda: reads_from_replica(database))


def test_readers_wait_a_moment_for_a_replica_that_freezes(
    readers: tuple[Site, Site], dune: str, standby: Standby, database: Database
) -> None:
    _, bob = readers
    frozen = contextlib.ExitStack()

    def slow(connection: Connection) -> bool:
        """The server freezes in the middle of a statement."""
        is_replica = bool(connection.execute(_IS_REPLICA).scalar())
        if is_replica:
            frozen.enter_context(standby.frozen())
            connection.execute(text("SELECT 1"))
        return is_replica

    with frozen:
        assert database.read(slow) is False, "the primary answers"
        for _ in range(3):
            assert bob.get(f"/books/{dune}").status_code == 200
        assert not database.replicas.all[0].is_well
    wait_until(lambda: reads_from_replica(database))


def test_a_query_that_recovery_cancels_is_asked_again(
    readers: tuple[Site, Site], dune: str, standby: Standby, database: Database, select: Select
) -> None:
    met: list[BaseException] = []
    rows = text("SELECT count(*) FROM readers")

    def read(connection: Connection) -> tuple[bool, int]:
        is_replica = bool(connection.execute(_IS_REPLICA).scalar())
        found = connection.execute(rows).scalar_one()
        if is_replica:
            select("LOCK TABLE readers IN ACCESS EXCLUSIVE MODE")
            try:
                connection.execute(text("SELECT pg_sleep(2.8)"))
            except DBAPIError as error:
                met.append(error.orig or error)
                raise
        return is_replica, found

    assert database.read(read) == (False, 2)
    assert isinstance(met[0], SerializationFailure)
    wait_until(lambda: reads_from_replica(database))


def test_what_a_replica_may_not_have_yet_is_looked_for_on_the_primary(database: Database) -> None:
    asked = []

    def find(connection: Connection) -> None:
        asked.append(connection.execute(_IS_REPLICA).scalar())
        raise MaybeNewError

    with pytest.raises(MaybeNewError):
        database.read(find)
    assert asked == [True, False]


def test_what_takes_too_long_on_the_primary_is_not_read_from_a_replica_that_is_behind(database: Database) -> None:
    """The primary answers, and the replica doesn't have what this reader has written."""
    asked = []

    def wait(connection: Connection) -> None:
        asked.append(connection.execute(_IS_REPLICA).scalar())
        connection.execute(text("SET LOCAL statement_timeout = 1"))
        connection.execute(text("SELECT pg_sleep(1)"))

    assert reads_from_replica(database)
    with pytest.raises(DBAPIError, match="statement timeout"):
        database.read(wait, since=database.position() + 2**40)
    assert asked == [False]


def test_errors_of_ours_are_not_asked_again(database: Database) -> None:
    asked = []

    def fail(connection: Connection) -> None:
        asked.append(connection)
        connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError, match="division by zero"):
        database.read(fail)
    assert len(asked) == 1


def test_a_replica_without_the_schema_is_not_used(
    primary: Server, place: EmptyDatabase, standby: Standby, database: Database, select: Select
) -> None:
    assert reads_from_replica(database)
    database.trust_schema()
    select("UPDATE alembic_version SET version_num = '0001'")
    wait_until(lambda: not database.replicas.all[0].is_well)
    assert not reads_from_replica(database)


def test_without_the_primary_the_site_can_be_read(
    app: Flask, readers: tuple[Site, Site], visit: Visit, dune: str, standby: Standby, primary: Server,
    database: Database, select: Select,
) -> None:  # fmt: skip
    alice, bob = readers
    alice.review(dune, 5, WORDS)
    select("UPDATE sessions SET seen_at = now() - interval '1 hour'")
    standby.catch_up()
    form = bob.get(f"/books/{dune}")
    primary.terminate()
    try:
        wait_until(lambda: database.replicas.stand_in)
        for site in (alice, bob):
            assert WORDS in site.get(f"/books/{dune}").text
            assert "Dune" in site.get("/search?q=dune").text
            assert site.get("/search/suggestions?q=du").status_code == 200
        assert visit().get(f"/api/{dune}").status_code == 200
        assert visit().get("/api/search?q=dune").status_code == 200
        assert visit().get("/").status_code == 200
        ready = visit().get("/readyz")
        assert (ready.status_code, ready.get_json()["database"]) == (200, "read-only")
        for answer in (
            bob.client.post(f"/books/{dune}/review", data={**hidden_fields(form.text), "rating": "3", "text": "Mine."}),
            alice.get("/account"),
            visit().submit("/login", username="Alice", password=PASSWORD),
        ):
            assert answer.status_code == 503
            assert "Nothing can be saved right now" in answer.text
            assert int(answer.headers["Retry-After"]) > 0
    finally:
        primary.poststart = lambda: None  # type: ignore[method-assign]  # the roles are there
        primary.start()
    wait_until(lambda: database.replicas.primary_answers)
    assert bob.review(dune, 3, "Mine.").status_code == 303
    assert alice.get("/account").status_code == 200, "and Alice is still logged in"


def test_a_primary_that_is_now_a_standby_is_unavailable_for_writes(standby: Standby, place: EmptyDatabase) -> None:
    with Database(standby.url(place.name)) as database:
        database.trust_schema()
        for _ in range(2):
            with database.transaction(read_only=True) as connection:
                assert connection.execute(_IS_REPLICA).scalar() is True
            with pytest.raises(DBAPIError) as refusal, database.transaction() as connection:
                connection.execute(text("DELETE FROM readers"))
            assert is_unavailable(refusal.value)


def test_positions_are_numbers() -> None:
    assert position("16/B374D848") == 0x16B374D848
    assert position("0/0") == position(None) == 0
    assert position("1/0") > position("0/FFFFFFFF")


def test_every_table_reaches_the_standbys(select: Select, database: Database) -> None:
    assert select("SELECT string_agg(relname, ', ') FROM pg_class WHERE relpersistence = 'u'") is None


def test_limits_hold_on_every_node_and_after_a_failover(
    app: Flask, config: Config, visit: Visit, primary: Server, place: EmptyDatabase
) -> None:
    def statuses(browser: Visit, times: int) -> list[int]:
        return [browser().submit("/login", username="Alice", password="wrong " * 2).status_code for _ in range(times)]

    visit().registered("Alice")
    with place.open() as other_database:
        other = make_app(config, other_database)
        assert statuses(visit, 6) + statuses(lambda: Site(other.test_client()), 5) == [422] * 10 + [429]
    successor = Standby(primary)
    successor.start()
    try:
        successor.catch_up()
        assert successor.ask("SELECT pg_promote()")
        url, owner_url = successor.url(place.name), successor.url(place.name, "flyleaf")
        with Database(url, owner_url=owner_url) as database:
            survivor = make_app(config, database)
            assert statuses(lambda: Site(survivor.test_client()), 1) == [429]
    finally:
        successor.remove()


def test_a_start_refuses_what_is_no_replica_of_the_site(
    primary: Server, place: EmptyDatabase, standby: Standby, database: Database
) -> None:
    assert require_replicas(database) == []
    other = EmptyDatabase(primary)
    standby.catch_up()
    try:
        for url, what in (
            (standby.url(other.name), "which has the database of another site: write"),
            (primary.site_url(place.name) + "&application_name=x", "and no standby is there: write"),
        ):
            with Database(primary.site_url(place.name), owner_url=place.url, read_urls=[url]) as wrong:
                with pytest.raises(DatabaseUnusableError, match=what) as refusal:
                    require_replicas(wrong)
                assert str(refusal.value).startswith("DATABASE_READ_URL leads to ")
        both = [standby.url(place.name), primary.site_url(place.name) + "&application_name=x"]
        with Database(primary.site_url(place.name), owner_url=place.url, read_urls=both) as after_a_failover:
            require_replicas(after_a_failover)
            wait_until(lambda: {reads_from_replica(after_a_failover) for _ in range(8)} == {True, False})
    finally:
        other.drop()


def test_a_replica_of_another_site_is_never_read(primary: Server, place: EmptyDatabase, standby: Standby) -> None:
    """Where nobody has checked at the start, such as behind another WSGI server."""
    other = EmptyDatabase(primary)
    standby.catch_up()
    try:
        with Database(primary.site_url(place.name), owner_url=place.url, read_urls=[standby.url(other.name)]) as wrong:
            assert not reads_from_replica(wrong)
    finally:
        other.drop()


def test_the_doctor_examines_replicas(
    place: EmptyDatabase, standby: Standby, primary: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def findings(url: str) -> dict[str, str]:
        for name, value in {
            "FLYLEAF_DATA": str(tmp_path), "DATABASE_URL": primary.site_url(place.name),
            "DATABASE_OWNER_URL": place.url, "DATABASE_READ_URL": url, "REPLICA_LAG_SECONDS": "1",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        return {finding.about: str(finding) for finding in examine() if finding.about.startswith("replica")}

    name = f"replica {standby.sockets}:5432/{place.name}"
    assert findings(standby.url(place.name)) == {name: f"ok    {name}: streams and replays"}
    with standby.paused():
        with place.open() as database, database.transaction() as connection:
            connection.execute(text("DELETE FROM attempts"))
            connection.execute(text("SET LOCAL synchronous_commit = on"))
            connection.execute(text("SELECT pg_logical_emit_message(true, 'test', '')"))
        assert "run SELECT pg_wal_replay_resume() there" in findings(standby.url(place.name))[name]
    [away] = findings(standby.url(place.name).replace(str(standby.sockets), str(tmp_path))).values()
    assert away.startswith("wrong")
    assert "or check DATABASE_READ_URL" in away
    [itself] = findings(f"{place.url}&sslmode=prefer").values()  # another address of the primary
    assert "is a primary" in itself


def test_a_pooler_may_be_in_front_of_the_replicas(
    primary: Server, place: EmptyDatabase, standby: Standby, tmp_path: Path, dune: str
) -> None:
    with (
        pgbouncer(standby) as pooler,
        Database(
            primary.site_url(place.name),
            owner_url=place.url,
            read_urls=[pooler.url(standby.url(place.name))],
            replica_lag_seconds=LONG,
        ) as database,
    ):
        app = make_app(make_config(tmp_path / "pooled", place.url), database)
        alice, bob = Site(app.test_client()).registered("Alice"), Site(app.test_client()).registered("Bob")
        standby.catch_up()
        wait_until(lambda: reads_from_replica(database))
        with standby.paused():
            alice.review(dune, 5, WORDS)
            assert WORDS in alice.get(f"/books/{dune}").text
            assert WORDS not in bob.get(f"/books/{dune}").text
        wait_until(lambda: WORDS in bob.get(f"/books/{dune}").text)
