"""What a watchman asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from tests.fixture_types import Select
from tests.postgresql import Server


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[FlaskClient]:
    """A browser of a site whose database can't be reached."""
    url = f"postgresql+psycopg2://flyleaf:a-secret-word@/x?host={tmp_path}"
    database = Database(url)
    yield create_app(
        Config(data=tmp_path, database_url=url, secret_key="a key for the tests alone"), database
    ).test_client()
    database.close()


def test_the_site_is_alive_and_ready(client: FlaskClient) -> None:
    for address, status in (("/healthz", "alive"), ("/readyz", "ready")):
        response = client.get(address)
        assert response.status_code == 200
        assert response.get_json()["status"] == status


def test_without_its_database_it_is_alive_but_not_ready(lonely: FlaskClient) -> None:
    assert lonely.get("/healthz").status_code == 200
    response = lonely.get("/readyz")
    assert response.status_code == 503
    assert response.is_json
    assert int(response.headers["Retry-After"]) > 0
    assert "a-secret-word" not in response.text


def test_it_is_not_ready_before_the_schema_is_up_to_date(client: FlaskClient, select: Select) -> None:
    assert client.get("/readyz").status_code == 200
    select("UPDATE alembic_version SET version_num = '0000'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_a_schema_of_a_newer_version_is_not_ready_and_causes_no_error(server: Server, tmp_path: Path) -> None:
    url = server.create_database("made_by_a_newer_version", template="template")
    database = Database(url)
    try:
        with Database(url) as other, other.transaction() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
        app = create_app(Config(data=tmp_path, database_url=url, secret_key="a key for the tests alone"), database)
        for address in ("/readyz", "/api/9780441172719"):
            response = app.test_client().get(address)
            assert response.status_code == 503
            assert response.is_json
    finally:
        database.close()
        server.drop_database("made_by_a_newer_version")


def test_the_first_question_brings_the_schema_up_to_date(server: Server, tmp_path: Path) -> None:
    """An operator who starts the site before its server need do nothing."""
    url = server.create_database("not_migrated")
    database = Database(url)
    try:
        app = create_app(Config(data=tmp_path, database_url=url, secret_key="a key for the tests alone"), database)
        assert app.test_client().get("/readyz").status_code == 200
    finally:
        database.close()
        server.drop_database("not_migrated")


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_nobody_has_to_log_in_and_nothing_is_kept(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert client.head(address).status_code == 200
    assert client.post(address).status_code == 405


def test_pages_without_a_database_are_503_and_say_when_to_come_back(lonely: FlaskClient) -> None:
    for address in ("/api/9780441172719", "/api/search?q=x"):
        response = lonely.get(address)
        assert response.status_code == 503
        assert response.is_json
        assert int(response.headers["Retry-After"]) > 0
        assert "a-secret-word" not in response.text
    assert lonely.get("/").status_code == 200
    assert lonely.get("/login").status_code == 200
