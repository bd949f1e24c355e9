"""What all tests share: one PostgreSQL a run and worker, an empty database for each test, Alice and Bob."""

import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from flyleaf import isbn as isbns
from flyleaf import passwords
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database, pool
from flyleaf.logs import JsonFormatter
from flyleaf.turns import Turns
from flyleaf.web.current import EXTENSION
from tests.connections import Watch
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.postgresql import Server, start_server
from tests.site import Clock, Site
from tests.spares import HELD, EmptyDatabase, SharedSite, make_app, make_config

# Folders; a slow module of another folder marks itself.
_SLOW = {"benchmarks", "browser", "contract", "embedded", "fuzz"}
_SAMPLE = 6

# Else each worker compiles all tests, and each program that they start all of flyleaf, whenever they run.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `make quick` leaves out: folders, and most inputs of tests that have many. Files with slow
    tests come first: one that began last would leave the other processors without work."""
    batteries: dict[str, list[pytest.Function]] = {}
    for item in items:
        if _SLOW & set(item.path.relative_to(PROJECT).parts):
            item.add_marker(pytest.mark.slow)
        elif isinstance(item, pytest.Function) and not item.get_closest_marker("every_input"):
            batteries.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for battery in batteries.values():
        if len(battery) > _SAMPLE:
            battery.sort(key=lambda test: tuple(test.callspec.indices.values()))
            sample = {len(battery) * number // _SAMPLE for number in range(_SAMPLE)}  # some from everywhere
            for number, test in enumerate(battery):
                if number not in sample:
                    test.add_marker(pytest.mark.slow)
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    """Have the collector of garbage look no more at the tests and modules, which stay: there are a million objects."""
    gc.collect()
    gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without the slow tests, their folders need not even be imported."""
    left_out = config.option.markexpr == "not slow" and collection_path.is_dir() and collection_path.name in _SLOW
    return True if left_out else None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with an empty, migrated database `template`, which each test's own is copied from."""
    server = start_server()
    url = server.create_database("template")
    database = Database(server.site_url("template"), owner_url=url)
    database.migrate()
    database.close()
    yield server
    server.stop()


_QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_QUICK_DUMMY_HASH = _QUICK_HASHER.hash("\0")


@pytest.fixture(autouse=True)
def quick_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes cost next to nothing, except where a test asks for `real_passwords`."""
    if "real_passwords" not in request.fixturenames:
        monkeypatch.setattr(passwords, "_HASHER", _QUICK_HASHER)
        monkeypatch.setattr(passwords, "_DUMMY_HASH", _QUICK_DUMMY_HASH)
        monkeypatch.setattr(passwords, "_turns", Turns(1_000))


@pytest.fixture(autouse=True)
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine no request is cut, except among the tests of the database, some of which wait for that, and
    uploads are matched and written by the request itself: without a background, the rest would stay undone."""
    monkeypatch.setattr("flyleaf.views.uploads.SECONDS", 60.0)
    if "database" not in request.path.relative_to(PROJECT).parts:
        monkeypatch.setattr(pool, "TRANSACTION_SECONDS", 60.0)


@pytest.fixture
def real_passwords() -> None:
    """Passwords are hashed at the cost that the site pays."""


@pytest.fixture
def alone() -> None:
    """The test has its application and its pool for itself, as if it named `app`."""


@pytest.fixture
def is_alone(request: pytest.FixtureRequest) -> bool:
    """Whether the test has its application and its pool for itself, which takes longer: it may change what it names,
    and fixtures of its module may have an application or settings of their own."""
    test = request.node._fixtureinfo
    fixtures = [definitions[-1] for definitions in test.name2fixturedefs.values()]
    asked = {name for fixture in fixtures if fixture.func.__module__ != __name__ for name in fixture.argnames}
    asked.update(test.argnames, test.initialnames)
    return bool(asked & {"alone", "app", "config"} or {"database", "database_url", "server"} & set(test.argnames))


@pytest.fixture(scope="session")
def spare_databases() -> list[EmptyDatabase]:
    return []


@pytest.fixture(scope="session")
def spare_sites() -> list[SharedSite]:
    return []


@pytest.fixture
def own_database(server: Server, spare_databases: list[EmptyDatabase]) -> Iterator[EmptyDatabase]:
    database = spare_databases.pop() if spare_databases else EmptyDatabase(server)
    yield database
    if database.clear():
        spare_databases.append(database)
    else:
        database.drop()


