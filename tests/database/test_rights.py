"""Pages run as a role that reads and writes rows; tables, and rows that pages never change, are the owner's."""

import contextlib
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from flyleaf.database import Database, rights
from flyleaf.search import rebuild_search, schema
from flyleaf.search.schema import schema_name
from tests.postgresql import Server
from tests.site import Site


@pytest.fixture
def earlier(server: Server) -> Iterator[tuple[Database, str]]:
    """Make a database whose pages have run as the owner: the other role has no rights. Return its name, too."""
    name = f"earlier_{uuid4().hex}"
    database = Database(server.create_database(name, template="template"), pool_size=1)
    with contextlib.closing(server.connect(name)) as superuser, superuser, superuser.cursor() as cursor:
        cursor.execute("DROP OWNED BY flyleaf_site")
    yield database, name
    database.close()
    server.drop_database(name)


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("DROP TABLE reviews", "must be owner of table reviews"),
        ("ALTER TABLE books ADD hidden text", "must be owner of table books"),
        ("ALTER TABLE events DISABLE TRIGGER ALL", "must be owner of table events"),
        ("CREATE INDEX hidden ON readers (name)", "must be owner of table readers"),
        ("TRUNCATE reviews", "permission denied for table reviews"),
        ("CREATE TABLE public.hidden ()", "permission denied for schema public"),
        ("CREATE TEMP TABLE books ()", "permission denied to create temporary tables"),
        ("CREATE SCHEMA hidden", "permission denied for database"),
        ("CREATE FUNCTION public.hidden() RETURNS int RETURN 1", "permission denied for schema public"),
        ("UPDATE alembic_version SET version_num = '0001'", "permission denied for table alembic_version"),
        ("DELETE FROM alembic_version", "permission denied for table alembic_version"),
        ("TRUNCATE events", "permission denied for table events"),
        ("DROP TRIGGER events_stay ON events", "must be owner of relation events"),
        ("DELETE FROM search_works", "permission denied for table search_works"),
        ("DELETE FROM search_changes", "permission denied for table search_changes"),
        ("SELECT search_rebuild()", "permission denied"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied for function pg_read_file"),
        ("COPY books TO PROGRAM 'true'", "permission denied to COPY to or from an external program"),
        ("SET ROLE flyleaf", 'permission denied to set role "flyleaf"'),
    ],
)
def test_pages_can_not_change_tables_or_what_they_only_read(database: Database, statement: str, refusal: str) -> None:
    with pytest.raises(ProgrammingError, match=refusal), database.transaction() as connection:
        connection.execute(text(statement))


def test_commands_run_as_the_owner(database: Database) -> None:
    with database.command_transaction() as connection:
        connection.execute(text("ALTER TABLE books ADD hidden text"))
        connection.rollback()


def test_a_review_reaches_the_search_whose_tables_pages_can_not_write(
    database: Database, dune: str, alice: Site, select: Callable[..., object]
) -> None:
    assert alice.review(dune, 5).status_code == 303
    assert select(f"SELECT review_count FROM {schema_name()}.search_works") == 1
    assert select(f"SELECT count(*) FROM {schema_name()}.search_changes") == 0


def test_a_search_that_is_made_anew_can_be_used_at_once(database: Database) -> None:
    """Between the two, searching was a fault."""
    with database.owner.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema_name()} CASCADE"))
    schema.create(database.owner, lambda connection: rights.grant(connection, "flyleaf_site"))
    with database.engine.begin() as connection:
        assert not schema.is_built(connection)


def test_tables_that_a_rebuild_replaces_can_still_be_read(database: Database, dune: str) -> None:
    with database.command_transaction() as connection:
        list(rebuild_search(connection))
    with database.transaction() as connection:
        assert connection.execute(text("SELECT count(*) FROM search_works")).scalar() == 1


def test_a_database_of_an_earlier_version_gets_the_rights_by_itself(
    server: Server, earlier: tuple[Database, str]
) -> None:
    old, name = earlier
    with Database(server.site_url(name), owner_url=server.url(name), pool_size=1) as database:
        with database.transaction() as connection:
            assert connection.execute(text("SELECT current_user")).scalar() == "flyleaf_site"
            connection.execute(text("SELECT count(*) FROM readers"))
        with database.owner.begin() as connection:
            assert rights._statements(connection, "flyleaf_site") == [], "the next start has nothing to do"
    with old.transaction() as connection:  # the earlier version goes on beside it
        connection.execute(text("DELETE FROM books"))


def test_pages_can_write_reviews_while_another_version_searches(server: Server, earlier: tuple[Database, str]) -> None:
    """Its triggers run as whoever writes."""
    _, name = earlier
    other = "search_0123456789ab"
    with Database(server.url(name), pool_size=1) as owner, owner.transaction() as connection:
        connection.execute(text(f"CREATE SCHEMA {other}"))
        connection.execute(text(f"CREATE TABLE {other}.noted AS SELECT CAST(1 AS bigint) AS id"))
        connection.execute(
            text(
                f"CREATE FUNCTION {other}.note() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN INSERT INTO {other}.noted VALUES (2); RETURN NULL; END $$"
            )
        )
        connection.execute(
            text(f"CREATE TRIGGER other AFTER INSERT ON attempts FOR EACH STATEMENT EXECUTE FUNCTION {other}.note()")
        )
    site = Database(server.site_url(name), owner_url=server.url(name), pool_size=1)
    with contextlib.closing(server.connect(name)) as other_program, site:
        other_program.cursor().execute("SET application_name = 'flyleaf search_0123456789ab'")
        with site.transaction() as connection:
            connection.execute(text("INSERT INTO attempts (key, moments) SELECT key, moments FROM attempts"))
            assert connection.execute(text(f"SELECT count(*) FROM {other}.noted")).scalar() == 2


def test_with_one_role_for_both_nothing_is_granted(server: Server, earlier: tuple[Database, str]) -> None:
    _, name = earlier
    acl = "SELECT count(*) FROM pg_class WHERE relacl::text LIKE '%flyleaf_site%'"
    database = Database(server.url(name), owner_url=server.url(name), pool_size=1)
    with database, database.transaction() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == "flyleaf"
        assert connection.execute(text(acl)).scalar() == 0
