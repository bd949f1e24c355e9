"""Databases, and sites on them, that tests use one after the other: to empty them is cheaper than to make them anew."""

import contextlib
import itertools
import time
from collections.abc import Iterator
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
from flyleaf.database import Database, rights
from flyleaf.embedded.cluster import SITE_ROLE
from flyleaf.request_counters import MemoryCounter
from flyleaf.search.schema import schema_name
from flyleaf.web.current import EXTENSION
from tests.connections import Watch
from tests.postgresql import Server

HELD = "views in a transaction return render_later(…), or a dict for JSON"
_numbers = itertools.count(1)

# Changes whenever a test changes more than rows: every change to a row of a catalog gives it another xmin. Objects from
# 16384 on are not PostgreSQL's own.
_SCHEMA = """
    SELECT concat_ws(' ',
        (SELECT sum(hashtext(concat(xmin, attname))) FROM pg_attribute WHERE attrelid >= 16384),
        (SELECT sum(hashtext(concat(xmin, conname))) FROM pg_constraint WHERE oid >= 16384),
        (SELECT sum(hashtext(concat(xmin, proname))) FROM pg_proc WHERE oid >= 16384),
        (SELECT sum(hashtext(concat(xmin, tgname, tgenabled))) FROM pg_trigger),
        (SELECT sum(hashtext(concat(xmin, nspname))) FROM pg_namespace WHERE nspname !~ '^pg_'),
        (SELECT sum(hashtext(concat(xmin, extname))) FROM pg_extension),
        (SELECT sum(hashtext(concat(relname, relacl, reloptions))) FROM pg_class WHERE oid >= 16384),
        (SELECT sum(hashtext(concat(xmin, version_num))) FROM alembic_version),
        (SELECT concat(xmin, datacl) FROM pg_database WHERE datname = current_database()),
        (SELECT sum(hashtext(concat(setconfig))) FROM pg_db_role_setting))
"""

_SIZE = "SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
_LEFT_OVER = 500_000  # bytes

# Rows of all other tables go along with these. Not while anybody is connected whom the tests don't know.
_CLEAR = """
    WITH busy AS (SELECT count(*) > %s AS is_true FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()),
         work_corrections_gone AS (DELETE FROM work_corrections USING busy WHERE NOT is_true),
         books_gone AS (DELETE FROM books USING busy WHERE NOT is_true),
         identifiers_gone AS (DELETE FROM identifiers USING busy WHERE NOT is_true),
         readers_gone AS (DELETE FROM readers USING busy WHERE NOT is_true),
         challenges_gone AS (DELETE FROM passkey_challenges USING busy WHERE NOT is_true),
         attempts_gone AS (DELETE FROM attempts USING busy WHERE NOT is_true),
         invitations_gone AS (DELETE FROM invitations USING busy WHERE NOT is_true),
         failed_logins_gone AS (DELETE FROM failed_logins USING busy WHERE NOT is_true),
         subjects_gone AS (DELETE FROM subjects USING busy WHERE NOT is_true),
         duplicate_search_anew AS (UPDATE duplicate_search SET popularity = DEFAULT, work_id = DEFAULT, begun_at = now()
                                     FROM busy WHERE NOT is_true),
         event_ages_gone AS (DELETE FROM event_ages USING busy WHERE NOT is_true)
    SELECT NOT is_true FROM busy
"""
# A connection that was closed is there for a moment longer.
_ATTEMPTS, _PAUSE = 50, 0.02  # seconds

# Only a superuser may: the trigger that keeps events from being deleted is off for this transaction.
_CLEAR_EVENTS = """
    BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM events; COMMIT; SELECT true
"""

_SEARCH_IS_BUILT = f"SELECT EXISTS (SELECT FROM {schema_name()}.search_state WHERE built_at IS NOT NULL)"


class EmptyDatabase:
    """A copy of the template, and the connections that outlive a test: each would cost more than most tests do."""

    def __init__(self, server: Server) -> None:
        self.name = f"test_{next(_numbers)}"
        self._server = server
        self.url = server.create_database(self.name, template="template")
        self._owner = Database(self.url, pool_size=2)
        with self._owner.engine.begin() as connection:
            rights.grant(connection, SITE_ROLE)  # those on the database itself are not copied from the template
        self._superuser = server.connect(self.name)
        self._superuser.autocommit = True
        self._schema, self._size = self._ask(_SCHEMA), self._ask(_SIZE)

    @contextlib.contextmanager
    def open(self) -> Iterator[Database]:
        """Open it as the site does: pages run as a role that doesn't own the tables. Nothing needs to be prepared."""
        database = Database(self._server.site_url(self.name), pool_size=2, owner_url=self.url)
        database.trust_schema()
        database._preparation._search_is_built = True
        unpooled, database.owner = database.owner, self._owner.engine
        try:
            yield database
        finally:
            database.owner = unpooled
            database.close()

    def clear(self, kept: int = 0) -> bool:
        """Delete all rows. Return False if the schema has changed, or somebody is connected, besides those whom this
        object knows and the `kept` idle connections of a pool, or there were many rows: nobody vacuums here."""
        try:
            return (
                self._ask(_SCHEMA) == self._schema
                and self._ask(_SIZE) < self._size + _LEFT_OVER
                and self._delete_rows(kept)
                and self._ask(_SEARCH_IS_BUILT)
            )
        except psycopg2.Error:
            return False

    def _delete_rows(self, kept: int) -> bool:
        pool = self._owner.engine.pool
        assert isinstance(pool, QueuePool)
        for _ in range(_ATTEMPTS):
            if self._ask(_CLEAR, kept + pool.checkedin()):
                return bool(self._ask(_CLEAR_EVENTS))
            time.sleep(_PAUSE)
        return False

    def drop(self) -> None:
        self._owner.close()
        self._superuser.close()
        self._server.drop_database(self.name)

    def _ask(self, statement: str, *values: Any) -> Any:
        """Return the one value that the statement selects."""
        with self._superuser.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchone()[0]


class SharedSite:
    """An application with its database and pool, for tests that see it as browsers do."""

    def __init__(self, place: EmptyDatabase, data: Path) -> None:
        self.url = place.url
        self._place = place
        self._opened = contextlib.ExitStack()
        self.database = self._opened.enter_context(place.open())
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
        return pool.checkedout() == 0 and self._place.clear(pool.checkedin())

    def drop(self) -> None:
        self._opened.close()
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
