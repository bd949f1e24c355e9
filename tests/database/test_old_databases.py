"""Databases as earlier versions made them, brought up to date: scripts/old_databases.py has made the dumps."""

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import text

from flyleaf.app import create_app
from flyleaf.backup.archive import Backup
from flyleaf.backup.restoring import restore
from flyleaf.backup.saving import save
from flyleaf.backup.tables import LEFT_OUT
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.database.migrate import head
from flyleaf.sealing import unseal
from scripts.fill_old_database import EMMA, PASSKEY, SECRET_KEY
from scripts.old_databases import COMMITS
from tests.authenticator import Authenticator
from tests.database.conftest import DUMPS, EACH_DUMP, LATEST, SEARCH_IN_PUBLIC, connected, restored
from tests.postgresql import Server
from tests.site import PASSWORD, App, Clock, Site, hidden_fields

pytestmark = pytest.mark.slow

FOUND = {
    "jane austen": {"Pride and Prejudice", "Emma", "Persuasion"},
    "bronte": {"Wuthering Heights"},
    "wuthering hights": {"Wuthering Heights"},
    "moby dick": {"Moby-Dick, or The Whale"},
    "a tale of two c": {"A Tale of Two Cities"},
    "0141439580": {"Emma"},
}
PAGES = (
    "/search", "/books/0141439580", "/authors/Jane%20Austen", "/readers/Alice", "/readers/Bob", "/account",
    "/account/events", "/moderation", "/moderation/hidden", "/api/0141439580", "/api/search?q=emma",
    "/search/suggestions?q=emm", "/readyz",
)  # fmt: skip
# What is not derived, and what of it no update may change.
KEPT = {
    "readers": "SELECT id, name, name_key, password_hash, created_at FROM readers ORDER BY id",
    "reviews": "SELECT id, book_id, reader_id, rating, text, created_at, edited_at FROM reviews ORDER BY id",
    "books": """
        SELECT id, isbn, isbn13, title, author, year, publisher, language, pages, description FROM books ORDER BY id""",
    "rating_counts": "SELECT book_id, review_count, rating_sum FROM rating_counts ORDER BY book_id",
    "sessions": "SELECT id, id_hash, reader_id, began_at, seen_at FROM sessions ORDER BY id",
    "events": "SELECT id, at, kind, reader_id, detail FROM events ORDER BY id",
    "review_reports": "SELECT review_id, reader_id, reason, reported_at FROM review_reports ORDER BY 1, 2",
    "password_resets": "SELECT reader_id, token_hash, expires_at FROM password_resets ORDER BY reader_id",
    "authenticator_apps": "SELECT id, reader_id, name, secret, last_step FROM authenticator_apps ORDER BY id",
    "passkeys": "SELECT id, reader_id, site, credential_id, public_key, sign_count FROM passkeys ORDER BY id",
    "recovery_codes": "SELECT id, reader_id, code_hash FROM recovery_codes ORDER BY id",
    "identities": "SELECT issuer, subject, reader_id, connected_at FROM identities ORDER BY issuer, subject",
    "invitations": "SELECT id, token_hash, made_by, expires_at, uses, uses_max, note FROM invitations ORDER BY id",
    "pending_registrations": "SELECT reader_id, registered_at FROM pending_registrations ORDER BY reader_id",
}
RATINGS = "SELECT id, average_rating, ratings_count FROM books ORDER BY id"
# The first versions kept what a file says of a book's ratings elsewhere.
CATALOGUE_RATINGS = """
    INSERT INTO external_ratings (book_id, source, average, ratings_count)
    SELECT id, 'catalogue', 3.5, id FROM books"""
SHAPE = """
    SELECT table_name, column_name, data_type, is_nullable, column_default, generation_expression
      FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', ''
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
     UNION ALL
    SELECT tablename, indexname, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '', '' FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL
    SELECT 'function', proname, md5(regexp_replace(prosrc, '\\s+', ' ', 'g')), '', '', ''
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prolang <> 13
     UNION ALL
    SELECT 'extension', extname, '', '', '', '' FROM pg_extension
     ORDER BY 1, 2, 3"""


