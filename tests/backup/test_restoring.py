"""Saving a site and restoring it elsewhere: everything is there, and goes on as it would have."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from flyleaf.app import create_app
from flyleaf.backup.archive import Backup, BackupError, Header, Numbers, Writer, check
from flyleaf.backup.restoring import restore
from flyleaf.backup.saving import save
from flyleaf.backup.tables import LEFT_OUT, make_readable, stored_tables
from flyleaf.config import Config
from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database.migrate import head, lock_migrations, revision, upgrade
from flyleaf.search import SearchQuery, search_books
from tests.backup.conftest import content, run
from tests.postgresql import Server
from tests.site import PASSWORD, Clock, Site

pytestmark = pytest.mark.slow

KEY = "a secret key of the tests"
KEYS_AS_BEFORE = "UPDATE readers SET feed_key = 1"  # all that is not as it was


def saved(database: Database) -> io.BytesIO:
    out = io.BytesIO()
    save(database, KEY, out)
    out.seek(0)
    check(out, "the backup")
    return out


def restored(file: io.BytesIO, database: Database) -> list[str]:
    """Restore it; what was said."""
    said: list[str] = []
    file.seek(0)
    restore(Backup(file), database, str, said.append)
    return said


@pytest.fixture
def there(filled: Database, place: Database, tmp_path: Path) -> Flask:
    """The site, restored in another place."""
    restored(saved(filled), place)
    config = Config(data=tmp_path / "there", database_url=str(place.engine.url), secret_key="another key of the tests")
    return create_app(config, place)


def test_every_row_comes_back(filled: Database, empty: Database) -> None:
    before = content(filled)
    assert [name for name, rows in before.items() if not rows] == [], "something for every table"
    restored(saved(filled), empty)
    run(empty, KEYS_AS_BEFORE)
    assert content(empty) == before


def test_a_backup_of_what_was_restored_is_the_same(filled: Database, place: Database) -> None:
    first = saved(filled)
    restored(first, place)
    run(place, KEYS_AS_BEFORE)
    second = saved(place)
    first.seek(0)
    one, other = Backup(first), Backup(second)
    assert one.header.tables == other.header.tables
    assert one.numbers == other.numbers
    assert [one.rows(name).read() for name in one.header.tables] == [
        other.rows(name).read() for name in one.header.tables
    ]


@pytest.mark.parametrize("export", [["books", "export"], ["events", "export"]])
def test_exports_are_the_same_byte_for_byte(app: Flask, there: Flask, export: list[str]) -> None:
    before = app.test_cli_runner().invoke(args=export).stdout_bytes
    assert before.count(b"\n") > 1
    assert there.test_cli_runner().invoke(args=export).stdout_bytes == before


def test_accounts_are_the_same(app: Flask, there: Flask) -> None:
    """Apart from when they were last seen: sessions tell that."""

    def users(site: Flask) -> list[dict[str, object]]:
        lines = site.test_cli_runner().invoke(args=["users", "list", "--format", "json"]).stdout.splitlines()
        return [json.loads(line) | {"seen_at": None} for line in lines]

    assert len(users(app)) == 2
    assert users(there) == users(app)


def test_readers_log_in_with_their_passwords(there: Flask, alice: Site) -> None:
    alice_there = Site(there.test_client()).logged_in("Alice")
    before, after = (site.get("/readers/Alice").text for site in (alice, alice_there))
    assert "Tab" in before
    assert after.count("<article") == before.count("<article")


def test_readers_log_in_with_their_second_factors(
    filled: Database, place: Database, config: Config, alice: Site, clock: Clock
) -> None:
    """The key that their secrets are encrypted with comes along."""
    factor = alice.with_app(clock)
    restored(saved(filled), place)
    site = Site(create_app(replace(config, database_url=str(place.engine.url)), place).test_client())
    assert site.submit("/login", username="Alice", password=PASSWORD).location == "/login/code"
    assert site.submit("/login/code", code=factor.code()).location == "/search"
    site.get("/logout")
    site.submit("/login", username="Alice", password=PASSWORD)
    assert site.submit("/login/recovery-code", code=factor.recovery_codes[0]).location == "/search"


def test_sessions_are_not_restored(there: Flask, place: Database) -> None:
    assert run(place, "SELECT count(*) FROM sessions") == 0


def test_keys_of_feeds_are_revoked(filled: Database, place: Database, config: Config, alice: Site) -> None:
    """Readers may have revoked them after the backup."""
    feed = "/readers/Alice/reviews.atom"
    key = alice.get(feed).headers["Location"]
    assert alice.get(key).status_code == 200
    restored(saved(filled), place)
    there = Site(create_app(replace(config, database_url=str(place.engine.url)), place).test_client())
    assert there.get(key).status_code == 403
    assert there.logged_in("Alice").get(there.get(feed).headers["Location"]).status_code == 200


def test_sequences_continue_where_they_were(filled: Database, place: Database) -> None:
    """Carol's, who left, is not given to the next reader: events tell what happened to her."""
    numbers = "SELECT nextval(pg_get_serial_sequence('readers', 'id'))"
    restored(saved(filled), place)
    assert run(place, numbers) == run(filled, numbers)
    assert run(place, "SELECT nextval(pg_get_serial_sequence('books', 'id'))") == run(
        filled, "SELECT nextval(pg_get_serial_sequence('books', 'id'))"
    )


