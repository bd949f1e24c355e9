"""What all tests share: one PostgreSQL a run and worker, a database of its own for each test, Alice and Bob."""

import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import make_url, text

from flyleaf import isbn as isbns
from flyleaf import passwords
from flyleaf.app import create_app
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.logs import JsonFormatter
from flyleaf.turns import Turns
from flyleaf.web.current import EXTENSION
from tests.connections import Watch
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.postgresql import Server, start_server
from tests.site import Clock, Site

_numbers = itertools.count(1)
_SLOW = {"browser", "embedded", "fuzz"}  # folders; a slow module of another folder marks itself


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _SLOW & set(item.path.relative_to(PROJECT).parts):
            item.add_marker(pytest.mark.slow)


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


@pytest.fixture
def real_passwords() -> None:
    """Passwords are hashed at the cost that the site pays."""


@pytest.fixture(scope="session")
def spare_databases() -> list[str]:
    """Databases that a test has left as it got them, apart from rows: cheaper to empty than to make anew."""
    return []


@pytest.fixture
def database_url(server: Server, spare_databases: list[str]) -> Iterator[str]:
    name = spare_databases.pop() if spare_databases else f"test_{next(_numbers)}"
    if name not in _schemas:
        server.create_database(name, template="template")
        [_schemas[name]] = _ask(server, name, _SCHEMA)
    yield server.url(name)
    if _is_cleared(server, name):
        spare_databases.append(name)
    else:
        server.drop_database(name)


_schemas: dict[str, str] = {}
# What tells whether somebody changed more than rows; every change to a catalogue's row leaves another xmin there.
_SCHEMA = """
    SELECT concat_ws(' ',
        (SELECT sum(hashtext(concat(xmin, attname))) FROM pg_attribute WHERE attrelid >= 16384),
        (SELECT sum(hashtext(concat(xmin, conname))) FROM pg_constraint),
        (SELECT sum(hashtext(concat(xmin, proname))) FROM pg_proc),
        (SELECT sum(hashtext(concat(xmin, tgname, tgenabled))) FROM pg_trigger),
        (SELECT sum(hashtext(concat(xmin, nspname))) FROM pg_namespace),
        (SELECT sum(hashtext(concat(xmin, extname))) FROM pg_extension),
        (SELECT sum(hashtext(concat(relname, relacl, reloptions))) FROM pg_class),
        (SELECT sum(hashtext(concat(xmin, version_num))) FROM alembic_version),
        (SELECT concat(xmin, datacl) FROM pg_database WHERE datname = current_database()),
        (SELECT sum(hashtext(concat(setconfig))) FROM pg_db_role_setting))
"""


# Rows of all other tables go along with these. Not while somebody is still connected.
_CLEAR = """
    WITH busy AS (SELECT count(*) AS others FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()),
         books_gone AS (DELETE FROM books USING busy WHERE others = 0),
         readers_gone AS (DELETE FROM readers USING busy WHERE others = 0),
         challenges_gone AS (DELETE FROM passkey_challenges USING busy WHERE others = 0),
         attempts_gone AS (DELETE FROM attempts USING busy WHERE others = 0),
         invitations_gone AS (DELETE FROM invitations USING busy WHERE others = 0),
         failed_logins_gone AS (DELETE FROM failed_logins USING busy WHERE others = 0),
         event_ages_gone AS (DELETE FROM event_ages USING busy WHERE others = 0)
    SELECT others = 0 FROM busy
"""

# Nobody else may: a superuser, for whom the triggers of the site are off.
_CLEAR_EVENTS = """
    SET session_replication_role = replica;
    WITH gone AS (DELETE FROM events) SELECT true
"""


def _is_cleared(server: Server, name: str) -> bool:
    """Delete all rows, where the schema is still what it was."""
    try:
        schema, cleared, _ = _ask(server, name, _SCHEMA, _CLEAR, _CLEAR_EVENTS)
    except psycopg2.Error:
        return False
    return bool(cleared) and schema == _schemas[name]


def _ask(server: Server, name: str, *statements: str) -> list[Any]:
    """The one value of each statement."""
    with contextlib.closing(server.connect(name)) as connection:
        connection.autocommit = True
        values = []
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                values.append(cursor.fetchone()[0])
        return values


@pytest.fixture
def database(server: Server, database_url: str) -> Iterator[Database]:
    """The test's database, as the site opens it: pages run as a role that doesn't own the tables."""
    site_url = server.site_url(str(make_url(database_url).database))
    database = Database(site_url, pool_size=2, owner_url=database_url)
    yield database
    database.close()


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    return Config(
        data=tmp_path / "instance",
        database_url=database_url,
        secret_key="a key for the tests alone",
        searches_per_minute=999_999,
        api_requests_per_minute=999_999,
    )


class _Compiled(BytecodeCache):
    """Compiled templates, shared by the applications of all tests."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


@pytest.fixture
def app(config: Config, database: Database) -> Iterator[Flask]:
    """The site, of which no request may format or send its answer while it holds a connection."""
    app = create_app(config, database)
    app.testing = True
    app.jinja_env.bytecode_cache = _compiled
    watch = Watch(app, database)
    yield app
    app.extensions[EXTENSION].maintenance.stop()
    assert watch.found == [], "views in a transaction return render_later(…), or a dict for JSON"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def visit(app: Flask) -> Visit:
    """A new browser, not logged in."""
    return lambda: Site(app.test_client())


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
    """Puts a book into the catalogue, Dune where nothing else is said; its ISBN, as the catalogue gives it."""

    def add(isbn: str = "9780441172719", title: str = "Dune", author: str = "Frank Herbert", **more: Any) -> str:
        values = {"isbn": isbn, "isbn13": isbns.parse(isbn).isbn13, "title": title, "author": author, "year": 1965}
        values |= more
        columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        with database.owner.begin() as connection:
            connection.execute(text(f"INSERT INTO books ({columns}) VALUES ({places})"), values)
        return isbn

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
            barrier.wait(10)
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