@dataclass(frozen=True)
class Updated:
    """Today's site on a database that was restored from a dump, and the rows before and after its update."""

    site: Flask
    url: str
    before: dict[str, list[tuple[Any, ...]]]
    after: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module", params=EACH_DUMP)
def updated(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Updated]:
    """One for all tests: each only adds to it."""
    with restored(server, request.param) as url, connected(url) as connection, Database(url) as database:
        before = rows(connection)
        config = Config(data=tmp_path_factory.mktemp("old"), database_url=url, secret_key="a key for the tests alone")
        site = create_app(config, database)
        assert site.test_client().get("/readyz").status_code == 200
        yield Updated(site, url, before, rows(connection))


def rows(connection: psycopg2.extensions.connection) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with connection, connection.cursor() as cursor:
        for table, statement in KEPT.items():
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (table,))
            if cursor.fetchone() == (True,):
                cursor.execute(statement)
                found[table] = cursor.fetchall()
    return found


def test_there_is_a_dump_of_each_schema_that_sites_have_had() -> None:
    assert [dump.name for dump in DUMPS] == [f"{number}_{commit}.sql" for number, commit in enumerate(COMMITS, 1)]


def test_all_pages_answer_and_the_same_search_finds_the_same_books(updated: Updated, subtests: pytest.Subtests) -> None:
    site = updated.site
    assert site.test_cli_runner().invoke(args=["users", "make-moderator", "Alice"]).exit_code == 0
    alice = Site(site.test_client()).logged_in("Alice", PASSWORD)
    for page in PAGES:
        with subtests.test(page):
            assert alice.get(page).status_code == 200
    for query, titles in FOUND.items():
        with subtests.test(query):
            found = alice.get("/api/search", query_string={"q": query}).get_json()["results"]
            assert {result["title"] for result in found} >= titles
            assert found[0]["title"] in titles
    assert alice.review("0141439602", 5, "The best of times.").status_code == 303
    assert "The best of times." in alice.get("/books/0141439602").text


def test_nothing_is_lost(updated: Updated) -> None:
    assert len(updated.before["readers"]) >= 2
    assert len(updated.before["reviews"]) >= 4
    assert {table: updated.after[table] for table in updated.before} == updated.before


def test_the_schema_is_that_of_a_new_database(updated: Updated, database: Database) -> None:
    with Database(updated.url) as old, old.transaction() as one, database.transaction() as other:
        assert one.execute(text("SELECT version_num FROM alembic_version")).scalar() == head()
        assert one.execute(text(SHAPE)).all() == other.execute(text(SHAPE)).all()


def test_second_factors_still_log_in_and_withdrawn_reviews_stay_hidden(
    old_database: Callable[[Path], str], tmp_path: Path, clock: Clock
) -> None:
    """Carol has an app and a passkey: scripts/fill_old_database.py made them, with the two keys of these tests."""
    with Database(old_database(LATEST)) as database:
        site = create_app(Config(data=tmp_path, secret_key=SECRET_KEY), database)
        with database.transaction() as connection:
            reader, sealed = connection.execute(text("SELECT reader_id, secret FROM authenticator_apps")).one()
            handle = connection.execute(text("SELECT user_handle FROM passkeys")).scalar_one()
            withdrawn = connection.execute(
                text("SELECT text, hidden_reason FROM reviews WHERE withdrawn_at > '-infinity'")
            )
            assert withdrawn.all() == [("", "Too windy, too.")]
        app = App(unseal(SECRET_KEY, bytes(sealed), reader).decode(), clock)
        clock.tick(10)
        carol = Site(site.test_client())
        assert carol.submit("/login", username="Carol", password=PASSWORD).location == "/login/code"
        assert carol.submit("/login/code", code=app.code()).location == "/search"
        key = Authenticator(key=ec.derive_private_key(PASSKEY, ec.SECP256R1()))
        key.host, key.user_handle = "localhost", bytes(handle)
        phone = Site(site.test_client())
        fields = hidden_fields(phone.get("/login").text)
        asked = phone.client.post("/login/passkey/question", data=fields).json or {}
        answer = phone.client.post("/login/passkey", data=fields | {"credential": key.get(asked)})
        assert answer.location == "/search", answer.text