def test_ratings_are_counted_after_the_restore(there: Flask, place: Database) -> None:
    before = run(place, "SELECT sum(review_count) FROM rating_counts")
    Site(there.test_client()).registered("Dora").review("0141439580", 5)
    assert run(place, "SELECT sum(review_count) FROM rating_counts") == before + 1


def test_events_are_still_never_changed(there: Flask, place: Database) -> None:
    with pytest.raises((InternalError, DatabaseUnusableError), match="never changed"):
        run(place, "DELETE FROM events")


def test_the_search_finds_the_books_and_follows_new_ones(there: Flask, place: Database) -> None:
    def titles(query: str) -> list[str]:
        with place.transaction() as connection:
            return [found.title for found in search_books(connection, SearchQuery(query)).results]

    assert titles("dune herbert") == ["Dune"]
    run(place, "INSERT INTO books (isbn, isbn13, title) VALUES ('9780140328721', '9780140328721', 'Fantastic Mr Fox')")
    assert titles("fantastic fox") == ["Fantastic Mr Fox"]
    run(place, "UPDATE books SET title = 'Arrakis' WHERE title = 'Dune'")
    assert titles("arrakis") == ["Arrakis"]


def test_the_backup_is_a_snapshot_of_one_moment(filled: Database, place: Database) -> None:
    """A reader who registers and reviews while the backup is written is in it with all, or not at all."""

    class Slow(io.BytesIO):
        written = False

        def write(self, data: Any) -> int:
            if not self.written:
                self.written = True
                run(filled, "INSERT INTO readers (name, name_key, password_hash) VALUES ('Late', 'late', 'x')")
                run(
                    filled,
                    "INSERT INTO reviews (book_id, reader_id, rating, text)"
                    " SELECT min(books.id), max(readers.id), 2, 'late' FROM books, readers",
                )
            return super().write(data)

    before = content(filled)
    out = Slow()
    save(filled, KEY, out)
    assert len(content(filled)["readers"]) == len(before["readers"]) + 1
    restored(out, place)
    run(place, KEYS_AS_BEFORE)
    assert content(place) == before


def test_a_database_that_is_not_empty_is_refused(filled: Database) -> None:
    file = saved(filled)
    before = content(filled)
    with pytest.raises(BackupError, match="not empty") as refusal:
        restored(file, filled)
    assert "\n" not in str(refusal.value)
    assert content(filled) == before


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO books (isbn, title) VALUES ('0441172717', 'Dune')",
        "INSERT INTO readers (name, name_key, password_hash) VALUES ('A', 'a', 'x')",
        "INSERT INTO events (kind) VALUES ('catalogue-imported')",
    ],
)
def test_a_database_with_one_row_is_not_empty(filled: Database, place: Database, row: str) -> None:
    run(place, row)
    before = content(place)
    with pytest.raises(BackupError, match="not empty"):
        restored(saved(filled), place)
    assert content(place) == before


