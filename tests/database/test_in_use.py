"""Databases that are updated while programs use them, or while the update is interrupted."""

import itertools
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from flyleaf.database import Database, in_use
from flyleaf.database.in_use import Step, steps_of
from flyleaf.database.migrate import is_migrated, revisions
from tests.database.conftest import DUMPS, connected
from tests.database.test_old_databases import CATALOGUE_RATINGS, SHAPE
from tests.fixture_types import Together

OldDatabase = Callable[[Path], str]
FIRST = DUMPS[0]  # needs every step that there is


@pytest.mark.slow
@pytest.mark.parametrize(
    "held",
    ["SELECT count(*) FROM books", "LOCK TABLE books IN SHARE UPDATE EXCLUSIVE MODE"],
    ids=["backup", "vacuum"],
)
def test_readers_are_not_locked_out_by_a_migration_that_waits(
    old_database: OldDatabase, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds a table that a migration changes: whoever reads meanwhile is served, and it comes back."""
    monkeypatch.setattr(in_use, "PAUSE", 0.05)
    url = old_database(FIRST)
    with connected(url) as holder, connected(url) as reader, Database(url) as database:
        with holder.cursor() as cursor:
            cursor.execute(held)
        migrating = threading.Thread(target=database.migrate)
        migrating.start()
        with reader, reader.cursor() as cursor:
            cursor.execute("SET statement_timeout = '1s'")  # five times as long as a migration stays in the queue
            for _ in range(20):
                cursor.execute("SELECT count(*) FROM books")
                reader.commit()
                assert migrating.is_alive()
        holder.commit()
        migrating.join(60)
        with database.transaction() as connection:
            assert is_migrated(connection)


@pytest.mark.slow
def test_an_update_that_is_interrupted_after_each_step_goes_on(
    old_database: OldDatabase, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = old_database(FIRST)
    with connected(url) as connection, connection, connection.cursor() as cursor:
        cursor.execute(CATALOGUE_RATINGS)
    run_short, run_long = in_use._run, in_use._run_outside_transaction
    done: set[Step] = set()

    def interrupt(step: Step) -> None:
        if step not in done:
            done.add(step)
            raise KeyboardInterrupt

    def short(connection: object, step: Step) -> int:
        changed = run_short(connection, step)  # type: ignore[arg-type]
        interrupt(step)
        return changed

    def long(connection: object, step: Step) -> None:
        run_long(connection, step)  # type: ignore[arg-type]
        interrupt(step)

    monkeypatch.setattr(in_use, "_run", short)
    monkeypatch.setattr(in_use, "_run_outside_transaction", long)
    for starts in itertools.count(1):
        try:
            with Database(url) as updated:
                updated.migrate()
            break
        except KeyboardInterrupt:
            assert starts < 100
    assert done == {step for name in revisions() for step in steps_of(name)}
    with Database(url) as updated, updated.transaction() as one, database.transaction() as other:
        assert one.execute(text(SHAPE)).all() == other.execute(text(SHAPE)).all()
        moved = "SELECT count(*), bool_and(average_rating = 3.5 AND ratings_count = id) FROM books"
        assert one.execute(text(moved)).one() == (10, True)
        assert one.execute(text("SELECT count(*) FROM pg_index WHERE NOT indisvalid")).scalar() == 0


@pytest.mark.slow
def test_books_that_break_a_later_check_stay_as_they_are(old_database: OldDatabase) -> None:
    """Nothing is lost, and the check that all books obey is valid."""
    url = old_database(FIRST)
    with connected(url) as old, old, old.cursor() as cursor:
        cursor.execute("ALTER TABLE books ADD average_rating numeric(4, 3)")
        cursor.execute("UPDATE books SET average_rating = 7 WHERE title = 'Emma'")
    with Database(url) as database, database.transaction() as connection:
        valid = "SELECT convalidated FROM pg_constraint WHERE conname = :name"
        assert connection.execute(text(valid), {"name": "books_average_rating_check"}).scalar() is False
        assert connection.execute(text(valid), {"name": "books_ratings_count_check"}).scalar() is True
        assert connection.execute(text("SELECT average_rating FROM books WHERE title = 'Emma'")).scalar() == 7


@pytest.mark.slow
def test_starts_at_the_same_moment_update_it_once(old_database: OldDatabase, together: Together) -> None:
    """One creates indexes concurrently, which waits for the statements of all others."""
    databases = [Database(old_database(FIRST))]
    databases += [Database(str(databases[0].engine.url)) for _ in range(3)]
    try:
        assert together(*[database.migrate for database in databases]) == [None] * 4
        with databases[0].transaction() as connection:
            assert is_migrated(connection)
    finally:
        for database in databases:
            database.close()


@pytest.mark.every_input
@pytest.mark.parametrize("name", sorted(revisions()))
def test_the_steps_are_what_their_kind_says(name: str) -> None:
    """Only a long step reads whole tables, and it is one statement that locks out neither readers nor writers."""
    for step in steps_of(name):
        if step.kind == "long":
            assert re.fullmatch(
                r"ALTER TABLE \w+ VALIDATE CONSTRAINT \w+|(CREATE|CREATE UNIQUE|DROP) INDEX CONCURRENTLY [^;]+"
                r"|INSERT INTO \w+ SELECT [^;]+ ON CONFLICT DO NOTHING",
                step.statements.strip(),
            )
        else:
            for statement in step.statements.split(";"):
                for constraint in statement.split("ADD CONSTRAINT")[1:]:
                    assert "CHECK" not in constraint or "NOT VALID" in constraint, "it would read the whole table"
