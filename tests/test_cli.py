"""`flask --app application …`, as an operator types it."""

import struct

from flask import Flask

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.search import SearchQuery, search_books
from tests.fixture_types import AddBook, Select
from tests.site import Site


def test_the_search_is_rebuilt(app: Flask, database: Database, add_book: AddBook, select: Select) -> None:
    add_book(title="Dune")
    select("TRUNCATE search_works, search_editions, search_vocabulary")
    with database.transaction() as connection:
        assert search_books(connection, SearchQuery("dune")).results == ()
    result = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert (result.exit_code, result.output) == (0, "The search index was rebuilt.\n")
    with database.transaction() as connection:
        assert [found.title for found in search_books(connection, SearchQuery("dune")).results] == ["Dune"]


def test_expired_sessions_are_deleted_and_live_ones_kept(app: Flask, config: Config, alice: Site) -> None:
    (config.sessions / ("0" * 64)).write_bytes(struct.pack("I", 1) + b"{}")
    result = app.test_cli_runner().invoke(args=["sessions", "prune"])
    assert (result.exit_code, result.output) == (0, "1 expired sessions deleted.\n")
    assert alice.get("/search").status_code == 200