def test_a_database_with_tables_of_another_program_is_not_empty(filled: Database, empty: Database) -> None:
    run(empty, "CREATE TABLE albums (id int)")
    with pytest.raises(BackupError, match="a table albums"):
        restored(saved(filled), empty)
    assert run(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1


def test_a_schema_without_rows_is_empty(filled: Database, place: Database) -> None:
    restored(saved(filled), place)
    run(place, KEYS_AS_BEFORE)
    assert content(place) == content(filled)


def test_an_older_backup_is_brought_up_to_date(empty: Database, database: Database, server: Any) -> None:
    """Made at the third schema, in which nobody could be a moderator."""
    server.create_database("older")
    older = Database(server.url("older"), pool_size=1)
    try:
        with older.transaction_as_is() as connection:
            lock_migrations(connection)
            upgrade(connection, "0003")
            connection.execute(text("INSERT INTO books (isbn, title) VALUES ('0441172717', 'Dune')"))
            connection.execute(text("INSERT INTO readers (name, name_key, password_hash) VALUES ('A', 'a', 'x')"))
            connection.execute(text("INSERT INTO reviews (book_id, reader_id, rating, text) VALUES (1, 1, 4, 'Sand.')"))
        file = saved(older)
        assert Backup(file).header.schema == "0003"
        restored(file, empty)
    finally:
        older.close()
        server.drop_database("older")
    with empty.transaction() as connection:
        assert revision(connection) == head()
        assert search_books(connection, SearchQuery("dune")).results[0].average_score == 4
    assert run(empty, "SELECT is_moderator FROM readers") is False


def test_an_older_backup_needs_a_place_without_a_schema(filled: Database, empty: Database) -> None:
    file = saved(filled)
    with empty.transaction_as_is() as connection:
        lock_migrations(connection)
        upgrade(connection, "0003")
    with pytest.raises(BackupError, match="has the schema 0003 already"):
        restored(file, empty)


def test_a_newer_backup_is_refused(empty: Database) -> None:
    out = io.BytesIO()
    Writer(out, Header("9999", {}, "2026-11-28T01:02:03+00:00", "12.0")).finish(Numbers({}, {}), KEY)
    with pytest.raises(BackupError, match=r"newer Flyleaf \(12\.0, schema 9999") as refusal:
        restored(out, empty)
    assert "\n" not in str(refusal.value)
    assert run(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_a_backup_changes_nothing_of_an_older_database(empty: Database) -> None:
    with empty.transaction_as_is() as connection:
        lock_migrations(connection)
        upgrade(connection, "0003")
    saved(empty)
    assert run(empty, "SELECT version_num FROM alembic_version") == "0003"


def test_an_empty_database_has_no_backup(empty: Database) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        saved(empty)


def test_a_database_that_is_not_in_utf_8_is_refused(filled: Database, server: Server) -> None:
    server._execute("CREATE DATABASE bytes OWNER flyleaf TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    database = Database(server.url("bytes"), pool_size=1)
    try:
        with pytest.raises(DatabaseUnusableError, match="not in UTF-8"):
            restored(saved(filled), database)
    finally:
        database.close()
        server.drop_database("bytes")


def test_a_failure_at_the_end_leaves_nothing_behind(filled: Database, empty: Database) -> None:
    def full(_: str) -> None:
        raise DatabaseUnusableError("The disk is full.")

    file = saved(filled)
    with pytest.raises(DatabaseUnusableError, match="full"):
        restore(Backup(file), empty, full, print)
    assert run(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_what_the_database_refuses_is_one_line(filled: Database, empty: Database) -> None:
    """A backup of ours whose rows break a rule of the schema."""
    out = io.BytesIO()
    columns = ["name", "name_key", "password_hash"]
    writer = Writer(out, Header(head(), {"readers": columns}, "2026-11-28T01:02:03+00:00"))
    with writer.table("readers") as parts:
        parts.write(b"A\ta\tx\nB\ta\tx\n")
    writer.finish(Numbers({"readers": 2}, {}), KEY)
    with pytest.raises(DatabaseUnusableError, match="duplicate key") as refusal:
        restored(out, empty)
    assert "\n" not in str(refusal.value)
    assert run(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_unknown_columns_are_refused(empty: Database) -> None:
    out = io.BytesIO()
    Writer(out, Header(head(), {"readers": ['x"; DROP TABLE books; --']}, "2026-11-28T01:02:03+00:00")).finish(
        Numbers({"readers": 0}, {}), KEY
    )
    with pytest.raises(BackupError, match="a column x"):
        restored(out, empty)


def test_a_table_of_another_program_is_left_out(filled: Database, place: Database) -> None:
    run(filled, "CREATE TABLE public.albums (id int)")
    try:
        file = saved(filled)
    finally:
        run(filled, "DROP TABLE public.albums")
    assert "The table albums is not one of Flyleaf's: it is not restored." in restored(file, place)


def test_every_table_is_backed_up_or_left_out_for_a_reason(database: Database) -> None:
    with database.transaction() as connection:
        make_readable(connection)
        kept = {table.name for table in stored_tables(connection)}
        every = set(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
    assert {name for name in every - kept if not name.startswith("search_")} == set(LEFT_OUT)
    assert kept >= {"books", "readers", "reviews", "rating_counts", "external_ratings", "events", "review_reports"}
