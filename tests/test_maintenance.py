"""What the site does beside requests starts with the first request, in the process that serves."""

from threading import Thread

from flyleaf.app import create_app, create_site
from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.maintenance import Maintenance
from flyleaf.web.current import EXTENSION


def threads(maintenance: Maintenance) -> list[Thread]:
    return [maintenance._thread] if maintenance._thread else []


def test_the_site_starts_it_with_its_first_request(config: Config, database: Database) -> None:
    app = create_site(config, database)
    maintenance = app.extensions[EXTENSION].maintenance
    assert threads(maintenance) == [], "a server may fork now"
    app.test_client().get("/healthz")
    [thread] = threads(maintenance)
    assert thread.is_alive()
    app.test_client().get("/healthz")
    assert threads(maintenance) == [thread]
    maintenance.stop()
    assert not thread.is_alive()


def test_a_command_does_not_start_it(config: Config, database: Database) -> None:
    app = create_app(config, database)
    app.test_client().get("/healthz")
    assert threads(app.extensions[EXTENSION].maintenance) == []
