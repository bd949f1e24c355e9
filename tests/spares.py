"""Databases, and sites on them, that tests use one after the other: to empty them is cheaper than to make them anew."""

import contextlib
import itertools
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import QueuePool

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.request_counters import MemoryCounter
from flyleaf.search.schema import schema_name
from flyleaf.web.current import EXTENSION
from tests.connections import Watch
from tests.postgresql import Server

HELD = "views in a transaction return render_later(…), or a dict for JSON"
_numbers = itertools.count(1)

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

# Rows of all other tables go along with these. Not while somebody is still connected or, if a pool is kept,
# in a transaction.
_CLEAR = """
    WITH busy AS (SELECT count(*) AS others FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND {busy}),
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


class EmptyDatabase:
    """A copy of the template."""

    def __init__(self, server: Server) -> None:
        self.name = f"test_{next(_numbers)}"
        self._server = server
        self.url = server.create_database(self.name, template="template")
        with self.open() as database:
            database.migrate()  # rights on a database are not copied from its template
        [self._schema] = self._ask(_SCHEMA)

    def open(self) -> Database:
        """Open it as the site does: pages run as a role that doesn't own the tables."""
        return Database(self._server.site_url(self.name), pool_size=2, owner_url=self.url)

    def clear(self, keeps_pool: bool = False) -> bool:
        """Delete all rows, where the schema is still what it was."""
        busy = "state <> 'idle'" if keeps_pool else "true"
        try:
            schema, cleared, _ = self._ask(_SCHEMA, _CLEAR.format(busy=busy), _CLEAR_EVENTS)
        except psycopg2.Error:
            return False
        return bool(cleared) and schema == self._schema and self._is_searchable()

    def _is_searchable(self) -> bool:
        built = f"SELECT EXISTS (SELECT FROM {schema_name()}.search_state WHERE built_at IS NOT NULL)"
        try:
            [is_built] = self._ask(built)
        except psycopg2.Error:
            return False
        return bool(is_built)

    def drop(self) -> None:
        self._server.drop_database(self.name)

    def _ask(self, *statements: str) -> list[Any]:
        """The one value of each statement."""
        with contextlib.closing(self._server.connect(self.name)) as connection:
            connection.autocommit = True
            values = []
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                    values.append(cursor.fetchone()[0])
            return values


class SharedSite:
    """An application with its database and pool, for tests that see it as browsers do."""

    def __init__(self, place: EmptyDatabase, data: Path) -> None:
        self.url = place.url
        self._place = place
        self.database = place.open()
        self._config = make_config(data, place.url)
        self._watch: Watch | None = None

    @cached_property
    def app(self) -> Flask:
        app = make_app(self._config, self.database)
        self._watch = Watch(app, self.database)
        return app

    def held(self) -> list[str]:
        """Say what the test's requests did while they held a connection."""
        return self._watch.found if self._watch else []

    def clear(self) -> bool:
        """Forget what the test did; False if more is left of it than can be forgotten."""
        if self._watch:
            site = self.app.extensions[EXTENSION]
            self._watch.found = []
            self.app.extensions[EXTENSION] = replace(site, request_counter=MemoryCounter())
            for session in self._config.sessions.iterdir():
                session.unlink()
            if site.maintenance._thread is not None:  # it has work, and can be stopped for good only
                site.maintenance.stop()
                self._watch = None
                del self.app
        pool = self.database.engine.pool
        assert isinstance(pool, QueuePool)
        return pool.checkedout() == 0 and self._place.clear(keeps_pool=True)

    def drop(self) -> None:
        self.database.close()
        self._place.drop()


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


def make_config(data: Path, url: str) -> Config:
    return Config(
        data=data,
        database_url=url,
        secret_key="a key for the tests alone",
        searches_per_minute=999_999,
        api_requests_per_minute=999_999,
    )


def make_app(config: Config, database: Database) -> Flask:
    app = create_app(config, database)
    app.testing = True
    app.jinja_env.bytecode_cache = _compiled
    return app