@pytest.fixture
def shared_site(
    server: Server, spare_sites: list[SharedSite], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SharedSite]:
    site = spare_sites.pop() if spare_sites else SharedSite(EmptyDatabase(server), tmp_path_factory.mktemp("site"))
    yield site
    held = site.held()
    if site.clear():
        spare_sites.append(site)
    else:
        site.drop()
    assert held == [], HELD


@pytest.fixture
def database_url(request: pytest.FixtureRequest, is_alone: bool) -> str:
    if is_alone:
        own: EmptyDatabase = request.getfixturevalue("own_database")
        return own.url
    shared: SharedSite = request.getfixturevalue("shared_site")
    return shared.url


@pytest.fixture
def database(request: pytest.FixtureRequest, is_alone: bool, database_url: str) -> Iterator[Database]:
    """The test's database, as the site opens it: pages run as a role that doesn't own the tables."""
    if is_alone:
        with cast(EmptyDatabase, request.getfixturevalue("own_database")).open() as database:
            yield database
    else:
        yield request.getfixturevalue("shared_site").database


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    return make_config(tmp_path / "instance", database_url)


@pytest.fixture
def app(config: Config, database: Database) -> Iterator[Flask]:
    """The site, of which no request may format or send its answer while it holds a connection."""
    app = make_app(config, database)
    watch = Watch(app, database)
    yield app
    app.extensions[EXTENSION].maintenance.stop()
    assert watch.found == [], HELD


@pytest.fixture
def visited(request: pytest.FixtureRequest, is_alone: bool, config: Config) -> Flask:
    """The application that the test's browsers visit."""
    if is_alone:
        return cast(Flask, request.getfixturevalue("app"))
    return cast(SharedSite, request.getfixturevalue("shared_site")).app


@pytest.fixture
def client(visited: Flask) -> FlaskClient:
    return visited.test_client()


@pytest.fixture
def visit(visited: Flask) -> Visit:
    """A new browser, not logged in."""
    return lambda: Site(visited.test_client())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which codes of authenticator apps are checked."""
    clock = Clock()
    monkeypatch.setattr("flyleaf.totp.time", clock)
    return clock


@pytest.fixture
def alice(visit: Visit) -> Site:
    return visit().registered("Alice")


@pytest.fixture
def bob(visit: Visit) -> Site:
    return visit().registered("Bob")


@pytest.fixture
def add_book(database: Database) -> AddBook:
    """Puts a book into the catalogue, Dune where nothing else is said; its address. One without an ISBN has
    identifiers."""

    def add(
        isbn: str | None = "9780441172719",
        title: str = "Dune",
        author: str = "Frank Herbert",
        identifiers: Sequence[str] = (),
        **more: Any,
    ) -> str:
        isbn13 = isbns.parse(isbn).isbn13 if isbn else None
        values = {"isbn": isbn, "isbn13": isbn13, "title": title, "author": author, "year": 1965}
        values |= more if isbn else {"identity": identifiers[0]} | more
        columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        with database.owner.begin() as connection:
            new = text(f"INSERT INTO books ({columns}) VALUES ({places}) RETURNING id")
            book_id = connection.execute(new, values).scalar_one()
            for identifier in identifiers:
                scheme, value = identifier.split(":", 1)
                connection.execute(
                    text("INSERT INTO identifiers (scheme, value, book_id) VALUES (:scheme, :value, :book_id)"),
                    {"scheme": scheme, "value": value, "book_id": book_id},
                )
        return isbn or identifiers[0]

    return add


@pytest.fixture
def dune(add_book: AddBook) -> str:
    """The ISBN of a book that is in the catalogue."""
    return add_book()


@pytest.fixture
def select(database: Database) -> Select:
    """Runs a statement on the test's database; its one value, None where there is no row."""

    def run(statement: str, **values: Any) -> Any:
        with database.owner.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.scalar() if result.returns_rows else None

    return run


@pytest.fixture
def together() -> Together:
    """Calls all the functions at the same moment, each in a thread of its own; what they returned."""

    def run(*functions: Callable[[], Any]) -> list[Any]:
        barrier = threading.Barrier(len(functions))

        def call(function: Callable[[], Any]) -> Any:
            barrier.wait(60)
            return function()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return run


@pytest.fixture
def log() -> Iterator[list[str]]:
    """The lines that are logged while the test runs, as they stand on stderr."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonFormatter())
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)
