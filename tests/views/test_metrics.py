"""What Prometheus reads: numbers for those who know the token, and nothing about anybody."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flyleaf.app import create_app
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.importing.loader import import_transaction
from flyleaf.search import unwatch_stages
from flyleaf.web.current import EXTENSION
from tests.fixture_types import AddBook
from tests.site import Site
from tests.spares import make_app, make_config

pytestmark = pytest.mark.usefixtures("alone")
KEY = "a-token-for-the-tests"
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    return replace(make_config(tmp_path / "instance", database_url), metrics_token=KEY)


@pytest.fixture
def app(app: Flask) -> Iterator[Flask]:
    yield app
    unwatch_stages(app.extensions[EXTENSION].metrics.search_stage)


def numbers(client: FlaskClient | Site) -> dict[str, float]:
    """Return the value of each sample, by its name and labels in the form `name method=GET route=/search`."""
    response = client.get("/metrics", headers=BEARER)
    assert response.status_code == 200
    assert response.mimetype == "text/plain"
    return {
        " ".join([sample.name, *(f"{label}={value}" for label, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_their_route(client: FlaskClient) -> None:
    for address in ("/api/9780441172719", "/api/9780141439518", "/no-such-page"):
        client.get(address)
    client.post("/healthz")
    found = numbers(client)
    assert found["flyleaf_requests_total method=GET route=/api/<address> status=404"] == 2
    assert found["flyleaf_requests_total method=GET route=none status=404"] == 1
    assert found["flyleaf_requests_total method=POST route=none status=405"] == 1
    assert found["flyleaf_request_duration_seconds_count route=/api/<address>"] == 2
    assert 0 < found["flyleaf_request_duration_seconds_sum route=/api/<address>"] < 60


def test_stages_of_searches_are_timed(alice: Site, add_book: AddBook) -> None:
    add_book()
    alice.get("/search?q=dune")
    alice.get("/search?q=duen")
    found = numbers(alice)
    assert found["flyleaf_search_stage_duration_seconds_count stage=all"] == 2
    assert found["flyleaf_search_stage_duration_seconds_count stage=as typed"] == 2
    assert found["flyleaf_search_stage_duration_seconds_count stage=spelling"] >= 1


def test_connections_are_counted_while_they_are_held(app: Flask, client: FlaskClient, database: Database) -> None:
    with database.transaction(), database.transaction():
        assert b"flyleaf_database_connections_in_use 2" in app.extensions[EXTENSION].metrics.exposition()
    found = numbers(client)
    assert found["flyleaf_database_connections_in_use"] == 0
    assert found["flyleaf_database_connections_limit"] == database.pool_size


def test_connections_that_fail_are_not_counted(tmp_path: Path) -> None:
    with Database(f"postgresql+psycopg2:///x?host={tmp_path}") as absent:
        held = []
        absent.watch_pool(lambda: held.append(1), held.pop)
        for _ in range(3):
            with pytest.raises(DBAPIError), absent.transaction():
                pass
        assert held == []


def test_the_last_import_is_reported(client: FlaskClient, database: Database) -> None:
    assert "flyleaf_last_import_timestamp_seconds" not in numbers(client)
    with database.owner.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO events (at, kind, detail) VALUES
                    ('2026-01-01', 'catalogue-imported', '{"files": "a.csv", "added": 1}'),
                    ('2026-02-01 00:00Z', 'catalogue-imported',
                     '{"files": "b.csv", "added": 5, "changed": 4, "left_alone": 3, "refused": 2}')
            """)
        )
    found = numbers(client)
    assert found["flyleaf_last_import_timestamp_seconds"] == 1_769_904_000
    assert found["flyleaf_last_import_books outcome=added"] == 5
    assert found["flyleaf_last_import_books outcome=refused"] == 2
    assert found["flyleaf_import_running"] == 0


def test_a_running_import_is_reported(client: FlaskClient, database: Database) -> None:
    with import_transaction(database):
        assert numbers(client)["flyleaf_import_running"] == 1


def test_without_its_database_the_site_still_tells_what_it_counted(tmp_path: Path) -> None:
    url = f"postgresql+psycopg2:///x?host={tmp_path}"
    with Database(url) as database:
        client = create_app(replace(make_config(tmp_path, url), metrics_token=KEY), database).test_client()
        client.get("/healthz")
        found = numbers(client)
    assert found["flyleaf_database_up"] == 0
    assert found["flyleaf_requests_total method=GET route=/healthz status=200"] == 1


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", f"Bearer {KEY}x", f"Basic {KEY}", "Bearer é"])
def test_only_those_with_the_token_see_them(client: FlaskClient, header: str | None) -> None:
    response = client.get("/metrics", headers={} if header is None else {"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "flyleaf_" not in response.text


def test_they_say_nothing_about_anybody(alice: Site, add_book: AddBook) -> None:
    add_book()
    for address in ("/search?q=secret+wish", "/books/9780441172719", "/readers/Alice", "/reset/some-token"):
        alice.get(address)
    text_ = alice.get("/metrics", headers=BEARER).text
    for secret in ("Alice", "secret", "wish", "9780441172719", "some-token", "127.0.0.1"):
        assert secret not in text_


def test_without_a_token_there_is_no_such_page(config: Config, database: Database) -> None:
    app = make_app(replace(config, metrics_token=None), database)
    assert app.test_client().get("/metrics", headers=BEARER).status_code == 404


# A query's series: the metric, and the labels by which it is told apart. Prometheus adds job and instance.
SERIES = re.compile(r"(flyleaf_\w+)\{([^}]*)\}")
GROUPS = re.compile(r"by \(([^)]*)\)")
ADDED = {"job", "instance"}
OF_REPLICAS = {"flyleaf_replica_up", "flyleaf_replica_lag_bytes"}  # there are none here


def test_each_query_of_the_dashboard_finds_what_it_asks_for(alice: Site, add_book: AddBook, database: Database) -> None:
    add_book()
    for address in ("/search?q=dune", "/no-such-page"):
        alice.get(address)
    with database.owner.begin() as connection:
        connection.execute(
            text(
                'INSERT INTO events (kind, detail) VALUES (\'catalogue-imported\', \'{"files": "a.csv", "added": 1}\')'
            )
        )
    answer = alice.get("/metrics", headers=BEARER)
    samples = [one for family in text_string_to_metric_families(answer.text) for one in family.samples]
    dashboard = json.loads((PROJECT / "deploy" / "grafana.json").read_text())
    asked = set()
    for query in (target["expr"] for panel in dashboard["panels"] for target in panel["targets"]):
        groups = {label.strip() for found in GROUPS.findall(query) for label in found.split(",")}
        for name, selectors in SERIES.findall(query):
            labels = groups | set(re.findall(r"(\w+)=", selectors))
            asked.add(name)
            assert name in OF_REPLICAS or any(
                one.name == name and labels <= one.labels.keys() | ADDED for one in samples
            ), query
    assert len(asked) > 8
