"""A few of `make faults`: what breaks under the site costs its readers no more than a while of 503."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import database, pressure
from faults.__main__ import books
from faults.crowd import Crowd
from faults.outcome import observe
from faults.site import EmbeddedServer, Site
from tests.places import open_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started() -> Iterator[Path]:
    """A data folder in which the site was started once."""
    with open_folder() as folder:
        site = Site(folder / "data")
        site.start()
        site.stop()
        yield folder / "data"


@pytest.fixture
def site(started: Path) -> Iterator[Site]:
    site = Site(started)
    yield site
    site.stop()


def test_a_killed_server_comes_back_and_nothing_is_lost(site: Site) -> None:
    site.start()
    server = EmbeddedServer(site.data)
    outcome = observe("killed", Crowd(site.url, books()), server, lambda: database.killed_embedded(server))
    assert outcome.failures == []


def test_what_is_done_by_eight_at_once_is_done_once(site: Site) -> None:
    site.start()
    outcomes = pressure.races(site, EmbeddedServer(site.data), books(), rounds=3)
    assert [outcome.failures for outcome in outcomes] == [[], []]


def test_requests_under_way_are_finished_when_the_site_is_stopped(site: Site) -> None:
    site.start()
    assert pressure.stopped_under_way(site, EmbeddedServer(site.data), books()).failures == []


def test_behind_a_socket_a_restart_loses_nobody(site: Site) -> None:
    assert pressure.restarted_behind_a_socket(site).failures == []
