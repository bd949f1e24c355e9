"""Make and fill the database of an earlier version; scripts/old_databases.py runs this with that version's modules."""

import importlib
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from flyleaf.config import Config
from flyleaf.database import Database

EMMA, WHALE, HEIGHTS = "0141439580", "0142437247", "0141439556"
PASSWORD = "a rose is a rose"  # noqa: S105  # that of tests/site.py
PASSKEY = 2026  # the private key that the tests log in with
SECRET_KEY = "a key for the tests alone"  # noqa: S105  # the updated site reads what this one has encrypted


def main(url: str, project: str) -> None:
    """Fill the database at `url` through the pages and the importer.

    The first version had neither, and those of b269ff2 lack a module. Their rows are written to the tables directly.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            import flyleaf.app
            import flyleaf.importing.loader  # noqa: F401
        except ImportError:
            with Database(url) as database:
                _fill_tables(database)
            return
        config = Config(data=Path(folder), database_url=url, secret_key=SECRET_KEY)
        _import(url, folder)
        from flyleaf.app import create_app

        with Database(url) as database:
            app = create_app(config, database)
            tests = Path(project, "tests")
            _visit(app, database, _module(tests / "site.py").Site)
            if "second_factors" in app.blueprints:
                _add_second_factors(app, database, _module(tests / "site.py"), _module(tests / "authenticator.py"))


def _import(url: str, folder: str) -> None:
    import os

    environment = os.environ | {"DATABASE_URL": url.replace("+psycopg2", ""), "FLYLEAF_DATA": folder}
    subprocess.run([sys.executable, "import.py", "books_of_the_dump.csv"], env=environment, check=True)


def _fill_tables(database: Database) -> None:
    import csv

    from sqlalchemy import text

    from flyleaf import isbn

    with database.transaction() as connection, Path("books_of_the_dump.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            connection.execute(
                text("""
                    INSERT INTO books (isbn, isbn13, title, author, year)
                    VALUES (:isbn, :isbn13, :title, :author, :year)"""),
                row | {"isbn13": isbn.parse(row["isbn"]).isbn13},
            )
        for name in ("Alice", "Bob"):
            connection.execute(
                text("INSERT INTO readers (name, name_key, password_hash) VALUES (:name, lower(:name), :hash)"),
                {"name": name, "hash": _module_hash()},
            )
        connection.execute(
            text("""
                INSERT INTO reviews (book_id, reader_id, rating, text)
                SELECT books.id, readers.id, 4, name || ' on ' || title
                  FROM books, readers WHERE isbn = ANY (:isbns)"""),
            {"isbns": [EMMA, WHALE]},
        )


def _module_hash() -> str:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def _visit(app: Any, database: Database, site: Any) -> None:
    alice = site(app.test_client()).registered("Alice", PASSWORD)
    bob = site(app.test_client()).registered("Bob", PASSWORD)
    for isbn in (EMMA, WHALE):
        alice.review(isbn, 5, f"Alice on {isbn}.")
        bob.review(isbn, 3, f"Bob on {isbn}: “très bien”.")
    bob.review(HEIGHTS, 1, "Too windy.")
    _moderate(app, alice, bob, database)


def _moderate(app: Any, alice: Any, bob: Any, database: Database) -> None:
    """Make Alice a moderator and let her report and hide a review, if this version has moderators."""
    runner = app.test_cli_runner()
    if runner.invoke(args=["users", "make-moderator", "Alice"]).exit_code:
        return
    from sqlalchemy import text

    with database.transaction() as connection:
        number = connection.execute(text("SELECT max(id) FROM reviews")).scalar()
    alice.submit(f"/reviews/{number}/report", reason="Too short.")
    alice.submit(f"/moderation/reviews/{number}/hide", reason="Too windy, too.")
    runner.invoke(args=["users", "reset-password", "Bob"])


def _add_second_factors(app: Any, database: Database, tests: Any, authenticators: Any) -> None:
    """Let Carol have a second factor of each kind and an account elsewhere, Bob's hidden review be withdrawn, and Alice
    invite somebody. Erin waits for a moderator's approval."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from sqlalchemy import text

    clock = tests.Clock()
    codes: Any = importlib.import_module("flyleaf.totp")
    codes.time = clock
    carol = tests.Site(app.test_client()).registered("Carol", PASSWORD)
    carol.review(HEIGHTS, 4, "Windy.")
    carol.with_app(clock)
    key = authenticators.Authenticator(key=ec.derive_private_key(PASSKEY, ec.SECP256R1()))
    fields = tests.hidden_fields(carol.get("/account/passkey").text) | {"name": "My key", "password": PASSWORD}
    asked = carol.client.post("/account/passkey/question", data=fields).json
    carol.client.post("/account/passkey", data=fields | {"credential": key.create(asked)})
    bob = tests.Site(app.test_client()).logged_in("Bob", PASSWORD)
    bob.submit(f"/books/{HEIGHTS}/review/delete")
    alice = tests.Site(app.test_client()).logged_in("Alice", PASSWORD)
    alice.submit("/moderation/invitations", uses="3", days="7", note="The book club")
    tests.Site(app.test_client()).registered("Erin", PASSWORD)
    with database.transaction() as connection:
        connection.execute(
            text("""
                INSERT INTO identities (issuer, subject, reader_id)
                SELECT 'https://login.example', 'c-1', id FROM readers WHERE name = 'Carol'""")
        )
        connection.execute(
            text("INSERT INTO pending_registrations (reader_id) SELECT id FROM readers WHERE name = 'Erin'")
        )


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(*sys.argv[1:])
