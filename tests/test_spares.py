"""What tests use one after the other holds nothing of the test before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.postgresql import Server
from tests.site import PASSWORD, Site
from tests.spares import EmptyDatabase, SharedSite

BOOK = "INSERT INTO books (isbn, isbn13, title) VALUES ('9780441172719', '9780441172719', 'Dune')"


@pytest.fixture
def site(server: Server, tmp_path: Path) -> Iterator[SharedSite]:
    site = SharedSite(EmptyDatabase(server), tmp_path)
    yield site
    site.drop()


def run(site: SharedSite, statement: str) -> None:
    with site.database.command_transaction() as connection:
        connection.execute(text(statement))


def rows(site: SharedSite) -> dict[str, object]:
    """How many rows each table has."""
    with site.database.command_transaction() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_accounts_books_reviews_and_sessions_are_gone(site: SharedSite) -> None:
    before = rows(site)
    run(site, BOOK)
    alice = Site(site.app.test_client()).registered("Alice")
    assert alice.review("9780441172719", 5, "Sand.").status_code == 303
    assert Site(site.app.test_client()).submit("/login", username="Bob", password=PASSWORD).status_code == 422
    assert rows(site) != before
    assert site.clear()
    assert rows(site) == before
    assert alice.get("/search").status_code == 303
    assert site.held() == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE books ADD COLUMN mood text",
        "ALTER TABLE reviews DROP CONSTRAINT reviews_rating_check",
        "DROP TRIGGER IF EXISTS events_never_change ON events; CREATE TABLE more (id int)",
    ],
)
def test_a_changed_schema_is_not_used_again(site: SharedSite, statement: str) -> None:
    run(site, statement)
    assert not site.clear()


def test_clearing_does_not_wait_for_a_connection_in_use(site: SharedSite) -> None:
    run(site, BOOK)
    with site.database.transaction():
        assert not site.clear()