@pytest.mark.parametrize("dump", SEARCH_IN_PUBLIC, ids=lambda path: path.stem)
def test_a_program_of_the_older_version_goes_on_while_it_is_connected(
    dump: Path, old_database: Callable[[Path], str]
) -> None:
    """Migrated first: what it serves is kept, and follows what the newer version writes; then it is dropped."""
    url = old_database(dump)
    old = psycopg2.connect(url.replace("+psycopg2", ""), application_name="flyleaf")
    old.autocommit = True
    works = "SELECT title_key FROM search_works WHERE title_key IN ('emma', 'villette', 'shirley') ORDER BY title_key"
    with contextlib.closing(old), old.cursor() as cursor, Database(url) as database:
        database.build_search()
        cursor.execute("INSERT INTO books (isbn, title) VALUES ('0141439521', 'Villette')")
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO books (isbn, title) VALUES ('0141439539', 'Shirley')"))
            assert connection.scalars(text(works)).all() == ["emma", "shirley", "villette"]
        cursor.execute(works)
        assert [title for (title,) in cursor.fetchall()] == ["emma", "shirley", "villette"]
        cursor.execute("SELECT key FROM search_read('emma', 10)")
        assert cursor.fetchone() == ("emma",)
    with Database(url) as database:
        database.build_search()
        with database.transaction() as connection:
            assert connection.execute(text("SELECT to_regclass('public.search_works')")).scalar() is None


@pytest.mark.parametrize("dump", EACH_DUMP)
def test_a_backup_made_before_the_update_is_restored_with_all_of_it(
    dump: Path, old_database: Callable[[Path], str], tmp_path: Path, server: Server
) -> None:
    """It is in the schema of that version, and is brought to this one's like a database in use. Two reviews of a reader
    for editions of one work, as earlier versions took them, are among it: the newer one counts, and none is lost."""
    url = old_database(dump)
    with connected(url) as connection, connection, connection.cursor() as cursor:
        if dump in DUMPS[:3]:
            cursor.execute(CATALOGUE_RATINGS)
        cursor.execute(
            "INSERT INTO books (isbn, isbn13, title, author)"
            " SELECT '0199535523', '9780199535521', title, author FROM books WHERE isbn = %s",
            (EMMA,),
        )
        cursor.execute(
            "INSERT INTO reviews (book_id, reader_id, rating, text, created_at)"
            " SELECT book.id, reader.id, 1, 'On second thoughts.', now() + interval '1 hour'"
            "   FROM books AS book, readers AS reader WHERE book.isbn = '0199535523' AND reader.name = 'Alice'"
        )
    with connected(url) as connection:
        before = rows(connection)["reviews"]
    name = f"restored_{uuid4().hex}"
    with Database(url) as old, Database(server.create_database(name)) as new:
        file = io.BytesIO()
        save(old, "a key for the tests alone", file)
        file.seek(0)
        restore(Backup(file), new, str, lambda _: None)
        old.build_search()
        with old.transaction() as one, new.transaction() as other:
            assert one.execute(text(SHAPE)).all() == other.execute(text(SHAPE)).all()
            for table, statement in {**KEPT, "ratings": RATINGS}.items():
                if table not in LEFT_OUT:
                    assert one.execute(text(statement)).all() == other.execute(text(statement)).all(), table
            assert other.execute(text("SELECT count(*) FROM search_works")).scalar_one() > 8
        for database in (old, new):
            site = create_app(Config(data=tmp_path, secret_key="a key for the tests alone"), database)
            client = site.test_client()
            assert client.get(f"/api/{EMMA}").get_json()["review_count"] == 2
            assert client.get("/api/0199535523").get_json()["review_count"] == 2
            bob = Site(site.test_client()).logged_in("Bob", PASSWORD)
            assert "On second thoughts." in bob.get(f"/books/{EMMA}").text
            with database.transaction() as reading:
                assert [tuple(row) for row in reading.execute(text(KEPT["reviews"]))] == before
                superseded = "SELECT count(*) FROM search_reviews WHERE is_superseded"
                assert reading.execute(text(superseded)).scalar_one() == 1
    server.drop_database(name)
